"""The state machine: complete, without dead ends, and nothing happens that is not in its table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import IllegalTransition
from agent.state import NO_OPS, RESTING, TABLE, TRANSIENT, Effect, Event, State, step

events = st.sampled_from(sorted(Event))


def _reachable(start: State) -> set[State]:
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for (before, _), (after, _) in TABLE.items():
            if before is state and after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


def test_every_state_is_reachable_from_idle() -> None:
    """A conversation begins idle and can come into every state."""
    assert _reachable(State.IDLE) == set(State)


@pytest.mark.parametrize("state", sorted(State))
def test_no_state_is_a_dead_end(state: State) -> None:
    """From every state a conversation can come back to rest and to be answered by the bot."""
    assert State.IDLE in _reachable(state)


@pytest.mark.parametrize("state", sorted(TRANSIENT))
def test_transient_states_never_keep_waiting(state: State) -> None:
    """Every event of a transient state leads out of it at once."""
    out = [after for (before, _), (after, _) in TABLE.items() if before is state]
    assert out
    assert state not in out


def test_every_event_and_every_effect_is_used() -> None:
    """The table knows no word that nothing uses."""
    used_events = {event for _, event in TABLE} | {event for _, event in NO_OPS}
    used_effects = {effect for _, effects in TABLE.values() for effect in effects}
    assert used_events == set(Event)
    assert used_effects == set(Effect)


def test_nothing_is_both_a_row_and_deliberately_ignored() -> None:
    """What is ignored is not in the table as well."""
    assert not NO_OPS & set(TABLE)


def test_whatever_an_employee_does_is_legal_in_every_resting_state() -> None:
    """No message, press or word of an employee can be an illegal event."""
    theirs = {
        Event.WROTE,
        Event.REJECTED,
        Event.VANISHED,
        Event.PERSON_ASKED,
        Event.STOPPED,
        Event.LEFT_QUEUE,
        Event.RATED,
        Event.REPEAT_ASKED,
        Event.NEWCOMER,
        Event.COMMANDED,
    }
    for state in RESTING:
        for event in theirs:
            step(state, event)


def test_what_people_of_the_desk_cannot_have_is_legal_in_every_resting_state() -> None:
    """A press on a stale card, words under a closed one, a note: nothing changes by them."""
    for state in RESTING:
        for event in (Event.STAFF_REFUSED, Event.NOTED, Event.SHOWN, Event.VANISHED):
            assert step(state, event)[0] is state


def test_a_decision_that_comes_too_late_changes_nothing() -> None:
    """The buttons and the time of an approval outlive it: by then nothing waits for them."""
    for state in RESTING - {State.AWAITING_APPROVAL}:
        for event in (Event.APPROVED, Event.DENIED, Event.EXPIRED):
            assert step(state, event) == (state, ())


MOVES = {
    Effect.ASK_MODEL: State.THINKING,
    Effect.RUN_TOOLS: State.ACTING,
    Effect.ASK_APPROVAL: State.AWAITING_APPROVAL,
    Effect.OPEN_CASE: State.ESCALATED,
    Effect.RELEASE_CASE: State.ESCALATED,
    Effect.TAKE_CASE: State.WITH_HUMAN,
    Effect.SAY_LEFT: State.IDLE,
    Effect.SAY_HANDED_BACK: State.IDLE,
    Effect.SAY_RESOLVED: State.CLOSED,
    Effect.SAY_STALE: State.CLOSED,
}
"""The effects after which a conversation stands elsewhere, and where."""


@pytest.mark.parametrize("row", TABLE, ids="-".join)
def test_a_conversation_stands_where_its_effects_put_it(row: tuple[State, Event]) -> None:
    """Nobody is told of a case, a question or a model that is not there; words alone move nothing,
    but that they end a turn, and what an approval was about ends with it.
    """
    before, (after, effects) = row[0], TABLE[row]
    moves = [MOVES[effect] for effect in effects if effect in MOVES]
    if moves:
        assert set(moves) == {after}
    elif Effect.SETTLE_APPROVAL in effects:
        assert after is State.IDLE
    elif before in TRANSIENT:
        assert after is (State.CLOSED if row[1] is Event.FINISHED else State.IDLE)
    else:
        assert after is before


@given(st.sampled_from(sorted(State)), st.lists(events, max_size=30))
def test_illegal_events_change_nothing(start: State, happened: list[Event]) -> None:
    """After an illegal event the machine goes on as if it had not happened."""
    state = with_illegal = start
    for event in happened:
        try:
            following, effects = step(with_illegal, event)
        except IllegalTransition:
            continue  # `with_illegal` is what it was
        assert set(effects) <= set(Effect)
        with_illegal = following
        state, _ = step(state, event)
    assert state is with_illegal


@given(st.sampled_from(sorted(State)), events)
def test_step_is_a_pure_function_of_the_table(state: State, event: Event) -> None:
    """`step` answers exactly what the table says, every time."""
    if (state, event) in TABLE:
        assert step(state, event) == TABLE[state, event] == step(state, event)
    elif (state, event) in NO_OPS:
        assert step(state, event) == (state, ())
    else:
        with pytest.raises(IllegalTransition, match=f"{event} is not possible in state {state}"):
            step(state, event)
