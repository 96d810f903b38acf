"""Between the kernel's records and the tuples that the database takes and gives."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic_core import from_json, to_json

from agent import settling
from agent.cases import Case
from agent.desk.waiting import timer
from agent.journal import Line
from agent.messages import (
    IncomingMessage,
    Kind,
    OutgoingMessage,
    dump_incoming,
    dump_outgoing,
    load_incoming,
    load_outgoing,
)
from agent.records import (
    Approval,
    ApprovalState,
    Arrival,
    Delivery,
    DeliveryState,
    Entry,
    Joining,
    LaneClaim,
    Lease,
    Row,
    Settlement,
    Spend,
    Step,
    StepKind,
    StepState,
    TurnEnd,
    Unconfirmed,
)
from agent.state import State
from agent.taking import turn_id_of
from storage.sqlite.cases import case_of, case_row
from storage.sqlite.desk import Many
from storage.sqlite.outbox import Taken, Unsent, Verdict
from storage.sqlite.rows import Claimed, Ending, JoiningRow, NewRow, Settled, WaitingRow

FACTS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
NAMES: TypeAdapter[tuple[str, ...]] = TypeAdapter(Annotated[tuple[str, ...], Field(min_length=1)])
ROW_IDS: TypeAdapter[tuple[int, ...]] = TypeAdapter(tuple[int, ...])

# What the journal says of a delivery that needs no further attempt.
SETTLED = {
    DeliveryState.SENT: Line.DELIVERED.value,
    DeliveryState.UNCONFIRMED: Line.UNCONFIRMED.value,
    DeliveryState.DEAD: Line.UNDELIVERED.value,
}


def new_row(arrival: Arrival, now: float) -> NewRow:
    """An arrival as an inbox row. What is due at once is due now, so that lanes can be served in
    the order in which they began to wait.
    """
    message = arrival.message
    return NewRow(
        f"{message.key}:{arrival.case_id}" if arrival.case_id else message.key,
        arrival.lane or message.lane,
        "control" if message.kind.is_control else "utterance",
        message.kind.value,
        message.id,
        message.author.id,
        max(arrival.not_before, now),
        now,
        dump_incoming(message),
        arrival.case_id,
    )


def claim_of(lane: str, owner: str, found: Claimed) -> LaneClaim:
    """A claim as the kernel sees it."""
    history = tuple(
        [
            Entry(kind, data_of(data), at, turn_id, seq)
            for seq, turn_id, kind, at, data in reversed(found.history)
        ]
    )
    case = case_of(found.case) if found.case else None
    rows = tuple([_row(row, case, late=row.id in found.late) for row in found.rows])
    if rows[0].message.kind is Kind.FEEDBACK:
        rows = (_about_ours(rows[0], found.pressed, history),)
    return LaneClaim(
        lease=Lease(lane, owner, found.epoch),
        turn_id=turn_id_of(found.rows),
        state=State(found.state),
        rows=rows,
        history=history,
        case=case,
        joined=tuple(found.joined),
        # RETURNING gives a round REAL as an integer.
        last_at=float(found.last_at),
        steps=tuple([_step(row) for row in found.steps]),
        approval=_approval(found.approval) if found.approval else None,
        undelivered=_message(found.undelivered),
        unconfirmed=_unconfirmed(found.unconfirmed),
    )


def _row(row: WaitingRow, case: Case | None, *, late: bool) -> Row:
    """A row as the kernel sees it. What was for the bot as a message is not so once more as an
    edit, however long ago: no platform needs to tell what it said before.
    """
    message = _incoming(row, case)
    if late and message.mentions_bot:
        message = replace(message, mentions_bot=False)
    return Row(row.id, message, row.attempts + 1, row.accepted_at, row.case_id)


def _incoming(row: WaitingRow, case: Case | None) -> IncomingMessage:
    """What a row says. The timer of a case says nothing but whose it is; it alone makes the next
    one, so it must not be lost.
    """
    try:
        return load_incoming(row.payload)
    except ValueError:
        if case is None or row.key != timer(case).key:
            raise
        return timer(case)


def _about_ours(row: Row, pressed: str, history: Sequence[Entry]) -> Row:
    """A press with our id of the message it is on. A platform that does not tell at all can only
    mean the last answer: nothing else asks for a verdict.
    """
    press = row.message
    if press.about:
        return row
    if not press.about_ref:
        answers = (one.data for one in reversed(history) if one.kind == Line.ANSWERED)
        pressed = next((str(data.get("message", "")) for data in answers if data), "")
    return replace(row, message=replace(press, about=pressed))


def _step(row: tuple[Any, ...]) -> Step:
    turn_id, n, kind, state, at, data, rows = row
    told, made_of = FACTS.validate_json(data), ROW_IDS.validate_json(rows)
    return Step(turn_id, n, StepKind(kind), StepState(state), at, told, made_of)


def _approval(row: tuple[Any, ...]) -> Approval:
    approval_id, turn_id, tool, arguments, approvers, state, *rest = row
    FACTS.validate_json(arguments)  # whoever decides is shown them
    return Approval(
        approval_id,
        turn_id,
        tool,
        arguments,
        NAMES.validate_json(approvers),
        ApprovalState(state),
        *rest,
    )


def _unconfirmed(found: Sequence[tuple[str, int]]) -> tuple[Unconfirmed, ...]:
    """Those that are for an employee, oldest first; what people at the desk see is not."""
    read = ((_message(payload), bool(mentioned)) for payload, mentioned in reversed(found))
    return tuple([Unconfirmed(one, mentioned) for one, mentioned in read if one and one.to])


def _message(payload: str | None) -> OutgoingMessage | None:
    """A turn goes on without a message of before, if that cannot be read."""
    try:
        return load_outgoing(payload) if payload else None
    except ValueError:
        return None


def data_of(line: str) -> dict[str, Any]:
    """What a journal line tells; of one that cannot be read only that it was is left, as of one
    that was erased.
    """
    try:
        data = from_json(line)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def step_rows(steps: Sequence[Step]) -> list[tuple[Any, ...]]:
    """Steps as rows."""
    return [
        (
            step.turn_id,
            step.n,
            step.kind.value,
            f"{step.turn_id}:{step.n}" if step.kind is StepKind.CALL else "",
            step.state.value,
            step.at,
            to_json(step.data).decode(),
            to_json(step.rows).decode(),
        )
        for step in steps
    ]


def _approval_rows(lane: str, approvals: Sequence[Approval]) -> list[tuple[Any, ...]]:
    """Approvals as rows, the open one last: by then the one it follows is closed."""
    return [
        (
            approval.id,
            lane,
            approval.turn_id,
            approval.id,
            approval.tool,
            approval.arguments,
            to_json(approval.approvers).decode(),
            approval.state.value,
            approval.asked_at,
            approval.expires_at,
            approval.message_id,
            approval.decided_by,
        )
        for approval in sorted(approvals, key=lambda one: one.state is ApprovalState.OPEN)
    ]


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
        outbox=[unsent(lane, turn_id, message, askable) for message in end.outbox],
        cases=[case_row(case) for case in end.cases],
        approvals=_approval_rows(lane, end.approvals),
        steps_over=[(turn_id,) for turn_id in end.steps_over],
        timers_over=[(key,) for key in end.timers_over],
        elsewhere=[(message_id,) for message_id in end.elsewhere],
        mentioned=[(message_id,) for message_id in end.mentioned],
        again=[(message_id,) for message_id in end.again],
        feedback=[
            (one.message_id, one.author_id, one.verdict, one.comment, lane, now)
            for one in end.feedback
        ],
        spend=[_spend_row(lane, turn_id, now, spent) for spent in end.spend],
        timers=[new_row(timer, now) for timer in end.timers],
        joining=_joining(end.joining, now) if end.joining else None,
    )


def _joining(joining: Joining, now: float) -> JoiningRow:
    case = joining.instead
    many = Many(case.cause.value, joining.since, case.id, joining.most)
    return JoiningRow(many, case_row(case), new_row(joining.arrival, now))


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


def unsent(lane: str, turn_id: str, message: OutgoingMessage, askable: Collection[str]) -> Unsent:
    """An outgoing message as a row; on `askable` platforms it is sent at once."""
    return Unsent(
        message.id,
        lane,
        turn_id,
        str(message.conversation),
        message.under,
        message.replaces,
        dump_outgoing(message),
        message.conversation.platform in askable,
        message.card.case_id if message.card else "",
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
    return _verdict(delivery.id, delivery.sending_since, settlement)


def settled(delivery: Delivery, settlement: Settlement, now: float) -> Settled:
    """The end of a delivery as rows."""
    taken = delivery.lane, delivery.message.id, delivery.attempts
    news = _news(*taken, settling.why_told(delivery.message, settlement), now)
    verdict = verdict_of(delivery, settlement)
    return Settled(delivery.lane, verdict, _told(verdict, delivery.message.id), news, now)


def unreadable(taken: Taken, now: float) -> Settled:
    """The end of a row that was taken for sending and cannot be read."""
    end = settling.UNREADABLE
    why = settling.why_told(None, end)
    news = _news(taken.lane, taken.message_id, taken.attempts, why, now)
    verdict = _verdict(taken.id, taken.sending_since, end)
    return Settled(taken.lane, verdict, _told(verdict, taken.message_id), news, now)


def _verdict(row_id: int, since: float, settlement: Settlement) -> Verdict:
    return Verdict(
        row_id,
        since,
        settlement.state,
        settlement.doubtful,
        settlement.retry_at,
        settlement.ref,
        settlement.reason,
    )


def _told(verdict: Verdict, message_id: str) -> tuple[str, str]:
    """What the journal says of it: the kind of line, and its data."""
    sent = verdict.state is DeliveryState.SENT
    outcome = {"ref": verdict.ref} if sent else {"reason": verdict.reason}
    return SETTLED[verdict.state], to_json({"message": message_id, **outcome}).decode()


def _news(lane: str, message_id: str, attempts: int, why: str | None, now: float) -> NewRow | None:
    """The row by which the lane hears of it, if it does."""
    if why is None:
        return None
    control = settling.undeliverable(lane, message_id, attempts, why, now)
    return new_row(Arrival(control), now)
