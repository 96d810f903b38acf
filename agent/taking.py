"""Taking: which of the rows that wait in a lane make the next turn, and which turn that is.

The store asks this inside the transaction of a claim, because only there all that waits is seen;
it reads what it is asked for and decides nothing. What it promises by that: `Turns.claim`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, TypeVar

from agent.messages import DESK_KINDS, Kind
from agent.state import WITH_PEOPLE, State

INTERRUPTING = frozenset(kind for kind in Kind if kind.interrupts)
LONGEST_RUN = 50
"""Rows of one turn, not counting edits of them that stand further back in the queue."""


class Queued(Protocol):
    """A row that waits, as far as it matters for whose turn it is."""

    @property
    def id(self) -> int:
        """Its number: who was accepted earlier has a smaller one."""

    @property
    def attempts(self) -> int:
        """How often a turn with it was tried."""

    @property
    def kind(self) -> str:
        """Of what came in, a `Kind`; any other if the row is damaged."""

    @property
    def message_id(self) -> str:
        """The platform's id of the post; its edits and its deletion have the same."""

    @property
    def author(self) -> str:
        """The platform's id of who wrote."""

    @property
    def case_id(self) -> str:
        """The case it is about if it came from people of the desk, else ''."""

    @property
    def not_before(self) -> float:
        """When it is due, in seconds since the epoch."""


Q = TypeVar("Q", bound=Queued)


class Queue(Protocol[Q]):
    """What waits in one lane, to be read bit by bit. Every answer is in order of acceptance."""

    def head(self) -> tuple[Sequence[Q], Sequence[Q]]:
        """The controls that are due, and the utterances: at most LONGEST_RUN of both together,
        controls first.
        """

    def words_before(self, row_id: int) -> Sequence[Q]:
        """Utterances that were accepted before a row, at most LONGEST_RUN."""

    def words_of(self, control: Q) -> Sequence[Q]:
        """All utterances of a control's author, about the same case, accepted before it."""

    def changes_after(self, row_id: int) -> Sequence[Q]:
        """All edits and deletions that were accepted after a row."""

    def made_of(self, turn_id: str) -> Collection[int]:
        """The ids of the rows of a turn that has written steps; none if it has not."""


def turn_id_of(rows: Sequence[Queued]) -> str:
    """The id of the turn that works off these rows: the same in each of its attempts, and in the
    turn of a control that takes them over.
    """
    return f"t{min(row.id for row in rows)}"


def rows_of_turn(queue: Queue[Q], state: State, now: float) -> list[Q]:
    """One control (one that interrupts first) with what it takes over, or a run of utterances of
    one author with the changes of what they posted; none if nothing is due.

    Args:
        queue: what waits in the lane.
        state: where its conversation rests.
        now: seconds since the epoch.
    """
    controls, words = queue.head()
    if not controls:
        whole = len(words) < LONGEST_RUN
        return _run_with_changes(queue, words, now, seen=whole)
    words = _in_line(queue, controls) if state in WITH_PEOPLE else []
    free = [row for row in controls if not (words and _waits(row, behind=words[0]))]
    if not free:
        before = [row for row in words if row.id < controls[0].id]
        return _run_with_changes(queue, before, now, seen=False)
    control = min(free, key=_precedence)
    return [control, *(queue.words_of(control) if control.kind in INTERRUPTING else ())]


def _run_with_changes(queue: Queue[Q], words: Sequence[Q], now: float, *, seen: bool) -> list[Q]:
    """The first run of these utterances, with what changes it further back. `seen`: there are no
    others in the lane.
    """
    if not words or words[0].not_before > now:
        return []
    run = _run_of(queue, words, now)
    behind = words[len(run) :] if seen else queue.changes_after(run[-1].id)
    posts = {(row.message_id, row.case_id) for row in run}
    changes = [row for row in behind if row.kind in (Kind.EDIT, Kind.DELETE)]
    return run + [row for row in changes if (row.message_id, row.case_id) in posts]


def _in_line(queue: Queue[Q], controls: Sequence[Q]) -> Sequence[Q]:
    """The words before the last thing that somebody does about a case, if there is any."""
    acts = [row.id for row in controls if _is_act(row)]
    return queue.words_before(acts[-1]) if acts else []


def _waits(control: Queued, *, behind: Queued) -> bool:
    """Whether a control stays behind words, and does not overtake them: what people do about a case
    keeps the order in which they and the employee speak.
    """
    return _is_act(control) and control.id > behind.id


def _is_act(control: Queued) -> bool:
    return control.case_id != "" and control.kind in DESK_KINDS


def _run_of(queue: Queue[Q], waiting: Sequence[Q], now: float) -> list[Q]:
    """The first of these rows with those that are of its turn.

    A run that was tried before is not taken as a whole again: if one of its rows is what makes
    turns fail, the others get through without it. But a turn that has done something by then is
    the same turn again, or what it did would be done once more for the rows it left.
    """
    run = [head := waiting[0]]
    if head.attempts:
        together = queue.made_of(turn_id_of(run))
        return run + [row for row in waiting[1:] if row.id in together]
    for row in waiting[1:]:
        if not _goes_with(row, head) or row.not_before > now:
            break
        run.append(row)
    return run


def _goes_with(row: Queued, head: Queued) -> bool:
    """Whether two rows may be of one turn: nobody writes as an employee and as one of the desk in
    one breath.
    """
    return (row.author, row.case_id) == (head.author, head.case_id)


def _precedence(control: Queued) -> tuple[bool, float, int]:
    """What interrupts comes first: the turn of another control may be what it interrupts. A timer
    counts from when it is due, so that a press in time goes before it.
    """
    return control.kind not in INTERRUPTING, control.not_before, control.id
