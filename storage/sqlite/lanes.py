"""The transactions of inbox and lanes: accepting, claiming, ending a turn.

Functions of this module are jobs' bodies: they run in the writer's thread, inside its transaction,
and take and give plain tuples. Decoding is left to the event loop, so that a commit is short.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from agent.errors import LeaseLost
from agent.messages import Kind
from agent.records import Accepted, Interruption, Lease
from storage.sqlite import statements as sql
from storage.sqlite.outbox import Taken, Unsent, enqueue

LEASE_SECONDS = 30.0
"""How long a claim holds without being renewed."""
LONGEST_RUN = 50
"""Rows of one turn, not counting edits of them that stand further back in the queue."""


class NewRow(NamedTuple):
    """An inbox row to be; the columns of `ACCEPT_ROW`."""

    key: str
    lane: str
    row_class: str
    kind: str
    message_id: str
    author: str
    not_before: float
    accepted_at: float
    payload: str


class WaitingRow(NamedTuple):
    """A waiting inbox row; the columns of `WAITING_ROWS`."""

    id: int
    attempts: int
    accepted_at: float
    payload: str
    row_class: str
    kind: str
    message_id: str
    author: str
    not_before: float


class Claimed(NamedTuple):
    """What a claim found, as it stands in the database; `history` is newest first."""

    epoch: int
    state: str
    last_at: float
    rows: list[WaitingRow]
    history: list[tuple[int, str, str, float, str]]
    case: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A `TurnEnd` as rows: everything encoded before the transaction begins."""

    state: str
    context_from: int | None
    now: float
    journal: Sequence[tuple[Any, ...]]
    outbox: Sequence[Unsent]
    cases: Sequence[tuple[Any, ...]]
    feedback: Sequence[tuple[Any, ...]]
    spend: Sequence[tuple[Any, ...]]
    timers: Sequence[NewRow]


def accept(db: sqlite3.Connection, row: NewRow, *, only_known_lane: bool) -> Accepted:
    """Insert a row once and wake its lane."""
    if only_known_lane and not db.execute(sql.LANE_IS_KNOWN, (row.lane,)).fetchone():
        return Accepted.NOT_FOR_US
    if not db.execute(sql.ACCEPT_ROW, row).rowcount:
        return Accepted.DUPLICATE
    woken = {"lane": row.lane, "due": row.not_before, "class": row.row_class}
    db.execute(sql.WAKE_LANE, woken)
    return Accepted.NEW


def claim(
    db: sqlite3.Connection, lane: str, owner: str, now: float, history_limit: int
) -> Claimed | None:
    """Take a lane and the rows of one turn, and count the attempt; None if nothing is due."""
    taken = db.execute(
        sql.CLAIM_LANE, {"lane": lane, "owner": owner, "now": now, "until": now + LEASE_SECONDS}
    ).fetchone()
    if taken is None:
        return None
    epoch, state, context_from, last_at = taken
    rows = _rows_of_turn(db, lane, now)
    if not rows:
        _rest(db, Lease(lane, owner, epoch))
        return None
    db.executemany(sql.CLAIM_ROW, [(epoch, row.id) for row in rows])
    if not last_at:  # its first turn: nothing can have been written yet
        return Claimed(epoch, state, last_at, rows, [], None)
    history = db.execute(
        sql.HISTORY, {"lane": lane, "since": context_from, "limit": history_limit}
    ).fetchall()
    case = db.execute(sql.OPEN_CASE, (lane,)).fetchone()
    return Claimed(epoch, state, last_at, rows, history, case)


def _rows_of_turn(db: sqlite3.Connection, lane: str, now: float) -> list[WaitingRow]:
    """One control, or a run of utterances of one author with the changes of what they posted.

    A run that was tried before is not taken as a whole again: if one of its rows is what makes
    turns fail, the others get through without it.
    """
    found = db.execute(sql.WAITING_ROWS, {"lane": lane, "now": now, "limit": LONGEST_RUN})
    waiting = [WaitingRow(*row) for row in found]
    if not waiting or waiting[0].row_class == "control":
        return waiting[:1]
    head = waiting[0]
    if head.not_before > now:
        return []
    run = [head]
    if not head.attempts:
        for row in waiting[1:]:
            if row.author != head.author or row.not_before > now:
                break
            run.append(row)
    behind: Iterable[WaitingRow] = waiting[len(run) :]
    if len(waiting) == LONGEST_RUN:
        later = db.execute(sql.LATER_CHANGES, {"lane": lane, "after": run[-1].id})
        behind = [WaitingRow(*row) for row in later]
    posts = {row.message_id for row in run}
    changes = (Kind.EDIT, Kind.DELETE)
    return run + [row for row in behind if row.kind in changes and row.message_id in posts]


def renew(db: sqlite3.Connection, lease: Lease, now: float) -> Interruption | None:
    """Extend a lease; whether something waits that the running turn should make room for."""
    until = now + LEASE_SECONDS
    if not db.execute(sql.RENEW, (until, lease.lane, lease.epoch, lease.owner)).rowcount:
        raise LeaseLost
    running = {"lane": lease.lane, "epoch": lease.epoch, "now": now}
    controls = db.execute(sql.WAITING_CONTROLS, running).fetchall()
    if any(Kind(kind).interrupts for (kind,) in controls):
        return Interruption.CONTROL
    changed = db.execute(sql.CHANGE_OF_CLAIMED, running).fetchone()
    return Interruption.CHANGED if changed else None


def end_turn(db: sqlite3.Connection, lease: Lease, end: Ending) -> tuple[list[Taken], float | None]:
    """Write everything a turn leaves; the deliveries to be sent now, when the lane is due again.

    The lane comes last, because when it is due depends on the rows; if it turns out that the lease
    is lost, the error undoes what was written before.
    """
    db.execute(sql.ROWS_DONE, (lease.lane, lease.epoch))
    db.executemany(sql.WRITE_JOURNAL, end.journal)
    taken = enqueue(db, end.outbox, lease.owner, end.now)
    for statement, rows in (
        (sql.WRITE_CASE, end.cases),
        (sql.WRITE_FEEDBACK, end.feedback),
        (sql.WRITE_SPEND, end.spend),
    ):
        if rows:
            db.executemany(statement, rows)
    for timer in end.timers:
        accept(db, timer, only_known_lane=False)
    ended = db.execute(
        sql.END_TURN,
        {
            "lane": lease.lane,
            "epoch": lease.epoch,
            "owner": lease.owner,
            "state": end.state,
            "now": end.now,
            "context_from": end.context_from,
        },
    ).fetchone()
    if ended is None:
        raise LeaseLost
    return taken, ended[0]


def release(db: sqlite3.Connection, lease: Lease, retry_at: float, *, refund: bool) -> None:
    """Put the rows of a turn back, due at `retry_at`, and give the lane up."""
    db.execute(
        sql.ROWS_BACK,
        {"lane": lease.lane, "epoch": lease.epoch, "retry_at": retry_at, "refund": int(refund)},
    )
    _rest(db, lease)


def _rest(db: sqlite3.Connection, lease: Lease) -> None:
    given_up = {"lane": lease.lane, "epoch": lease.epoch, "owner": lease.owner}
    if not db.execute(sql.REST_LANE, given_up).rowcount:
        raise LeaseLost


def due_lanes(db: sqlite3.Connection, now: float, limit: int) -> tuple[list[str], float | None]:
    """Lanes to claim, the longest waiting first, and when the next one becomes due."""
    lanes = [lane for (lane,) in db.execute(sql.DUE_LANES, (now, limit))]
    return lanes, db.execute(sql.NEXT_LANE, (now,)).fetchone()[0]


def is_due(db: sqlite3.Connection, lane: str, now: float) -> bool:
    """Whether a lane may be claimed now."""
    row = db.execute(sql.LANE_READY, (lane,)).fetchone()
    return row is not None and row[0] is not None and row[0] <= now
