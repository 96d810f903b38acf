"""The writer: many jobs share a commit, and each is answered for itself."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.errors import StorageError, StoreUnavailable
from storage.sqlite.files import connect, use_wal
from storage.sqlite.jobs import MOST_JOBS
from storage.sqlite.schema import DESK
from storage.sqlite.writer import Writer
from tests.support.clock import TestClock

Connect = Callable[[], sqlite3.Connection]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.db"
    with closing(connect(path)) as connection:
        use_wal(connection)
        connection.execute("CREATE TABLE words (word TEXT UNIQUE) STRICT")
        connection.executescript(DESK)  # the writer proves in its settings that there is room
    return path


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    writer = Writer("test-writer", lambda: connect(path, patience=0.05), TestClock())
    yield writer
    await writer.close()


def write(word: str) -> Callable[[sqlite3.Connection], str]:
    """A job that writes a word and returns it."""

    def job(db: sqlite3.Connection) -> str:
        db.execute("INSERT INTO words VALUES (?)", (word,))
        return word

    return job


def write_and_fail(word: str) -> Callable[[sqlite3.Connection], str]:
    """A job that writes a word and then fails."""

    def job(db: sqlite3.Connection) -> str:
        db.execute("INSERT INTO words VALUES (?)", (word,))
        raise ValueError(word)

    return job


def words(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY rowid")]


class Gate:
    """A job that keeps the writer's thread until it is opened, so that others gather behind it."""

    def __init__(self) -> None:
        """Closed."""
        self.open = threading.Event()
        self.reached = threading.Event()

    def __call__(self, db: sqlite3.Connection) -> None:
        self.reached.set()
        self.open.wait()


async def gathered(writer: Writer, *jobs: Callable[[sqlite3.Connection], Any]) -> list[Any]:
    """Have jobs done in one batch, behind one that does nothing."""
    gate = Gate()
    everything: list[Callable[[sqlite3.Connection], Any]] = [gate, *jobs]
    tasks = [asyncio.create_task(writer.run(job)) for job in everything]
    await asyncio.to_thread(gate.reached.wait)
    gate.open.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return answers[1:]


async def test_jobs_are_done_in_order(writer: Writer, path: Path) -> None:
    """Each caller gets the result of its own job."""
    assert await gathered(writer, *map(write, "abc")) == ["a", "b", "c"]
    assert words(path) == ["a", "b", "c"]


async def test_waiting_jobs_share_a_commit(writer: Writer) -> None:
    """However many came while the thread was busy, they cost one commit."""
    await gathered(writer, *(write(str(n)) for n in range(20)))
    assert (writer.batches, writer.jobs) == (1, 21)  # and the one that kept it busy


async def test_a_batch_is_bounded(writer: Writer) -> None:
    """One failed commit never takes down more than so many jobs."""
    await gathered(writer, *(write(str(n)) for n in range(2 * MOST_JOBS)))
    assert writer.batches == 3


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_a_failing_job_fails_alone(writer: Writer, path: Path, at: int) -> None:
    """Nothing of a failed job stays, and the others of its batch are not touched."""
    jobs = [write("a"), write("b")]
    jobs.insert(at, write_and_fail("bad"))
    answers = await gathered(writer, *jobs)
    assert isinstance(answers.pop(at), ValueError)
    assert answers == ["a", "b"]
    assert words(path) == ["a", "b"]


async def test_only_failing_jobs_leave_nothing(writer: Writer, path: Path) -> None:
    """A batch of nothing but failures is an empty commit."""
    answers = await gathered(writer, write_and_fail("a"), write_and_fail("b"))
    assert [str(answer) for answer in answers] == ["a", "b"]
    assert words(path) == []


async def test_a_violated_constraint_is_a_job_s_own_error(writer: Writer, path: Path) -> None:
    """A defect of one job is not an outage of the database, and not SQLite's error either."""
    answers = await gathered(writer, write("a"), write("a"), write("b"))
    assert type(answers[1]) is StorageError
    assert "UNIQUE" in str(answers[1])
    assert words(path) == ["a", "b"]


async def test_who_stops_waiting_does_not_stop_the_job(writer: Writer, path: Path) -> None:
    """A request that was broken off may have been committed all the same."""
    gate = Gate()
    first = asyncio.create_task(writer.run(gate))
    impatient = asyncio.create_task(writer.run(write("a")))
    patient = asyncio.create_task(writer.run(write("b")))
    await asyncio.to_thread(gate.reached.wait)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert writer.busy()
    gate.open.set()
    assert list(await asyncio.gather(first, patient)) == [None, "b"]
    assert words(path) == ["a", "b"]
    assert not writer.busy()


async def test_a_locked_database_is_unavailable(writer: Writer, path: Path) -> None:
    """If another process does not let go, nothing is committed; afterwards all is well."""
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
            await writer.run(write("a"))
    assert await writer.run(write("b")) == "b"
    assert words(path) == ["b"]


async def test_a_failed_begin_fails_all_who_wait(path: Path) -> None:
    """Nobody waits in vain once more for what the first one of the queue waited for in vain."""
    attempts: list[sqlite3.Connection] = []

    def counted() -> sqlite3.Connection:
        attempts.append(connect(path, patience=0.05))
        return attempts[-1]

    writer = Writer("test-writer", counted, TestClock())
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        jobs = [writer.run(write(str(n))) for n in range(MOST_JOBS)]
        answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert len(attempts) < MOST_JOBS
    assert (words(path), writer.batches) == ([], 0)
    await writer.close()


async def test_a_full_disk_fails_the_whole_batch(writer: Writer, path: Path) -> None:
    """When there is no room, nobody of the batch is told that something was kept."""

    def limit(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA max_page_count = 30")

    await writer.run(limit)
    answers = await gathered(writer, write("a"), write("b"), write("x" * 100_000))
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert "SQLITE_FULL" in str(answers[0])
    assert words(path) == []
    assert await writer.run(write("x" * 100_000))  # the new connection has no limit


async def test_an_outage_while_a_batch_is_done_again(writer: Writer, path: Path) -> None:
    """It is everybody's, also if each job is done by itself because one of them has failed."""
    read_only = iter(("OFF", "ON"))

    def refused_at_last(db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA query_only = {next(read_only)}")
        db.execute("INSERT INTO words VALUES ('b')")

    answers = await gathered(writer, write("a"), refused_at_last, write_and_fail("bad"))
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert words(path) == []
    assert await writer.run(write("c")) == "c"


async def test_an_outage_is_not_tried_again(writer: Writer, path: Path) -> None:
    """After it nothing is certain of the connection, so nobody's job is done on it once more."""
    read_only = iter(("ON", "OFF"))

    def refused_at_first(db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA query_only = {next(read_only)}")
        try:
            db.execute("INSERT INTO words VALUES ('b')")
        finally:
            db.execute("PRAGMA query_only = OFF")

    answers = await gathered(writer, write("a"), refused_at_first)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    assert words(path) == []


async def test_a_job_that_fails_when_an_outage_is_over(writer: Writer, path: Path) -> None:
    """It fails alone, and the others prove that all is well again."""
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await writer.run(write("a"))
    assert writer.trouble
    answers = await gathered(writer, write("b"), write_and_fail("bad"))
    assert [type(answer) for answer in answers] == [str, ValueError]
    assert (writer.trouble, words(path)) == ("", ["b"])


async def test_a_new_connection_may_have_missed_something(writer: Writer, path: Path) -> None:
    """What others did before it was opened it cannot tell, so it looks as if they did."""
    await writer.run(write("a"))
    seen = writer.others_version
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await writer.run(write("b"))
    await writer.run(write("c"))
    assert writer.others_version != seen


async def test_a_sound_file_is_not_looked_over(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read the whole file before each commit is for those files only that were damaged."""
    looked: list[sqlite3.Connection] = []
    monkeypatch.setattr("storage.sqlite.writer.look_over", looked.append)
    for word in "abc":
        await writer.run(write(word))
    assert looked == []


async def test_a_failing_commit_fails_every_waiter(writer: Writer, path: Path) -> None:
    """If the disk takes the jobs but not the commit, all are told, and none of it is there."""
    await writer.run(write("before"))
    most = path.with_name(path.name + "-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        answers = await gathered(writer, write("a"), write("b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    assert words(path) == ["before"]
    assert await writer.run(write("after")) == "after"
    assert words(path) == ["before", "after"]


async def test_a_read_only_database_is_unavailable(path: Path) -> None:
    """A file that must not be written is no reason to crash."""

    def read_only() -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )

    writer = Writer("test-writer", read_only, TestClock())
    with pytest.raises(StoreUnavailable, match="SQLITE_READONLY"):
        await writer.run(write("a"))
    await writer.close()


async def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    """The folder was unmounted: every job says so, and the thread goes on."""
    writer = Writer("test-writer", lambda: connect(tmp_path / "no" / "x.db"), TestClock())
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="SQLITE_CANTOPEN"):
            await writer.run(write("a"))
    await writer.close()


async def test_the_writer_notices_others(writer: Writer, path: Path) -> None:
    """What somebody else committed is seen at the next commit, what it did itself is not news."""
    await writer.run(write("a"))
    seen = writer.others_version
    await writer.run(write("b"))
    assert writer.others_version == seen
    with closing(connect(path)) as other:
        other.execute("INSERT INTO words VALUES ('c')")
    await writer.run(lambda db: db.execute("SELECT 1").fetchone())
    assert writer.others_version != seen


async def test_closing_finishes_what_was_given(path: Path) -> None:
    """A drain loses no job."""
    writer = Writer("test-writer", lambda: connect(path), TestClock())
    jobs = [writer.run(write(str(n))) for n in range(100)]
    *answers, _ = await asyncio.gather(*jobs, writer.close())
    assert answers == [str(n) for n in range(100)]
    assert not writer.busy()


def test_a_loop_that_is_gone_is_no_error(path: Path) -> None:
    """The thread of a crashed event loop finishes its work and ends."""
    writer = Writer("test-writer", lambda: connect(path), TestClock())
    gate = Gate()

    async def give_up() -> None:
        task = asyncio.create_task(writer.run(gate))
        await asyncio.to_thread(gate.reached.wait)
        task.cancel()

    asyncio.run(give_up())
    gate.open.set()
    asyncio.run(writer.close())
    assert words(path) == []
