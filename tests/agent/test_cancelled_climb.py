"""What a model was asked in vain is charged all the same, as far as it is known."""

from __future__ import annotations

import asyncio

import pytest

from agent.journal import Line
from agent.messages import Kind
from agent.records import Entry, Spend
from tests.agent.test_recovery import QUESTION
from tests.agent.test_recovery import Rig as Ladders
from tests.support.clock import START, TestClock
from tests.support.engine import POST, Rig, claim, control
from tests.support.scripted import Say, decision


async def test_a_climb_that_is_cancelled(clock: TestClock) -> None:
    """Nobody wants the answer any more: both models that raced for it are told of, as estimated."""
    rig = Ladders(clock, [Say(after=30)], [Say(after=30)])
    wasted: list[Spend] = []
    asking = asyncio.create_task(rig.ladder.climb(QUESTION, wasted=wasted))
    await clock.advance(10)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [(one.model, one.estimated) for one in wasted] == [("m1", True), ("m2", True)]


async def test_a_climb_that_delivers(clock: TestClock) -> None:
    """What it cost is told with its outcome, and only there."""
    rig = Ladders(clock, [Say()])
    wasted: list[Spend] = []
    outcome = await rig.ladder.climb(QUESTION, wasted=wasted)
    assert ([one.model for one in outcome.spend], wasted) == (["m1"], [])


async def test_the_turn_that_takes_over_is_charged(rig: Rig) -> None:
    """Ada says stop while a model is asked: the turn of her stop has what that cost."""
    rig.model.acts = [Say(decision(), after=30)]
    spent: list[Spend] = []
    running = asyncio.create_task(rig.engine.run(claim(POST), spent))
    await rig.clock.advance(3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    end = await rig.engine.run(claim(control(Kind.STOP), POST), spent)
    assert [(one.model, one.estimated) for one in end.spend] == [("model", True)]
    assert rig.engine.last_words(claim(POST), spent).spend == end.spend


async def test_a_summary_that_takes_too_long_is_charged(rig: Rig) -> None:
    """The turn goes on without it."""
    told = {"id": "0", "author": "ada", "name": "Ada", "text": "Hello"}
    before = (Entry(Line.SAID, told, START, "t1", 1),)
    await rig.clock.advance(13 * 3600)
    rig.model.acts = [Say("A summary", after=600), Say(decision())]
    running = asyncio.create_task(rig.run(claim(POST, history=before)))
    await rig.clock.until(running.done)
    assert [one.estimated for one in running.result().spend] == [True, False]
