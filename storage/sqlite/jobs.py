"""A thread that does the database's work for the event loop, many jobs at a time.

The loop must never wait for a disk, and a thread's wake-up costs more than most statements. So
jobs queue up while the thread works, it takes all of them at once, and all their waiters are woken
by one call into the loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from agent.errors import StoreUnavailable
from agent.ports import Clock

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
"""A piece of work on a connection that is lent to it: statements and nothing else, so that it can
be undone and done again."""

MOST_JOBS = 64
"""Jobs of one batch: what one fsync is shared by, and what one failed commit takes down."""
LONGEST_BATCH = 0.005
"""Seconds after its first job in which a batch still takes new ones."""

CROWD = 12
GATHER = 0.002
"""After a batch of CROWD jobs or more, seconds in which the next one gathers: a commit costs as
much for one job as for many. With fewer at work each would only wait longer for its turn."""


class Waiting(NamedTuple):
    """A job and who waits for it."""

    job: Job[Any]
    future: asyncio.Future[Any]


class Outcome(NamedTuple):
    """What became of a job: its result, or the error it ended with."""

    future: asyncio.Future[Any]
    result: Any
    error: Exception | None


class JobThread(ABC):
    """Runs jobs on a connection of its own, in the order in which they were given."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection], clock: Clock) -> None:
        """Start the thread; it calls `connect` when it first needs a connection."""
        self._connect = connect
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._unanswered = 0
        self._closed = False
        self._hurry = threading.Event()
        # A daemon, so that a process which crashes does not wait for a thread that waits for it.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def busy(self) -> bool:
        """Whether a job is not answered yet."""
        return self._unanswered > 0

    async def run(self, job: Job[T]) -> T:
        """Have a job done and return its result. Whoever stops waiting does not stop the job.

        Raises:
            StoreUnavailable: the database cannot be used, nothing was committed.
            StorageError: a statement of the job failed; nothing of the job was committed.
            Exception: whatever else the job raised; nothing of it was committed.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._unanswered += 1
        self._queue.put(Waiting(job, future))
        return await future

    async def close(self) -> None:
        """Finish the jobs that were given and end the thread; idempotent."""
        if not self._closed:
            self._closed = True
            self._hurry.set()
            self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    @abstractmethod
    def _perform(self, first: Waiting) -> list[Outcome]:
        """Do a batch of jobs, the first of which is given, and never raise."""

    def _batch(self, first: Waiting) -> Iterator[Waiting]:
        """The first job and those that came meanwhile, or come while they are being done."""
        deadline = self._clock.monotonic() + LONGEST_BATCH
        yield first
        for _ in range(MOST_JOBS - 1):
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return
            if waiting is None:
                self._queue.put(None)
                return
            yield waiting
            if self._clock.monotonic() > deadline:
                return

    def _work(self) -> None:
        while waiting := self._queue.get():
            outcomes = self._perform(waiting)
            try:
                waiting.future.get_loop().call_soon_threadsafe(self._answer, outcomes)
            except RuntimeError:
                self._unanswered = 0  # the loop is closed: nobody waits any more
            if len(outcomes) >= CROWD:
                self._hurry.wait(GATHER)
        self._disconnect()

    def _answer(self, outcomes: list[Outcome]) -> None:
        self._unanswered -= len(outcomes)
        for future, result, error in outcomes:
            if future.done():
                continue  # its waiter was cancelled
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
