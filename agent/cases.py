"""A case: an escalation handed to people, and the card that shows it in the human channel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands. WAITING: nobody has it. CLAIMED: somebody has. The others are final."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Cause(StrEnum):
    """Why a case was opened; `REASONS` says it in words for the people who read the card."""

    MODEL_ASKED = "model_asked"
    PERSON_ASKED = "person_asked"
    NOTHING_TO_OFFER = "nothing_to_offer"
    DEAD_LETTER = "dead_letter"
    UNSURE = "unsure"
    HALF_DONE = "half_done"
    UNDELIVERABLE = "undeliverable"

    @property
    def words(self) -> str:
        """The reason as the people in the human channel read it."""
        return REASONS[self]


REASONS: dict[Cause, str] = {
    Cause.MODEL_ASKED: "The assistant judged that a person should take this.",
    Cause.PERSON_ASKED: "The employee asked for a person.",
    Cause.NOTHING_TO_OFFER: "No model could answer and the handbook has nothing on it.",
    Cause.DEAD_LETTER: "The message could not be processed after several attempts.",
    Cause.UNSURE: "The assistant was not sure enough of its answer.",
    Cause.HALF_DONE: "Something was begun and nobody can tell whether it happened.",
    Cause.UNDELIVERABLE: "The answer could not be delivered to the employee.",
}


@dataclass(frozen=True, slots=True)
class CaseCard:
    """What the human channel sees of a case.

    `employee_ref` is the employee as 'platform:user', `place` where they asked in words,
    `permalink` an address that leads there ('' if the platform has none), `draft` what the bot
    would have said and `confidence` how sure it was (0..1, None without a draft).
    """

    case_id: str
    state: CaseState
    reason: str
    employee_ref: str
    employee_name: str
    place: str
    summary: str
    transcript: tuple[str, ...] = ()
    draft: str = ""
    confidence: float | None = None
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as stored.

    `lane` is the employee's conversation, `opened_at` seconds since the epoch, `owner` the person
    who claimed it, `channel` the human channel its card is in (the written form of a conversation
    id), `card_id` the outgoing id of the card and `card` what was last shown there, so that an
    edit of it can repeat the rest.
    """

    id: str
    lane: str
    cause: Cause
    state: CaseState
    employee_id: str
    opened_at: float
    owner: str = ""
    card_id: str = ""
    card: CaseCard | None = None
    channel: str = ""
