"""The contract of `Turns.accept` where the database decides whether something is for the bot: what
is not leaves no trace.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import CaseState
from agent.messages import Kind
from agent.records import Accepted, Arrival, Only, Routed, desk_lane
from storage import Store
from tests.storage.databases import LANE, Database, claim, claim_new, end, numbers, said
from tests.storage.desk import opened, routed, shown, told, under


async def rows(store: Store) -> tuple[int, int]:
    """How many rows wait, and in how many lanes anything ever did."""
    counts = await store.records.counts()
    return counts["rows_waiting"], counts["lanes"]


async def test_what_only_people_can_read(database: Database) -> None:
    """A thumb is accepted where people have a case, and nowhere else, however well the lane is
    known; nor when the case is over.
    """
    store = database.open()
    await end(store, await claim_new(store, said(1)))
    before = await rows(store)
    assert await store.turns.accept(Arrival(said(2), Only.WITH_PEOPLE)) is Accepted.NOT_FOR_US
    assert await rows(store) == before
    case, _ = await opened(store, 3)
    assert await store.turns.accept(Arrival(said(2), Only.WITH_PEOPLE)) is Accepted.NEW
    over = replace(case, state=CaseState.WITHDRAWN)
    await end(store, await claim(store), cases=(over,))
    assert await store.turns.accept(Arrival(said(5), Only.WITH_PEOPLE)) is Accepted.NOT_FOR_US


async def test_what_people_may_read_in_a_moment(database: Database) -> None:
    """While something waits in a lane, or is worked off there, a case may come of it: a thumb is
    accepted. When all of it is over, and no case came of it, it is not.
    """
    store = database.open()
    await store.turns.accept(Arrival(said(1)))
    assert await store.turns.accept(Arrival(said(2), Only.WITH_PEOPLE)) is Accepted.NEW
    first = await claim(store)
    assert numbers(first) == [1, 2]
    assert await store.turns.accept(Arrival(said(3), Only.WITH_PEOPLE)) is Accepted.NEW
    assert await store.turns.renew(first.lease) is None
    await end(store, first)
    await end(store, await claim(store))
    before = await rows(store)
    assert await store.turns.accept(Arrival(said(4), Only.WITH_PEOPLE)) is Accepted.NOT_FOR_US
    assert await rows(store) == before


@pytest.mark.parametrize("kind", [Kind.EXPIRE, Kind.LOOK])
async def test_what_waits_for_its_time(database: Database, kind: Kind) -> None:
    """No case comes of a timer: while nothing else waits, a thumb is not accepted."""
    store = database.open()
    await end(store, await claim_new(store, said(1)))
    await store.turns.accept(Arrival(said(2, kind=kind), not_before=database.clock.now() + 900))
    assert await store.turns.accept(Arrival(said(3), Only.WITH_PEOPLE)) is Accepted.NOT_FOR_US


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.EDIT, Kind.DELETE])
@pytest.mark.parametrize("only", Only)
async def test_under_a_card_in_a_channel(database: Database, only: Only, kind: Kind) -> None:
    """A channel need not be the desk's any more: what is said under a card there is about its case,
    whatever it would be elsewhere.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    one = under("99.1", 5, kind)
    assert await store.turns.accept(Arrival(one, only, under_card=True)) is Accepted.NEW
    assert (await store.turns.due()).lanes == (desk_lane(one.conversation),)
    assert await routed(store, one) == Routed((LANE,))
    assert told(await claim(store)) == [(5, "C1")]


@pytest.mark.parametrize("only", Only)
async def test_beside_the_cards_of_a_channel(database: Database, only: Only) -> None:
    """Other threads there are what they are anywhere, also while a card is on its way."""
    store = database.open()
    await opened(store, 1)
    other = under("98.9", 5)
    expected = Accepted.NEW if only is Only.ANY else Accepted.NOT_FOR_US
    assert await store.turns.accept(Arrival(other, only, under_card=True)) is expected
    lanes = (await store.turns.due()).lanes
    assert lanes == ((str(other.conversation),) if only is Only.ANY else ())
