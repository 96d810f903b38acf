"""A database that cannot be used: nothing is acknowledged, and work goes on when it is back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agent.errors import StoreUnavailable
from agent.records import Accepted, Arrival
from storage import open_store
from storage.sqlite.files import connect
from storage.sqlite.outages import unavailable
from storage.sqlite.reader import Reader
from tests.storage.databases import Database, claim_new, end, said, sqlite
from tests.support.clock import TestClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process writes and does not come to an end."""
    path = folder / "frontdesk.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def test_accepting_gives_up_in_time(database: Database, tmp_path: Path) -> None:
    """An event is refused after two seconds; if it was kept after all, its retry is a duplicate."""
    database.open()
    clock = TestClock()  # does not wait for the store
    store = open_store(database.url, clock, owner="hurried", exclusive=False)
    with locked(tmp_path):
        accepting = asyncio.create_task(store.turns.accept(Arrival(said(1))))
        await clock.advance(1.9)
        assert not accepting.done()
        await clock.advance(0.1)
        with pytest.raises(StoreUnavailable, match="in time"):
            await accepting
    await store.close()
    later = database.open()
    assert await later.turns.accept(Arrival(said(1))) is Accepted.DUPLICATE


async def test_a_lock_is_an_outage_of_everything(database: Database, tmp_path: Path) -> None:
    """Nothing is written while another process keeps the database; a lease cannot be kept."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    with locked(tmp_path):
        waiting = [
            store.turns.accept(Arrival(said(2))),
            end(store, claimed),
            store.turns.due(),
            store.ready(),
            store.turns.renew(claimed.lease),
        ]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 5
    assert await store.records.timeline("slack:T1:D1:") == []
    await end(store, claimed)


async def test_a_reader_survives_a_broken_file(tmp_path: Path) -> None:
    """Reading what is not a database fails, and works when it is one again."""
    path = tmp_path / "x.db"
    path.write_bytes(b"no database at all" * 1000)
    reader = Reader("test-reader", lambda: connect(path), TestClock())
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="SQLITE_NOTADB"):
            await reader.run(lambda db: db.execute("SELECT 1 FROM sqlite_schema").fetchall())
    path.unlink()
    assert await reader.run(lambda db: db.execute("SELECT 1").fetchall()) == [(1,)]
    await reader.close()


async def test_a_reader_does_not_write(tmp_path: Path) -> None:
    """What is asked through the reader cannot change anything."""
    reader = Reader("test-reader", lambda: connect(tmp_path / "x.db"), TestClock())
    with pytest.raises(StoreUnavailable, match="SQLITE_READONLY"):
        await reader.run(lambda db: db.execute("CREATE TABLE x (y)"))
    with pytest.raises(ZeroDivisionError):
        await reader.run(_defect)
    await reader.close()


def _defect(db: sqlite3.Connection) -> float:
    return db.total_changes / 0


def test_an_outage_has_a_name() -> None:
    """The error says what SQLite said, also when it was Python's own."""
    assert "(OSError)" in str(unavailable(OSError("no such device")))
