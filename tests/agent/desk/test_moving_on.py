"""Where a case goes on whose card nobody sees where it is, and the words that were to be there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState, Copy
from agent.desk.joining import stirring
from agent.errors import PlaceFatal, RowFatal
from agent.journal import TO_DESK, TO_EMPLOYEE, Line
from agent.messages import Author, Button, Kind, OutgoingMessage, Tone
from agent.records import Entry, TurnEnd
from agent.settling import UNCONFIRMED
from agent.state import State
from tests.agent.test_detours import (
    ADMINS,
    CARD_POST,
    HISTORY,
    RELAY,
    RELAYED,
    WORDS,
    relays,
)
from tests.support.clock import START
from tests.support.engine import CASE, DESK, HELD, SECOND, SOON, Rig, claim, control, said

NEVER_ARRIVED = f"{RowFatal.__name__}: what it belongs under never arrived"
WAITING = replace(CASE, channel=str(DESK))
OWNED = replace(HELD, channel=str(DESK))
TO_ADA = texts.NOT_RELAYED.format(text=RELAY.text, contact=texts.NOBODY_CONTACT)
NOBODY = texts.NOBODY_REACHED.format(contact=texts.NOBODY_CONTACT, case="C1")


@pytest.fixture
def rig() -> Rig:
    return Rig.with_other_places()


async def lost(
    rig: Rig,
    message: OutgoingMessage,
    case: Case | None,
    reason: str = PlaceFatal.__name__,
    *more: Entry,
    turn_id: str = "t7",
) -> TurnEnd:
    """The turn of a message that did not arrive, or of which nobody knows."""
    told = control(Kind.UNDELIVERABLE, Author(""), detail=reason, about=message.id)
    held = case is not None and case.state is CaseState.CLAIMED
    state = State.CLOSED if case is None else State.WITH_HUMAN if held else State.ESCALATED
    history = (*HISTORY, *RELAYED, *more)
    taken = claim(told, state=state, case=case, history=history, undelivered=message)
    return await rig.run(replace(taken, turn_id=turn_id))


def doubt(message_id: str) -> Entry:
    """The journal line of a message of which nobody knows whether it arrived."""
    return Entry(Line.UNCONFIRMED, {"message": message_id, "reason": "x"}, START, "t0", 9)


# A word brings another card once


async def test_each_card_and_each_word_is_lost(rig: Rig) -> None:
    """Whatever is posted in the human channel is in doubt: one word of Ada's brings one more card,
    and comes back to her.
    """
    case: Case | None = WAITING
    waiting, cards, told = [CARD_POST, RELAY], 0, []
    for n in range(60):
        if not waiting:
            break
        message = waiting.pop(0)
        reason = NEVER_ARRIVED if message.under else UNCONFIRMED
        end = await lost(rig, message, case, reason, turn_id=f"t{100 + n}")
        case = end.cases[-1] if end.cases else case
        waiting += [one for one in end.outbox if one.for_desk]
        cards += len([one for one in end.outbox if one.card])
        told += said(end)
    assert (waiting, cards, told) == ([], 1, [TO_ADA])


# The channel is shut


async def test_words_for_a_channel_that_is_shut(rig: Rig) -> None:
    """Nobody sees the card there: it goes to the second channel, and the words follow."""
    end = await lost(rig, RELAY, WAITING)
    card, words = end.outbox
    assert (card.conversation, card.card is not None) == (SECOND, True)
    assert (words.conversation, words.under, words.text) == (SECOND, card.id, RELAY.text)
    assert relays(end) == [("2", [words.id], card.id, str(SECOND))]
    assert (end.cases[-1].card_id, end.cases[-1].channel) == (card.id, str(SECOND))
    assert end.state is State.ESCALATED


async def test_whoever_had_the_case_there(rig: Rig) -> None:
    """They cannot go on with it: it waits again, and all are told so."""
    end = await lost(rig, RELAY, OWNED)
    card, words, notice, word = end.outbox
    assert card.card is not None
    assert (card.card.state, card.card.owner) == (CaseState.WAITING, "")
    assert card.buttons == (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
    assert words.text == RELAY.text
    assert notice.text == texts.RELEASED.format(case="C1", name="Linus", expectation=SOON)
    assert (word.text, word.under) == (texts.OWNER_CUT_OFF.format(name="Linus"), card.id)
    assert end.state is State.ESCALATED
    assert (end.cases[-1].owner, end.cases[-1].state) == ("", CaseState.WAITING)
    assert end.timers


async def test_nobody_can_be_reached(rig: Rig) -> None:
    """The words come back; nobody is said to take the case instead."""
    rig.engine.desk_place.second = None
    rig.engine.desk_place.admins = ()
    end = await lost(rig, RELAY, OWNED)
    assert said(end) == [NOBODY, TO_ADA]
    assert (end.state, end.cases[-1].card_id) == (State.ESCALATED, "")
    wish = control(Kind.ASK_PERSON)
    end = await rig.run(claim(wish, state=State.ESCALATED, case=end.cases[-1]))
    assert [one.conversation for one in end.outbox if one.card] == [DESK]
    assert said(end) == [texts.WAITING.format(case="C1")]


async def test_words_that_went_on_before(rig: Rig) -> None:
    """The second channel is shut as well: admins get the case."""
    moved = replace(WAITING, channel=str(SECOND), card_id="t8.1")
    end = await lost(rig, replace(RELAY, under="t8.1", detours=1), moved)
    assert [one.conversation for one in end.outbox] == [*ADMINS, ADMINS[0]]


async def test_words_under_the_card_of_an_incident(rig: Rig) -> None:
    """It is not theirs to move: the incident hears of it, and they wait for where it goes; once,
    because nobody may be there either.
    """
    joined = replace(WAITING, incident="C0", card=None)
    end = await lost(rig, RELAY, joined)
    assert (end.outbox, end.cases, end.elsewhere) == ((), (), (RELAY.id,))
    (news,) = end.timers
    assert (news.message, news.not_before) == (stirring(joined, "t7", "t0.1"), START + 10)
    (waits,) = [one for one in end.journal if one.kind == Line.RELAYED]
    assert (waits.data["messages"], waits.data["text"]) == ((), RELAY.text)
    words = replace(RELAY, id="t8.1", under="t8.0")
    put = replace(RELAYED[0], data={**RELAYED[0].data, "messages": [words.id], "under": "t8.0"})
    there = replace(joined, card_id="t8.0")
    end = await lost(rig, words, there, PlaceFatal.__name__, waits, put)
    assert said(end) == [TO_ADA]
    assert [one.message.revision for one in end.timers] == ["t8.0"]


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        (RowFatal.__name__, ()),
        (PlaceFatal.__name__, (replace(RELAYED[0], data={**RELAYED[0].data, "messages": ()}),)),
        (
            PlaceFatal.__name__,
            (replace(RELAYED[0], data={**RELAYED[0].data, "messages": [RELAY.id, "t4.2"]}),),
        ),
    ],
    ids=["the channel takes others", "whose words nobody knows", "one piece of several"],
)
async def test_words_that_do_not_wait(rig: Rig, reason: str, more: tuple[Entry, ...]) -> None:
    """Of words to many that cannot wait as they were, the employee learns at once."""
    joined = replace(WAITING, incident="C0", card=None)
    end = await lost(rig, RELAY, joined, reason, *more)
    assert said(end) == [TO_ADA]
    assert len(end.timers) == (reason == PlaceFatal.__name__)


async def test_words_when_the_desk_was_taken_away(rig: Rig) -> None:
    """There is no human channel any more, and nobody knows where the card was."""
    rig.engine.desk_place.channel = None
    assert said(await lost(rig, RELAY, CASE)) == [TO_ADA]


# Which card counts instead


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_copy_in_doubt(rig: Rig, arrived: bool) -> None:
    """It counts only if it is known to be there; else there is another, and people are told that
    there may be two.
    """
    case = replace(WAITING, copies=(Copy("t9.9", str(SECOND)),))
    delivered = Entry(Line.DELIVERED, {"message": "t9.9", "ref": "5"}, START, "t0", 10)
    news = (doubt("t9.9"), delivered) if arrived else (doubt("t9.9"),)
    end = await lost(rig, CARD_POST, case, PlaceFatal.__name__, *news)
    if arrived:
        assert (end.cases[-1].card_id, end.cases[-1].copies) == ("t9.9", ())
        return
    card, word = end.outbox
    assert (card.conversation, word.text, word.under) == (SECOND, texts.SHOWN_TWICE, card.id)
    assert (end.cases[-1].card_id, end.cases[-1].copies) == (card.id, case.copies)


# What was taken back


@pytest.mark.parametrize(
    ("message", "way", "gone"),
    [(RELAY, TO_DESK, Line.DELETED), (WORDS, TO_EMPLOYEE, Line.STAFF_DELETED)],
)
async def test_words_that_were_deleted(
    rig: Rig, message: OutgoingMessage, way: str, gone: Line
) -> None:
    """Nothing is said of them, and they go nowhere; nor is anything said of their deletion, if they
    may not have arrived.
    """
    post = RELAYED[way == TO_EMPLOYEE].data["post"]
    line = Entry(gone, {"id": post}, START, "t6", 9)
    deletion = replace(message, id="t6.1", replaces=message.id, text="_(deleted)_")
    for one in (message, deletion):
        for reason in (PlaceFatal.__name__, UNCONFIRMED):
            end = await lost(rig, one, OWNED, reason, line, doubt(message.id))
            assert (end.outbox, end.elsewhere, end.cases) == ((), (one.id,), ())


async def test_a_deletion_that_the_employee_does_not_see(rig: Rig) -> None:
    """Linus took back what Ada has read: he learns that she reads it still."""
    line = Entry(Line.STAFF_DELETED, {"id": "irc:#desk:78"}, START, "t6", 9)
    deletion = replace(WORDS, id="t6.1", replaces=WORDS.id, text="**Linus:** _(deleted)_")
    end = await lost(rig, deletion, OWNED, PlaceFatal.__name__, line)
    assert "(deleted)" in end.outbox[0].text
    assert end.outbox[0].tone is Tone.NOTICE


# What is read once


async def test_words_that_follow_are_not_on_the_card(rig: Rig) -> None:
    """They stand under the new card, what was said before them stands on it; so does everything if
    it is only a reminder that is lost.
    """
    end = await lost(rig, RELAY, WAITING)
    card, words = end.outbox
    assert card.card is not None
    assert (card.card.transcript, words.text) == (("Ada: Leave?",), RELAY.text)
    reminder = replace(RELAY, id="t6.1", under="", tone=Tone.NOTICE)
    end = await lost(rig, reminder, WAITING)
    assert end.outbox[0].card is not None
    assert end.outbox[0].card.transcript == ("Ada: Leave?", "G: Hi")
