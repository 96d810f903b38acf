"""The channel of an incident's card takes no words any more: all that joined it move on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import texts
from agent.cases import Case, CaseState, Copy
from agent.desk.joining import stirring
from agent.messages import Button, IncomingMessage, Kind
from agent.records import TurnEnd
from agent.state import Event, State
from tests.support.engine import SECOND, Rig, claim
from tests.support.incidents import HERE, INCIDENT, JOINED, SHOWN, TAKEN, joining, shared

UNSEEN = stirring(SHOWN, "t6", "t90.1")
"""The news of a case that its words were refused where the card is."""


@pytest.fixture
def rig() -> Rig:
    one = Rig()
    one.engine.desk_place.second = SECOND
    return one


async def hear(rig: Rig, *messages: IncomingMessage, case: Case = INCIDENT) -> TurnEnd:
    """A turn in which the incident hears of it."""
    state = State.WITH_HUMAN if case.state is CaseState.CLAIMED else State.ESCALATED
    return await rig.run(claim(*messages, state=state, case=case, lane=HERE, joined=JOINED))


def shown(end: TurnEnd) -> list[tuple[str, str]]:
    """Which cases learn by which card they are shown now."""
    news = [one for one in end.timers if one.message.kind is Kind.SHOWN]
    return [(one.case_id, one.message.revision) for one in news]


async def test_it_goes_on_in_the_second_channel(rig: Rig) -> None:
    """It is shown there once, however many say so, with those that join just then; nothing is tried
    any more in the channel that is shut.
    """
    end = await hear(rig, UNSEEN, stirring(SHOWN, "t5", "t90.1"), joining(3))
    (card,) = end.outbox
    assert (card.conversation, card.detours) == (SECOND, 1)
    assert card.card is not None
    assert card.card.joined == 3
    assert (end.cases[-1].card_id, end.cases[-1].channel) == (card.id, str(SECOND))
    assert shown(end) == [("C3", card.id), ("C1", card.id), ("C2", card.id)]
    assert (end.outcome, end.elsewhere, shared(end)) == (Event.GATHERED, (), [])


async def test_whoever_had_it_there(rig: Rig) -> None:
    """They cannot go on with it: it waits again, with every case that joined; people read why."""
    end = await hear(rig, UNSEEN, case=TAKEN)
    card, word = end.outbox
    assert card.buttons == (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
    assert (word.text, word.under) == (texts.OWNER_CUT_OFF.format(name="Hedy"), card.id)
    assert (end.outcome, end.state) == (Event.OWNER_GONE, State.ESCALATED)
    assert (end.cases[-1].owner, end.cases[-1].state) == ("", CaseState.WAITING)
    assert shared(end) == [(lane, case, "gone-t7") for lane, case in JOINED]
    assert shown(end) == [("C1", card.id), ("C2", card.id)]


async def test_it_has_a_card_elsewhere(rig: Rig) -> None:
    """That counts from then on."""
    end = await hear(rig, UNSEEN, case=replace(INCIDENT, copies=(Copy("t91.1", str(SECOND)),)))
    assert (end.outbox, end.elsewhere) == ((), ())
    assert (end.cases[-1].card_id, end.cases[-1].copies) == ("t91.1", ())
    assert shown(end) == [("C1", "t91.1"), ("C2", "t91.1")]


async def test_there_is_nowhere_to_go(rig: Rig) -> None:
    """All learn it, and the channel is not tried once more at once."""
    rig.engine.desk_place.second = None
    end = await hear(rig, UNSEEN)
    assert (end.outbox, end.cases[-1].card_id) == ((), "")
    assert shown(end) == [("C1", ""), ("C2", "")]


async def test_it_moved_already(rig: Rig) -> None:
    """Words that were on their way to the card before say nothing of the card now."""
    end = await hear(rig, UNSEEN, case=replace(INCIDENT, card_id="t95.1", channel=str(SECOND)))
    assert (end.outbox, end.timers, end.cases) == ((), (), ())
