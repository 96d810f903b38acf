"""Tells a database that cannot work now from a defect of ours, in SQLite's own error codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from agent.errors import StorageError, StoreUnavailable

DAMAGED = (
    "is damaged",
    "stop, and put a backup in its place with `frontdesk restore BACKUP`",
)
READ_ONLY = (
    "cannot be written, only read",
    "give this process the right to write its file and folder",
)
NO_DATABASE = (
    "is damaged",
    "stop, and put a backup in its place with `frontdesk restore BACKUP`; or, if it never was a "
    "database, name another file in FRONTDESK_DATABASE_URL",
)
LOCKED = ("is kept locked by another process", "it goes on when that one ends or lets go")
FAILING_DISK = ("is on a disk that reports errors", "look into the system's log")
OTHERWISE = ("cannot be used", "it goes on when the cause is gone")
# Primary result codes (https://sqlite.org/rescode.html) that say something about the file, the
# disk or other processes, not about a statement; what each means, and what mends it.
OUTAGES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "its file or folder is gone, or closed to this process",
    ),
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_FULL: ("has no room: the disk is full", "it goes on when there is room"),
    sqlite3.SQLITE_INTERRUPT: OTHERWISE,
    sqlite3.SQLITE_IOERR: FAILING_DISK,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_NOLFS: ("is larger than its file system allows", "move it to another one"),
    sqlite3.SQLITE_NOMEM: ("has no memory to work with", "it goes on when there is some"),
    sqlite3.SQLITE_NOTADB: NO_DATABASE,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
}
DAMAGES = frozenset(code for code, words in OUTAGES.items() if words in (DAMAGED, NO_DATABASE))


def is_outage(error: BaseException) -> bool:
    """Whether the database, not the statement, is the reason of an error."""
    return _code(error) in OUTAGES


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file is not what it was written as: that never mends itself,
    and what is written to such a file may be lost.
    """
    return _code(error) in DAMAGES


def unavailable(error: Exception) -> StoreUnavailable:
    """The error that callers get: what is wrong, in words, and what mends it. SQLite's messages
    name tables and columns, never contents. An error of ours says it already.
    """
    if isinstance(error, StoreUnavailable):
        return StoreUnavailable(str(error))
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    what, mend = OUTAGES.get(_code(error), OTHERWISE)
    return StoreUnavailable(f"the database {what}: {error} ({name}); {mend}")


def damaged(finding: str) -> StoreUnavailable:
    """The error of a file that does not pass SQLite's own check."""
    what, mend = DAMAGED
    return StoreUnavailable(f"the database {what}: {finding}; {mend}")


def _code(error: BaseException) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def own_error(error: Exception) -> Exception:
    """The error of a job that failed by itself; SQLite's own never leave this package."""
    if not isinstance(error, sqlite3.Error):
        return error
    told = StorageError(f"a statement failed: {error}")
    told.__cause__ = error
    return told


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's outages into ours.

    Raises:
        StoreUnavailable: the block failed because of the database.
    """
    try:
        yield
    except sqlite3.Error as error:
        if not is_outage(error):
            raise
        raise unavailable(error) from error
