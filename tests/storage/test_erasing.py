"""What goes of a case's card when its employee is to be forgotten, and people still work on it."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass, fields

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from agent.cases import CaseCard, CaseState
from storage.sqlite.erasing import emptied

FULL = CaseCard(
    case_id="C1",
    state=CaseState.CLAIMED,
    reason="why",
    employee_ref="slack:U1",
    employee_name="Ada",
    place="a channel",
    summary="My screen is broken",
    transcript=("Ada: help",),
    draft="Turn it on.",
    confidence=0.3,
    permalink="https://here",
    owner="Linus",
    outcome="done",
    note="a note",
    joined=2,
)


@dataclass(frozen=True, slots=True)
class LaterCard(CaseCard):
    """A card of a later version, of which nobody has thought here."""

    room: str = ""
    opened_at: float = 0.0
    floor: int = 0
    loud: bool = False


def left(card: CaseCard) -> dict[str, object]:
    """What is left of a card, by what is not empty of it."""
    database = sqlite3.connect(":memory:")
    statement = f"SELECT {emptied('?', type(card))}"
    (text,) = database.execute(statement, (to_json(asdict(card)).decode(),)).fetchone()
    TypeAdapter(type(card)).validate_json(text)
    return {name: value for name, value in from_json(text).items() if value}


def test_what_people_need_is_left() -> None:
    """They can end the case; nothing is left that tells whose it is, or what about."""
    assert len(fields(CaseCard)) == len([value for value in asdict(FULL).values() if value])
    kept = {"case_id": "C1", "state": "claimed", "owner": "Linus", "outcome": "done", "joined": 2}
    assert left(FULL) == kept


def test_a_new_field_goes_unless_it_is_kept() -> None:
    """Whoever adds something to a card cannot forget to let it be forgotten."""
    later = LaterCard(**asdict(FULL), room="4.12", opened_at=1.5, floor=4, loud=True)
    assert not {"room", "opened_at", "floor", "loud"} & set(left(later))
