"""The promises of Turns once more, as plain dictionaries: what a store must do, without a store.

It knows no database, no threads and no encoding. The state machine in
`tests/contracts/test_store_model.py` takes every step on it and on real stores and compares.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field

from agent.messages import Author, IncomingMessage, Kind
from agent.records import Routed
from tests.storage.oracle_lanes import Lane, Message, Row

LEASE = 30.0
PATIENCE = 60.0
DOUBT = 900.0
AGAIN = 1.0
TOLD_OF = 10


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
    human channel is one; `cards` are by the names of the messages, `desk` by the post above.
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

    def route(self, ref: str) -> Routed:
        """Where what waits under a post has gone, when to look at the rest, and what is dropped."""
        thread = self.desk.pop(ref, Thread())
        for row in thread.rows:
            card = self.cards.get(row.message.about)
            if card is not None and card.may_be_there:
                self._arrive(card, ref)
        lanes, waiting, dropped = set(), [], []
        for row in thread.rows:
            card = self.cards.get(row.message.about) or self._under(ref)
            if card is not None:
                row.case = card.case
                insort(self.lanes[card.lane].rows, row, key=lambda one: one.number)
                self.lanes[card.lane].bring_forward(row, self.now)
                lanes.add(card.lane)
            elif self.now < row.due + PATIENCE and self._is_awaited():
                waiting.append(row)
            else:
                self.keys.remove(row.message.key)
                dropped += [row.message.key] if row.control else []
                lanes |= self._unheard(row)
        if waiting:
            self.desk[ref] = Thread(waiting, self.now + AGAIN)
        again_at = self.now + AGAIN if waiting else None
        return Routed(tuple(sorted(lanes)), again_at, tuple(dropped))

    def _unheard(self, row: Row) -> set[str]:
        """The lane of a case in doubt that tells whoever wrote under what may be its card."""
        since = row.due - DOUBT
        doubtful = [one for one in self.cards.values() if one.lost and not one.ref]
        found = [one for one in doubtful if one.since > since]
        if row.message.kind is not Kind.MESSAGE or not found:
            return set()
        place, about = row.message.conversation, found[0].message.name
        name = f"no-case-{place.thread}"
        news = IncomingMessage(place, name, Kind.NO_CASE, Author(""), in_thread=True, about=about)
        told = self._new(news, 0.0)
        if told is None:
            return set()
        told.case = found[0].case
        self.lanes[found[0].lane].rows.append(told)
        return {found[0].lane}

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

    def release(self, name: str) -> None:
        """Put a turn back, as if it had not begun."""
        for row in self.lanes[name].taken:
            row.attempts -= 1
        self.put_back(name, self.now)

    def put_back(self, name: str, at: float) -> None:
        """Put a turn back, to be tried again."""
        lane = self.lanes[name]
        for row in lane.taken:
            row.due = at
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
