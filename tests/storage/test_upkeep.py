"""Migrations and backups of a SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database as Tables

from agent.errors import ConfigError, SchemaTooNew, StoreUnavailable
from agent.state import RESTING
from storage import backup, migrate, open_store, pending
from storage.sqlite import schema
from tests.storage.databases import Database, accept, claim, said, sqlite
from tests.storage.processes import go, start
from tests.support.clock import TestClock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return sqlite(tmp_path)


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The code of a version that knows one migration more."""
    later = schema.MIGRATIONS.__class__("frontdesk")
    later(name="0001_first_tables")(schema.first_tables)

    @later(name="0002_next")
    def following(db: Tables) -> None:
        db.executescript("ALTER TABLE lanes ADD COLUMN note TEXT;")

    monkeypatch.setattr("storage.sqlite.upkeep.MIGRATIONS", later)
    yield "0002_next"
    monkeypatch.undo()


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_migrating_is_done_once(database: Database, tmp_path: Path) -> None:
    """All steps are pending where there is nothing, and none afterwards; looking makes no file."""
    names = ["0001_first_tables"]
    assert pending(database.url) == names
    assert list(tmp_path.iterdir()) == []
    assert migrate(database.url) == names
    assert pending(database.url) == []
    assert migrate(database.url) == []
    assert [file.name for file in tmp_path.iterdir()] == ["frontdesk.db"]


def test_the_tables_are_those_of_the_design(database: Database, tmp_path: Path) -> None:
    """No table is there that nobody decided on, and each refuses values of a wrong type."""
    migrate(database.url)
    tables = query(tmp_path / "frontdesk.db", "PRAGMA table_list")
    ours = {
        str(name): bool(strict)
        for _, name, kind, _, _, strict in tables
        if kind == "table" and not str(name).startswith(("sqlite_", "_sqlite_"))
    }
    assert set(ours) == {
        "approvals",
        "cases",
        "feedback",
        "inbox",
        "journal",
        "knowledge",
        "knowledge_documents",
        "lanes",
        "outbox",
        "settings",
        "spend",
        "steps",
    }
    assert all(ours.values())


def test_the_database_knows_the_resting_states(database: Database, tmp_path: Path) -> None:
    """The check of the lanes' states and the state machine name the same ones."""
    migrate(database.url)
    with closing(sqlite3.connect(tmp_path / "frontdesk.db")) as connection:
        for state in RESTING:
            connection.execute("INSERT INTO lanes (lane, state) VALUES (?, ?)", (state, state))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO lanes (lane, state) VALUES ('x', 'thinking')")


def test_processes_may_migrate_at_once(database: Database) -> None:
    """Of many that start together one migrates and the others find it done; none fails."""
    processes = [start("migrate", database.url) for _ in range(4)]
    for process in processes:
        go(process)
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, answers
    assert sorted(out.split() for out, _ in answers) == [[], [], [], ["0001_first_tables"]]


def test_a_newer_schema_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """A program that does not know all of a database leaves it alone."""
    request.getfixturevalue("next_version")
    migrate(database.url)
    monkeypatch.setattr("storage.sqlite.upkeep.MIGRATIONS", schema.MIGRATIONS)
    for attempt in (migrate, pending):
        with pytest.raises(SchemaTooNew, match="newer version"):
            attempt(database.url)
    with pytest.raises(SchemaTooNew):
        database.open(exclusive=True)


async def test_data_survives_a_migration(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A database with contents is copied before it is changed, and goes on afterwards."""
    store = database.open()
    await accept(store, said(1))
    await store.close()
    name = request.getfixturevalue("next_version")
    assert pending(database.url) == [name]
    assert migrate(database.url) == [name]
    copy = tmp_path / f"frontdesk.db.before-{name}"
    assert query(copy, "SELECT count(*) FROM inbox") == [(1,)]
    assert "note" not in str(query(copy, "SELECT sql FROM sqlite_schema WHERE name = 'lanes'"))
    assert (await claim(database.open())).rows[0].message == said(1)


async def test_a_copy_is_never_overwritten(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The copy of an earlier attempt stays beside the new one."""
    await database.open().close()
    name = request.getfixturevalue("next_version")
    earlier = tmp_path / f"frontdesk.db.before-{name}"
    earlier.write_text("kept")
    migrate(database.url)
    assert earlier.read_text() == "kept"
    assert query(tmp_path / f"{earlier.name}1", "SELECT count(*) FROM inbox") == [(0,)]


def test_a_failed_migration_changes_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pending steps are applied or none."""
    broken = schema.MIGRATIONS.__class__("frontdesk")
    broken(name="0001_first_tables")(schema.first_tables)

    @broken(name="0002_broken")
    def following(db: Tables) -> None:
        db.executescript("CREATE TABLE half (x); SELECT nonsense;")

    monkeypatch.setattr("storage.sqlite.upkeep.MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        migrate(database.url)
    assert query(tmp_path / "frontdesk.db", "SELECT name FROM sqlite_schema") == []


async def test_a_backup_is_a_database(database: Database, tmp_path: Path) -> None:
    """A copy made beside a running worker holds all that was committed."""
    store = database.open(exclusive=True)
    await accept(store, said(1), said(2))
    backup(database.url, str(tmp_path / "copy.db"))
    copy = open_store(f"sqlite:///{tmp_path}/copy.db", TestClock(), owner="x")
    assert (await copy.records.counts())["rows_waiting"] == 2
    await copy.close()
    assert not list(tmp_path.glob("*.part*"))


def test_a_backup_overwrites_nothing(database: Database, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    migrate(database.url)
    target = tmp_path / "copy.db"
    target.write_text("kept")
    with pytest.raises(ConfigError, match=r"copy\.db exists"):
        backup(database.url, str(target))
    assert target.read_text() == "kept"


def test_a_backup_needs_a_database_and_a_folder(database: Database, tmp_path: Path) -> None:
    """A wrong path is said to be wrong, and nothing is made."""
    with pytest.raises(ConfigError, match="no database"):
        backup(database.url, str(tmp_path / "copy.db"))
    migrate(database.url)
    with pytest.raises(ConfigError, match="folder"):
        backup(database.url, str(tmp_path / "nowhere" / "copy.db"))
    assert not (tmp_path / "copy.db").exists()


def test_a_damaged_database_is_not_backed_up(database: Database, tmp_path: Path) -> None:
    """A copy that does not pass SQLite's own check is not left behind as a backup."""
    migrate(database.url)
    path = tmp_path / "frontdesk.db"
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable):
        backup(database.url, str(tmp_path / "copy.db"))
    assert not list(tmp_path.glob("copy.db*"))
