"""A backup is put in place of the database, and nothing is lost by it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

from agent.errors import ConfigError, SchemaTooNew, StoreUnavailable
from agent.records import Accepted, Arrival
from storage import backup, migrate, open_store, pending, restore
from storage.sqlite import restoring, schema, upkeep
from tests.storage.databases import Database, accept, claim_new, end, reply, said, sqlite
from tests.storage.processes import go, start


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


def files(folder: Path) -> dict[str, bytes]:
    return {
        one.name: one.read_bytes() for one in folder.iterdir() if not one.name.endswith(".lock")
    }


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


async def backed_up(database: Database, folder: Path, *numbers: int) -> str:
    """A backup of a database into which messages were accepted."""
    store = database.open()
    await accept(store, *map(said, numbers))
    target = str(folder / "backup.db")
    backup(database.url, target)
    await store.close()
    return target


async def test_a_backup_of_a_busy_database(database: Database, tmp_path: Path) -> None:
    """The copy is made while a process accepts as fast as it can; after the restore everything is
    there that it had acknowledged before the copy began.
    """
    process = start("accept", database.url)
    go(process)
    assert process.stdout is not None
    before = [int(process.stdout.readline()) for _ in range(200)]
    backup(database.url, str(tmp_path / "backup.db"))
    process.kill()
    process.communicate()
    restore(database.url, str(tmp_path / "backup.db"))
    store = database.open(exclusive=True)
    for n in before:
        known = await store.turns.accept(Arrival(said(n, channel=f"D{n % 7}")))
        assert known is Accepted.DUPLICATE


async def test_what_was_there_is_kept(database: Database, tmp_path: Path) -> None:
    """With its log: what a killed process had committed can still be read there. The new database
    has neither a log nor an index of the old one.
    """
    target = await backed_up(database, tmp_path, 1)
    process = start("accept", database.url)
    go(process)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(50)]
    process.kill()
    process.communicate()
    assert (tmp_path / "frontdesk.db-wal").stat().st_size > 0
    kept = restore(database.url, target)
    assert kept == str(tmp_path / "frontdesk.db.before-restore")
    assert set(files(tmp_path)) == {
        "backup.db",
        "frontdesk.db",
        "frontdesk.db.before-restore",
        "frontdesk.db.before-restore-wal",
    }
    ((rows,),) = query(Path(kept), "SELECT count(*) FROM inbox")
    assert isinstance(rows, int)
    assert rows > len(acknowledged)
    assert query(tmp_path / "frontdesk.db", "SELECT count(*) FROM inbox") == [(1,)]
    assert restore(database.url, target) == str(tmp_path / "frontdesk.db.before-restore1")


async def test_where_there_was_nothing(database: Database, tmp_path: Path) -> None:
    """A new machine: the backup becomes the database. The backup itself stays as it is."""
    target = await backed_up(database, tmp_path, 1, 2)
    (tmp_path / "frontdesk.db").unlink()
    before = files(tmp_path)["backup.db"]
    assert restore(database.url, target) == ""
    assert set(files(tmp_path)) == {"backup.db", "frontdesk.db"}
    assert files(tmp_path)["backup.db"] == before
    assert (await database.open().records.counts())["rows_waiting"] == 2


async def test_a_damaged_database_is_replaced(database: Database, tmp_path: Path) -> None:
    """That is what it is for."""
    target = await backed_up(database, tmp_path, 1)
    (tmp_path / "frontdesk.db").write_bytes(b"\xa5" * 100_000)
    with pytest.raises(StoreUnavailable, match=r"is damaged: .*`frontdesk restore BACKUP`"):
        database.open(exclusive=True)
    restore(database.url, target)
    assert (await database.open(exclusive=True).records.counts())["rows_waiting"] == 1


async def test_deliveries_are_doubtful_afterwards(database: Database, tmp_path: Path) -> None:
    """What was being sent and what stood behind it may have arrived since the backup: each is asked
    for. New turns, messages and cases get numbers that nothing had before.
    """
    store = database.open()
    await end(store, await claim_new(store, said(1)), reply("m1"), reply("m2"))
    target = str(tmp_path / "backup.db")
    backup(database.url, target)
    await store.close()
    restore(database.url, target)
    store = database.open(exclusive=True)
    (first,) = (await store.turns.due()).deliveries
    assert (first.message.id, first.doubtful) == ("m1", True)
    assert query(tmp_path / "frontdesk.db", "SELECT DISTINCT doubtful FROM outbox") == [(1,)]
    (row,) = (await claim_new(store, said(2))).rows
    assert row.id == restoring.GAP + 2


async def test_numbers_are_skipped_in_an_empty_backup_too(
    database: Database, tmp_path: Path
) -> None:
    """It was made before anybody wrote."""
    restore(database.url, await backed_up(database, tmp_path))
    (row,) = (await claim_new(database.open(), said(1))).rows
    assert row.id == restoring.GAP + 1


async def test_nothing_is_replaced_under_a_running_process(
    database: Database, tmp_path: Path
) -> None:
    """It is told which process that is."""
    target = await backed_up(database, tmp_path, 1)
    database.open(exclusive=True)
    with pytest.raises(ConfigError, match=r"another process works on this database: process \d+"):
        restore(database.url, target)
    assert "frontdesk.db.before-restore" not in files(tmp_path)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (None, ConfigError, "there is no backup"),
        (b"", ConfigError, "is no backup of a Frontdesk database"),
        (b"no database at all" * 1000, StoreUnavailable, "file is not a database"),
    ],
)
async def test_what_is_no_backup(
    database: Database,
    tmp_path: Path,
    content: bytes | None,
    error: type[Exception],
    words: str,
) -> None:
    """A wrong name, an empty file or anything else is refused, and nothing has changed."""
    await backed_up(database, tmp_path, 1)
    wrong = tmp_path / "wrong.db"
    if content is not None:
        wrong.write_bytes(content)
    before = files(tmp_path)
    with pytest.raises(error, match=words):
        restore(database.url, str(wrong))
    assert files(tmp_path) == before


def garble(path: Path) -> None:
    """Let two pages of a file be something else."""
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xa5" * 8192 + content[16384:])


async def test_a_damaged_backup(database: Database, tmp_path: Path) -> None:
    """It is looked over before anything is touched."""
    target = await backed_up(database, tmp_path, *range(200))
    garble(tmp_path / "backup.db")
    before = files(tmp_path)
    with pytest.raises(StoreUnavailable, match="nothing was changed"):
        restore(database.url, target)
    assert files(tmp_path) == before


async def test_the_database_is_not_its_own_backup(database: Database, tmp_path: Path) -> None:
    """A slip of the fingers does no harm."""
    await backed_up(database, tmp_path, 1)
    with pytest.raises(ConfigError, match="is the database itself"):
        restore(database.url, str(tmp_path / "frontdesk.db"))


def other_version(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Be the code of a version that knows other migrations."""
    known = Migrations("frontdesk")
    known(name="0001_first_tables")(schema.first_tables)
    for name in names:

        @known(name=name)
        def nothing(db: Tables) -> None:
            db.executescript("SELECT 1;")

    monkeypatch.setattr(upkeep, "MIGRATIONS", known)


async def test_a_backup_of_an_older_version(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put in place as it is, and brought up to date by the next start."""
    target = tmp_path / "backup.db"
    with monkeypatch.context() as older:
        other_version(older)
        migrate(f"sqlite:///{target}")
    restore(database.url, str(target))
    assert pending(database.url) == [name for name in _names() if not name.startswith("0001")]
    store = open_store(database.url, database.clock, owner="x")
    await store.ready()
    await store.close()


def _names() -> list[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        return upkeep.pending_of(connection)


async def test_a_backup_of_a_newer_version(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this program would not understand is refused."""
    target = tmp_path / "backup.db"
    with monkeypatch.context() as newer:
        other_version(newer, "9999_of_tomorrow")
        migrate(f"sqlite:///{target}")
    with pytest.raises(SchemaTooNew):
        restore(database.url, str(target))
    assert not (tmp_path / "frontdesk.db").exists()
