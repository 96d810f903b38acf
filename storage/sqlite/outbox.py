"""The transactions of the outbox: queueing, taking for sending, settling.

Functions of this module are jobs' bodies, see `lanes.py`.

A destination is a line: only its first unsettled row may be sent. It is the conversation of a
message, but a message that belongs under another one or replaces one stands in that one's line:
it needs the platform's id of what it refers to, and so must not overtake it. (Both are in the same
channel, so nobody sees two lines mixed up.)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from agent.records import DeliveryState
from storage.sqlite import statements as sql

SENDING_SECONDS = 600.0
"""After this a sender is given up: far longer than any adapter waits for its platform."""


class Unsent(NamedTuple):
    """An outgoing message to be queued. `at_once`: take it for sending if nothing is before it;
    `case_id`: the case whose card it is ('' for every other message).
    """

    message_id: str
    lane: str
    turn_id: str
    conversation: str
    under: str
    replaces: str
    payload: str
    at_once: bool
    case_id: str


class Taken(NamedTuple):
    """A row that was taken for sending; the columns of a delivery and what its names refer to."""

    id: int
    lane: str
    message_id: str
    payload: str
    attempts: int
    doubtful: int
    sending_since: float
    queued_at: float
    under: str
    replaces: str
    under_ref: str
    replaces_ref: str


class Verdict(NamedTuple):
    """What became of a delivery; the parameters of `SETTLE`."""

    id: int
    since: float
    state: DeliveryState
    doubtful: bool
    retry_at: float
    ref: str
    reason: str


def enqueue(
    db: sqlite3.Connection, messages: Sequence[Unsent], owner: str, now: float
) -> list[Taken]:
    """Append messages to the lines of their destinations; those to be sent at once come back."""
    taken = []
    for message in messages:
        destination = _destination(db, message)
        first = not db.execute(sql.SOMEBODY_IN_LINE, (destination,)).fetchone()
        sending = first and message.at_once
        life: tuple[Any, ...] = ("pending", now if first else None, "", 0.0)
        if sending:
            life = ("sending", now + SENDING_SECONDS, owner, now)
        row = (message.message_id, message.lane, message.turn_id, destination)
        content = (message.under, message.replaces, message.payload, message.case_id, now)
        written = db.execute(sql.WRITE_OUTBOX, (*row, *content, *life))
        if sending:
            found = (written.lastrowid, message.lane, message.message_id, message.payload)
            taken.append(_with_refs(db, (*found, 0, 0, now, now, message.under, message.replaces)))
    return taken


def send_again(db: sqlite3.Connection, message_ids: Sequence[tuple[str]], now: float) -> None:
    """Put messages of which nobody knows whether they arrived back into their lines."""
    for message_id in message_ids:
        row = db.execute(sql.SEND_AGAIN, message_id).fetchone()
        if row:
            line_up(db, row[0], now)


def line_up(db: sqlite3.Connection, destination: str, now: float) -> None:
    """Make the first of a line due, after a row was put back into it; if one of it is being sent,
    the first is next by itself.
    """
    if not db.execute(sql.SENDING_IN_LINE, (destination,)).fetchone():
        db.execute(sql.LINE_UP, {"destination": destination, "now": now})


def _destination(db: sqlite3.Connection, message: Unsent) -> str:
    named = message.replaces or message.under
    row = db.execute(sql.DESTINATION_OF, (named,)).fetchone() if named else None
    return row[0] if row else message.conversation


def _with_refs(db: sqlite3.Connection, row: tuple[Any, ...]) -> Taken:
    return Taken(*row, *(_ref(db, name) for name in row[-2:]))


def _ref(db: sqlite3.Connection, message_id: str) -> str:
    row = db.execute(sql.REF_OF, (message_id,)).fetchone() if message_id else None
    return row[0] if row else ""


def listed(platforms: Collection[str]) -> str:
    """Platforms as one text in which a statement can find one, by the beginning of a lane or of a
    destination.
    """
    return "".join(f"|{platform}:" for platform in platforms)


def take_due(
    db: sqlite3.Connection,
    owner: str,
    now: float,
    limit: int,
    platforms: Collection[str],
    *,
    among: bool,
) -> list[Taken]:
    """Take rows whose time has come, oldest first: those for one of the platforms, or for none."""
    wanted = {"platforms": listed(platforms), "among": int(among), "limit": limit}
    taking = {"owner": owner, "now": now, "until": now + SENDING_SECONDS}
    rows = db.execute(sql.TAKE_DUE, {**wanted, **taking}).fetchall()
    return [_with_refs(db, row) for row in sorted(rows)]


def next_due(db: sqlite3.Connection, now: float) -> float | None:
    """When the time of the next row comes."""
    row: tuple[float | None] = db.execute(sql.NEXT_DELIVERY, (now,)).fetchone()
    return row[0]


def settle(
    db: sqlite3.Connection, verdict: Verdict, owner: str, now: float
) -> tuple[str, str] | None:
    """Record what became of a row: its destination and turn, or None if it was not ours to tell."""
    waits = verdict.state is DeliveryState.PENDING
    row = db.execute(
        sql.SETTLE,
        {
            "id": verdict.id,
            "owner": owner,
            "since": verdict.since,
            "state": verdict.state.value,
            "doubtful": int(verdict.doubtful),
            "next_at": verdict.retry_at if waits else None,
            "ref": verdict.ref,
            "reason": verdict.reason,
            "settled_at": 0.0 if waits else now,
        },
    ).fetchone()
    return (row[0], row[1]) if row else None


def take_next(db: sqlite3.Connection, destination: str, owner: str, now: float) -> Taken | None:
    """Take the row that is now first in a line, if there is one."""
    row = db.execute(
        sql.TAKE_NEXT,
        {"destination": destination, "owner": owner, "now": now, "until": now + SENDING_SECONDS},
    ).fetchone()
    return _with_refs(db, row) if row else None
