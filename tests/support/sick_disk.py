"""Disks that fail for real: a lock that is kept, a file that may not grow, be written or be read.

What SQLite says of each is SQLite's own; only the causes are made here.
"""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storage.sqlite.files import connect

PAGE = 4096


class Disk:
    """What is under a database file; hands out the connections of stores that are opened later."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A store that is opened from now on waits for others only for a moment."""
        self.path = path
        self._order = ""
        self._connections: list[sqlite3.Connection] = []
        monkeypatch.setattr("storage.sqlite.store.connect", self._connect)

    def _connect(self, path: Path, *, make: bool = True) -> sqlite3.Connection:
        connection = connect(path, patience=0.05, make=make)
        connection.execute(self._order)
        self._connections.append(connection)
        return connection

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process writes and does not come to an end."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def no_growth(self) -> Iterator[None]:
        """No file may become longer than the log is now: what is written at a COMMIT fails."""
        most = self.path.with_name(self.path.name + "-wal").stat().st_size
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @contextmanager
    def full(self) -> Iterator[None]:
        """The database may have no more pages than it has."""
        with self.at_most(1):
            yield

    @contextmanager
    def at_most(self, pages: int) -> Iterator[None]:
        """The database may have so many pages, or as many as it has."""
        with self._ordered(f"PRAGMA max_page_count = {pages}", "PRAGMA max_page_count = 1000000"):
            yield

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be written any more, by old connections or new ones."""
        with self._ordered("PRAGMA query_only=ON", "PRAGMA query_only=OFF"):
            yield

    @contextmanager
    def garbled(self) -> Iterator[None]:
        """All but the first page of the file is something else; at the end it is what it was."""
        with closing(sqlite3.connect(self.path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = self.path.read_bytes()
        with self.path.open("r+b") as file:
            file.seek(PAGE)
            file.write(b"\xa5" * (len(content) - PAGE))
        yield
        with self.path.open("r+b") as file:
            file.write(content)

    @contextmanager
    def _ordered(self, order: str, taken_back: str) -> Iterator[None]:
        """All connections are told something, those that are opened meanwhile too."""
        self._order = order
        self._tell_all(order)
        yield
        self._order = ""
        self._tell_all(taken_back)

    def _tell_all(self, order: str) -> None:
        for connection in list(self._connections):
            try:
                connection.execute(order)
            except sqlite3.ProgrammingError:
                self._connections.remove(connection)  # closed by now
