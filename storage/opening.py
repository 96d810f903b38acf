"""Finds the store that a database URL names: its scheme is the name of a module in this package.

`sqlite:///frontdesk.db` is `storage.sqlite`. A new backend is one new module (or package) here
with the four functions of `Backend`; it joins the contract suite with one line.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from typing import Protocol, cast

from agent.errors import ConfigError
from agent.ports import Clock, Knowledge, Records, Turns


class Documents(Knowledge, Protocol):
    """The knowledge with what loading and forgetting documents needs beside searching."""

    async def remove(self, source: str) -> bool:
        """Take a document out; False if there was none of this name.

        Raises:
            StoreUnavailable: nothing was removed.
        """

    async def documents(self) -> Mapping[str, str]:
        """The digest of every document by its source.

        Raises:
            StoreUnavailable: the database could not be read.
        """


class Store(Protocol):
    """An open database: the three storage ports and its life."""

    @property
    def turns(self) -> Turns:
        """Inbox, lanes and outbox."""

    @property
    def knowledge(self) -> Documents:
        """Documents and full-text search."""

    @property
    def records(self) -> Records:
        """Views for people."""

    def busy(self) -> bool:
        """Whether something asked of the database is not answered yet."""

    async def ready(self) -> None:
        """Prove that it can write: commits something that changes nothing.

        Raises:
            StoreUnavailable: it cannot.
        """

    async def close(self) -> None:
        """Finish what is under way and give the database back; idempotent."""


class Backend(Protocol):
    """The functions of a backend's module; each is described at its namesake below."""

    def open_store(
        self,
        url: str,
        clock: Clock,
        *,
        owner: str,
        askable: Collection[str],
        history_limit: int,
        exclusive: bool,
    ) -> Store: ...

    def migrate(self, url: str) -> list[str]: ...

    def pending(self, url: str) -> list[str]: ...

    def backup(self, url: str, target: str) -> None: ...


def open_store(
    url: str,
    clock: Clock,
    *,
    owner: str,
    askable: Collection[str] = (),
    history_limit: int = 80,
    exclusive: bool = True,
) -> Store:
    """Open the database and bring its schema up to date (see `migrate`).

    Args:
        url: like 'sqlite:///relative.db' or 'sqlite:////absolute.db'.
        clock: the source of time for leases, due times and limits.
        owner: names this process in leases; no two processes alive may share it.
        askable: platforms that can be asked after an ambiguous send; their messages are taken for
            sending by the very commit that makes them.
        history_limit: journal entries that a claim brings along at most.
        exclusive: take the database for this process alone, as the worker does. Leases of the
            process before are void and what it was sending is doubtful. False is for command line
            tools beside a running worker.

    Raises:
        ConfigError: the URL is wrong, or another process has the database for itself.
        SchemaTooNew: a newer version of the program wrote it.
        StoreUnavailable: it cannot be opened.
    """
    return _backend(url).open_store(
        url,
        clock,
        owner=owner,
        askable=askable,
        history_limit=history_limit,
        exclusive=exclusive,
    )


def migrate(url: str) -> list[str]:
    """Apply what is missing of the schema and return the names of the steps, oldest first.

    A database that holds anything is copied to a file beside it before it is changed.

    Raises:
        ConfigError: the URL is wrong.
        SchemaTooNew: a newer version of the program wrote the database.
        StoreUnavailable: nothing was changed.
    """
    return _backend(url).migrate(url)


def pending(url: str) -> list[str]:
    """The names of the steps that `migrate` would apply; changes nothing.

    Raises:
        ConfigError: the URL is wrong.
        SchemaTooNew: a newer version of the program wrote the database.
        StoreUnavailable: the database cannot be read.
    """
    return _backend(url).pending(url)


def backup(url: str, target: str) -> None:
    """Copy the database, also while it is in use, to the new file `target` and verify the copy.

    Raises:
        ConfigError: the URL is wrong, there is no such database, or `target` exists already.
        StoreUnavailable: there is no copy.
    """
    _backend(url).backup(url, target)


def _backend(url: str) -> Backend:
    scheme = url.partition(":")[0]
    name = f"{__package__}.{scheme}"
    known = scheme.isidentifier() and name != __name__ and find_spec(name)
    if not known:
        raise ConfigError(f"there is no store for {scheme!r}; a URL is like sqlite:///frontdesk.db")
    return cast(Backend, importlib.import_module(name))
