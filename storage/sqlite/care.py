"""What people do to what is stored: stuck messages, what is old, whom to forget."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import to_json

from agent.journal import Line
from agent.ports import Clock
from agent.records import DeliveryState
from storage.opening import Forgotten, Stuck
from storage.sqlite import outbox
from storage.sqlite import statements as sql
from storage.sqlite.erasing import Eraser
from storage.sqlite.forgetting import Forgetting
from storage.sqlite.outages import translated
from storage.sqlite.reader import Reader
from storage.sqlite.tidying import empty_log, write_anew
from storage.sqlite.traces import Person
from storage.sqlite.writer import Writer

T = TypeVar("T")

TIDY_AGAIN = 0.5
TIDY_TRIES = 10
"""How often, and how many seconds apart, the log is tried to be emptied while others use it."""

NOT_STUCK = "no dead or unconfirmed message has this number"
ERASED = "its words were erased: there is nothing left to send"

STUCK = """
SELECT id, state, reason, lane, destination, message_id, attempts, queued_at, settled_at,
    payload = ''
FROM outbox WHERE state IN ('unconfirmed', 'dead') AND NOT elsewhere ORDER BY id
"""

IS_STUCK = """
SELECT payload = '' FROM outbox
WHERE id = ? AND state IN ('unconfirmed', 'dead') AND NOT elsewhere
"""

# What is doubtful stays so: where the platform can be asked, it is.
RETRY = """
UPDATE outbox SET state = 'pending', next_at = NULL, reason = '', settled_at = 0, mentioned = 0
WHERE id = ?
RETURNING lane, turn_id, message_id, destination
"""

DROP = "DELETE FROM outbox WHERE id = ? RETURNING lane, turn_id, message_id, ''"


class SqliteCare:
    """See `storage.Care` for the promises."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock, path: Path) -> None:
        """Work through `writer` and `reader` on the file at `path`."""
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._path = path
        self._eraser = Eraser(writer, reader, clock)
        self._forgetting = Forgetting(writer, reader, clock)
        self._tidying = 0

    def busy(self) -> bool:
        """Whether the files are being tidied."""
        return self._tidying > 0

    async def stuck(self) -> Sequence[Stuck]:
        rows = await self._reader.run(lambda db: db.execute(STUCK).fetchall())
        return [_stuck(*row) for row in rows]

    async def retry(self, row_id: int, *, by: str) -> str:
        now = self._clock.now()
        return await self._writer.run(lambda db: _retry(db, row_id, by, now))

    async def drop(self, row_id: int, *, by: str) -> str:
        now = self._clock.now()
        return await self._writer.run(lambda db: _drop(db, row_id, by, now))

    async def erase_old(self, content_before: float | None, known_before: float) -> int:
        erased = await self._eraser.erase(content_before, known_before)
        if erased:
            await self._empty_log()
        return erased

    async def forget(
        self, platform: str, user_id: str, *, patience: float, rewrite: bool = False
    ) -> Forgotten:
        person = Person(platform, user_id)
        erased = await self._forgetting.forget(person, self._clock.monotonic() + patience)
        anew = await self._beside(lambda: write_anew(self._path, any_size=rewrite))
        emptied = await self._empty_log()
        return Forgotten(
            len(erased.conversations),
            tuple(sorted(erased.busy)),
            tuple(sorted(erased.open_cases)),
            lingers=not (anew and emptied),
        )

    async def _empty_log(self) -> bool:
        for _ in range(TIDY_TRIES):
            if await self._beside(lambda: empty_log(self._path)):
                return True
            await self._clock.sleep(TIDY_AGAIN)
        return False

    async def _beside(self, work: Callable[[], T]) -> T:
        """Do what cannot be done in a transaction in a thread of its own."""
        self._tidying += 1
        try:
            with translated():
                return await asyncio.to_thread(work)
        finally:
            self._tidying -= 1


def _stuck(row_id: int, state: str, *rest: Any) -> Stuck:
    return Stuck(row_id, DeliveryState(state), *rest)


def _retry(db: sqlite3.Connection, row_id: int, by: str, now: float) -> str:
    if refused := _refused(db, row_id, needs_words=True):
        return refused
    destination = _told(db, RETRY, row_id, (Line.RETRIED.value, by, now))
    outbox.line_up(db, destination, now)
    return ""


def _drop(db: sqlite3.Connection, row_id: int, by: str, now: float) -> str:
    if refused := _refused(db, row_id, needs_words=False):
        return refused
    _told(db, DROP, row_id, (Line.DROPPED.value, by, now))
    return ""


def _refused(db: sqlite3.Connection, row_id: int, *, needs_words: bool) -> str:
    found = db.execute(IS_STUCK, (row_id,)).fetchone()
    if found is None:
        return NOT_STUCK
    return ERASED if needs_words and found[0] else ""


def _told(db: sqlite3.Connection, change: str, row_id: int, told: tuple[str, str, float]) -> str:
    """Change a row, tell of it in its lane's journal, and return the row's line."""
    kind, by, now = told
    lane, turn_id, message_id, destination = db.execute(change, (row_id,)).fetchone()
    data = to_json({"message": message_id, "by": by}).decode()
    db.execute(sql.WRITE_JOURNAL, (lane, turn_id, kind, now, data))
    return str(destination)
