"""The harness finds what it is there to find: builds that are broken on purpose do not pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.chaos.broken import (
    AckFirst,
    AnswersRetries,
    BrokenAt,
    MarksLate,
    SeenFlag,
    WritesUnnoted,
)
from tests.chaos.enumeration import prove, run
from tests.chaos.stories import answer
from tests.chaos.tool_stories import order, orders
from tests.chaos.world import Breakage, Story

STORY = Story("answer", answer)
LOSE: dict[str, Callable[[], Breakage]] = {
    "ack before commit": partial(BrokenAt, AckFirst),
    "a seen-flag of its own": partial(BrokenAt, SeenFlag),
}
DOUBLE: dict[str, Callable[[], Breakage]] = {
    "mark after send": MarksLate,
    "every retry is new": partial(BrokenAt, AnswersRetries),
}


pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("breakage", (LOSE | DOUBLE).values(), ids=(LOSE | DOUBLE).keys())
async def test_without_a_crash_nobody_would_notice(breakage: Callable[[], Breakage]) -> None:
    """Each of the broken builds answers once as long as nothing dies: that is why one tests so."""
    found = await run(STORY, (), breakage())
    assert found.tally.perfect


@pytest.mark.parametrize("breakage", LOSE.values(), ids=LOSE.keys())
async def test_a_build_that_loses_messages(breakage: Callable[[], Breakage]) -> None:
    """Ada is told by Slack that her message arrived, and it is gone: counted as lost."""
    proof = await prove(STORY, breakage=breakage)
    assert proof.tally.lost > 0
    assert proof.tally.doubled == 0
    assert proof.faults != []


@pytest.mark.parametrize("breakage", DOUBLE.values(), ids=DOUBLE.keys())
async def test_a_build_that_answers_twice(breakage: Callable[[], Breakage]) -> None:
    """Ada reads the same answer twice: counted as doubled."""
    proof = await prove(STORY, breakage=breakage)
    assert proof.tally.doubled > 0
    assert proof.tally.lost == 0
    assert proof.faults != []


async def test_a_build_that_writes_twice() -> None:
    """A chair is ordered again because nobody noted that it was: counted as doubled."""
    story = Story("tool writes", order, tools=orders)
    assert (await run(story, (), WritesUnnoted())).tally.perfect
    proof = await prove(story, breakage=WritesUnnoted)
    assert proof.tally.doubled > 0
    assert proof.faults != []
