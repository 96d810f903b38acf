"""Forgetting a person, lane by lane.

A lane is only touched while nobody works in it: the transaction takes the lane's epoch as a claim
does, so that whoever believes to have the lane still can commit nothing any more. It goes in small
parts, and in an order in which whatever is left, should the process die, is found again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from agent.desk.cards import card_message
from agent.desk.which_card import every_card
from agent.messages import ConversationId
from agent.ports import Clock
from storage.sqlite.attribution import Message, Share, Told, desk_turns, share_of
from storage.sqlite.cases import case_of
from storage.sqlite.codec import data_of, unsent
from storage.sqlite.desk_statements import CASE
from storage.sqlite.erasing import (
    EMPTY_CASE,
    EMPTY_LINE,
    EMPTY_MESSAGE,
    FORGET_AUTHOR,
    FREE_SPEND,
    PAUSE,
    ROWS,
    emptied,
)
from storage.sqlite.outbox import enqueue
from storage.sqlite.reader import Reader
from storage.sqlite.traces import FORGOTTEN, Person, Search, Traces, as_json
from storage.sqlite.writer import Writer

AGAIN = 1.0
"""Seconds before lanes that were busy are tried again."""

# --- what there is of one lane -----------------------------------------------------------------

LINES = "SELECT seq, turn_id, kind, data FROM journal WHERE lane = ? AND data != '{}' ORDER BY seq"

# What is left of a case's card. That of an incident tells of persons only in its list of them.
_CARD_LEFT = f"""
CASE WHEN state NOT IN ('waiting', 'claimed') OR NOT json_valid(card) THEN 'null'
WHEN lane GLOB 'incident:*' THEN json_set(card, '$.transcript', json('[]'))
ELSE {emptied("card")}
END
"""

CASES = f"""
SELECT id, employee_id, card != {_CARD_LEFT} OR note != '', state IN ('waiting', 'claimed')
FROM cases WHERE lane = ?
"""  # noqa: S608 a constant

# Wherever a case was ever shown, on cards of its own or of its incident: edits of them, and what is
# under them, are found by their ids, also when they are empty already.
CARDS = """
SELECT cases.id, outbox.message_id FROM cases JOIN outbox
    ON outbox.case_id IN (cases.id, cases.incident) AND outbox.case_id != ''
WHERE cases.lane = ?
"""

APPROVALS = "SELECT id, turn_id FROM approvals WHERE lane = ? AND state != 'open'"

STEPS = """
SELECT DISTINCT turn_id FROM steps WHERE turn_id IN (SELECT value FROM json_each(?))
"""

# --- the changes -------------------------------------------------------------------------------

# Nobody has the lane, or the lease of who had it is over; that one's epoch is not the lane's now.
TAKE_LANE = """
UPDATE lanes SET epoch = epoch + 1
WHERE lane = :lane AND (lease_owner IS NULL OR ready_at <= :now)
"""

IN_USE = """
SELECT EXISTS (SELECT 1 FROM inbox WHERE lane = :lane AND state = 'waiting' AND author = :who)
    OR EXISTS (SELECT 1 FROM approvals WHERE lane = :lane AND state = 'open')
    OR EXISTS (SELECT 1 FROM cases WHERE lane = :lane AND state IN ('waiting', 'claimed')
        AND (:employee = '' OR employee_id != :employee) AND NOT :joined)
"""

ERASE_MESSAGE = f"{EMPTY_MESSAGE} WHERE id = ? AND state NOT IN ('pending', 'sending')"
ERASE_CASE = f"{EMPTY_CASE} WHERE id = ?"
ERASE_CARD = f"UPDATE cases SET card = {_CARD_LEFT}, note = '' WHERE id = ?"  # noqa: S608 a constant
ERASE_SPEND = f"{FREE_SPEND} WHERE id = ?"
ERASE_STEPS = "DELETE FROM steps WHERE turn_id = ?"
ERASE_APPROVAL = "DELETE FROM approvals WHERE id = ?"
ERASE_LINE = f"{EMPTY_LINE} WHERE seq = ?"
ERASE_AUTHOR = f"{FORGET_AUTHOR} WHERE id = ? AND state = 'done'"

EPOCH = "SELECT epoch FROM lanes WHERE lane = ?"

# In the small tables, wherever it is.
EVERYWHERE = (
    "DELETE FROM feedback WHERE author = :who AND lane GLOB :lanes",
    """
UPDATE approvals SET approvers = '[]', decided_by = ''
WHERE state != 'open' AND lane GLOB :lanes AND (decided_by = :who OR instr(approvers, :quoted))
""",
    """
UPDATE cases SET owner = '', owner_name = ''
WHERE owner = :reference AND state NOT IN ('waiting', 'claimed')
""",
    "UPDATE settings SET changed_by = '' WHERE changed_by = :reference",
)

FORGET_WAY = """
DELETE FROM conversation_references
WHERE platform = :platform AND person = :who AND person != ''
"""

Change = tuple[str, object]
"""A statement and its parameter."""


@dataclass(slots=True)
class Erased:
    """What became of it: lanes that were erased, lanes that were left, cases that are open."""

    conversations: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    open_cases: set[str] = field(default_factory=set)


class OneCase(NamedTuple):
    """A case of a lane; the columns of `CASES`. `shows`: it says something of somebody."""

    id: str
    employee: str
    shows: int
    is_open: int


class Lane(NamedTuple):
    """What there is of a lane, apart from its traces. `who` is the person's id if they may be an
    employee in it, '' in the lanes of other platforms and of incidents; `unreadable` are lines of
    which nobody can tell whose they are; `cards` are those of its cases (case id, outgoing id);
    `joined` whether it is that of an incident which the person has joined.
    """

    name: str
    who: str
    lines: list[Told]
    unreadable: list[int]
    cases: list[OneCase]
    cards: list[tuple[str, str]]
    approvals: list[tuple[str, str]]
    joined: bool

    @property
    def own(self) -> frozenset[str]:
        """The ids of the person's own cases."""
        return frozenset(one.id for one in self.cases if self.who and one.employee == self.who)


class Forgetting:
    """Forgets people; see `storage.Care.forget`."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        """Look through `reader`, erase through `writer`."""
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._search = Search(reader)

    async def forget(self, person: Person, until: float) -> Erased:
        """Erase until a look finds nothing more, or until a moment of the monotonic clock."""
        result = Erased()
        while True:
            result.busy.clear()
            result.open_cases.clear()
            changed = False
            for lane, traces in sorted((await self._search.of(person)).items()):
                changed |= await self._lane(person, lane, traces, result)
            # Whoever still waits for an answer, or for people, must be reached until then.
            waits = bool(result.busy or result.open_cases)
            await self._writer.run(partial(_everywhere, person=person, waits=waits))
            if not (changed or result.busy) or self._clock.monotonic() >= until:
                return result
            await self._clock.sleep(AGAIN if result.busy else 0.0)

    async def _lane(self, person: Person, name: str, traces: Traces, result: Erased) -> bool:
        """Erase what is the person's in one lane; whether anything was."""
        lane = await self._reader.run(lambda db: _read(db, name, person, joined=traces.joined))
        still_open = {one.id for one in lane.cases if one.is_open}
        result.open_cases |= still_open
        if still_open - lane.own:
            return await self._unname(person, traces, lane, result)
        if traces.waits:
            result.busy.add(name)
            return False
        own = {f"t{row}" for row in traces.rows}
        own |= desk_turns(person.reference, lane.own, lane.lines)
        quoted = traces.quoted or traces.shown
        share = share_of(lane.who, own, lane.lines, traces.messages, quoted=quoted)
        turns = as_json(sorted(share.turns))
        steps = await self._reader.run(lambda db: db.execute(STEPS, (turns,)).fetchall())
        messages = {*share.messages, *_of_cases(share, traces, lane)}
        if not all(one.settled for one in messages):
            result.busy.add(name)
            return False
        changes = [
            *((ERASE_MESSAGE, one.id) for one in messages),
            *((ERASE_STEPS, turn) for (turn,) in steps),
            *_changes(share, traces, lane),
        ]
        return await self._make(changes, person, lane, result)

    async def _unname(self, person: Person, traces: Traces, lane: Lane, result: Erased) -> bool:
        """Take whoever joined an incident that goes on from its card; whether anything was."""
        if not lane.joined:
            return False
        cards = {card_id for _, card_id in lane.cards}
        shown = [one for one in traces.messages if {one.message_id, one.replaces} & cards]
        if not all(one.settled for one in shown):
            result.busy.add(lane.name)
            return False
        changes: list[Change] = [(ERASE_MESSAGE, one.id) for one in shown]
        changes += [(ERASE_CARD, one.id) for one in lane.cases if one.shows]
        return await self._make(changes, person, lane, result)

    async def _make(
        self, changes: Sequence[Change], person: Person, lane: Lane, result: Erased
    ) -> bool:
        """Make changes in a lane, in parts; whether there were any, and all of them were made."""
        for n, part in enumerate(_parts(changes)):
            await self._clock.sleep(PAUSE if n else 0.0)
            if not await self._erase(person, lane, part):
                result.busy.add(lane.name)
                return False
            result.conversations.add(lane.name)
        return bool(changes)

    async def _erase(self, person: Person, lane: Lane, part: Sequence[Change]) -> bool:
        """Make some of the changes in a lane, unless it is in use."""
        wanted: dict[str, object] = {"lane": lane.name, "who": person.id}
        wanted |= {"now": self._clock.now(), "employee": lane.who, "joined": lane.joined}

        def erase(db: sqlite3.Connection) -> bool:
            taken = db.execute(TAKE_LANE, wanted).rowcount
            if not taken or db.execute(IN_USE, wanted).fetchone()[0]:
                return False
            for statement, parameter in part:
                db.execute(statement, (parameter,))
                if statement == ERASE_CARD:
                    _show_less(db, str(parameter), self._clock.now())
            return True

        return await self._writer.run(erase)


def _show_less(db: sqlite3.Connection, case_id: str, now: float) -> None:
    """Show what is left of an open case wherever people still see all of it."""
    case = case_of(db.execute(CASE, (case_id,)).fetchone())
    if case is None or case.card is None or not case.state.is_open:
        return
    (epoch,) = db.execute(EPOCH, (case.lane,)).fetchone()
    shown = [one for one in every_card(case) if one.channel]
    for n, one in enumerate(shown):
        place, name = ConversationId.parse(one.channel), f"{case.id}.{FORGOTTEN}.{epoch}.{n}"
        edit = replace(card_message(case, place, name), replaces=one.card_id)
        enqueue(db, [unsent(case.lane, FORGOTTEN, edit, ())], "", now)


def _read(db: sqlite3.Connection, lane: str, person: Person, *, joined: bool) -> Lane:
    found = db.execute(LINES, (lane,)).fetchall()
    told = [Told(seq, turn_id, kind, data_of(data)) for seq, turn_id, kind, data in found]
    return Lane(
        lane,
        person.id if lane.startswith(person.beginning) else "",
        [line for line in told if line.data],
        [line.seq for line in told if not line.data],
        [OneCase(*row) for row in db.execute(CASES, (lane,))],
        db.execute(CARDS, (lane,)).fetchall(),
        db.execute(APPROVALS, (lane,)).fetchall(),
        joined,
    )


def _of_cases(share: Share, traces: Traces, lane: Lane) -> Iterator[Message]:
    """What the people of the desk were shown: the person's own cases with all that was said in
    them, and the cards of others' cases, which show what was said around, and by whom.
    """
    mine = {card_id for case_id, card_id in lane.cards if case_id in lane.own}
    around = share.spoke or traces.shown
    cards = {card_id for _, card_id in lane.cards} if around else mine
    for message in traces.messages:
        if message.message_id in cards or message.replaces in cards or message.under in mine:
            yield message


def _changes(share: Share, traces: Traces, lane: Lane) -> Iterator[Change]:
    yield from ((ERASE_APPROVAL, one) for one, turn in lane.approvals if turn in share.turns)
    yield from ((ERASE_SPEND, row) for row, turn in traces.spent if turn in share.turns)
    lines = dict.fromkeys([*traces.named, *lane.unreadable, *share.lines])
    yield from ((ERASE_LINE, seq) for seq in lines)
    for case in lane.cases:
        if case.id in lane.own and not case.is_open:
            yield ERASE_CASE, case.id
        elif case.shows and (case.id in lane.own or share.spoke or traces.shown):
            yield ERASE_CARD, case.id
    yield from ((ERASE_AUTHOR, row) for row in traces.rows)


def _parts(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    return (changes[at : at + ROWS] for at in range(0, len(changes), ROWS))


def _everywhere(db: sqlite3.Connection, *, person: Person, waits: bool) -> None:
    for statement in EVERYWHERE if waits else (*EVERYWHERE, FORGET_WAY):
        db.execute(statement, person.parameters)
