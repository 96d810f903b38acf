"""The local Teams as a room of the page: who is in it, and what one can do there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from adapters.teams.twin import Answer, Message, TeamsTwin
from agent.messages import ConversationId
from agent.ports import Clock
from bot.playground.local_room import LocalRoom
from bot.playground.orders import Close, Press, Refused, Say, Submit, as_clients_allow
from bot.playground.rooms import Json, file_on_page
from bot.playground.teams.company import move_in
from bot.playground.teams.view import FEEDBACK, View
from bot.playground.teams.words import typed

PERMALINK = re.compile(r"https://teams\.microsoft\.com/l/message/([^/?]+)/(\d+)")
NO_FORM = "There are no forms in Teams."
REACTIONS = {"positive": "like", "negative": "dislike"}


class TeamsRoom(LocalRoom[TeamsTwin, Message]):
    """A `Room`."""

    platform = "teams"
    route = "/api/messages"
    _view: View

    def __init__(self, clock: Clock) -> None:
        """Nothing happens before `start`."""
        # Made anew each time: other web pages could reach the local Teams' port, too.
        self.twin = TeamsTwin(clock, app_password=secrets.token_hex(16))

    async def start(self) -> Mapping[str, str]:
        await self.twin.start()
        self.company = move_in(self.twin)
        return self.twin.environ()

    async def enter(self, user: str) -> None:
        """Whoever opens the chat with Frontdesk for the first time adds it there."""
        if not self.twin.user(user).installed:
            await self.twin.install(user)

    def conversation(self, channel: str, thread: str) -> ConversationId:
        return ConversationId(self.platform, self.twin.identity.tenant_id, channel, thread)

    def address(self, url: str) -> str | None:
        """A message's conversation on the page, as somebody who is in it; or a file."""
        if url.startswith(files := f"https://files.{self.twin.identity.domain}/"):
            return file_on_page(unquote(url.removeprefix(files)))
        match = PERMALINK.match(url)
        if match is None:
            return None
        return self._where(unquote(match[1]), match[2])

    def _look(self, look_up: Callable[[str], str | None]) -> View:
        return View(self.twin, look_up)

    def _typed(self, text: str) -> str:
        return typed(text, self._view.people())

    def _shown(self, channel: str, user: str) -> Mapping[str, Message]:
        return {one.id: one for one in self.twin.messages(channel) if not one.deleted}

    def _thread(self, channel: str, message: str) -> str:
        found = [one for one in self.twin.messages(channel) if one.id == message]
        return found[0].thread if found else ""

    async def say(self, order: Say) -> Json:
        text = self._typed(order.text.strip())
        file = order.file.name if order.file else ""
        if not text and not file:
            raise Refused("There is nothing to send.")
        with as_clients_allow():
            ident = await self.twin.say(order.user, order.channel, text, order.thread_ts, file=file)
        return {"ts": ident}

    async def press(self, order: Press) -> Json:
        message = self._find(order)
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


def _must_be_taken(answer: Answer) -> None:
    if not answer.ok:
        raise Refused(f"Frontdesk did not take it: {answer.reason} (status {answer.status}).")
    if answer.json.get("statusCode", 200) >= 400:
        raise Refused(answer.toast or "Frontdesk did not take it.")
