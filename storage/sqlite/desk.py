"""The transactions of the desk: what people do under a card finds its case, many cases are one.

Functions of this module are jobs' bodies, see `lanes.py`.

Whatever happens in a thread of a human channel waits in a lane of its own (`desk_lane`) until it is
known which case it is about. A card is known by the platform's id as soon as its delivery is
settled, which may be later than the first answer to it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any, NamedTuple

from pydantic_core import to_json

from agent.journal import Line
from agent.messages import (
    DESK_KINDS,
    Author,
    ConversationId,
    IncomingMessage,
    Kind,
    dump_incoming,
)
from agent.records import DESK, INCIDENT, MOST_JOINED, Only, Routed
from storage.sqlite import desk_statements as sql
from storage.sqlite import outbox, statements

AGAIN_SECONDS = 1.0
"""When to look again for a card on its way: as long as its platform mostly takes to answer."""
DOUBT_SECONDS = 900.0
"""For so long after a card is unconfirmed, words in an unknown thread may well be under it."""
CLOCKS_APART = 60.0
"""Seconds between a platform's clock and ours: its posts are stamped by its own."""
MOST_ROWS = 500
"""Rows of a thread that are looked at in one transaction."""
BEGINNING = f"{DESK}:"


class Thread(NamedTuple):
    """A thread of the desk: its channel and itself in their written forms, and the platform's id
    of the post it is under ('' at the top level).
    """

    place: str
    whole: str
    ref: str


class DeskRow(NamedTuple):
    """What waits in a thread of the desk; the columns of `DESK_ROWS`."""

    id: int
    key: str
    row_class: str
    kind: str
    not_before: float
    accepted_at: float
    about: str
    about_ref: str
    direct: int
    thread_at: float | None


class Target(NamedTuple):
    """The case that a row is about ('' for none), and the lane it belongs to."""

    case_id: str
    lane: str


class Many(NamedTuple):
    """How many cases of a cause are too many; the parameters of `OTHERS_OF_CAUSE`."""

    cause: str
    since: float
    case: str
    most: int


def lane_under_card(db: sqlite3.Connection, lane: str, *, direct: bool) -> str:
    """The lane of what was said in a conversation that may be the thread of a card: that of the
    desk's thread if it is. In a `direct` conversation, where a card comes before anybody hears of
    it, also if it could be; but one that was there before the card is not the card's.
    """
    thread = _thread(lane)
    if not thread.ref:
        return lane
    if not _case_of_ref(db, thread, thread.ref):
        if not direct or db.execute(statements.LANE_IS_KNOWN, (lane,)).fetchone():
            return lane
        if not db.execute(sql.ON_ITS_WAY, (thread.place,)).fetchone():
            return lane
    return BEGINNING + lane


def is_wanted(db: sqlite3.Connection, lane: str, only: Only) -> bool:
    """Whether something is accepted in a lane."""
    if only is Only.ANY or lane.startswith(BEGINNING):
        return True
    if only is Only.KNOWN:
        found = db.execute(statements.LANE_IS_KNOWN, (lane,))
    else:
        found = db.execute(sql.PEOPLE_MAY_READ, {"lane": lane})
    return found.fetchone() is not None


def route(db: sqlite3.Connection, lane: str, patience: float, now: float) -> Routed:
    """Move what waits in a thread of the desk to where it belongs, drop what belongs nowhere."""
    thread = _thread(lane.removeprefix(BEGINNING))
    found = db.execute(sql.DESK_ROWS, {"lane": lane, "limit": MOST_ROWS})
    rows = [DeskRow(*row) for row in found]
    for row in rows:
        _learn(db, thread, row, now)
    lanes: set[str] = set()
    dropped: list[str] = []
    waiting = 0
    for row in rows:
        target = _target(db, thread, row)
        if target:
            _move(db, row, target, now)
            lanes.add(target.lane)
        elif now < row.accepted_at + patience and _is_awaited(db, thread):
            waiting += 1
        elif row.direct and row.kind not in DESK_KINDS:
            _move(db, row, Target("", thread.whole), now)
            lanes.add(thread.whole)
        else:
            lanes.update(_drop(db, thread, row, now))
            dropped += [row.key] if row.kind in DESK_KINDS else []
    again_at = _rest(db, lane, waiting, len(rows), now)
    return Routed(tuple(sorted(lanes)), again_at, tuple(dropped))


def case_of(
    db: sqlite3.Connection, lane: str, case_id: str
) -> tuple[tuple[Any, ...] | None, list[tuple[str, str]]]:
    """The case that rows of a lane are about, else the open one of the lane; and what joined it,
    if it is an incident.
    """
    found = db.execute(*((sql.CASE, (case_id,)) if case_id else (sql.OPEN_CASE, (lane,))))
    case = found.fetchone()
    if case is None or not lane.startswith(f"{INCIDENT}:"):
        return case, []
    return case, db.execute(sql.JOINED, {"case": case[0], "limit": MOST_JOINED}).fetchall()


def bring_forward(
    db: sqlite3.Connection, lane: str, row_id: int, kind: str, case_id: str, now: float
) -> None:
    """Let what somebody does about a case end the wait for a retry of what was written before it:
    it has to come after that (`lanes.claim`), and they look on.
    """
    if case_id and kind in DESK_KINDS:
        db.execute(statements.BRING_FORWARD, {"lane": lane, "row": row_id, "now": now})


def is_one_of_many(db: sqlite3.Connection, many: Many) -> bool:
    """Whether a new case is one of too many; no more are counted than that takes."""
    return len(db.execute(sql.OTHERS_OF_CAUSE, many._asdict()).fetchall()) >= many.most


def _thread(conversation: str) -> Thread:
    place = ConversationId.parse(conversation)
    return Thread(str(replace(place, thread="")), conversation, place.thread)


def _learn(db: sqlite3.Connection, thread: Thread, row: DeskRow, now: float) -> None:
    """Whoever presses on a card has it before their eyes: it arrived, and this is its id."""
    ref = row.about_ref or thread.ref
    if not (row.about and ref):
        return
    card = {"message": row.about, "place": thread.place, "ref": ref, "now": now}
    arrived = db.execute(sql.ARRIVED, card).fetchone()
    if arrived:
        told = to_json({"message": row.about, "ref": ref}).decode()
        db.execute(statements.WRITE_JOURNAL, (*arrived, Line.DELIVERED.value, now, told))
        outbox.line_up(db, thread.place, now)


def _target(db: sqlite3.Connection, thread: Thread, row: DeskRow) -> Target | None:
    """Where a row belongs, as far as that is known."""
    about = {"message": row.about, "place": thread.place}
    found = row.about and db.execute(sql.CASE_OF_MESSAGE, about).fetchone()
    found = found or _case_of_ref(db, thread, row.about_ref) or _case_of_ref(db, thread, thread.ref)
    if found:
        return Target(*found)
    if row.kind in DESK_KINDS:
        return None
    known = db.execute(statements.LANE_IS_KNOWN, (thread.whole,)).fetchone()
    return Target("", thread.whole) if known else None


def _case_of_ref(db: sqlite3.Connection, thread: Thread, ref: str) -> tuple[Any, ...] | None:
    if not ref:
        return None
    row: tuple[Any, ...] | None = db.execute(
        sql.CASE_OF_REF, {"place": thread.place, "ref": ref}
    ).fetchone()
    return row


def _is_awaited(db: sqlite3.Connection, thread: Thread) -> bool:
    return db.execute(sql.AWAITED, (thread.place,)).fetchone() is not None


def _move(db: sqlite3.Connection, row: DeskRow, target: Target, now: float) -> None:
    """Rows keep their number: what was accepted earlier is worked off earlier."""
    db.execute(sql.MOVE_ROW, {"id": row.id, "lane": target.lane, "case": target.case_id})
    woken = {"lane": target.lane, "due": row.not_before, "class": row.row_class, "row": row.id}
    bring_forward(db, target.lane, row.id, row.kind, target.case_id, now)
    db.execute(statements.WAKE_LANE, woken)


def _drop(db: sqlite3.Connection, thread: Thread, row: DeskRow, now: float) -> list[str]:
    """Leave nothing of what was not for the bot. Who pressed, or was kept waiting, may ask why:
    the thread's own journal tells. The lanes that have more to do by it.
    """
    db.execute(sql.DROP_ROW, (row.id,))
    if row.kind in DESK_KINDS or now >= row.accepted_at + AGAIN_SECONDS:
        told = to_json({"kind": row.kind, "reason": "NoCase"}).decode()
        dropped = (thread.whole, f"t{row.id}", Line.DROPPED.value, now, told)
        db.execute(statements.WRITE_JOURNAL, dropped)
    return _unheard(db, thread, row, now) if row.kind == Kind.MESSAGE and thread.ref else []


def _unheard(db: sqlite3.Connection, thread: Thread, row: DeskRow, now: float) -> list[str]:
    """Let the case of an unconfirmed card tell, once in each thread that may be its own, that
    nobody has heard what was written there.
    """
    wanted = {"place": thread.place, "since": row.accepted_at - DOUBT_SECONDS}
    wanted |= {"root_at": row.thread_at or 0.0, "apart": CLOCKS_APART}
    card = db.execute(sql.UNCONFIRMED_CARD, wanted).fetchone()
    if card is None:
        return []
    lane, case_id, about = card
    place, name = ConversationId.parse(thread.whole), f"no-case-{thread.ref}"
    news = IncomingMessage(place, name, Kind.NO_CASE, Author(""), in_thread=True, about=about)
    words = news.key, lane, "control", news.kind.value, name, ""
    accepted = db.execute(statements.ACCEPT_ROW, (*words, now, now, dump_incoming(news), case_id))
    if not accepted.rowcount:
        return []
    woken = {"lane": lane, "due": now, "class": "control", "row": accepted.lastrowid}
    db.execute(statements.WAKE_LANE, woken)
    return [lane]


def _rest(
    db: sqlite3.Connection, lane: str, waiting: int, looked_at: int, now: float
) -> float | None:
    """When to look into a thread again; of one in which nothing waits, nothing is left."""
    if looked_at == MOST_ROWS and waiting < looked_at:
        again_at = now
    elif waiting:
        again_at = now + AGAIN_SECONDS
    else:
        db.execute(sql.NOTHING_WAITS, (lane,))
        return None
    db.execute(sql.LOOK_AGAIN, {"lane": lane, "at": again_at})
    return again_at
