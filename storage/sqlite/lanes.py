"""The transactions of inbox and lanes: accepting, claiming, ending a turn.

Functions of this module are jobs' bodies: they run in the writer's thread, inside its transaction,
and take and give plain tuples. Decoding is left to the event loop, so that a commit is short.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.errors import LeaseLost
from agent.journal import Line
from agent.messages import Kind
from agent.records import LEASE_SECONDS, Accepted, Interruption, Lease
from agent.state import State
from agent.taking import INTERRUPTING, LONGEST_RUN, rows_of_turn, turn_id_of
from storage.sqlite import desk, desk_statements, outbox
from storage.sqlite import statements as sql
from storage.sqlite.codec import ROW_IDS
from storage.sqlite.outbox import Taken
from storage.sqlite.rows import Buried, Claimed, Ending, JoiningRow, NewRow, Settled, WaitingRow

MOST_UNCONFIRMED = 10
"""Messages of a lane that are told of, and sent again if their reader wants them: the newest."""
OF_PEOPLE = frozenset({Line.CASE, Line.HANDED_BACK})
"""Journal lines by which a claim sees that people had a part in the conversation …"""
LINES_OF_PEOPLE = 2000
"""… and how many lines of it are read then."""


def accept(db: sqlite3.Connection, row: NewRow) -> Accepted:
    """Insert a row once and wake its lane."""
    accepted = db.execute(sql.ACCEPT_ROW, row)
    if not accepted.rowcount:
        return Accepted.DUPLICATE
    row_id = accepted.lastrowid or 0
    desk.bring_forward(db, row.lane, row_id, row.kind, row.case_id, row.accepted_at)
    woken = {"lane": row.lane, "due": row.not_before, "class": row.row_class, "row": row_id}
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
    rows = rows_of_turn(_Queue(db, lane, now), State(state), now)
    if not rows:
        _rest(db, Lease(lane, owner, epoch))
        return None
    db.executemany(sql.CLAIM_ROW, [(epoch, row.id) for row in rows])
    steps = db.execute(sql.STEPS_OF, (turn_id_of(rows),)).fetchall()
    about = _undelivered(db, rows[0]), _pressed(db, lane, rows[0])
    lost = {"lane": lane, "limit": MOST_UNCONFIRMED}
    unconfirmed = db.execute(sql.UNCONFIRMED_OF, lost).fetchall()  # of turns of other lanes, too
    found = Claimed(epoch, state, last_at, rows, steps, *about, unconfirmed=unconfirmed)
    if not last_at:  # no turn of it has ended: it can have written nothing but steps yet
        return found
    late = frozenset(row.id for row in rows if row.kind == Kind.EDIT and _was_done(db, row))
    case, joined = desk.case_of(db, lane, rows[0].case_id)
    history = _history(db, lane, context_from, history_limit, has_case=case is not None)
    approval = db.execute(sql.OPEN_APPROVAL, (lane,)).fetchone()
    if approval:
        steps = db.execute(sql.STEPS_OF, (approval[1],)).fetchall() + steps
    found = found._replace(late=late, history=history, case=case, joined=joined)
    return found._replace(steps=steps, approval=approval)


def _history(
    db: sqlite3.Connection, lane: str, since: int, limit: int, *, has_case: bool
) -> Sequence[tuple[Any, ...]]:
    """The newest lines of a lane. Where people have a part it goes back much further: what they
    change may be old, and nothing of it is summed up.
    """
    wanted = {"lane": lane, "since": since}
    lines = db.execute(sql.HISTORY, {**wanted, "limit": limit}).fetchall()
    if len(lines) < limit or not (has_case or any(kind in OF_PEOPLE for _, _, kind, *_ in lines)):
        return lines
    return db.execute(sql.HISTORY, {**wanted, "limit": max(limit, LINES_OF_PEOPLE)}).fetchall()


def _undelivered(db: sqlite3.Connection, first: WaitingRow) -> str | None:
    if first.kind != Kind.UNDELIVERABLE:
        return None
    row = db.execute(sql.UNDELIVERED, {"control": first.payload}).fetchone()
    return row[0] if row else None


def _was_done(db: sqlite3.Connection, edit: WaitingRow) -> bool:
    """Whether the post that was edited was worked off: its key is that of its edits without their
    revision (`IncomingMessage.key`), and with the case if it is a copy.
    """
    parts = edit.key.split(":")
    post = [*parts[:4], "", "", *parts[6:]]
    return db.execute(sql.WAS_DONE, (":".join(post),)).fetchone() is not None


def _pressed(db: sqlite3.Connection, lane: str, first: WaitingRow) -> str:
    if first.kind != Kind.FEEDBACK:
        return ""
    row = db.execute(sql.PRESSED, {"lane": lane, "control": first.payload}).fetchone()
    return row[0] if row else ""


@dataclass(frozen=True, slots=True)
class _Queue:
    """`agent.taking.Queue` over the inbox, read in the transaction of a claim."""

    db: sqlite3.Connection
    lane: str
    now: float

    def head(self) -> tuple[Sequence[WaitingRow], Sequence[WaitingRow]]:
        rows = self._read(sql.WAITING_ROWS, now=self.now, limit=LONGEST_RUN)
        controls = [row for row in rows if row.row_class == "control"]
        return controls, rows[len(controls) :]

    def words_before(self, row_id: int) -> Sequence[WaitingRow]:
        return self._read(sql.EARLIER_WORDS, before=row_id, limit=LONGEST_RUN)

    def words_of(self, control: WaitingRow) -> Sequence[WaitingRow]:
        who = {"author": control.author, "case": control.case_id}
        return self._read(sql.TAKEN_OVER, before=control.id, **who)

    def changes_after(self, row_id: int) -> Sequence[WaitingRow]:
        return self._read(sql.LATER_CHANGES, after=row_id)

    def made_of(self, turn_id: str) -> Collection[int]:
        made_of = self.db.execute(sql.ROWS_OF_STEPS, (turn_id,)).fetchone()
        try:
            return ROW_IDS.validate_json(made_of[0]) if made_of else ()
        except ValueError:
            return ()  # the rest of the step is read later, and then the turn is given up

    def _read(self, statement: str, **wanted: Any) -> list[WaitingRow]:
        found = self.db.execute(statement, {"lane": self.lane, **wanted})
        return [WaitingRow(*row) for row in found]


def renew(db: sqlite3.Connection, lease: Lease, now: float) -> Interruption | None:
    """Extend a lease; whether something waits that the running turn should make room for."""
    until = now + LEASE_SECONDS
    if not db.execute(sql.RENEW, (until, lease.lane, lease.epoch, lease.owner)).rowcount:
        raise LeaseLost
    running = {"lane": lease.lane, "epoch": lease.epoch, "now": now}
    controls = db.execute(sql.WAITING_CONTROLS, running).fetchall()
    if any(kind in INTERRUPTING for (kind,) in controls):
        return Interruption.CONTROL
    changed = db.execute(sql.CHANGE_OF_CLAIMED, running).fetchone()
    return Interruption.CHANGED if changed else None


def step(db: sqlite3.Connection, lease: Lease, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write steps of a running turn; its lease lasts as long as it did before."""
    if not db.execute(sql.LEASE_HOLDS, (lease.lane, lease.epoch, lease.owner)).fetchone():
        raise LeaseLost
    db.executemany(sql.WRITE_STEP, rows)


def end_turn(db: sqlite3.Connection, lease: Lease, end: Ending) -> tuple[list[Taken], float | None]:
    """Write everything a turn leaves; the deliveries to be sent now, when the lane is due again.

    The lane comes last, because when it is due depends on the rows; if it turns out that the lease
    is lost, the error undoes what was written before.
    """
    if end.joining and desk.is_one_of_many(db, end.joining.many):
        end = _joining(end, end.joining)
    db.execute(sql.ROWS_DONE, (lease.lane, lease.epoch))
    db.executemany(sql.WRITE_JOURNAL, end.journal)
    outbox.send_again(db, end.again, end.now)
    taken = outbox.enqueue(db, end.outbox, lease.owner, end.now)
    for statement, rows in (
        (desk_statements.WRITE_CASE, end.cases),
        (sql.WRITE_APPROVAL, end.approvals),
        (sql.STEPS_OVER, end.steps_over),
        (sql.TIMER_OVER, end.timers_over),
        (sql.TOLD_ELSEWHERE, end.elsewhere),
        (sql.MENTIONED, end.mentioned),
        (sql.WRITE_FEEDBACK, end.feedback),
        (sql.WRITE_SPEND, end.spend),
    ):
        if rows:
            db.executemany(statement, rows)
    for timer in end.timers:
        accept(db, timer)
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


def _joining(end: Ending, joining: JoiningRow) -> Ending:
    """The end of a turn whose new case has no card of its own, but joins an incident."""
    new = joining.many.case
    return replace(
        end,
        cases=[joining.instead if case[0] == new else case for case in end.cases],
        outbox=[message for message in end.outbox if message.case_id != new],
        timers=[*end.timers, joining.arrival],
    )


def release(db: sqlite3.Connection, lease: Lease, now: float) -> None:
    """Put the rows of a turn back as if it had not begun, and give the lane up."""
    _put_back(db, lease, now, unblamed=1)


def retry(db: sqlite3.Connection, lease: Lease, at: float) -> None:
    """Put the rows of a turn back, due again at `at`, and give the lane up."""
    _put_back(db, lease, at, unblamed=0)


def _put_back(db: sqlite3.Connection, lease: Lease, at: float, *, unblamed: int) -> None:
    back = {"lane": lease.lane, "epoch": lease.epoch, "retry_at": at, "unblamed": unblamed}
    db.execute(sql.ROWS_BACK, back)
    _rest(db, lease)


def settle(db: sqlite3.Connection, end: Settled, owner: str) -> tuple[Taken | None, bool]:
    """Record the end of a delivery; the next one of its line, and whether its lane is due by it."""
    line = outbox.settle(db, end.verdict, owner, end.now)
    if line is None:
        return None, False
    destination, turn_id = line
    kind, data = end.told
    db.execute(sql.WRITE_JOURNAL, (end.lane, turn_id, kind, end.now, data))
    if end.news:
        accept(db, end.news)
    lane_due = end.news is not None and is_due(db, end.lane, end.now)
    return outbox.take_next(db, destination, owner, end.now), lane_due


def bury(
    db: sqlite3.Connection, lease: Lease, rows: Iterable[Buried], now: float, *, withdraw: bool
) -> None:
    """End rows of a turn that never can be worked off, tell whoever waits for them, and put the
    others back, unblamed. `withdraw`: nobody can decide the lane's open approval any more.
    """
    for row in rows:
        kind, data = row.told
        db.execute(sql.ROW_BURIED, (row.id, lease.epoch))
        db.execute(sql.WRITE_JOURNAL, (lease.lane, f"t{row.id}", kind, now, data))
        outbox.enqueue(db, [row.sorry] if row.sorry else [], lease.owner, now)
    if withdraw:
        db.execute(sql.WITHDRAW, (lease.lane,))
    release(db, lease, now)


def _rest(db: sqlite3.Connection, lease: Lease) -> None:
    given_up = {"lane": lease.lane, "epoch": lease.epoch, "owner": lease.owner}
    if not db.execute(sql.REST_LANE, given_up).rowcount:
        raise LeaseLost


def due_lanes(
    db: sqlite3.Connection, now: float, limit: int, without: Collection[str]
) -> tuple[list[str], float | None]:
    """Lanes to claim but of the platforms `without`, the longest waiting first; and when the next
    lane becomes due.
    """
    wanted = {"now": now, "limit": limit, "platforms": outbox.listed(without)}
    lanes = [lane for (lane,) in db.execute(sql.DUE_LANES, wanted)]
    return lanes, db.execute(sql.NEXT_LANE, (now,)).fetchone()[0]


def is_due(db: sqlite3.Connection, lane: str, now: float) -> bool:
    """Whether a lane may be claimed now."""
    row = db.execute(sql.LANE_READY, (lane,)).fetchone()
    return row is not None and row[0] is not None and row[0] <= now
