"""Teams under the adapter contract, over its twin."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import ClassVar

from adapters.teams.twin import Fault, Message, TeamsTwin
from agent import texts
from agent.cases import OUTCOMES, Outcome
from agent.messages import Button, ConversationId
from agent.platforms import WebRequest
from tests.contracts.over_twin import OverTwin
from tests.contracts.platform import Platform, Pressed, strings
from tests.support.chats import read_markdown
from tests.support.clock import TestClock


class Teams(OverTwin):
    """Teams over its twin, with signed activities, and a channel that did not consent (RSC)."""

    name = "teams"
    wrong: ClassVar = {"TEAMS_APP_PASSWORD": "wrong"}
    tells_earlier = False
    tells_late = False
    patience = "adapters.teams.connector.CALL_SECONDS"

    def __init__(self, clock: TestClock) -> None:
        """An organisation."""
        self.twin = TeamsTwin(clock)
        super().__init__(clock, self.twin)

    @property
    def tenant(self) -> str:
        return self.twin.identity.tenant_id

    def environ(self) -> Mapping[str, str]:
        return self.twin.environ()

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

    async def reply(self, conversation: ConversationId, text: str, *, mention: bool = True) -> None:
        """A post below the root."""
        place = conversation.channel, text, conversation.thread
        await self.twin.say(self.ada, *place, mention=mention)
        await self.clock.settle()

    async def command(self, words: str) -> None:
        """A message that begins with a slash."""
        await self.write_directly(f"/{words}")

    async def rate(self, conversation: ConversationId, *, helpful: bool) -> bool:
        """A thumb below the message."""
        last, reaction = self._last(conversation), "like" if helpful else "dislike"
        if not last.feedback_loop:
            return False
        return (await self._done(self.twin.feedback(self.ada, last, reaction))).ok

    def forged(self) -> WebRequest:
        """A good body with a token that nobody signed."""
        activity = self.twin.activity("message", self.ada, text="Let me in")
        headers = {"content-type": "application/json", "authorization": "Bearer e30.e30.e30"}
        return WebRequest(json.dumps(activity).encode(), headers)

    def bot(self) -> str:
        """As the twin's people write a mention."""
        return self.twin.mention()

    def hears_all(self) -> None:
        """The channel's team consents (RSC)."""
        self.twin.consent(self.general)

    def fail_after_effect(self) -> None:
        """The connection is reset after the post took effect."""
        self.twin.fault("post", Fault.reset(after_effect=True))

    def fail_before_effect(self, retry_after: float) -> None:
        """429 with Retry-After."""
        self.twin.fault("post", Fault.rate_limited(retry_after))

    def never_answer(self) -> None:
        """Silence after the post took effect."""
        self.twin.fault("post", Fault.timeout(after_effect=True))

    def refuse_as_too_long(self) -> None:
        """Whatever its form."""
        self.twin.fault("post", Fault.error(413, "MessageSizeTooBig"), None)

    def revoke(self) -> None:
        """The connector takes no token, old or new."""
        self.twin.fault("post|create|update", Fault.error(401, "Unauthorized"), None)

    def shown(self, conversation: ConversationId) -> list[str]:
        """The words of the Markdown."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [read_markdown(message.text)[0] for message in found if message.bot]

    def place(self) -> ConversationId:
        """A thread in the channel."""
        posts = self.twin.messages(self.general)
        return self._id(self.general, posts[0].id if posts else "1")

    def gone(self) -> ConversationId:
        """A channel nobody ever made."""
        return self._id("19:nowhere@thread.tacv2", "")

    def deactivate(self, person: str) -> None:
        """They are in no roster any more."""
        for place in self.twin.channels():
            place.members.pop(person, None)

    def out(self) -> None:
        """Every call answers 503."""
        self.twin.fault("*", Fault.unavailable(), None)

    def seen(self, conversation: ConversationId) -> str:
        """The texts, all texts of the cards, the sources, and the questions to press."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        given = [(one.text, one.cards, one.citations, one.suggested) for one in found if one.bot]
        return "\n".join(strings(given))

    def at_work(self, conversation: ConversationId) -> bool:
        """Three dots."""
        return self.twin.typing(conversation.channel, conversation.thread)

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
        answer = await self._done(self.twin.press(person, last, title, filled=filled))
        ok = answer.ok and answer.json.get("statusCode") == 200
        return Pressed(ok, answer.toast if ok else "")

    def _last(self, conversation: ConversationId) -> Message:
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [message for message in found if message.bot][-1]


WAYS: dict[str, Callable[[TestClock], Platform]] = {"teams": Teams}
