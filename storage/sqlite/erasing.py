"""Retention: what is old is erased, a few rows in a transaction, and the rest of it is left alone.

The large tables are looked through in ranges of ids by the reader; the writer is only asked for
rows that are to go, and looks again before it lets go of them. An index for this would be paid by
every message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial

from agent.cases import CaseCard
from agent.ports import Clock
from storage.sqlite.reader import Reader
from storage.sqlite.writer import Writer

ROWS = 200
"""Rows of one transaction: a few milliseconds."""
WIDTH = 2000
"""Ids that are looked through at once."""
PAUSE = 0.05
"""Seconds between two transactions, so that those who accept messages hardly notice."""
GOING_ON = 86_400.0
"""Seconds; the context of a conversation that came to rest less long ago is still needed."""

# Whether something in the lane of a row is not over: an open case or approval, or what waits. A
# running turn is among these: its rows wait until it ends.
_AT_WORK = """(
    EXISTS (SELECT 1 FROM cases AS one
            WHERE one.lane = {0}.lane AND one.state IN ('waiting', 'claimed'))
    OR EXISTS (SELECT 1 FROM approvals AS one WHERE one.lane = {0}.lane AND one.state = 'open')
    OR EXISTS (SELECT 1 FROM inbox AS one WHERE one.lane = {0}.lane AND one.state = 'waiting')
)"""

# How content goes, whether because it is old or because somebody is to be forgotten.
EMPTY_LINE = "UPDATE journal SET data = '{}'"
EMPTY_MESSAGE = "UPDATE outbox SET payload = ''"
EMPTY_CASE = """
UPDATE cases SET card = 'null', note = '', employee_id = '', owner = '', owner_name = ''
"""
_KEPT = frozenset({"case_id", "state", "owner", "outcome", "joined"})
"""Of the card of a case that people still work on: what they need to end it. Whatever else is on
it, or will be, goes with the employee."""
_EMPTY = {
    "str": "''",
    "tuple[str, ...]": "json('[]')",
    "int": "0",
    "float": "0.0",
    "bool": "json('false')",
    "float | None": "NULL",
}
"""By the type of a field: what is there instead."""


def emptied(card: str, of: type[CaseCard] = CaseCard) -> str:
    """The expression for what is left of a card, an expression too, with the fields of `of`."""
    rest = (one for one in fields(of) if one.name not in _KEPT)
    gone = (f"'$.{one.name}', {_EMPTY[str(one.type)]}" for one in rest)
    return f"json_set({card}, {', '.join(gone)})"


FREE_SPEND = "UPDATE spend SET lane = '', turn_id = ''"
# Presses are known by an id that names who pressed; nobody brings one again after so long. A post
# is not, also if its words were a control: it stays known.
FORGET_AUTHOR = """
UPDATE inbox SET author = '',
    key = iif(class = 'control' AND instr(message_id, author), 'erased:' || id, key),
    message_id = iif(class = 'control' AND instr(message_id, author), '', message_id)
"""


@dataclass(frozen=True, slots=True)
class Range:
    """What goes of a large table: rows by their `key`, if `old`, by `change`."""

    table: str
    key: str
    old: str
    change: str

    @property
    def ends(self) -> str:
        """The first and the last key there are."""
        return f"SELECT min({self.key}), max({self.key}) FROM {self.table}"  # noqa: S608 constants

    @property
    def find(self) -> str:
        """The keys of what is to go, among those up to `:upto`."""
        return (
            f"SELECT {self.key} FROM {self.table} "  # noqa: S608 constants
            f"WHERE {self.key} > :after AND {self.key} <= :upto AND {self.old} "
            f"ORDER BY {self.key} LIMIT {ROWS}"
        )

    @property
    def erase(self) -> str:
        """Let one go, if that is still right."""
        return f"{self.change} WHERE {self.key} = :key AND {self.old}"


JOURNAL = Range(
    "journal",
    "seq",
    f"""at < :before AND data != '{{}}' AND NOT {_AT_WORK.format("journal")}
    AND NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.lane = journal.lane
        AND lanes.last_at > :going_on AND journal.seq >= lanes.context_from)""",  # noqa: S608 constants
    EMPTY_LINE,
)
OUTBOX = Range(
    "outbox",
    "id",
    f"""settled_at < :before AND state IN ('sent', 'unconfirmed', 'dead') AND payload != ''
    AND NOT {_AT_WORK.format("outbox")}""",
    EMPTY_MESSAGE,
)
SPEND = Range(
    "spend",
    "id",
    "at < :before AND lane != ''",
    FREE_SPEND,
)
AUTHORS = Range(
    "inbox",
    "id",
    "state = 'done' AND accepted_at < :before AND author != ''",
    FORGET_AUTHOR,
)
KNOWN = Range(
    "inbox",
    "id",
    "state = 'done' AND accepted_at < :before",
    "DELETE FROM inbox",
)
CONTENT = (JOURNAL, OUTBOX, SPEND, AUTHORS)

# The small tables. Steps whose turn waits, or whose call waits for a yes, are still needed: they
# are why nothing is done twice.
SMALL_TABLES = (
    f"""
{EMPTY_CASE} WHERE id IN (
    SELECT id FROM cases WHERE state NOT IN ('waiting', 'claimed') AND opened_at < :before
        AND (card != 'null' OR note || employee_id || owner || owner_name != '') LIMIT :rows)
""",  # noqa: S608 constants
    """
DELETE FROM feedback WHERE (message_id, author) IN (
    SELECT message_id, author FROM feedback WHERE at < :before LIMIT :rows)
""",
    """
DELETE FROM approvals WHERE id IN (
    SELECT id FROM approvals WHERE state != 'open' AND asked_at < :before LIMIT :rows)
""",
    """
DELETE FROM steps WHERE (turn_id, n) IN (
    SELECT turn_id, n FROM steps WHERE at < :before
        AND turn_id NOT IN (SELECT turn_id FROM approvals WHERE state = 'open')
        AND NOT EXISTS (SELECT 1 FROM inbox
            WHERE id = CAST(substr(turn_id, 2) AS INTEGER) AND state = 'waiting')
    LIMIT :rows)
""",
)


class Eraser:
    """Erases what is old; see `storage.Care.erase_old`."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        """Look through `reader`, erase through `writer`."""
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def erase(self, content_before: float | None, known_before: float) -> int:
        """Erase all that is old now; how many rows there were."""
        erased = 0
        if content_before is not None:
            for one in CONTENT:
                erased += await self._range(one, content_before)
            for statement in SMALL_TABLES:
                erased += await self._small(statement, content_before)
        return erased + await self._range(KNOWN, known_before)

    async def _range(self, one: Range, before: float) -> int:
        first, last = await self._reader.run(lambda db: db.execute(one.ends).fetchone())
        if first is None:
            return 0
        times = {"before": before, "going_on": self._clock.now() - GOING_ON}
        after, erased = first - 1, 0
        while after < last:
            wanted = {**times, "after": after, "upto": after + WIDTH}
            keys = await self._reader.run(partial(_keys, one=one, wanted=wanted))
            after = keys[-1] if len(keys) == ROWS else after + WIDTH
            if keys:
                erased += await self._writer.run(partial(_erase, one=one, keys=keys, times=times))
                await self._clock.sleep(PAUSE)
        return erased

    async def _small(self, statement: str, before: float) -> int:
        wanted = {"before": before, "rows": ROWS}
        erased = 0
        while True:
            rows = await self._writer.run(lambda db: db.execute(statement, wanted).rowcount)
            erased += rows
            if rows < ROWS:
                return erased
            await self._clock.sleep(PAUSE)


def _keys(db: sqlite3.Connection, one: Range, wanted: Mapping[str, float]) -> list[int]:
    return [key for (key,) in db.execute(one.find, wanted)]


def _erase(db: sqlite3.Connection, one: Range, keys: list[int], times: Mapping[str, float]) -> int:
    return sum(db.execute(one.erase, {**times, "key": key}).rowcount for key in keys)
