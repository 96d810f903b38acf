"""The contract of `Clock` (agent/ports.py), kept by the real clock and by that of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agent.ports import Clock
from bot.clock import SystemClock
from tests.support.clock import TestClock

CLOCKS: dict[str, Callable[[], Clock]] = {"system": SystemClock, "tests": TestClock}
SHORT, LONG = 0.01, 30.0
"""Seconds; of the long ones nobody waits for the end."""


@pytest.fixture(params=sorted(CLOCKS))
def any_clock(request: pytest.FixtureRequest) -> Clock:
    """Each clock in turn."""
    return CLOCKS[request.param]()


async def over(clock: Clock, work: Awaitable[object]) -> object:
    """What came of it; a clock that stands still is moved until then."""
    task = asyncio.ensure_future(work)
    if isinstance(clock, TestClock):
        await clock.until(task.done)
    return await task


async def test_time_does_not_go_back(any_clock: Clock) -> None:
    """`now` is the time since the epoch, of `monotonic` only differences mean something."""
    moments = []
    for _ in range(3):
        moments.append((any_clock.now(), any_clock.monotonic()))
        await over(any_clock, any_clock.sleep(SHORT))
    assert moments[0][0] > 1_700_000_000
    assert [since for _, since in moments] == sorted({since for _, since in moments})


async def test_a_sleep_takes_its_time(any_clock: Clock) -> None:
    """No less than it was to take."""
    began = any_clock.monotonic()
    await over(any_clock, any_clock.sleep(SHORT))
    assert any_clock.monotonic() - began >= SHORT * 0.9  # the loop's own clock ticks more coarsely


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_no_time_at_all_is_over_at_once(any_clock: Clock, seconds: float) -> None:
    """Others have their turn meanwhile."""
    heard: list[str] = []
    asyncio.get_running_loop().call_soon(heard.append, "others")
    await any_clock.sleep(seconds)
    assert heard == ["others"]


async def test_what_takes_too_long_is_cut_off(any_clock: Clock) -> None:
    """It is cancelled where it waits, and whoever set the limit is told."""
    cut: list[bool] = []

    async def wait() -> None:
        try:
            await any_clock.sleep(LONG)
        except asyncio.CancelledError:
            cut.append(True)
            raise

    async def limited() -> None:
        async with any_clock.timeout(SHORT):
            await wait()

    with pytest.raises(TimeoutError):
        await over(any_clock, limited())
    assert cut == [True]


@pytest.mark.parametrize("seconds", [None, LONG])
async def test_what_is_done_in_time_is_left_alone(any_clock: Clock, seconds: float | None) -> None:
    """Also where there is no limit at all."""

    async def limited() -> str:
        async with any_clock.timeout(seconds):
            await any_clock.sleep(SHORT)
        return "done"

    assert await over(any_clock, limited()) == "done"


async def test_the_block_s_own_end_is_not_the_clock_s(any_clock: Clock) -> None:
    """An error in the block, and somebody else's cancellation, are no time-outs."""

    async def limited() -> None:
        async with any_clock.timeout(LONG):
            raise KeyError("its own")

    with pytest.raises(KeyError):
        await over(any_clock, limited())

    async def waiting() -> None:
        async with any_clock.timeout(LONG):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(waiting())
    await any_clock.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
