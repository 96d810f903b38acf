"""The contract of Turns when many work at once: exactly once, in order, one turn at a time."""

from __future__ import annotations

import asyncio
from collections import Counter

from agent.messages import ConversationId
from agent.records import Accepted, Arrival, TurnEnd
from agent.state import State
from storage import Store
from tests.storage.databases import Database, place, reply, said
from tests.storage.desk import happened, routed, shown, under

CHANNELS = ("D1", "D2", "D3")
MESSAGES = 25


async def test_the_same_message_races_itself(database: Database) -> None:
    """Of many deliveries of one event, at two processes, exactly one is new."""
    stores = [database.open(owner=owner) for owner in "ab"]
    arrivals = [store.turns.accept(Arrival(said(1))) for store in stores * 20]
    answers = Counter(await asyncio.gather(*arrivals))
    assert answers == {Accepted.NEW: 1, Accepted.DUPLICATE: 39}


async def test_workers_race_for_lanes(database: Database) -> None:
    """Two processes with several workers each, while messages still come in: every message is
    worked off once, in the order of its lane, and no lane has two turns at a time.
    """
    stores = [database.open(owner=owner) for owner in "ab"]
    done: dict[str, list[str]] = {channel: [] for channel in CHANNELS}
    under_way: set[str] = set()
    total = MESSAGES * len(CHANNELS)

    async def accept(store: Store, channel: str) -> None:
        for n in range(MESSAGES):
            author = "ada" if n % 3 else "bob"
            await store.turns.accept(Arrival(said(n, channel=channel, by=author)))

    async def work(store: Store) -> None:
        while sum(map(len, done.values())) < total:
            for lane in (await store.turns.due()).lanes:
                claimed = await store.turns.claim(lane)
                if claimed is None:
                    continue
                assert lane not in under_way
                under_way.add(lane)
                await store.ready()
                channel = ConversationId.parse(lane).channel
                done[channel] += [row.message.id for row in claimed.rows]
                under_way.remove(lane)
                message = reply(claimed.turn_id, channel)
                end = TurnEnd(State.IDLE, "", outbox=(message,))
                await store.turns.commit(claimed.lease, end)

    await asyncio.gather(
        *(accept(store, channel) for store in stores[:1] for channel in CHANNELS),
        *(work(store) for store in stores * 3),
    )
    expected = [said(n).id for n in range(MESSAGES)]
    assert done == dict.fromkeys(CHANNELS, expected)
    assert (await stores[0].records.counts())["rows_waiting"] == 0
    lanes = [str(place(channel)) for channel in CHANNELS]
    assert all([await stores[0].turns.claim(lane) is None for lane in lanes])


async def test_looking_at_the_desk_races_itself(database: Database) -> None:
    """Two processes look into one thread again and again while people write in it: every word
    comes to its case once, in its order.
    """
    stores = [database.open(owner=owner) for owner in "ab"]
    case = await shown(stores[0], 1, "99.1")
    posts = [under("99.1", n) for n in range(MESSAGES)]

    async def look(store: Store) -> None:
        while (await store.records.counts())["rows_waiting"]:
            await routed(store, posts[0])
            claimed = await store.turns.claim(case.lane)
            if claimed is not None:
                done.extend(row.message.id for row in claimed.rows)
                await store.turns.commit(claimed.lease, TurnEnd(State.WITH_HUMAN, ""))

    done: list[str] = []
    await happened(stores[0], posts[0])
    await asyncio.gather(happened(stores[0], *posts[1:]), *(look(store) for store in stores * 2))
    await look(stores[0])
    assert done == [post.id for post in posts]
