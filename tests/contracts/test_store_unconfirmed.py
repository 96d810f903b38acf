"""The contract of Turns: messages of which nobody knows whether they arrived."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import LeaseLost
from agent.messages import Kind, OutgoingMessage, Tone
from agent.records import Delivery, DeliveryState, LaneClaim, Settlement
from agent.state import State
from storage import Store
from tests.storage.conversations import SENT
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
from tests.storage.desk import opened

HERE = place("D1", "teams")
UNCONFIRMED = Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown")
DEAD = Settlement(DeliveryState.DEAD, reason="PlaceFatal")


def teams(name: str, **more: Any) -> OutgoingMessage:
    """Something to say to Ada."""
    return reply(name, "D1", "teams", **{"to": "ada", **more})


async def turn(store: Store, n: int) -> LaneClaim:
    """A turn for post number `n`."""
    return await claim_new(store, said(n, platform="teams"), lane=str(HERE))


async def sent(store: Store, settlement: Settlement) -> list[Delivery]:
    """Everything that is due in one line, settled so, in the order in which it was handed out."""
    found = []
    deliveries = list((await store.turns.due()).deliveries)
    while deliveries:
        (delivery,) = deliveries
        found.append(delivery)
        deliveries = list((await store.turns.settle(delivery, settlement)).deliveries)
    return found


async def lose(store: Store, *messages: OutgoingMessage, n: int = 1) -> None:
    """A turn that says something of which nobody knows whether it arrives."""
    await end(store, await turn(store, n), *messages, journal=(entry("answered"),))
    await sent(store, UNCONFIRMED)


def told(claimed: LaneClaim) -> list[tuple[str, bool]]:
    return [(one.message.id, one.mentioned) for one in claimed.unconfirmed]


async def test_a_turn_is_told_of_them(database: Database) -> None:
    """Whole and oldest first, where they were to stand, and no message of which more is known."""
    store = database.open()
    await lose(store, teams("m1"), teams("m2"))
    await end(store, await turn(store, 2), teams("m3"))
    await sent(store, SENT)
    await end(store, await turn(store, 3), teams("m4"))
    claimed = await turn(store, 4)
    assert [one.message for one in claimed.unconfirmed] == [teams("m1"), teams("m2")]
    assert told(claimed) == [("m1", False), ("m2", False)]
    other = await claim_new(store, said(1, channel="D2"), lane=str(place("D2")))
    assert other.unconfirmed == ()


async def test_it_is_told_where_it_was_to_stand(database: Database) -> None:
    """A turn in a channel writes to Ada alone, where she never wrote: it is told of there."""
    store = database.open()
    lane = str(place("C1", "teams"))
    asked = await claim_new(store, said(1, channel="C1", platform="teams"), lane=lane)
    await end(store, asked, teams("m1"), journal=(entry("answered"),))
    await sent(store, UNCONFIRMED)
    asked = await claim_new(store, said(2, channel="C1", platform="teams"), lane=lane)
    assert asked.unconfirmed == ()
    first = await turn(store, 3)
    assert told(first) == [("m1", False)]
    await end(store, first, mentioned=("m1",), again=("m1",))
    (again,) = await sent(store, SENT)
    assert (again.message, again.lane) == (teams("m1"), lane)


@pytest.mark.parametrize(
    "message",
    [
        teams("m1", to=""),
        teams("m1", under="card"),
        teams("m1", replaces="m0"),
    ],
)
async def test_only_posts_to_an_employee_count(
    database: Database, message: OutgoingMessage
) -> None:
    """What people at the desk see is theirs to look after, and an edit is simply repeated."""
    store = database.open()
    await lose(store, message)
    assert (await turn(store, 2)).unconfirmed == ()


async def test_whoever_was_told_is_not_told_again(database: Database) -> None:
    """It is written down with the turn that tells; other turns are told that it was."""
    store = database.open()
    await lose(store, teams("m1"), teams("m2"))
    await end(store, await turn(store, 2), mentioned=("m1",))
    claimed = await turn(store, 3)
    assert told(claimed) == [("m1", True), ("m2", False)]
    await store.turns.release(claimed.lease)
    store = await database.restarted(store)
    assert told(await claim(store, str(HERE))) == [("m1", True), ("m2", False)]


async def test_sent_again(database: Database) -> None:
    """Under the same name, before what is said later, once; then it is in doubt no more."""
    store = database.open()
    await lose(store, teams("m1"), teams("m2"), teams("m3"))
    ended = await end(store, await turn(store, 2), teams("m4"), again=("m3", "m1", "nothing"))
    assert ended.deliveries == ()
    deliveries = await sent(store, SENT)
    assert [one.message.id for one in deliveries] == ["m1", "m3", "m4"]
    assert [one.doubtful for one in deliveries] == [False] * 3
    assert told(await turn(store, 3)) == [("m2", False)]
    assert [one.message_id for one in await store.care.stuck()] == ["m2"]


async def test_again_in_doubt(database: Database) -> None:
    """What is lost once more is told of once more."""
    store = database.open()
    await lose(store, teams("m1"))
    await end(store, await turn(store, 2), mentioned=("m1",))
    await end(store, await turn(store, 3), again=("m1",))
    on_its_way = await turn(store, 4)
    assert on_its_way.unconfirmed == ()
    await end(store, on_its_way)
    await sent(store, UNCONFIRMED)
    assert told(await turn(store, 5)) == [("m1", False)]


async def test_sent_again_by_hand(database: Database) -> None:
    """An admin retries it, and it is lost once more: its reader is told of that, too."""
    store = database.open()
    await lose(store, teams("m1"))
    await end(store, await turn(store, 2), mentioned=("m1",))
    (stuck,) = await store.care.stuck()
    assert await store.care.retry(stuck.id, by="test") == ""
    await sent(store, UNCONFIRMED)
    assert told(await turn(store, 3)) == [("m1", False)]


@pytest.mark.parametrize("settlement", [SENT, DEAD])
async def test_only_what_is_in_doubt_is_sent_again(
    database: Database, settlement: Settlement
) -> None:
    """What arrived, or never will, is left alone, whatever a turn says."""
    store = database.open()
    await end(store, await turn(store, 1), teams("m1"), journal=(entry("answered"),))
    await sent(store, settlement)
    claimed = await claim(store, str(HERE)) if settlement is DEAD else await turn(store, 2)
    await end(store, claimed, again=("m1",), mentioned=("m1",))
    assert (await store.turns.due()).deliveries == ()


async def test_a_lost_turn_sends_nothing_again(database: Database) -> None:
    """Another worker has the lane by now: its turn decides."""
    store, other = database.open(owner="a"), database.open(owner="b")
    await lose(store, teams("m1"))
    claimed = await turn(store, 2)
    await database.clock.advance(31)
    taken = await claim(other, str(HERE))
    with pytest.raises(LeaseLost):
        await end(store, claimed, again=("m1",))
    assert told(taken) == [("m1", False)]
    assert (await store.turns.due()).deliveries == ()


async def test_the_newest_are_told_of(database: Database) -> None:
    """A turn does not cost more the more was ever lost in its lane."""
    store = database.open()
    await lose(store, *(teams(f"m{n:02}") for n in range(15)))
    assert [name for name, _ in told(await turn(store, 2))] == [f"m{n:02}" for n in range(5, 15)]


async def test_a_card_comes_back(database: Database) -> None:
    """Its reader cannot be told, for nobody else knows of the case: the lane that it was opened in
    is, as of a card that is dead, each time; an edit of a card is nothing new.
    """
    store = database.open()
    case, _ = await opened(store, 1, platform="teams")
    (card,) = (await store.turns.due()).deliveries
    assert (await store.turns.settle(card, UNCONFIRMED)).lane_due
    claimed = await claim(store)
    (row,) = claimed.rows
    assert (row.message.kind, row.message.detail) == (Kind.UNDELIVERABLE, "Unconfirmed")
    assert (row.message.about, claimed.undelivered) == (case.card_id, card.message)
    await end(store, claimed, again=(case.card_id,), state=State.ESCALATED)
    await sent(store, UNCONFIRMED)
    claimed = await claim(store)
    assert claimed.rows[0].message.about == case.card_id
    edit = reply("edit", "C9", "teams", card=case.card, replaces=case.card_id)
    await end(store, claimed, edit, state=State.ESCALATED)
    await sent(store, UNCONFIRMED)
    assert await store.turns.claim(LANE) is None


OF_STAFF = teams("words", tone=Tone.PERSON)
OF_ADA = reply("words", "C9", "teams", tone=Tone.PERSON, under="card", for_desk=True)


@pytest.mark.parametrize("words", [OF_STAFF, OF_ADA])
async def test_words_come_back(database: Database, words: OutgoingMessage) -> None:
    """The lane in which somebody's words were passed on can tell their author; each time, also
    after they were sent again, and after a restart in between.
    """
    store = database.open()
    await end(store, await turn(store, 1), words, state=State.WITH_HUMAN)
    (delivery,) = (await store.turns.due()).deliveries
    assert (await store.turns.settle(delivery, UNCONFIRMED)).lane_due
    store = await database.restarted(store)
    for again in (("words",), ()):
        claimed = await claim(store, str(HERE))
        (row,) = claimed.rows
        assert (row.message.kind, row.message.detail) == (Kind.UNDELIVERABLE, "Unconfirmed")
        assert (row.message.about, claimed.undelivered) == ("words", words)
        await end(store, claimed, again=again, state=State.WITH_HUMAN)
        await sent(store, UNCONFIRMED)
    assert await store.turns.claim(str(HERE)) is None


@pytest.mark.parametrize(
    "message",
    [
        teams("m1"),
        teams("m1", tone=Tone.NOTICE),
        reply("m1", "C9", "teams", tone=Tone.NOTICE, under="card", for_desk=True),
        teams("m1", tone=Tone.PERSON, replaces="m0"),
    ],
)
async def test_what_nobody_wrote_does_not_come_back(
    database: Database, message: OutgoingMessage
) -> None:
    """Nor does an edit of what somebody wrote: of that there is no doubt that is not told yet."""
    store = database.open()
    await lose(store, message)
    assert await store.turns.claim(str(HERE)) is None
