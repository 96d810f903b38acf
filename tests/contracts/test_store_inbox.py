"""The contract of Turns: accepting messages and claiming them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import Accepted, Arrival, Only
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    numbers,
    place,
    said,
)


async def test_a_message_is_accepted_once(database: Database) -> None:
    """Whatever is delivered again is a duplicate, also after it was answered."""
    turns = database.open().turns
    assert await turns.accept(Arrival(said(1))) is Accepted.NEW
    assert await turns.accept(Arrival(said(1))) is Accepted.DUPLICATE


async def test_an_answered_message_stays_a_duplicate(database: Database) -> None:
    """The row that was worked off is still the dedupe key."""
    store = database.open()
    await end(store, await claim_new(store, said(1)))
    assert await store.turns.accept(Arrival(said(1))) is Accepted.DUPLICATE
    assert await store.turns.claim(LANE) is None


async def test_a_follow_up_needs_a_known_lane(database: Database) -> None:
    """What is only for the bot if it takes part leaves no trace where it does not."""
    store = database.open()
    follow_up = Arrival(said(1), only=Only.KNOWN)
    assert await store.turns.accept(follow_up) is Accepted.NOT_FOR_US
    assert (await store.records.counts())["lanes"] == 0
    await accept(store, said(2))
    assert await store.turns.accept(follow_up) is Accepted.NEW


async def test_a_claim_returns_what_was_accepted(database: Database) -> None:
    """A message survives the database unchanged, whatever it is made of."""
    store = database.open()
    message = IncomingMessage(
        ConversationId("teams", "tenant:1", "19:ab=@thread.v2", "17%20 ü"),
        "1",
        Kind.MESSAGE,
        Author("29:x", "Zoë 🙂", external=True),
        "line\n\x00 \u202e '; DROP TABLE inbox; --",
        sent_at=1_790_000_000.123456,
        files=("a.pdf", "ß"),
    )
    claimed = await claim_new(store, message, lane=str(message.conversation))
    assert [row.message for row in claimed.rows] == [message]
    assert claimed.rows[0].accepted_at == database.clock.now()
    assert claimed.rows[0].attempts == 1


async def test_a_claim_takes_the_run_of_one_author(database: Database) -> None:
    """Consecutive messages of one person are one turn, in the order of acceptance."""
    store = database.open()
    first = await claim_new(store, said(3), said(1), said(2, by="bob"), said(4))
    assert numbers(first) == [3, 1]
    await end(store, first)
    second = await claim(store)
    assert numbers(second) == [2]
    await end(store, second)
    assert numbers(await claim(store)) == [4]


async def test_a_run_is_bounded(database: Database) -> None:
    """A flood is worked off in turns of fifty."""
    store = database.open()
    first = await claim_new(store, *(said(n) for n in range(60)))
    assert numbers(first) == list(range(50))
    await end(store, first)
    assert numbers(await claim(store)) == list(range(50, 60))


async def test_edits_and_deletions_are_folded_in(database: Database) -> None:
    """What became of a claimed post comes with it, from behind other people's messages too."""
    store = database.open()
    edit = said(1, Kind.EDIT, again="e1")
    deletion = said(2, Kind.DELETE, by="moderator", again="deleted")
    other = said(3, Kind.EDIT, by="bob", again="e1")
    claimed = await claim_new(store, said(1), said(2), said(3, by="bob"), other, edit, deletion)
    assert [row.message for row in claimed.rows] == [said(1), said(2), edit, deletion]


async def test_a_change_is_found_behind_a_long_queue(database: Database) -> None:
    """A deletion counts even when more waits before it than a turn takes."""
    store = database.open()
    flood = [said(n, by="bob") for n in range(100, 170)]
    deletion = said(1, Kind.DELETE, again="deleted")
    claimed = await claim_new(store, said(1), *flood, deletion)
    assert [row.message for row in claimed.rows] == [said(1), deletion]


async def test_controls_overtake_alone(database: Database) -> None:
    """A press does not wait behind messages; each is a turn of its own, the oldest first."""
    store = database.open()
    first = await claim_new(store, said(1), said(2, Kind.FEEDBACK), said(3, Kind.APPROVE))
    assert numbers(first) == [2]
    await end(store, first)
    second = await claim(store)
    assert numbers(second) == [3]
    await end(store, second)
    assert numbers(await claim(store)) == [1]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.is_control])
async def test_a_control_may_take_over(database: Database, kind: Kind) -> None:
    """What somebody wrote before they said stop, or asked for a person, ends with it: it comes
    along, however much it is. What they write later and what others wrote is answered.
    """
    store = database.open()
    mine = [said(1), *(said(n) for n in range(3, 60)), said(1, Kind.EDIT, again="e1")]
    control = said(70, kind, again="x")
    await accept(store, mine[0], said(2, by="bob"), *mine[1:], control, said(71))
    first = await claim(store)
    taken = mine if kind.interrupts else []
    assert [row.message for row in first.rows] == [control, *taken]
    assert first.turn_id == f"t{min(row.id for row in first.rows)}"
    await end(store, first)
    assert numbers(await claim(store))[0] == (2 if kind.interrupts else 1)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.is_control])
async def test_a_control_that_interrupts_goes_first(database: Database, kind: Kind) -> None:
    """The turn it interrupts may be that of an earlier control: it would never get its turn."""
    store = database.open()
    await accept(store, said(1, Kind.APPROVE), said(2, kind, again="x"))
    assert numbers(await claim(store)) == [2 if kind.interrupts else 1]


async def test_a_press_in_time_goes_before_the_end_of_its_time(database: Database) -> None:
    """A timer was stored long before, but counts from when it is due."""
    store = database.open()
    timer = Arrival(said(1, Kind.EXPIRE), not_before=database.clock.now() + 60)
    await store.turns.accept(timer)
    await database.clock.advance(50)
    await accept(store, said(2, Kind.APPROVE))
    await database.clock.advance(60)
    assert numbers(await claim(store)) == [2]


async def test_what_waits_for_a_retry_is_taken_over(database: Database) -> None:
    """Who gives up on a question that failed is not answered later."""
    store = database.open()
    failed = await claim_new(store, said(1))
    await store.turns.retry(failed.lease, database.clock.now() + 60)
    stopped = await claim_new(store, said(2, Kind.STOP))
    assert (numbers(stopped), stopped.turn_id) == ([2, 1], failed.turn_id)
    assert [row.attempts for row in stopped.rows] == [1, 2]
    await end(store, stopped)
    await database.clock.advance(60)
    assert await store.turns.claim(LANE) is None


async def test_a_retried_control_takes_over_again(database: Database) -> None:
    """Unlike a run of messages it stays whole, so that it is the same turn."""
    store = database.open()
    first = await claim_new(store, said(1), said(2), said(3, Kind.STOP))
    await store.turns.retry(first.lease, database.clock.now())
    again = await claim(store)
    assert (numbers(again), again.turn_id) == ([3, 1, 2], first.turn_id)


async def test_a_retry_takes_one_row(database: Database) -> None:
    """If a run fails, its rows are tried one by one, so that only the poison suffers."""
    store = database.open()
    edit = said(1, Kind.EDIT, again="e1")
    first = await claim_new(store, said(1), said(2), edit)
    assert numbers(first) == [1, 2, 1]
    await store.turns.retry(first.lease, database.clock.now())
    again = await claim(store)
    assert [row.message for row in again.rows] == [said(1), edit]
    assert [row.attempts for row in again.rows] == [2, 2]
    await end(store, again)
    third = await claim(store)
    assert (numbers(third), third.rows[0].attempts) == ([2], 2)


async def test_a_turn_keeps_its_id(database: Database) -> None:
    """The id is that of the first row, so that a retried turn finds its steps."""
    store = database.open()
    first = await claim_new(store, said(1), said(2))
    assert first.turn_id == f"t{first.rows[0].id}"
    await store.turns.retry(first.lease, database.clock.now())
    assert (await claim(store)).turn_id == first.turn_id


async def test_a_release_takes_the_attempt_back(database: Database) -> None:
    """A drain is not the rows' fault: the run stays whole and its count as it was."""
    store = database.open()
    first = await claim_new(store, said(1), said(2))
    await store.turns.release(first.lease)
    again = await claim(store)
    assert [row.attempts for row in again.rows] == [1, 1]


async def test_a_lane_waits_for_its_retry(database: Database) -> None:
    """Between two attempts nothing is due, and what is behind does not overtake."""
    store = database.open()
    first = await claim_new(store, said(1))
    await store.turns.retry(first.lease, database.clock.now() + 60)
    await accept(store, said(2))
    assert await store.turns.claim(LANE) is None
    due = await store.turns.due()
    assert (due.lanes, due.next_at) == ((), database.clock.now() + 60)
    await database.clock.advance(60)
    assert (await store.turns.due()).lanes == (LANE,)
    assert numbers(await claim(store)) == [1]


async def test_a_control_does_not_wait_for_a_retry(database: Database) -> None:
    """While a message waits for its next attempt, a person can still be asked for."""
    store = database.open()
    first = await claim_new(store, said(1))
    await store.turns.retry(first.lease, database.clock.now() + 60)
    assert numbers(await claim_new(store, said(2, Kind.ASK_PERSON, by="bob"))) == [2]


async def test_a_timer_is_not_due_before_its_time(database: Database) -> None:
    """A timer waits in its lane and holds nothing up."""
    store = database.open()
    timer = Arrival(said(1, Kind.FEEDBACK), not_before=database.clock.now() + 100)
    await store.turns.accept(timer)
    assert await store.turns.claim(LANE) is None
    message = await claim_new(store, said(2))
    assert numbers(message) == [2]
    assert not (await end(store, message)).lane_due
    assert (await store.turns.due()).next_at == database.clock.now() + 100
    await database.clock.advance(100)
    assert numbers(await claim(store)) == [1]


async def test_due_lanes_come_in_the_order_of_waiting(database: Database) -> None:
    """Nobody waits longer than those who came later, whatever their lane is called."""
    store = database.open()
    for channel in ("D3", "D1", "D2"):
        await accept(store, said(1, channel=channel))
        await database.clock.advance(1)
    lanes = (await store.turns.due()).lanes
    assert [ConversationId.parse(lane).channel for lane in lanes] == ["D3", "D1", "D2"]


async def test_due_is_bounded_and_looks_again(database: Database) -> None:
    """After an outage not everything is handed out at once, and the rest is not forgotten."""
    store = database.open()
    await accept(store, *(said(1, channel=f"D{n}") for n in range(101)))
    due = await store.turns.due()
    assert len(due.lanes) == 100
    assert due.next_at is not None
    assert due.more


async def test_platforms_that_are_left_out_hide_nothing(database: Database) -> None:
    """However many of their lanes wait, those of the others are found; theirs go on waiting."""
    store = database.open()
    await accept(store, *(said(1, channel=f"D{n}") for n in range(100)))
    await database.clock.advance(1)
    await accept(store, said(1, platform="teams"))
    due = await store.turns.due(without={"slack", "irc"})
    assert (due.lanes, due.more) == ((str(place(platform="teams")),), False)
    assert (await store.turns.due(without={"slack", "teams"})).lanes == ()
    assert len((await store.turns.due(without={"lack", "sla", "teams"})).lanes) == 100


async def test_nothing_is_due_in_an_empty_store(database: Database) -> None:
    """A store without rows has nothing to look forward to."""
    store = database.open()
    due = await store.turns.due()
    assert (due.lanes, due.deliveries, due.next_at) == ((), (), None)
    assert await store.turns.claim("slack:T1:unknown:") is None


@pytest.mark.parametrize(("edited", "calls"), [(1, False), (3, True)])
async def test_an_edit_does_not_call_the_bot_twice(
    database: Database, edited: int, calls: bool
) -> None:
    """What mentioned the bot was worked off as a message; only what never came in is called in by
    its edit. The revision may look like a part of a key.
    """
    store = database.open()
    for n in (1, 2):
        await end(store, await claim_new(store, replace(said(n), mentions_bot=True)))
    edit = replace(said(edited, Kind.EDIT, again="17:3.4"), mentions_bot=True)
    (row,) = (await claim_new(store, edit)).rows
    assert row.message == replace(edit, mentions_bot=calls)
