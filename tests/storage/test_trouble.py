"""What is wrong with a database is said in words, as long as it is wrong and no longer."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.errors import ConfigError, StoreUnavailable
from agent.records import Accepted, Arrival
from storage import Store, examine, migrate
from storage.sqlite import examining, tidying
from tests.storage.databases import Database, accept, said, sqlite
from tests.support.sick_disk import Disk

FAILURES = {
    "locked": "the database is kept locked by another process",
    "no_growth": "the database is on a disk that reports errors",
    "full": "the database has no room: the disk is full",
    "read_only": "the database cannot be written, only read",
    "garbled": "the database is damaged",
}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path / "frontdesk.db", monkeypatch)


def long(n: int) -> Arrival:
    """A message that needs pages of its own."""
    return Arrival(said(n, text="x" * 20_000))


async def in_use(database: Database) -> Store:
    store = database.open()
    await accept(store, *map(said, range(100, 120)))
    return store


@pytest.mark.parametrize("failure", FAILURES)
async def test_trouble_has_words(database: Database, disk: Disk, failure: str) -> None:
    """A commit fails: why is known until one goes well; nothing of it is kept, nothing lost."""
    store = await in_use(database)
    assert store.trouble() == ""
    with getattr(disk, failure)():
        with pytest.raises(StoreUnavailable) as caught:
            await store.turns.accept(long(1))
        assert store.trouble() == str(caught.value)
        assert store.trouble().startswith(FAILURES[failure])
    assert await store.turns.accept(long(1)) is Accepted.NEW
    assert store.trouble() == ""
    assert await store.turns.accept(Arrival(said(100))) is Accepted.DUPLICATE
    assert (await store.records.counts())["rows_waiting"] == 21


async def test_what_changes_nothing_proves_nothing(database: Database, disk: Disk) -> None:
    """A full disk takes commits without a change; while there is trouble each commit has one."""
    store = await in_use(database)
    await store.records.counts()  # whoever still reads keeps the log as long as it is
    with disk.no_growth():
        with pytest.raises(StoreUnavailable):
            await store.turns.accept(long(1))
        with pytest.raises(StoreUnavailable):
            await store.turns.due()
        assert store.trouble()
    await store.turns.due()
    assert store.trouble() == ""


def garble(path: Path, name: str) -> None:
    """Let the first page of a table or an index be something else."""
    with closing(sqlite3.connect(path)) as connection:
        found = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        page = (connection.execute(found, (name,)).fetchone()[0] - 1) * 4096
    content = path.read_bytes()
    path.write_bytes(content[:page] + b"\xa5" * 4096 + content[page + 4096 :])


async def test_a_damaged_file_is_not_written_to(database: Database, disk: Disk) -> None:
    """Once damage was met, even what would not touch the damaged part is refused."""
    store = await in_use(database)
    await store.close()
    whole = disk.path.read_bytes()
    garble(disk.path, "inbox_waiting")
    store = database.open()
    await store.ready()
    with pytest.raises(StoreUnavailable, match="frontdesk restore"):
        await store.turns.accept(long(1))
    with pytest.raises(StoreUnavailable, match="frontdesk restore"):
        await store.ready()
    disk.path.write_bytes(whole)
    await store.ready()
    assert store.trouble() == ""


async def test_damage_is_met_at_start(database: Database, disk: Disk) -> None:
    """Also in a part that opening would not read."""
    store = await in_use(database)
    await store.close()
    garble(disk.path, "journal_lane")
    with pytest.raises(StoreUnavailable, match=r"the database is damaged: .*frontdesk restore"):
        database.open(exclusive=True)
    with pytest.raises(StoreUnavailable, match="is damaged"):
        examine(database.url)


async def test_examining_a_sound_database(database: Database) -> None:
    """Nothing is said, beside a running process too."""
    database.open(exclusive=True)
    examine(database.url)


async def test_who_keeps_it_locked(
    database: Database, disk: Disk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The process is named, where the system tells which it is."""
    migrate(database.url)
    with disk.locked(), closing(sqlite3.connect(disk.path)):
        index = disk.path.with_name("frontdesk.db-shm").stat().st_ino
        told = tmp_path / "locks"
        told.write_text(
            f"1: POSIX  ADVISORY  READ 11 fe:00:{index} 124 124\n"
            f"2: POSIX  ADVISORY  WRITE 4711 fe:00:{index} 120 120\n"
        )
        monkeypatch.setattr(examining, "LOCKS", told)
        with pytest.raises(StoreUnavailable, match=r"lets go \(process 4711 has it\)"):
            examine(database.url)
        told.write_text("")
        with pytest.raises(StoreUnavailable, match=r"lets go$"):
            examine(database.url)
        monkeypatch.setattr(examining, "LOCKS", tmp_path / "no such file")
        with pytest.raises(StoreUnavailable, match=r"lets go$"):
            examine(database.url)


async def test_the_worker_is_named(database: Database, disk: Disk) -> None:
    """Who may not work on a database learns which process does."""
    database.open(exclusive=True)
    with pytest.raises(ConfigError, match=r"process \d+ holds .*frontdesk\.db\.lock"):
        database.open(exclusive=True)


async def test_a_file_that_was_moved_takes_nothing(database: Database, disk: Disk) -> None:
    """What would be lost at the next start is not acknowledged; nothing is made in its place, and
    work goes on when it is back.
    """
    store = await in_use(database)
    elsewhere = disk.path.rename(disk.path.with_name("elsewhere.db"))
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"was moved or removed.*put it back"):
            await store.turns.accept(Arrival(said(1)))
        with pytest.raises(StoreUnavailable, match="was moved or removed"):
            await store.ready()
        assert store.trouble().startswith("the database file was moved or removed")
    assert not disk.path.exists()
    elsewhere.rename(disk.path)
    await store.ready()
    assert store.trouble() == ""
    assert await store.turns.accept(Arrival(said(1))) is Accepted.NEW
    assert (await store.records.counts())["rows_waiting"] == 21


async def test_another_file_in_its_place_takes_nothing(database: Database, disk: Disk) -> None:
    """A copy under the same name is not the file that this process knows."""
    store = await in_use(database)
    elsewhere = disk.path.rename(disk.path.with_name("elsewhere.db"))
    disk.path.write_bytes(elsewhere.read_bytes())
    with pytest.raises(StoreUnavailable, match="was moved or removed"):
        await store.turns.accept(Arrival(said(1)))


async def test_nothing_makes_a_new_database(database: Database, disk: Disk) -> None:
    """Who asks for the first time after the file was removed, or tidies, finds none either."""
    store = database.open()
    disk.path.unlink()
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        await store.records.counts()
    for look in (lambda: examine(database.url), lambda: tidying.empty_log(disk.path)):
        with pytest.raises((StoreUnavailable, sqlite3.Error)):
            look()
    assert not disk.path.exists()


@pytest.mark.parametrize("room", [1, 4])
async def test_little_room_is_no_room(database: Database, disk: Disk, room: int) -> None:
    """Where a message does not fit, readiness fails too, and does not end the trouble."""
    store = await in_use(database)
    await store.records.counts()
    with closing(sqlite3.connect(disk.path)) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0] + room
    with disk.at_most(pages):
        with pytest.raises(StoreUnavailable, match="no room"):
            await store.turns.accept(long(1))
        with pytest.raises(StoreUnavailable, match="no room"):
            await store.ready()
        with pytest.raises(StoreUnavailable, match="no room"):
            await store.turns.due()
        assert store.trouble()
    await store.ready()
    assert store.trouble() == ""


async def test_the_probe_leaves_nothing(database: Database, disk: Disk) -> None:
    """No setting is left, and the file does not grow from probe to probe."""
    store = await in_use(database)
    await store.ready()
    with closing(sqlite3.connect(disk.path)) as other:
        pages = other.execute("PRAGMA page_count").fetchone()
        await store.ready()
        examine(database.url)
        assert other.execute("PRAGMA page_count").fetchone() == pages
        assert other.execute("SELECT count(*) FROM settings").fetchone() == (0,)
    assert await store.settings.read() == {}
