"""The contract of Turns: what a turn leaves behind, and what the next one finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.journal import Line
from agent.messages import Kind
from agent.models import Usage
from agent.records import Arrival, Feedback, Spend
from agent.state import RESTING, TRANSIENT, State
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    entry,
    numbers,
    place,
    said,
)


async def test_a_new_lane_is_idle(database: Database) -> None:
    """A first message finds no history, no case and no past."""
    claimed = await claim_new(database.open(), said(1))
    assert (claimed.state, claimed.history, claimed.case) == (State.IDLE, (), None)
    assert claimed.last_at == 0.0


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_the_state_is_kept(database: Database, state: State) -> None:
    """The next turn begins in the state in which the last one ended, and knows when that was."""
    store = database.open()
    await end(store, await claim_new(store, said(1)), state=state)
    ended_at = database.clock.now()
    await database.clock.advance(100)
    claimed = await claim_new(store, said(2))
    assert (claimed.state, claimed.last_at) == (state, ended_at)


@pytest.mark.parametrize("state", sorted(TRANSIENT))
async def test_a_turn_ends_at_rest(database: Database, state: State) -> None:
    """A state that only lives in memory never reaches the database."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    with pytest.raises(ValueError, match=state):
        await end(store, claimed, state=state)
    await end(store, claimed)


async def test_the_journal_is_the_history(database: Database) -> None:
    """What a turn wrote down comes back with the next claim, numbered and in order."""
    store = database.open()
    lines = (entry("said", text="ü 🙂"), entry("answered", confidence=0.1, of=[1, None]))
    first = await claim_new(store, said(1), said(9, channel="D2"))
    await end(store, first, journal=lines)
    claimed = await claim_new(store, said(2))
    assert [(e.kind, e.data, e.at, e.turn_id) for e in claimed.history] == [
        (e.kind, e.data, e.at, e.turn_id) for e in lines
    ]
    first_seq, second_seq = (e.seq for e in claimed.history)
    assert 0 < first_seq < second_seq
    other = await claim(store, LANE.replace("D1", "D2"))
    assert other.history == ()


async def test_history_is_bounded(database: Database) -> None:
    """A claim brings along the newest entries, at most as many as the store was told."""
    store = database.open(history_limit=3)
    await end(store, await claim_new(store, said(1)), journal=[entry(f"k{n}") for n in range(5)])
    claimed = await claim_new(store, said(2))
    assert [line.kind for line in claimed.history] == ["k2", "k3", "k4"]


@pytest.mark.parametrize("kind", [Line.CASE, Line.HANDED_BACK, Line.STAFF])
async def test_people_had_a_part(database: Database, kind: Line) -> None:
    """As long as the newest entries tell of a case much more is read; what people of the desk wrote
    is no sign by itself, and a new episode ends it all the same.
    """
    store = database.open(history_limit=3)
    lines = [entry(f"k{n}") for n in range(5)] + [entry(kind)]
    await end(store, await claim_new(store, said(1)), journal=lines)
    claimed = await claim_new(store, said(2))
    assert len(claimed.history) == (3 if kind is Line.STAFF else 6)
    since = claimed.history[-2].seq
    await end(store, claimed, journal=[entry("new")], context_from=since)
    assert len((await claim_new(store, said(3))).history) == 3


async def test_people_have_a_case(database: Database) -> None:
    """Its lines may be long ago; what a turn costs is bounded all the same."""
    store = database.open(history_limit=3)
    lines = [entry(f"k{n}") for n in range(2010)]
    case = Case("c1", LANE, Cause.UNSURE, CaseState.CLAIMED, "ada", 5.5)
    first = await claim_new(store, said(1))
    await end(store, first, journal=lines, cases=(case,), state=State.WITH_HUMAN)
    history = (await claim_new(store, said(2))).history
    assert (len(history), history[0].kind, history[-1].kind) == (2000, "k10", "k2009")


async def test_a_new_episode_forgets(database: Database) -> None:
    """From `context_from` on the history is read, until a turn moves it again."""
    store = database.open()
    await end(store, await claim_new(store, said(1)), journal=[entry("old"), entry("new")])
    seen = await claim_new(store, said(2))
    await end(store, seen, journal=[entry("newer")], context_from=seen.history[1].seq)
    for n in (3, 4):
        claimed = await claim_new(store, said(n))
        assert [line.kind for line in claimed.history] == ["new", "newer"]
        await end(store, claimed)


async def test_an_open_case_comes_with_the_claim(database: Database) -> None:
    """A turn knows the case of its conversation as long as it is open."""
    store = database.open()
    card = CaseCard("c1", CaseState.WAITING, "why", "slack:ada", "Ada", "", "ü", ("a", "b"))
    case = Case("c1", LANE, Cause.UNSURE, CaseState.WAITING, "ada", 5.5, card_id="m1", card=card)
    case = replace(case, channel=str(place("C9", "teams")))
    await end(store, await claim_new(store, said(1)), cases=(case,), state=State.ESCALATED)
    second = await claim_new(store, said(2))
    assert second.case == case
    taken = replace(case, state=CaseState.CLAIMED, owner="bob", card=None)
    await end(store, second, cases=(taken,), state=State.WITH_HUMAN)
    third = await claim_new(store, said(3))
    assert third.case == taken
    assert (await store.records.counts())["cases_open"] == 1
    done = replace(taken, state=CaseState.RESOLVED)
    await end(store, third, cases=(done,), state=State.CLOSED)
    assert (await claim_new(store, said(4))).case is None


async def test_a_turn_may_write_everything_at_once(database: Database) -> None:
    """Feedback, usage and timers are part of the same commit; a verdict may be given again."""
    store = database.open()
    for verdict in ("up", "down"):
        claimed = await claim_new(store, said(1, Kind.FEEDBACK, again=verdict))
        await end(
            store,
            claimed,
            journal=(entry("rated"),),
            feedback=(Feedback("m1", "ada", verdict),),
            spend=(Spend("openai:x", Usage(10, 5, 1, 7, 3), estimated=True),),
            timers=(Arrival(said(2, Kind.STOP, again=verdict), not_before=0.0),),
        )
        await end(store, await claim(store))
    assert (await store.records.counts())["rows_waiting"] == 0


async def test_what_came_meanwhile_is_due(database: Database) -> None:
    """A commit says whether the lane has more to do, so that nothing has to be looked for."""
    store = database.open()
    first = await claim_new(store, said(1))
    await accept(store, said(2))
    assert (await end(store, first)).lane_due
    second = await claim(store)
    assert numbers(second) == [2]
    assert not (await end(store, second)).lane_due
    assert (await store.turns.due()).lanes == ()


async def test_a_timer_of_another_lane_wakes_it(database: Database) -> None:
    """A turn may leave something to do for another conversation."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    timer = Arrival(said(5, Kind.STOP, channel="D2"))
    assert not (await end(store, claimed, timers=(timer,))).lane_due
    assert (await store.turns.due()).lanes == (LANE.replace("D1", "D2"),)
