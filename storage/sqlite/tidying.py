"""What is erased must not linger in the database's files.

Whatever is emptied or deleted is overwritten with zeros in the database (`secure_delete`). Two
places are left: the write-ahead log, which holds pages as they were; and the unused part of pages
that once held more, where SQLite leaves copies of rows that it moved elsewhere. Only writing the
whole file anew cleans these.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.sqlite.files import connect
from storage.sqlite.outages import is_outage

SMALL = 32_000_000
"""Bytes of a database that is written anew without asking: half a second, for which others wait."""
PATIENCE = 0.05
"""Seconds to wait for others, while who wants to write waits too."""


def empty_log(path: Path) -> bool:
    """Move the write-ahead log into the database and cut it off; False if others are in the way.

    Raises:
        sqlite3.Error: the database cannot be used.
    """
    with closing(connect(path, patience=PATIENCE, make=False)) as connection:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def write_anew(path: Path, *, any_size: bool) -> bool:
    """Write a small database anew, or one of any size; False if it was not done.

    Raises:
        sqlite3.Error: the database cannot be used.
    """
    if not any_size and path.stat().st_size > SMALL:
        return False
    try:
        with closing(connect(path, make=False)) as connection:
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        if not is_outage(error):
            raise
        return False  # locked, or no room for a second copy: it is as it was
    return True
