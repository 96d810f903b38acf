"""The card of an incident: it moves, nobody knows whether it arrived, no place takes it; it counts
who waits.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState, Copy
from agent.desk.incidents import TRY_AGAIN
from agent.desk.joining import gathering, stirring
from agent.desk.waiting import timer
from agent.journal import Line
from agent.messages import (
    Author,
    Button,
    IncomingMessage,
    Kind,
    OutgoingMessage,
    Tone,
)
from agent.records import MOST_JOINED, Entry, TurnEnd
from agent.settling import UNCONFIRMED
from agent.state import Event, State
from tests.support.clock import START
from tests.support.engine import CASE, DESK, PLACE, POST, SECOND, Rig, after, claim, control, said
from tests.support.incidents import (
    CARD,
    HERE,
    INCIDENT,
    JOINED,
    SHOWN,
    TAKEN,
    by_hedy,
    gather,
    joining,
    on_case,
    shared,
)

POSTED = OutgoingMessage("t90.1", DESK, "Case C90", tone=Tone.NOTICE, card=CARD)
REMINDER = OutgoingMessage("t95.1", DESK, "Reminder", tone=Tone.NOTICE, for_desk=True)
DOUBTFUL = replace(INCIDENT, card_id="", copies=(Copy("t90.1", str(DESK)),))
NOWHERE = replace(INCIDENT, card_id="")
UNSEEN = replace(SHOWN, card_id="")
UNREACHED = replace(UNSEEN, channel="")
"""A case whose incident has a card in doubt, and one whose incident has none."""


async def undelivered(rig: Rig, message: OutgoingMessage, reason: str = "PlaceFatal") -> TurnEnd:
    """The turn of a message of the incident that cannot be delivered."""
    told = IncomingMessage(
        HERE, "u1", Kind.UNDELIVERABLE, Author(""), detail=reason, about=message.id
    )
    return await rig.run(
        claim(
            told,
            state=State.ESCALATED,
            case=INCIDENT,
            lane=HERE,
            joined=JOINED,
            undelivered=message,
        )
    )


async def told(rig: Rig, end: TurnEnd, case: Case, history: tuple[Entry, ...] = ()) -> TurnEnd:
    """The turn of a case in which it reads what the incident tells all of them."""
    shown = [one for one in end.timers if one.message.kind is Kind.SHOWN]
    assert [one.lane for one in shown] == [lane for lane, _ in JOINED]
    news = replace(shown[0].message, conversation=PLACE)
    return await rig.run(
        claim(news, state=State.ESCALATED, case=case, case_id="C1", history=history)
    )


async def update(
    rig: Rig,
    *messages: IncomingMessage,
    case: Case,
    history: tuple[Entry, ...] = (),
    joined: tuple[tuple[str, str], ...] = JOINED,
) -> TurnEnd:
    """A turn in the lane of the incident that two cases have joined."""
    state = State.WITH_HUMAN if case.state is CaseState.CLAIMED else State.ESCALATED
    row = claim(*messages, state=state, case=case, lane=HERE, joined=joined, history=history)
    return await rig.run(row)


def stir(n: int = 1) -> IncomingMessage:
    """The news that there is something new of a case for the card."""
    return stirring(SHOWN, f"t{n}")


# It is lost


async def test_the_card_moves(rig: Rig) -> None:
    """It goes to the second channel, and each case learns where its people are now."""
    rig.engine.desk_place.second = SECOND
    end = await undelivered(rig, POSTED)
    (card,) = end.outbox
    assert card.conversation == SECOND
    assert [one.message.revision for one in end.timers] == [card.id, card.id]
    assert [one.message.detail for one in end.timers] == [str(SECOND)] * 2


@pytest.mark.parametrize("lost", [POSTED, REMINDER])
async def test_nobody_can_be_reached(rig: Rig, lost: OutgoingMessage) -> None:
    """No place takes the card, or who is not reminded does not see it either: each employee is told
    in a turn of their own lane; once, however often it is tried.
    """
    end = await undelivered(rig, lost)
    assert end.outbox == ()
    assert end.cases[-1].card_id == ""
    seen = await told(rig, end, SHOWN)
    assert "could not reach the people" in said(seen)[0]
    assert seen.outbox[0].to == "ada"
    assert (seen.cases[-1], seen.timers) == (UNREACHED, ())
    assert (await told(rig, end, UNREACHED)).outcome == Event.VANISHED
    again = await told(rig, end, SHOWN, after(seen))
    assert (again.outcome, again.outbox) == (Event.SHOWN, ())


async def test_a_reminder_is_lost_and_there_is_another_way(rig: Rig) -> None:
    """The card goes to the second channel, and each case learns where."""
    rig.engine.desk_place.second = SECOND
    end = await undelivered(rig, REMINDER)
    assert [one.conversation for one in end.outbox] == [SECOND]
    assert {one.message.kind for one in end.timers} == {Kind.SHOWN}


@pytest.mark.parametrize(
    "words",
    [
        replace(REMINDER, conversation=SECOND),
        replace(REMINDER, under="t90.1"),
        replace(REMINDER, for_desk=False),
    ],
)
async def test_other_words_that_do_not_arrive(rig: Rig, words: OutgoingMessage) -> None:
    """They change nothing for anybody: the card is where it was."""
    end = await undelivered(rig, words)
    assert (end.outbox, end.timers) == ((), ())


async def test_the_card_may_not_have_arrived(rig: Rig) -> None:
    """Each case knows it: what its employee writes waits, and nobody is told of a failure."""
    end = await undelivered(rig, POSTED, UNCONFIRMED)
    assert end.cases[-1] == DOUBTFUL
    seen = await told(rig, end, SHOWN)
    assert (seen.cases[-1], seen.outbox, seen.timers) == (UNSEEN, (), ())
    words = await rig.run(claim(POST, state=State.ESCALATED, case=UNSEEN))
    assert said(words, DESK) == []
    (news,) = words.timers
    assert (news.message, news.not_before) == (stirring(UNSEEN, "t7"), START + 10)


# It is shown again


@pytest.mark.parametrize("case", [DOUBTFUL, NOWHERE])
@pytest.mark.parametrize("news", [joining(3), stir()])
async def test_it_is_tried_again(rig: Rig, case: Case, news: IncomingMessage) -> None:
    """Somebody joins, or has words for it: there is another card, and each case learns of it."""
    end = await update(rig, news, case=case)
    card, *words = [one for one in end.outbox if not one.replaces]
    assert card.card is not None
    assert (card.conversation, card.card.joined) == (DESK, 2 + bool(news.detail))
    assert [one.text for one in words] == [texts.SHOWN_TWICE] * len(case.copies)
    assert end.cases[-1].card_id == card.id
    shown = [(one.lane, one.case_id) for one in end.timers]
    assert shown == [*([("irc:net:@3:", "C3")] if news.detail else []), *JOINED]
    assert {one.message.revision for one in end.timers} == {card.id}


@pytest.mark.parametrize("case", [DOUBTFUL, NOWHERE])
async def test_it_is_not_tried_all_the_time(rig: Rig, case: Case) -> None:
    """Within a minute of a failure who joins is told what is true, and counted; then it is tried
    again by itself.
    """
    failed = Entry(Line.FAILED, {"code": "PlaceFatal", "message": "t90.1"}, START)
    await rig.clock.advance(TRY_AGAIN - 1)
    end = await update(rig, joining(3), case=case, history=(failed,))
    assert [one for one in end.outbox if not one.replaces] == []
    again, shown = end.timers
    assert (again.message.detail, again.not_before) == ("", START + TRY_AGAIN)
    assert (shown.case_id, shown.message.revision) == ("C3", "")
    assert shown.message.detail == ("" if case is NOWHERE else str(DESK))
    news, new = replace(shown.message, conversation=PLACE), replace(UNSEEN, incident="")
    kept = await on_case(rig, news, new)
    assert (kept.cases[-1].incident, kept.timers) == ("C90", ())
    assert len(said(kept)) == (case is NOWHERE)
    assert end.cases[-1].card is not None
    assert end.cases[-1].card.joined == 3
    await rig.clock.advance(1)
    end = await update(rig, again.message, case=case, history=(failed,))
    assert [one for one in end.outbox if not one.replaces]


async def test_an_edit_that_is_lost_is_no_card(rig: Rig) -> None:
    """While the card is in doubt its edits fail, too: that does not keep back another one."""
    failed = Entry(Line.FAILED, {"code": "RowFatal", "message": "t93.1"}, START)
    end = await update(rig, joining(3), case=DOUBTFUL, history=(failed,))
    assert end.cases[-1].card_id in [one.id for one in end.outbox if not one.replaces]


@pytest.mark.parametrize("answer", ["t90.1", "t80.1"])
async def test_an_answer_is_no_wish(rig: Rig, answer: str) -> None:
    """A case tells by which card it was shown that is lost by now: that brings no other, or there
    would be no end of it.
    """
    end = await update(rig, replace(joining(1, revision=answer)), case=NOWHERE)
    assert end.outbox == ()
    assert [one.message.revision for one in end.timers] == [""]


async def test_who_knows_that_there_is_no_card(rig: Rig) -> None:
    """Whoever looks at such a case finds it on the list: it is not counted once more."""
    known = (*JOINED, ("irc:net:@3:", "C3"))
    looked = replace(joining(3), text="")
    failed = Entry(Line.FAILED, {"code": "PlaceFatal", "message": "t90.1"}, START)
    counted = replace(NOWHERE, card=replace(CARD, joined=3))
    end = await update(rig, looked, case=counted, history=(failed,), joined=known)
    assert (end.outbox, end.cases) == ((), ())
    assert [one.message.kind for one in end.timers] == [Kind.GATHER]


async def test_people_are_reminded_of_it(rig: Rig) -> None:
    """That is another card, and each case learns of it at once."""
    await rig.clock.advance(1800)
    end = await update(rig, timer(DOUBTFUL), case=DOUBTFUL)
    assert end.outcome == Event.OVERDUE
    card = end.outbox[0]
    shown = [one for one in end.timers if one.message.kind is Kind.SHOWN]
    assert [(one.lane, one.case_id) for one in shown] == list(JOINED)
    assert {one.message.revision for one in shown} == {card.id}
    later = await rig.run(claim(POST, state=State.ESCALATED, case=UNSEEN))
    seen = await told(rig, end, UNSEEN, after(later))
    (words,) = seen.outbox
    assert (words.under, words.text) == (card.id, "**Ada:** How many days?")
    assert [one.message.revision for one in seen.timers] == [card.id]


async def test_a_reminder_without_another_card(rig: Rig) -> None:
    """Nobody has to be told anything."""
    await rig.clock.advance(1800)
    end = await update(rig, timer(INCIDENT), case=INCIDENT)
    assert len(end.outbox) == 1
    assert [one.message.kind for one in end.timers] == [Kind.LOOK]


# A case of its own whose card is lost


@pytest.mark.parametrize("copies", [(), (Copy("t0.1", str(DESK)),)])
async def test_a_case_without_a_card_that_joined_nothing(
    rig: Rig, copies: tuple[Copy, ...]
) -> None:
    """No place took its card, or that is in doubt: it is one case all the same, not one of many."""
    lost = replace(CASE, card_id="", copies=copies, channel=str(DESK), looks=1, reminders=2)
    end = await rig.run(claim(timer(lost), state=State.ESCALATED, case=lost))
    assert [one.message.kind for one in end.timers] == [Kind.LOOK]
    leave = await rig.run(claim(control(Kind.LEAVE_QUEUE), state=State.ESCALATED, case=lost))
    assert leave.timers_over == (timer(lost).key,)


# Who waits


async def test_somebody_leaves(rig: Rig) -> None:
    """Whoever does not wait any more tells the incident, which counts those that still do; however
    many leave at once, that is one edit.
    """
    leave = control(Kind.LEAVE_QUEUE)
    left = await rig.run(claim(leave, state=State.ESCALATED, case=SHOWN))
    (news,) = left.timers
    assert (news.message, news.not_before) == (stirring(SHOWN, "t7"), START + 10)
    end = await update(rig, news.message, stir(2), case=INCIDENT, joined=JOINED[:1])
    (edit,) = end.outbox
    assert (edit.replaces, end.cases[-1].card, end.timers) == ("t90.1", edit.card, ())
    assert edit.card is not None
    assert edit.card.joined == 1


async def test_what_the_incident_ends_is_no_news_to_it(rig: Rig) -> None:
    """Of those that are closed with it, none says so."""
    press = by_hedy(Kind.HAND_BACK, about="C90")
    assert (await on_case(rig, press, SHOWN)).timers == ()


async def test_more_wait_than_it_is_told_of(rig: Rig) -> None:
    """Then nobody can tell exactly how many they are: the number stays."""
    many = tuple((f"irc:net:@{n}:", f"C{n}") for n in range(MOST_JOINED))
    card = replace(CARD, joined=MOST_JOINED + 7)
    end = await update(rig, stir(), case=replace(INCIDENT, card=card), joined=many)
    assert end.outbox == ()


async def test_those_that_have_not_read_it_yet_count(rig: Rig) -> None:
    """Between joining and knowing it, a case is not known to have joined; but it waits."""
    end = await update(rig, joining(3), case=INCIDENT, joined=JOINED[:1])
    assert end.cases[-1].card is not None
    assert end.cases[-1].card.joined == 3


@pytest.mark.parametrize("case", [INCIDENT, TAKEN, replace(TAKEN, card_id="")])
async def test_the_last_leaves(rig: Rig, case: Case) -> None:
    """Nobody has to do anything about it any more, and whoever has it reads so."""
    end = await update(rig, stir(), case=case, joined=())
    assert (end.state, end.cases[-1].state) == (State.IDLE, CaseState.WITHDRAWN)
    words = [one.text for one in end.outbox if one.card is None]
    assert words == [texts.LEFT_BY_ALL] * (case is TAKEN)


async def test_somebody_leaves_what_is_over(rig: Rig) -> None:
    """No other begins for them."""
    end = await gather(rig, stir(), state=State.CLOSED)
    assert (end.outcome, end.cases, end.state) == (Event.VANISHED, (), State.CLOSED)


# Whoever has it is gone


async def test_a_case_finds_that_its_owner_is_gone(rig: Rig) -> None:
    """The incident hears of it, and waits again, too: nobody is told that the owner took it."""
    rig.platform.gone = {"hedy"}
    theirs = replace(TAKEN, id="C1", lane=str(PLACE), employee_id="ada", incident="C90", card=None)
    words = await rig.run(claim(POST, state=State.WITH_HUMAN, case=theirs))
    assert words.outcome == Event.OWNER_GONE
    (news,) = [one for one in words.timers if one.message.kind is Kind.GATHER]
    assert news.message == gathering(words.cases[-1])
    end = await update(rig, news.message, joining(3), case=TAKEN)
    assert (end.outcome, end.state, end.cases[-1].owner) == (Event.OWNER_GONE, State.ESCALATED, "")
    assert shared(end) == [(lane, case, "gone-t7") for lane, case in JOINED]
    assert [one.case_id for one in end.timers if one.message.kind is Kind.SHOWN] == ["C3"]


async def test_nobody_is_said_to_have_been_reminded(rig: Rig) -> None:
    """A case of an incident is overdue: people are reminded of that at a time of its own."""
    overdue = replace(SHOWN, incident="C90")
    await rig.clock.advance(1800)
    end = await rig.run(claim(timer(overdue), state=State.ESCALATED, case=overdue))
    (words,) = said(end)
    assert "one of several" in words
    assert "reminded" not in words
    assert end.outbox[0].buttons == (Button.LEAVE_QUEUE,)


# What does not reach one of many


@pytest.mark.parametrize("reason", ["RowFatal", UNCONFIRMED])
async def test_who_did_not_get_it(rig: Rig, reason: str) -> None:
    """Under the card of many, people read whom their words did not reach."""
    words = OutgoingMessage("t7.1", PLACE, "**Hedy:** Soon!", tone=Tone.PERSON, to="ada")
    lost = control(Kind.UNDELIVERABLE, detail=reason, about=words.id)
    lost = replace(lost, author=Author(""))
    wrote = {"id": "1", "author": "ada", "name": "Ada Byron", "text": "Leave?"}
    relayed = {"post": "w1", "case": "C1", "to": "employee", "messages": ["t7.1"]}
    history = (
        Entry(Line.SAID, wrote, START),
        Entry(Line.RELAYED, {**relayed, "place": str(DESK), "under": "t90.1"}, START),
    )
    turn = claim(lost, state=State.ESCALATED, case=SHOWN, undelivered=words, history=history)
    (back,) = (await rig.run(turn)).outbox
    assert back.under == "t90.1"
    assert "Ada Byron" in back.text
    assert "the employee" not in back.text
