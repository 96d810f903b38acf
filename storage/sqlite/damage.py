"""What no version of this program can have written so, and cannot be read: the rows that wait are
put aside, and whoever waits for them is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import to_json

from agent import texts
from agent.journal import Line
from agent.messages import OutgoingMessage, Tone, load_incoming
from storage.sqlite.codec import unsent
from storage.sqlite.rows import Buried, WaitingRow

UNREADABLE = (Line.FAILED.value, '{"code":"Unreadable"}')
"""What the journal tells of such a row."""


def buried(lane: str, rows: Sequence[WaitingRow]) -> list[Buried]:
    """Rows that can never be worked off; whoever wrote them is told, once for all of them."""
    kind, _ = UNREADABLE
    told: set[tuple[str, str]] = set()
    found = []
    for row in rows:
        sorry = _sorry(row)
        whom = ("", "") if sorry is None else (str(sorry.conversation), sorry.to)
        if sorry is None or whom in told:
            found.append(Buried(row.id, UNREADABLE))
            continue
        told.add(whom)
        data = to_json({"code": "Unreadable", "message": sorry.id}).decode()
        message = unsent(lane, f"t{row.id}", sorry, ())
        found.append(Buried(row.id, (kind, data), message))
    return found


def _sorry(row: WaitingRow) -> OutgoingMessage | None:
    """What whoever wrote a row is told that can never be worked off; None if nobody waits for it,
    or the row is what cannot be read.
    """
    if not row.author or not is_readable(row.payload):
        return None
    place, name = load_incoming(row.payload).conversation, f"t{row.id}.1"
    if row.case_id:
        return OutgoingMessage(name, place, texts.STAFF_BROKEN, tone=Tone.NOTICE, for_desk=True)
    text = texts.BROKEN.format(contact=texts.NOBODY_CONTACT)
    return OutgoingMessage(name, place, text, tone=Tone.NOTICE, to=row.author)


def is_readable(payload: str) -> bool:
    """Whether this is an incoming message."""
    try:
        load_incoming(payload)
    except ValueError:
        return False
    return True
