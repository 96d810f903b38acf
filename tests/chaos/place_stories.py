"""Stories in which Frontdesk learns how channels are reached, as from a platform that tells it only
with what comes in: whatever dies, what was taken is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from agent.errors import StorageError
from agent.ports import References
from tests.chaos.world import PRESSES, Story, World
from tests.support.crashing import Crash

T = TypeVar("T")


async def places(world: World) -> None:
    """Two channels are heard from, one in a new way, and one is left."""
    for channel, reference in (("C1", "there"), ("C2", "elsewhere"), ("C1", "here")):
        await _insist(world, _keep(channel, reference))
        await world.clock.advance(1)
    assert await _insist(world, lambda known: known.latest("x")) == "here"
    await _insist(world, lambda known: known.drop("x", "C1"))
    assert await _insist(world, lambda known: known.find("x", "C1")) == ""
    assert await _insist(world, lambda known: known.find("x", "C2")) == "elsewhere"
    await world.write(world.ada, "m1 please")


def _keep(channel: str, reference: str) -> Callable[[References], Awaitable[None]]:
    return lambda known: known.keep("x", channel, reference)


async def _insist(world: World, ask: Callable[[References], Awaitable[T]]) -> T:
    """Bring something until a process that is alive has taken it."""
    for _ in range(PRESSES):
        await world.calm()
        with suppress(Crash, StorageError):
            return await ask(world.running.door.references)
    raise AssertionError("no process took it")


PLACE_STORIES = [Story("places", places)]
