"""Words of which nobody can tell whether they arrived: whoever wrote them is told, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case
from agent.detours.sending import QUOTED
from agent.journal import TO_DESK, TO_EMPLOYEE, Line
from agent.messages import Author, ConversationId, Kind, OutgoingMessage, Tone
from agent.records import Entry, TurnEnd, Unconfirmed
from agent.settling import UNCONFIRMED
from agent.state import Event, State
from tests.support.clock import START
from tests.support.engine import CASE, DESK, HELD, PLACE, SECOND, Rig, after, claim, control, said

OVER = ConversationId("irc", "net", "#before")
OF_STAFF = OutgoingMessage("t5.1", PLACE, "**Linus:** Hello!", tone=Tone.PERSON, to="ada")
OF_ADA = OutgoingMessage(
    "t4.1", DESK, "**Ada:** Hello?", tone=Tone.PERSON, under="t0.1", for_desk=True
)
TO_LINUS = texts.MAY_NOT_BE_DELIVERED.format(whom=texts.THE_EMPLOYEE, text=OF_STAFF.text)
TO_ADA = texts.MAY_NOT_BE_RELAYED.format(text=OF_ADA.text)


def passed_on(message: OutgoingMessage, to: str, place: ConversationId = DESK) -> Entry:
    """The journal line of words that were passed on in one message."""
    words = {"post": message.id, "case": "C1", "to": to, "messages": [message.id]}
    return Entry(Line.RELAYED, {**words, "place": str(place), "under": "t0.1"}, START, "t4", 3)


RELAYED = (passed_on(OF_ADA, TO_DESK), passed_on(OF_STAFF, TO_EMPLOYEE))


async def doubted(
    rig: Rig,
    message: OutgoingMessage,
    *,
    case: Case | None = HELD,
    history: tuple[Entry, ...] = RELAYED,
    unconfirmed: tuple[Unconfirmed, ...] = (),
) -> TurnEnd:
    """The turn of a message that may not have arrived."""
    told = control(Kind.UNDELIVERABLE, Author(""), detail=UNCONFIRMED, about=message.id)
    return await rig.run(
        claim(
            told,
            state=State.WITH_HUMAN if case else State.CLOSED,
            case=case,
            history=history,
            undelivered=message,
            unconfirmed=unconfirmed,
        )
    )


async def test_words_of_staff(rig: Rig) -> None:
    """Whoever wrote them reads so in the case's thread; they are not sent again: they may be there,
    and stay in doubt for those who look after the outbox.
    """
    end = await doubted(rig, OF_STAFF)
    (note,) = end.outbox
    assert note.text == TO_LINUS
    assert (note.conversation, note.under, note.tone, note.to) == (DESK, "t0.1", Tone.NOTICE, "")
    assert (end.elsewhere, end.again, end.mentioned, end.cases) == ((), (), (), ())
    assert end.state is State.WITH_HUMAN


async def test_words_of_an_employee(rig: Rig) -> None:
    """They are told in their own conversation, also while a person has the case."""
    end = await doubted(rig, OF_ADA)
    (notice,) = end.outbox
    assert notice.text == TO_ADA
    assert (notice.conversation, notice.to, notice.tone) == (PLACE, "ada", Tone.NOTICE)
    assert (end.elsewhere, end.again, end.cases) == ((), (), ())


@pytest.mark.parametrize("message", [OF_STAFF, OF_ADA])
async def test_whoever_was_told_is_not_told_again(rig: Rig, message: OutgoingMessage) -> None:
    """The same message comes back a second time, after somebody wanted it once more; another one
    is told of.
    """
    history = (*RELAYED, *after(await doubted(rig, message), 9))
    assert (await doubted(rig, message, history=history)).outbox == ()
    other = replace(message, id="t9.1")
    line = passed_on(other, TO_DESK if other.for_desk else TO_EMPLOYEE)
    assert len((await doubted(rig, other, history=(*history, line))).outbox) == 1


@pytest.mark.parametrize("message", [OF_STAFF, OF_ADA])
async def test_what_tells_of_a_doubt_is_nobodys_words(rig: Rig, message: OutgoingMessage) -> None:
    """So nothing comes back of it if it is in doubt itself; and if it did, nobody would hear."""
    (note,) = (await doubted(rig, message)).outbox
    assert note.tone is not Tone.PERSON
    assert (await doubted(rig, note)).outbox == ()


async def test_a_long_message_is_quoted(rig: Rig) -> None:
    """On one line, and only its beginning."""
    for message, place in ((OF_STAFF, DESK), (OF_ADA, PLACE)):
        long = replace(message, text="**Linus:** a\nword " + "x" * 2 * QUOTED)
        (text,) = said(await doubted(rig, long), place)
        assert "**Linus:** a word xxx" in text
        assert "x…" in text
        assert "x" * QUOTED not in text


async def test_words_of_staff_whose_case_is_over(rig: Rig) -> None:
    """They are told where they wrote, if that is still known."""
    other = replace(HELD, id="C9", card_id="t8.1")
    history = (passed_on(OF_STAFF, TO_EMPLOYEE, OVER),)
    for case in (None, other):
        (note,) = (await doubted(rig, OF_STAFF, case=case, history=history)).outbox
        assert (note.text, note.conversation, note.under) == (TO_LINUS, OVER, "t0.1")
    assert (await doubted(rig, OF_STAFF, case=None, history=())).outbox == ()


async def test_words_of_an_employee_for_a_card_that_is_elsewhere(rig: Rig) -> None:
    """They may be under the one that counted before: they are not put under this one as well."""
    moved = replace(CASE, card_id="t8.1", channel=str(SECOND))
    end = await doubted(rig, OF_ADA, case=moved)
    assert [(one.text, one.conversation) for one in end.outbox] == [(TO_ADA, PLACE)]


async def test_other_words_that_may_not_have_arrived(rig: Rig) -> None:
    """Nobody wrote them, so nobody is told, whatever a store hands out."""
    answer = replace(OF_STAFF, tone=Tone.ANSWER)
    reminder = replace(OF_ADA, tone=Tone.NOTICE, under="")
    for message in (answer, replace(answer, tone=Tone.NOTICE), reminder):
        end = await doubted(rig, message)
        assert (end.outbox, end.cases, end.elsewhere) == ((), (), ())


# Beside what an employee is told of at the next contact


async def test_words_of_staff_at_the_next_contact(rig: Rig) -> None:
    """Their reader is told with the next thing that is said to them, as of any message, and once:
    the turn that tells their author says nothing to them.
    """
    lost = Unconfirmed(OF_STAFF, mentioned=False)
    end = await doubted(rig, OF_STAFF, unconfirmed=(lost,))
    assert (said(end), end.mentioned) == ([], ())
    left = control(Kind.LEAVE_QUEUE)
    end = await rig.run(claim(left, state=State.WITH_HUMAN, case=HELD, unconfirmed=(lost,)))
    assert said(end)[-1] == texts.MAY_BE_LOST
    assert end.mentioned == (OF_STAFF.id,)


async def test_an_employee_who_is_told_of_their_own_words(rig: Rig) -> None:
    """That is a contact: what people wrote and may have been lost is mentioned with it, once. Their
    own words are nothing that could be repeated to them.
    """
    lost = Unconfirmed(OF_STAFF, mentioned=False)
    end = await doubted(rig, OF_ADA, unconfirmed=(lost,))
    assert said(end) == [TO_ADA, texts.MAY_BE_LOST]
    assert end.mentioned == (OF_STAFF.id,)
    end = await doubted(rig, OF_ADA, unconfirmed=(replace(lost, mentioned=True),))
    assert (said(end), end.mentioned) == ([TO_ADA], ())


async def test_a_repeat_is_lost_as_well(rig: Rig) -> None:
    """Ada has it sent once more, which tells nobody anything new: its author knows."""
    first = await doubted(rig, OF_STAFF)
    lost = Unconfirmed(OF_STAFF, mentioned=True)
    wanted = replace(control(Kind.MESSAGE), text="repeat", direct=True)
    again = await rig.run(claim(wanted, state=State.WITH_HUMAN, case=HELD, unconfirmed=(lost,)))
    assert (again.outcome, again.again) == (Event.REPEAT_ASKED, (OF_STAFF.id,))
    history = (*RELAYED, *after(first, 9), *after(again, 20))
    assert (await doubted(rig, OF_STAFF, history=history)).outbox == ()
