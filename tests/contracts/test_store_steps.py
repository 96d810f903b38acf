"""The contract of Turns: steps that a retry goes on from, and the approval a lane waits for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.errors import LeaseLost, StorageError, StoreUnavailable
from agent.messages import Kind
from agent.records import Approval, ApprovalState, Arrival, LaneClaim, Step, StepKind, StepState
from agent.state import State
from storage import Store
from tests.storage.databases import LANE, Database, accept, claim, claim_new, end, entry, said

WAITING = State.AWAITING_APPROVAL


def step(turn_id: str, n: int, state: StepState = StepState.DONE, **data: Any) -> Step:
    """The first step of a turn is a model's output, the others are its calls."""
    kind = StepKind.MODEL if n == 1 else StepKind.CALL
    return Step(turn_id, n, kind, state, 1_790_000_000.25, data)


def approval(turn_id: str, n: int = 2, **rest: Any) -> Approval:
    """The question whether a call may be made."""
    asked = {"state": ApprovalState.OPEN, "asked_at": 5.5, "expires_at": 900.0, "message_id": "m1"}
    arguments = '{"name": "ü", "n": 1}'
    return Approval(
        f"{turn_id}:{n}", turn_id, "reset_vpn", arguments, ("ada", "bob"), **{**asked, **rest}
    )


async def again(database: Database, store: Store, claimed: LaneClaim) -> LaneClaim:
    """The turn fails and is tried again."""
    await store.turns.retry(claimed.lease, database.clock.now())
    return await claim(store)


async def waiting_lane(store: Store) -> LaneClaim:
    """A lane whose first turn made two steps and asks for a third."""
    claimed = await claim_new(store, said(1))
    first, second = step(claimed.turn_id, 1), step(claimed.turn_id, 2)
    await store.turns.step(claimed.lease, [first, second])
    await end(store, claimed, state=WAITING, approvals=(approval(claimed.turn_id, 3),))
    return claimed


async def test_a_retry_finds_what_was_done(database: Database) -> None:
    """Steps come back with the next attempt, unchanged and by number, also at the first turn of a
    lane; a turn that did nothing has none.
    """
    store = database.open()
    first = await claim_new(store, said(1))
    assert first.steps == ()
    done = step(first.turn_id, 1, question="ü 🙂\x00", calls=[{"name": "x"}, None, 0.1])
    started = step(first.turn_id, 2, StepState.STARTED)
    await store.turns.step(first.lease, [started, done])
    second = await again(database, store, first)
    assert second.steps == (done, started)
    result = step(first.turn_id, 2, outcome="ok")
    await store.turns.step(second.lease, [result])
    assert (await again(database, store, second)).steps == (done, result)


async def test_steps_survive_a_worker(database: Database) -> None:
    """What was committed before a process died is known to the one that takes over."""
    store = database.open(exclusive=True)
    claimed = await claim_new(store, said(1))
    await store.turns.step(claimed.lease, [step(claimed.turn_id, 1)])
    restarted = await database.restarted(store, owner="other")
    assert (await claim(restarted)).steps == (step(claimed.turn_id, 1),)


async def test_steps_of_another_turn_are_not_in_the_way(database: Database) -> None:
    """Each turn finds its own."""
    store = database.open()
    claimed = await claim_new(store, said(1), said(1, channel="D2"), said(2, by="bob"))
    await store.turns.step(claimed.lease, [step(claimed.turn_id, 1)])
    assert (await claim(store, LANE.replace("D1", "D2"))).steps == ()
    await end(store, claimed)
    assert (await claim(store)).steps == ()


async def test_a_lost_lease_writes_no_step(database: Database) -> None:
    """Whoever lost the lane cannot change what the other one goes on from."""
    store, other = database.open(owner="a"), database.open(owner="b")
    lost = await claim_new(store, said(1))
    await database.clock.advance(30)
    taken = await claim(other)
    with pytest.raises(LeaseLost):
        await store.turns.step(lost.lease, [step(lost.turn_id, 1)])
    stolen = replace(taken.lease, owner="a")
    with pytest.raises(LeaseLost):
        await store.turns.step(stolen, [step(lost.turn_id, 1)])
    assert (await again(database, other, taken)).steps == ()


async def test_a_turn_that_is_over_writes_no_step(database: Database) -> None:
    """After its end nothing is added."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await end(store, claimed)
    with pytest.raises(LeaseLost):
        await store.turns.step(claimed.lease, [step(claimed.turn_id, 1)])


async def test_a_step_does_not_keep_the_lease(database: Database) -> None:
    """A lane whose worker stopped renewing can be taken, whatever else that one does."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await database.clock.advance(29)
    await store.turns.step(claimed.lease, [step(claimed.turn_id, 1)])
    await database.clock.advance(1)
    assert (await store.turns.due()).lanes == (LANE,)


async def test_a_late_worker_may_still_write_steps(database: Database) -> None:
    """An expired lease that nobody took is as good as a fresh one."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await database.clock.advance(31)
    await store.turns.step(claimed.lease, [step(claimed.turn_id, 1)])
    assert (await claim(store)).steps == (step(claimed.turn_id, 1),)


async def test_a_turn_that_did_something_is_tried_again_whole(database: Database) -> None:
    """Its rows stay together, and no later one joins: what was done for all of them is not done
    again for those that would be left.
    """
    store = database.open()
    first = await claim_new(store, said(1), said(2), said(3))
    made_of = tuple(row.id for row in first.rows)
    await store.turns.step(first.lease, [replace(step(first.turn_id, 1), rows=made_of)])
    await accept(store, said(4))
    second = await again(database, store, first)
    assert [row.message for row in second.rows] == [said(1), said(2), said(3)]
    assert second.steps[0].rows == made_of


async def test_the_last_output_knows_the_rows(database: Database) -> None:
    """A turn that asked its model again goes on with what it was asked then, and a call that was
    begun after it knows of none.
    """
    store = database.open()
    first = await claim_new(store, said(1), said(2))
    rows = tuple(row.id for row in first.rows)
    turn = first.turn_id
    output = step(turn, 1)
    later = replace(output, n=3, rows=rows)
    made = [replace(output, rows=rows[:1]), step(turn, 2), later, step(turn, 4)]
    await store.turns.step(first.lease, made)
    second = await again(database, store, first)
    assert [row.message for row in second.rows] == [said(1), said(2)]


async def test_a_timer_that_is_not_needed_any_more(database: Database) -> None:
    """It never comes, and does not wake its lane."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    timer = said(9, Kind.EXPIRE)
    await end(store, claimed, timers=(Arrival(timer, not_before=database.clock.now() + 60),))
    second = await claim_new(store, said(2))
    await end(store, second, timers_over=(timer.key,))
    await database.clock.advance(61)
    due = await store.turns.due()
    assert (due.lanes, due.next_at) == ((), None)


async def test_steps_end_with_their_turn(database: Database) -> None:
    """A turn erases the steps that nothing goes on from, and no others."""
    store = database.open()
    first = await claim_new(store, said(1), said(1, channel="D2"))
    await store.turns.step(first.lease, [step(first.turn_id, 1), step(first.turn_id, 2)])
    other = await claim(store, LANE.replace("D1", "D2"))
    await store.turns.step(other.lease, [step(other.turn_id, 1)])
    failed = await again(database, store, first)
    await end(store, failed, approvals=(approval(first.turn_id),), steps_over=(other.turn_id,))
    assert len((await claim_new(store, said(2))).steps) == 2
    await store.turns.retry(other.lease, database.clock.now())
    assert (await claim(store, LANE.replace("D1", "D2"))).steps == ()


async def test_an_open_approval_comes_with_the_claim(database: Database) -> None:
    """Whatever happens next in the lane finds it, with the steps of the turn that asked."""
    store = database.open()
    asked = await waiting_lane(store)
    pressed = await claim_new(store, said(2, Kind.APPROVE))
    assert pressed.approval == approval(asked.turn_id, 3)
    assert pressed.steps == (step(asked.turn_id, 1), step(asked.turn_id, 2))
    assert pressed.turn_id != asked.turn_id


async def test_the_call_of_an_approval_goes_on_under_its_number(database: Database) -> None:
    """The turn that was allowed to writes on where the first one stopped, and a retry knows."""
    store = database.open()
    asked = await waiting_lane(store)
    pressed = await claim_new(store, said(2, Kind.APPROVE))
    await store.turns.step(pressed.lease, [step(asked.turn_id, 3, StepState.STARTED)])
    retried = await again(database, store, pressed)
    assert retried.steps[2] == step(asked.turn_id, 3, StepState.STARTED)
    done = replace(approval(asked.turn_id, 3), state=ApprovalState.APPROVED, decided_by="bob")
    await end(store, retried, approvals=(done,), steps_over=(asked.turn_id,))
    after = await claim_new(store, said(3))
    assert (after.approval, after.steps) == (None, ())


async def test_a_turn_beside_an_approval_has_steps_of_its_own(database: Database) -> None:
    """Who writes something else instead of deciding gets it done, once, although the turn that
    asked is not forgotten before this one ends.
    """
    store = database.open()
    asked = await waiting_lane(store)
    other = await claim_new(store, said(2))
    await store.turns.step(other.lease, [step(other.turn_id, 1)])
    found = [(one.turn_id, one.n) for one in (await again(database, store, other)).steps]
    assert found == [(asked.turn_id, 1), (asked.turn_id, 2), (other.turn_id, 1)]


@pytest.mark.parametrize("state", [one for one in ApprovalState if one is not ApprovalState.OPEN])
async def test_a_decided_approval_is_not_open(database: Database, state: ApprovalState) -> None:
    """However it ended, the lane waits for it no more, and may ask again."""
    store = database.open()
    asked = await waiting_lane(store)
    pressed = await claim_new(store, said(2, Kind.DENY))
    closed = replace(approval(asked.turn_id, 3), state=state, decided_by="ada")
    following = approval("t99", message_id="m2")
    await end(store, pressed, state=WAITING, approvals=(following, closed))
    assert (await claim_new(store, said(3))).approval == following


async def test_a_lane_has_one_open_approval(database: Database) -> None:
    """A second one is a defect of who writes it: nothing of that turn is kept, and it is told as a
    defect, not as an outage.
    """
    store = database.open()
    asked = await waiting_lane(store)
    claimed = await claim_new(store, said(2))
    with pytest.raises(StorageError) as told:
        await end(store, claimed, approvals=(approval("t99"),), journal=[entry("lost")])
    assert not isinstance(told.value, StoreUnavailable)
    assert await store.records.timeline(LANE) == []
    await end(store, claimed)
    assert (await claim_new(store, said(3))).approval == approval(asked.turn_id, 3)


async def test_each_lane_has_its_own_approval(database: Database) -> None:
    """What one conversation waits for does not concern another."""
    store = database.open()
    await waiting_lane(store)
    elsewhere = await claim_new(store, said(1, channel="D2"), lane=LANE.replace("D1", "D2"))
    await end(store, elsewhere, state=WAITING, approvals=(approval(elsewhere.turn_id),))
    await accept(store, said(2, channel="D2"))
    found = await claim(store, LANE.replace("D1", "D2"))
    assert found.approval == approval(elsewhere.turn_id)


async def test_what_takes_over_goes_on_from_the_same_steps(database: Database) -> None:
    """A control that ends a question knows what was already done for it."""
    store = database.open()
    asked = await claim_new(store, said(1))
    await store.turns.step(asked.lease, [step(asked.turn_id, 1)])
    await accept(store, said(2, Kind.STOP))
    stopped = await again(database, store, asked)
    assert (stopped.turn_id, stopped.steps) == (asked.turn_id, (step(asked.turn_id, 1),))
