"""The embedded default store: one SQLite file, one writer thread, group commit.

A durable commit costs one fsync, and everything that waits while it runs shares the next one, so
`synchronous=FULL` is nearly free. Read `statements.py` and `schema.py` first: the rest moves rows.
"""

from storage.sqlite.examining import examine
from storage.sqlite.restoring import restore
from storage.sqlite.store import SqliteStore, open_store
from storage.sqlite.upkeep import backup, exists, migrate, pending

__all__ = [
    "SqliteStore",
    "backup",
    "examine",
    "exists",
    "migrate",
    "open_store",
    "pending",
    "restore",
]
