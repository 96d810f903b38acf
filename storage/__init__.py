"""Persistence: the stores behind the storage ports, opened by the scheme of a database URL."""

from storage.opening import (
    Care,
    Documents,
    Forgotten,
    Store,
    Stuck,
    backup,
    examine,
    exists,
    migrate,
    must_be_there,
    open_store,
    pending,
    restore,
)

__all__ = [
    "Care",
    "Documents",
    "Forgotten",
    "Store",
    "Stuck",
    "backup",
    "examine",
    "exists",
    "migrate",
    "must_be_there",
    "open_store",
    "pending",
    "restore",
]
