"""A company whose Frontdesk dies at planned points and is started again at once.

People, the platform and what the tools change are the world; they live on when the process dies. A
story (`stories.py`) is told against a `World` as if nothing could happen: whatever dies meanwhile
is swept away and started anew on the same file before the clock may move on.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.messages import ConversationId, load_outgoing
from agent.models import Passage
from agent.ports import Provider
from agent.providers import open_models
from agent.surroundings import Surroundings
from bot import server
from bot.app import App, build, open_adapters
from bot.settings import Configuration
from storage import open_store
from tests.chaos.expected import Allowed, Expected, answer_to, fits, found
from tests.chaos.model import EchoModel
from tests.support.chats import Chat, Said, Shown
from tests.support.clock import TestClock
from tests.support.company import Company, open_chat
from tests.support.crash import abandon
from tests.support.crashing import Crash, Points
from tests.support.fresh import lay_fresh
from tests.support.outage import FailingStore
from tests.support.tools import TestTool

LONGEST = 1000.0
"""Seconds until everything must have come to rest: a message that met two dead processes is
brought again by Slack after a minute, and then after five."""
PRESSES = 3
AFTERWARDS = 10.0
"""Seconds in which nothing more may happen once everything is at rest."""

UNFINISHED = """
SELECT (SELECT count(*) FROM inbox
        WHERE state = 'waiting' AND (class = 'utterance' OR not_before <= :now))
    + (SELECT count(*) FROM lanes WHERE lease_owner IS NOT NULL)
    + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending'))
"""
DOUBTFUL = "SELECT id, payload FROM outbox WHERE state = 'unconfirmed'"
ACCEPTED = "SELECT message_id FROM inbox WHERE kind NOT IN ('edit', 'delete') ORDER BY id"


@dataclass(frozen=True)
class Story:
    """What people do in one run, and what is special about the company they do it in.

    `thinks` is how many seconds the model takes, None for no model. `poison` is a word that breaks
    every turn. `tools` makes the tools on the clock of the run. In `settings` '{grace}' is Grace.
    `desk_on` is the platform of the human channel, '' for the same.
    """

    name: str
    tell: Callable[[World], Awaitable[None]]
    thinks: float | None = 0.5
    passages: Sequence[Passage] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    tools: Callable[[TestClock], Sequence[TestTool]] = lambda _: ()
    poison: str = ""
    socket: bool = False
    platform: str = "slack"
    desk_on: str = ""
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

    `resent` is what only came because people asked for it again. `keeper` is the task that starts
    processes; `notes` and `beside` belong to broken builds.
    """

    points: Points = field(default_factory=Points)
    poison: str = ""
    breakage: Breakage = field(default_factory=lambda: Breakage())
    expected: list[Expected] = field(default_factory=list)
    resent: set[Expected] = field(default_factory=set)
    keeper: asyncio.Task[None] | None = None
    notes: set[str] = field(default_factory=set)
    beside: list[asyncio.Task[Any]] = field(default_factory=list)
    _falling: asyncio.Event = field(default_factory=asyncio.Event)
    _recovering: bool = True

    def make(self, configuration: Configuration) -> App:
        """Build the app on guarded parts."""
        surroundings = Surroundings(configuration.environ, self.clock, configuration.settings.host)
        adapters = open_adapters(surroundings)
        askable = [name for name, one in adapters.items() if one.capabilities.can_be_asked]
        store = FailingStore.open(configuration.settings.database_url, self.clock, askable)
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
            adapters={name: guard(one, name) for name, one in adapters.items()},
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
        self.hang_up()
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

    async def tell(self, person: str, text: str, to: Said | None = None) -> Said:
        """A person writes to the bot directly, and goes on at once."""
        thread = to.thread if to else ""
        return await self.chat.say(person, self.chat.direct(person), text, thread)

    async def call(self, person: str, text: str, to: Said | None = None) -> Said:
        """A person calls the bot in the general channel, and goes on at once."""
        thread = to.thread if to else ""
        return await self.chat.say(person, self.general, self.mention(text), thread)

    async def write(self, person: str, text: str, to: Said | None = None) -> Said:
        """A person writes to the bot directly what is to be answered by its first word."""
        said = await self.tell(person, text, to)
        self.expect(said, answer_to(text))
        return said

    def expect(self, said: Said, answer: str) -> None:
        """Something was written that has to have exactly one answer."""
        self.expected.append(Expected(said.place, answer, said.id))

    def expect_in(self, place: ConversationId, answer: str, *, most: int = 1) -> None:
        """Something was done of which people have to see exactly one trace."""
        self.expected.append(Expected(place, answer, most=most))

    def expect_card(self, answer: str, *, most: int = 1) -> None:
        """The people of the human channel have to see something exactly once."""
        self.expect_in(self.desk_chat.place(self.desk), answer, most=most)

    async def insist(self, person: str, shown: Shown, label: str) -> None:
        """A person presses a button, and again if it is shown that it did not work."""
        await self._insist(lambda: self._at(shown).press(person, shown, label))

    async def resolve(self, person: str, shown: Shown, outcome: str) -> None:
        """A person fills in the form of a card, and again if it is shown that it did not work."""
        await self._insist(lambda: self.desk_chat.resolve(person, shown, outcome))

    async def _insist(self, act: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(PRESSES):
            acting = asyncio.ensure_future(act())
            await self.clock.until(acting.done, at_most=LONGEST)
            await self.calm()
            if acting.result():
                return

    def _at(self, shown: Shown) -> Chat:
        """The platform that something is shown on."""
        here = shown.channel in self.chat.channels()
        return self.chat if here else self.desk_chat

    async def praise(self, person: str, shown: Shown) -> None:
        """A person says that an answer was helpful, again if it is shown that it did not work."""
        await self._insist(lambda: self.chat.rate(person, shown, helpful=True))

    async def command(self, person: str, channel: str, words: str) -> str:
        """A person types a command, and again if it is shown that it did not work."""
        for _ in range(PRESSES):
            asking = asyncio.ensure_future(self.chat.command(person, channel, words))
            await self.clock.until(asking.done, at_most=LONGEST)
            await self.calm()
            if (answer := asking.result()) is not None:
                return answer
        return ""

    async def calm(self) -> None:
        """Wait until everything that was said is done with."""
        await self.clock.until(self.at_rest, at_most=LONGEST)

    def at_rest(self) -> bool:
        """Whether nobody has anything left to do: the platform, the process, its database."""
        brought = all(chat.brought() for chat in self.chats)
        return not self._recovering and brought and not self._unfinished()

    def _unfinished(self) -> int:
        count: int = self._database.execute(UNFINISHED, {"now": self.clock.now()}).fetchone()[0]
        return count

    async def ask_again(self) -> None:
        """Of what may not have arrived people look whether it did, and have sent again what is not
        there (`frontdesk queue`): nobody else can know it on a platform that cannot be asked.
        """
        await self.calm()
        for _ in range(PRESSES):
            if not await self._send_missing():
                return
            await self.clock.advance(AFTERWARDS)
            await self.calm()

    async def _send_missing(self) -> bool:
        """Whether there was anything to be sent again."""
        missing = [one for one in self.expected if not found(self.visible(one.place), one.answer)]
        doubtful = [(row, load_outgoing(text)) for row, text in self._database.execute(DOUBTFUL)]
        rows: set[int] = set()
        for one in missing:
            fitting = [(row, message) for row, message in doubtful if fits(message, one)]
            here = {row for row, message in fitting if message.conversation == one.place}
            rows |= here or {row for row, _ in fitting}  # what goes another way has tried its own
            self.resent.update([one] if fitting else [])
        with self.points.harmless():
            for row in rows:
                await self.running.store.care.retry(row, by="command line")
        return bool(rows)

    # What is read back

    def accepted(self) -> list[str]:
        """The ids of the messages that were accepted, in that order."""
        return [row[0] for row in self._database.execute(ACCEPTED)]

    def visible(self, place: ConversationId) -> list[Shown]:
        """What the bot shows in a thread, or in a whole channel."""
        chat = self.chat if place.platform == self.chat.platform else self.desk_chat
        found = chat.messages(place.channel, place.thread or None)
        return [one for one in found if one.bot and not one.deleted]


@asynccontextmanager
async def world(
    story: Story,
    folder: Path,
    plan: Sequence[str] = (),
    breakage: Breakage | None = None,
) -> AsyncIterator[World]:
    """The world of one run of a story, with a Frontdesk that is running or about to."""
    clock = TestClock()
    chat = open_chat(story.platform, clock, socket=story.socket)
    far = story.desk_on not in {"", story.platform}
    elsewhere = open_chat(story.desk_on, clock) if far else None
    one = World(clock, chat, folder, elsewhere=elsewhere, points=Points(plan))
    for each in one.chats:
        await each.start()
    one.settings = {
        name: value.format(grace=one.name(one.grace)) for name, value in story.settings.items()
    }
    one.providers = None if story.thinks is None else [EchoModel(clock, story.thinks)]
    one.tools = story.tools(clock)
    one.poison = story.poison
    one.breakage = breakage or Breakage()
    one.points.died = one.fall
    clock.watch(one.busy)
    asyncio.get_running_loop().set_exception_handler(_without_crashes)
    lay_fresh(f"sqlite:///{folder / 'frontdesk.db'}")
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
            for each in one.chats:
                await each.stop()
            one._database.close()


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
