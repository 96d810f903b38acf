"""The database's files: its path in a URL, a connection to it, and the lock beside it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from agent.errors import ConfigError, StoreUnavailable

PREFIX = "sqlite:///"
MEMORY = ":memory:"
"""What elsewhere names a database without a file (https://sqlite.org/inmemorydb.html)."""
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables: https://sqlite.org/stricttables.html
WAL_ATTEMPTS = 20
PATIENCE = 2.0
"""Seconds to wait for another process's write, which our command line tools keep under 50 ms."""


def path_of(url: str) -> Path:
    """The file that a database URL names.

    Raises:
        ConfigError: it is not of the form sqlite:///path, or names no file that stays, or a folder
            that does not exist.
    """
    name = url.removeprefix(PREFIX)
    if not name or name == url:
        raise ConfigError(f"a database URL is written {PREFIX}frontdesk.db, got {url!r}")
    if name == MEMORY:
        raise ConfigError(
            f"FRONTDESK_DATABASE_URL={url} is no file, and what it holds would be lost with the "
            f"process: write {PREFIX}frontdesk.db"
        )
    path = Path(name)
    if not path.parent.is_dir():
        raise ConfigError(f"the folder of the database {path} does not exist")
    return path


def connect(path: Path, *, patience: float = PATIENCE, make: bool = True) -> sqlite3.Connection:
    """Open a connection that commits only when told to and may move between threads.

    Raises:
        sqlite3.Error: the file cannot be opened; or it is not there, unless it may be made.
        ConfigError: the SQLite library of this Python is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise ConfigError(f"SQLite {sqlite3.sqlite_version} is too old; {needed} is needed")
    name = f"file:{quote(str(path))}?mode={'rwc' if make else 'rw'}"
    connection = sqlite3.connect(
        name, uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous=FULL")
        # What is emptied is overwritten in the file, too, however SQLite was compiled.
        connection.execute("PRAGMA secure_delete=ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch the database to its write-ahead log, so that readers and the writer do not wait.

    The switch needs a moment without any other connection and does not wait for one by itself. An
    exclusive transaction does; so processes that start at once do it one after the other.

    Raises:
        sqlite3.OperationalError: others keep the database busy.
    """
    for attempt in range(1, WAL_ATTEMPTS + 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or attempt == WAL_ATTEMPTS:
                raise
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        else:
            return


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other one, whatever their names; None if there is none.

    Raises:
        OSError: the system does not tell.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


class SameFile:
    """Notices that the file is no longer under its name: an open one takes writes all the same,
    and they are lost when it is closed.
    """

    def __init__(self, path: Path) -> None:
        """Know the file that is at `path` now."""
        self._path = path
        self._known = identity(path)

    def __call__(self) -> None:
        """Look whether it is still there.

        Raises:
            StoreUnavailable: there is none, or another one.
            OSError: the system does not tell.
        """
        if identity(self._path) != self._known:
            raise StoreUnavailable(
                "the database file was moved or removed while it was in use; "
                "restart frontdesk or put it back"
            )


class FileLock:
    """The right of one process to work on a database; the system takes it back when it dies."""

    def __init__(self, database: Path) -> None:
        """Take the lock file beside `database`.

        Raises:
            ConfigError: another process holds it, or it cannot be made.
        """
        path = database.with_name(database.name + ".lock")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigError(_not_made(path, error)) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            self.release()
            raise ConfigError(
                f"another process works on this database: process {holder} holds {path}"
            ) from None
        with contextlib.suppress(OSError):  # a full disk; it is only told, never relied on
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others have it; idempotent. The file stays: removing it would race with them."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _not_made(lock: Path, error: OSError) -> str:
    folder = lock.parent.absolute()
    if error.errno == errno.EROFS or not os.access(folder, os.W_OK):
        return (
            f"the folder {folder} of the database cannot be written ({error.strerror}): give this "
            "process the right to write it, or name a file in another one in FRONTDESK_DATABASE_URL"
        )
    return f"the lock file {lock} cannot be made: {error.strerror}"
