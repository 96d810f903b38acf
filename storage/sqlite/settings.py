"""The port Settings over SQLite: what admins set from the chat."""

from __future__ import annotations

from collections.abc import Mapping

from agent.ports import Clock
from storage.sqlite import lookups as sql
from storage.sqlite.reader import Reader
from storage.sqlite.writer import Writer


class SqliteSettings:
    """Values by scope and name; see `agent.ports.Settings`.

    Reading sees what was written before: every question of the reader looks at the database anew.
    """

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        """Write through `writer`, ask through `reader`."""
        self._writer = writer
        self._reader = reader
        self._clock = clock

    async def read(self) -> Mapping[tuple[str, str], str]:
        rows = await self._reader.run(lambda db: db.execute(sql.READ_SETTINGS).fetchall())
        return {(scope, name): value for scope, name, value in rows}

    async def write(self, scope: str, name: str, value: str, *, by: str) -> None:
        row = (scope, name, value, by, self._clock.now())
        if value:
            await self._writer.run(lambda db: db.execute(sql.WRITE_SETTING, row).rowcount)
        else:
            await self._writer.run(lambda db: db.execute(sql.DROP_SETTING, row[:2]).rowcount)
