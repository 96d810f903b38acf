"""Lists of events that are kept by hand agree with the table: a new event has its place in each."""

from __future__ import annotations

from agent.acting import LATE, LETS_BE
from agent.desk.waiting import ACTIVITY
from agent.state import NO_OPS, RESTING, TABLE, WITH_PEOPLE, Effect, Event, State

OF_THE_EMPLOYEES_TURN = {Event.CORRECTED, Event.OWNER_GONE}
"""Only people's states know them, but a turn that they begin may be the employee's own."""

MOVES_THE_CASE = {
    *(Effect.RELAY_TO_DESK, Effect.RELAY_TO_EMPLOYEE, Effect.SAY_WAITING),
    *(Effect.TAKE_CASE, Effect.RELEASE_CASE, Effect.UPDATE_CARD),
}
"""What is done only because somebody says or does something about an open case."""


def effects(state: State, event: Event) -> set[Effect] | None:
    """What follows on an event, None if it is not possible."""
    if (state, event) in NO_OPS:
        return set()
    return set(TABLE[state, event][1]) if (state, event) in TABLE else None


def lets_be(event: Event) -> bool:
    """Whether a call that waits for a yes is left alone: the event keeps the conversation waiting,
    or is about a case, which such a conversation has not.
    """
    follows = effects(State.AWAITING_APPROVAL, event)
    if follows is not None:
        return Effect.SETTLE_APPROVAL not in follows
    begins = any(effects(state, event) is not None for state in RESTING)
    return begins and event not in OF_THE_EMPLOYEES_TURN


def test_what_lets_be_what_was_begun() -> None:
    """A first event that leaves an open approval alone does not make a case of what was begun, and
    any other does.
    """
    assert not LETS_BE & LATE
    assert {event for event in Event if lets_be(event)} == LETS_BE | LATE


def test_what_counts_as_activity() -> None:
    """Whatever passes words on or moves an open case sets back the time after which it is closed,
    and so does a note; nothing else does, and not that its owner is gone.
    """
    moving = {
        event
        for event in Event
        for state in WITH_PEOPLE
        if (state, event) in TABLE and MOVES_THE_CASE.intersection(TABLE[state, event][1])
    }
    assert moving - {Event.OWNER_GONE} | {Event.NOTED} == ACTIVITY
