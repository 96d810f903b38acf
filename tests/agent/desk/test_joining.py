"""Joining: a case that may be one of very many, and one that has joined an incident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import Case, CaseState, Cause
from agent.desk import joining
from agent.desk.joining import MOST, WITHIN, Gathered, Shown, Stirred, gathering, joining_of
from agent.desk.waiting import timer
from agent.journal import Line
from agent.messages import IncomingMessage, Kind
from agent.state import RESTING, Event, State
from tests.support.clock import START
from tests.support.engine import CASE, DESK, PLACE, POST, Rig, claim, control, kinds

INCIDENT, CARD = "C90", "t90.1"
NEW = replace(CASE, cause=Cause.NOTHING_TO_OFFER, card=None, card_id="", channel=str(DESK), looks=1)
SHOWN = replace(NEW, card_id=CARD, incident=INCIDENT)


def showing(card: str = CARD) -> IncomingMessage:
    """The news for a case by which card of an incident it is shown."""
    incident = replace(CASE, id=INCIDENT, card_id=card, channel=str(DESK))
    return joining.showing(incident, str(PLACE), "C1", "t80").message


# A case that may be one of very many


@pytest.mark.parametrize("cause", list(Cause))
def test_what_nobody_decided(rig: Rig, cause: Cause) -> None:
    """Only cases that open by themselves have a trouble in common."""
    draft = rig.engine._begin(claim(POST))
    joining = joining_of(draft, replace(CASE, cause=cause))
    assert (joining is not None) is cause.automatic


async def test_what_the_commit_does_instead(rig: Rig) -> None:
    """It is the same case without its card, watched over; and news for the incident's lane."""
    end = await rig.run(claim(POST, attempts=6))
    (case,) = end.cases
    joining = end.joining
    assert case.cause is Cause.DEAD_LETTER
    assert joining is not None
    assert (joining.most, joining.since) == (MOST, START - WITHIN)
    assert joining.instead == replace(case, card=None, card_id="")
    assert joining.instead.looks == 1
    news = joining.arrival.message
    assert news.lane == "incident::dead_letter:"
    assert news.key == gathering(joining.instead).key
    assert (news.kind, news.about, news.detail) == (Kind.GATHER, case.id, str(PLACE))
    assert news.text == "ada: How many days?"
    assert not news.kind.is_control


async def test_a_person_who_was_asked_for_is_no_flood(rig: Rig) -> None:
    """However many employees want one, each gets a card."""
    assert (await rig.run(claim(control(Kind.ASK_PERSON)))).joining is None


def test_what_is_told_is_read_back() -> None:
    """Through the fields that databases hold it in, and each kind of news as nothing else."""
    joins, stirs = gathering(SHOWN), joining.stirring(SHOWN, "t5", "t80.1")
    assert (joins.revision, joins.detail, joins.about) == (CARD, SHOWN.lane, "C1")
    assert joining.gathered(joins) == Gathered("C1", SHOWN.lane, CARD, "")
    assert joining.stirred(joins) is None
    assert (stirs.revision, stirs.detail, stirs.about) == ("t80.1", "", "C1")
    assert joining.stirred(stirs) == Stirred("C1", "t80.1")
    assert joining.gathered(stirs) is None
    told = showing()
    assert (told.revision, told.detail, told.about) == (CARD, str(DESK), INCIDENT)
    assert joining.shown(told) == Shown(INCIDENT, CARD, str(DESK))


def test_many_are_gathered_together() -> None:
    """What comes within ten seconds is due at one time, so that it is one edit of the card."""
    due = {joining.arrival(gathering(NEW), START + n).not_before for n in range(10)}
    assert due == {START + 10}
    assert joining.arrival(gathering(NEW), START + 10).not_before == START + 20


# A case that joined


async def test_a_case_learns_its_card(rig: Rig) -> None:
    """It keeps where it is shown, and tells the incident so."""
    end = await rig.run(claim(showing(), state=State.ESCALATED, case=NEW, case_id="C1"))
    (case,) = end.cases
    assert (case.incident, case.card_id, case.channel) == ("C90", "t90.1", str(DESK))
    assert kinds(end) == [Line.SHOWN, "turn"]
    (answer,) = end.timers
    assert answer.message == gathering(case)
    assert answer.not_before == START + 10
    assert end.outbox == ()
    assert end.state is State.ESCALATED


async def test_what_was_said_meanwhile(rig: Rig) -> None:
    """The employee's words, which waited for the card, stand under it now, each once."""
    first = await rig.run(
        claim(replace(POST, id="2", text="Hello?"), state=State.ESCALATED, case=NEW)
    )
    assert [one for one in first.outbox if one.conversation == DESK] == []
    history = tuple(replace(one, seq=n) for n, one in enumerate(first.journal, 1))
    shown = claim(showing(), state=State.ESCALATED, case=NEW, case_id="C1", history=history)
    end = await rig.run(shown)
    (words,) = end.outbox
    assert (words.under, words.conversation) == ("t90.1", DESK)
    assert words.text.endswith("Hello?")
    history += tuple(replace(one, seq=n) for n, one in enumerate(end.journal, len(history) + 1))
    moved = showing("t95.1")
    again = claim(moved, state=State.ESCALATED, case=SHOWN, case_id="C1", history=history)
    assert (await rig.run(again)).outbox == ()


@pytest.mark.parametrize("case", [NEW, SHOWN])
async def test_a_case_that_is_over_has_nothing_to_tell(rig: Rig, case: Case) -> None:
    """Whatever it was about to tell its incident is taken back: nothing opens another for it."""
    leave = control(Kind.LEAVE_QUEUE)
    end = await rig.run(claim(leave, state=State.ESCALATED, case=case))
    assert set(end.timers_over) == {timer(case).key, gathering(case).key}


async def test_a_case_that_is_shown_elsewhere_by_now(rig: Rig) -> None:
    """Its answer takes the place of what it was about to tell of the card before."""
    told = claim(showing("t95.1"), state=State.ESCALATED, case=SHOWN, case_id="C1")
    end = await rig.run(told)
    assert end.timers_over == (gathering(SHOWN).key,)
    assert gathering(end.cases[0]).key != gathering(SHOWN).key


@pytest.mark.parametrize(
    "case",
    [
        None,
        replace(NEW, state=CaseState.WITHDRAWN),
        replace(NEW, card_id="t7.1"),
        SHOWN,
    ],
)
async def test_late_news_of_a_card(rig: Rig, case: Case | None) -> None:
    """A case that is over, has a card of its own, or knows it by now, learns nothing from it."""
    end = await rig.run(claim(showing(), state=State.ESCALATED, case=case, case_id="C1"))
    assert (end.outcome, end.cases, end.timers) == (Event.VANISHED, (), ())


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_news_of_a_card_in_every_state(rig: Rig, state: State) -> None:
    """Whatever became of the conversation, nothing breaks."""
    end = await rig.run(claim(showing(), state=state, case=NEW, case_id="C1"))
    assert end.state is state


async def test_nothing_to_keep(rig: Rig) -> None:
    """Without a case there is nothing to be shown, and nothing to be said about it."""
    draft = rig.engine._begin(claim(showing()))
    await rig.engine._incidents.keep_card(draft)
    await rig.engine._incidents.relay_to_employee(draft)
    assert (draft.cases, draft.timers, draft.journal) == ([], [], [])
