"""The reader of the database: a thread that answers questions while the writer writes."""

from __future__ import annotations

import sqlite3

from storage.sqlite.jobs import JobThread, Outcome, Waiting
from storage.sqlite.outages import is_outage, own_error, unavailable


class Reader(JobThread):
    """Runs jobs that only read, each on one snapshot of the database; see `JobThread`."""

    def _perform(self, first: Waiting) -> list[Outcome]:
        return [self._attempt(waiting) for waiting in self._batch(first)]

    def _attempt(self, waiting: Waiting) -> Outcome:
        try:
            connection = self._connected()
            connection.execute("BEGIN")
            try:
                result = waiting.job(connection)
            finally:
                connection.rollback()
        except Exception as error:  # noqa: BLE001 top of the thread: it must outlive any job
            if is_outage(error):
                self._disconnect()
                return Outcome(waiting.future, None, unavailable(error))
            return Outcome(waiting.future, None, own_error(error))
        return Outcome(waiting.future, result, None)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            super()._connected().execute("PRAGMA query_only=ON")
        return super()._connected()
