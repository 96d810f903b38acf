"""What crosses the border of a transaction: plain tuples, encoded before it begins and decoded
when it has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from storage.sqlite.desk import Many
from storage.sqlite.outbox import Unsent, Verdict


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
    case_id: str


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
    key: str
    case_id: str


class Claimed(NamedTuple):
    """What a claim found, as it stands in the database; `history` and `unconfirmed` are newest
    first. `pressed` is our message that a press is on, if it is told by the platform's id; `late`
    are the edits of posts that were worked off before.
    """

    epoch: int
    state: str
    last_at: float
    rows: list[WaitingRow]
    steps: list[tuple[Any, ...]]
    undelivered: str | None
    pressed: str
    late: frozenset[int] = frozenset()
    history: Sequence[tuple[int, str, str, float, str]] = ()
    case: tuple[Any, ...] | None = None
    approval: tuple[Any, ...] | None = None
    unconfirmed: Sequence[tuple[str, int]] = ()
    joined: Sequence[tuple[str, str]] = ()


class Buried(NamedTuple):
    """A row that can never be worked off: kind and data of what the journal tells of it, and what
    tells whoever waits for it.
    """

    id: int
    told: tuple[str, str]
    sorry: Unsent | None = None


class JoiningRow(NamedTuple):
    """What is written of a new case that is one of too many: itself without a card, and what tells
    of it.
    """

    many: Many
    instead: tuple[Any, ...]
    arrival: NewRow


@dataclass(frozen=True, slots=True)
class Ending:
    """A `TurnEnd` as rows: everything encoded before the transaction begins."""

    state: str
    context_from: int | None
    now: float
    journal: Sequence[tuple[Any, ...]]
    outbox: Sequence[Unsent]
    cases: Sequence[tuple[Any, ...]]
    approvals: Sequence[tuple[Any, ...]]
    steps_over: Sequence[tuple[str]]
    timers_over: Sequence[tuple[str]]
    elsewhere: Sequence[tuple[str]]
    mentioned: Sequence[tuple[str]]
    again: Sequence[tuple[str]]
    feedback: Sequence[tuple[Any, ...]]
    spend: Sequence[tuple[Any, ...]]
    timers: Sequence[NewRow]
    joining: JoiningRow | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The end of a delivery as rows: its verdict, kind and data of what the journal tells of it,
    and what tells its lane if it never arrives.
    """

    lane: str
    verdict: Verdict
    told: tuple[str, str]
    news: NewRow | None
    now: float
