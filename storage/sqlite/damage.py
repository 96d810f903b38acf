"""What no version of this program can have written so, and cannot be read: the rows that wait are
put aside, and whoever waits for them is told. Whose a row is, and where it was said, stands beside
what was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic_core import to_json

from agent import texts
from agent.cases import Case
from agent.desk.which_card import every_card
from agent.journal import Line
from agent.messages import ConversationId, OutgoingMessage, Tone, load_incoming
from storage.sqlite.codec import unsent
from storage.sqlite.rows import Buried, WaitingRow

UNREADABLE = (Line.FAILED.value, '{"code":"Unreadable"}')
"""What the journal tells of such a row."""


def buried(lane: str, rows: Sequence[WaitingRow], case: Case | None) -> list[Buried]:
    """Rows that can never be worked off; whoever wrote them is told, once for all of them. `case`
    is the one that they are about.
    """
    kind, _ = UNREADABLE
    told: set[tuple[str, str, str]] = set()
    found = []
    for row in rows:
        sorry = _sorry(lane, row, case)
        whom = ("", "", "") if sorry is None else (str(sorry.conversation), sorry.under, sorry.to)
        if sorry is None or whom in told:
            found.append(Buried(row.id, UNREADABLE))
            continue
        told.add(whom)
        data = to_json({"code": "Unreadable", "message": sorry.id}).decode()
        message = unsent(lane, f"t{row.id}", sorry, ())
        found.append(Buried(row.id, (kind, data), message))
    return found


def _sorry(lane: str, row: WaitingRow, case: Case | None) -> OutgoingMessage | None:
    """What whoever wrote a row is told that can never be worked off; None if nobody waits for it,
    or nobody knows where.
    """
    place = _place_of(lane, row) if row.author else None
    if place is None:
        return None
    text = texts.BROKEN.format(contact=texts.NOBODY_CONTACT)
    sorry = OutgoingMessage(f"t{row.id}.1", place, text, tone=Tone.NOTICE, to=row.author)
    if not row.case_id:
        return sorry
    under = "" if case is None or place.thread else _card_in(case, place)
    return replace(sorry, text=texts.STAFF_BROKEN, under=under, to="", for_desk=True)


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


def _card_in(case: Case, place: ConversationId) -> str:
    """The card of a case in a channel, '' if it has none there."""
    here = (one.card_id for one in every_card(case) if one.channel in ("", str(place)))
    return next(here, "")


def is_readable(payload: str) -> bool:
    """Whether this is an incoming message."""
    try:
        load_incoming(payload)
    except ValueError:
        return False
    return True
