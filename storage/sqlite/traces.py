"""Where a person is found in the database: looked for by the reader, in ranges of ids.

There is no index that leads from a person to what they said: every message would pay for it, and
only forgetting would use it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

from pydantic_core import to_json

from agent.journal import Line
from agent.messages import SAFE_IN_ID
from storage.sqlite.attribution import Message
from storage.sqlite.erasing import WIDTH
from storage.sqlite.reader import Reader

# A line that cannot be read is taken for that of whoever it names.
SAID = """
SELECT lane, iif(json_valid(data), json_extract(data, '$.name'), '') FROM journal
WHERE seq > :after AND seq <= :upto AND kind = 'said' AND lane GLOB :lanes
    AND instr(data, :who) AND iif(json_valid(data), json_extract(data, '$.author') = :who, 1)
"""

# People of the desk may be on another platform than the employee in whose lane they are.
HELPED = """
SELECT lane, iif(json_valid(data), json_extract(data, '$.name'), '') FROM journal
WHERE seq > :after AND seq <= :upto AND kind IN ('staff', 'case')
    AND instr(data, :reference) AND iif(json_valid(data),
        :reference IN (json_extract(data, '$.author'), json_extract(data, '$.owner')), 1)
"""

HAD_CASES = "SELECT DISTINCT lane, owner_name FROM cases WHERE owner = :reference"

# Lines of any other kind that name the person: who pressed, who decided, who wrote in a thread
# before the bot came in. What others said stays theirs.
NAMED = """
SELECT lane, seq, kind FROM journal
WHERE seq > :after AND seq <= :upto AND data != '{{}}' AND ({marked})
    AND kind NOT IN ('said', 'edited', 'answered', 'notice', 'summary', 'staff', 'staff_edited')
    AND (lane GLOB :lanes OR (kind IN ('case', 'aside', 'handed_back')
        AND lane IN (SELECT value FROM json_each(:helped))))
"""

# A row's key begins with where it was written; its lane may be that of somebody else's case.
WROTE = """
SELECT lane, id, state = 'waiting' FROM inbox
WHERE id > :after AND id <= :upto AND author = :who AND key GLOB :lanes
"""

ASKED_FOR_PEOPLE = "SELECT DISTINCT lane FROM cases WHERE employee_id = :who AND lane GLOB :lanes"

# The card of an incident names who joined it.
JOINED = """
SELECT DISTINCT lane FROM cases WHERE id IN (
    SELECT incident FROM cases WHERE employee_id = :who AND lane GLOB :lanes AND incident != '')
"""

FORGOTTEN = "forgotten"
"""In place of a turn: what shows a card anew that told of somebody. It says nothing of them, and
nobody need wait for it; but it may name who has the case."""

MESSAGES = f"""
SELECT id, lane, turn_id, message_id, under, replaces, state NOT IN ('pending', 'sending')
FROM outbox
WHERE id > :after AND id <= :upto AND payload != ''
    AND lane IN (SELECT value FROM json_each(:among))
    AND NOT (turn_id = '{FORGOTTEN}' AND state IN ('pending', 'sending'))
"""  # noqa: S608 a constant

SPENT = """
SELECT lane, id, turn_id FROM spend
WHERE id > :after AND id <= :upto AND lane IN (SELECT value FROM json_each(:among))
"""


class Person(NamedTuple):
    """Somebody on a platform."""

    platform: str
    id: str

    @property
    def reference(self) -> str:
        """The person as 'platform:user'."""
        return f"{self.platform}:{self.id}"

    @property
    def beginning(self) -> str:
        """How the lanes of the person's platform begin."""
        return f"{quote(self.platform, safe=SAFE_IN_ID)}:"

    @property
    def parameters(self) -> dict[str, str]:
        """How statements name them; ids are quoted in lanes, so that GLOB sees no pattern."""
        return {
            "who": self.id,
            "platform": self.platform,
            "lanes": f"{self.beginning}*",
            "quoted": as_json(self.id),
            "reference": self.reference,
        }


def as_json(value: object) -> str:
    """A value as it stands in the journal."""
    return to_json(value).decode()


@dataclass(slots=True)
class Traces:
    """What was found of a person in one lane: inbox rows of theirs, lines of others that name
    them, and what there is of the lane in the outbox and in what was spent (row, turn). `quoted`:
    lines of others repeat what they wrote. `waits`: one of the rows is not worked off, so that what
    comes of it was not seen. `shown`: cards of the lane show the person, who helped there, or
    `joined` the incident whose lane it is.
    """

    rows: list[int] = field(default_factory=list)
    waits: bool = False
    named: list[int] = field(default_factory=list)
    quoted: bool = False
    shown: bool = False
    joined: bool = False
    messages: list[Message] = field(default_factory=list)
    spent: list[tuple[int, str]] = field(default_factory=list)


class Search:
    """Looks for people through the whole database."""

    def __init__(self, reader: Reader) -> None:
        """Look through `reader`."""
        self._reader = reader

    async def of(self, person: Person) -> dict[str, Traces]:
        """Each lane in which there is anything of a person, and what."""
        found: dict[str, Traces] = {}

        def at(lane: str) -> Traces:
            return found.setdefault(lane, Traces())

        wanted = person.parameters
        names = {person.id}
        async for lane, name in self._all("journal", "seq", SAID, wanted):
            at(lane)
            names.add(name)
        for lane, name in await self._at_the_desk(wanted):
            at(lane).shown = True
            names.add(name)
        for (lane,) in await self._ask(JOINED, wanted):
            at(lane).shown = at(lane).joined = True
        helped = {"helped": as_json(sorted(found))}
        names.add(person.reference)
        marks = {f"mark{n}": as_json(name) for n, name in enumerate(filter(None, names))}
        named = NAMED.format(marked=" OR ".join(f"instr(data, :{mark})" for mark in marks))
        wanted_names = {**wanted, **marks, **helped}
        async for lane, seq, kind in self._all("journal", "seq", named, wanted_names):
            at(lane).named.append(seq)
            at(lane).quoted |= kind == Line.EARLIER
        async for lane, row_id, waits in self._all("inbox", "id", WROTE, wanted):
            at(lane).rows.append(row_id)
            at(lane).waits |= bool(waits)
        for (lane,) in await self._ask(ASKED_FOR_PEOPLE, wanted):
            at(lane)
        await self._around(found)
        return found

    async def _at_the_desk(self, wanted: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The lanes in which a person helped, and what they are called there."""
        found = [row async for row in self._all("journal", "seq", HELPED, wanted)]
        return found + await self._ask(HAD_CASES, wanted)

    async def _around(self, found: Mapping[str, Traces]) -> None:
        """Add what there is of the lanes, whoever it belongs to."""
        among = {"among": as_json(sorted(found))}
        async for row in self._all("outbox", "id", MESSAGES, among):
            message = Message(*row)
            found[message.lane].messages.append(message)
        async for lane, row_id, turn_id in self._all("spend", "id", SPENT, among):
            found[lane].spent.append((row_id, turn_id))

    async def _all(
        self, table: str, key: str, statement: str, wanted: Mapping[str, Any]
    ) -> AsyncIterator[tuple[Any, ...]]:
        """The answers of a statement that looks at some of a table's ids, over all of them."""
        ends = f"SELECT min({key}), max({key}) FROM {table}"  # noqa: S608 constants
        ((first, last),) = await self._ask(ends, {})
        if first is None:
            return
        for after in range(first - 1, last, WIDTH):
            part = {**wanted, "after": after, "upto": after + WIDTH}
            for row in await self._ask(statement, part):
                yield row

    async def _ask(self, statement: str, wanted: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        def ask(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
            return db.execute(statement, wanted).fetchall()

        return await self._reader.run(ask)
