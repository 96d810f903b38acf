"""Tools in a turn: committed before they start, never done twice, and only as far as allowed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Cause
from agent.errors import LeaseLost, StoreUnavailable, ToolFailed, ToolUnknown
from agent.messages import Kind
from agent.models import Role
from agent.records import StepKind, StepState
from tests.support.clock import START, TestClock
from tests.support.engine import (
    ORDER,
    POST,
    SOON,
    Rig,
    calls,
    claim,
    control,
    kinds,
    result,
    rig_with,
    said,
)
from tests.support.scripted import Call, Say
from tests.support.tools import TestTool, writer


async def test_a_tool_is_run_and_the_model_goes_on() -> None:
    """The result goes back to the model, which then answers."""
    tool = TestTool("look", TestClock(), ["27 days"])
    rig = rig_with(tool, Call(("look", {"what": "leave"})), Say())
    end = await rig.run(claim(POST))
    assert said(end) == ["An answer."]
    assert tool.done == [("t7:2", "ada", "leave")]
    asked, told = rig.model.asked[1].messages[-2:]
    assert [(one.id, one.name) for one in asked.calls] == [("t7:2", "look")]
    assert (told.role, told.call_id) == (Role.TOOL, "t7:2")
    assert told.text == '{"outcome":"ok","result":"27 days"}'
    assert kinds(end) == ["said", "answered", "called", "turn"]
    assert end.steps_over == ("t7",)


async def test_a_turn_without_tools_has_no_steps() -> None:
    """What nothing was done in costs no commit."""
    rig = rig_with(TestTool("look", TestClock()), Say())
    end = await rig.run(claim(POST))
    assert (rig.notes.commits, end.steps_over) == ([], ())


async def test_a_write_is_committed_as_started_before_it_starts() -> None:
    """The first commit has the model's output and the mark, the second the result."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    await rig.run(claim(POST))
    marks = [[(one.n, one.kind, one.state) for one in commit] for commit in rig.notes.commits]
    assert marks == [
        [(1, StepKind.MODEL, StepState.DONE), (2, StepKind.CALL, StepState.STARTED)],
        [(2, StepKind.CALL, StepState.DONE)],
    ]
    assert {one.at for commit in rig.notes.commits for one in commit} == {START}


async def test_nothing_starts_that_could_not_be_committed() -> None:
    """Without its step on the disk no tool begins, and the turn fails."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    rig.notes.down = 1
    with pytest.raises(StoreUnavailable):
        await rig.run(claim(POST))
    assert tool.begun == 0


async def test_what_a_write_did_is_recorded_however_long_it_takes() -> None:
    """A disk that is full for a while does not make a done thing unknown."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    tool.after = 1.0
    await rig.clock.settle()
    rig.notes.down = 10
    await rig.clock.until(running.done)
    assert said(await running) == ["An answer."]
    assert rig.notes.steps[2].state is StepState.DONE


async def test_a_retried_turn_replays_its_steps() -> None:
    """The model is not asked again for what it wanted, and nothing is done twice."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    await rig.run(claim(POST))
    rig.model.acts = (Say(),)
    rig.model.asked.clear()
    end = await rig.run(claim(POST, attempts=2, steps=rig.notes.in_order()))
    assert len(tool.done) == 1
    assert len(rig.model.asked) == 1, "only for the answer"
    assert result(rig.model.asked[0]) == "ordered"
    assert calls(end) == [("t7:2", "ok")]


async def test_a_write_of_unknown_outcome_becomes_a_case() -> None:
    """Started and never ended: nobody does it again, people look at it."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    await rig.run(claim(POST))
    steps = rig.notes.commits[0]
    end = await rig.run(claim(POST, attempts=2, steps=tuple(steps)))
    assert len(tool.done) == 1
    assert end.cases[0].cause is Cause.HALF_DONE
    assert said(end) == [texts.HALF_DONE.format(case="C7", expectation=SOON)]
    assert calls(end) == [("t7:2", "unknown")]


async def test_an_idempotent_write_is_simply_made_again() -> None:
    """It carries the same call id, so the other side does it once."""
    tool = replace(writer(TestClock()), idempotent=True)
    rig = rig_with(tool)
    await rig.run(claim(POST))
    steps = tuple(rig.notes.commits[0])
    end = await rig.run(claim(POST, attempts=2, steps=steps))
    assert (tool.begun, len(tool.done)) == (2, 1)
    assert said(end) == ["An answer."]


@pytest.mark.parametrize("death", [ToolUnknown(), ZeroDivisionError("secret")])
async def test_a_write_that_breaks_off(death: Exception) -> None:
    """It may have happened: a case, at once, and no second try."""
    tool = writer(TestClock(), death)
    rig = rig_with(tool)
    end = await rig.run(claim(POST))
    assert tool.begun == 1
    assert end.cases[0].cause is Cause.HALF_DONE


async def test_a_write_that_takes_too_long() -> None:
    """Its time is over: nobody knows whether it happened."""
    tool = replace(writer(TestClock()), after=60.0)
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.until(running.done)
    assert rig.clock.now() == START + 10
    assert (await running).cases[0].cause is Cause.HALF_DONE


async def test_a_write_that_certainly_failed() -> None:
    """The model is told why and goes on; it is nobody's case."""
    rig = rig_with(writer(TestClock(), ToolFailed("sold out")))
    end = await rig.run(claim(POST))
    assert said(end) == ["An answer."]
    assert result(rig.model.asked[1]) == "sold out"
    assert calls(end) == [("t7:2", "failed")]


@pytest.mark.parametrize("death", [ToolUnknown(), TimeoutError(), ZeroDivisionError()])
async def test_a_read_that_breaks_off(death: Exception) -> None:
    """It may be tried again, and if it never works the model goes on without it."""
    tool = TestTool("order", TestClock(), [death])
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.until(running.done)
    assert said(await running) == ["An answer."]
    assert result(rig.model.asked[1]) == texts.CALL_NO_ANSWER


async def test_a_read_that_hiccups() -> None:
    """The second try is good enough."""
    rig = rig_with(TestTool("order", TestClock(), [ToolUnknown(), "fine"]))
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.until(running.done)
    assert result(rig.model.asked[1]) == "fine"


@pytest.mark.parametrize(
    "call",
    [
        Call(("rob_bank", {"what": "x"})),
        Call(("order", {"how": "x"})),
        Call(("order", {"what": "x", "times": "many"})),
        Call(("order", "no JSON")),
        Call(*[("order", {"what": "x"})] * 5),
        Call(("order", '{"what": "\\ud800"}')),
    ],
)
async def test_calls_that_do_not_fit_are_repaired(call: Call) -> None:
    """Unknown tools, wrong arguments, too many at once: the model is told, and nothing runs."""
    tool = writer(TestClock())
    rig = rig_with(tool, call, Say())
    end = await rig.run(claim(POST))
    assert tool.begun == 0
    assert said(end) == ["An answer."]
    assert "calls: " in rig.model.asked[1].messages[-1].text


async def test_a_call_where_there_are_no_tools() -> None:
    """It can only be an invention."""
    rig = Rig()
    rig.model.acts = (Call(("order", {"what": "x"})), Say())
    assert said(await rig.run(claim(POST))) == ["An answer."]


async def test_the_budget_of_calls() -> None:
    """After the fourth call the model must answer."""
    tool = TestTool("order", TestClock())
    rig = rig_with(tool, ORDER, ORDER, ORDER, ORDER, ORDER)
    rig.model.acts = (ORDER, ORDER, ORDER, ORDER, Say())
    end = await rig.run(claim(POST))
    assert [prompt.may_call for prompt in rig.model.asked] == [True] * 4 + [False]
    assert said(end) == ["An answer."]
    assert [call for call, _ in calls(end)] == ["t7:2", "t7:4", "t7:6", "t7:8"]


async def test_secrets_in_a_result() -> None:
    """No model and no journal sees them."""
    rig = rig_with(TestTool("order", TestClock(), ["key sk-test-0123456789abcdef0123"]))
    end = await rig.run(claim(POST))
    assert "0123456789abcdef" not in rig.model.asked[1].messages[-1].text
    assert "0123456789abcdef" not in str(end.journal)


async def test_a_write_that_is_interrupted_is_finished() -> None:
    """Cancelled in the middle: what was begun is ended and written down, the turn is not."""
    tool = replace(writer(TestClock()), after=3.0)
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.settle()
    running.cancel()
    await rig.clock.until(running.done)
    assert running.cancelled()
    assert rig.notes.steps[2].data["outcome"] == "ok"
    stopped = await rig.run(claim(control(Kind.STOP), POST, steps=rig.notes.in_order()))
    assert said(stopped) == [f"Done by now: order. {texts.STOPPED}"]
    assert calls(stopped) == [("t7:2", "ok")]


async def test_a_write_whose_outcome_is_unknown_when_it_is_stopped() -> None:
    """A stop does not sweep it under the carpet."""
    tool = replace(writer(TestClock(), ToolUnknown()), after=3.0)
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.settle()
    running.cancel()
    await rig.clock.until(running.done)
    stopped = await rig.run(claim(control(Kind.STOP), POST, steps=rig.notes.in_order()))
    assert stopped.cases[0].cause is Cause.HALF_DONE


async def test_a_read_that_is_interrupted_is_dropped() -> None:
    """Nobody waits for it."""
    tool = TestTool("order", TestClock(), after=3.0)
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.settle()
    running.cancel()
    await rig.clock.settle()
    assert running.cancelled()
    assert tool.done == []


async def test_a_lane_that_is_lost_while_a_write_runs() -> None:
    """Another worker has the steps now: this one writes nothing more."""
    tool = replace(writer(TestClock()), after=3.0)
    rig = rig_with(tool)
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.settle()

    async def lost(*_: object) -> None:
        raise LeaseLost

    rig.notes.step = lost  # type: ignore[method-assign, assignment]
    running.cancel()
    await rig.clock.until(running.done)
    with pytest.raises(LeaseLost):
        await running


async def test_stopped_while_the_mark_is_written() -> None:
    """Nothing has begun: the mark is taken back, and nobody has to look for what never was."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    rig.notes.seconds = 1.0
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.settle()
    running.cancel()
    await rig.clock.until(running.done)
    assert running.cancelled()
    assert tool.begun == 0
    stopped = claim(control(Kind.STOP), POST, steps=rig.notes.in_order())
    rig.notes.seconds = 0.0
    end = await rig.run(stopped)
    assert said(end) == [texts.STOPPED]
    assert calls(end) == [("t7:2", "withdrawn")]


async def test_stopped_while_the_mark_cannot_be_written() -> None:
    """Then there is none to take back."""
    tool = writer(TestClock())
    rig = rig_with(tool)
    rig.notes.seconds, rig.notes.down = 1.0, 1
    running = asyncio.create_task(rig.run(claim(POST)))
    await rig.clock.settle()
    running.cancel()
    await rig.clock.until(running.done)
    assert (tool.begun, rig.notes.commits) == (0, [])
