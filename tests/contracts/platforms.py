"""The platforms under the adapter contract: one descriptor each, over its twin.

A platform joins by one class here and one line in `PLATFORMS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar, Protocol

from adapters import slack, teams
from adapters.slack.twin import Fault, SlackTwin
from adapters.teams.twin import Fault as TeamsFault
from adapters.teams.twin import TeamsTwin
from agent.messages import ConversationId
from agent.platforms import WebRequest, WebResponse
from agent.ports import Adapter, Surroundings
from tests.support.clock import TestClock


class Platform(Protocol):
    """What the contract needs of a platform: its adapter, and a twin to be a person in."""

    adapter: Adapter

    async def start(self) -> None:
        """Start the twin; the adapter is not started."""

    async def stop(self) -> None:
        """Stop the twin."""

    def listen(self, port: int) -> None:
        """The bot listens on this port of the loopback interface."""

    def acknowledged(self) -> list[bool]:
        """Of each delivery that was made, whether the bot acknowledged it."""

    async def write(self, text: str, *, mention: bool = False) -> ConversationId:
        """A person writes at the top level of a channel; the conversation it begins."""

    async def write_directly(self, text: str) -> ConversationId:
        """A person writes a direct message."""

    async def redeliver(self) -> None:
        """The platform delivers its last event once more."""

    def forged(self) -> WebRequest:
        """A request that is not from the platform, though it looks like it."""

    def fail_after_effect(self) -> None:
        """The next post takes effect, but its answer is lost."""

    def fail_before_effect(self, retry_after: float) -> None:
        """The next post is refused for now."""

    def shown(self, conversation: ConversationId) -> list[str]:
        """The texts of the bot in a conversation."""

    def place(self) -> ConversationId:
        """A conversation to post into."""

    def gone(self) -> ConversationId:
        """A place that does not exist."""

    def person(self) -> str:
        """A person's id."""


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
        """The bot's posts in the thread."""
        found = self.twin.messages(conversation.channel, conversation.thread)
        return [message.text for message in found if message.bot]

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
        self.twin.fault("post", TeamsFault.reset(after_effect=True))

    def fail_before_effect(self, retry_after: float) -> None:
        """429 with Retry-After."""
        self.twin.fault("post", TeamsFault.rate_limited(retry_after))

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

    def _id(self, channel: str, thread: str) -> ConversationId:
        return ConversationId("teams", self.twin.identity.tenant_id, channel, thread)


PLATFORMS: dict[str, Callable[[TestClock], Platform]] = {
    "slack": Slack,
    "slack, socket mode": SlackSocket,
    "teams": Teams,
}


async def post(adapter: Adapter, request: WebRequest) -> list[WebResponse]:
    """The request given to each of the adapter's routes."""
    return [await route(request) for route in adapter.routes.values()]
