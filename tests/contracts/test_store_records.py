"""The contract of Records: what people see of the store, and of its life."""

from __future__ import annotations

import pytest

from agent.errors import StoreUnavailable
from agent.messages import Kind
from agent.records import Arrival, Recent
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    entry,
    place,
    reply,
    said,
)
from tests.storage.desk import shown, thread


async def test_the_timeline_is_the_journal(database: Database) -> None:
    """The whole story of a lane, oldest first, whatever the next turn may see of it."""
    store = database.open(history_limit=1)
    lines = [entry(f"k{n}", f"t{n}", n=n) for n in range(5)]
    await end(store, await claim_new(store, said(1)), journal=lines, context_from=10**6)
    timeline = await store.records.timeline(LANE)
    assert [(item.at, item.kind, item.turn_id, item.data) for item in timeline] == [
        (line.at, line.kind, line.turn_id, line.data) for line in lines
    ]
    assert await store.records.timeline("slack:T1:elsewhere:") == []


async def test_the_latest_lane_is_where_a_person_wrote(database: Database) -> None:
    """In a channel or anywhere, a wish for a person being a word like any other; others, presses
    and platforms do not mix in.
    """
    store = database.open()
    await accept(
        store,
        said(1, channel="D1"),
        said(2, channel="D2"),
        said(3, channel="D1", by="bob"),
        said(4, channel="D3", kind=Kind.STOP),
        said(5, channel="D4", platform="teams"),
    )
    latest = store.records.latest_lane
    assert await latest("slack", "ada", "") == str(place("D2"))
    assert await latest("slack", "ada", "D1") == str(place("D1"))
    assert await latest("teams", "ada", "") == str(place("D4", "teams"))
    assert await latest("slack", "bob", "D2") is None
    await accept(store, said(6, channel="D6", kind=Kind.ASK_PERSON))
    assert await latest("slack", "ada", "") == str(place("D6"))
    assert await latest("slack", "ada", "", said(6).id) == str(place("D2")), "another than that"
    assert await latest("slack", "nobody", "") is None


async def test_the_case_above_a_thread(database: Database) -> None:
    """Known by the platform's id of its card, in the card's channel; other threads have none."""
    store = database.open()
    await shown(store, 1, "99.1")
    under = store.records.case_under
    case = await under(thread("99.1"))
    assert case is not None
    assert case.id == "C1"
    assert await under(thread("99.2")) is None
    assert await under(thread("99.1", "C8")) is None


async def test_a_channel_is_not_a_pattern(database: Database) -> None:
    """Ids are compared as they are, whatever characters they are made of."""
    store = database.open()
    await accept(store, said(1, channel="19:[ab]*@thread.v2"))
    latest = store.records.latest_lane
    assert await latest("slack", "ada", "19:[ab]*@thread.v2") == str(place("19:[ab]*@thread.v2"))
    assert await latest("slack", "ada", "19:a@thread.v2") is None
    assert await latest("slack", "ada", "*") is None


async def test_recent_conversations_and_their_newest_posts(database: Database) -> None:
    """Newest first, with what an adapter compares its platform with: presses, edits and other
    platforms do not count, answered posts do, and the order is that of acceptance.
    """
    store = database.open()
    assert await store.records.recent("slack", 9) == []
    await accept(store, said(3), said(9, channel="D2", platform="teams"))
    await end(store, await claim(store))
    await database.clock.advance(10)
    await accept(store, said(4, channel="D3"), said(6, channel="D3", kind=Kind.STOP))
    await accept(store, said(2), said(3, kind=Kind.EDIT, again="x"))
    now = database.clock.now()
    first, second = Recent(place("D1"), said(2).id, now), Recent(place("D3"), said(4).id, now)
    assert await store.records.recent("slack", 9) == [first, second]
    assert await store.records.recent("slack", 1) == [first]
    assert await store.records.recent("slack", 0) == []
    assert [one.conversation for one in await store.records.recent("teams", 9)] == [
        place("D2", "teams")
    ]
    assert await store.records.recent("slac", 9) == []


async def test_a_recent_conversation_is_named_as_it_is(database: Database) -> None:
    """Whatever characters its platform makes ids of."""
    store = database.open()
    where = place("19:[ab]*@thread.v2", "a:b*")
    await accept(store, said(1, channel=where.channel, platform=where.platform))
    (found,) = await store.records.recent("a:b*", 9)
    assert found.conversation == where
    assert await store.records.recent("a:", 9) == []


async def test_counts(database: Database) -> None:
    """Status and metrics see what waits and what is in trouble."""
    store = database.open()
    await end(store, await claim_new(store, said(1)), reply("m1"), reply("m2"))
    await accept(store, said(2), said(3))
    assert await store.records.counts() == {
        "rows_waiting": 2,
        "timers": 0,
        "lanes": 1,
        "outbox_pending": 1,
        "outbox_sending": 1,
        "outbox_unconfirmed": 0,
        "outbox_dead": 0,
        "cases_open": 0,
        "cases_waiting": 0,
        "documents": 0,
    }


async def test_a_store_proves_that_it_can_write(database: Database) -> None:
    """Readiness is a commit, and changes nothing."""
    store = database.open()
    await store.ready()
    assert set((await store.records.counts()).values()) == {0}


async def test_a_store_is_busy_until_it_has_answered(database: Database) -> None:
    """A test's clock does not move while the database works."""
    store = database.open()
    assert not store.busy()
    await store.ready()
    assert not store.busy()


async def test_a_closed_store_says_so(database: Database) -> None:
    """Nothing is accepted that nobody would write; closing twice does no harm."""
    store = database.open()
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.turns.accept(Arrival(said(1)))
    with pytest.raises(StoreUnavailable):
        await store.records.counts()
