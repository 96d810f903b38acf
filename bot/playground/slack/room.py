"""The local Slack as a room of the page: who is in it, and what one can do there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote

from adapters.slack.twin import Answer, Message, SlackTwin
from agent.messages import ConversationId
from agent.ports import Clock
from bot.playground.orders import (
    Close,
    Delete,
    Edit,
    InPlace,
    Press,
    Refused,
    Say,
    Submit,
    as_clients_allow,
)
from bot.playground.rooms import Json, Person, file_on_page, place_on_page
from bot.playground.slack.company import Company, move_in
from bot.playground.slack.view import View
from bot.playground.slack.words import typed

COMMAND = "/frontdesk"
NO_FORM = "This form is closed."
PERMALINK = re.compile(r"https://[\w-]+\.slack\.com/archives/(\w+)/p(\d+)(\d{6})")
FILE = re.compile(r"https://[\w-]+\.slack\.com/files/\w+/\w+/(.+)")


class SlackRoom:
    """A `Room`. `company` and what is in it are there after `start`."""

    platform = "slack"
    company: Company

    def __init__(self, clock: Clock) -> None:
        """Nothing happens before `start`."""
        # Made anew each time: other web pages could reach the local Slack's port, too.
        self._secret = secrets.token_hex(16)
        self._token = f"xoxb-{secrets.token_hex(16)}"
        self.twin = SlackTwin(clock, signing_secret=self._secret, bot_token=self._token)

    @property
    def people(self) -> Sequence[Person]:
        return self.company.people

    @property
    def desk(self) -> str:
        return self.company.desk

    async def start(self) -> Mapping[str, str]:
        api_url = await self.twin.start()
        self.company = move_in(self.twin)
        return {
            "SLACK_API_URL": api_url,
            "SLACK_BOT_TOKEN": self._token,
            "SLACK_SIGNING_SECRET": self._secret,
        }

    def connect(self, port: int, look_up: Callable[[str], str | None]) -> None:
        self.twin.events_url = f"http://127.0.0.1:{port}/slack/events"
        self._view = View(self.twin, look_up)

    async def stop(self) -> None:
        await self.twin.stop()

    def on_change(self, callback: Callable[[], None]) -> None:
        self.twin.on_change(lambda _: callback())

    async def enter(self, user: str) -> None:
        """Slack's app greets nobody."""

    def may_see(self, user: str, channel: str) -> bool:
        return any(place.id == channel and user in place.members for place in self.twin.channels())

    def places(self, user: str) -> Sequence[str]:
        others = (*self.company.channels, self.desk)
        return [self.twin.dm(user), *(one for one in others if self.may_see(user, one))]

    def place(self, channel: str, user: str) -> Json:
        return self._view.place(channel, user)

    def conversation(self, channel: str, thread: str) -> ConversationId:
        return ConversationId(self.platform, self.twin.identity.team_id, channel, thread)

    def address(self, url: str) -> str | None:
        """A message's conversation on the page, as somebody who is in it; or a file."""
        if found := FILE.fullmatch(url):
            return file_on_page(unquote(found[1]))
        match = PERMALINK.match(url)
        if match is None:
            return None
        channel, ts = match[1], f"{match[2]}.{match[3]}"
        for person in self.people:
            if self.may_see(person.id, channel):
                thread = self.twin.messages(channel, ts)
                return place_on_page(person, channel, thread[0].ts if thread else "")
        return ""

    async def say(self, order: Say) -> Json:
        text = order.text.strip()
        # What begins with // is a note among colleagues: no command has a name like that.
        if text.startswith("/") and not text.startswith("//"):
            return await self._command(order, text)
        if not text and order.file is None:
            raise Refused("There is nothing to send.")
        text = typed(text, self._view.people())
        with as_clients_allow():
            if order.file is None:
                ts = await self.twin.say(order.user, order.channel, text, order.thread_ts or None)
            else:
                ts = await self.twin.upload(
                    order.user,
                    order.channel,
                    order.file.name,
                    text,
                    size=order.file.size,
                    thread_ts=order.thread_ts,
                )
        return {"ts": ts}

    async def _command(self, order: Say, line: str) -> Json:
        word = line.split(maxsplit=1)[0]
        if word != COMMAND:
            raise Refused(f"{word} is not a command here. Try {COMMAND} help.")
        answer = await self.twin.command(order.user, order.channel, line)
        if not answer.ok or answer.reason:
            raise Refused(f"{COMMAND} failed: {answer.reason} (status {answer.status}).")
        return {}

    async def edit(self, order: Edit) -> Json:
        text = typed(order.text.strip(), self._view.people())
        if not text:
            raise Refused("There is nothing left of the message; delete it instead.")
        self._find(order, order.ts)
        with as_clients_allow():
            await self.twin.edit(order.user, order.channel, order.ts, text)
        return {}

    async def delete(self, order: Delete) -> Json:
        self._find(order, order.ts)
        with as_clients_allow():
            await self.twin.delete(order.user, order.channel, order.ts)
        return {}

    async def press(self, order: Press) -> Json:
        message = self._find(order, order.ts)
        with as_clients_allow():
            answer = await self.twin.press(
                order.user, message, action_id=order.action_id, value=order.value or None
            )
        _must_be_taken(answer)
        if order.value in {"positive", "negative"}:
            self._view.pressed[order.user, order.channel, order.ts, order.action_id] = order.value
        return {}

    def form(self, user: str) -> Json | None:
        return self._view.form(user)

    async def submit(self, order: Submit) -> Json:
        with as_clients_allow():
            view = self.twin.form(order.user)
            if view.id != order.form:
                raise Refused(NO_FORM)
            values = {name: value or None for name, value in order.inputs.items()}
            _must_be_taken(await self.twin.submit(view, values))
        return {}

    async def close(self, order: Close) -> Json:
        with as_clients_allow():
            view = self.twin.form(order.user)
            if view.id == order.form:
                self.twin.close(view)
        return {}

    def _find(self, order: InPlace, ts: str) -> Message:
        shown = self.twin.messages(order.channel)
        shown += self.twin.ephemerals(order.channel, order.user)
        for message in shown:
            if message.ts == ts and not message.deleted:
                return message
        raise Refused("This message is not there any more.")


def _must_be_taken(answer: Answer) -> None:
    if not answer.ok or answer.reason:
        raise Refused(f"Frontdesk did not take it: {answer.reason} (status {answer.status}).")
