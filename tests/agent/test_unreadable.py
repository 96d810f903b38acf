"""What was to be sent, and cannot be read any more: it is said again as far as it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent import texts
from agent.errors import PlaceFatal
from agent.journal import TO_OTHER_CARDS, Line
from agent.messages import Author, Kind
from agent.records import Entry, TurnEnd
from agent.settling import UNREADABLE
from agent.state import State
from tests.agent.test_detours import ANSWER, HISTORY, RELAY, RELAYED, WORDS, passed_on
from tests.support.clock import START
from tests.support.engine import CASE, DESK, Rig, claim, control, said

COPY = replace(WORDS, id="t7.1", for_desk=True)
COPIED = passed_on(COPY, TO_OTHER_CARDS, "irc:#desk:78 colleagues")


async def unreadable(rig: Rig, about: str, reason: str = UNREADABLE.reason, **more: Any) -> TurnEnd:
    """The turn of a message whose row is damaged."""
    told = control(Kind.UNDELIVERABLE, Author(""), detail=reason, about=about)
    lines = {"message": "t3.1", "text": "27 days."}
    history = (*HISTORY, *RELAYED, COPIED, Entry(Line.ANSWERED, lines, START, "t3", 9))
    return await rig.run(claim(told, history=history, **more))


async def test_an_answer_that_cannot_be_read(rig: Rig) -> None:
    """The journal has its words; of what it does not know nothing is said."""
    assert said(await unreadable(rig, ANSWER.id)) == ["27 days."]
    assert (await unreadable(rig, "t9.9")).outbox == ()


async def test_a_card_that_cannot_be_read(rig: Rig) -> None:
    """It is posted as the case has it, unless it is that of an incident, or there is no channel."""
    end = await unreadable(rig, CASE.card_id, case=CASE, state=State.ESCALATED)
    (card,) = end.outbox
    assert card.card is not None
    assert (card.conversation, card.card.case_id) == (DESK, CASE.id)
    assert end.cases[-1].card_id == card.id
    joined = replace(CASE, incident="C9")
    assert (await unreadable(rig, CASE.card_id, case=joined, state=State.ESCALATED)).outbox == ()
    rig.engine.desk_place.channel = None
    old = replace(CASE, channel="")
    assert (await unreadable(rig, CASE.card_id, case=old, state=State.ESCALATED)).outbox == ()


async def test_relayed_words_that_cannot_be_read(rig: Rig) -> None:
    """Whoever wrote them is told, with what the journal has of them."""
    (told,) = said(await unreadable(rig, RELAY.id, case=CASE, state=State.ESCALATED))
    assert told == texts.NOT_RELAYED.format(text="Hi", contact=texts.NOBODY_CONTACT)
    (sent,) = (await unreadable(rig, WORDS.id, case=CASE, state=State.WITH_HUMAN)).outbox
    words = texts.NOT_DELIVERED.format(whom=texts.THE_EMPLOYEE)
    assert (sent.conversation, sent.under, sent.text) == (DESK, "t0.1", f"{words}\n…")


async def test_a_copy_of_words_that_cannot_be_read(rig: Rig) -> None:
    """What was shown beside for other people of the desk is not missed."""
    assert (await unreadable(rig, COPY.id, case=CASE, state=State.WITH_HUMAN)).outbox == ()


async def test_what_was_erased_is_not_said(rig: Rig) -> None:
    """A message that died for another reason, and was forgotten before its lane heard of it."""
    assert (await unreadable(rig, ANSWER.id, reason=PlaceFatal.__name__)).outbox == ()
