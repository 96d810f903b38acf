"""Migrations and backups of a SQLite database."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

from agent.errors import ConfigError, SchemaTooNew, StoreUnavailable
from agent.state import RESTING
from storage import backup, migrate, open_store, pending
from storage.sqlite import schema, upkeep
from storage.sqlite.files import connect, use_wal
from tests.storage.databases import Database, accept, claim, said, sqlite
from tests.storage.dumps import VERSIONS
from tests.storage.processes import go, start
from tests.support.clock import TestClock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return sqlite(tmp_path)


def upgrade(monkeypatch: pytest.MonkeyPatch) -> str:
    """Become the code of a version that has one more migration, and tell its name."""
    later = known_so_far()

    @later(name="9999_next")
    def following(db: Tables) -> None:
        db.executescript("ALTER TABLE lanes ADD COLUMN note TEXT;")

    monkeypatch.setattr(upkeep, "MIGRATIONS", later)
    return "9999_next"


def known_so_far() -> Migrations:
    """A set of its own with our migrations in it."""
    known = Migrations("frontdesk")
    for one in schema.MIGRATIONS.pending(Tables(memory=True)):
        known(name=one.name)(one.fn)
    return known


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_migrating_is_done_once(database: Database, tmp_path: Path) -> None:
    """All steps are pending where there is nothing, and none afterwards; looking makes no file."""
    names = VERSIONS
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
        "conversation_references",
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
    assert sorted(out.split() for out, _ in answers) == [[], [], [], VERSIONS]


def test_who_comes_second_waits(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that saw steps to be done, but not who is doing them, finds them done."""
    looked = threading.Event()
    look = upkeep.pending_of

    def noticed(connection: sqlite3.Connection) -> list[str]:
        names = look(connection)
        looked.set()
        return names

    monkeypatch.setattr(upkeep, "pending_of", noticed)
    with closing(connect(tmp_path / "frontdesk.db")) as first, ThreadPoolExecutor() as threads:
        use_wal(first)
        first.execute("BEGIN IMMEDIATE")
        second = threads.submit(migrate, database.url)
        looked.wait()
        schema.MIGRATIONS.apply(Tables(first, execute_plugins=False))
        first.execute("COMMIT")
        assert second.result() == []


def test_a_newer_schema_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not know all of a database leaves it alone."""
    upgrade(monkeypatch)
    migrate(database.url)
    monkeypatch.setattr(upkeep, "MIGRATIONS", schema.MIGRATIONS)
    for attempt in (migrate, pending):
        with pytest.raises(SchemaTooNew, match="newer version"):
            attempt(database.url)
    with pytest.raises(SchemaTooNew):
        database.open(exclusive=True)


async def test_data_survives_a_migration(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database with contents is copied before it is changed, and goes on afterwards."""
    store = database.open()
    await accept(store, said(1))
    await store.close()
    name = upgrade(monkeypatch)
    assert pending(database.url) == [name]
    assert migrate(database.url) == [name]
    copy = tmp_path / f"frontdesk.db.before-{name}"
    assert query(copy, "SELECT count(*) FROM inbox") == [(1,)]
    assert "note" not in str(query(copy, "SELECT sql FROM sqlite_schema WHERE name = 'lanes'"))
    assert (await claim(database.open())).rows[0].message == said(1)


async def test_a_copy_is_never_overwritten(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy of an earlier attempt stays beside the new one."""
    await database.open().close()
    name = upgrade(monkeypatch)
    earlier = tmp_path / f"frontdesk.db.before-{name}"
    earlier.write_text("kept")
    migrate(database.url)
    assert earlier.read_text() == "kept"
    assert query(tmp_path / f"{earlier.name}1", "SELECT count(*) FROM inbox") == [(0,)]


def test_a_failed_migration_changes_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pending steps are applied or none."""
    broken = known_so_far()

    @broken(name="9999_broken")
    def following(db: Tables) -> None:
        db.executescript("CREATE TABLE half (x); SELECT nonsense;")

    monkeypatch.setattr(upkeep, "MIGRATIONS", broken)
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


def test_a_backup_is_one_file(database: Database, tmp_path: Path) -> None:
    """Nothing is left beside the copy."""
    migrate(database.url)
    backup(database.url, str(tmp_path / "copy.db"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "frontdesk.db"]


def test_a_backup_overwrites_nothing(database: Database, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    migrate(database.url)
    target = tmp_path / "copy.db"
    target.write_text("kept")
    with pytest.raises(ConfigError, match=r"copy\.db cannot be made: File exists"):
        backup(database.url, str(target))
    assert target.read_text() == "kept"


def test_a_backup_needs_a_database_and_a_folder(database: Database, tmp_path: Path) -> None:
    """A wrong path is said to be wrong, and nothing is made."""
    with pytest.raises(ConfigError, match="no database"):
        backup(database.url, str(tmp_path / "copy.db"))
    migrate(database.url)
    with pytest.raises(ConfigError, match=r"copy\.db cannot be made: No such file"):
        backup(database.url, str(tmp_path / "nowhere" / "copy.db"))
    assert not (tmp_path / "copy.db").exists()


def damaged(path: Path, old: bytes, new: bytes) -> None:
    """Change the last occurrence of some bytes in a file."""
    content = path.read_bytes()
    at = content.rindex(old)
    path.write_bytes(content[:at] + new + content[at + len(new) :])


@pytest.mark.parametrize("new", [b"noodle", b"\xff" * 4096])
async def test_a_damaged_database_is_not_backed_up(
    database: Database, tmp_path: Path, new: bytes
) -> None:
    """A copy that does not pass SQLite's own check is not left behind as a backup."""
    store = database.open()
    await accept(store, said(1, by="needle"))
    await store.close()
    damaged(tmp_path / "frontdesk.db", b"needle", new)
    with pytest.raises(StoreUnavailable):
        backup(database.url, str(tmp_path / "copy.db"))
    assert "copy" not in str(os.listdir(tmp_path))


@pytest.mark.parametrize("left", ["copy.db", "copy.db.part"])
def test_what_a_killed_backup_left_is_no_obstacle(
    database: Database, tmp_path: Path, left: str
) -> None:
    """An empty file under the final name, or half a copy beside it, is replaced."""
    migrate(database.url)
    (tmp_path / left).write_bytes(b"half" * 5000 if left.endswith("part") else b"")
    backup(database.url, str(tmp_path / "copy.db"))
    assert query(tmp_path / "copy.db", "SELECT count(*) FROM inbox") == [(0,)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "frontdesk.db"]


def test_the_final_name_is_given_last(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the copy is verified nothing has its name: a kill leaves only the part."""
    migrate(database.url)
    target, seen = tmp_path / "copy.db", []
    make = upkeep._copy_verified

    def watched(path: Path, part: Path) -> None:
        make(path, part)
        seen.append((target.exists(), part.name))

    monkeypatch.setattr(upkeep, "_copy_verified", watched)
    backup(database.url, str(target))
    assert seen == [(False, "copy.db.part")]


@pytest.mark.parametrize("links", [True, False])
def test_a_name_that_is_taken_meanwhile_is_kept(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Who made the file first has it, on a file system without hard links too."""
    migrate(database.url)
    target = tmp_path / "copy.db"
    make = upkeep._copy_verified

    def beaten(path: Path, part: Path) -> None:
        make(path, part)
        target.write_text("kept")

    if not links:
        monkeypatch.setattr(os, "link", without_links)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(upkeep, "_copy_verified", beaten)
        with pytest.raises(ConfigError, match=r"copy\.db cannot be made: File exists"):
            backup(database.url, str(target))
    assert target.read_text() == "kept"
    target.unlink()
    backup(database.url, str(target))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "frontdesk.db"]


def without_links(source: Path, name: Path) -> None:
    """What linking does on a file system like FAT."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_two_backups_to_one_name(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose part was replaced by another process's does not pass that one off as its copy."""
    migrate(database.url)
    part = tmp_path / "copy.db.part"
    make = upkeep._copy_verified

    def overtaken(path: Path, mine: Path) -> None:
        make(path, mine)
        mine.rename(tmp_path / "mine")
        part.write_text("half a copy of another process")

    monkeypatch.setattr(upkeep, "_copy_verified", overtaken)
    with pytest.raises(StoreUnavailable, match="another process"):
        backup(database.url, str(tmp_path / "copy.db"))
    assert part.read_text().startswith("half")
    assert not (tmp_path / "copy.db").exists()
