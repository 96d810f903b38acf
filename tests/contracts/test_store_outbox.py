"""The contract of Turns: deliveries, one at a time and in order for each destination."""

from __future__ import annotations

import pytest

from agent.messages import Citation, Kind, OutgoingMessage
from agent.records import Committed, Delivery, DeliveryState, Settlement
from storage import Store
from tests.storage.databases import (
    LANE,
    Database,
    claim,
    claim_new,
    end,
    entry,
    place,
    reply,
    said,
)

SENT = Settlement(DeliveryState.SENT, ref="99.1")
DEAD = Settlement(DeliveryState.DEAD, reason="PlaceFatal")
UNCONFIRMED = Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown")


async def say(store: Store, n: int, *messages: OutgoingMessage) -> Committed:
    """A turn that says something; `n` makes its question a new one."""
    return await end(store, await claim_new(store, said(n)), *messages, journal=(entry("said"),))


def names(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [delivery.message.id for delivery in deliveries]


async def test_an_askable_platform_is_sent_to_at_once(database: Database) -> None:
    """Where a lost send can be asked for, the turn's own commit is the mark of sending."""
    store = database.open()
    (delivery,) = (await say(store, 1, reply("m1"))).deliveries
    assert delivery.message == reply("m1")
    assert (delivery.lane, delivery.attempts, delivery.doubtful) == (LANE, 0, False)
    assert delivery.sending_since == database.clock.now()
    assert (await store.turns.due()).deliveries == ()
    assert (await store.records.counts())["outbox_sending"] == 1


async def test_other_platforms_are_marked_in_a_commit_of_their_own(database: Database) -> None:
    """Where a lost send cannot be asked for, the mark is set just before it."""
    store = database.open()
    said_in_teams = reply("m1", platform="teams")
    assert (await say(store, 1, said_in_teams)).deliveries == ()
    assert (await store.records.counts())["outbox_pending"] == 1
    (delivery,) = (await store.turns.due()).deliveries
    assert delivery.message == said_in_teams
    assert (await store.turns.due()).deliveries == ()


@pytest.mark.parametrize("most", [0, 1, 2])
async def test_no_more_are_taken_than_asked_for(database: Database, most: int) -> None:
    """The rest is not in doubt if the process dies now, and is not forgotten."""
    store = database.open()
    posts = [reply(f"m{n}", channel=f"D{n}", platform="teams") for n in range(3)]
    await say(store, 1, *posts)
    due = await store.turns.due(most)
    assert len(due.deliveries) == most
    assert due.more
    assert len((await store.turns.due()).deliveries) == 3 - most


async def test_who_can_be_asked_does_not_count(database: Database) -> None:
    """While posts that nobody can ask for leave no room, the others are taken all the same."""
    store = database.open()
    posts = [reply(f"m{n}", channel=f"D{n}", platform="teams") for n in range(3)]
    (first,) = (await say(store, 1, *posts, reply("asked"))).deliveries
    now = database.clock.now()
    await store.turns.settle(first, Settlement(DeliveryState.PENDING, retry_at=now))
    assert names((await store.turns.due(0)).deliveries) == ["asked"]
    assert len((await store.turns.due(3)).deliveries) == 3


@pytest.mark.parametrize("platform", ["slack", "teams"])
async def test_what_is_for_a_platform_that_is_left_out_stays(
    database: Database, platform: str
) -> None:
    """It is not marked: if the process died now, nobody would have to wonder whether it arrived."""
    store = database.open(askable={"slack"} if platform == "slack" else ())
    said_now = await say(store, 1, reply("m1", platform=platform))
    for first in said_now.deliveries:
        later = Settlement(DeliveryState.PENDING, retry_at=database.clock.now())
        await store.turns.settle(first, later)
    assert (await store.turns.due(without={platform, "irc"})).deliveries == ()
    assert (await store.records.counts())["outbox_pending"] == 1
    (delivery,) = (await store.turns.due(without={"irc"})).deliveries
    assert (delivery.attempts, delivery.doubtful) == (len(said_now.deliveries), False)


async def test_one_destination_is_served_in_order(database: Database) -> None:
    """A message goes out when the one before it is settled, also across turns."""
    store = database.open()
    first = (await say(store, 1, reply("m1"), reply("m2"))).deliveries
    assert names(first) == ["m1"]
    assert (await say(store, 2, reply("m3"))).deliveries == ()
    assert (await store.turns.due()).deliveries == ()
    second = (await store.turns.settle(first[0], SENT)).deliveries
    assert names(second) == ["m2"]
    third = (await store.turns.settle(second[0], SENT)).deliveries
    assert names(third) == ["m3"]
    assert (await store.turns.settle(third[0], SENT)).deliveries == ()


async def test_destinations_are_independent(database: Database) -> None:
    """A closed channel does not hold up the others."""
    store = database.open()
    messages = [reply(f"m{n}", channel=f"C{n}") for n in range(3)]
    assert names((await say(store, 1, *messages)).deliveries) == ["m0", "m1", "m2"]


@pytest.mark.parametrize("end_of_it", [SENT, DEAD, UNCONFIRMED])
async def test_every_end_frees_the_line(database: Database, end_of_it: Settlement) -> None:
    """Whatever became of a message, the next one goes out."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1"), reply("m2"))).deliveries
    assert names((await store.turns.settle(first, end_of_it)).deliveries) == ["m2"]


async def test_a_retry_waits_and_holds_the_line(database: Database) -> None:
    """What is to be tried again stays first; it comes back at its time with its count."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1"), reply("m2"))).deliveries
    later = Settlement(
        DeliveryState.PENDING, retry_at=database.clock.now() + 30, doubtful=True, reason="x"
    )
    assert await store.turns.settle(first, later) == Committed()
    due = await store.turns.due()
    assert (due.deliveries, due.next_at) == ((), database.clock.now() + 30)
    await database.clock.advance(30)
    (again,) = (await store.turns.due()).deliveries
    assert (again.message.id, again.attempts, again.doubtful) == ("m1", 1, True)
    certain = Settlement(DeliveryState.PENDING, retry_at=database.clock.now())
    await store.turns.settle(again, certain)
    (third,) = (await store.turns.due()).deliveries
    assert (third.attempts, third.doubtful) == (2, False)


async def test_the_journal_tells_how_it_went(database: Database) -> None:
    """Every message ends in a line of its lane, in the commit that settles it."""
    store = database.open()
    messages = [reply(f"m{n}", channel=f"C{n}") for n in range(3)]
    deliveries = (await say(store, 1, *messages)).deliveries
    for delivery, settlement in zip(deliveries, (SENT, UNCONFIRMED, DEAD), strict=True):
        await store.turns.settle(delivery, settlement)
    timeline = await store.records.timeline(LANE)
    assert [(item.kind, item.data) for item in timeline[1:]] == [
        ("delivered", {"message": "m0", "ref": "99.1"}),
        ("unconfirmed", {"message": "m1", "reason": "DeliveryUnknown"}),
        ("undelivered", {"message": "m2", "reason": "PlaceFatal"}),
    ]
    assert {item.turn_id for item in timeline} == {"t1"}


async def test_a_dead_message_tells_its_lane(database: Database) -> None:
    """What can never arrive comes back as a control, so that another way is tried."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1"))).deliveries
    assert (await store.turns.settle(first, DEAD)).lane_due
    (row,) = (await claim(store)).rows
    control = row.message
    assert (control.kind, control.about, control.detail) == (
        Kind.UNDELIVERABLE,
        "m1",
        "PlaceFatal",
    )
    assert (control.conversation, control.author.id) == (place(), "")


async def test_a_dead_message_of_a_busy_lane(database: Database) -> None:
    """While a turn runs there, its lane is not to be claimed; the end of the turn tells of it."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1"))).deliveries
    running = await claim_new(store, said(2))
    assert not (await store.turns.settle(first, DEAD)).lane_due
    assert (await end(store, running)).lane_due


async def test_a_dead_message_comes_back_whole(database: Database) -> None:
    """The turn that looks for another way is given what could not be delivered."""
    store = database.open()
    message = reply("m1", citations=(Citation("VPN", "Install"),), detours=1)
    (first,) = (await say(store, 1, message)).deliveries
    await store.turns.settle(first, DEAD)
    told = await claim(store)
    assert told.undelivered == message
    await end(store, told)
    assert (await claim_new(store, said(2))).undelivered is None


async def test_a_dead_message_that_was_told_another_way(database: Database) -> None:
    """It is nothing that anybody has to look after any more, and cannot be sent by mistake."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1"))).deliveries
    await store.turns.settle(first, DEAD)
    (stuck,) = await store.care.stuck()
    assert (await store.records.counts())["outbox_dead"] == 1
    await end(store, await claim(store), elsewhere=("m1",))
    assert await store.care.stuck() == []
    assert (await store.records.counts())["outbox_dead"] == 0
    assert await store.care.retry(stuck.id, by="test") != ""


@pytest.mark.parametrize("about", ["never said", ""])
async def test_a_message_that_is_gone_cannot_come_back(database: Database, about: str) -> None:
    """The control is worked off all the same."""
    store = database.open()
    assert (await claim_new(store, said(1, Kind.UNDELIVERABLE, about=about))).undelivered is None


async def test_only_an_undeliverable_message_comes_back(database: Database) -> None:
    """Other controls that are about a message do not need it."""
    store = database.open()
    await say(store, 1, reply("m1"))
    assert (await claim_new(store, said(2, Kind.FEEDBACK, about="m1"))).undelivered is None


async def test_a_settlement_counts_once(database: Database) -> None:
    """Who settles again, or settles what was taken over, changes nothing."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1"))).deliveries
    await store.turns.settle(first, SENT)
    assert await store.turns.settle(first, DEAD) == Committed()
    counts = await store.records.counts()
    assert (counts["outbox_dead"], counts["rows_waiting"]) == (0, 0)
    assert [item.kind for item in await store.records.timeline(LANE)] == ["said", "delivered"]


async def test_only_the_sender_settles(database: Database) -> None:
    """Another process does not decide over a delivery that it does not have."""
    store, other = database.open(owner="a"), database.open(owner="b")
    (first,) = (await say(store, 1, reply("m1"))).deliveries
    assert await other.turns.settle(first, SENT) == Committed()
    assert (await store.records.counts())["outbox_sending"] == 1


async def test_deliveries_are_taken_once(database: Database) -> None:
    """Two processes that look at the same time do not both send."""
    store, other = database.open(owner="a"), database.open(owner="b")
    await say(store, 1, reply("m1", platform="teams"))
    taken = [*(await store.turns.due()).deliveries, *(await other.turns.due()).deliveries]
    assert names(tuple(taken)) == ["m1"]


async def test_what_belongs_under_a_message_waits_for_it(database: Database) -> None:
    """A thread exists when its root does; the adapter is told the root's id."""
    store = database.open()
    card = reply("card", channel="C9")
    (root,) = (await say(store, 1, card, reply("note", channel="C9", under="card"))).deliveries
    assert root.message.id == "card"
    (note,) = (await store.turns.settle(root, SENT)).deliveries
    assert (note.message.id, note.under_ref, note.replaces_ref) == ("note", "99.1", "")
    await store.turns.settle(note, SENT)
    (late,) = (await say(store, 2, reply("late", channel="C9", under="card"))).deliveries
    assert late.under_ref == "99.1"


async def test_an_edit_stands_in_the_line_of_what_it_edits(database: Database) -> None:
    """A correction never overtakes its message, even if addressed a little differently."""
    store = database.open()
    (first,) = (await say(store, 1, reply("m1", channel="C9"))).deliveries
    edit = OutgoingMessage("e1", place("C9;thread"), "better", replaces="m1")
    assert (await say(store, 2, edit)).deliveries == ()
    (second,) = (await store.turns.settle(first, SENT)).deliveries
    assert (second.message.id, second.replaces_ref) == ("e1", "99.1")


async def test_a_message_under_an_unknown_one_holds_nobody_up(database: Database) -> None:
    """What it belonged to may be long gone; whoever sends it sees that."""
    store = database.open()
    (delivery,) = (await say(store, 1, reply("m1", under="forgotten"))).deliveries
    assert delivery.under_ref == ""


async def test_what_was_being_sent_is_doubtful_after_a_restart(database: Database) -> None:
    """The first byte may have gone out: the message is asked for before it is sent again."""
    store = database.open(owner="a", exclusive=True)
    await say(store, 1, reply("m1"), reply("m2"))
    restarted = await database.restarted(store, owner="b")
    (again,) = (await restarted.turns.due()).deliveries
    assert (again.message.id, again.doubtful, again.attempts) == ("m1", True, 0)
    assert names((await restarted.turns.settle(again, SENT)).deliveries) == ["m2"]


async def test_a_sender_that_fell_silent_is_given_up(database: Database) -> None:
    """A delivery that nobody settles does not block its destination for ever."""
    store, other = database.open(owner="a"), database.open(owner="b")
    (lost,) = (await say(store, 1, reply("m1"))).deliveries
    await database.clock.advance(599)
    assert (await other.turns.due()).deliveries == ()
    await database.clock.advance(1)
    (again,) = (await other.turns.due()).deliveries
    assert (again.message.id, again.doubtful) == ("m1", True)
    assert await store.turns.settle(lost, DEAD) == Committed()
    assert (await other.records.counts())["outbox_sending"] == 1


async def test_a_delivery_is_never_settled_as_sending(database: Database) -> None:
    """That is where it already is."""
    store = database.open()
    (delivery,) = (await say(store, 1, reply("m1"))).deliveries
    with pytest.raises(ValueError, match="sending"):
        await store.turns.settle(delivery, Settlement(DeliveryState.SENDING))
