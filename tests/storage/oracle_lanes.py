"""A lane of the oracle (`oracle.py`): the rows that wait in it, and which of them are next."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.messages import DESK_KINDS, IncomingMessage, Kind
from agent.state import WITH_PEOPLE

SENDING = 600.0
CHANGES = {Kind.EDIT, Kind.DELETE}


@dataclass(eq=False)
class Row:
    """An inbox row, the case it is about, and the steps of the turn that is named after it."""

    message: IncomingMessage
    due: float
    number: int
    case: str = ""
    attempts: int = 0
    steps: dict[int, str] = field(default_factory=dict)

    @property
    def control(self) -> bool:
        return self.message.kind.is_control

    @property
    def acts(self) -> bool:
        """Whether somebody of the desk does something about a case, beside writing."""
        return self.case != "" and self.message.kind in DESK_KINDS

    @property
    def post(self) -> tuple[str, str]:
        """What it is, or changes."""
        return self.message.id, self.case


@dataclass(eq=False)
class Lane:
    """The rows that are not done, the turn that is under way (its number, rows and lease), the open
    approval with the row of the turn that asked for it, the messages that may not have arrived, and
    the open case.
    """

    rows: list[Row] = field(default_factory=list)
    state: str = "idle"
    turn: int = 0
    taken: list[Row] = field(default_factory=list)
    until: float = 0.0
    approval: tuple[str, Row] | None = None
    lost: list[Message] = field(default_factory=list)
    case: str = ""

    def rows_of_turn(self, now: float) -> list[Row]:
        """What a claim takes."""
        controls = [row for row in self.rows if row.control and row.due <= now]
        held = [row for row in self.held() if row in controls]
        free = [row for row in controls if row not in held]
        if free:
            control = min(free, key=lambda one: (not one.message.kind.interrupts, one.due))
            return [control, *self._taken_over(control)]
        queue = [row for row in self.rows if not row.control]
        if not queue or queue[0].due > now:
            return []
        head, end = queue[0], 1
        most = len([row for row in queue if not held or row.number < held[0].number])
        while not head.attempts and end < most and self._joins(queue[end], head, now):
            end += 1
        posts = {row.post for row in queue[:end]}
        return queue[:end] + [
            row for row in queue[end:] if row.message.kind in CHANGES and row.post in posts
        ]

    def held(self) -> list[Row]:
        """What people did about a case while they have one, behind what was written before it."""
        words = [row.number for row in self.rows if not row.control]
        acts = [row for row in self.rows if row.acts and self.state in WITH_PEOPLE]
        return [row for row in acts if words and row.number > words[0]]

    def bring_forward(self, before: Row, now: float) -> None:
        """What somebody does about a case does not wait for the first retry of words before it."""
        if before.acts and self.state in WITH_PEOPLE:
            for row in self.rows[: self.rows.index(before)]:
                if not row.control and row.attempts < 2:
                    row.due = min(row.due, now)

    def _taken_over(self, control: Row) -> list[Row]:
        before = self.rows[: self.rows.index(control)]
        if not control.message.kind.interrupts:
            return []
        return [row for row in before if not row.control and self._joins(row, control, row.due)]

    def named_after(self) -> Row:
        """The row that gives the turn under way its name."""
        return next(row for row in self.rows if row in self.taken)

    def steps(self) -> list[tuple[int, str]]:
        """What the turn under way goes on from."""
        asked = [self.approval[1]] if self.approval else []
        return [one for row in (*asked, self.named_after()) for one in sorted(row.steps.items())]

    @staticmethod
    def _joins(row: Row, head: Row, now: float) -> bool:
        same = (row.message.author, row.case) == (head.message.author, head.case)
        return same and row.due <= now

    def due_at(self) -> float | None:
        """When somebody should look at this lane, None if nothing waits in it."""
        if self.taken:
            return self.until
        queue = [row.due for row in self.rows if not row.control]
        held = self.held()
        free = [row.due for row in self.rows if row.control and row not in held]
        return min(free + queue[:1], default=None)

    def interruption(self, now: float) -> str | None:
        """Why a running turn should make room, if it should."""
        posts = {row.post for row in self.taken if not row.control}
        others = [row for row in self.rows if row not in self.taken]
        if any(row.message.kind.interrupts and row.due <= now for row in others):
            return "control"
        if self.taken[0].control:
            return None
        if any(row.message.kind in CHANGES and row.post in posts for row in others):
            return "changed"
        return None

    def rest(self) -> None:
        """Nobody has the lane."""
        self.taken = []


@dataclass(eq=False)
class Message:
    """An outbox row that is not settled, or lost; `line` is where it is to be posted. `due` is when
    its sender is given up while it has one; None while it stands in line.
    """

    name: str
    number: int
    line: str
    due: float | None = None
    sender: str = ""
    attempts: int = 0
    doubtful: bool = False
    mentioned: bool = False

    def take(self, sender: str, now: float) -> Message:
        """Somebody sends it."""
        self.doubtful |= bool(self.sender)
        self.sender, self.due = sender, now + SENDING
        return self
