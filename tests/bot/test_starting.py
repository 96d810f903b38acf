"""Starting with several platforms: one that is out holds up only what needs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent import texts
from agent.errors import ConfigError, StoreUnavailable
from agent.messages import Kind
from bot.app import App, build
from bot.settings import load
from storage.sqlite.turns import MOST_DUE
from tests.support.clock import TestClock
from tests.support.crash import abandon
from tests.support.memory_platform import MemoryPlatform
from tests.support.outage import FailingStore


class Start:
    """A process on two platforms, of which 'far' is out."""

    def __init__(self, folder: Path) -> None:
        self.clock = TestClock()
        self.folder = folder
        self.near, self.far = MemoryPlatform("near"), MemoryPlatform("far")
        self.far.reachable.clear()

    def make(self, **settings: str) -> App:
        """Build it on its database."""
        url = f"sqlite:///{self.folder / 'frontdesk.db'}"
        store = FailingStore.open(url, self.clock, ())
        self.clock.watch(store.busy)
        wanted = {"FRONTDESK_PORT": "0", "FRONTDESK_DATABASE_URL": url, **settings}
        adapters = {"near": self.near, "far": self.far}
        return build(load(wanted), clock=self.clock, store=store, adapters=adapters)

    async def begin(self, **settings: str) -> tuple[App, asyncio.Task[None]]:
        """Start it, and wait until nothing more happens by itself."""
        app = self.make(**settings)
        starting = asyncio.create_task(app.start())
        await self.clock.settle()
        assert not starting.done()
        return app, starting

    async def end(self, app: App) -> None:
        """Stop it in order."""
        stopping = asyncio.create_task(app.stop())
        await self.clock.until(stopping.done, at_most=60)
        await stopping
        assert self.near.stopped == self.far.stopped == 1


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


async def test_the_other_platform_accepts_and_answers(start: Start) -> None:
    """What is for the one that is out waits for it."""
    app, starting = await start.begin()
    await app._ready()
    await start.near.write("Where is the moon?")
    await start.clock.settle()
    assert start.near.texts() == [texts.NOTHING_FOUND]
    start.far.reachable.set()
    await start.clock.settle()
    await starting
    await start.far.write("Where is the moon?")
    await start.clock.settle()
    assert start.far.texts() == [texts.NOTHING_FOUND]
    await start.end(app)


async def test_what_was_left_of_the_last_process_waits(start: Start) -> None:
    """Questions and answers of before are for the platform that is out: none is tried."""
    start.far.reachable.set()
    app = start.make()
    await app.start()
    assert isinstance(app.store, FailingStore)
    start.far.hangs = True
    for question in ("Where is the moon?", "Where is the sun?"):
        await start.far.write(question)
        await start.clock.settle()
    app.store.hang("claim")
    await start.far.write("Where is the sea?", who="eve")
    await abandon(app)
    start.far.hangs = False
    start.far.reachable.clear()
    app, starting = await start.begin()
    await start.clock.advance(30)
    assert (start.far.posts, starting.done()) == ([], False)
    assert (await app.store.records.counts())["rows_waiting"] == 1, "who asks is not known there"
    start.far.reachable.set()
    await start.clock.advance(10)
    await starting
    assert start.far.texts("@eve") == start.far.texts("@ada") == [texts.NOTHING_FOUND]
    assert (await app.store.records.counts())["outbox_unconfirmed"] == 1, "it was being sent"
    await app.stop()


async def test_a_crowd_that_waits_for_the_other_platform_hides_nobody(start: Start) -> None:
    """More lanes of the one that is out than are looked at at once, and all waiting for longer."""
    start.far.reachable.set()
    app = start.make()
    await app.start()
    assert isinstance(app.store, FailingStore)
    app.store.hang("claim")
    for n in range(MOST_DUE):
        await start.far.write("Where is the moon?", who=f"p{n}")
    await start.clock.advance(1)
    await start.near.write("Where is the sun?")
    await abandon(app)
    start.far.reachable.clear()
    app, starting = await start.begin()
    await start.clock.advance(10)
    assert start.near.texts() == [texts.NOTHING_FOUND]
    start.far.reachable.set()
    await start.clock.advance(10)
    await starting
    assert len(start.far.posts) == MOST_DUE
    await app.stop()


async def test_what_was_never_tried_is_not_in_doubt(start: Start) -> None:
    """An answer for the platform that is out is not even marked: whenever the process dies, it is
    sent once that platform is back.
    """
    start.far.reachable.set()
    app = start.make()
    await app.start()
    assert isinstance(app.store, FailingStore)
    app.store.hang("due")
    await start.far.write("Where is the moon?")
    await start.clock.settle()
    await abandon(app)
    start.far.reachable.clear()
    app, starting = await start.begin()
    assert isinstance(app.store, FailingStore)
    app.store.hang("settle")
    await start.clock.advance(10)
    counts = await app.store.records.counts()
    assert (counts["outbox_pending"], counts["outbox_sending"]) == (1, 0)
    starting.cancel()
    await asyncio.wait({starting})
    await abandon(app)
    app, starting = await start.begin()
    start.far.reachable.set()
    await start.clock.advance(1)
    await starting
    assert start.far.texts() == [texts.NOTHING_FOUND]
    await app.stop()


async def test_nobody_is_answered_while_nobody_could_be_called(start: Start) -> None:
    """The human channel is on the platform that is out: the other one accepts, and answers when it
    is known where people are.
    """
    app, starting = await start.begin(FRONTDESK_HUMAN_CHANNEL="far:#desk")
    await app._ready()
    await start.near.write("Where is the moon?")
    await start.near.write("", kind=Kind.ASK_PERSON, who="bob")
    await start.clock.advance(30)
    assert start.near.posts == []
    start.far.reachable.set()
    await start.clock.settle()
    await starting
    assert start.near.texts() == [texts.NOTHING_FOUND]
    assert len(start.far.texts("#desk")) == 1
    await start.end(app)


async def test_what_people_of_the_desk_say_waits_for_the_employees_platform(start: Start) -> None:
    """Linus presses and writes where the case's own platform is out: he is told that it takes a
    while, and all of it happens once that platform is back.
    """
    where = {"FRONTDESK_HUMAN_CHANNEL": "near:#desk"}
    start.near.members = {"#desk": {"linus"}}
    start.far.reachable.set()
    app = start.make(**where)
    await app.start()
    await start.far.write("", kind=Kind.ASK_PERSON)
    await start.clock.settle()
    told = start.far.texts()
    await abandon(app)
    start.far.reachable.clear()
    app, starting = await start.begin(**where)
    claim = start.near.at_desk("", kind=Kind.CLAIM)
    pressing = asyncio.create_task(start.near.press(claim))
    await start.clock.advance(2)
    assert await pressing == texts.WORKING_ON_IT
    await start.near.bring(start.near.at_desk("Hello Ada"))
    await start.clock.advance(10)
    assert start.far.texts() == told
    start.far.reachable.set()
    await start.clock.settle()
    await starting
    assert start.far.texts()[-1].endswith("Hello Ada")
    await app.stop()


async def test_the_second_channel_can_wait(start: Start) -> None:
    """Nobody needs it at once."""
    where = {"FRONTDESK_HUMAN_CHANNEL": "near:#desk", "FRONTDESK_SECOND_CHANNEL": "far:#desk"}
    app, starting = await start.begin(**where)
    await start.near.write("", kind=Kind.ASK_PERSON)
    await start.clock.settle()
    assert len(start.near.texts("#desk")) == 1
    desk = app._engine.desk_place
    assert [desk.channel, desk.second] == [start.near.place("#desk"), None]
    start.far.reachable.set()
    await start.clock.settle()
    await starting
    assert desk.second == start.far.place("#desk")
    await start.end(app)


async def test_one_that_refuses_is_the_answer(start: Start) -> None:
    """Wrong credentials end the start at once, however long another platform is out."""
    start.near.refusal = ConfigError("near refuses")
    app = start.make()
    with pytest.raises(ConfigError, match="near refuses"):
        await app.start()
    assert start.far.door is None
    await start.end(app)


async def test_a_desk_nowhere(start: Start) -> None:
    """The human channel is on a platform that there is none of: nothing is connected at all."""
    app = start.make(FRONTDESK_HUMAN_CHANNEL="icq:#desk")
    with pytest.raises(ConfigError, match="FRONTDESK_HUMAN_CHANNEL=icq:#desk"):
        await app.start()
    assert start.near.door is None
    await start.end(app)


async def test_not_ready_before_any_is_connected(start: Start) -> None:
    """Whoever asks is told that nothing could be accepted yet."""
    start.near.reachable.clear()
    app, starting = await start.begin()
    with pytest.raises(StoreUnavailable, match="not connected yet"):
        await app._ready()
    starting.cancel()
    await asyncio.wait({starting})
    await start.end(app)
