"""The promises of Turns once more, as plain dictionaries: what a store must do, without a store.

It knows no database, no threads and no encoding. The state machine in
`tests/contracts/test_store_model.py` takes every step on it and on real stores and compares.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field

from agent.messages import IncomingMessage, Kind

LEASE = 30.0
PATIENCE = 60.0
DOUBT = 900.0
AGAIN = 1.0
SENDING = 600.0
TOLD_OF = 10
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
        if controls:
            control = min(controls, key=lambda one: (not one.message.kind.interrupts, one.due))
            return [control, *self._taken_over(control)]
        queue = [row for row in self.rows if not row.control]
        if not queue or queue[0].due > now:
            return []
        head, end = queue[0], 1
        while not head.attempts and end < len(queue) and self._joins(queue[end], head, now):
            end += 1
        posts = {row.post for row in queue[:end]}
        return queue[:end] + [
            row for row in queue[end:] if row.message.kind in CHANGES and row.post in posts
        ]

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
        return min([row.due for row in self.rows if row.control] + queue[:1], default=None)

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


@dataclass(eq=False)
class Card:
    """The card of a case of a lane. `ref` is the platform's id, '' as long as nobody knows it;
    `dead` if there never will be one, `lost` if it is in doubt, `since` when.
    """

    case: str
    lane: str
    message: Message
    ref: str = ""
    dead: bool = False
    lost: bool = False
    since: float = 0.0

    @property
    def may_be_there(self) -> bool:
        """Whether somebody may see it whose word of it is the first."""
        doubtful = self.lost or self.message.doubtful or self.message.sender != ""
        return doubtful and not (self.ref or self.dead)


@dataclass
class Thread:
    """What waits under a post of the desk, and when somebody should look at it."""

    rows: list[Row] = field(default_factory=list)
    due: float = 0.0


@dataclass
class Oracle:
    """Everything a store has to remember. Each lane's conversation is a destination here, and the
    human channel is one; `cards` are by the names of the messages, `desk` by the post above. In
    threads of the desk `told` is said once, by the post above: message and lane.
    """

    now: float
    keys: set[str] = field(default_factory=set)
    lanes: dict[str, Lane] = field(default_factory=dict)
    lines: dict[str, list[Message]] = field(default_factory=dict)
    posts: dict[str, tuple[str, float]] = field(default_factory=dict)
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    said: int = 0
    accepted: int = 0
    cards: dict[str, Card] = field(default_factory=dict)
    desk: dict[str, Thread] = field(default_factory=dict)
    told: dict[str, tuple[Message, str]] = field(default_factory=dict)

    def accept(self, message: IncomingMessage, not_before: float, *, only_known: bool) -> str:
        """The answer to an arrival."""
        name = str(message.conversation)
        if only_known and name not in self.lanes:
            return "not_for_us"
        row = self._new(message, not_before)
        if row is None:
            return "duplicate"
        self.lanes.setdefault(name, Lane()).rows.append(row)
        if message.kind is Kind.MESSAGE:
            self.posts.pop(name, None)
            self.posts[name] = message.id, self.now
        return "new"

    def _new(self, message: IncomingMessage, not_before: float) -> Row | None:
        if message.key in self.keys:
            return None
        self.keys.add(message.key)
        self.accepted += 1
        return Row(message, max(self.now, not_before), self.accepted)

    def happen(self, message: IncomingMessage) -> str:
        """The answer to something that people of the desk do."""
        row = self._new(message, 0.0)
        if row is None:
            return "duplicate"
        thread = self.desk.setdefault(message.conversation.thread, Thread(due=self.now))
        behind = not row.control and any(not one.control for one in thread.rows)
        thread.due = thread.due if behind else min(thread.due, self.now)
        thread.rows.append(row)
        return "new"

    def route(self, ref: str) -> tuple[list[str], float | None]:
        """Where what waits under a post has gone, and when to look at the rest."""
        thread = self.desk.pop(ref, Thread())
        for row in thread.rows:
            card = self.cards.get(row.message.about)
            if card is not None and card.may_be_there:
                self._arrive(card, ref)
        lanes, waiting = [], []
        for row in thread.rows:
            card = self.cards.get(row.message.about) or self._under(ref)
            if card is not None:
                row.case = card.case
                insort(self.lanes[card.lane].rows, row, key=lambda one: one.number)
                lanes.append(card.lane)
            elif self.now < row.due + PATIENCE and self._is_awaited():
                waiting.append(row)
            else:
                self.keys.remove(row.message.key)
                self._tell(row, ref)
        if not waiting:
            return lanes, None
        self.desk[ref] = Thread(waiting, self.now + AGAIN)
        return lanes, self.now + AGAIN

    def _tell(self, row: Row, ref: str) -> None:
        """Whoever wrote under what may be a card in doubt learns that nobody has heard it."""
        since = row.due - DOUBT
        doubtful = [one for one in self.cards.values() if one.lost and not one.ref]
        lanes = [one.lane for one in doubtful if one.since > since]
        if row.message.kind is Kind.MESSAGE and lanes and ref not in self.told:
            line = str(row.message.conversation)
            message = Message(f"told under {ref}", self.said, line, due=self.now)
            self.said += 1
            self.lines.setdefault(line, []).append(message)
            self.told[ref] = message, lanes[0]

    def _under(self, ref: str) -> Card | None:
        return next((card for card in self.cards.values() if card.ref == ref), None)

    def _is_awaited(self) -> bool:
        return any(not (card.ref or card.dead) for card in self.cards.values())

    def _arrive(self, card: Card, ref: str) -> None:
        """Somebody has the card before their eyes: it is as if its sender had told."""
        card.ref = ref
        line = self.lines[card.message.line]
        if card.message in line:
            line.remove(card.message)
            self._line_up(line)

    def claim(self, name: str) -> Lane | None:
        """The lane with the rows of a new turn in it, None if there is nothing to claim."""
        lane = self.lanes.get(name)
        if lane is None or (lane.taken and lane.until > self.now):
            return None
        lane.taken = lane.rows_of_turn(self.now)
        if not lane.taken:
            return None
        lane.turn += 1
        lane.until = self.now + LEASE
        for row in lane.taken:
            row.attempts += 1
        return lane

    def commit(
        self,
        name: str,
        state: str,
        said: Collection[tuple[str, str]],
        sender: str,
        again: Collection[str],
    ) -> list[Message]:
        """End a turn that says something (names and lines of messages); those that are sent at
        once, where `sender` can ask whether they arrived.
        """
        lane = self.lanes[name]
        lane.rows = [row for row in lane.rows if row not in lane.taken]
        lane.state = state
        lane.rest()
        line = self.lines.setdefault(name, [])
        for message in [one for one in lane.lost if one.name in again]:
            self._put_back(lane, line, message)
        sent = []
        for text, where in said:
            line = self.lines.setdefault(where, [])
            line.append(Message(text, self.said, where))
            self.said += 1
            if len(line) == 1:
                line[0].due = self.now
                sent += [line[0].take(sender, self.now)] if where.startswith("slack:") else []
        return sent

    def _put_back(self, lane: Lane, line: list[Message], message: Message) -> None:
        lane.lost.remove(message)
        message.due, message.doubtful, message.mentioned = None, False, False
        line.append(message)
        line.sort(key=lambda one: one.number)
        self._line_up(line)

    def _line_up(self, line: list[Message]) -> None:
        if line and not any(one.sender for one in line):
            first = line[0].due
            for one in line:
                one.due = None
            line[0].due = self.now if first is None else first

    def release(self, name: str, retry_at: float, *, refund: bool) -> None:
        """Put a turn back."""
        lane = self.lanes[name]
        for row in lane.taken:
            row.due = retry_at
            row.attempts -= refund
        lane.rest()

    def recent(self, platform: str) -> list[tuple[str, str, float]]:
        """Conversations with their newest posts, newest first."""
        newest = [(name, *post) for name, post in self.posts.items()]
        return [one for one in reversed(newest) if one[0].startswith(f"{platform}:")]

    def due_lanes(self) -> set[str]:
        """Lanes that may be claimed."""
        moments = {name: lane.due_at() for name, lane in self.lanes.items()}
        return {name for name, at in moments.items() if at is not None and at <= self.now}

    def due_threads(self) -> set[str]:
        """The posts of the desk under which something waits."""
        return {ref for ref, thread in self.desk.items() if thread.due <= self.now}

    def take_due(self, sender: str) -> list[Message]:
        """The messages that are handed out for sending."""
        every = [one for line in self.lines.values() for one in line]
        due = [one for one in every if one.due is not None and one.due <= self.now]
        return [one.take(sender, self.now) for one in due]

    def next_at(self) -> float | None:
        """The next moment at which anything becomes due."""
        moments = [lane.due_at() for lane in self.lanes.values()]
        moments += [one.due for line in self.lines.values() for one in line]
        moments += [thread.due for thread in self.desk.values()]
        return min((at for at in moments if at is not None and at > self.now), default=None)

    def retry(self, message: Message, retry_at: float, *, doubtful: bool) -> None:
        """A message did not get through yet."""
        message.sender, message.due, message.doubtful = "", retry_at, doubtful
        message.attempts += 1

    def settle(
        self, name: str, message: Message, sender: str, *, ref: str, lost: bool
    ) -> list[Message]:
        """A message of a lane is done with; the next one of its line, which is sent now."""
        line = self.lines[message.line]
        line.remove(message)
        message.sender = ""
        message.attempts += 1
        card = self.cards.get(message.name)
        if card is not None:
            card.ref, card.lost, card.dead = ref, lost, not (ref or lost)
            card.since = self.now
        elif lost and message.line == name:
            self.lanes[name].lost.append(message)
            self.lanes[name].lost.sort(key=lambda one: one.number)
        return [line[0].take(sender, self.now)] if line and not line[0].sender else []

    def restart(self) -> None:
        """The process died and came back."""
        for lane in self.lanes.values():
            lane.rest()
        for line in self.lines.values():
            for message in line:
                if message.sender:
                    message.sender, message.doubtful, message.due = "", True, self.now
