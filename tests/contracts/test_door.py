"""The contract of `Door` (agent/ports.py), kept by the process's door and by that of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agent.errors import StoreUnavailable
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.platforms import Command
from agent.ports import Door
from agent.records import Accepted, Recent
from bot.app import build
from bot.settings import load
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.memory_platform import MemoryPlatform
from tests.support.outage import FailingStore

PRESS_SECONDS = 2.0
"""For which a press waits for what comes of it, as the port says."""
PLACE = ConversationId("irc", "net", "@ada")
ADA = Author("ada")
SAID = IncomingMessage(PLACE, "1", Kind.MESSAGE, ADA, "How many days?", direct=True)
PRESSED = IncomingMessage(PLACE, "9", Kind.ASK_PERSON, ADA, direct=True, about="t1.1")
COMMAND = Command("irc", "net", "@ada", ADA, "help", "5", direct=True)


@dataclass
class Doorway:
    """A door, and what can be wrong behind it: the database fails and heals, or nothing that came
    in is worked off.
    """

    door: Door
    clock: TestClock
    fail: Callable[[], None]
    heal: Callable[[], None]
    stall: Callable[[], None]

    async def press(self, message: IncomingMessage) -> str:
        """What whoever pressed is told, in time."""
        began = self.clock.monotonic()
        pressing = asyncio.ensure_future(self.door.press(message))
        await self.clock.until(pressing.done, at_most=2 * PRESS_SECONDS)
        assert self.clock.monotonic() - began <= PRESS_SECONDS
        return await pressing


@asynccontextmanager
async def of_the_process(folder: Path) -> AsyncIterator[Doorway]:
    """That of a whole process, on one platform."""
    clock = TestClock()
    url = f"sqlite:///{folder / 'frontdesk.db'}"
    store = FailingStore.open(url, clock, ())
    clock.watch(store.busy)
    wanted = load({"FRONTDESK_PORT": "0", "FRONTDESK_DATABASE_URL": url})
    app = build(wanted, clock=clock, store=store, adapters={"irc": MemoryPlatform("irc")})
    await app.start()

    def stall() -> None:
        store.fail("claim")

    yield Doorway(app.door, clock, lambda: store.fail("accept"), store.heal, stall)
    store.heal()
    stopping = asyncio.ensure_future(app.stop())
    await clock.until(stopping.done)


@asynccontextmanager
async def of_the_tests(folder: Path) -> AsyncIterator[Doorway]:
    """That at which adapters are tried."""
    door = OpenDoor(known=[Recent(PLACE, "1", 0.0)])
    yield Doorway(
        door,
        TestClock(),
        lambda: setattr(door, "broken", True),
        lambda: setattr(door, "broken", False),
        lambda: None,  # nothing is worked off here
    )


DOORS: dict[str, Callable[[Path], AbstractAsyncContextManager[Doorway]]] = {
    "the process": of_the_process,
    "the tests": of_the_tests,
}


@pytest.fixture(params=sorted(DOORS))
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Doorway]:
    """Each door in turn."""
    async with DOORS[request.param](tmp_path) as doorway:
        yield doorway


async def test_what_comes_twice_is_one(way: Doorway) -> None:
    """By its key: another revision of a post is something else."""
    assert await way.door.accept(SAID) is Accepted.NEW
    assert await way.door.accept(SAID) is Accepted.DUPLICATE
    assert await way.door.accept(replace(SAID, id="2")) is Accepted.NEW
    edit = replace(SAID, kind=Kind.EDIT, revision="2", text="How many weeks?")
    assert await way.door.accept(edit) is Accepted.NEW
    assert await way.door.accept(edit) is Accepted.DUPLICATE


async def test_what_cannot_be_stored_is_as_if_it_had_not_come(way: Doorway) -> None:
    """Whoever brings it is told, and when it comes again it is new."""
    way.fail()
    accepting = asyncio.ensure_future(way.door.accept(SAID))
    await way.clock.until(accepting.done)
    with pytest.raises(StoreUnavailable):
        await accepting
    way.heal()
    assert await way.door.accept(SAID) is Accepted.NEW


async def test_a_press_is_answered_in_time(way: Doorway) -> None:
    """With words or with none, and repeated it is the same press."""
    assert isinstance(await way.press(PRESSED), str)
    assert await way.press(PRESSED) == ""
    assert await way.door.accept(PRESSED) is Accepted.DUPLICATE


async def test_a_press_of_which_nothing_comes_is_answered_in_time(way: Doorway) -> None:
    """Whoever pressed is not kept waiting for a turn that may be long."""
    way.stall()
    assert isinstance(await way.press(PRESSED), str)


async def test_a_press_that_cannot_be_stored_says_so(way: Doorway) -> None:
    """It is not taken for one of which nothing came."""
    way.fail()
    with pytest.raises(StoreUnavailable):
        await way.press(PRESSED)


async def test_a_command_is_answered_with_words(way: Doorway) -> None:
    """For whoever gave it, in the request itself."""
    assert await way.door.command(COMMAND)


async def test_recent_conversations_are_of_one_platform(way: Doorway) -> None:
    """Where an adapter looks after an outage; of others it hears nothing."""
    await way.door.accept(SAID)
    assert list(await way.door.recent("xmpp")) == []
    assert {one.conversation.platform for one in await way.door.recent("irc")} <= {"irc"}


async def test_how_channels_are_reached_is_kept(way: Doorway) -> None:
    """Each platform finds its own again; the last one stands for those it does not know."""
    kept = way.door.references
    await kept.keep("irc", "#all", "by the stairs")
    await kept.keep("irc", "@ada", "by the lift", person="ada")
    assert await kept.find("irc", "#all") == "by the stairs"
    assert await kept.latest("irc") == "by the lift"
    await kept.keep("irc", "#all", "by the lift, too")
    assert await kept.find("irc", "#all") == "by the lift, too"
    assert (await kept.find("xmpp", "#all"), await kept.latest("xmpp")) == ("", "")
    await kept.drop("irc", "#all")
    await kept.drop("irc", "#all")
    assert await kept.find("irc", "#all") == ""
