"""Between the kernel's records and the tuples that the database takes and gives."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.messages import (
    Author,
    ConversationId,
    IncomingMessage,
    Kind,
    OutgoingMessage,
    dump_incoming,
    dump_outgoing,
    load_incoming,
    load_outgoing,
)
from agent.records import (
    Arrival,
    Claim,
    Delivery,
    DeliveryState,
    Entry,
    Lease,
    Row,
    Settlement,
    Spend,
    TurnEnd,
)
from agent.state import State
from storage.sqlite.lanes import Claimed, Ending, NewRow
from storage.sqlite.outbox import Taken, Unsent, Verdict

CARD: TypeAdapter[CaseCard | None] = TypeAdapter(CaseCard | None)

# What the journal says of a delivery that needs no further attempt.
SETTLED = {
    DeliveryState.SENT: "delivered",
    DeliveryState.UNCONFIRMED: "unconfirmed",
    DeliveryState.DEAD: "undelivered",
}


def new_row(arrival: Arrival, now: float) -> NewRow:
    """An arrival as an inbox row. What is due at once is due now, so that lanes can be served in
    the order in which they began to wait.
    """
    message = arrival.message
    return NewRow(
        message.key,
        str(message.conversation),
        "control" if message.kind.is_control else "utterance",
        message.kind.value,
        message.id,
        message.author.id,
        max(arrival.not_before, now),
        now,
        dump_incoming(message),
    )


def claim_of(lane: str, owner: str, found: Claimed) -> Claim:
    """A claim as the kernel sees it."""
    rows = tuple(
        [
            Row(row.id, load_incoming(row.payload), row.attempts + 1, row.accepted_at)
            for row in found.rows
        ]
    )
    history = tuple(
        [
            Entry(kind, from_json(data), at, turn_id, seq)
            for seq, turn_id, kind, at, data in reversed(found.history)
        ]
    )
    return Claim(
        lease=Lease(lane, owner, found.epoch),
        turn_id=f"t{rows[0].id}",
        state=State(found.state),
        rows=rows,
        history=history,
        case=_case(found.case) if found.case else None,
        # RETURNING gives a round REAL as an integer.
        last_at=float(found.last_at),
    )


def _case(row: tuple[Any, ...]) -> Case:
    case_id, lane, cause, state, employee_id, opened_at, owner, card_id, card = row
    return Case(
        case_id,
        lane,
        Cause(cause),
        CaseState(state),
        employee_id,
        opened_at,
        owner,
        card_id,
        CARD.validate_json(card),
    )


def _case_row(case: Case) -> tuple[Any, ...]:
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
    )


def ending(lane: str, end: TurnEnd, now: float, askable: Collection[str]) -> Ending:
    """The end of a turn as rows. Deliveries and usage belong to the turn of its journal."""
    turn_id = end.journal[0].turn_id if end.journal else ""
    return Ending(
        state=end.state.value,
        context_from=end.context_from,
        now=now,
        journal=[
            (lane, entry.turn_id, entry.kind, entry.at, to_json(entry.data).decode())
            for entry in end.journal
        ],
        outbox=[_unsent(lane, turn_id, message, askable) for message in end.outbox],
        cases=[_case_row(case) for case in end.cases],
        feedback=[
            (given.message_id, given.author_id, given.verdict, lane, now) for given in end.feedback
        ],
        spend=[_spend_row(lane, turn_id, now, spent) for spent in end.spend],
        timers=[new_row(timer, now) for timer in end.timers],
    )


def _spend_row(lane: str, turn_id: str, now: float, spent: Spend) -> tuple[Any, ...]:
    used = spent.usage
    return (
        lane,
        turn_id,
        now,
        spent.model,
        used.input_total,
        used.cache_read,
        used.cache_write,
        used.output,
        used.reasoning,
        int(spent.estimated),
    )


def _unsent(lane: str, turn_id: str, message: OutgoingMessage, askable: Collection[str]) -> Unsent:
    return Unsent(
        message.id,
        lane,
        turn_id,
        str(message.conversation),
        message.under,
        message.replaces,
        dump_outgoing(message),
        message.conversation.platform in askable,
    )


def delivery_of(taken: Taken, message: OutgoingMessage | None = None) -> Delivery:
    """A row that was taken for sending; `message` saves decoding it if it is at hand."""
    return Delivery(
        id=taken.id,
        lane=taken.lane,
        message=message or load_outgoing(taken.payload),
        attempts=taken.attempts,
        doubtful=bool(taken.doubtful),
        sending_since=float(taken.sending_since),
        queued_at=float(taken.queued_at),
        under_ref=taken.under_ref,
        replaces_ref=taken.replaces_ref,
    )


def verdict_of(delivery: Delivery, settlement: Settlement) -> Verdict:
    """A settlement as the row it changes."""
    return Verdict(
        delivery.id,
        delivery.sending_since,
        settlement.state,
        settlement.doubtful,
        settlement.retry_at,
        settlement.ref,
        settlement.reason,
    )


def settled_entry(delivery: Delivery, settlement: Settlement) -> tuple[str, str]:
    """Kind and data of the journal line that tells what became of a delivery."""
    outcome = (
        {"ref": settlement.ref}
        if settlement.state is DeliveryState.SENT
        else {"reason": settlement.reason}
    )
    data = {"message": delivery.message.id, **outcome}
    return SETTLED[settlement.state], to_json(data).decode()


def undeliverable(delivery: Delivery, reason: str, now: float) -> NewRow:
    """The control that tells a lane of a message that will never arrive.

    A row that was put back by hand may die again: the attempt makes its key a new one.
    """
    message_id = delivery.message.id
    control = IncomingMessage(
        conversation=ConversationId.parse(delivery.lane),
        id=message_id,
        kind=Kind.UNDELIVERABLE,
        author=Author(""),
        revision=str(delivery.attempts + 1),
        sent_at=now,
        detail=reason,
        about=message_id,
    )
    return new_row(Arrival(control), now)
