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

SAID = """
SELECT lane, json_extract(data, '$.name') FROM journal
WHERE seq > :after AND seq <= :upto AND kind = 'said' AND lane GLOB :lanes
    AND instr(data, :who) AND json_extract(data, '$.author') = :who
"""

# Lines of any other kind that name the person: who pressed, who decided, who wrote in a thread
# before the bot came in. What others said stays theirs.
NAMED = """
SELECT lane, seq, kind FROM journal
WHERE seq > :after AND seq <= :upto AND lane GLOB :lanes AND data != '{{}}'
    AND kind NOT IN ('said', 'edited', 'answered', 'notice', 'summary') AND ({marked})
"""

WROTE = """
SELECT lane, id, state = 'waiting' FROM inbox
WHERE id > :after AND id <= :upto AND author = :who AND lane GLOB :lanes
"""

ASKED_FOR_PEOPLE = "SELECT DISTINCT lane FROM cases WHERE employee_id = :who AND lane GLOB :lanes"

MESSAGES = """
SELECT id, lane, turn_id, message_id, under, replaces, state NOT IN ('pending', 'sending')
FROM outbox
WHERE id > :after AND id <= :upto AND payload != ''
    AND lane IN (SELECT value FROM json_each(:among))
"""

SPENT = """
SELECT lane, id, turn_id FROM spend
WHERE id > :after AND id <= :upto AND lane IN (SELECT value FROM json_each(:among))
"""


class Person(NamedTuple):
    """Somebody on a platform."""

    platform: str
    id: str

    @property
    def parameters(self) -> dict[str, str]:
        """How statements name them; ids are quoted in lanes, so that GLOB sees no pattern."""
        return {
            "who": self.id,
            "platform": self.platform,
            "lanes": f"{quote(self.platform, safe=SAFE_IN_ID)}:*",
            "quoted": as_json(self.id),
            "reference": f"{self.platform}:{self.id}",
        }


def as_json(value: object) -> str:
    """A value as it stands in the journal."""
    return to_json(value).decode()


@dataclass(slots=True)
class Traces:
    """What was found of a person in one lane: inbox rows of theirs, lines of others that name
    them, and what there is of the lane in the outbox and in what was spent (row, turn). `quoted`:
    lines of others repeat what they wrote. `waits`: one of the rows is not worked off, so that what
    comes of it was not seen.
    """

    rows: list[int] = field(default_factory=list)
    waits: bool = False
    named: list[int] = field(default_factory=list)
    quoted: bool = False
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
        marks = {f"mark{n}": as_json(name) for n, name in enumerate(filter(None, names))}
        named = NAMED.format(marked=" OR ".join(f"instr(data, :{mark})" for mark in marks))
        async for lane, seq, kind in self._all("journal", "seq", named, {**wanted, **marks}):
            at(lane).named.append(seq)
            at(lane).quoted |= kind == Line.EARLIER
        async for lane, row_id, waits in self._all("inbox", "id", WROTE, wanted):
            at(lane).rows.append(row_id)
            at(lane).waits |= bool(waits)
        for (lane,) in await self._ask(ASKED_FOR_PEOPLE, wanted):
            at(lane)
        await self._around(found)
        return found

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
