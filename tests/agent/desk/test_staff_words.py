"""What people of the desk write: which of it is for the employee, and what becomes of changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState
from agent.journal import Line, read
from agent.messages import Author, IncomingMessage, Kind
from agent.state import State
from tests.agent.desk.test_staff import events, lines
from tests.support.engine import (
    CASE,
    HELD,
    THREAD,
    Rig,
    after,
    at_desk,
    deleted,
    edited,
    said,
    wrote,
)

OVER = replace(HELD, state=CaseState.RESOLVED)


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


@pytest.mark.parametrize("case", [CASE, OVER, replace(CASE, incident="C90"), None])
async def test_words_that_reach_nobody(rig: Rig, case: Case | None) -> None:
    """Whoever wrote in a thread that may be that of a card in doubt is told there what to do, and
    nothing becomes of the case.
    """
    news = IncomingMessage(THREAD, "no-case-7", Kind.NO_CASE, Author(""), about="t9.1")
    state = State.CLOSED if case is None or not case.state.is_open else State.ESCALATED
    end = await rig.run(at_desk(news, case=case, state=state))
    (told,) = end.outbox
    assert (told.conversation, told.text) == (THREAD, texts.CASE_NOT_KNOWN)
    assert (told.for_desk, end.state, end.cases) == (True, state, ())
    assert lines(end, Line.ASIDE) == [{"message": told.id, "text": told.text}]


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


async def test_words_that_are_refused_for_another_reason(rig: Rig) -> None:
    """Who was told that they are no member, and is one by now, is told that the case is over."""
    rig.platform.gone.add("linus")
    first = await rig.run(at_desk(wrote("One"), case=CASE))
    assert texts.NOT_OF_DESK in first.outbox[0].text
    rig.platform.gone.clear()
    more = at_desk(wrote("Two", n="79"), case=OVER, state=State.CLOSED, history=after(first))
    second = await rig.run(more)
    assert ["Linus resolved it" in one.text for one in second.outbox] == [True]
    history = (*after(first), *after(second, 50))
    again = at_desk(wrote("Three", n="80"), case=OVER, state=State.CLOSED, history=history)
    assert (await rig.run(again)).outbox == ()
