"""The store itself: its parts put together, opened and closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from functools import partial
from pathlib import Path

from agent.ports import Clock
from storage.sqlite.files import FileLock, connect, path_of
from storage.sqlite.knowledge import SqliteKnowledge
from storage.sqlite.outages import translated
from storage.sqlite.reader import Reader
from storage.sqlite.records import SqliteRecords
from storage.sqlite.turns import SqliteTurns
from storage.sqlite.upkeep import migrate
from storage.sqlite.writer import Writer

# What a process that died left behind. Its leases are void, so that its turns run again at once.
# What it was sending may have been sent; the lines behind it are intact.
FREE_LANES = """
UPDATE lanes SET epoch = epoch + 1, lease_owner = NULL, ready_at = :now
WHERE lease_owner IS NOT NULL
"""
DOUBT_DELIVERIES = """
UPDATE outbox SET state = 'pending', doubtful = 1, next_at = :now WHERE state = 'sending'
"""


def open_store(
    url: str,
    clock: Clock,
    *,
    owner: str,
    askable: Collection[str] = (),
    history_limit: int = 80,
    exclusive: bool = True,
) -> SqliteStore:
    """Open a database file; see `storage.open_store`."""
    path = path_of(url)
    lock = FileLock(path) if exclusive else None
    try:
        migrate(url)
        if exclusive:
            _void_what_is_left(path, clock.now())
        writer = Writer("frontdesk-writer", partial(connect, path), clock)
        reader = Reader("frontdesk-reader", partial(connect, path), clock)
    except BaseException:
        if lock:
            lock.release()
        raise
    turns = SqliteTurns(writer, clock, owner=owner, askable=askable, history_limit=history_limit)
    return SqliteStore(writer, reader, turns, lock)


def _void_what_is_left(path: Path, now: float) -> None:
    with translated(), closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(FREE_LANES, {"now": now})
        connection.execute(DOUBT_DELIVERIES, {"now": now})
        connection.execute("COMMIT")


class SqliteStore:
    """An open database; `turns`, `knowledge` and `records` are the ports."""

    def __init__(
        self, writer: Writer, reader: Reader, turns: SqliteTurns, lock: FileLock | None
    ) -> None:
        """Own two threads and, if it is exclusive, the lock."""
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self.turns = turns
        self.knowledge = SqliteKnowledge(writer, reader)
        self.records = SqliteRecords(reader)

    def busy(self) -> bool:
        """Whether a job is not answered yet: a test's clock waits for it."""
        return self._writer.busy() or self._reader.busy()

    async def ready(self) -> None:
        """Commit a write that changes nothing: the header's free field, set to what it is.

        Raises:
            StoreUnavailable: the database cannot be written.
        """
        await self._writer.run(_touch)

    async def close(self) -> None:
        """Finish the jobs that were given and close the files; idempotent."""
        await self._writer.close()
        await self._reader.close()
        if self._lock:
            self._lock.release()


def _touch(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.execute(f"PRAGMA user_version = {version:d}")
