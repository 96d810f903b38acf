"""What a turn collects: its messages and its journal lines, word by word.

The journal is enough to reconstruct a conversation, so what stands in each line is a promise.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.attempt import Attempt
from agent.draft import Draft
from agent.journal import Line
from agent.messages import Button, Citation, OutgoingMessage, Tone
from agent.records import Approval, ApprovalState, Entry, Step, StepKind, StepState
from agent.steps import Steps
from tests.support.clock import START
from tests.support.engine import CASE, DESK, HELD, PLACE, POST, Rig, claim

OPEN = Approval("t7:2", "t7", "order", "{}", ("ada",), ApprovalState.OPEN, START, START, "t7.1")
ASKS = {"question": "A chair?", "requester": "ada"}
CALLS = [{"name": "order", "arguments": '{"what": "chair"}'}, {"name": "send", "arguments": "{}"}]


@pytest.fixture
def draft() -> Draft:
    return Rig().engine._begin(claim(POST))


def line(kind: Line, **data: object) -> Entry:
    """A journal line of the turn."""
    return Entry(kind, data, START, "t7")


def steps(turn_id: str) -> Steps:
    """Two calls that change something: one was made, of the other nobody knows."""
    made = {"writes": True, "outcome": "ok", "result": "ordered"}
    parts = (
        Step(turn_id, 1, StepKind.MODEL, StepState.DONE, START, {**ASKS, "calls": CALLS}),
        Step(turn_id, 2, StepKind.CALL, StepState.DONE, START, made),
        Step(turn_id, 3, StepKind.CALL, StepState.STARTED, START, {"writes": True}),
    )
    return Steps(turn_id, parts, START)


# Messages


def test_what_is_said_is_plain(draft: Draft) -> None:
    """Without more words it is a notice to the employee and offers nothing."""
    assert draft.say("Hello.") == "t7.1"
    assert draft.outbox == [OutgoingMessage("t7.1", PLACE, "Hello.", tone=Tone.NOTICE, to="ada")]


def test_what_is_said_has_all_that_it_is_given(draft: Draft) -> None:
    """Nothing of it is lost on the way into the outbox."""
    more = {
        "tone": Tone.ANSWER,
        "citations": (Citation("Leave"),),
        "buttons": (Button.ASK_PERSON,),
        "prompts": ("How many?",),
        "feedback": True,
        "invites": True,
    }
    draft.say("27.", place=DESK, **more)  # type: ignore[arg-type]
    expected = OutgoingMessage("t7.1", DESK, "27.", to="ada", **more)  # type: ignore[arg-type]
    assert draft.outbox == [expected]


def test_a_notice(draft: Draft) -> None:
    """It is said and journalled; a receipt is told apart by what it is for."""
    draft.notice("Wait.")
    draft.notice("Passed on.", buttons=(Button.LEAVE_QUEUE,), invites=True, receipt="C1")
    plain = OutgoingMessage("t7.1", PLACE, "Wait.", tone=Tone.NOTICE, to="ada")
    more = {"text": "Passed on.", "buttons": (Button.LEAVE_QUEUE,), "invites": True}
    assert draft.outbox == [plain, replace(plain, id="t7.2", **more)]  # type: ignore[arg-type]
    assert draft.journal == [
        line(Line.NOTICE, message="t7.1", text="Wait."),
        line(Line.NOTICE, message="t7.2", text="Passed on.", receipt="C1"),
    ]


def test_a_post_for_the_desk(draft: Draft) -> None:
    """It has a name of the turn's as well, and is for nobody in particular."""
    assert draft.post(DESK, "Look.", under="t0.1") == "t7.1"
    assert draft.outbox == [
        OutgoingMessage("t7.1", DESK, "Look.", tone=Tone.NOTICE, under="t0.1", for_desk=True)
    ]


# Journal


def test_the_line_of_a_case(draft: Draft) -> None:
    """It tells how the case stands, and who has it if somebody has."""
    draft.keep(CASE)
    draft.keep(HELD)
    assert draft.cases == [HELD]
    told = {"case": "C1", "cause": CASE.cause}
    assert draft.journal == [
        line(Line.CASE, **told, state=CASE.state),
        line(Line.CASE, **told, state=HELD.state, owner="irc:linus"),
    ]


def test_the_line_of_an_approval(draft: Draft) -> None:
    """It tells which call it is about, how it stands and by whose word."""
    denied = replace(OPEN, state=ApprovalState.DENIED, decided_by="ada")
    draft.keep_approval(denied)
    assert draft.approvals == [denied]
    told = {"call": "t7:2", "tool": "order", "state": ApprovalState.DENIED, "by": "ada"}
    assert draft.journal == [line(Line.APPROVAL, **told)]


@pytest.mark.parametrize("attempts", [(), (Attempt("m1", 1, False, "ok", 1, 2.0, 1.0),)])
def test_the_line_of_a_turn(draft: Draft, attempts: tuple[Attempt, ...]) -> None:
    """It tells what came of it, and how the models did if any was asked."""
    draft.attempts, draft.outcome = attempts, "answered"
    told: dict[str, object] = {"before": "idle", "after": "idle", "outcome": "answered"}
    told["events"] = []
    if attempts:
        told["attempts"] = attempts
    assert draft.end().journal == (line(Line.TURN, **told),)


def test_the_lines_of_calls(draft: Draft) -> None:
    """Each tells what was called with what, and what came of it, as far as it is known."""
    draft.steps = steps("t7")
    made = {"call": "t7:2", "tool": "order", "arguments": '{"what": "chair"}'}
    unclear = {"call": "t7:3", "tool": "send", "arguments": "{}"}
    assert draft.end().journal[:-1] == (
        line(Line.CALLED, **made, outcome="ok", result="ordered"),
        line(Line.CALLED, **unclear, outcome="unknown", result=""),
    )


def test_what_was_done_is_told_of_both_turns(draft: Draft) -> None:
    """What the turn that asked for an approval had done by then is told with one's own."""
    draft.steps, draft.pending = steps("t7"), steps("t3")
    assert [call.id for call in draft.written()] == ["t7:2", "t3:2"]
    assert [call.id for call in draft.begun()] == ["t7:3", "t3:3"]
    draft.pending = None
    assert [call.id for call in draft.written()] == ["t7:2"]
