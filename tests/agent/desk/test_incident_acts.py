"""What people do on the card of an incident happens to it, and to each of its cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import CaseState, Copy, Outcome
from agent.desk.waiting import timer
from agent.errors import DeliveryRetry
from agent.messages import Kind
from agent.state import Event, State
from tests.support.engine import CASE, DESK, PLACE, SECOND, Rig, after, claim, said
from tests.support.incidents import (
    HERE,
    INCIDENT,
    JOINED,
    SHOWN,
    TAKEN,
    act,
    by_hedy,
    on_case,
    shared,
)


async def test_a_claim_for_all(rig: Rig) -> None:
    """The incident is claimed, and the same press is accepted for each case, in its lane."""
    press = by_hedy(Kind.CLAIM, about="t90.1")
    end = await act(rig, press)
    assert end.state is State.WITH_HUMAN
    assert end.cases[-1].owner == "irc:hedy"
    assert [one.replaces for one in end.outbox] == ["t90.1"]
    assert shared(end) == [(lane, case, "d1") for lane, case in JOINED]
    assert all(one.message == replace(press, about="C90") for one in end.timers if one.case_id)


async def test_words_for_all(rig: Rig) -> None:
    """They claim the incident, and each of them is accepted once for each case."""
    words = [replace(by_hedy(Kind.MESSAGE, "We are on it."), id=f"w{n}") for n in range(2)]
    end = await act(rig, *words)
    assert end.state is State.WITH_HUMAN
    assert shared(end) == [(*one, f"w{n}") for one in JOINED for n in range(2)]
    assert [one.text for one in end.outbox if one.conversation.platform == "incident"] == []
    said_later = await act(rig, *words, case=TAKEN)
    assert len(shared(said_later)) == 4
    assert said_later.outbox == ()


@pytest.mark.parametrize("text", ["", "// A vendor is out.", "We are really on it."])
async def test_words_that_change_for_all(rig: Rig, text: str) -> None:
    """What was passed on to everybody is taken back, or changed, everywhere."""
    words = by_hedy(Kind.MESSAGE, "We are on it.")
    said_before = after(await act(rig, words, case=TAKEN))
    kind = Kind.EDIT if text else Kind.DELETE
    change = replace(words, kind=kind, text=text, revision="2")
    end = await act(rig, change, case=TAKEN, history=said_before)
    assert shared(end) == [(lane, case, "d1") for lane, case in JOINED]
    said_before += after(end, 50)
    gone = replace(words, kind=Kind.DELETE, text="", revision="deleted")
    assert shared(await act(rig, gone, case=TAKEN, history=said_before))


async def test_a_note_that_is_taken_back(rig: Rig) -> None:
    """It reached nobody, and so does its end."""
    note = by_hedy(Kind.MESSAGE, "// A vendor is out.")
    history = after(await act(rig, note, case=TAKEN))
    gone = replace(note, kind=Kind.DELETE, text="", revision="deleted")
    assert shared(await act(rig, gone, case=TAKEN, history=history)) == []


async def test_a_note_that_becomes_words(rig: Rig) -> None:
    """Now it is for everybody, and so is its end."""
    note = by_hedy(Kind.MESSAGE, "// A vendor is out.")
    history = after(await act(rig, note, case=TAKEN))
    words = replace(note, kind=Kind.EDIT, text="A vendor is out.", revision="2")
    end = await act(rig, words, case=TAKEN, history=history)
    history += after(end, 50)
    gone = replace(note, kind=Kind.DELETE, text="", revision="deleted")
    for one in (end, await act(rig, gone, case=TAKEN, history=history)):
        assert shared(one) == [(lane, case, "d1") for lane, case in JOINED]


@pytest.mark.parametrize(
    ("kind", "detail", "outcome"),
    [
        (Kind.RESOLVE, Outcome.DONE.value, Event.RESOLVED),
        (Kind.CLAIM, "", Event.CLAIMED),
        (Kind.ASSIGN, "irc:joan", Event.CLAIMED),
    ],
)
async def test_who_may_is_asked_once(rig: Rig, kind: Kind, detail: str, outcome: Event) -> None:
    """What the incident's turn let happen happens to each case, whatever the platform says by then:
    nothing, or that Hedy has left.
    """
    done = await act(rig, by_hedy(kind, detail=detail))
    rig.platform.asked_for.clear()
    rig.platform.refused["hedy"] = DeliveryRetry()
    rig.platform.gone = {"joan"}
    (copy, *_) = [one for one in done.timers if one.case_id]
    end = await on_case(rig, copy.message, SHOWN)
    assert end.outcome == outcome
    assert rig.platform.asked_for == []


@pytest.mark.parametrize("about", ["", "t90.1", "C91"])
async def test_what_did_not_come_through_the_incident(rig: Rig, about: str) -> None:
    """Of a case whose incident is over, say: then people are asked for as ever."""
    rig.platform.gone = {"hedy"}
    end = await on_case(rig, by_hedy(Kind.CLAIM, about=about), SHOWN)
    assert (end.outcome, end.told) == (Event.STAFF_REFUSED, texts.NOT_OF_DESK)
    own = replace(CASE, channel=str(DESK))
    end = await on_case(rig, by_hedy(Kind.CLAIM, about=own.incident), own)
    assert end.outcome == Event.STAFF_REFUSED


async def test_a_note_stays_there(rig: Rig) -> None:
    """What is not meant for employees is not passed on to their cases."""
    assert shared(await act(rig, by_hedy(Kind.MESSAGE, "// A vendor is out."))) == []


async def test_what_is_refused_is_not_passed_on(rig: Rig) -> None:
    """Somebody from outside does nothing to anybody's case."""
    rig.platform.gone = {"hedy"}
    end = await act(rig, by_hedy(Kind.CLAIM))
    assert (end.outcome, shared(end)) == (Event.STAFF_REFUSED, [])


@pytest.mark.parametrize(
    ("kind", "detail", "state"),
    [
        (Kind.RELEASE, "", CaseState.WAITING),
        (Kind.RESOLVE, Outcome.DONE.value, CaseState.RESOLVED),
        (Kind.HAND_BACK, "", CaseState.HANDED_BACK),
    ],
)
async def test_the_end_for_all(rig: Rig, kind: Kind, detail: str, state: CaseState) -> None:
    """What ends the incident ends each of its cases, with the same outcome and note."""
    press = by_hedy(kind, "Back up.", detail=detail)
    end = await act(rig, press, case=TAKEN)
    assert end.cases[-1].state is state
    assert shared(end) == [(lane, case, "d1") for lane, case in JOINED]
    assert {one.message for one in end.timers if one.case_id} == {replace(press, about="C90")}
    assert {one.conversation for one in end.outbox} == {DESK}


async def test_the_owner_of_an_incident_is_gone(rig: Rig) -> None:
    """It waits again, and so does each of its cases, once."""
    rig.platform.gone = {"hedy"}
    told = claim(timer(TAKEN), state=State.WITH_HUMAN, case=TAKEN, lane=HERE, joined=JOINED)
    end = await rig.run(told)
    assert end.outcome == Event.OWNER_GONE
    assert end.cases[-1].owner == ""
    assert shared(end) == [(lane, case, "gone-t7") for lane, case in JOINED]
    assert {one.conversation for one in end.outbox} == {DESK}
    (news, *_) = [one.message for one in end.timers if one.case_id]
    theirs = replace(TAKEN, id="C1", lane=str(PLACE), employee_id="ada", incident="C90", card=None)
    waits = await on_case(rig, news, theirs)
    assert (waits.outcome, waits.cases[-1].owner) == (Event.RELEASED, "")
    assert "can't go on with your case" in said(waits)[0]
    again = await on_case(rig, news, waits.cases[-1])
    assert (again.outcome, again.outbox) == (Event.STAFF_REFUSED, ())


async def test_a_claim_on_another_card(rig: Rig) -> None:
    """The card it was made on counts from then on: everybody's words go there."""
    rig.engine.desk_place.second = SECOND
    two = replace(INCIDENT, copies=(Copy("t91.1", str(SECOND)),))
    press = replace(by_hedy(Kind.CLAIM), conversation=replace(SECOND, thread="91"))
    end = await act(rig, press, case=two)
    shown = [one.message for one in end.timers if one.message.kind is Kind.SHOWN]
    assert {(one.revision, one.detail) for one in shown} == {("t91.1", str(SECOND))}
    assert len(shown) == len(shared(end)) == 2
