"""What the store contracts run on: databases of every backend, and short words for their rows.

A new backend joins the contracts with one entry in `DATABASES`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.records import Arrival, Committed, Entry, LaneClaim, TurnEnd
from agent.state import State
from storage import Store, open_store
from tests.support.clock import TestClock
from tests.support.fresh import lay_fresh


class Database:
    """A fresh database on a clock of its own; closes the stores that a test opened on it."""

    def __init__(self, url: str, lay: Callable[[str], None] = lambda _: None) -> None:
        """Nothing is there yet at `url`; `lay` may put a new database there before it is opened."""
        self.url = url
        self._lay = lay
        self.clock = TestClock()
        self._stores = AsyncExitStack()

    def open(self, **options: Any) -> Store:
        """Open a store as 'worker', not alone, with Slack askable, or as `options` say."""
        wanted: dict[str, Any] = {"owner": "worker", "exclusive": False, "askable": {"slack"}}
        self._lay(self.url)
        store = open_store(self.url, self.clock, **{**wanted, **options})
        self.clock.watch(store.busy)
        self._stores.push_async_callback(store.close)
        return store

    async def restarted(self, store: Store, **options: Any) -> Store:
        """What the worker finds that starts after the one of `store` died."""
        await store.close()
        return self.open(exclusive=True, **options)

    async def __aenter__(self) -> Database:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stores.aclose()


def sqlite(folder: Path) -> Database:
    """A database file in `folder`."""
    return Database(f"sqlite:///{folder}/frontdesk.db", lay_fresh)


DATABASES: list[Callable[[Path], Database]] = [sqlite]


def place(channel: str = "D1", platform: str = "slack") -> ConversationId:
    """The direct conversation of a channel."""
    return ConversationId(platform, "T1", channel)


LANE = str(place())


def said(
    n: int,
    kind: Kind = Kind.MESSAGE,
    *,
    by: str = "ada",
    channel: str = "D1",
    platform: str = "slack",
    again: str = "",
    text: str = "",
    about: str = "",
) -> IncomingMessage:
    """Post number `n`, or what became of it: `again` tells its edits apart."""
    return IncomingMessage(
        conversation=place(channel, platform),
        id=f"17.{n:06d}",
        kind=kind,
        author=Author(by),
        text=text or f"message {n}",
        revision=again,
        about=about,
    )


async def accept(store: Store, *messages: IncomingMessage) -> None:
    """Have messages accepted, in their order."""
    for message in messages:
        await store.turns.accept(Arrival(message))


async def claim(store: Store, lane: str = LANE) -> LaneClaim:
    """Claim a lane that can be claimed."""
    claimed = await store.turns.claim(lane)
    assert claimed is not None
    return claimed


async def claim_new(store: Store, *messages: IncomingMessage, lane: str = LANE) -> LaneClaim:
    """Have messages accepted and claim them."""
    await accept(store, *messages)
    return await claim(store, lane)


async def end(store: Store, claimed: LaneClaim, *outbox: OutgoingMessage, **rest: Any) -> Committed:
    """End a turn at rest with an answer."""
    rest = {"state": State.IDLE, "outcome": "answered", **rest}
    return await store.turns.commit(claimed.lease, TurnEnd(outbox=outbox, **rest))


def numbers(claimed: LaneClaim) -> list[int]:
    """The numbers of the posts in a claim."""
    return [int(row.message.id.removeprefix("17.")) for row in claimed.rows]


def reply(name: str, channel: str = "D1", platform: str = "slack", **rest: Any) -> OutgoingMessage:
    """Something to say."""
    return OutgoingMessage(name, place(channel, platform), f"text of {name}", **rest)


def entry(kind: str, turn_id: str = "t1", **data: Any) -> Entry:
    """A journal line."""
    return Entry(kind, data, 1_790_000_000.25, turn_id)
