"""A small company around a real Frontdesk: Slack's twin, fake models, the whole process.

Everything between an employee and an answer is real: signed HTTP, slack-bolt, the kernel, SQLite,
the vendors' SDKs. Only the platform and the models at the two ends are local.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.slack.twin import Message, SlackTwin
from agent.messages import ConversationId
from agent.models import Passage
from agent.ports import Provider
from agent.records import TimelineItem
from bot.app import App, build
from bot.settings import load
from tests.support.clock import TestClock

SECRET = "test-signing-secret"


@dataclass
class Company:
    """One workspace with Ada (employee), Grace (employee) and Linus (desk), and Frontdesk in it."""

    clock: TestClock
    twin: SlackTwin
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    providers: Sequence[Provider] | None = None
    app: App | None = None

    def __post_init__(self) -> None:
        """Hire everybody."""
        self.ada = self.twin.add_user("Ada Byron")
        self.grace = self.twin.add_user("Grace Hopper")
        self.linus = self.twin.add_user("Linus Berg")
        everybody = [self.ada, self.grace, self.linus]
        self.general = self.twin.add_channel("general", everybody)
        self.desk = self.twin.add_channel("desk", [self.linus], private=True)

    @property
    def running(self) -> App:
        """The app, which must have been started."""
        assert self.app is not None
        return self.app

    async def open(self, **settings: str) -> None:
        """Start Frontdesk (again) on the same database, with more settings."""
        environ = {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": self.twin.api_url,
            "FRONTDESK_PORT": "0",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{self.folder / 'frontdesk.db'}",
            "FRONTDESK_HUMAN_CHANNEL": f"slack:{self.desk}",
            **self.settings,
            **{name.upper(): value for name, value in settings.items()},
        }
        self.app = build(load(environ), clock=self.clock, providers=self.providers)
        self.clock.watch(self.app.store.busy)
        await self.app.start()
        self.twin.events_url = f"http://127.0.0.1:{self.app.port}/slack/events"

    async def close(self) -> None:
        """Stop Frontdesk in order."""
        if self.app is not None:
            stopping = asyncio_task(self.app.stop())
            await self.clock.until(stopping.done, at_most=60)
            await stopping
            self.app = None

    async def rest(self) -> None:
        """Wait until nothing happens any more without time passing."""
        await self.clock.settle()

    async def teach(self, *passages: Passage, source: str = "handbook.md") -> None:
        """Put passages into the knowledge."""
        knowledge = self.running.store.knowledge
        await knowledge.replace(source, f"digest-{len(passages)}-{os.urandom(4).hex()}", passages)

    async def dm(self, user: str, text: str, thread: str = "") -> tuple[str, str]:
        """A person writes a direct message; (channel, ts)."""
        channel = self.twin.dm(user)
        ts = await self.twin.say(user, channel, text, thread or None)
        await self.rest()
        return channel, ts

    async def say(self, user: str, channel: str, text: str, thread: str = "") -> str:
        """A person writes in a channel; ts."""
        ts = await self.twin.say(user, channel, text, thread or None)
        await self.rest()
        return ts

    def mention(self, text: str) -> str:
        """The text with a mention of the bot in front."""
        return f"<@{self.twin.identity.bot_user_id}> {text}"

    def answers(self, channel: str, thread: str) -> list[Message]:
        """What the bot has said in a thread."""
        found = self.twin.messages(channel, thread)
        return [one for one in found if one.bot and not one.deleted]

    def cards(self) -> list[Message]:
        """The bot's posts at the top level of the human channel."""
        found = self.twin.messages(self.desk)
        return [one for one in found if one.bot and one.thread_ts in ("", one.ts)]

    async def journal(self, channel: str, thread: str) -> list[TimelineItem]:
        """What the journal tells of a conversation."""
        place = ConversationId("slack", self.twin.identity.team_id, channel, thread)
        return list(await self.running.store.records.timeline(str(place)))


def asyncio_task(work):  # type: ignore[no-untyped-def]
    """A task for a coroutine."""
    import asyncio

    return asyncio.ensure_future(work)


@asynccontextmanager
async def company(
    folder: Path,
    *,
    providers: Sequence[Provider] | None = None,
    clock: TestClock | None = None,
    **settings: str,
) -> AsyncIterator[Company]:
    """A company whose Frontdesk is running."""
    clock = clock or TestClock()
    twin = SlackTwin(clock, signing_secret=SECRET)
    await twin.start()
    one = Company(clock, twin, folder, settings={n.upper(): v for n, v in settings.items()})
    one.providers = providers
    try:
        await one.open()
        yield one
    finally:
        await one.close()
        await twin.stop()
