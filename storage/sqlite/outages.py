"""Tells a database that cannot work now from a defect of ours, in SQLite's own error codes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from agent.errors import StorageError, StoreUnavailable

# Primary result codes (https://sqlite.org/rescode.html) that say something about the file, the
# disk or other processes, not about a statement.
OUTAGES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)


def is_outage(error: BaseException) -> bool:
    """Whether the database, not the statement, is the reason of an error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in OUTAGES


def unavailable(error: Exception) -> StoreUnavailable:
    """The error that callers get; SQLite's messages name tables and columns, never contents."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StoreUnavailable(f"the database cannot be used: {error} ({name})")


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
