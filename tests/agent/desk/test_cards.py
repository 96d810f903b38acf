"""What a card says of the conversation it is about."""

from __future__ import annotations

from dataclasses import replace

from agent.cases import CaseCard
from agent.desk.waiting import timer
from agent.journal import Line
from agent.messages import Kind
from agent.records import Entry, TurnEnd
from agent.state import State
from tests.support.engine import ADA, CASE, DESK, POST, Rig, at_desk, claim, control, press, wrote

HALF_HOUR = 1800.0


def card_of(end: TurnEnd) -> CaseCard:
    """The card that a turn posts."""
    return next(one.card for one in end.outbox if one.card is not None)


async def test_what_people_said_is_on_the_next_card(rig: Rig) -> None:
    """Of a conversation that was handed back, whoever takes it next reads all of it."""
    end = await rig.run(at_desk(wrote("Ask the assistant.")))
    history = tuple(replace(entry, seq=n) for n, entry in enumerate(end.journal, 1))
    back = await rig.run(at_desk(press(Kind.HAND_BACK), history=history))
    history += tuple(replace(entry, seq=n) for n, entry in enumerate(back.journal, 20))
    end = await rig.run(claim(control(Kind.ASK_PERSON), history=history))
    card = card_of(end)
    assert card.transcript[0] == "Linus: Ask the assistant."
    assert not any(line.endswith(": ") for line in card.transcript)
    assert card.summary == ""


async def test_what_a_case_is_about(rig: Rig) -> None:
    """What was asked, and not that a person is wanted, unless that is all that was said."""
    wish = control(Kind.ASK_PERSON, text="talk to a person")
    end = await rig.run(claim(wish))
    history = tuple(replace(entry, seq=n) for n, entry in enumerate(end.journal, 1))
    card = card_of(end)
    assert card.summary == "talk to a person"
    asked = Entry(Line.SAID, {"id": "1", "author": ADA.id, "name": "Ada", "text": "No VPN."}, 0.0)
    assert card_of(await rig.run(claim(wish, history=(asked, *history)))).summary == "No VPN."


async def test_a_card_that_no_place_took(rig: Rig) -> None:
    """It is posted anew when there is something to be read under it, and when it is time to remind
    people of it.
    """
    case = replace(CASE, card_id="", opened_at=rig.clock.now())
    words = await rig.run(claim(POST, state=State.ESCALATED, case=case))
    await rig.clock.advance(HALF_HOUR)
    reminder = await rig.run(claim(timer(case), state=State.ESCALATED, case=case))
    for end in (words, reminder):
        card, *under = [one for one in end.outbox if one.conversation == DESK]
        assert card.card is not None
        assert [one.under for one in under] == [card.id] * (end is words)
        assert (end.cases[-1].card_id, end.cases[-1].channel) == (card.id, str(DESK))
    assert reminder.cases[-1].reminders == 1
