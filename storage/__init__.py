"""Persistence: the stores behind the storage ports, opened by the scheme of a database URL."""

from storage.opening import Documents, Store, backup, migrate, open_store, pending

__all__ = ["Documents", "Store", "backup", "migrate", "open_store", "pending"]
