"""The architecture on one page: everything the kernel needs from the world, as protocols.

Each method says what it promises and what it raises; what all methods of a port raise is said once,
at the port. `tests/contracts/` holds one suite per port, run over every implementation. Times are
seconds; points in time are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from pydantic import BaseModel

from agent.cases import Case, CaseTimes
from agent.messages import Author, ConversationId, IncomingMessage
from agent.models import Passage, Piece, Prompt, Risk
from agent.platforms import (
    Capabilities,
    Command,
    EarlierMessage,
    Finding,
    Profile,
    WebRequest,
    WebResponse,
)
from agent.records import (
    Accepted,
    Arrival,
    Committed,
    Delivery,
    Due,
    Interruption,
    LaneClaim,
    Lease,
    Recent,
    Routed,
    Settlement,
    Step,
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

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
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


class Tool(Protocol):
    """One thing the assistant can do beside answering."""

    name: str
    """As models write it: letters, digits and '_', at most 64."""
    description: str
    """For the model: what it does, when to use it."""
    arguments: type[BaseModel]
    risk: Risk
    idempotent: bool
    """Whether a WRITE called twice with the same call id happens once: only then is it repeated
    when its outcome is unknown."""
    needs_approval: bool
    seconds: float
    """The longest that one call may take."""

    async def call(self, arguments: Any, *, call_id: str, requester: str) -> str:
        """Do it for the employee `requester` (the platform's user id), in whose rights; the result
        as text for the model. `arguments` is an instance of `arguments`.

        Raises:
            ToolFailed: it certainly did not happen; the message is for the model.
            ToolUnknown: it may or may not have happened.
        """


class References(Protocol):
    """Where the platform's channels can be reached, for adapters whose platform tells it only with
    what comes in. A reference is a text of the adapter's own; nobody else reads it. Each method
    raises StoreUnavailable: nothing was read or written.
    """

    async def keep(self, platform: str, channel: str, reference: str, *, person: str = "") -> None:
        """Remember how a channel is reached, in place of what was remembered. `person` is the
        platform's id of whom a direct conversation is with: it is forgotten with them.
        """

    async def find(self, platform: str, channel: str) -> str:
        """The reference of a channel, '' if there is none."""

    async def latest(self, platform: str) -> str:
        """The reference that was kept last, '' if there is none."""

    async def drop(self, platform: str, channel: str) -> None:
        """Forget a channel; idempotent."""


class Door(Protocol):
    """Where adapters bring what came in. Each method raises StoreUnavailable: nothing was committed
    or read, and the platform must not be told that it arrived.
    """

    @property
    def references(self) -> References:
        """Where this process keeps how channels are reached."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Decide whether it is for the bot and, if so, commit it. Once this has returned, whatever
        it returned, the event is acknowledged to the platform, and not before.
        """

    async def press(
        self, message: IncomingMessage, late: Callable[[str], None] | None = None
    ) -> str:
        """Accept a press or a submitted form, wait at most 2 s for what comes of it, and return
        what whoever pressed is told ('' if there is nothing to tell). What becomes known only after
        that is told to `late`. Acknowledged like `accept`.
        """

    async def command(self, command: Command) -> str:
        """Answer a command with Markdown for its author's eyes only."""

    async def recent(self, platform: str) -> Sequence[Recent]:
        """The conversations of a platform that were active lately, newest first, at most a few
        hundred: where to look for what was said while nobody listened.
        """


class Adapter(Protocol):
    """One chat platform. Before `start` there is no connection: `routes` answer 503, and nothing is
    asked but the checks and `stop`.
    """

    platform: str
    tenant: str
    """The platform's id of the organisation it serves; may be '' before `start`."""
    capabilities: Capabilities
    routes: Mapping[str, Callable[[WebRequest], Awaitable[WebResponse]]]
    """HTTP POST routes by path, none if it is not called over HTTP. They answer every request with
    a deliberate status and never raise; nothing in one is believed before it is authenticated."""

    async def start(self, door: Door) -> None:
        """Connect and begin to bring events to the door; while the platform is out, wait for it, or
        go on without it if it can be reached later.

        Raises:
            ConfigError: the platform refuses the credentials.
        """

    async def stop(self) -> None:
        """Stop bringing events and give connections back; idempotent, also without a start."""

    async def send(self, delivery: Delivery) -> str:
        """Post one message, in the thread of `delivery.under_ref` if there is one, else in that of
        its conversation, and return the platform's id of it; or edit one (`message.replaces`),
        which can be repeated, and return `delivery.replaces_ref`. Where there is a `message.card`,
        `message.text` is not shown.

        Raises:
            DeliveryError: the leaf that says what to do next; DeliveryUnknown if and only if the
                message may have arrived.
        """

    async def find(self, delivery: Delivery) -> str | None:
        """The platform's id of this post if it did arrive earlier, None if it did not; asked only
        where `capabilities.can_be_asked`.

        Raises:
            DeliveryError: the platform could not be asked.
        """

    async def thinking(self, conversation: ConversationId, on: bool) -> None:
        """Show or take away a sign of life; best effort, never raises."""

    async def profile(self, author: Author, place: ConversationId) -> Profile:
        """Who this is who spoke in `place`; if the platform does not tell, what `author` says, and
        `known` is False. Never raises.
        """

    async def member(self, place: ConversationId, user_id: str) -> bool:
        """Whether this person is in the channel of `place` and their account is active, as the
        platform itself says now, or said at most a minute ago.

        Raises:
            DeliveryError: the platform could not be asked, or the channel is not to be seen.
        """

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        """The last `limit` messages of the thread before `message`, oldest first; () if the
        platform does not tell. Never raises.
        """

    async def permalink(self, message: IncomingMessage) -> str:
        """An address that leads to the message, '' if there is none. Never raises."""

    async def direct(self, user_id: str) -> ConversationId:
        """The top level of the direct conversation with a person; the same however often asked.

        Raises:
            PlaceFatal: there is nobody of this id, or they cannot be written to.
            DeliveryError: it could not be asked for now.
        """

    async def open_direct(self, user_id: str, text: str) -> ConversationId:
        """Begin a new direct conversation with a person, its first message being `text`, which is
        plain and shown as it is.

        Raises:
            DeliveryError: as `direct`; after DeliveryUnknown the text may stand there.
        """

    async def check(self) -> Sequence[Finding]:
        """Look at credentials and scopes; asked also before `start`. Never raises."""

    async def check_channel(self, channel: str) -> Sequence[Finding]:
        """Whether a channel would do as the desk's, by its id; at least one finding, and the first
        names it. Asked also before `start`. Never raises.
        """


class Turns(Protocol):
    """Inbox, lanes and outbox: what makes a turn durable. All writes are fenced by the lease.

    Each method raises StoreUnavailable: nothing was committed (`accept` says so within 2 s). Each
    that takes a lease raises LeaseLost: another worker has the lane, and nothing was written.
    """

    async def accept(self, arrival: Arrival) -> Accepted:
        """Commit an arrival as an inbox row, once per key; nothing if `Only` forbids it."""

    async def claim(self, lane: str) -> LaneClaim | None:
        """Take the lane for one turn and count the attempt; None if nothing is due or another
        worker has it.

        A control that is due comes first, one that interrupts before all others; but while people
        have the lane's case, what they do about one (`DESK_KINDS`, `Row.case_id`) comes after every
        utterance that was accepted before it, whoever's it is. If one of these waits for a retry
        when it comes, that one is due at once.
        """

    async def route(self, lane: str, patience: float) -> Routed:
        """Move what waits in a lane of the desk (`desk_lane`), in its order, to the lanes of the
        cases it is about. A press is about the case whose card it is on (`about`, or `about_ref` in
        its channel), anything else about the case in whose card's thread it stands. If the thread
        is a conversation with the bot (it was mentioned at its top), the row goes there.

        If no card is known there yet, but one to the channel is on its way or unconfirmed, the row
        waits, at most `patience` seconds, and is dropped then with a journal line; of a press, its
        key is told. A press on an unconfirmed card tells that the card has arrived.
        """

    async def renew(self, lease: Lease) -> Interruption | None:
        """Keep the lease, and tell whether something waits that interrupts the running turn."""

    async def step(self, lease: Lease, steps: Sequence[Step]) -> None:
        """Write steps of the running turn in one commit, each in place of an earlier one of its
        number.
        """

    async def commit(self, lease: Lease, end: TurnEnd) -> Committed:
        """End the turn: rows done and emptied, state, journal, outbox, cases, approvals, timers
        and usage in one commit; the lease is given up.
        """

    async def release(self, lease: Lease) -> None:
        """Give the lane back as if the turn had not begun (a drain, an interruption): its rows are
        due at once, and the attempt is taken back, because it was not their fault.
        """

    async def retry(self, lease: Lease, at: float) -> None:
        """Give the lane back after an attempt that failed, and counts; its rows are due at `at`."""

    async def due(self, room: int = 100, without: Collection[str] = ()) -> Due:
        """Lanes with rows to claim, and deliveries whose time has come, marked SENDING by this
        commit: first in line of their destination and taken by nobody else. To platforms that
        cannot be asked no more than `room` of them, since each would be unconfirmed if the
        process died now. Of the platforms `without`, nothing is looked at.
        """

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        """Record what became of a delivery; the next one of its destination may come back."""


class Knowledge(Protocol):
    """The company's knowledge as passages with full-text search. Each method raises
    StoreUnavailable: nothing was read or written.
    """

    async def search(self, query: str, limit: int) -> Sequence[Passage]:
        """The passages that fit best, best first, with ids 'p1', 'p2', …; [] if none does."""

    async def replace(self, source: str, digest: str, passages: Sequence[Passage]) -> bool:
        """Put a document's passages in place of its earlier ones; False if `digest` is the same."""


class Settings(Protocol):
    """What admins set from the chat. Each method raises StoreUnavailable: nothing was read or
    written.
    """

    async def read(self) -> Mapping[tuple[str, str], str]:
        """Every value that is set, by (scope, name). The scope '' is the whole organisation."""

    async def write(self, scope: str, name: str, value: str, *, by: str) -> None:
        """Set a value, or take it away with ''; `by` is the person, as 'platform:user'."""


class Records(Protocol):
    """Read-only views for people. Each method raises StoreUnavailable: nothing could be read."""

    async def timeline(self, lane: str) -> Sequence[TimelineItem]:
        """The journal of a lane, oldest first."""

    async def latest_lane(
        self, platform: str, author_id: str, channel: str, but: str = ""
    ) -> str | None:
        """The lane this person last wrote in, in `channel`, or wherever it was if that is ''; the
        message of the id `but` is not counted, nor a lane in which somebody else ever had a case,
        unless people have one of this person there. None if there is no such lane.
        """

    async def recent(self, platform: str, limit: int) -> Sequence[Recent]:
        """Conversations in which something was accepted last, open cases' threads first of all."""

    async def open_cases(self) -> Sequence[Case]:
        """The cases that people still have to do with, the oldest first."""

    async def case(self, case_id: str) -> Case | None:
        """One case, open or not."""

    async def case_under(self, card: ConversationId) -> Case | None:
        """The case on one of whose cards a thread is, open or not."""

    async def case_times(self) -> Sequence[CaseTimes]:
        """How long cases took, one for each cause there ever was."""

    async def counts(self) -> Mapping[str, int]:
        """Rows waiting, deliveries by state, open cases, documents: for status and metrics."""
