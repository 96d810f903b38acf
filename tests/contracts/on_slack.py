"""Slack under the adapter contract, over its twin: by HTTP and by Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import ClassVar

from adapters import slack
from adapters.slack.twin import Answer, Fault, Message, SlackTwin
from agent.cases import Outcome
from agent.messages import Button, ConversationId
from agent.platforms import WebRequest
from agent.surroundings import Surroundings
from tests.contracts.platform import LONGEST_PRESS, Pressed, strings
from tests.support.clock import TestClock


class Slack:
    """Slack over its twin, by HTTP."""

    name = "slack"
    credentials: ClassVar = {"SLACK_SIGNING_SECRET": "contract-secret"}

    def __init__(self, clock: TestClock) -> None:
        """A workspace with one person and one channel."""
        self.twin = SlackTwin(clock, signing_secret="contract-secret")
        self.ada = self.twin.add_user("Ada Byron", tz="Europe/Brussels")
        self.general = self.twin.add_channel("general", [self.ada])
        self.clock = clock

    async def start(self) -> None:
        """Start the twin and make the adapter."""
        await self.twin.start()
        environ = {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_API_URL": self.twin.api_url,
            **self.credentials,
        }
        adapter = slack.open_adapter(Surroundings(environ, self.clock))
        assert adapter is not None
        self.adapter = adapter

    async def stop(self) -> None:
        """Stop the twin."""
        await self.twin.stop()

    def listen(self, port: int) -> None:
        """Tell the twin where to deliver to."""
        self.twin.events_url = f"http://127.0.0.1:{port}/slack/events"

    def acknowledged(self) -> list[bool]:
        """Only a status of success is one."""
        return [200 <= delivery.status < 300 for delivery in self.twin.deliveries]

    async def write(self, text: str, *, mention: bool = False) -> ConversationId:
        """A post in #general."""
        bot = f"<@{self.twin.identity.bot_user_id}> " if mention else ""
        ts = await self.twin.say(self.ada, self.general, bot + text)
        await self.clock.settle()
        return self._id(self.general, ts)

    async def write_directly(self, text: str) -> ConversationId:
        """A top-level direct message."""
        channel = self.twin.dm(self.ada)
        ts = await self.twin.say(self.ada, channel, text)
        await self.clock.settle()
        return self._id(channel, ts)

    async def redeliver(self) -> None:
        """The twin is told to send everything twice, before the event is made."""
        self.twin.duplicate_next(2)

    def forged(self) -> WebRequest:
        """A good body with a wrong signature."""
        stamp = str(int(self.clock.now()))
        headers = {
            "content-type": "application/json",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": "v0=" + "0" * 64,
        }
        return WebRequest(b'{"type": "event_callback", "event": {}}', headers)

    def fail_after_effect(self) -> None:
        """The connection is reset after the post took effect."""
        self.twin.fault("chat.postMessage", Fault.reset(after_effect=True))

    def fail_before_effect(self, retry_after: float) -> None:
        """429 with Retry-After."""
        self.twin.fault("chat.postMessage", Fault.rate_limited(retry_after))

    def shown(self, conversation: ConversationId) -> list[str]:
        """The bot's posts in the thread: their Markdown, or without any their text."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [_markdown(one) or one.text for one in found if one.bot]

    def place(self) -> ConversationId:
        """A thread in #general."""
        post = self.twin.messages(self.general)
        return self._id(self.general, post[0].ts if post else "1.000000")

    def gone(self) -> ConversationId:
        """A channel nobody ever made."""
        return self._id("C0NOWHERE", "")

    def person(self) -> str:
        """Ada."""
        return self.ada

    def add_person(self, name: str) -> str:
        """In the workspace, and in no channel."""
        return self.twin.add_user(name)

    async def join(self, person: str) -> None:
        """Into #general."""
        self.twin.join(person, self.general)
        await self.clock.settle()

    async def leave(self, person: str) -> None:
        """Out of #general."""
        self.twin.leave(person, self.general)
        await self.clock.settle()

    def deactivate(self, person: str) -> None:
        """They stay in Slack's lists."""
        self.twin.deactivate(person)

    def out(self) -> None:
        """Every method answers 503."""
        self.twin.fault("*", Fault.unavailable(), None)

    def seen(self, conversation: ConversationId) -> str:
        """All texts of the blocks."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        blocks = [block for message in found if message.bot for block in message.blocks]
        return "\n".join(strings(blocks))

    def buttons(self, conversation: ConversationId) -> list[str]:
        """In the order of the actions block."""
        last = self._last(conversation)
        rows = [block["elements"] for block in last.blocks if block["type"] == "actions"]
        return [element["text"]["text"] for row in rows for element in row]

    async def press(self, person: str, conversation: ConversationId, button: Button) -> Pressed:
        """What is told stands in an ephemeral message."""
        before = len(self.twin.ephemerals(conversation.channel, person))
        action_id = f"frontdesk_{button.value}"
        last = self._last(conversation)
        answer = await self._answer(self.twin.press(person, last, action_id=action_id))
        told = self.twin.ephemerals(conversation.channel, person)[before:]
        return Pressed(answer.ok, "\n".join(message.text for message in told))

    async def resolve(
        self, person: str, conversation: ConversationId, outcome: Outcome, note: str
    ) -> Pressed:
        """What is told stands in the form."""
        await self.press(person, conversation, Button.RESOLVE)
        form = self.twin.form(person)
        values = {"outcome": outcome.value, "note": note or None}
        answer = await self._answer(self.twin.submit(form, values))
        if form.open:
            self.twin.close(form)
        return Pressed(answer.ok, "\n".join(form.errors.values()))

    async def _answer(self, acting: Awaitable[Answer]) -> Answer:
        task = asyncio.ensure_future(acting)
        await self.clock.until(task.done, at_most=LONGEST_PRESS)
        await self.clock.settle()
        return task.result()

    def _last(self, conversation: ConversationId) -> Message:
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [message for message in found if message.bot][-1]

    def _id(self, channel: str, thread: str) -> ConversationId:
        return ConversationId("slack", self.twin.identity.team_id, channel, thread)


class SlackSocket(Slack):
    """Slack over its twin, by Socket Mode."""

    credentials: ClassVar = {"SLACK_APP_TOKEN": "xapp-test"}

    def __init__(self, clock: TestClock) -> None:
        """The same company."""
        super().__init__(clock)
        self.twin.socket_mode = True

    def acknowledged(self) -> list[bool]:
        """An envelope of its own says so."""
        return [bool(envelope.acks) for envelope in self.twin.sockets.envelopes]


def _markdown(message: Message) -> str:
    blocks = (one for one in message.blocks if one["type"] == "markdown")
    return "\n".join(str(one["text"]) for one in blocks)
