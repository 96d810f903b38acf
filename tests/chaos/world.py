"""A company whose Frontdesk dies at planned points and is started again at once.

People, Slack and what the tools change are the world; they live on when the process dies. A story
(`stories.py`) is told against a `World` as if nothing could happen: whatever dies meanwhile is
swept away and started anew on the same file before the clock may move on.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.slack.twin import Message, SlackTwin
from adapters.slack.twin_events import RETRY_DELAYS
from agent.models import Passage
from agent.ports import Provider, Surroundings
from agent.providers import open_models
from bot import server
from bot.app import App, build, open_adapters
from bot.settings import Configuration
from storage import migrate, open_store
from tests.chaos.model import EchoModel
from tests.support.clock import TestClock
from tests.support.company import SECRET, Company
from tests.support.crash import abandon
from tests.support.crashing import Crash, Points
from tests.support.outage import FailingStore
from tests.support.tools import TestTool

QUIET_ROUNDS = 12
LONGEST = 1000.0
"""Seconds until everything must have come to rest: a message that met two dead processes is
brought again after a minute, and then after five."""
PRESSES = 3
AFTERWARDS = 10.0
"""Seconds in which nothing more may happen once everything is at rest."""

UNFINISHED = """
SELECT (SELECT count(*) FROM inbox
        WHERE state = 'waiting' AND (class = 'utterance' OR not_before <= :now))
    + (SELECT count(*) FROM lanes WHERE lease_owner IS NOT NULL)
    + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending'))
"""
ACCEPTED = "SELECT message_id FROM inbox WHERE kind NOT IN ('edit', 'delete') ORDER BY id"


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person wrote or pressed, and what tells its one answer among what is visible:
    `answer` is a pattern, `channel` and `thread` where to look ('' for the whole channel). `most`
    is how often it may be there; more than once only for what a person had to do again.
    """

    ts: str
    channel: str
    thread: str
    answer: str
    most: int = 1


@dataclass(frozen=True, slots=True)
class Allowed:
    """A way in which a run may end other than the one without a crash: `lines` is a pattern of the
    lines of `verdict.picture` that may differ. `late`: only if Slack had to bring something again
    a minute later. `at`: only if the process died at a point that fits this pattern.
    """

    lines: str
    late: bool = False
    at: str = ""


@dataclass(frozen=True)
class Story:
    """What people do in one run, and what is special about the company they do it in.

    `thinks` is how many seconds the model takes, None for no model. `poison` is a word that breaks
    every turn. `tools` makes the tools on the clock of the run.
    """

    name: str
    tell: Callable[[World], Awaitable[None]]
    thinks: float | None = 0.5
    passages: Sequence[Passage] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    tools: Callable[[TestClock], Sequence[TestTool]] = lambda _: ()
    poison: str = ""
    socket: bool = False
    allowed: Sequence[Allowed] = ()


class Breakage:
    """What is broken on purpose in the product of a run: nothing. See `broken.py`."""

    def store(self, store: FailingStore, world: World) -> FailingStore:
        """The store, before the app is built on it."""
        return store

    def app(self, app: App, world: World) -> None:
        """The app, before it is started."""


@dataclass
class World(Company):
    """A company with crash points around everything that crosses a port of its Frontdesk.

    `keeper` is the task that starts processes; `notes` and `beside` belong to broken builds.
    """

    points: Points = field(default_factory=Points)
    poison: str = ""
    breakage: Breakage = field(default_factory=lambda: Breakage())
    said: list[Said] = field(default_factory=list)
    keeper: asyncio.Task[None] | None = None
    notes: set[str] = field(default_factory=set)
    beside: list[asyncio.Task[Any]] = field(default_factory=list)
    _falling: asyncio.Event = field(default_factory=asyncio.Event)
    _recovering: bool = True

    def make(self, configuration: Configuration) -> App:
        """Build the app on guarded parts."""
        surroundings = Surroundings(configuration.environ, self.clock)
        store = FailingStore.open(configuration.settings.database_url, self.clock)
        if self.poison:
            store.poison(self.poison)
        self.clock.watch(store.busy)
        providers: Sequence[Provider] = self.providers or open_models("", surroundings)
        guard = self.points.guard
        app = build(
            configuration,
            clock=self.clock,
            store=guard(self.breakage.store(store, self), "store"),
            providers=[guard(one, "model") for one in providers],
            adapters={name: guard(one, name) for name, one in open_adapters(surroundings).items()},
            tools=[guard(one, one.name) for one in self.tools],
        )
        self.breakage.app(app, self)
        return app

    @functools.cached_property
    def _database(self) -> sqlite3.Connection:
        """The file itself, as an onlooker sees it."""
        return sqlite3.connect(self.folder / "frontdesk.db", isolation_level=None)

    # Dying and rising

    def fall(self) -> None:
        """The process is gone: the clock stands still until there is another."""
        self._recovering = True
        self._falling.set()

    async def live(self) -> None:
        """Run the process, and whenever it has died another one on what it left."""
        await self._begin()
        while True:
            await self._falling.wait()
            self._falling.clear()
            if self.points.dead:
                await self.sweep()
                self.points.rise()
            await self._begin()

    async def sweep(self) -> None:
        """Take away what is left of a process, without a trace."""
        app, self.app = self.app, None
        with self.points.harmless():
            if app is not None:
                await abandon(app)

    async def _begin(self) -> None:
        with suppress(Crash):
            await self.open()
        self._recovering = self.points.dead

    async def restart(self) -> None:
        """Stop the process in order and start it again; if it dies of that, it rises anyway."""
        stopping = asyncio.create_task(self.running.stop())
        await self.clock.until(lambda: stopping.done() and not self._recovering, at_most=LONGEST)
        if not stopping.cancelled() and stopping.exception() is None:
            self.fall()
            await self.clock.settle()

    def busy(self) -> bool:
        """Whether there is no process just now, so that no time may pass."""
        if self.keeper is not None and self.keeper.done():
            self.keeper.result()
        return self._recovering

    async def rest(self) -> None:
        """Wait until nothing happens any more; whoever begins a process must not wait for it."""
        if asyncio.current_task() is not self.keeper:
            await super().rest()

    # What people do

    async def write(self, user: str, text: str, thread: str = "", *, channel: str = "") -> Said:
        """A person writes something that is to be answered in its thread, and goes on at once."""
        place = channel or self.twin.dm(user)
        ts = await self.twin.say(user, place, text, thread or None)
        name = text.partition(" ")[0]
        return self.expect(ts, place, thread or ts, rf"Answer to .*\b{name}\b")

    def expect(self, ts: str, channel: str, thread: str, answer: str, *, most: int = 1) -> Said:
        """Something was said or pressed that has to have exactly one answer."""
        self.said.append(Said(ts, channel, thread, answer, most))
        return self.said[-1]

    async def insist(self, user: str, message: Message, action: str, value: str = "") -> None:
        """A person presses a button, and again if Slack shows that it did not work."""
        for _ in range(PRESSES):
            answer = await self.twin.press(user, message, action_id=action, value=value or None)
            await self.calm()
            if answer.ok:
                return

    async def command(self, user: str, channel: str, line: str) -> str:
        """A person types a command, and again if Slack shows that it did not work."""
        for _ in range(PRESSES):
            answer = await self.twin.command(user, channel, line)
            await self.calm()
            if answer.ok:
                break
        return answer.text

    async def calm(self) -> None:
        """Wait until everything that was said is done with."""
        await self.clock.until(self.at_rest, at_most=LONGEST)

    def at_rest(self) -> bool:
        """Whether nobody has anything left to do: Slack, the process, its database."""
        return not self._recovering and self._brought() and not self._unfinished()

    @property
    def late(self) -> bool:
        """Whether Slack had to bring something again later than at once."""
        return any(one.attempt > 1 for one in self.twin.deliveries)

    def _brought(self) -> bool:
        last = {one.event_id: one for one in self.twin.deliveries if one.event_id[:2] == "Ev"}
        return all(200 <= d.status < 300 or d.attempt == len(RETRY_DELAYS) for d in last.values())

    def _unfinished(self) -> int:
        count: int = self._database.execute(UNFINISHED, {"now": self.clock.now()}).fetchone()[0]
        return count

    # What is read back

    def accepted(self) -> list[str]:
        """The ids of the messages that were accepted, in that order."""
        return [row[0] for row in self._database.execute(ACCEPTED)]

    def visible(self, channel: str, thread: str) -> list[Message]:
        """What the bot shows in a thread, or in a whole channel."""
        found = self.twin.messages(channel, thread or None)
        return [one for one in found if one.bot and not one.deleted]


@asynccontextmanager
async def world(
    story: Story, folder: Path, plan: Sequence[str] = (), breakage: Breakage | None = None
) -> AsyncIterator[World]:
    """The world of one run of a story, with a Frontdesk that is running or about to."""
    clock = TestClock(quiet_rounds=QUIET_ROUNDS, round_seconds=0)
    twin = SlackTwin(clock, signing_secret=SECRET)
    twin.socket_mode = story.socket
    await twin.start()
    one = World(clock, twin, folder, story.settings, points=Points(plan))
    one.providers = None if story.thinks is None else [EchoModel(clock, story.thinks)]
    one.tools = story.tools(clock)
    one.poison = story.poison
    one.breakage = breakage or Breakage()
    one.points.died = one.fall
    clock.watch(one.busy)
    asyncio.get_running_loop().set_exception_handler(_without_crashes)
    (folder / "frontdesk.db").write_bytes(_empty_database())
    if story.passages:
        await _fill_library(one, story.passages)
    with _sudden_ends():
        one.keeper = asyncio.create_task(one.live())
        try:
            await clock.settle()
            yield one
        finally:
            one.keeper.cancel()
            await one.sweep()
            await twin.stop()
            one._database.close()


@functools.cache
def _empty_database() -> bytes:
    """The file of a database that was just made: making it takes longer than most stories."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frontdesk.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


async def _fill_library(one: World, passages: Sequence[Passage]) -> None:
    store = open_store(f"sqlite:///{one.folder / 'frontdesk.db'}", one.clock, owner="library")
    await store.knowledge.replace("handbook.md", "digest", passages)
    await store.close()


@contextmanager
def _sudden_ends() -> Iterator[None]:
    """A dead process does not wait for the requests it is handling, nor log how its turns broke."""
    patience, server.SHUTDOWN_SECONDS = server.SHUTDOWN_SECONDS, 0.02
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        server.SHUTDOWN_SECONDS = patience
        logging.disable(disabled)


def _without_crashes(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task that nobody waits for may end in a crash: that is what it was for."""
    if not isinstance(context.get("exception"), Crash):
        loop.default_exception_handler(context)
