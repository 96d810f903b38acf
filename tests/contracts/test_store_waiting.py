"""The contract of Turns: what comes at the desk before anybody knows its card waits a while."""

from __future__ import annotations

from typing import Any

import pytest

from agent.journal import Line
from agent.messages import Kind
from agent.records import DeliveryState, Routed, Settlement, desk_lane
from tests.storage.databases import LANE, Database, claim, claim_new, end, place, reply, said
from tests.storage.desk import PATIENCE, at_desk, opened, post, routed, shown, told, under

UNCONFIRMED = Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown")
DOUBTFUL = Settlement(DeliveryState.PENDING, retry_at=2e9, doubtful=True)


async def test_words_wait_for_their_card(database: Database) -> None:
    """Whoever is faster than the platform's answer is not lost, and the order is kept."""
    store = database.open()
    _, committed = await opened(store, 1)
    words = under("99.1", 5)
    now = database.clock.now()
    assert await at_desk(store, words, under("99.1", 6)) == Routed((), now + 1.0)
    assert (await store.turns.due()).next_at == now + 1.0
    await post(store, committed, "99.1")
    assert await at_desk(store, under("99.1", 7)) == Routed((LANE,))
    assert told(await claim(store)) == [(5, "C1"), (6, "C1"), (7, "C1")]


async def test_what_waits_is_found_after_a_restart(database: Database) -> None:
    """Nobody has to remember which threads wait."""
    store = database.open()
    _, committed = await opened(store, 1)
    words = under("99.1", 5)
    await at_desk(store, words)
    await post(store, committed, "99.1")
    store = await database.restarted(store)
    await database.clock.advance(1.0)
    assert (await store.turns.due()).lanes == (desk_lane(words.conversation),)
    assert await routed(store, words) == Routed((LANE,))


async def test_patience_ends(database: Database) -> None:
    """After a while it is given up, with a line where somebody looks for it, and without a trace
    of what was said.
    """
    store = database.open()
    await opened(store, 1)
    words = under("98.9", 5, text="psst")
    await at_desk(store, words)
    await database.clock.advance(PATIENCE - 1)
    assert (await routed(store, words)).again_at == database.clock.now() + 1
    await database.clock.advance(1)
    assert await routed(store, words) == Routed()
    (line,) = await store.records.timeline(str(words.conversation))
    assert (line.kind, line.at) == (Line.DROPPED, database.clock.now())
    assert line.data == {"kind": "message", "reason": "NoCase"}
    assert (await store.records.counts())["rows_waiting"] == 0


async def test_nobody_waits_for_nothing(database: Database) -> None:
    """Colleagues talk in a thread of the channel: it is not kept, and no lane is left."""
    store = database.open()
    await shown(store, 1, "99.1")
    lanes = (await store.records.counts())["lanes"]
    talk = under("98.9", 5)
    assert await at_desk(store, talk) == Routed()
    assert await store.records.timeline(str(talk.conversation)) == []
    counts = await store.records.counts()
    assert (counts["rows_waiting"], counts["lanes"]) == (0, lanes)
    assert (await store.turns.due()).next_at is None


async def test_a_press_on_nothing_leaves_a_line(database: Database) -> None:
    """A button is one of ours, so that somebody may ask why nothing came of it."""
    store = database.open()
    press = under("98.9", 5, Kind.CLAIM)
    assert await at_desk(store, press) == Routed(dropped=(press.key,))
    (line,) = await store.records.timeline(str(press.conversation))
    assert (line.kind, line.data["kind"]) == ("dropped", "claim")


@pytest.mark.parametrize("desk", ["C8", "C9"])
async def test_only_cards_of_the_channel_are_waited_for(database: Database, desk: str) -> None:
    """A card on its way to elsewhere is none of this thread's, nor is another message."""
    store = database.open()
    await opened(store, 1, desk=desk)
    await end(store, await claim_new(store, said(2, channel="D2"), lane=str(place("D2"))))
    assert (await at_desk(store, under("98.9", 5))).again_at == (
        database.clock.now() + 1 if desk == "C9" else None
    )


async def test_other_messages_are_not_waited_for(database: Database) -> None:
    """What is on its way under a card, or edits it, has no thread of its own."""
    store = database.open()
    case = await shown(store, 1, "99.1")
    edit = reply("C1.edit", "C9", card=case.card, replaces="C1.card")
    await end(store, await claim_new(store, said(2)), edit, reply("m2", "C9", under="C1.card"))
    assert await at_desk(store, under("98.9", 5)) == Routed()


@pytest.mark.parametrize("settlement", [UNCONFIRMED, DOUBTFUL, None])
@pytest.mark.parametrize("where", [{"ref": "99.1"}, {"ref": "", "about_ref": "99.1"}])
async def test_a_press_tells_that_its_card_arrived(
    database: Database, settlement: Settlement | None, where: dict[str, Any]
) -> None:
    """Nobody knew whether it did, or the answer is not there yet: now its id is known, it is sent,
    what waits in its thread is passed on, and its line goes on.
    """
    store = database.open()
    _, committed = await opened(store, 1)
    if settlement:
        await store.turns.settle(committed.deliveries[0], settlement)
    await end(store, await claim_new(store, said(2)), reply("m2", "C9", under="C1.card"))
    await store.turns.due()
    words = under("99.1", 5)
    assert (await at_desk(store, words)).lanes == ()
    press = under(n=6, kind=Kind.CLAIM, about="C1.card", **where)
    assert (await at_desk(store, press)).lanes == (LANE,)
    await routed(store, words)
    assert told(await claim(store)) == [(6, "C1")]
    counts = await store.records.counts()
    assert counts["outbox_unconfirmed"] == 0
    lines = [one.data for one in await store.records.timeline(LANE) if one.kind == "delivered"]
    assert lines[-1:] == [{"message": "C1.card", "ref": "99.1"}]
    following = list((await store.turns.due()).deliveries)
    assert [(one.message.id, one.under_ref) for one in following] == [("m2", "99.1")] * (
        settlement is not UNCONFIRMED
    )
    assert (await store.turns.settle(committed.deliveries[0], UNCONFIRMED)).deliveries == ()
    assert (await store.records.counts())["outbox_unconfirmed"] == 0


async def test_a_card_that_was_never_sent_did_not_arrive(database: Database) -> None:
    """Nobody can have pressed on it, whatever a press says."""
    store = database.open()
    await opened(store, 1)
    await opened(store, 2, channel="D2")
    await at_desk(store, under("99.2", 5, Kind.CLAIM, about="C2.card"))
    assert (await store.records.counts())["outbox_pending"] == 1
