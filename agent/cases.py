"""A case: what was handed to people (the conversation is ESCALATED then), and the card that shows
it in the human channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands. WAITING: nobody has it. CLAIMED: somebody has. The others are final:
    people RESOLVED it, the employee has WITHDRAWN it, it was HANDED_BACK to the assistant, or it
    went STALE because nobody said anything for long.
    """

    WAITING = "waiting"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    HANDED_BACK = "handed_back"
    STALE = "stale"

    @property
    def is_open(self) -> bool:
        """Whether people still have to do something."""
        return self in (CaseState.WAITING, CaseState.CLAIMED)


class Outcome(StrEnum):
    """How a case was resolved; `OUTCOMES` says it in words."""

    ANSWERED = "answered"
    DONE = "done"
    WONT_DO = "wont_do"
    WRONG_PLACE = "wrong_place"


OUTCOMES: dict[Outcome, str] = {
    Outcome.ANSWERED: "Answered",
    Outcome.DONE: "Done",
    Outcome.WONT_DO: "Won't do",
    Outcome.WRONG_PLACE: "Wrong place",
}
"""As people choose it and read it."""
NOTE_CHARACTERS = 1000
"""Of the note that may be added to an outcome."""


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

    @property
    def automatic(self) -> bool:
        """Whether nobody decided it: many of one such cause have one trouble in common."""
        return self in (Cause.NOTHING_TO_OFFER, Cause.DEAD_LETTER, Cause.UNDELIVERABLE)


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
    would have said and `confidence` how sure it was (0..1, None without a draft). `owner` is the
    name of who has it, `outcome` and `note` how it was resolved, `joined` how many cases an
    incident's card stands for (0 on every other). `transcript` and `draft` are Markdown; the rest
    is plain and shown as it is.

    A new field needs a default, or no stored card, nor message with one, could be read any more. It
    goes when its employee is to be forgotten (`storage/sqlite/erasing.py`); the adapters show it.
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
    owner: str = ""
    outcome: str = ""
    note: str = ""
    joined: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """A further card of a case: its outgoing id, and the channel it is in (the written form of a
    conversation id).
    """

    card_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class CaseTimes:
    """How long cases of one cause took, for metrics: how many were claimed and resolved by people,
    and the seconds from their opening to that, summed up.
    """

    cause: Cause
    claimed: int
    claim_seconds: float
    resolved: int
    resolve_seconds: float


@dataclass(frozen=True, slots=True)
class Case:
    """One case as stored.

    `lane` is the employee's conversation (of an incident: its own), `opened_at` seconds since the
    epoch, `owner` who has it as 'platform:user' ('' for nobody) and `owner_name` what they are
    called, `channel` the human channel its card is in (the written form of a conversation id),
    `card_id` the outgoing id of the card and `card` what was last shown there, so that an edit of
    it can repeat the rest; `copies` are further cards of it, elsewhere.

    `claimed_at` is when it was claimed for the first time, `released_at` when it last came back to
    the channel from somebody who had it, and `closed_at` when it ended (each 0 if it was not),
    `outcome` and `note` how it was resolved. `incident` is the id of the incident on
    whose card it is shown ('' on its own card, or not shown yet: then `card_id` is '' too).
    `reminders` counts how often people were reminded of it, `looks` the timers it had.

    Where its card is, and who asks (x: set, -: not, any: it does not matter):

    card  card_id  copies  incident
    x     x        any     -         on a card of its own in `channel`; whether that arrived the
                                     journal tells (`desk.which_card.is_unconfirmed`)
    x     -        x       -         perhaps where `copies` say; nobody knows (`is_missing`)
    x     -        -       -         no place took it (`is_nowhere`)
    -     -        any     -         it waits for an incident's card (`desk.joining.is_joined`)
    any   any      any     x         on that one's card (`is_joined`); without `card_id` that card
                                     is unconfirmed, without `channel` no place took it
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
    copies: tuple[Copy, ...] = ()
    owner_name: str = ""
    claimed_at: float = 0.0
    released_at: float = 0.0
    closed_at: float = 0.0
    outcome: str = ""
    note: str = ""
    incident: str = ""
    reminders: int = 0
    looks: int = 0

    @property
    def waiting_since(self) -> float:
        """Since when nobody has it, as long as it waits: what somebody had before is not counted
        against the people who are called again. Seconds since the epoch.
        """
        return self.released_at or self.opened_at
