"""The one writer of the database: a thread that commits jobs in groups.

Each batch is one BEGIN IMMEDIATE … COMMIT, and so one fsync. A job that fails is undone alone: the
batch is done once more, each job in a savepoint of its own. If the transaction itself fails, every
waiter of the batch is told so and the connection is opened again, because after a failed commit
nothing is certain about it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from agent.ports import Clock
from storage.sqlite.examining import look_over, touch
from storage.sqlite.jobs import JobThread, Outcome, Waiting
from storage.sqlite.outages import is_damage, is_outage, own_error, unavailable


class Writer(JobThread):
    """Runs jobs that write; see `JobThread`.

    `batches` counts commits, `jobs` those who shared the last one. `others_version` changes when
    another connection has changed the database, as of the last commit
    (https://sqlite.org/pragma.html#pragma_data_version).
    `trouble` says in words why the last commit failed; '' if it went well.
    """

    batches = 0
    jobs = 0
    trouble = ""
    others_version = (0, 0)
    _connections = 0
    _damaged = False

    def __init__(
        self,
        name: str,
        connect: Callable[[], sqlite3.Connection],
        clock: Clock,
        same_file: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread. Before each batch `same_file` raises if the file is not the one that
        was there at first: nothing is written then.
        """
        self._same_file = same_file
        super().__init__(name, connect, clock)

    def _perform(self, first: Waiting) -> list[Outcome]:
        taken: list[Waiting] = []
        try:
            self._same_file()
            connection = self._connected()
            if self._damaged:  # what is written to a damaged file may be lost
                look_over(connection)
            connection.execute("BEGIN IMMEDIATE")
            if self.trouble:  # a commit that changes nothing would prove nothing
                touch(connection)
            outcomes = self._together(connection, first, taken)
            if outcomes is None:
                outcomes = self._one_by_one(connection, taken)
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 top of the thread: it must outlive any batch
            self._disconnect()
            self._damaged = self._damaged or is_damage(error)
            self.trouble = str(unavailable(error))
            # If it could not even begin, those who queued up behind would wait for the same again.
            failed = taken or list(self._batch(first))
            return [Outcome(waiting.future, None, unavailable(error)) for waiting in failed]
        self.batches, self.jobs = self.batches + 1, len(outcomes)
        self.trouble, self._damaged = "", False
        self.others_version = (self._connections, version)
        return outcomes

    def _together(
        self, connection: sqlite3.Connection, first: Waiting, taken: list[Waiting]
    ) -> list[Outcome] | None:
        """Do a batch as if no job could fail, which hardly one ever does; None, with nothing done,
        if one did. `taken` are those that were tried.
        """
        outcomes: list[Outcome] = []
        for waiting in self._batch(first):
            taken.append(waiting)
            try:
                outcomes.append(Outcome(waiting.future, waiting.job(connection), None))
            except Exception as error:
                if is_outage(error) or not connection.in_transaction:
                    raise
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
                if self.trouble:
                    touch(connection)
                return None
        return outcomes

    def _one_by_one(
        self, connection: sqlite3.Connection, taken: Sequence[Waiting]
    ) -> list[Outcome]:
        """Do the jobs once more, each so that it can be undone without the others."""
        outcomes: list[Outcome] = []
        for waiting in taken:
            connection.execute("SAVEPOINT job")
            try:
                outcome = Outcome(waiting.future, waiting.job(connection), None)
            except Exception as error:
                if is_outage(error) or not connection.in_transaction:
                    raise
                connection.execute("ROLLBACK TO job")
                outcome = Outcome(waiting.future, None, own_error(error))
            connection.execute("RELEASE job")
            outcomes.append(outcome)
        return outcomes

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connections += 1
        return super()._connected()
