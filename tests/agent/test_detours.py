"""What cannot be delivered: the next way is tried, and every chain of ways ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import CaseState, Cause
from agent.detours import PIECE
from agent.errors import PlaceFatal, RowFatal
from agent.journal import Line
from agent.messages import Author, Button, ConversationId, Kind, OutgoingMessage, Tone
from agent.records import Entry, TurnEnd
from agent.state import State
from tests.support.clock import START
from tests.support.engine import CARD, CASE, DESK, PLACE, Rig, claim, control, said

SECOND = ConversationId("irc", "net", "#second")
DIRECT = ConversationId("irc", "net", "@ada")
ADMINS = [ConversationId("irc", "net", f"@{name}") for name in ("root", "ops")]
ANSWER = OutgoingMessage("t3.1", PLACE, "27 days.", tone=Tone.ANSWER, feedback=True, to="ada")
CARD_POST = OutgoingMessage("t0.1", DESK, "Case C1", tone=Tone.NOTICE, card=CARD)
RELAY = OutgoingMessage("t4.1", DESK, "**Ada:** Hello?", tone=Tone.NOTICE, under="t0.1")
HISTORY = (
    Entry(Line.SAID, {"id": "1", "author": "ada", "name": "Ada", "text": "Leave?"}, START, "t3", 1),
    Entry(Line.SAID, {"id": "2", "author": "grace", "name": "G", "text": "Hi"}, START, "t4", 2),
)


@pytest.fixture
def rig() -> Rig:
    one = Rig()
    one.engine.desk_place.second = SECOND
    one.engine.desk_place.admins = ("irc:root", "irc:ops")
    return one


async def dead(
    rig: Rig,
    message: OutgoingMessage | None,
    *,
    state: State = State.IDLE,
    reason: type[Exception] = PlaceFatal,
    with_case: bool = False,
) -> TurnEnd:
    """The turn of a message that cannot be delivered."""
    about = message.id if message else "t3.1"
    told = replace(control(Kind.UNDELIVERABLE, detail=reason.__name__, about=about))
    told = replace(told, author=Author(""))
    case = CASE if with_case else None
    return await rig.run(claim(told, state=state, case=case, history=HISTORY, undelivered=message))


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
    end = await dead(rig, long, reason=RowFatal)
    assert " ".join(said(end)) == text
    assert all(len(piece) <= PIECE for piece in said(end))
    assert [bool(message.buttons) for message in end.outbox] == [False] * 4 + [True]
    endless = await dead(rig, replace(ANSWER, text="x" * 4000), reason=RowFatal)
    assert "".join(said(endless)) == "x" * 4000


async def test_a_card_goes_to_the_second_channel(rig: Rig) -> None:
    """The case is there from then on."""
    end = await dead(rig, CARD_POST, state=State.ESCALATED, with_case=True)
    (message,) = end.outbox
    assert (message.conversation, message.card) == (SECOND, CARD)
    assert (end.cases[0].channel, end.cases[0].card_id) == (str(SECOND), message.id)


@pytest.mark.parametrize("second", [None, DESK])
async def test_a_card_goes_to_the_admins(rig: Rig, second: ConversationId | None) -> None:
    """Each gets it; the first one's is where the case is."""
    rig.engine.desk_place.second = second
    end = await dead(rig, CARD_POST, state=State.ESCALATED, with_case=True)
    assert [message.conversation for message in end.outbox] == ADMINS
    assert end.cases[0].channel == str(ADMINS[0])


async def test_a_card_that_the_second_channel_refuses_goes_to_the_admins(rig: Rig) -> None:
    """The chain goes on."""
    again = replace(CARD_POST, conversation=SECOND, detours=1)
    end = await dead(rig, again, state=State.ESCALATED, with_case=True)
    assert [message.detours for message in end.outbox] == [2, 2]
    first, second = end.outbox
    card_of_first = replace(first, id="t0.1")
    end = await dead(rig, card_of_first, state=State.ESCALATED, with_case=True)
    (message,) = end.outbox
    assert (message.conversation, message.detours) == (second.conversation, 3)
    assert end.cases[0].card_id == message.id


async def test_a_card_that_nobody_can_get(rig: Rig) -> None:
    """The employee is not left waiting for people who never heard."""
    last = replace(CARD_POST, detours=3)
    end = await dead(rig, last, state=State.ESCALATED, with_case=True)
    contact = texts.NOBODY_CONTACT
    assert said(end) == [texts.NOBODY_REACHED.format(contact=contact, case="C1")]
    rig.platform.refused |= {"root": PlaceFatal(), "ops": PlaceFatal()}
    rig.engine.desk_place.admins = ("irc:root", "irc:ops", "icq:7", "")
    again = replace(CARD_POST, detours=1)
    end = await dead(rig, again, state=State.ESCALATED, with_case=True)
    assert said(end) == [texts.NOBODY_REACHED.format(contact=contact, case="C1")]


async def test_the_card_of_a_case_that_is_over_or_elsewhere(rig: Rig) -> None:
    """Nobody needs it any more."""
    assert (await dead(rig, CARD_POST)).outbox == ()
    other = replace(CARD_POST, id="t9.9")
    assert (await dead(rig, other, state=State.ESCALATED, with_case=True)).outbox == ()


async def test_words_for_people_follow_the_card(rig: Rig) -> None:
    """They were written for a card that is elsewhere by now."""
    relay = replace(RELAY, under="t0.0")
    (message,) = (await dead(rig, relay, state=State.ESCALATED, with_case=True)).outbox
    assert (message.under, message.text) == ("t0.1", RELAY.text)


async def test_words_for_people_come_back(rig: Rig) -> None:
    """Their author is told, and whom to ask instead."""
    for with_case in (True, False):
        end = await dead(rig, RELAY, state=State.ESCALATED, with_case=with_case)
        (text,) = said(end)
        assert "Hello?" in text
        assert texts.NOBODY_CONTACT in text


async def test_what_needs_no_other_way(rig: Rig) -> None:
    """An edit that cannot be made, or a row that is gone: only the journal knows."""
    for message in (replace(ANSWER, replaces="t2.1"), None):
        end = await dead(rig, message)
        assert end.outbox == ()
        assert [entry.kind for entry in end.journal] == ["failed", "turn"]


async def test_the_desk_is_gone_too(rig: Rig) -> None:
    """No way to the employee, none to people: the contact is named as far as words reach."""
    rig.engine.desk_place.channel = None
    end = await dead(rig, replace(ANSWER, detours=1))
    assert said(end) == [texts.NOBODY.format(contact=texts.NOBODY_CONTACT)]


async def test_every_chain_ends(rig: Rig) -> None:
    """Whatever is said, and however often every place refuses it, one day nothing is said."""
    rig.engine.desk_place.channel = DESK
    waiting = [ANSWER, replace(ANSWER, text="x y " * 900), replace(ANSWER, tone=Tone.NOTICE)]
    seen = 0
    case, state = None, State.IDLE
    while waiting:
        message = waiting.pop(0)
        told = control(Kind.UNDELIVERABLE, detail="RowFatal", about=message.id)
        told = replace(told, author=Author(""))
        taken = claim(told, state=state, case=case, history=HISTORY, undelivered=message)
        end = await rig.run(replace(taken, turn_id=f"t{100 + seen}"))
        state, case = end.state, end.cases[-1] if end.cases else case
        waiting += end.outbox
        seen += 1
        assert seen < 100
    assert case is not None
    assert case.state is CaseState.WAITING
