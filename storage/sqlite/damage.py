"""What no version of this program can have written so, and cannot be read: the rows that wait are
put aside, and whoever waits for them is told (`agent.burying`). Whose a row is, and where it was
said, stands beside what was said.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import to_json

from agent.burying import apology
from agent.cases import Case
from agent.journal import Line
from agent.messages import ConversationId, OutgoingMessage, load_incoming
from agent.settling import UNREADABLE
from agent.taking import turn_id_of
from storage.sqlite.codec import unsent
from storage.sqlite.rows import Buried, WaitingRow


def buried(lane: str, rows: Sequence[WaitingRow], case: Case | None) -> list[Buried]:
    """Rows that can never be worked off; whoever wrote them is told, once for all of them. `case`
    is the one that they are about.
    """
    told: set[tuple[str, str, str]] = set()
    found = []
    for row in rows:
        sorry = _sorry(lane, row, case)
        whom = ("", "", "") if sorry is None else (str(sorry.conversation), sorry.under, sorry.to)
        if sorry is None or whom in told:
            found.append(Buried(row.id, _line()))
            continue
        told.add(whom)
        message = unsent(lane, turn_id_of([row]), sorry, ())
        found.append(Buried(row.id, _line(message=sorry.id), message))
    return found


def _line(**told: str) -> tuple[str, str]:
    """What the journal tells of such a row: the kind of line, and its data."""
    return Line.FAILED.value, to_json({"code": UNREADABLE.reason, **told}).decode()


def _sorry(lane: str, row: WaitingRow, case: Case | None) -> OutgoingMessage | None:
    """What whoever wrote a row is told; None if nobody waits for it, or nobody knows where."""
    place = _place_of(lane, row) if row.author else None
    if place is None:
        return None
    by_staff = row.case_id != ""
    return apology(turn_id_of([row]), place, row.author, by_staff=by_staff, case=case)


def _place_of(lane: str, row: WaitingRow) -> ConversationId | None:
    """Where a row was said. If that cannot be read, its lane is the conversation of an employee,
    and people of the desk were in the channel that its key begins with (`IncomingMessage.key`).
    """
    if is_readable(row.payload):
        return load_incoming(row.payload).conversation
    known = ":".join([*row.key.split(":")[:3], ""]) if row.case_id else lane
    try:
        return ConversationId.parse(known)
    except ValueError:
        return None


def is_readable(payload: str) -> bool:
    """Whether this is an incoming message."""
    try:
        load_incoming(payload)
    except ValueError:
        return False
    return True
