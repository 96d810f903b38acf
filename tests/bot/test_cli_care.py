"""`frontdesk queue`, `forget` and `restore`, and what `check` says of a sick database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import Result

from agent.records import DeliveryState, Settlement
from bot.clock import SystemClock
from storage import Store, open_store
from tests.bot.conftest import Neighbour
from tests.bot.test_cli import complaint
from tests.storage.conversations import spoken
from tests.storage.databases import accept, claim, claim_new, end, reply, said

Here = Callable[..., Result]
T = TypeVar("T")

URL = "sqlite:///frontdesk.db"
DEAD = Settlement(DeliveryState.DEAD, reason="PlaceFatal")


def with_store(work: Callable[[Store], Coroutine[Any, Any, T]], *, exclusive: bool = False) -> T:
    """Do something with the database of the current folder."""

    async def do() -> T:
        store = open_store(URL, SystemClock(), owner="test", askable={"slack"}, exclusive=exclusive)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(do())


async def bury(store: Store) -> None:
    """Two answers that can never be delivered."""
    committed = await end(store, await claim_new(store, said(1)), reply("m1"), reply("m2"))
    for _ in range(2):
        committed = await store.turns.settle(committed.deliveries[0], DEAD)
    await end(store, await claim(store))
    await end(store, await claim(store))


# queue


def test_queue(here: Here) -> None:
    """What is stuck is listed without a word of it, sent again or dropped by its number."""
    with_store(bury)
    listed = here("queue", "list")
    assert listed.exit_code == 0
    first, second = listed.output.splitlines()
    assert first.startswith("1 dead PlaceFatal m1 of slack:T1:D1: to slack:T1:D1:, queued 2")
    assert second.startswith("2 dead PlaceFatal m2 ")
    assert "text of" not in listed.output
    assert here("queue", "retry", "1").output == "1 goes out again\n"
    assert here("queue", "drop", "2").output == "2 is dropped\n"
    assert here("queue", "list").output == ""

    async def due(store: Store) -> list[str]:
        return [one.message.id for one in (await store.turns.due()).deliveries]

    assert with_store(due) == ["m1"]


def test_queue_retry_all(here: Here) -> None:
    """Everything at once, also beside a running process."""
    with_store(bury)

    async def beside(store: Store) -> tuple[Result, list[str]]:
        result = await asyncio.to_thread(here, "queue", "retry", "--all")
        return result, [one.message.id for one in (await store.turns.due()).deliveries]

    result, sent = with_store(beside, exclusive=True)
    assert result.output == "1 goes out again\n2 goes out again\n"
    assert sent == ["m1"], "one after the other"


def test_queue_with_wrong_numbers(here: Here) -> None:
    """What cannot be done is said for each, the rest is done, and the status is 1."""
    with_store(bury)
    result = here("queue", "retry", "1", "77")
    assert result.exit_code == 1
    assert result.stdout == "1 goes out again\n"
    assert result.stderr == "frontdesk: 77: no dead or unconfirmed message has this number\n"
    assert here("queue", "retry").exit_code == 2
    assert here("queue", "retry", "1", "--all").exit_code == 2
    assert here("queue", "drop").exit_code == 2


LOOKING = [
    ("queue", "list"),
    ("queue", "retry", "1"),
    ("queue", "drop", "1"),
    ("cases",),
    ("trace", "slack:T:C:1"),
    ("forget", "slack:ada"),
]
CHANGING = [("migrate",), ("run",), ("ingest", "handbook.md"), ("backup", "copy.db")]


def another_programs(tmp_path: Path) -> bytes:
    """A database that somebody else's program keeps under our name; what its file holds."""
    with closing(sqlite3.connect(tmp_path / "frontdesk.db")) as other:
        other.execute("CREATE TABLE inbox (letter TEXT)")
        other.execute("INSERT INTO inbox VALUES ('Dear Ada')")
        other.commit()
    return (tmp_path / "frontdesk.db").read_bytes()


@pytest.mark.parametrize("words", [*LOOKING, *CHANGING], ids=" ".join)
def test_a_database_of_another_program(
    here: Here, tmp_path: Path, slack: Neighbour, words: tuple[str, ...]
) -> None:
    """It is left as it is, and the line says what to set."""
    before = another_programs(tmp_path)
    (tmp_path / "handbook.md").write_text("# Leave")
    result = here(*words, **slack.environ)
    assert "is another program's database" in complaint(result)
    assert "FRONTDESK_DATABASE_URL" in result.stderr
    assert (tmp_path / "frontdesk.db").read_bytes() == before


def test_check_of_a_database_of_another_program(here: Here, tmp_path: Path) -> None:
    """`check` says so, too."""
    another_programs(tmp_path)
    result = here("check")
    assert result.exit_code == 1
    assert "another program's database" in result.output


def test_restore_over_a_database_of_another_program(here: Here, tmp_path: Path) -> None:
    """A backup does not take its place."""
    with_store(lambda store: store.ready())
    assert here("backup", "copy.db").exit_code == 0
    for left in tmp_path.glob("frontdesk.db*"):
        left.unlink()
    before = another_programs(tmp_path)
    assert "is another program's database" in complaint(here("restore", "copy.db"))
    assert (tmp_path / "frontdesk.db").read_bytes() == before


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_an_empty_database(here: Here, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Looking does not fill it; the line says what does."""
    (tmp_path / "frontdesk.db").touch()
    line = complaint(here(*words))
    assert "is empty or of an older version: `frontdesk migrate` brings it up to date" in line
    assert (tmp_path / "frontdesk.db").read_bytes() == b""


def test_backup_of_an_empty_database(here: Here, tmp_path: Path) -> None:
    """A copy that nobody could restore is not called a backup."""
    (tmp_path / "frontdesk.db").touch()
    assert "there is nothing in it yet to keep" in complaint(here("backup", "copy.db"))
    assert not (tmp_path / "copy.db").exists()


def test_a_file_that_is_no_database(here: Here, tmp_path: Path) -> None:
    """It may be the wrong file: the line says how to name another one, too."""
    (tmp_path / "frontdesk.db").write_text("Minutes of the meeting. " * 100)
    line = complaint(here("cases"))
    assert "frontdesk restore BACKUP" in line
    assert "FRONTDESK_DATABASE_URL" in line


def test_queue_of_nothing(here: Here, tmp_path: Path) -> None:
    """Looking makes no database."""
    assert "there is no database" in complaint(here("queue", "list"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["list", "retry", "drop"])
def test_queue_help(here: Here, command: str) -> None:
    """Every part of it explains itself."""
    assert len(here("queue", command, "--help").output.split()) > 20


# forget


async def talk(store: Store) -> None:
    claimed = await claim_new(store, said(1))
    await end(store, claimed, journal=spoken(claimed))


def test_forget(here: Here, tmp_path: Path) -> None:
    """A person is erased; a second time there is nothing left to erase."""
    with_store(talk)
    result = here("forget", "slack:ada")
    assert (result.exit_code, result.output) == (
        0,
        "Erased: all that was said in 1 conversations.\n",
    )
    assert b"message 1" not in (tmp_path / "frontdesk.db").read_bytes()
    assert here("forget", "slack:ada").output == "There is nothing left to erase.\n"


def test_forget_what_is_at_work(here: Here) -> None:
    """A question waits and nobody works: it is left, which is said, and the status is 1."""
    with_store(lambda store: accept(store, said(1)))
    result = here("forget", "slack:ada", "--wait", "0")
    assert result.exit_code == 1
    assert result.output.startswith("1 conversations are being worked on and were left")


def test_forget_whom(here: Here) -> None:
    """A person is written with the platform."""
    assert "write PLATFORM:USER" in complaint(here("forget", "ada"))


# restore


def test_restore(here: Here, tmp_path: Path) -> None:
    """What the backup holds is there again; what was there is kept."""
    with_store(lambda store: accept(store, said(1)))
    here("backup", "copy.db")
    with_store(lambda store: accept(store, said(2)))
    result = here("restore", "copy.db")
    assert result.exit_code == 0, result.output
    restored, kept = result.output.splitlines()
    assert restored == f"{URL}: restored from copy.db"
    assert kept == f"what was there is kept: {tmp_path / 'frontdesk.db.before-restore'}"

    async def waiting(store: Store) -> int:
        return (await store.records.counts())["rows_waiting"]

    assert with_store(waiting) == 1


def test_restore_under_a_running_process(here: Here) -> None:
    """It is refused in one sentence that names the process."""
    here("migrate")
    here("backup", "copy.db")

    async def beside(store: Store) -> Result:
        return await asyncio.to_thread(here, "restore", "copy.db")

    assert "another process works on this database" in complaint(with_store(beside, exclusive=True))


def test_restore_of_nothing(here: Here) -> None:
    """A typing error is one line."""
    assert complaint(here("restore", "copy.db")) == "there is no backup copy.db"


# check, run


def database_line(result: Result) -> str:
    """What `check` says of the database."""
    return result.output.splitlines()[0]


def test_check_of_a_locked_database(here: Here, slack: Neighbour, tmp_path: Path) -> None:
    """Somebody keeps it: that is said, and what helps."""
    here("migrate")
    with closing(sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        line = database_line(here("check", **slack.environ))
    assert line.startswith("FAIL database: ")
    assert "is kept locked by another process" in line


def test_check_of_a_damaged_database(here: Here, slack: Neighbour, tmp_path: Path) -> None:
    """What to do is said; `run` refuses it with the same words."""
    with_store(talk)
    path = tmp_path / "frontdesk.db"
    path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 200_000)
    line = database_line(here("check", **slack.environ))
    assert line.startswith("FAIL database: ")
    assert "put a backup in its place with `frontdesk restore BACKUP`" in line
    assert "`frontdesk restore BACKUP`" in complaint(here("run", **slack.environ))


def test_check_of_a_database_of_tomorrow(here: Here, slack: Neighbour, tmp_path: Path) -> None:
    """It is the program that is too old."""
    here("migrate")
    with closing(sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)) as database:
        database.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('frontdesk', '9999_of_tomorrow', 'later')"
        )
    line = database_line(here("check", **slack.environ))
    assert line.startswith("FAIL database: ")
    assert "update the program" in line
    assert "update the program" in complaint(here("run", **slack.environ))
    assert "update the program" in complaint(here("queue", "list"))


def test_check_beside_a_running_process(here: Here, slack: Neighbour) -> None:
    """A database that is in use is fine."""
    here("migrate")

    async def beside(store: Store) -> Result:
        return await asyncio.to_thread(here, "check", **slack.environ)

    assert database_line(with_store(beside, exclusive=True)).startswith("ok   database: ")
