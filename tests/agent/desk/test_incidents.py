"""Very many cases of one cause: one card counts them, and they know where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import Case
from agent.desk.incidents import NAMED
from agent.desk.waiting import timer
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import Arrival, TurnEnd
from agent.state import Event, State
from tests.support.engine import DESK, SECOND, Rig, claim, kinds
from tests.support.incidents import (
    CAUSE,
    HEDY,
    HERE,
    INCIDENT,
    JOINED,
    SHOWN,
    TAKEN,
    gather,
    joining,
    on_case,
    shared,
)

# The incident


@pytest.mark.parametrize("state", [State.IDLE, State.CLOSED])
async def test_an_incident_begins(rig: Rig, state: State) -> None:
    """One card counts the cases and names those who wait; it is watched over like any case."""
    end = await gather(rig, joining(1), joining(2), state=state)
    (case,), (card,) = end.cases, end.outbox
    assert end.state is State.ESCALATED
    assert (case.lane, case.cause, case.employee_id) == (str(HERE), CAUSE, "")
    assert (case.card_id, case.channel) == (card.id, str(DESK))
    assert card.conversation == DESK
    assert card.card == case.card
    assert case.card is not None
    assert case.card.joined == 2
    assert case.card.reason == CAUSE.words
    assert case.card.transcript == ("Employee 1: Leave?", "Employee 2: Leave?")
    assert case.card.employee_name == case.card.employee_ref == ""
    first, second, look = end.timers
    assert first == Arrival(
        IncomingMessage(
            ConversationId("irc", "net", "@1"),
            "shown-C1-t7",
            Kind.SHOWN,
            Author(""),
            revision=card.id,
            detail=str(DESK),
            about=case.id,
        ),
        lane="irc:net:@1:",
        case_id="C1",
    )
    assert second.case_id == "C2"
    assert look.message == timer(case)


@pytest.mark.parametrize("case", [INCIDENT, TAKEN])
async def test_more_cases_join(rig: Rig, case: Case) -> None:
    """The card is edited once for all of them."""
    state = State.ESCALATED if case is INCIDENT else State.WITH_HUMAN
    end = await gather(rig, *map(joining, range(3, 53)), case=case, state=state)
    (edit,) = end.outbox
    assert edit.replaces == "t90.1"
    assert edit.card is not None
    assert edit.card.joined == 52
    assert len(edit.card.transcript) == NAMED
    assert [one.message.kind for one in end.timers] == [Kind.SHOWN] * 50
    assert end.state is state
    assert kinds(end) == ["turn"]


async def test_a_card_that_was_forgotten(rig: Rig) -> None:
    """Cases join all the same; what stands in the channel is left as it is."""
    forgotten = replace(INCIDENT, card=None)
    end = await gather(rig, joining(3), case=forgotten, state=State.ESCALATED)
    assert (end.cases, end.outbox) == ((), ())
    assert [one.case_id for one in end.timers] == ["C3"]


async def test_a_case_that_knows_its_card(rig: Rig) -> None:
    """Nothing is to be done for it, and the card is not edited."""
    end = await gather(rig, joining(1, revision="t90.1"), case=INCIDENT, state=State.ESCALATED)
    assert (end.outbox, end.timers, end.cases) == ((), (), ())


async def test_who_joins_after_the_claim_is_claimed_too(rig: Rig) -> None:
    """A claim that came between joining and knowing it is made up for; under one name for all."""
    answers = [joining(n, revision="t90.1") for n in (1, 2)]
    end = await gather(rig, *answers, joining(3), case=TAKEN, state=State.WITH_HUMAN)
    assert shared(end) == [
        ("irc:net:@1:", "C1", "joined-C90-irc:hedy"),
        ("irc:net:@2:", "C2", "joined-C90-irc:hedy"),
    ]
    made_up = end.timers[1].message
    assert (made_up.kind, made_up.author, made_up.conversation) == (Kind.CLAIM, HEDY, DESK)
    claimed = await on_case(rig, made_up, SHOWN)
    assert claimed.cases[0].owner == "irc:hedy"


async def test_who_knows_another_card_is_shown_the_right_one(rig: Rig) -> None:
    """The incident is another by now, or its card was moved."""
    end = await gather(rig, joining(1, revision="t50.1"), case=INCIDENT, state=State.ESCALATED)
    (shown,) = end.timers
    assert shown.message.revision == "t90.1"
    assert end.cases[0].card is not None
    assert end.cases[0].card.transcript == ()


async def test_who_is_known_is_counted_once(rig: Rig) -> None:
    """A case that has joined and knows an earlier card is shown the one that counts, no more."""
    told = claim(
        joining(1, revision="t50.1"),
        joining(3),
        state=State.ESCALATED,
        case=INCIDENT,
        lane=HERE,
        joined=(("irc:net:@1:", "C1"),),
    )
    end = await rig.run(told)
    assert end.cases[0].card is not None
    assert end.cases[0].card.joined == 3
    assert [one.case_id for one in end.timers] == ["C1", "C3"]


async def test_who_is_left_behind_opens_another(rig: Rig) -> None:
    """The incident is over, and a case of it is not: it gets a new card, and tells of itself."""
    end = await gather(rig, joining(1, revision="t90.1"), state=State.CLOSED)
    (case,), (card,) = end.cases, end.outbox
    assert end.state is State.ESCALATED
    assert (case.card_id, case.id) == (card.id, "C7")
    news = claim(end.timers[0].message, state=State.ESCALATED, case=SHOWN, case_id="C1")
    shown = await rig.run(news)
    assert (shown.cases[0].incident, shown.cases[0].card_id) == ("C7", card.id)


async def test_a_case_that_speaks_twice_at_once(rig: Rig) -> None:
    """It is one case all the same."""
    end = await gather(rig, joining(1), replace(joining(1), id="gather-C1-2"))
    assert [one.case_id for one in end.timers if one.case_id] == ["C1"]
    assert end.cases[0].card is not None
    assert end.cases[0].card.joined == 1


async def test_an_incident_without_a_human_channel(rig: Rig) -> None:
    """It cannot be shown; the next that joins tries again."""
    rig.engine.desk_place.channel = None
    end = await gather(rig, joining(1))
    assert (end.state, end.cases, end.outbox, end.timers) == (State.ESCALATED, (), (), ())
    rig.engine.desk_place.channel = DESK
    end = await gather(rig, joining(2), state=State.ESCALATED)
    assert end.cases[0].card_id


async def test_nobody_listens_in_the_lane_of_an_incident(rig: Rig) -> None:
    """Nothing that Frontdesk itself says goes there, whatever happens."""
    rig.engine.desk_place.second = SECOND
    overdue = await _after(rig, 1800, timer(INCIDENT))
    assert [one.conversation for one in overdue.outbox] == [DESK]
    stale = await _after(rig, 8 * 86400, timer(INCIDENT), reminders=2, joined=())
    assert stale.outcome == Event.WENT_STALE
    assert [one.conversation for one in stale.outbox] == [DESK]
    assert stale.timers == ()
    gone = await rig.run(claim(joining(1), lane=HERE, attempts=7))
    assert gone.outbox == ()


async def test_an_incident_lasts_as_long_as_its_cases(rig: Rig) -> None:
    """However long nobody does anything about it: without it nobody could act on them."""
    end = await _after(rig, 8 * 86400, timer(INCIDENT), reminders=2)
    assert (end.outcome, end.state) == (Event.LOOKED, State.ESCALATED)
    assert end.timers[0].not_before > rig.clock.now()


async def _after(
    rig: Rig,
    seconds: float,
    told: IncomingMessage,
    reminders: int = 0,
    joined: tuple[tuple[str, str], ...] = JOINED,
) -> TurnEnd:
    await rig.clock.advance(seconds)
    case = replace(INCIDENT, reminders=reminders)
    return await rig.run(claim(told, state=State.ESCALATED, case=case, lane=HERE, joined=joined))
