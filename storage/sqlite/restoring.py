"""Putting a backup in place of the database.

The new file is made and checked beside the old one first. Then the old one gets a second name, its
log is moved along, and the new one takes the name in one step: at no moment is there no database,
and nothing of the old one is lost.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from agent.errors import ConfigError, StoreUnavailable
from storage.sqlite.files import FileLock, path_of
from storage.sqlite.upkeep import free_name, pending_of, refuse_others

# What was to be said at the time of the backup may have been said since.
DOUBT_EVERYTHING = "UPDATE outbox SET doubtful = 1 WHERE state IN ('pending', 'sending')"
# Ids of turns, messages and cases come from these numbers. Those that were given away since the
# backup are on posts and cards that still exist.
NUMBERED = ("inbox", "journal", "outbox")
GAP = 1_000_000


def restore(url: str, source: str) -> str:
    """Put a backup in place; see `storage.restore`."""
    path, backup = path_of(url), Path(source)
    if not backup.is_file():
        raise ConfigError(f"there is no backup {backup}")
    lock = FileLock(path)
    path = path.resolve()
    part = path.with_name(path.name + ".restoring")
    try:
        if path.exists() and backup.samefile(path):
            raise ConfigError(f"{backup} is the database itself")
        _spare_others(path)
        part.unlink(missing_ok=True)
        _copy(backup, part)
        return _put_in_place(path, part)
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        told = f"the backup {backup} could not be put in place: {error} ({name})"
        raise StoreUnavailable(f"{told}; nothing was changed") from error
    finally:
        part.unlink(missing_ok=True)
        lock.release()


def _copy(backup: Path, part: Path) -> None:
    """Make the new file: the backup, checked, with what followed it in mind."""
    with (
        closing(sqlite3.connect(_read_only(backup), uri=True)) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        finding = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if finding != "ok":
            why = f"is damaged: {' '.join(finding.split())}"
            raise StoreUnavailable(f"the backup {backup} {why}; nothing was changed")
        if "0001_first_tables" in pending_of(copy):
            raise ConfigError(f"{backup} is no backup of a Frontdesk database")
        copy.execute("PRAGMA journal_mode=DELETE")  # all of it in this one file
        copy.execute("BEGIN IMMEDIATE")
        copy.execute(DOUBT_EVERYTHING)
        for table in NUMBERED:
            _skip_numbers(copy, table)
        copy.execute("COMMIT")


def _spare_others(path: Path) -> None:
    """Another program's database is not moved away; one that is damaged may be."""
    if path.exists():
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(_read_only(path), uri=True)) as connection,
        ):
            refuse_others(connection, path)


def _skip_numbers(copy: sqlite3.Connection, table: str) -> None:
    where = {"table": table, "gap": GAP}
    skip = "UPDATE sqlite_sequence SET seq = seq + :gap WHERE name = :table"
    if not copy.execute(skip, where).rowcount:
        copy.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :gap)", where)


def _read_only(file: Path) -> str:
    """How to open a file without making anything beside it. One that has a log beside it is in
    use by somebody, or was.
    """
    log = file.with_name(file.name + "-wal")
    mode = "mode=ro" if log.exists() else "immutable=1"
    return f"file:{quote(str(file.resolve()))}?{mode}"


def _put_in_place(path: Path, part: Path) -> str:
    kept = free_name(path, "before-restore")
    log, index = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    there = path.exists()
    if there:
        os.link(path, kept)
    if log.exists():  # it belongs to the old file, and would be taken for the new one's
        log.rename(kept.with_name(kept.name + "-wal"))
    index.unlink(missing_ok=True)
    _sync(part)
    part.replace(path)
    _sync(path.parent)
    return str(kept) if there else ""


def _sync(path: Path) -> None:
    """Have it on the disk before anything that relies on it is done."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
