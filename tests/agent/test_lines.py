"""What comes later in a channel is accepted later, whoever had to wait before."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from agent.lines import Lines
from tests.support.clock import TestClock


async def pass_by(
    lines: Lines, clock: TestClock, name: str, channel: str, seconds: float, through: list[str]
) -> None:
    """One that takes so long; with 0 it has no reason to wait."""
    async with lines.behind(channel, waits=seconds > 0):
        await clock.sleep(seconds)
        through.append(name)


async def test_nobody_overtakes_who_waits(clock: TestClock) -> None:
    """In one channel all keep their order; another channel goes on, and later nobody waits."""
    lines, through = Lines(), list[str]()
    came = [("slow", "C1", 2.0), ("quick", "C1", 0.0), ("again", "C1", 1.0), ("last", "C1", 0.0)]
    tasks = [
        asyncio.create_task(pass_by(lines, clock, *one, through))
        for one in (*came, ("beside", "C2", 0.0))
    ]
    await clock.advance(1)
    assert through == ["beside"]
    await clock.advance(5)
    await asyncio.gather(*tasks)
    assert through == ["beside", "slow", "quick", "again", "last"]
    await pass_by(lines, clock, "later", "C1", 0.0, through)
    assert through[-1] == "later"


async def test_who_gives_up_holds_nobody_back(clock: TestClock) -> None:
    """A request that is cut off leaves the line, whether it stood first or behind."""
    lines, through = Lines(), list[str]()
    tasks = [asyncio.create_task(pass_by(lines, clock, name, "C1", 2.0, through)) for name in "abc"]
    await clock.settle()
    for given_up in (tasks[1], tasks[0]):
        given_up.cancel()
        with suppress(asyncio.CancelledError):
            await given_up
    await clock.advance(3)
    assert through == ["c"]
