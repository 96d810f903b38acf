"""The one writer of the database: a thread that commits jobs in groups.

Each batch is one BEGIN IMMEDIATE … COMMIT, and so one fsync. A job that fails is undone alone; if
the transaction itself fails, every waiter of the batch is told so and the connection is opened
again, because after a failed commit nothing is certain about it.
"""

from __future__ import annotations

import sqlite3

from storage.sqlite.examining import look_over, touch
from storage.sqlite.jobs import JobThread, Outcome, Waiting
from storage.sqlite.outages import is_damage, is_outage, own_error, unavailable


class Writer(JobThread):
    """Runs jobs that write; see `JobThread`.

    `batches` counts commits. `others_version` changes when another connection has changed the
    database, as of the last commit (https://sqlite.org/pragma.html#pragma_data_version).
    `trouble` says in words why the last commit failed; '' if it went well.
    """

    batches = 0
    trouble = ""
    others_version = (0, 0)
    _connections = 0
    _damaged = False

    def _perform(self, first: Waiting) -> list[Outcome]:
        taken: list[Waiting] = []
        outcomes: list[Outcome] = []
        try:
            connection = self._connected()
            if self._damaged:  # what is written to a damaged file may be lost
                look_over(connection)
            connection.execute("BEGIN IMMEDIATE")
            if self.trouble:  # a commit that changes nothing would prove nothing
                touch(connection)
            clean = not self.trouble
            for waiting in self._batch(first):
                taken.append(waiting)
                outcome = self._attempt(connection, waiting, clean=clean)
                clean = clean and outcome.error is not None
                outcomes.append(outcome)
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 top of the thread: it must outlive any batch
            self._disconnect()
            self._damaged = self._damaged or is_damage(error)
            self.trouble = str(unavailable(error))
            # If it could not even begin, those who queued up behind would wait for the same again.
            failed = taken or list(self._batch(first))
            return [Outcome(waiting.future, None, unavailable(error)) for waiting in failed]
        self.batches += 1
        self.trouble, self._damaged = "", False
        self.others_version = (self._connections, version)
        return outcomes

    def _attempt(self, connection: sqlite3.Connection, waiting: Waiting, *, clean: bool) -> Outcome:
        """Do one job. In a clean transaction, where nothing was written yet, undoing the job is
        undoing the transaction; only after others it needs a savepoint of its own.
        """
        if not clean:
            connection.execute("SAVEPOINT job")
        try:
            result = waiting.job(connection)
        except Exception as error:
            if is_outage(error) or not connection.in_transaction:
                raise
            if clean:
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
            else:
                connection.execute("ROLLBACK TO job")
                connection.execute("RELEASE job")
            return Outcome(waiting.future, None, own_error(error))
        if not clean:
            connection.execute("RELEASE job")
        return Outcome(waiting.future, result, None)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connections += 1
        return super()._connected()
