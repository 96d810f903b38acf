"""What people of the desk write: which of it is for the employee, and what becomes of changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import CaseState
from agent.journal import Line, read
from agent.state import State
from tests.agent.test_staff import events, lines
from tests.support.engine import (
    CASE,
    HELD,
    Rig,
    after,
    at_desk,
    deleted,
    edited,
    said,
    wrote,
)

OVER = replace(HELD, state=CaseState.RESOLVED)


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_a_note_among_words(rig: Rig) -> None:
    """Each line that begins so stays at the desk; the model does not read it, either."""
    text = "Try again please.\n// he never reads the manual\n  //never\nAnd tell me."
    end = await rig.run(at_desk(wrote(text)))
    assert said(end) == ["**Linus:** Try again please.\nAnd tell me."]
    assert lines(end, Line.STAFF)[0]["text"] == text
    history = after(end)
    assert [one.text for one in read(history).said] == ["Try again please.\nAnd tell me."]
    edit = edited(wrote(""), "// he never reads it\nTry again.")
    end = await rig.run(at_desk(edit, history=history))
    assert said(end) == ["**Linus:** Try again."]
    assert [one.text for one in read((*history, *after(end, 9))).said] == ["Try again."]
    end = await rig.run(at_desk(wrote("// he never\n\n// reads"), case=CASE))
    assert (events(end), end.outbox) == (["noted"], ())


@pytest.mark.parametrize("text", ["Your laptop comes on Monday", "// Mondays are bad", ""])
async def test_changes_in_the_thread_of_a_case_that_is_over(rig: Rig, text: str) -> None:
    """The employee reads on what they read before, and so does the bot."""
    first = await rig.run(at_desk(wrote("Your laptop comes on Sunday")))
    change = edited(wrote(""), text) if text else deleted(wrote(""))
    over = at_desk(change, case=OVER, state=State.IDLE, history=after(first))
    end = await rig.run(over)
    assert (events(end), said(end)) == (["staff_refused"], [])
    history = read((*after(first), *after(end, 50)))
    assert [one.text for one in history.said] == ["Your laptop comes on Sunday"]


async def test_what_was_refused_may_be_said_later(rig: Rig) -> None:
    """Somebody who joins the channel changes what they wrote before: it is said as new."""
    rig.platform.gone.add("linus")
    end = await rig.run(at_desk(wrote("Hello"), case=CASE))
    (refused,) = read(after(end)).refused
    assert refused.text == "Hello"
    rig.platform.gone.clear()
    end = await rig.run(at_desk(edited(wrote(""), "Hello!"), history=after(end)))
    assert said(end) == ["**Linus:** Hello!"]


async def test_a_note_that_becomes_words_claims(rig: Rig) -> None:
    """Only now the employee reads it: whoever said it has the case, as with any first words."""
    note = await rig.run(at_desk(wrote("// blue cable"), case=CASE))
    end = await rig.run(at_desk(edited(wrote(""), "blue cable"), case=CASE, history=after(note)))
    assert (events(end), end.state) == (["staff_wrote"], State.WITH_HUMAN)
    assert end.cases[-1].owner == "irc:linus"


async def test_changes_claim_nothing(rig: Rig) -> None:
    """Whoever gave a case back does not get it again by mending what they had said."""
    first = await rig.run(at_desk(wrote("Hello")))
    for change in (edited(wrote(""), "Hello!"), deleted(wrote(""))):
        end = await rig.run(at_desk(change, case=CASE, history=after(first)))
        assert (events(end), end.state) == (["staff_corrected"], State.ESCALATED)
        assert end.cases == ()
        assert [one.replaces for one in end.outbox] == [first.outbox[0].id]
