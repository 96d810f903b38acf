"""What cannot be delivered: the next way is tried, and every chain of ways ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState, Cause, Copy
from agent.detours.sending import PIECE
from agent.errors import PlaceFatal, RowFatal
from agent.journal import Line
from agent.messages import Author, Button, ConversationId, Kind, OutgoingMessage, Tone
from agent.records import Entry, TurnEnd
from agent.settling import UNCONFIRMED
from agent.state import State
from tests.support.clock import START
from tests.support.engine import CARD, CASE, DESK, PLACE, SECOND, THREAD, Rig, claim, control, said

DIRECT = ConversationId("irc", "net", "@ada")
ADMINS = [ConversationId("irc", "net", f"@{name}") for name in ("root", "ops")]
ANSWER = OutgoingMessage("t3.1", PLACE, "27 days.", tone=Tone.ANSWER, feedback=True, to="ada")
CARD_POST = OutgoingMessage("t0.1", DESK, "Case C1", tone=Tone.NOTICE, card=CARD)
RELAY = OutgoingMessage(
    "t4.1", DESK, "**Ada:** Hello?", tone=Tone.PERSON, under="t0.1", for_desk=True
)
REMINDER = OutgoingMessage("t6.1", DESK, "**Reminder:** …", tone=Tone.NOTICE, for_desk=True)
WORDS = OutgoingMessage("t5.1", PLACE, "**Linus:** Hello!", tone=Tone.PERSON, to="ada")
HISTORY = (
    Entry(Line.SAID, {"id": "1", "author": "ada", "name": "Ada", "text": "Leave?"}, START, "t3", 1),
    Entry(Line.SAID, {"id": "2", "author": "grace", "name": "G", "text": "Hi"}, START, "t4", 2),
)


def passed_on(message: OutgoingMessage, to: str, post: str) -> Entry:
    """The journal line of words that were passed on in one message."""
    words = {"post": post, "case": "C1", "to": to, "messages": [message.id]}
    return Entry(Line.RELAYED, {**words, "place": str(DESK), "under": "t0.1"}, START, "t4", 3)


SHOWN = replace(CARD, transcript=("Ada: Leave?", "G: Hi"))
"""The card with what was said until then."""
RELAYED = (passed_on(RELAY, "desk", "2"), passed_on(WORDS, "employee", "irc:#desk:78"))


@pytest.fixture
def rig() -> Rig:
    return Rig.with_other_places()


async def dead(
    rig: Rig,
    message: OutgoingMessage | None,
    *,
    state: State = State.IDLE,
    reason: str = PlaceFatal.__name__,
    with_case: bool = False,
    case: Case | None = None,
    more: tuple[Entry, ...] = (),
) -> TurnEnd:
    """The turn of a message that cannot be delivered."""
    about = message.id if message else "t3.1"
    told = replace(control(Kind.UNDELIVERABLE, detail=reason, about=about))
    told = replace(told, author=Author(""))
    case = CASE if with_case else case
    history = (*HISTORY, *RELAYED, *more)
    return await rig.run(claim(told, state=state, case=case, history=history, undelivered=message))


def relays(end: TurnEnd) -> list[tuple[str, list[str], str, str]]:
    """Whose words a turn says are in which messages now, under which card, where."""
    lines = [one.data for one in end.journal if one.kind == Line.RELAYED]
    return [(one["post"], list(one["messages"]), one["under"], one["place"]) for one in lines]


async def test_an_answer_goes_to_its_author_directly(rig: Rig) -> None:
    """The one whose question it was, not whoever wrote last."""
    end = await dead(rig, ANSWER)
    (message,) = end.outbox
    assert end.elsewhere == (ANSWER.id,)
    assert message.conversation == DIRECT
    assert message.text == f"_{texts.ELSEWHERE}_\n\n27 days."
    assert (message.detours, message.feedback) == (1, True)


async def test_an_answer_that_cannot_go_there_either_becomes_a_case(rig: Rig) -> None:
    """The people read what the bot would have said."""
    end = await dead(rig, replace(ANSWER, conversation=DIRECT, detours=1))
    assert end.cases[0].cause is Cause.UNDELIVERABLE
    assert end.cases[0].employee_id == "ada"
    assert end.state is State.ESCALATED
    card = end.outbox[0].card
    assert card is not None
    assert card.draft == "27 days."


async def test_the_direct_conversation_was_where_it_failed(rig: Rig) -> None:
    """It is not tried again; people take it."""
    end = await dead(rig, replace(ANSWER, conversation=DIRECT))
    assert end.cases[0].cause is Cause.UNDELIVERABLE


async def test_somebody_who_cannot_be_written_to(rig: Rig) -> None:
    """No direct conversation: people take it."""
    rig.platform.refused["ada"] = PlaceFatal()
    assert (await dead(rig, ANSWER)).cases[0].cause is Cause.UNDELIVERABLE


async def test_an_answer_while_people_have_the_case(rig: Rig) -> None:
    """It is shown to them in the case's thread; there is no second case."""
    late = replace(ANSWER, detours=1)
    end = await dead(rig, late, state=State.WITH_HUMAN, with_case=True)
    assert end.cases == ()
    (message,) = end.outbox
    assert (message.under, message.conversation) == ("t0.1", DESK)
    assert "27 days." in message.text


async def test_an_answer_for_people_whose_case_is_lost(rig: Rig) -> None:
    """There is nowhere to show it."""
    assert (await dead(rig, replace(ANSWER, detours=1), state=State.WITH_HUMAN)).outbox == ()


async def test_a_notice_is_tried_once_more_and_no_further(rig: Rig) -> None:
    """Nobody opens a case over a receipt."""
    notice = replace(ANSWER, tone=Tone.NOTICE)
    (message,) = (await dead(rig, notice)).outbox
    assert message.conversation == DIRECT
    assert (await dead(rig, message)).outbox == ()


async def test_a_question_for_approval_is_not_moved(rig: Rig) -> None:
    """A press in another conversation would decide nothing: people take it."""
    question = replace(ANSWER, tone=Tone.NOTICE, buttons=(Button.APPROVE, Button.DENY))
    end = await dead(rig, question, state=State.AWAITING_APPROVAL)
    assert end.cases[0].cause is Cause.UNDELIVERABLE


async def test_a_text_that_is_too_long_goes_in_pieces(rig: Rig) -> None:
    """No word is lost, and the buttons stay under the end of it."""
    text = " ".join(f"word{n}" for n in range(800))
    long = replace(ANSWER, text=text, buttons=(Button.ASK_PERSON,))
    end = await dead(rig, long, reason=RowFatal.__name__)
    assert " ".join(said(end)) == text
    assert all(len(piece) <= PIECE for piece in said(end))
    assert [bool(message.buttons) for message in end.outbox] == [False] * 4 + [True]
    endless = await dead(rig, replace(ANSWER, text="x" * 4000), reason=RowFatal.__name__)
    assert "".join(said(endless)) == "x" * 4000


async def test_a_card_goes_to_the_second_channel(rig: Rig) -> None:
    """The case is there from then on."""
    end = await dead(rig, CARD_POST, state=State.ESCALATED, with_case=True)
    (message,) = end.outbox
    assert (message.conversation, message.card) == (SECOND, SHOWN)
    assert (end.cases[0].channel, end.cases[0].card_id) == (str(SECOND), message.id)


@pytest.mark.parametrize("second", [None, DESK])
async def test_a_card_goes_to_the_admins(rig: Rig, second: ConversationId | None) -> None:
    """Each gets it; the first one's counts, the others are copies."""
    rig.engine.desk_place.second = second
    end = await dead(rig, CARD_POST, state=State.ESCALATED, with_case=True)
    assert [message.conversation for message in end.outbox] == ADMINS
    first, other = end.outbox
    assert first.buttons == (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
    (case,) = end.cases
    assert (case.card_id, case.channel) == (first.id, str(ADMINS[0]))
    assert case.copies == (Copy(other.id, str(ADMINS[1])),)


async def test_a_card_that_the_second_channel_refuses_goes_to_the_admins(rig: Rig) -> None:
    """The chain goes on, from one admin's card to the next."""
    again = replace(CARD_POST, conversation=SECOND, detours=1)
    end = await dead(rig, again, state=State.ESCALATED, with_case=True)
    first, second = end.outbox
    assert (first.detours, second.detours) == (2, 2)
    end = await dead(rig, first, state=State.ESCALATED, case=end.cases[0])
    assert (end.outbox, end.elsewhere) == ((), (first.id,))
    (case,) = end.cases
    assert (case.card_id, case.channel, case.copies) == (second.id, str(ADMINS[1]), ())
    end = await dead(rig, second, state=State.ESCALATED, case=case)
    contact = texts.NOBODY_CONTACT
    assert said(end) == [texts.NOBODY_REACHED.format(contact=contact, case="C1")]
    assert end.outbox[0].to == "ada"


async def test_a_card_that_nobody_can_get(rig: Rig) -> None:
    """The employee is not left waiting for people who never heard."""
    contact = texts.NOBODY_CONTACT
    rig.platform.refused |= {"root": PlaceFatal(), "ops": PlaceFatal()}
    rig.engine.desk_place.admins = ("irc:root", "irc:ops", "icq:7", "")
    again = replace(CARD_POST, detours=1)
    end = await dead(rig, again, state=State.ESCALATED, with_case=True)
    assert said(end) == [texts.NOBODY_REACHED.format(contact=contact, case="C1")]


async def test_a_further_card_that_cannot_be_delivered(rig: Rig) -> None:
    """The case has its own; nobody is told of the other."""
    copied = replace(CASE, copies=(Copy("t9.9", str(SECOND)), Copy("t9.8", str(ADMINS[0]))))
    further = replace(CARD_POST, id="t9.9", conversation=SECOND)
    end = await dead(rig, further, state=State.ESCALATED, case=copied)
    assert end.outbox == ()
    assert end.cases[0].copies == (Copy("t9.8", str(ADMINS[0])),)


async def test_a_card_that_may_not_have_arrived(rig: Rig) -> None:
    """It is not posted again at once, because it may be there and is found by a press on it; but
    what the employee writes, or a word that was to stand under it, brings another.
    """
    end = await dead(rig, CARD_POST, state=State.ESCALATED, with_case=True, reason=UNCONFIRMED)
    assert (end.outbox, end.elsewhere) == ((), ())
    (case,) = end.cases
    assert (case.card_id, case.copies) == ("", (Copy(CARD_POST.id, str(DESK)),))
    under = RELAY
    end = await dead(rig, under, state=State.ESCALATED, case=case)
    again, word, words = end.outbox
    assert (again.conversation, again.card, again.detours) == (DESK, SHOWN, 0)
    assert again.buttons == (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
    assert (word.text, word.under, word.to) == (texts.SHOWN_TWICE, again.id, "")
    assert (words.text, words.under) == (under.text, again.id)
    assert (end.cases[-1].card_id, end.cases[-1].copies) == (again.id, case.copies)


async def test_a_further_card_that_may_not_have_arrived(rig: Rig) -> None:
    """The case has its own; this one may be there and is kept."""
    copied = replace(CASE, copies=(Copy("t9.9", str(SECOND)),))
    further = replace(CARD_POST, id="t9.9", conversation=SECOND)
    end = await dead(rig, further, state=State.ESCALATED, case=copied, reason=UNCONFIRMED)
    assert (end.outbox, end.cases) == ((), ())


@pytest.mark.parametrize("state", [CaseState.WAITING, CaseState.CLAIMED])
async def test_a_channel_that_takes_no_reminder(rig: Rig, state: CaseState) -> None:
    """Nobody sees the card there: it goes on as if it had never been taken."""
    shown = replace(CASE, channel=str(DESK), state=state)
    end = await dead(rig, REMINDER, state=State.ESCALATED, case=shown)
    (message,) = end.outbox
    assert (message.conversation, message.card) == (SECOND, SHOWN)
    assert (end.cases[0].channel, end.cases[0].card_id) == (str(SECOND), message.id)
    copied = replace(shown, copies=(Copy("t9.9", str(DESK)), Copy("t9.8", str(ADMINS[0]))))
    end = await dead(rig, REMINDER, state=State.ESCALATED, case=copied)
    assert [(one.replaces, one.card) for one in end.outbox] == [("t9.8", SHOWN)]
    assert (end.cases[0].card_id, end.cases[0].copies) == ("t9.8", ())
    rig.engine.desk_place.second = None
    end = await dead(rig, REMINDER, state=State.ESCALATED, case=shown)
    assert [message.conversation for message in end.outbox] == ADMINS


async def test_what_only_people_were_to_read(rig: Rig) -> None:
    """A note that is shown at the desk, an answer to somebody there: whatever becomes of it, the
    employee does not get it.
    """
    note = replace(REMINDER, conversation=THREAD, text="**Linus:** // she is a pain")
    for message in (note, replace(note, for_desk=False)):
        for state, case in ((State.ESCALATED, CASE), (State.IDLE, None)):
            assert (await dead(rig, message, state=state, case=case)).outbox == ()
    for case in (None, replace(CASE, card=None, card_id="")):
        assert (await dead(rig, REMINDER, state=State.ESCALATED, case=case)).outbox == ()


async def test_the_card_of_a_case_that_is_over_or_elsewhere(rig: Rig) -> None:
    """Nobody needs it any more."""
    assert (await dead(rig, CARD_POST)).outbox == ()
    other = replace(CARD_POST, id="t9.9")
    assert (await dead(rig, other, state=State.ESCALATED, with_case=True)).outbox == ()


async def test_words_for_people_follow_the_card(rig: Rig) -> None:
    """They were written for a card that is elsewhere by now; edits find them there."""
    moved = replace(CASE, card_id="t8.1", channel=str(SECOND))
    for message in (RELAY, replace(RELAY, id="t6.1", replaces=RELAY.id)):
        end = await dead(rig, message, state=State.ESCALATED, case=moved)
        (again,) = end.outbox
        assert (again.under, again.text, again.replaces) == ("t8.1", RELAY.text, "")
        assert relays(end) == [("2", [again.id], "t8.1", str(SECOND))]


async def test_words_for_people_come_back(rig: Rig) -> None:
    """Their author is told, and whom to ask instead."""
    for with_case in (True, False):
        reason = RowFatal.__name__
        end = await dead(rig, RELAY, state=State.ESCALATED, with_case=with_case, reason=reason)
        (text,) = said(end)
        assert "Hello?" in text
        assert texts.NOBODY_CONTACT in text


async def test_a_word_of_ours_under_a_card(rig: Rig) -> None:
    """Nobody wrote it: nobody misses it, wherever the card is now."""
    word = replace(RELAY, id="t6.1", tone=Tone.NOTICE)
    lost = replace(CASE, card_id="", copies=(Copy("t0.1", str(DESK)),))
    for case in (CASE, replace(CASE, card_id="t8.1"), lost):
        assert (await dead(rig, word, state=State.ESCALATED, case=case)).outbox == ()


@pytest.mark.parametrize("message", [WORDS, replace(WORDS, id="t6.1", replaces=WORDS.id)])
async def test_words_of_people_come_back(rig: Rig, message: OutgoingMessage) -> None:
    """Whoever wrote them reads in the thread that they did not arrive; also what they changed."""
    end = await dead(rig, message, state=State.WITH_HUMAN, with_case=True)
    (back,) = end.outbox
    assert back.text == f"{texts.NOT_DELIVERED.format(whom=texts.THE_EMPLOYEE)}\n**Linus:** Hello!"
    assert (back.conversation, back.under, back.tone) == (DESK, "t0.1", Tone.NOTICE)
    assert end.elsewhere == (message.id,)
    assert end.cases == ()


async def test_words_of_people_whose_case_is_over(rig: Rig) -> None:
    """They come back to where they were written, if that is still known."""
    other = replace(CASE, id="C9", card_id="t8.1")
    for case, state in ((None, State.CLOSED), (other, State.ESCALATED)):
        end = await dead(rig, WORDS, state=state, case=case)
        (back,) = end.outbox
        assert (back.conversation, back.under) == (DESK, "t0.1")
        assert end.state is state
    assert (await dead(rig, replace(WORDS, id="t1.1"), state=State.CLOSED)).outbox == ()


async def test_words_of_people_that_are_too_long_go_in_pieces(rig: Rig) -> None:
    """No word is lost, and an edit finds all of them."""
    long = replace(WORDS, text=" ".join(f"word{n}" for n in range(300)))
    end = await dead(rig, long, state=State.WITH_HUMAN, with_case=True, reason=RowFatal.__name__)
    assert " ".join(said(end)) == long.text
    assert {one.tone for one in end.outbox} == {Tone.PERSON}
    ids = [one.id for one in end.outbox]
    assert len(ids) == 2
    assert relays(end) == [("irc:#desk:78", ids, "t0.1", str(DESK))]


async def test_an_answer_for_people_whose_case_is_not_shown(rig: Rig) -> None:
    """There is no card yet to put it under."""
    hidden = replace(CASE, card=None, card_id="")
    end = await dead(rig, replace(ANSWER, detours=1), state=State.ESCALATED, case=hidden)
    assert end.outbox == ()


async def test_what_needs_no_other_way(rig: Rig) -> None:
    """An edit that cannot be made, or a row that is gone: only the journal knows."""
    for message in (replace(ANSWER, replaces="t2.1"), None):
        end = await dead(rig, message)
        assert end.outbox == ()
        assert [entry.kind for entry in end.journal] == ["failed", "turn"]


async def test_the_edit_of_a_card_that_did_not_arrive(rig: Rig) -> None:
    """Nobody has to look after it: that the card is in doubt is told by the card itself."""
    doubt = Entry(Line.UNCONFIRMED, {"message": CARD_POST.id, "reason": "x"}, START, "t0", 9)
    edit = replace(CARD_POST, id="t8.2", replaces=CARD_POST.id)
    for more, elsewhere in (((doubt,), (edit.id,)), ((), ())):
        assert (await dead(rig, edit, more=more)).elsewhere == elsewhere


async def test_the_desk_is_gone_too(rig: Rig) -> None:
    """No way to the employee, none to people: the contact is named as far as words reach."""
    rig.engine.desk_place.channel = None
    end = await dead(rig, replace(ANSWER, detours=1))
    assert said(end) == [texts.NOBODY.format(contact=texts.NOBODY_CONTACT)]


async def test_every_chain_ends(rig: Rig) -> None:
    """Whatever is said, and however often every place refuses it, one day nothing is said."""
    rig.engine.desk_place.channel = DESK
    waiting = [ANSWER, replace(ANSWER, text="x y " * 900), replace(ANSWER, tone=Tone.NOTICE)]
    waiting += [REMINDER, RELAY, WORDS, replace(WORDS, text="x y " * 900)]
    seen = 0
    case, state = None, State.IDLE
    while waiting:
        message = waiting.pop(0)
        told = control(Kind.UNDELIVERABLE, detail="RowFatal", about=message.id)
        told = replace(told, author=Author(""))
        taken = claim(
            told, state=state, case=case, history=(*HISTORY, *RELAYED), undelivered=message
        )
        end = await rig.run(replace(taken, turn_id=f"t{100 + seen}"))
        state, case = end.state, end.cases[-1] if end.cases else case
        waiting += end.outbox
        seen += 1
        assert seen < 100
    assert case is not None
    assert case.state is CaseState.WAITING
