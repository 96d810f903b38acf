"""Teams' rate limits: nobody waits before Teams has complained, and then whom it concerns."""

from __future__ import annotations

import asyncio

import pytest

from adapters.teams import pacing
from adapters.teams.pacing import BURST, CONTENT, EVERY, LONGEST, UNSAID, Pacing
from agent.errors import DeliveryRetry
from tests.support.clock import TestClock

ROUNDING = 1e-5
"""Seconds that are lost in numbers as large as the clock's."""


@pytest.fixture
def paced(clock: TestClock) -> Pacing:
    """Teams is content."""
    return Pacing(clock)


async def waits(paced: Pacing, clock: TestClock, conversation: str = "A") -> float:
    """How long a call is held back."""
    began = clock.now()
    turn = asyncio.create_task(paced.turn(conversation))
    await clock.settle()
    if not turn.done():
        await clock.until(turn.done)
    await turn
    return clock.now() - began


async def told(paced: Pacing, conversation: str = "A") -> float:
    """When a call is told to come back."""
    with pytest.raises(DeliveryRetry) as caught:
        await paced.turn(conversation)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


async def test_a_content_teams(paced: Pacing, clock: TestClock) -> None:
    """A thousand calls pass without waiting."""
    began = clock.now()
    for _ in range(1000):
        await paced.turn("A")
    assert clock.now() == began


async def test_who_was_refused_waits_as_long_as_teams_said(paced: Pacing, clock: TestClock) -> None:
    """Others are not held back, and a call does not wait where its row could be given back."""
    paced.refused("A", 30)
    assert await waits(paced, clock, "B") == 0
    assert await told(paced) == 30
    paced.refused("B", 2)
    assert await waits(paced, clock, "B") == 2


async def test_each_is_told_another_time(paced: Pacing) -> None:
    """Else all that wait would come back at once."""
    paced.refused("A", 30)
    assert [await told(paced) for _ in range(3)] == [30, 30 + EVERY, 30 + 2 * EVERY]


async def test_what_never_comes_back_pushes_nobody_back(paced: Pacing) -> None:
    """A sign of life that has no patience at all is not sent, and takes no place in the line."""
    paced.refused("A", 30)
    for _ in range(10):
        with pytest.raises(DeliveryRetry):
            await paced.turn("A", patience=0.0)
    assert await told(paced) == 30


async def test_no_time_was_said(paced: Pacing, clock: TestClock) -> None:
    """412 comes without a wish, and proxies forget headers: a moment is enough to begin with."""
    paced.refused("A", None)
    with pytest.raises(DeliveryRetry):
        await paced.turn("A", patience=UNSAID / 2)
    assert await waits(paced, clock) == EVERY


async def test_a_conversation_that_was_refused_keeps_to_the_rate(
    paced: Pacing, clock: TestClock
) -> None:
    """Its bucket begins empty and fills: then as many at once as are documented."""
    paced.refused("A", 1)
    assert [await waits(paced, clock) for _ in range(3)] == [EVERY] * 3
    await clock.advance(BURST * EVERY)
    assert [await waits(paced, clock) for _ in range(BURST + 1)] == [0.0] * BURST + [EVERY]


async def test_the_tenant_keeps_to_its_rate_too(paced: Pacing, clock: TestClock) -> None:
    """Once one conversation was refused, all of them together are paced."""
    paced.refused("A", 1)
    for n in range(pacing.TENANT_BURST):
        assert await waits(paced, clock, f"C{n}") < ROUNDING
    assert await waits(paced, clock, "D") == pytest.approx(pacing.TENANT_EVERY, abs=ROUNDING)


async def test_a_refusal_while_one_waits(paced: Pacing, clock: TestClock) -> None:
    """Who waited for a turn does not take it after Teams has complained once more."""
    paced.refused("A", 2)
    turn = asyncio.create_task(paced.turn("A"))
    await clock.advance(1)
    paced.refused("A", 10)
    await clock.advance(1)
    with pytest.raises(DeliveryRetry) as caught:
        await turn
    assert caught.value.retry_after == 9


async def test_what_is_long_past_is_forgotten(paced: Pacing, clock: TestClock) -> None:
    """After some minutes without a refusal nobody is held back any more."""
    paced.refused("A", 1)
    await clock.advance(CONTENT)
    for _ in range(200):
        assert await waits(paced, clock) == 0


async def test_one_conversation_is_forgotten_before_another(
    paced: Pacing, clock: TestClock
) -> None:
    """Each by its own last refusal."""
    paced.refused("A", 1)
    await clock.advance(CONTENT / 2)
    paced.refused("B", 1)
    await clock.advance(CONTENT / 2)
    assert await waits(paced, clock, "A") == 0
    assert await waits(paced, clock, "B") == 0
    assert list(paced._buckets) == ["B"]


async def test_limits_are_not_kept_without_end(paced: Pacing) -> None:
    """The oldest makes room."""
    for n in range(pacing.MOST + 5):
        paced.refused(f"C{n}", LONGEST)
    assert len(paced._buckets) == pacing.MOST
    assert "C0" not in paced._buckets
