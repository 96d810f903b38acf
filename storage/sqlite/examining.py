"""Looking at a database file: is it sound, does it take commits, and who keeps it locked?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from agent.errors import StoreUnavailable
from storage.sqlite import lookups as sql
from storage.sqlite.files import connect, path_of
from storage.sqlite.outages import damaged, translated

SMALL = 64_000_000
"""Bytes of a file that is looked over at every start: a tenth of a second on any machine."""
PROBE = ("frontdesk:probe", "room")
"""The scope and name of a setting that nobody ever sees: it is gone before the commit."""
ROOM = 32_000
"""Characters of the probe: eight pages, which are written although they end up empty, because
`secure_delete` zeroes them (https://sqlite.org/pragma.html#pragma_secure_delete)."""
LOCKS = Path("/proc/locks")
WRITER = "120"
"""The byte of the -shm file that whoever writes has locked (https://sqlite.org/walformat.html)."""


def examine(url: str) -> None:
    """Look the whole database over and commit something that changes nothing.

    Works beside a running process; takes about two seconds per gigabyte.

    Raises:
        ConfigError: the URL is wrong.
        StoreUnavailable: what is wrong with it, and how to mend it.
    """
    path = path_of(url)
    try:
        with translated(), closing(connect(path, make=False)) as connection:
            look_over(connection)
            connection.execute("BEGIN IMMEDIATE")
            touch(connection)
            connection.execute("COMMIT")
    except StoreUnavailable as error:
        process = locked_by(path) if "SQLITE_BUSY" in str(error) else ""
        raise StoreUnavailable(f"{error}{process}") from error


def look_over(connection: sqlite3.Connection) -> None:
    """Have SQLite check that the file is one whole.

    Raises:
        StoreUnavailable: it is damaged.
        sqlite3.Error: it cannot be read, which may mean the same.
    """
    finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if finding != "ok":
        raise damaged(" ".join(finding.split()))


def touch(db: sqlite3.Connection) -> None:
    """Write as much as a long message and take it back, in the transaction of the caller: on a
    disk that is nearly full, one page would fit where messages do not.
    """
    db.execute(sql.WRITE_SETTING, (*PROBE, "x" * ROOM, "", 0.0))
    db.execute(sql.DROP_SETTING, PROBE)


def locked_by(path: Path) -> str:
    """Which process writes to a database and does not come to an end, as part of a sentence; ''
    where the system does not tell.
    """
    try:
        inode = path.with_name(path.name + "-shm").stat().st_ino
        locks = LOCKS.read_text().splitlines()
    except OSError:
        return ""
    for fields in map(str.split, locks):
        # 1: POSIX ADVISORY WRITE 1234 fe:00:5678 120 120 (https://man7.org proc_locks.5)
        at_work = len(fields) == 8 and fields[3] == "WRITE" and fields[6] == WRITER
        if at_work and fields[5].endswith(f":{inode}"):
            return f" (process {fields[4]} has it)"
    return ""
