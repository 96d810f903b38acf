"""Care of the database file: schema migrations and backups."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from agent.errors import ConfigError, SchemaTooNew, StoreUnavailable
from storage.sqlite.files import connect, identity, path_of, use_wal
from storage.sqlite.outages import translated
from storage.sqlite.schema import MIGRATIONS

MIGRATION_PATIENCE = 30.0
"""Seconds to wait for another process that migrates the same database."""


def exists(url: str) -> bool:
    """Whether there is a database file.

    Raises:
        ConfigError: the URL is wrong.
    """
    return path_of(url).exists()


def pending(url: str) -> list[str]:
    """The names of migrations that are not applied; all of them if there is no file yet.

    Raises:
        ConfigError: the URL is wrong, or the database is another program's.
        SchemaTooNew: the database has migrations that this code does not know.
        StoreUnavailable: it cannot be read.
    """
    path = path_of(url)
    if not path.exists():
        return _known()
    with translated(), closing(connect(path, make=False)) as connection:
        refuse_others(connection, path)
        return pending_of(connection)


def migrate(url: str) -> list[str]:
    """Apply the pending migrations, all or none, and return their names.

    Many processes may do this at once: whoever gets the write lock first does it. If the database
    already has tables, a copy of it is left beside it, named after the first migration.

    Raises:
        ConfigError: the URL is wrong, or the database is another program's.
        SchemaTooNew: the database has migrations that this code does not know.
        StoreUnavailable: nothing was changed.
    """
    path = path_of(url)
    with translated(), closing(connect(path, patience=MIGRATION_PATIENCE)) as connection:
        refuse_others(connection, path)
        use_wal(connection)
        if not pending_of(connection):
            return []
        # sqlite-utils would begin a deferred transaction, which fails when another process writes
        # between its first read and its first write; inside ours it uses savepoints.
        connection.execute("BEGIN IMMEDIATE")
        try:
            names = pending_of(connection)
            if names and _has_tables(connection):
                _copy(path, free_name(path, f"before-{names[0]}"))
            MIGRATIONS.apply(_database(connection))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    return names


def backup(url: str, target: str) -> None:
    """Copy the database to a new file and check the copy; works beside a running process.

    Raises:
        ConfigError: there is no database, nothing in it, or it is another program's; or `target`
            exists or cannot be made.
        StoreUnavailable: the copy failed or is damaged; no file is left.
    """
    path = path_of(url)
    if not path.exists():
        raise ConfigError(f"there is no database {path}")
    with translated():
        with closing(connect(path, make=False)) as connection:
            refuse_others(connection, path)
            if not _has_tables(connection):
                raise ConfigError(f"there is nothing in it yet to keep: {path}")
        _copy(path, Path(target))


def refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that a database is not another program's: it has tables, but none of ours.

    Raises:
        ConfigError: it is; nothing was changed.
    """
    if _has_tables(connection) and not MIGRATIONS.applied(_database(connection)):
        raise ConfigError(
            f"{path} is another program's database: name a file of Frontdesk's own in "
            "FRONTDESK_DATABASE_URL"
        )


def _database(connection: sqlite3.Connection) -> Database:
    return Database(connection, execute_plugins=False)


def _known() -> list[str]:
    """The names of all migrations: what an empty database lacks."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return [migration.name for migration in MIGRATIONS.pending(_database(connection))]


def pending_of(connection: sqlite3.Connection) -> list[str]:
    """The names of migrations that an open database lacks.

    Raises:
        SchemaTooNew: it has migrations that this code does not know.
    """
    db = _database(connection)
    if {migration.name for migration in MIGRATIONS.applied(db)} - set(_known()):
        raise SchemaTooNew
    return [migration.name for migration in MIGRATIONS.pending(db)]


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])


def free_name(path: Path, why: str) -> Path:
    """A free name beside the database: a copy of an earlier attempt is never overwritten."""
    names = (f"{path.name}.{why}{n or ''}" for n in range(1_000_000))
    return next(copy for name in names if not (copy := path.with_name(name)).exists())


def _copy(path: Path, target: Path) -> None:
    """Copy in one step, which is one snapshot and never starts over when others write.

    The copy gets its name once it is verified: nothing of others is overwritten and half a copy
    never looks like one, however this ends.
    """
    part = target.with_name(target.name + ".part")
    try:
        if _is_taken(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        part.unlink(missing_ok=True)  # left by a process that was killed
        part.touch(exist_ok=False)
    except OSError as error:
        raise _not_made(target, error) from error
    mine = identity(part)
    try:
        _copy_verified(path, part)
        if identity(part) != mine:
            raise StoreUnavailable(f"another process makes {target}, too")
        _give_name(part, target)
    finally:
        if identity(part) == mine:
            part.unlink()


def _is_taken(target: Path) -> bool:
    """Whether something is there that is worth keeping; an empty file is what earlier versions
    left when they were killed.
    """
    if not os.path.lexists(target):
        return False
    found = target.lstat()
    return found.st_size > 0 or not stat.S_ISREG(found.st_mode)


def _give_name(part: Path, target: Path) -> None:
    try:
        if not _is_taken(target):
            target.unlink(missing_ok=True)
        _link(part, target)
    except OSError as error:
        raise _not_made(target, error) from error


def _link(part: Path, target: Path) -> None:
    """Unlike a renaming, a second name never takes the place of another file."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        part.replace(target)


def _not_made(target: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{target} cannot be made: {error.strerror}")


def _copy_verified(path: Path, part: Path) -> None:
    with closing(connect(path, make=False)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise StoreUnavailable("the copy of the database is damaged")
