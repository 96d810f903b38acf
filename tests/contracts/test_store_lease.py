"""The contract of Turns: one turn of a lane at a time, whoever works on it."""

from __future__ import annotations

import pytest

from agent.errors import LeaseLost
from agent.messages import Kind
from agent.records import Interruption, TurnEnd
from agent.state import State
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    entry,
    numbers,
    reply,
    said,
)
from tests.support.clock import TestClock


async def test_a_claimed_lane_is_taken(database: Database) -> None:
    """Neither this worker nor another one gets a lane twice."""
    store, other = database.open(owner="a"), database.open(owner="b")
    await claim_new(store, said(1))
    await accept(store, said(2))
    assert await store.turns.claim(LANE) is None
    assert await other.turns.claim(LANE) is None
    assert (await other.turns.due()).lanes == ()


async def test_lanes_are_independent(database: Database) -> None:
    """A turn of one conversation does not hold up another."""
    store, other = database.open(owner="a"), database.open(owner="b")
    await claim_new(store, said(1))
    claimed = await claim_new(other, said(1, channel="D2"), lane=LANE.replace("D1", "D2"))
    assert claimed.lease.owner == "b"


async def test_an_expired_lease_can_be_taken(database: Database) -> None:
    """The messages of a worker that fell silent are worked on by another one."""
    store, other = database.open(owner="a"), database.open(owner="b")
    await claim_new(store, said(1))
    await database.clock.advance(29)
    due = await other.turns.due()
    assert (due.lanes, due.next_at) == ((), database.clock.now() + 1)
    await database.clock.advance(1)
    assert (await other.turns.due()).lanes == (LANE,)
    taken = await claim(other)
    assert (numbers(taken), taken.rows[0].attempts) == ([1], 2)


async def test_a_renewed_lease_holds(database: Database) -> None:
    """A long turn keeps its lane as long as it says so."""
    store, other = database.open(owner="a"), database.open(owner="b")
    claimed = await claim_new(store, said(1))
    for _ in range(5):
        await database.clock.advance(20)
        assert await store.turns.renew(claimed.lease) is None
    assert await other.turns.claim(LANE) is None


async def test_a_late_worker_may_still_finish(database: Database) -> None:
    """An expired lease that nobody took is as good as a fresh one."""
    store = database.open()
    first = await claim_new(store, said(1))
    await database.clock.advance(31)
    assert await store.turns.renew(first.lease) is None
    await database.clock.advance(31)
    await end(store, first)


async def test_a_lost_lease_writes_nothing(database: Database) -> None:
    """Whoever lost the lane can neither renew, commit nor release it."""
    store, other = database.open(owner="a"), database.open(owner="b")
    lost = await claim_new(store, said(1))
    await database.clock.advance(30)
    taken = await claim(other)
    turn = TurnEnd(State.CLOSED, "", journal=(entry("said"),), outbox=(reply("m1"),))
    with pytest.raises(LeaseLost):
        await store.turns.commit(lost.lease, turn)
    with pytest.raises(LeaseLost):
        await store.turns.renew(lost.lease)
    with pytest.raises(LeaseLost):
        await store.turns.release(lost.lease)
    with pytest.raises(LeaseLost):
        await store.turns.retry(lost.lease, 0.0)
    assert await store.records.timeline(LANE) == []
    assert (await store.records.counts())["outbox_pending"] == 0
    await end(other, taken)
    assert await store.turns.claim(LANE) is None


async def test_a_lease_ends_with_its_turn(database: Database) -> None:
    """The same turn cannot be committed twice."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await end(store, claimed)
    with pytest.raises(LeaseLost):
        await end(store, claimed)


@pytest.mark.parametrize("kind", list(Kind))
async def test_controls_interrupt(database: Database, kind: Kind) -> None:
    """The worker is told of a waiting control if it is one that interrupts."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await accept(store, said(2, kind, again="x"))
    expected = Interruption.CONTROL if kind.interrupts else None
    assert await store.turns.renew(claimed.lease) is expected


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE])
async def test_a_change_of_the_question_interrupts(database: Database, kind: Kind) -> None:
    """What is being answered is not what it was any more."""
    store = database.open()
    claimed = await claim_new(store, said(1), said(2))
    await accept(store, said(2, kind, by="moderator", again="x"))
    assert await store.turns.renew(claimed.lease) is Interruption.CHANGED


@pytest.mark.parametrize("kind", [Kind.LOOK, Kind.FEEDBACK])
async def test_a_change_interrupts_beside_other_controls(database: Database, kind: Kind) -> None:
    """What waits for its time, or came meanwhile, has not taken the question over."""
    store = database.open()
    await end(store, await claim_new(store, said(1)))
    claimed = await claim_new(store, said(2))
    await accept(store, said(3, kind), said(2, Kind.EDIT, again="x"))
    assert await store.turns.renew(claimed.lease) is Interruption.CHANGED


async def test_a_control_comes_before_a_change(database: Database) -> None:
    """If both wait, the turn ends for the control."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await accept(store, said(1, Kind.EDIT, again="x"), said(2, Kind.STOP))
    assert await store.turns.renew(claimed.lease) is Interruption.CONTROL


async def test_a_control_does_not_interrupt_itself(database: Database) -> None:
    """The press that is being worked on is no reason to stop working on it."""
    store = database.open()
    claimed = await claim_new(store, said(1, Kind.ASK_PERSON))
    assert await store.turns.renew(claimed.lease) is None


async def test_changes_in_hand_do_not_interrupt(database: Database) -> None:
    """An edit that the turn has already folded in is not news."""
    store = database.open()
    claimed = await claim_new(store, said(1), said(1, Kind.EDIT, again="e1"))
    assert await store.turns.renew(claimed.lease) is None


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE])
async def test_a_change_of_what_was_taken_over_is_late(database: Database, kind: Kind) -> None:
    """It ends with the control, whatever becomes of it meanwhile."""
    store = database.open()
    claimed = await claim_new(store, said(1), said(2, Kind.STOP))
    await accept(store, said(1, kind, again="x"))
    assert await store.turns.renew(claimed.lease) is None


async def test_leases_of_a_dead_worker_are_void(database: Database) -> None:
    """After a restart nobody waits for the lease of the process before."""
    store = database.open(owner="a", exclusive=True)
    lost = await claim_new(store, said(1))
    restarted = await database.restarted(store, owner="b")
    assert (await restarted.turns.due()).lanes == (LANE,)
    taken = await claim(restarted)
    assert (numbers(taken), taken.rows[0].attempts) == ([1], 2)
    assert taken.lease.epoch > lost.lease.epoch
    assert taken.turn_id == lost.turn_id


async def test_a_visitor_leaves_leases_alone(database: Database) -> None:
    """A command line tool that opens the database does not disturb the worker."""
    store = database.open(owner="a", exclusive=True)
    claimed = await claim_new(store, said(1))
    visitor = database.open(owner="b", exclusive=False)
    assert await visitor.turns.claim(LANE) is None
    await end(store, claimed)


async def test_a_clock_that_was_set_back_stops_nobody_for_ever(database: Database) -> None:
    """What was accepted in the future waits until the clock is there again, and is not lost."""
    store = database.open(exclusive=True)
    await claim_new(store, said(1))
    accepted_at = database.clock.now()
    database.clock = TestClock(accepted_at - 50)
    restarted = await database.restarted(store)
    assert await restarted.turns.claim(LANE) is None
    due = await restarted.turns.due()
    assert (due.lanes, due.next_at) == ((), accepted_at)
    await database.clock.advance(50)
    assert numbers(await claim(restarted)) == [1]
