"""The port References over SQLite: how channels are reached."""

from __future__ import annotations

import sqlite3

from agent.ports import Clock
from storage.sqlite import lookups as sql
from storage.sqlite.reader import Reader
from storage.sqlite.writer import Writer


class SqliteReferences:
    """A text for each channel of a platform; see `agent.ports.References`.

    Finding sees what was kept before: every question of the reader looks at the database anew.
    """

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        """Write through `writer`, ask through `reader`."""
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def keep(self, platform: str, channel: str, reference: str, *, person: str = "") -> None:
        row = (platform, channel, person, reference, self._clock.now())
        await self._writer.run(lambda db: db.execute(sql.KEEP_REFERENCE, row).rowcount)

    async def find(self, platform: str, channel: str) -> str:
        return await self._ask(sql.FIND_REFERENCE, platform, channel)

    async def latest(self, platform: str) -> str:
        return await self._ask(sql.LATEST_REFERENCE, platform)

    async def drop(self, platform: str, channel: str) -> None:
        place = (platform, channel)
        await self._writer.run(lambda db: db.execute(sql.DROP_REFERENCE, place).rowcount)

    async def _ask(self, statement: str, *named: str) -> str:
        def ask(db: sqlite3.Connection) -> str:
            row = db.execute(statement, named).fetchone()
            return row[0] if row else ""

        return await self._reader.run(ask)
