"""Approvals: a call that needs a person's yes waits for exactly that, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import BaseModel

from agent import texts
from agent.cases import CaseState, Cause
from agent.messages import Button, IncomingMessage, Kind
from agent.records import Approval, ApprovalState, Entry, Row, StepState, TurnEnd, Unconfirmed
from agent.state import State
from tests.support.clock import START, TestClock
from tests.support.engine import (
    ADA,
    GRACE,
    HELD,
    ORDER,
    POST,
    Rig,
    at_desk,
    calls,
    claim,
    control,
    press,
    result,
    rig_with,
    said,
    wrote,
)
from tests.support.scripted import Call, Say
from tests.support.tools import TestTool, writer

SAID = Entry("said", {"id": "1", "author": "ada", "name": "", "text": "A chair"}, START, "t3", 1)


class Other(BaseModel):
    """What a later version of the tool wants."""

    how: str


async def asked() -> tuple[Rig, TestTool, TurnEnd, Approval]:
    """A write that needs a yes, up to the question."""
    tool = writer(TestClock(), approval=True)
    rig = rig_with(tool)
    end = await rig.run(claim(POST))
    return rig, tool, end, end.approvals[0]


def pressed(kind: Kind, approval: Approval, author: str = "ada") -> IncomingMessage:
    """A press on one of the buttons, or the end of the time."""
    about = approval.id if kind is Kind.EXPIRE else approval.message_id
    return replace(control(kind, about=about), author=replace(ADA, id=author))


async def decide(rig: Rig, approval: Approval, message: IncomingMessage) -> TurnEnd:
    """The turn of a press."""
    waiting = claim(
        message,
        state=State.AWAITING_APPROVAL,
        steps=rig.notes.in_order(),
        approval=approval,
        history=(SAID,),
    )
    return await rig.run(replace(waiting, turn_id="t9"))


async def test_a_yes_is_asked_for() -> None:
    """With the exact arguments, two buttons, and an end to the time; nothing has happened yet."""
    rig, tool, end, approval = await asked()
    assert end.state is State.AWAITING_APPROVAL
    assert tool.begun == 0
    (message,) = end.outbox
    assert message.buttons == (Button.APPROVE, Button.DENY)
    assert "order" in message.text
    assert "- what: chair" in message.text
    assert (approval.id, approval.approvers, approval.message_id) == ("t7:2", ("ada",), message.id)
    assert [timer.not_before for timer in end.timers] == [START + 24 * 3600]
    assert end.steps_over == ()
    assert calls(end) == []
    assert [step.n for step in rig.notes.in_order()] == [1]


async def test_approved() -> None:
    """The call is made under its old id, the buttons go, the model goes on."""
    rig, tool, _, approval = await asked()
    end = await decide(rig, approval, pressed(Kind.APPROVE, approval))
    assert tool.done == [("t7:2", "ada", "chair")]
    assert end.approvals[0].state is ApprovalState.APPROVED
    assert end.approvals[0].decided_by == "ada"
    edit, answer = end.outbox
    assert (edit.replaces, edit.buttons) == (approval.message_id, ())
    assert answer.text == "An answer."
    assert end.steps_over == ("t7",)
    assert calls(end) == [("t7:2", "ok")]
    assert {step.at for step in rig.notes.in_order()} == {START}
    assert rig.model.asked[1].question == POST.text


async def test_denied() -> None:
    """It is not done, and the model is told so."""
    rig, tool, _, approval = await asked()
    end = await decide(rig, approval, pressed(Kind.DENY, approval))
    assert tool.begun == 0
    assert result(rig.model.asked[1]) == texts.CALL_DENIED
    assert said(end)[-1] == "An answer."
    assert end.approvals[0].state is ApprovalState.DENIED


async def test_expired() -> None:
    """Nobody decided: nothing is done, and it is said."""
    rig, tool, _, approval = await asked()
    end = await decide(rig, approval, pressed(Kind.EXPIRE, approval))
    assert tool.begun == 0
    assert said(end)[-1] == texts.APPROVAL_EXPIRED
    assert end.approvals[0].state is ApprovalState.EXPIRED
    assert end.state is State.IDLE


async def test_somebody_else_presses() -> None:
    """Only who may decide decides, and the platform says who it was."""
    rig, tool, _, approval = await asked()
    end = await decide(rig, approval, pressed(Kind.APPROVE, approval, "grace"))
    assert tool.begun == 0
    assert (end.state, end.outbox, end.approvals) == (State.AWAITING_APPROVAL, (), ())
    assert end.steps_over == ()
    assert end.told == texts.NOT_YOURS_TO_DECIDE


async def test_an_old_button() -> None:
    """A press on another message than the open approval's decides nothing."""
    rig, tool, _, approval = await asked()
    old = replace(pressed(Kind.APPROVE, approval), about="t1.1")
    end = await decide(rig, approval, old)
    assert tool.begun == 0
    assert (end.state, end.told) == (State.AWAITING_APPROVAL, texts.DECIDED_ALREADY)
    late = await rig.run(claim(pressed(Kind.APPROVE, approval)))
    assert (late.state, late.outbox) == (State.IDLE, ())
    assert late.told == texts.DECIDED_ALREADY


async def test_something_else_is_written() -> None:
    """The request is withdrawn and the new question is answered, with steps of its own."""
    rig, tool, _, approval = await asked()
    rig.model.acts = (ORDER,)
    post = replace(POST, id="2", text="A table instead.")
    end = await decide(rig, approval, post)
    withdrawn, opened = end.approvals
    assert withdrawn.state is ApprovalState.WITHDRAWN
    assert (opened.state, opened.id) == (ApprovalState.OPEN, "t9:2")
    assert end.steps_over == ("t7",)
    assert tool.begun == 0


@pytest.mark.parametrize(
    "message",
    [
        replace(POST, author=GRACE, id="2", text="And a table?"),
        replace(POST, author=GRACE, id="2", text="stop"),
        control(Kind.STOP, GRACE),
    ],
)
async def test_somebody_else_writes(message: IncomingMessage) -> None:
    """Grace is told that Ada has to decide first; Ada's request stays what it is."""
    rig, tool, _, approval = await asked()
    rig.model.asked.clear()
    end = await decide(rig, approval, message)
    assert said(end) == [texts.BUSY]
    assert (end.state, end.approvals) == (State.AWAITING_APPROVAL, ())
    assert (rig.model.asked, tool.begun) == ([], 0)


async def test_what_it_is_about_is_deleted() -> None:
    """Ada takes the question back: nothing is left that could be approved."""
    rig, _, _, approval = await asked()
    gone = replace(POST, kind=Kind.DELETE, revision="deleted")
    said_then = replace(SAID, turn_id="t7")
    waiting = claim(
        gone,
        state=State.AWAITING_APPROVAL,
        steps=rig.notes.in_order(),
        approval=approval,
        history=(said_then,),
    )
    end = await rig.run(replace(waiting, turn_id="t9"))
    assert (end.state, end.approvals[0].state) == (State.IDLE, ApprovalState.WITHDRAWN)
    other = replace(gone, id="77")
    end = await rig.run(replace(waiting, turn_id="t9", rows=(Row(9, other, 1, START),)))
    assert (end.state, end.approvals) == (State.AWAITING_APPROVAL, ())


async def both() -> tuple[Rig, TurnEnd, Approval]:
    """A look-up and a write that needs a yes, wanted at once, up to the question."""
    order = writer(TestClock(), approval=True)
    rig = Rig(TestTool("look", order.clock), order)
    rig.model.acts = (Call(("look", {"what": "a"}), ("order", {"what": "b"})), Say())
    end = await rig.run(claim(POST))
    return rig, end, end.approvals[0]


async def test_what_was_done_before_the_question() -> None:
    """Each call is journalled once: by the turn in which it ended."""
    rig, end, approval = await both()
    assert calls(end) == [("t7:2", "ok")]
    end = await decide(rig, approval, pressed(Kind.APPROVE, approval))
    assert calls(end) == [("t7:3", "ok")]


async def test_what_was_done_before_it_was_withdrawn() -> None:
    """The result of the look-up stays what it is; only the order is withdrawn."""
    rig, first, approval = await both()
    end = await decide(rig, approval, replace(POST, id="2", text="And leave?"))
    assert end.timers_over == (first.timers[0].message.key,)
    assert all(not message.calls for message in rig.model.asked[-1].messages), "a new question"
    assert calls(end) == [("t7:3", "withdrawn")]
    assert end.steps_over == ("t7",)


async def started(rig: Rig, approval: Approval) -> None:
    """Ada has said yes, and the process died while the order was under way."""
    await decide(rig, approval, pressed(Kind.APPROVE, approval))
    rig.notes.steps = {step.n: step for commit in rig.notes.commits[:2] for step in commit}
    assert rig.notes.steps[2].state is StepState.STARTED


@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.DENY, Kind.EXPIRE, Kind.STOP, Kind.MESSAGE])
async def test_a_crash_after_the_yes(kind: Kind) -> None:
    """Whatever comes next: what was started is not made again, nobody says that it was not done,
    and people look at it.
    """
    rig, tool, _, approval = await asked()
    await started(rig, approval)
    message = pressed(kind, approval) if kind.is_control else replace(POST, id="2")
    end = await decide(rig, approval, message)
    assert len(tool.done) == 1
    assert end.cases[0].cause is Cause.HALF_DONE
    assert end.cases[0].employee_id == "ada"
    assert end.approvals[0].state is ApprovalState.APPROVED
    assert "Approved." in said(end)[0]
    card = end.outbox[1].card
    assert card is not None
    assert "order (what: chair" in card.reason
    assert calls(end) == [("t7:2", "unknown")]


@pytest.mark.parametrize(
    "kind",
    [Kind.FEEDBACK, Kind.UNDELIVERABLE, Kind.LEAVE_QUEUE, Kind.NEWCOMER, Kind.COMMAND],
)
async def test_what_happens_beside_it_waits_for_nobody(kind: Kind) -> None:
    """A rating or a lost message is kept as what it is; the crashed press will tell the rest."""
    rig, _, _, approval = await asked()
    await started(rig, approval)
    end = await decide(rig, approval, control(kind, about="t1.1", detail="up"))
    assert (end.state, end.cases, end.steps_over) == (State.AWAITING_APPROVAL, (), ())


@pytest.mark.parametrize("message", [press(Kind.CLAIM), wrote("Hello"), wrote("// note")])
async def test_what_people_do_about_an_earlier_case_waits_for_nobody(
    message: IncomingMessage,
) -> None:
    """A press on a stale card, or words under it, have nothing to do with the crashed press."""
    rig, _, _, approval = await asked()
    await started(rig, approval)
    over = replace(HELD, state=CaseState.RESOLVED)
    stale = at_desk(message, case=over, state=State.AWAITING_APPROVAL)
    steps = rig.notes.in_order()
    end = await rig.run(replace(stale, turn_id="t9", steps=steps, approval=approval))
    assert (end.state, end.cases, end.approvals) == (State.AWAITING_APPROVAL, (), ())
    assert end.steps_over == ()


@pytest.mark.parametrize("own", [False, True])
async def test_a_repeat_while_it_is_unknown(own: bool) -> None:
    """Ada wants the question once more, and gets it; but not if it is her very order that she has
    changed to these words: then people look at what became of it.
    """
    rig, _, end, approval = await asked()
    await started(rig, approval)
    lost = Unconfirmed(end.outbox[0], mentioned=True)
    waiting = claim(
        replace(POST, id="2", text="repeat"),
        state=State.IDLE if own else State.AWAITING_APPROVAL,
        steps=rig.notes.in_order(),
        approval=None if own else approval,
        unconfirmed=(lost,),
    )
    end = await rig.run(waiting if own else replace(waiting, turn_id="t9"))
    assert end.again == (() if own else (lost.message.id,))
    assert [one.cause for one in end.cases] == ([Cause.HALF_DONE] if own else [])


@pytest.mark.parametrize("late", [True, False])
async def test_a_strange_press_while_it_is_unknown(late: bool) -> None:
    """A late button, or Grace's: Ada's crashed press is still to be told."""
    rig, _, _, approval = await asked()
    await started(rig, approval)
    strange = pressed(Kind.APPROVE, approval, "ada" if late else "grace")
    end = await decide(rig, approval, replace(strange, about="t1.1" if late else strange.about))
    assert (end.state, end.cases) == (State.AWAITING_APPROVAL, ())


async def test_arguments_that_are_too_long_to_be_approved() -> None:
    """Nobody says yes to what cannot be read: the model is told to be brief."""
    rig = rig_with(writer(TestClock(), approval=True), Call(("order", {"what": "x" * 3000})), Say())
    end = await rig.run(claim(POST))
    assert (end.approvals, said(end)) == ((), ["An answer."])
    assert "over 2000 characters" in rig.model.asked[1].messages[-1].text


async def test_a_tool_that_takes_other_arguments_when_the_yes_comes() -> None:
    """It is not called with what it does not know, and nobody has to look for what never was."""
    rig, tool, _, approval = await asked()
    tool.arguments = Other
    end = await decide(rig, approval, pressed(Kind.APPROVE, approval))
    assert tool.begun == 0
    assert (calls(end), end.cases) == ([("t7:2", "failed")], ())


async def test_paused_between_the_question_and_the_yes() -> None:
    """While an admin has paused the assistant nothing is done, and the approval stays open."""
    rig, tool, _, approval = await asked()
    rig.engine.intake.paused = True
    end = await decide(rig, approval, pressed(Kind.APPROVE, approval))
    assert tool.begun == 0
    assert end.state is State.AWAITING_APPROVAL


async def test_a_tool_that_is_gone_when_the_yes_comes() -> None:
    """The model is told; nothing breaks."""
    rig, _, _, approval = await asked()
    bare = Rig()
    bare.notes = rig.notes
    end = await decide(bare, approval, pressed(Kind.APPROVE, approval))
    assert said(end)[-1] == "An answer."
