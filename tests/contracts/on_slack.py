"""Slack under the adapter contract, over its twin: by HTTP and by Socket Mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from adapters.slack.twin import Fault, Message, SlackTwin
from agent.cases import Outcome
from agent.messages import Button, ConversationId
from agent.platforms import WebRequest
from tests.contracts.over_twin import OverTwin
from tests.contracts.platform import Platform, Pressed, strings
from tests.support.chats import read_markdown
from tests.support.clock import TestClock


class Slack(OverTwin):
    """Slack over its twin, by HTTP."""

    name = "slack"
    patience = "adapters.slack.web.CALL_SECONDS"
    wrong: ClassVar = {"SLACK_BOT_TOKEN": "xoxb-wrong"}
    credentials: ClassVar = {"SLACK_SIGNING_SECRET": "contract-secret"}

    def __init__(self, clock: TestClock) -> None:
        """A workspace."""
        self.twin = SlackTwin(clock, signing_secret="contract-secret")
        super().__init__(clock, self.twin)

    @property
    def tenant(self) -> str:
        return self.twin.identity.team_id

    def environ(self) -> Mapping[str, str]:
        given = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_API_URL": self.twin.api_url}
        return {**given, **self.credentials}

    async def write(self, text: str, *, mention: bool = False) -> ConversationId:
        """A post in #general."""
        words = f"{self.bot()} {text}" if mention else text
        ts = await self.twin.say(self.ada, self.general, words)
        await self.clock.settle()
        return self._id(self.general, ts)

    async def write_directly(self, text: str) -> ConversationId:
        """A top-level direct message."""
        channel = self.twin.dm(self.ada)
        ts = await self.twin.say(self.ada, channel, text)
        await self.clock.settle()
        return self._id(channel, ts)

    async def reply(self, conversation: ConversationId, text: str, *, mention: bool = True) -> None:
        """A post with the thread's ts."""
        words = f"{self.bot()} {text}" if mention else text
        await self.twin.say(self.ada, conversation.channel, words, conversation.thread)
        await self.clock.settle()

    async def command(self, words: str) -> None:
        """A slash command."""
        channel = self.twin.dm(self.ada)
        await self._done(self.twin.command(self.ada, channel, f"/frontdesk {words}"))

    async def rate(self, conversation: ConversationId, *, helpful: bool) -> bool:
        """A press on one of the feedback buttons."""
        last, value = self._last(conversation), "positive" if helpful else "negative"
        pressing = self.twin.press(self.ada, last, action_id="frontdesk_feedback", value=value)
        try:
            return (await self._done(pressing)).ok
        except ValueError:
            return False  # nothing to press is called so

    def forged(self) -> WebRequest:
        """A good body with a wrong signature."""
        stamp = str(int(self.clock.now()))
        headers = {
            "content-type": "application/json",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": "v0=" + "0" * 64,
        }
        return WebRequest(b'{"type": "event_callback", "event": {}}', headers)

    def bot(self) -> str:
        """As Slack writes a mention."""
        return f"<@{self.twin.identity.bot_user_id}>"

    def fail_after_effect(self) -> None:
        """The connection is reset after the post took effect."""
        self.twin.fault("chat.postMessage", Fault.reset(after_effect=True))

    def fail_before_effect(self, retry_after: float) -> None:
        """429 with Retry-After."""
        self.twin.fault("chat.postMessage", Fault.rate_limited(retry_after))

    def never_answer(self) -> None:
        """Silence after the post took effect."""
        self.twin.fault("chat.postMessage", Fault.timeout(after_effect=True))

    def refuse_as_too_long(self) -> None:
        """Blocks or not."""
        self.twin.fault("chat.postMessage", Fault.error("msg_too_long"), None)

    def revoke(self) -> None:
        """Every method says so."""
        self.twin.fault("*", Fault.error("token_revoked"), None)

    def shown(self, conversation: ConversationId) -> list[str]:
        """The words of the Markdown, or without any the text."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [_markdown(one) or one.text for one in found if one.bot]

    def place(self) -> ConversationId:
        """A thread in #general."""
        post = self.twin.messages(self.general)
        return self._id(self.general, post[0].ts if post else "1.000000")

    def gone(self) -> ConversationId:
        """A channel nobody ever made."""
        return self._id("C0NOWHERE", "")

    async def join(self, person: str) -> None:
        """Into #general."""
        self.twin.join(person, self.general)
        await self.clock.settle()

    async def leave(self, person: str) -> None:
        """Out of #general."""
        self.twin.leave(person, self.general)
        await self.clock.settle()

    def out(self) -> None:
        """Every method answers 503."""
        self.twin.fault("*", Fault.unavailable(), None)

    def seen(self, conversation: ConversationId) -> str:
        """All texts of the blocks; links are markup there."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        blocks = [block for message in found if message.bot for block in message.blocks]
        return "\n".join(strings(blocks))

    def at_work(self, conversation: ConversationId) -> bool:
        """The status under the thread."""
        return bool(self.twin.status(conversation.channel, conversation.thread))

    def buttons(self, conversation: ConversationId) -> list[str]:
        """In the order of the actions block."""
        last = self._last(conversation)
        rows = [block["elements"] for block in last.blocks if block["type"] == "actions"]
        return [element["text"]["text"] for row in rows for element in row]

    def told_alone(self, person: str, conversation: ConversationId) -> list[str]:
        """Ephemeral messages."""
        return [one.text for one in self.twin.ephemerals(conversation.channel, person)]

    async def press(self, person: str, conversation: ConversationId, button: Button) -> Pressed:
        """What is told stands in an ephemeral message."""
        before = len(self.twin.ephemerals(conversation.channel, person))
        action_id = f"frontdesk_{button.value}"
        last = self._last(conversation)
        answer = await self._done(self.twin.press(person, last, action_id=action_id))
        told = self.twin.ephemerals(conversation.channel, person)[before:]
        return Pressed(answer.ok, "\n".join(message.text for message in told))

    async def resolve(
        self, person: str, conversation: ConversationId, outcome: Outcome, note: str
    ) -> Pressed:
        """What is told stands in the form."""
        await self.press(person, conversation, Button.RESOLVE)
        form = self.twin.form(person)
        values = {"outcome": outcome.value, "note": note or None}
        answer = await self._done(self.twin.submit(form, values))
        if form.open:
            self.twin.close(form)
        return Pressed(answer.ok, "\n".join(form.errors.values()))

    def _last(self, conversation: ConversationId) -> Message:
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [message for message in found if message.bot][-1]


class SlackSocket(Slack):
    """Slack over its twin, by Socket Mode."""

    credentials: ClassVar = {"SLACK_APP_TOKEN": "xapp-test"}

    def __init__(self, clock: TestClock) -> None:
        """The same workspace."""
        super().__init__(clock)
        self.twin.socket_mode = True

    def acknowledged(self) -> list[bool]:
        """An envelope of its own says so."""
        return [bool(envelope.acks) for envelope in self.twin.sockets.envelopes]


def _markdown(message: Message) -> str:
    blocks = (one for one in message.blocks if one["type"] == "markdown")
    return "\n".join(read_markdown(one["text"])[0] for one in blocks)


WAYS: dict[str, Callable[[TestClock], Platform]] = {
    "slack": Slack,
    "slack, socket mode": SlackSocket,
}
