"""The contract of Turns: very many cases of one cause become one incident, by their commit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import Case, CaseState, Cause
from agent.errors import LeaseLost
from agent.messages import ConversationId, Kind
from agent.records import Arrival, Committed, Joining
from agent.state import State
from storage import Store
from tests.storage.databases import Database, accept, claim, claim_new, end, place, reply, said
from tests.storage.desk import a_case

INCIDENT = ConversationId("incident", "", "dead_letter", "")
MOST = 2
TEN_MINUTES = 600.0


def gather(case: Case) -> Arrival:
    """What tells the incident that a case joins it."""
    return Arrival(
        replace(said(0), conversation=INCIDENT, id=case.id, kind=Kind.GATHER, about=case.id)
    )


async def opens(
    store: Store, database: Database, n: int, cause: Cause = Cause.DEAD_LETTER, lane: str = ""
) -> tuple[Case, Committed]:
    """A turn that opens a case, which may be one of very many: the case, and its commit."""
    lane = lane or str(place(f"D{n}"))
    claimed = await claim_new(store, said(n, channel=f"D{n}"), lane=str(place(f"D{n}")))
    now = database.clock.now()
    case = a_case(f"C{n}", lane, cause=cause, opened_at=now)
    instead = replace(case, card=None, card_id="")
    joining = Joining(MOST, now - TEN_MINUTES, instead, gather(case))
    told = reply(f"m{n}", f"D{n}")
    card = reply(case.card_id, "C9", card=case.card)
    committed = await end(
        store, claimed, card, told, cases=(case,), joining=joining, state=State.ESCALATED
    )
    return case, committed


async def joined(store: Store, case: Case) -> bool:
    """Whether a case was left without a card of its own; it is kept either way."""
    kept = await store.records.case(case.id)
    assert kept in (case, replace(case, card=None, card_id=""))
    return kept != case


async def test_the_third_joins(database: Database) -> None:
    """Two of one cause have their cards; the third is kept without, its employee is told all the
    same, and the incident is told of it.
    """
    store = database.open()
    cases = []
    for n in (1, 2, 3):
        case, committed = await opens(store, database, n)
        names = [one.message.id for one in committed.deliveries]
        assert names == ([f"C{n}.card", f"m{n}"] if n == 1 else [f"m{n}"])
        cases.append(case)
    assert [await joined(store, case) for case in cases] == [False, False, True]
    assert (await store.records.counts())["outbox_pending"] == 1
    lanes = (await store.turns.due()).lanes
    assert lanes == (str(INCIDENT),)
    (row,) = (await claim(store, str(INCIDENT))).rows
    assert (row.message.kind, row.message.about) == (Kind.GATHER, "C3")


async def test_long_ago_is_no_flood(database: Database) -> None:
    """Only what was opened lately counts, to the second."""
    store = database.open()
    await opens(store, database, 1)
    await opens(store, database, 2)
    await database.clock.advance(TEN_MINUTES)
    assert await joined(store, (await opens(store, database, 3))[0])
    await database.clock.advance(1)
    assert not await joined(store, (await opens(store, database, 4))[0])


async def test_other_causes_and_incidents_are_not_counted(database: Database) -> None:
    """Each cause is a trouble of its own, and an incident is not one more case."""
    store = database.open()
    await opens(store, database, 1)
    await opens(store, database, 2, Cause.NOTHING_TO_OFFER)
    await opens(store, database, 3, lane=str(INCIDENT))
    assert not await joined(store, (await opens(store, database, 4))[0])
    assert await joined(store, (await opens(store, database, 5))[0])


async def test_those_that_joined_and_those_that_are_over_count(database: Database) -> None:
    """It is one trouble, whatever became of its cases by now."""
    store = database.open()
    for n in (1, 2):
        case, _ = await opens(store, database, n)
        again = await claim_new(store, said(90 + n, channel=f"D{n}"), lane=case.lane)
        await end(store, again, cases=(replace(case, state=CaseState.WITHDRAWN),))
    assert await joined(store, (await opens(store, database, 3))[0])
    assert await joined(store, (await opens(store, database, 4))[0])


async def test_a_case_is_not_one_of_the_others(database: Database) -> None:
    """A turn that writes its case once more counts only those beside it."""
    store = database.open()
    await opens(store, database, 1)
    await opens(store, database, 2)
    claimed = await claim_new(store, said(92, channel="D2"), lane=str(place("D2")))
    case = await store.records.case("C2")
    assert case is not None
    joining = Joining(MOST, 0.0, replace(case, card_id=""), gather(case))
    await end(store, claimed, cases=(case,), joining=joining)
    assert await store.records.case("C2") == case


async def test_another_case_of_the_turn(database: Database) -> None:
    """Only the new case joins; what else the turn changes it changes as it says."""
    store = database.open()
    old, _ = await opens(store, database, 1)
    await opens(store, database, 2)
    claimed = await claim_new(store, said(91), lane=old.lane)
    new = a_case("C3", old.lane, cause=Cause.DEAD_LETTER, opened_at=database.clock.now())
    left = replace(old, state=CaseState.WITHDRAWN)
    joining = Joining(MOST - 1, 0.0, replace(new, card=None, card_id=""), gather(new))
    await end(store, claimed, cases=(left, new), joining=joining)
    assert await store.records.case("C1") == left
    assert await joined(store, new)


async def test_a_lost_turn_joins_nothing(database: Database) -> None:
    """Another worker has the lane: neither the case nor what tells of it is there."""
    store, other = database.open(owner="a"), database.open(owner="b")
    await opens(store, database, 1)
    await opens(store, database, 2)
    await accept(store, said(3, channel="D3"))
    lost = await claim(store, str(place("D3")))
    await database.clock.advance(31)
    await claim(other, str(place("D3")))
    case = a_case("C3", str(place("D3")), cause=Cause.DEAD_LETTER)
    joining = Joining(MOST, 0.0, replace(case, card=None), gather(case))
    with pytest.raises(LeaseLost):
        await end(store, lost, cases=(case,), joining=joining)
    assert await store.records.case("C3") is None
    assert await store.turns.claim(str(INCIDENT)) is None
