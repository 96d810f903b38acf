"""The local Teams as a room of the page: who is in it, and what one can do there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote

from adapters.teams.twin import Answer, Message, TeamsTwin
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
from bot.playground.teams.company import Company, move_in
from bot.playground.teams.view import FEEDBACK, View
from bot.playground.teams.words import typed

PERMALINK = re.compile(r"https://teams\.microsoft\.com/l/message/([^/?]+)/(\d+)")
NO_FORM = "There are no forms in Teams."
REACTIONS = {"positive": "like", "negative": "dislike"}


class TeamsRoom:
    """A `Room`. `company` and what is in it are there after `start`."""

    platform = "teams"
    company: Company

    def __init__(self, clock: Clock) -> None:
        """Nothing happens before `start`."""
        # Made anew each time: other web pages could reach the local Teams' port, too.
        self.twin = TeamsTwin(clock, app_password=secrets.token_hex(16))

    @property
    def people(self) -> Sequence[Person]:
        return self.company.people

    @property
    def desk(self) -> str:
        return self.company.desk

    async def start(self) -> Mapping[str, str]:
        await self.twin.start()
        self.company = move_in(self.twin)
        return self.twin.environ()

    def connect(self, port: int, look_up: Callable[[str], str | None]) -> None:
        self.twin.events_url = f"http://127.0.0.1:{port}/api/messages"
        self._view = View(self.twin, look_up)

    async def stop(self) -> None:
        await self.twin.stop()

    def on_change(self, callback: Callable[[], None]) -> None:
        self.twin.on_change(lambda _: callback())

    async def enter(self, user: str) -> None:
        """Whoever opens the chat with Frontdesk for the first time adds it there."""
        if not self.twin.user(user).installed:
            await self.twin.install(user)

    def may_see(self, user: str, channel: str) -> bool:
        return any(place.id == channel and user in place.members for place in self.twin.channels())

    def places(self, user: str) -> Sequence[str]:
        others = (self.company.channel, self.company.group, self.desk)
        return [self.twin.dm(user), *(one for one in others if self.may_see(user, one))]

    def place(self, channel: str, user: str) -> Json:
        return self._view.place(channel, user)

    def conversation(self, channel: str, thread: str) -> ConversationId:
        return ConversationId(self.platform, self.twin.identity.tenant_id, channel, thread)

    def address(self, url: str) -> str | None:
        """A message's conversation on the page, as somebody who is in it; or a file."""
        if url.startswith(files := f"https://files.{self.twin.identity.domain}/"):
            return file_on_page(unquote(url.removeprefix(files)))
        match = PERMALINK.match(url)
        if match is None:
            return None
        channel, message = unquote(match[1]), match[2]
        for person in self.people:
            if self.may_see(person.id, channel):
                found = [one for one in self.twin.messages(channel) if one.id == message]
                return place_on_page(person, channel, found[0].thread if found else "")
        return ""

    async def say(self, order: Say) -> Json:
        text = typed(order.text.strip(), self._view.people())
        file = order.file.name if order.file else ""
        if not text and not file:
            raise Refused("There is nothing to send.")
        with as_clients_allow():
            ident = await self.twin.say(order.user, order.channel, text, order.thread_ts, file=file)
        return {"ts": ident}

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
            if order.action_id == FEEDBACK:
                return await self._rate(order, message)
            answer = await self.twin.press(
                order.user, message, order.action_id, order.value or None, filled=order.inputs
            )
        _must_be_taken(answer)
        return {"told": answer.toast} if answer.toast else {}

    async def _rate(self, order: Press, message: Message) -> Json:
        reaction = REACTIONS.get(order.value)
        if reaction is None:
            raise Refused("A rating is either positive or negative.")
        _must_be_taken(await self.twin.feedback(order.user, message, reaction))
        self._view.pressed[order.user, order.channel, order.ts] = order.value
        return {}

    def form(self, user: str) -> Json | None:
        """Teams' forms stand on the cards."""
        return None

    async def submit(self, order: Submit) -> Json:
        raise Refused(NO_FORM)

    async def close(self, order: Close) -> Json:
        raise Refused(NO_FORM)

    def _find(self, order: InPlace, ident: str) -> Message:
        for message in self.twin.messages(order.channel):
            if message.id == ident and not message.deleted:
                return message
        raise Refused("This message is not there any more.")


def _must_be_taken(answer: Answer) -> None:
    if not answer.ok:
        raise Refused(f"Frontdesk did not take it: {answer.reason} (status {answer.status}).")
    if answer.json.get("statusCode", 200) >= 400:
        raise Refused(answer.toast or "Frontdesk did not take it.")
