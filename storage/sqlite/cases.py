"""Between a case and its row."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

from agent.cases import Case, CaseCard, CaseState, Cause, Copy
from agent.messages import ConversationId

CARD: TypeAdapter[CaseCard | None] = TypeAdapter(CaseCard | None)
COPIES: TypeAdapter[tuple[Copy, ...]] = TypeAdapter(tuple[Copy, ...])

CAUSES = frozenset(Cause)
STATES = frozenset(CaseState)

T = TypeVar("T")


def case_row(case: Case) -> tuple[Any, ...]:
    """The columns of a case, in the order of its fields."""
    return (
        case.id,
        case.lane,
        case.cause.value,
        case.state.value,
        case.employee_id,
        case.opened_at,
        case.owner,
        case.card_id,
        CARD.dump_json(case.card).decode(),
        case.channel,
        COPIES.dump_json(case.copies).decode(),
        case.owner_name,
        case.claimed_at,
        case.released_at,
        case.closed_at,
        case.outcome,
        case.note,
        case.incident,
        case.reminders,
        case.looks,
    )


def case_of(row: tuple[Any, ...]) -> Case | None:
    """A case as it was written. What its card showed, or where it is, may be damaged; a case is
    there without. None if not even its state can be read: its lane goes on.
    """
    case_id, lane, cause, state, employee_id, opened_at, owner, card_id, card, *rest = row
    channel, copies, *more = rest
    if cause not in CAUSES or state not in STATES:
        return None
    return Case(
        case_id,
        lane,
        Cause(cause),
        CaseState(state),
        employee_id,
        opened_at,
        owner,
        card_id,
        _readable(CARD, card, None),
        channel if _is_place(channel) else "",
        tuple(one for one in _readable(COPIES, copies, ()) if _is_place(one.channel)),
        *more,
    )


def _is_place(text: str) -> bool:
    """Whether it is the written form of a conversation id, or empty."""
    try:
        return not text or bool(ConversationId.parse(text))
    except ValueError:
        return False


def _readable(adapter: TypeAdapter[T], text: str, otherwise: T) -> T:
    try:
        return adapter.validate_json(text)
    except ValueError:
        return otherwise
