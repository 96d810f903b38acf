"""Teams under the adapter contract, over its twin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from adapters import teams
from adapters.teams.twin import Fault, Message, TeamsTwin
from agent import texts
from agent.cases import OUTCOMES, Outcome
from agent.messages import Button, ConversationId
from agent.platforms import WebRequest
from agent.surroundings import Surroundings
from tests.contracts.platform import LONGEST_PRESS, Pressed, strings
from tests.support.clock import TestClock


class Teams:
    """Teams over its twin, with signed activities, and a channel that did not consent (RSC)."""

    def __init__(self, clock: TestClock) -> None:
        """An organisation with one person and one channel."""
        self.twin = TeamsTwin(clock)
        self.ada = self.twin.add_user("Ada Byron")
        self.general = self.twin.add_channel("general", [self.ada])
        self.clock = clock

    async def start(self) -> None:
        """Start the twin and make the adapter."""
        await self.twin.start()
        adapter = teams.open_adapter(Surroundings(self.twin.environ(), self.clock))
        assert adapter is not None
        self.adapter = adapter

    async def stop(self) -> None:
        """Stop the twin."""
        await self.twin.stop()

    def listen(self, port: int) -> None:
        """Tell the twin where to deliver to."""
        self.twin.events_url = f"http://127.0.0.1:{port}/api/messages"

    def acknowledged(self) -> list[bool]:
        """Only a status of success is one."""
        return [200 <= delivery.status < 300 for delivery in self.twin.deliveries]

    async def write(self, text: str, *, mention: bool = False) -> ConversationId:
        """A post in the channel."""
        root = await self.twin.say(self.ada, self.general, text, mention=mention)
        await self.clock.settle()
        return self._id(self.general, root)

    async def write_directly(self, text: str) -> ConversationId:
        """A message in the personal chat."""
        await self.twin.say(self.ada, text=text)
        await self.clock.settle()
        return self._id(self.twin.dm(self.ada), "")

    async def redeliver(self) -> None:
        """The twin is told to send everything twice, before the activity is made."""
        self.twin.duplicate_next(2)

    def forged(self) -> WebRequest:
        """A good body with a token that nobody signed."""
        activity = self.twin.activity("message", self.ada, text="Let me in")
        headers = {"content-type": "application/json", "authorization": "Bearer e30.e30.e30"}
        return WebRequest(json.dumps(activity).encode(), headers)

    def fail_after_effect(self) -> None:
        """The connection is reset after the post took effect."""
        self.twin.fault("post", Fault.reset(after_effect=True))

    def fail_before_effect(self, retry_after: float) -> None:
        """429 with Retry-After."""
        self.twin.fault("post", Fault.rate_limited(retry_after))

    def shown(self, conversation: ConversationId) -> list[str]:
        """The bot's posts in the thread."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [message.text for message in found if message.bot]

    def place(self) -> ConversationId:
        """A thread in the channel."""
        posts = self.twin.messages(self.general)
        return self._id(self.general, posts[0].id if posts else "1")

    def gone(self) -> ConversationId:
        """A channel nobody ever made."""
        return self._id("19:nowhere@thread.tacv2", "")

    def person(self) -> str:
        """Ada."""
        return self.ada

    def add_person(self, name: str) -> str:
        """In the organisation, and in no team."""
        return self.twin.add_user(name)

    async def join(self, person: str) -> None:
        """Nobody tells the bot."""
        self.twin.channel(self.general).members[person] = None

    async def leave(self, person: str) -> None:
        """Nobody tells the bot."""
        del self.twin.channel(self.general).members[person]

    def deactivate(self, person: str) -> None:
        """They are in no roster any more."""
        for place in self.twin.channels():
            place.members.pop(person, None)

    def out(self) -> None:
        """Every call answers 503."""
        self.twin.fault("*", Fault.unavailable(), None)

    def seen(self, conversation: ConversationId) -> str:
        """The texts, and all texts of the cards."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        own = [message for message in found if message.bot]
        return "\n".join(text for one in own for text in (one.text, *strings(one.cards)))

    def buttons(self, conversation: ConversationId) -> list[str]:
        """Those that come back to the bot, or open a form."""
        actions = [a for card in self._last(conversation).cards for a in card.get("actions", ())]
        return [one["title"] for one in actions if one["type"] != "Action.OpenUrl"]

    async def press(self, person: str, conversation: ConversationId, button: Button) -> Pressed:
        """What is told is the answer to the press."""
        return await self._press(person, conversation, texts.BUTTONS[button], {})

    async def resolve(
        self, person: str, conversation: ConversationId, outcome: Outcome, note: str
    ) -> Pressed:
        """The form is a card that opens below the card."""
        actions = [a for card in self._last(conversation).cards for a in card.get("actions", ())]
        (form,) = [one["card"] for one in actions if one["type"] == "Action.ShowCard"]
        filled = {}
        for field in form["body"]:
            if field["type"] == "Input.ChoiceSet":
                values = {one["title"]: one["value"] for one in field["choices"]}
                filled[field["id"]] = values[OUTCOMES[outcome]]
            elif field["type"] == "Input.Text" and note:
                filled[field["id"]] = note
        (action,) = form["actions"]
        return await self._press(person, conversation, action["title"], filled)

    async def _press(
        self, person: str, conversation: ConversationId, title: str, filled: Mapping[str, str]
    ) -> Pressed:
        last = self._last(conversation)
        task = asyncio.ensure_future(self.twin.press(person, last, title, filled=filled))
        await self.clock.until(task.done, at_most=LONGEST_PRESS)
        await self.clock.settle()
        answer = task.result()
        ok = answer.ok and answer.json.get("statusCode") == 200
        return Pressed(ok, answer.toast if ok else "")

    def _last(self, conversation: ConversationId) -> Message:
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [message for message in found if message.bot][-1]

    def _id(self, channel: str, thread: str) -> ConversationId:
        return ConversationId("teams", self.twin.identity.tenant_id, channel, thread)
