"""Finds the store that a database URL names: its scheme is the name of a module in this package.

`sqlite:///frontdesk.db` is `storage.sqlite`. A new backend is one new module (or package) here
with the functions of `Backend`; it joins the contract suite with one line.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol, cast

from agent.errors import ConfigError
from agent.ports import Clock, Knowledge, Records, References, Settings, Turns
from agent.records import DeliveryState


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


@dataclass(frozen=True, slots=True)
class Stuck:
    """A message that is DEAD or UNCONFIRMED, without a word of what it says.

    `lane` is the conversation it belongs to, `place` where it was to be posted, `reason` an error's
    code, `erased` whether there is nothing left to send. Times are seconds since the epoch.
    """

    id: int
    state: DeliveryState
    reason: str
    lane: str
    place: str
    message_id: str
    attempts: int
    queued_at: float
    settled_at: float
    erased: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of forgetting a person.

    `conversations` were erased in whole or in part. `busy` are those that were left because they
    were being worked on or something of the person waits in them. `open_cases` are those that
    people still work on: of the person's own nothing can be read any more, but that it is theirs;
    with others' their conversations stay as they are. `lingers`: what was erased may still be found
    in unused parts of the files.
    """

    conversations: int
    busy: tuple[str, ...] = ()
    open_cases: tuple[str, ...] = ()
    lingers: bool = False


class Care(Protocol):
    """What people do to what is stored, also beside a running process: no commit of it takes long.

    `by` says who wants it, for the journal: 'platform:user', or 'command line'.
    """

    async def stuck(self) -> Sequence[Stuck]:
        """The dead and unconfirmed messages, oldest first.

        Raises:
            StoreUnavailable: the database could not be read.
        """

    async def retry(self, row_id: int, *, by: str) -> str:
        """Put a stuck message back into its line, before those that were queued later; '' or why
        that cannot be.

        Raises:
            StoreUnavailable: nothing was changed.
        """

    async def drop(self, row_id: int, *, by: str) -> str:
        """Delete a stuck message for good; '' or why that cannot be.

        Raises:
            StoreUnavailable: nothing was changed.
        """

    async def erase_old(self, content_before: float | None, known_before: float) -> int:
        """Erase what is old, a little at a time; how many rows there were.

        What was said and answered, and by whom, before `content_before` (None: it is kept) goes;
        kinds, times and numbers stay. Rows that only tell that a post is known go before
        `known_before`. Nothing goes that is still needed: of an open case or approval, of what
        waits or is not delivered, of the context of a conversation that is going on.

        Raises:
            StoreUnavailable: what was erased until then stays erased.
        """

    async def forget(
        self, platform: str, user_id: str, *, patience: float, rewrite: bool = False
    ) -> Forgotten:
        """Erase what a person said, what they were answered, their name and their id.

        Conversations that are busy are tried again for `patience` seconds. Of a conversation of
        several people only this one's turns go, and what mixes them (summaries, closed cases).
        `rewrite`: write a large database anew afterwards, however long all others wait for it.

        Raises:
            StoreUnavailable: what was erased until then stays erased.
        """


class Store(Protocol):
    """An open database: the storage ports and its life."""

    @property
    def turns(self) -> Turns:
        """Inbox, lanes and outbox."""

    @property
    def knowledge(self) -> Documents:
        """Documents and full-text search."""

    @property
    def settings(self) -> Settings:
        """What admins set from the chat."""

    @property
    def references(self) -> References:
        """Where the platforms' channels can be reached."""

    @property
    def records(self) -> Records:
        """Views for people."""

    @property
    def care(self) -> Care:
        """What people do to what is stored."""

    def trouble(self) -> str:
        """Why the last commit failed, in words ('the database …'); '' if it went well."""

    def damage(self) -> str:
        """What was met since the start that cannot be read, in words; '' for nothing."""

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

    def exists(self, url: str) -> bool: ...

    def pending(self, url: str) -> list[str]: ...

    def backup(self, url: str, target: str) -> None: ...

    def restore(self, url: str, source: str) -> str: ...

    def examine(self, url: str) -> None: ...


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
        history_limit: journal entries that a claim brings along at most; up to 2,000 while people
            have a case, or if these tell of one.
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


def exists(url: str) -> bool:
    """Whether there is a database already; looking makes none.

    Raises:
        ConfigError: the URL is wrong.
    """
    return _backend(url).exists(url)


def pending(url: str) -> list[str]:
    """The names of the steps that `migrate` would apply; changes nothing.

    Raises:
        ConfigError: the URL is wrong.
        SchemaTooNew: a newer version of the program wrote the database.
        StoreUnavailable: the database cannot be read.
    """
    return _backend(url).pending(url)


def must_be_there(url: str) -> None:
    """Make sure that there is a database of this version: whoever looks into it neither makes nor
    changes one.

    Raises:
        ConfigError: there is none, it must be migrated first, or the URL is wrong.
        SchemaTooNew: a newer version of the program wrote the database.
        StoreUnavailable: the database cannot be read.
    """
    if not exists(url):
        raise ConfigError(
            f"there is no database at {url}: the first `frontdesk run` makes it; if it is "
            "somewhere else, say where in FRONTDESK_DATABASE_URL"
        )
    if pending(url):
        raise ConfigError(
            f"the database at {url} is empty or of an older version: `frontdesk migrate` brings it "
            "up to date"
        )


def backup(url: str, target: str) -> None:
    """Copy the database, also while it is in use, to the new file `target` and verify the copy.

    Raises:
        ConfigError: the URL is wrong, there is no such database, nothing in it, or it is another
            program's; or `target` exists already.
        StoreUnavailable: there is no copy.
    """
    _backend(url).backup(url, target)


def restore(url: str, source: str) -> str:
    """Put a backup in place of the database, and return where what was there is kept ('' if there
    was nothing).

    The backup stays as it is. Messages that were to be delivered are doubtful afterwards: they may
    have been delivered since, and their platform is asked first. Numbers that may have been given
    away since are not given again.

    Raises:
        ConfigError: the URL is wrong, another process has the database, `source` is not there or
            not a backup of ours; nothing was changed.
        SchemaTooNew: a newer version of the program wrote the backup; nothing was changed.
        StoreUnavailable: the backup is damaged; nothing was changed.
    """
    return _backend(url).restore(url, source)


def examine(url: str) -> None:
    """Look the whole database over, and commit something that changes nothing.

    Raises:
        ConfigError: the URL is wrong.
        StoreUnavailable: what is wrong with the database, and how to mend it.
    """
    _backend(url).examine(url)


def _backend(url: str) -> Backend:
    scheme = url.partition(":")[0]
    name = f"{__package__}.{scheme}"
    known = scheme.isidentifier() and name != __name__ and find_spec(name)
    if not known:
        raise ConfigError(f"there is no store for {scheme!r}; a URL is like sqlite:///frontdesk.db")
    return cast(Backend, importlib.import_module(name))
