"""The local Slack as a room of the page: who is in it, and what one can do there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from adapters.slack.twin import Answer, Message, SlackTwin
from agent.messages import ConversationId
from agent.ports import Clock
from bot.playground.local_room import LocalRoom
from bot.playground.orders import Close, Press, Refused, Say, Submit, as_clients_allow
from bot.playground.rooms import Json, file_on_page
from bot.playground.slack.company import move_in
from bot.playground.slack.view import View
from bot.playground.slack.words import typed

COMMAND = "/frontdesk"
NO_FORM = "This form is closed."
PERMALINK = re.compile(r"https://[\w-]+\.slack\.com/archives/(\w+)/p(\d+)(\d{6})")
FILE = re.compile(r"https://[\w-]+\.slack\.com/files/\w+/\w+/(.+)")


class SlackRoom(LocalRoom[SlackTwin, Message]):
    """A `Room`."""

    platform = "slack"
    route = "/slack/events"
    _view: View

    def __init__(self, clock: Clock) -> None:
        """Nothing happens before `start`."""
        # Made anew each time: other web pages could reach the local Slack's port, too.
        self._secret = secrets.token_hex(16)
        self._token = f"xoxb-{secrets.token_hex(16)}"
        self.twin = SlackTwin(clock, signing_secret=self._secret, bot_token=self._token)

    async def start(self) -> Mapping[str, str]:
        api_url = await self.twin.start()
        self.company = move_in(self.twin)
        return {
            "SLACK_API_URL": api_url,
            "SLACK_BOT_TOKEN": self._token,
            "SLACK_SIGNING_SECRET": self._secret,
        }

    async def enter(self, user: str) -> None:
        """Slack's app greets nobody."""

    def conversation(self, channel: str, thread: str) -> ConversationId:
        return ConversationId(self.platform, self.twin.identity.team_id, channel, thread)

    def address(self, url: str) -> str | None:
        """A message's conversation on the page, as somebody who is in it; or a file."""
        if found := FILE.fullmatch(url):
            return file_on_page(unquote(found[1]))
        match = PERMALINK.match(url)
        if match is None:
            return None
        return self._where(match[1], f"{match[2]}.{match[3]}")

    def _look(self, look_up: Callable[[str], str | None]) -> View:
        return View(self.twin, look_up)

    def _typed(self, text: str) -> str:
        return typed(text, self._view.people())

    def _shown(self, channel: str, user: str) -> Mapping[str, Message]:
        shown = self.twin.messages(channel) + self.twin.ephemerals(channel, user)
        return {one.ts: one for one in shown if not one.deleted}

    def _thread(self, channel: str, message: str) -> str:
        thread = self.twin.messages(channel, message)
        return thread[0].ts if thread else ""

    async def say(self, order: Say) -> Json:
        text = order.text.strip()
        # What begins with // is a note among colleagues: no command has a name like that.
        if text.startswith("/") and not text.startswith("//"):
            return await self._command(order, text)
        if not text and order.file is None:
            raise Refused("There is nothing to send.")
        text = self._typed(text)
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

    async def press(self, order: Press) -> Json:
        message = self._find(order)
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


def _must_be_taken(answer: Answer) -> None:
    if not answer.ok or answer.reason:
        raise Refused(f"Frontdesk did not take it: {answer.reason} (status {answer.status}).")
