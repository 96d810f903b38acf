"""The contract of Care: messages that are dead or unconfirmed, and what people do to them."""

from __future__ import annotations

import pytest

from agent.messages import Kind
from agent.records import Delivery, DeliveryState, Settlement
from storage import Store
from tests.storage.conversations import SENT
from tests.storage.databases import LANE, Database, claim, claim_new, end, entry, reply, said

DEAD = Settlement(DeliveryState.DEAD, reason="PlaceFatal")
UNCONFIRMED = Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown")
BY = "command line"


async def stuck(store: Store, settlement: Settlement, *names: str) -> list[Delivery]:
    """Messages of one line that ended badly, the first of them first."""
    outbox = [reply(name) for name in names]
    committed = await end(
        store, await claim_new(store, said(len(names))), *outbox, journal=(entry("said"),)
    )
    buried = []
    while committed.deliveries:
        (delivery,) = committed.deliveries
        buried.append(delivery)
        committed = await store.turns.settle(delivery, settlement)
    return buried


async def test_what_is_stuck_is_listed_without_a_word_of_it(database: Database) -> None:
    """Number, state, reason, where and when: enough to decide, nothing to read."""
    store = database.open()
    (dead,) = await stuck(store, DEAD, "m1")
    (one,) = await store.care.stuck()
    assert (one.id, one.state, one.reason) == (dead.id, DeliveryState.DEAD, "PlaceFatal")
    assert (one.lane, one.place, one.message_id) == (LANE, LANE, "m1")
    assert (one.attempts, one.erased) == (1, False)
    assert one.queued_at == one.settled_at == database.clock.now()
    assert "text of" not in repr(one)


async def test_what_is_not_stuck_is_not_listed(database: Database) -> None:
    """What was delivered or is still to be delivered is nobody's trouble."""
    store = database.open()
    await stuck(store, SENT, "m1")
    await end(store, await claim_new(store, said(9)), reply("m9"))
    assert await store.care.stuck() == []


@pytest.mark.parametrize("settlement", [DEAD, UNCONFIRMED])
async def test_a_retried_message_is_sent(database: Database, settlement: Settlement) -> None:
    """It is due at once, with its count of attempts, and no longer stuck; the journal tells."""
    store = database.open()
    (buried,) = await stuck(store, settlement, "m1")
    assert await store.care.retry(buried.id, by=BY) == ""
    assert await store.care.stuck() == []
    (again,) = (await store.turns.due()).deliveries
    assert (again.message, again.attempts) == (reply("m1"), 1)
    assert (await store.records.timeline(LANE))[-1].data == {"message": "m1", "by": BY}
    assert (await store.records.timeline(LANE))[-1].kind == "retried"
    await store.turns.settle(again, SENT)
    assert (await store.turns.due()).deliveries == ()


async def test_a_retried_message_that_dies_again_is_told_again(database: Database) -> None:
    """Its lane gets a control of its own for the second death."""
    store = database.open()
    (buried,) = await stuck(store, DEAD, "m1")
    await end(store, await claim(store))
    await store.care.retry(buried.id, by=BY)
    (again,) = (await store.turns.due()).deliveries
    assert (await store.turns.settle(again, DEAD)).lane_due
    (row,) = (await claim(store)).rows
    assert row.message.kind is Kind.UNDELIVERABLE


async def names_as_sent(store: Store) -> list[str]:
    """Everything that is due, in the order in which it is handed out, one line."""
    found = []
    deliveries = list((await store.turns.due()).deliveries)
    while deliveries:
        (delivery,) = deliveries
        found.append(delivery.message.id)
        deliveries = list((await store.turns.settle(delivery, SENT)).deliveries)
    return found


async def test_retried_messages_keep_their_order(database: Database) -> None:
    """Whatever the order of the retries, a line is sent as it was queued, one at a time."""
    store = database.open()
    buried = await stuck(store, DEAD, "m1", "m2", "m3")
    for n in (1, 2, 0):
        assert await store.care.retry(buried[n].id, by=BY) == ""
    assert await names_as_sent(store) == ["m1", "m2", "m3"]


async def test_a_retried_message_goes_before_those_that_wait(database: Database) -> None:
    """A younger message that waits for its next attempt makes room, and is not forgotten."""
    store = database.open()
    (buried,) = await stuck(store, DEAD, "m1")
    await end(store, await claim(store))
    (younger,) = (await end(store, await claim_new(store, said(2)), reply("m2"))).deliveries
    later = Settlement(DeliveryState.PENDING, retry_at=database.clock.now() + 60)
    await store.turns.settle(younger, later)
    await store.care.retry(buried.id, by=BY)
    assert await names_as_sent(store) == ["m1", "m2"]


@pytest.mark.parametrize("settlement", [SENT, DEAD])
async def test_a_retried_message_waits_for_the_one_that_is_being_sent(
    database: Database, settlement: Settlement
) -> None:
    """Two senders never share a line: it is next when that one is settled."""
    store = database.open()
    (buried,) = await stuck(store, UNCONFIRMED, "m1")
    (younger,) = (await end(store, await claim_new(store, said(2)), reply("m2"))).deliveries
    await store.care.retry(buried.id, by=BY)
    assert (await store.turns.due()).deliveries == ()
    (again,) = (await store.turns.settle(younger, settlement)).deliveries
    assert again.message.id == "m1"


async def test_no_retry_leaves_a_line_without_a_next(database: Database) -> None:
    """The one being sent is put off after two retries came before it: all go out at last."""
    store = database.open()
    first, second = await stuck(store, UNCONFIRMED, "m1", "m2")
    (younger,) = (await end(store, await claim_new(store, said(3)), reply("m3"))).deliveries
    await store.care.retry(first.id, by=BY)
    later = Settlement(DeliveryState.PENDING, retry_at=database.clock.now() + 60)
    await store.turns.settle(younger, later)
    await store.care.retry(second.id, by=BY)
    assert sorted(await names_as_sent(store)) == ["m1", "m2", "m3"]


async def test_a_dropped_message_is_gone(database: Database) -> None:
    """It is not listed, not sent, and the journal tells who dropped it."""
    store = database.open()
    (buried,) = await stuck(store, DEAD, "m1")
    assert await store.care.drop(buried.id, by="slack:U1") == ""
    assert await store.care.stuck() == []
    assert (await store.turns.due()).deliveries == ()
    line = (await store.records.timeline(LANE))[-1]
    assert (line.kind, line.data) == ("dropped", {"message": "m1", "by": "slack:U1"})


async def test_only_what_is_stuck_can_be_retried_or_dropped(database: Database) -> None:
    """A wrong number, or one that somebody else was faster with, changes nothing."""
    store = database.open()
    (buried,) = await stuck(store, DEAD, "m1")
    (waiting,) = (await end(store, await claim_new(store, said(8)), reply("m8"))).deliveries
    for row_id in (waiting.id, 10**6):
        assert "no dead or unconfirmed" in await store.care.retry(row_id, by=BY)
        assert "no dead or unconfirmed" in await store.care.drop(row_id, by=BY)
    assert await store.care.drop(buried.id, by=BY) == ""
    assert "no dead or unconfirmed" in await store.care.drop(buried.id, by=BY)


async def test_two_processes_care_for_one_database(database: Database) -> None:
    """What the command line puts back is found by the worker, which never closed its store."""
    store, tool = database.open(), database.open(owner="tool")
    (buried,) = await stuck(store, DEAD, "m1")
    await tool.care.retry(buried.id, by=BY)
    (again,) = (await store.turns.due()).deliveries
    assert again.message.id == "m1"
