"""Opening a database: its URL, its lock, and what is said when it cannot be opened."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import storage.sqlite
from agent.errors import ConfigError, StoreUnavailable
from agent.records import Accepted, Arrival
from storage import Store, migrate, open_store
from storage.opening import Backend
from storage.sqlite import SqliteStore, files
from storage.sqlite.files import connect, use_wal
from tests.storage.databases import Database, said, sqlite
from tests.support.clock import TestClock

# The type checker compares the module with what a backend has to be.
EMBEDDED: Backend = storage.sqlite


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return sqlite(tmp_path)


def opened(url: str) -> Store:
    return open_store(url, TestClock(), owner="x")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "frontdesk.db",
        "mysql://host/name",
        "opening:///x.db",
        "../etc:///x.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://frontdesk.db",
    ],
)
def test_a_wrong_url_is_a_wrong_setting(url: str) -> None:
    """A URL that names no store or no file is said to be wrong, with an example."""
    with pytest.raises(ConfigError, match=r"sqlite:///frontdesk\.db"):
        opened(url)


async def test_the_scheme_names_the_module(database: Database) -> None:
    """A URL that begins with sqlite: is opened by the package of that name."""
    assert isinstance(database.open(), SqliteStore)


def test_a_missing_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    """Folders are not made: the path is probably a typing error."""
    with pytest.raises(ConfigError, match="folder of the database"):
        opened(f"sqlite:///{tmp_path}/nowhere/x.db")


def test_a_relative_path_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes name a file in the working folder."""
    monkeypatch.chdir(tmp_path)
    migrate("sqlite:///here.db")
    assert (tmp_path / "here.db").exists()


async def test_a_database_has_one_worker(database: Database) -> None:
    """The second worker is told which file tells it that there is a first."""
    store = database.open(exclusive=True)
    with pytest.raises(ConfigError, match=r"frontdesk\.db\.lock"):
        database.open(exclusive=True)
    await store.close()
    await database.open(exclusive=True).close()


async def test_tools_work_beside_the_worker(database: Database) -> None:
    """The command line opens a database that has a worker."""
    store, tool = database.open(exclusive=True), database.open(exclusive=False)
    await tool.turns.accept(Arrival(said(1)))
    assert await store.turns.accept(Arrival(said(1))) is Accepted.DUPLICATE


async def test_a_failed_start_gives_the_lock_back(database: Database, tmp_path: Path) -> None:
    """What could not be opened can be tried again."""
    (tmp_path / "frontdesk.db").write_bytes(b"this is not a database, but long enough" * 100)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="not a database"):
            database.open(exclusive=True)
    (tmp_path / "frontdesk.db").unlink()
    await database.open(exclusive=True).close()


def test_a_lock_that_cannot_be_made_is_a_wrong_setting(database: Database, tmp_path: Path) -> None:
    """The sentence names the file."""
    (tmp_path / "frontdesk.db.lock").mkdir()
    with pytest.raises(ConfigError, match=r"frontdesk\.db\.lock cannot be made"):
        database.open(exclusive=True)


def test_an_old_library_is_a_wrong_setting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python with too old an SQLite is told what it needs."""
    monkeypatch.setattr(files, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(ConfigError, match=r"99\.0\.0 is needed"):
        database.open()


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN; SELECT * FROM sqlite_schema"])
def test_a_busy_database_is_waited_for(tmp_path: Path, begin: str) -> None:
    """Whoever starts while another process is at work waits for it, but not for ever."""
    path = tmp_path / "x.db"
    with closing(connect(path)) as other, closing(connect(path, patience=0.05)) as late:
        other.execute("CREATE TABLE x (y)")
        for statement in begin.split(";"):
            other.execute(statement).fetchone()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            use_wal(late)
        other.execute("ROLLBACK")
        use_wal(late)


def test_a_file_system_without_wal_is_no_reason_to_wait(tmp_path: Path) -> None:
    """Any other trouble than a busy database is reported at once."""
    uri = f"file:{tmp_path}/x.db?mode=ro"
    connect(tmp_path / "x.db").close()
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.execute("PRAGMA query_only=ON")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            use_wal(connection)


def test_a_read_only_disk_is_said_to_be_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the lock file is to blame but its folder, and what helps is said."""

    def read_only(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(ConfigError, match=r"^the folder .* cannot be written .*Read-only") as told:
        database.open(exclusive=True)
    assert "FRONTDESK_DATABASE_URL" in str(told.value)
    assert "lock" not in str(told.value)
