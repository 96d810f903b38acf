"""The architecture on one page: everything the kernel needs from the world, as protocols.

Each method says what it promises and what it raises. `tests/contracts/` holds one suite per port,
run over every implementation. Times are seconds; points in time are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from agent.messages import Author, ConversationId, IncomingMessage
from agent.models import Passage, Piece, Prompt
from agent.records import (
    Accepted,
    Arrival,
    Claim,
    Committed,
    Delivery,
    Due,
    Interruption,
    Lease,
    Settlement,
    TimelineItem,
    TurnEnd,
)


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Cancel the block after `seconds` and raise TimeoutError; None never does."""


class Provider(Protocol):
    """One model of one vendor."""

    name: str
    """As in the configuration: 'anthropic:claude-…'."""
    model_free: bool
    """Whether it answers without a model: the last resort, never raced against models."""

    def ask(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Stream the answer: any number of Delta, at most one ToolCalls, exactly one Done last.

        The output is forced into `prompt.schema` on the wire, but not trusted to fit it. No
        retries and no time limits of its own. Closing the iterator ends the request.

        Raises:
            ProviderError: the leaf that fits; never a vendor's exception.
        """

    async def check(self) -> str:
        """Say in one line that credentials and model work.

        Raises:
            ProviderError: what is wrong and how to mend it.
        """

    async def close(self) -> None:
        """Give connections back; idempotent."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do; the kernel asks this and never which platform it is."""

    buttons: bool = True
    feedback: bool = True
    edit: bool = True
    streaming: bool = False
    ephemeral: bool = False
    can_be_asked: bool = False
    """Whether `find` can tell after an ambiguous send if the message arrived."""
    max_text: int = 12000
    """Characters of one message."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a platform tells about a person. `locale` is like 'en-GB'; `time_zone` an IANA name."""

    id: str
    name: str = ""
    locale: str = ""
    time_zone: str = ""
    guest: bool = False
    external: bool = False
    bot: bool = False
    known: bool = True
    """False if the platform could not be asked: then guest and external say nothing."""


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """A message of a thread that was there before the bot was called into it."""

    author_id: str
    author_name: str
    text: str
    from_bot: bool
    sent_at: float


@dataclass(frozen=True, slots=True)
class WebRequest:
    """An HTTP request as an adapter sees it; header names are lower-case."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WebResponse:
    """An HTTP response of an adapter."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """An admin or help command typed in a chat: the words after the command's name."""

    platform: str
    tenant: str
    channel: str
    author: Author
    text: str
    id: str
    direct: bool = False
    """Whether it was typed in the direct conversation with the bot."""


class Door(Protocol):
    """Where adapters bring what came in."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Decide whether it is for the bot and, if so, commit it; returns only after the commit.

        Raises:
            StoreUnavailable: nothing was committed; the platform must not be told it arrived.
        """

    async def command(self, command: Command) -> str:
        """Answer a command with Markdown for its author's eyes only.

        Raises:
            StoreUnavailable: the database could not be asked in time.
        """


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `frontdesk check`: what was looked at, whether it is fine, and how to mend it."""

    subject: str
    ok: bool
    detail: str


class Adapter(Protocol):
    """One chat platform."""

    platform: str
    tenant: str
    """The platform's id of the organisation it serves; known after `start`."""
    capabilities: Capabilities
    routes: Mapping[str, Callable[[WebRequest], Awaitable[WebResponse]]]
    """HTTP POST routes by path. They answer every request with a deliberate status and never
    raise; a request that is not from the platform is refused before it is parsed."""

    async def start(self, door: Door) -> None:
        """Connect and begin to bring events to the door.

        Raises:
            ConfigError: the platform refuses the credentials.
        """

    async def stop(self) -> None:
        """Stop bringing events and give connections back; idempotent."""

    async def send(self, delivery: Delivery) -> str:
        """Post or edit one message and return the platform's id of it.

        Raises:
            DeliveryError: the leaf that says what to do next; DeliveryUnknown if and only if the
                message may have arrived.
        """

    async def find(self, delivery: Delivery) -> str | None:
        """The platform's id of this message if it did arrive earlier, None if it did not.

        Raises:
            DeliveryError: the platform could not be asked.
        """

    async def thinking(self, conversation: ConversationId, on: bool) -> None:
        """Show or take away a sign of life; best effort, never raises."""

    async def profile(self, author: Author, tenant: str) -> Profile:
        """Who this is; a profile with the id alone if the platform does not tell. Never raises."""

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        """At most `limit` messages of the thread before `message`, oldest first. Never raises."""

    async def permalink(self, message: IncomingMessage) -> str:
        """An address that leads to the message, '' if there is none. Never raises."""

    async def open_direct(self, user_id: str, text: str) -> ConversationId:
        """Begin a new direct conversation with a person, its first message being `text`.

        Raises:
            DeliveryError: it could not be begun; after DeliveryUnknown the text may stand there.
        """

    async def check(self, human_channel: str) -> Sequence[Finding]:
        """Look at credentials, scopes and, if given, the human channel. Never raises."""


class Turns(Protocol):
    """Inbox, lanes and outbox: what makes a turn durable. All writes are fenced by the lease."""

    async def accept(self, arrival: Arrival) -> Accepted:
        """Commit an arrival as an inbox row, once per key.

        Raises:
            StoreUnavailable: nothing was committed (within 2 s).
        """

    async def claim(self, lane: str) -> Claim | None:
        """Take the lane for one turn and count the attempt; None if nothing is due or another
        worker has it.

        Raises:
            StoreUnavailable: nothing was committed.
        """

    async def renew(self, lease: Lease) -> Interruption | None:
        """Keep the lease, and tell whether something waits that interrupts the running turn.

        Raises:
            LeaseLost: another worker has the lane.
            StoreUnavailable: it could not be asked; the lease is what it was.
        """

    async def commit(self, lease: Lease, end: TurnEnd) -> Committed:
        """End the turn: rows done and emptied, state, journal, outbox, cases, timers and usage in
        one commit; the lease is given up.

        Raises:
            LeaseLost: another worker has the lane; nothing was written.
            StoreUnavailable: nothing was written.
        """

    async def release(self, lease: Lease, retry_at: float, *, refund: bool) -> None:
        """Give the lane back without an end of the turn, due again at `retry_at`. `refund` takes
        the attempt back (a drain, an interruption): it was not the rows' fault.

        Raises:
            LeaseLost: another worker has the lane; nothing was written.
            StoreUnavailable: nothing was written.
        """

    async def due(self) -> Due:
        """Lanes with rows to claim, and deliveries whose time has come, marked SENDING by this
        commit: first in line of their destination and taken by nobody else.

        Raises:
            StoreUnavailable: nothing was committed.
        """

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        """Record what became of a delivery; the next one of its destination may come back.

        Raises:
            StoreUnavailable: nothing was written.
        """


class Knowledge(Protocol):
    """The company's knowledge as passages with full-text search."""

    async def search(self, query: str, limit: int) -> Sequence[Passage]:
        """The passages that fit best, best first, with ids 'p1', 'p2', …; [] if none does.

        Raises:
            StoreUnavailable: it could not be searched.
        """

    async def replace(self, source: str, digest: str, passages: Sequence[Passage]) -> bool:
        """Put a document's passages in place of its earlier ones; False if `digest` is unchanged.

        Raises:
            StoreUnavailable: nothing was written.
        """


class Records(Protocol):
    """Read-only views for people."""

    async def timeline(self, lane: str) -> Sequence[TimelineItem]:
        """The journal of a lane, oldest first."""

    async def latest_lane(self, platform: str, author_id: str, channel: str) -> str | None:
        """The lane this person last wrote in: in `channel`, or anywhere if it is ''."""

    async def counts(self) -> Mapping[str, int]:
        """Rows waiting, deliveries by state, open cases, documents: for status and metrics."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the module of a provider, adapter or store is opened with.

    A name in the configuration is a module name: `agent.providers.<vendor>` has
    `open_provider(model, surroundings) -> Provider`, `adapters.<platform>` has
    `open_adapter(surroundings) -> Adapter | None` (None: this platform is not configured). Both
    raise ConfigError when what they need is missing or wrong.
    """

    environ: Mapping[str, str]
    clock: Clock
