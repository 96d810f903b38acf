"""What the tests of the process share: a clean environment, a process on a platform in memory,
and a local Slack in real time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.slack.twin import SlackTwin
from agent.messages import Kind
from agent.models import Passage
from bot.app import App, build
from bot.cli import main
from bot.clock import SystemClock
from bot.settings import OURS, TELEMETRY, load, variables
from tests.support.clock import TestClock
from tests.support.memory_platform import MemoryPlatform
from tests.support.outage import FailingStore

LEAVE = Passage("", "Annual leave", "How many days", "Everybody gets 27 days of leave.")


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Give the process its logging back: configuring it is for good."""
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    levels = {one: one.level for one in _loggers()}
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for one in _loggers():
        one.setLevel(levels.get(one, logging.NOTSET))


def _loggers() -> list[logging.Logger]:
    """Those that there are by now."""
    known = logging.getLogger().manager.loggerDict.values()
    return [one for one in known if isinstance(one, logging.Logger)]


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logging_as_it_was: None
) -> Callable[..., Result]:
    """Runs `frontdesk …` in an empty folder, with nothing of ours in the environment but what is
    given.
    """
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith((OURS, TELEMETRY)) or name in variables():
            monkeypatch.delenv(name)

    def run(*words: str, **environ: str) -> Result:
        return CliRunner().invoke(main, list(words), env=environ, catch_exceptions=False)

    return run


@dataclass
class Neighbour:
    """A Slack that runs in a thread of its own, as another process would."""

    twin: SlackTwin
    channel: str

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead to it."""
        return {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_SIGNING_SECRET": "secret",
            "SLACK_API_URL": self.twin.api_url,
            "FRONTDESK_HUMAN_CHANNEL": f"slack:{self.channel}",
            "FRONTDESK_PORT": "0",
        }


@pytest.fixture
def slack() -> Iterator[Neighbour]:
    """A Slack for commands that bring an event loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    twin = SlackTwin(SystemClock(), signing_secret="secret")
    asyncio.run_coroutine_threadsafe(twin.start(), loop).result(10)
    yield Neighbour(twin, twin.add_channel("desk", [twin.add_user()], private=True))
    asyncio.run_coroutine_threadsafe(twin.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@dataclass
class Office:
    """A running process on one platform."""

    clock: TestClock
    platform: MemoryPlatform
    store: FailingStore
    app: App

    async def write(self, text: str, **more: str | Kind) -> list[str]:
        """Somebody writes; what the bot says to it where they wrote, or to them alone."""
        before = len(self.platform.texts())
        await self.platform.write(text, **more)  # type: ignore[arg-type]
        await self.clock.settle()
        return self.platform.texts()[before:]

    async def counts(self, name: str) -> int:
        """A number of the status."""
        return (await self.store.records.counts())[name]


Opened = Callable[..., Awaitable[Office]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """Opens an office, again and again on the same database."""
    clock = TestClock()
    async with AsyncExitStack() as stack:

        async def open_one(platform: MemoryPlatform | None = None, **settings: str) -> Office:
            url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
            platform = platform or MemoryPlatform("irc")
            store = FailingStore.open(url, clock, ())
            clock.watch(store.busy)
            wanted = {"FRONTDESK_PORT": "0", "FRONTDESK_DATABASE_URL": url, **settings}
            app = build(load(wanted), clock=clock, store=store, adapters={"irc": platform})
            stack.push_async_callback(stopped, clock, app)
            await app.start()
            await app.store.knowledge.replace("handbook.md", "1", [LEAVE])
            return Office(clock, platform, store, app)

        yield open_one


async def stopped(clock: TestClock, app: App) -> None:
    stopping = asyncio.create_task(app.stop())
    await clock.until(stopping.done, at_most=60)
    await stopping
