"""The store itself: its parts put together, opened and closed."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from functools import partial
from pathlib import Path

from agent.ports import Clock
from storage.sqlite import statements as sql
from storage.sqlite.care import SqliteCare
from storage.sqlite.examining import SMALL, look_over, touch
from storage.sqlite.files import FileLock, SameFile, connect, path_of
from storage.sqlite.knowledge import SqliteKnowledge
from storage.sqlite.outages import translated
from storage.sqlite.reader import Reader
from storage.sqlite.records import SqliteRecords
from storage.sqlite.references import SqliteReferences
from storage.sqlite.settings import SqliteSettings
from storage.sqlite.turns import SqliteTurns
from storage.sqlite.upkeep import migrate
from storage.sqlite.writer import Writer

UNREADABLE = (
    "something in the database cannot be read and was put aside (`frontdesk trace` shows where it "
    "failed); a backup may still have it"
)


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
        reopen = partial(connect, path, make=False)
        writer = Writer("frontdesk-writer", reopen, clock, SameFile(path))
        reader = Reader("frontdesk-reader", reopen, clock)
    except BaseException:
        if lock:
            lock.release()
        raise
    turns = SqliteTurns(writer, clock, owner=owner, askable=askable, history_limit=history_limit)
    return SqliteStore(writer, reader, turns, clock, path, lock)


def _void_what_is_left(path: Path, now: float) -> None:
    with translated(), closing(connect(path)) as connection:
        if path.stat().st_size <= SMALL:  # of a large one, damage shows where it is met
            look_over(connection)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(sql.FREE_LANES, {"now": now})
        connection.execute(sql.DOUBT_DELIVERIES, {"now": now})
        connection.execute("COMMIT")


class SqliteStore:
    """An open database; `turns`, `knowledge`, `settings`, `references` and `records` are ports."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        turns: SqliteTurns,
        clock: Clock,
        path: Path,
        lock: FileLock | None,
    ) -> None:
        """Own two threads and, if it is exclusive, the lock."""
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self.turns = turns
        self.settings = SqliteSettings(writer, reader, clock)
        self.references = SqliteReferences(writer, reader, clock)
        self.care = SqliteCare(writer, reader, clock, path)
        self.knowledge = SqliteKnowledge(writer, reader)
        self.records = SqliteRecords(reader)

    def busy(self) -> bool:
        """Whether a job is not answered yet: a test's clock waits for it."""
        return self._writer.busy() or self._reader.busy() or self.care.busy()

    def trouble(self) -> str:
        """Why the last commit failed, in words; '' if it went well."""
        return self._writer.trouble

    def damage(self) -> str:
        """What was met since the start that is damaged, in words; '' for nothing."""
        return UNREADABLE if self.turns.damaged else ""

    async def ready(self) -> None:
        """Commit a write that needs the room of a long message and leaves nothing.

        Raises:
            StoreUnavailable: the database cannot be written.
        """
        await self._writer.run(touch)

    async def close(self) -> None:
        """Finish the jobs that were given and close the files; idempotent."""
        await self._writer.close()
        await self._reader.close()
        if self._lock:
            self._lock.release()
