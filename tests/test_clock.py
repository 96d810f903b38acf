"""The clock of the tests: it moves only when told, and only when everything is at rest."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.clock import START, TestClock


async def test_it_stands_still(clock: TestClock) -> None:
    """However long the machine takes, no time passes by itself."""
    await clock.settle()
    assert clock.now() == clock.monotonic() == START


async def test_sleepers_wake_in_their_order(clock: TestClock) -> None:
    """Each at its own moment, and whoever goes on to sleep is woken again on the way."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.now() - START))

    tasks = [asyncio.create_task(sleeper("late", 5.0)), asyncio.create_task(sleeper("twice", 1, 2))]
    await clock.advance(10)
    await asyncio.gather(*tasks)
    assert woken == [("twice", 1.0), ("twice", 3.0), ("late", 5.0)]
    assert clock.now() == START + 10


async def test_a_timeout_is_the_clocks(clock: TestClock) -> None:
    """What takes too long is cut off at its moment."""

    async def patient() -> None:
        async with clock.timeout(3):
            await asyncio.Event().wait()

    waiting = asyncio.create_task(patient())
    await clock.advance(2)
    assert not waiting.done()
    await clock.advance(1)
    with pytest.raises(TimeoutError):
        await waiting


async def test_no_time_passes_while_somebody_watched_works(clock: TestClock) -> None:
    """A thread that works for the loop is waited for."""
    begun, over = asyncio.Event(), asyncio.Event()
    clock.watch(lambda: begun.is_set() and not over.is_set())
    begun.set()
    moving = asyncio.create_task(clock.advance(1))
    for _ in range(50):
        await asyncio.sleep(0)  # noqa: TID251 rounds of the loop, not time
    assert clock.now() == START
    over.set()
    await moving
    assert clock.now() == START + 1


async def test_two_wait_for_rest_at_once(clock: TestClock) -> None:
    """Neither takes the other for somebody at work."""
    async with asyncio.timeout(30):  # noqa: TID251 a real one: the fault would be to wait for ever
        await asyncio.gather(clock.settle(), clock.settle())
