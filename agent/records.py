"""Rows as the kernel sees them: what a store hands out at a claim and takes back at a commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent.cases import Case
from agent.messages import ConversationId, IncomingMessage, OutgoingMessage
from agent.models import Usage
from agent.state import State


class Only(StrEnum):
    """In which lanes an arrival is accepted: in ANY, in one that is KNOWN already (a follow-up
    without a mention in a thread the bot may or may not take part in), or in one whose case people
    have (WITH_PEOPLE: what would not be for the bot, but may be for them). The last also while
    something else waits there or is worked off, other than for its time: a case may come of it. If
    none does, intake lets the arrival vanish.
    """

    ANY = "any"
    KNOWN = "known"
    WITH_PEOPLE = "with_people"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something to be accepted.

    `only`: in which lanes. `not_before`: seconds since the epoch before which it is not due (a
    timer), 0 for at once. `lane`: where it waits, if not in the lane of its conversation;
    `case_id`: the case it is about, if it came from people of the desk: then it is a row of its own
    beside one of the same key about another case. `under_card`: its conversation may be the thread
    of a card; if it is, its lane is that of the desk's thread (`desk_lane`), whatever `only` says.
    """

    message: IncomingMessage
    only: Only = Only.ANY
    not_before: float = 0.0
    lane: str = ""
    case_id: str = ""
    under_card: bool = False


DESK = "desk"
INCIDENT = "incident"


def desk_lane(place: ConversationId) -> str:
    """Where things wait that happened in a thread of the desk, until it is known which case they
    are about. Nobody claims it: `Turns.route` moves its rows.
    """
    return f"{DESK}:{place}"


class Accepted(StrEnum):
    """What became of an arrival: a new row, a row that was already there, or not for the bot."""

    NEW = "new"
    DUPLICATE = "duplicate"
    NOT_FOR_US = "not_for_us"


LEASE_SECONDS = 30.0
"""How long a claim holds without being renewed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a lane. `epoch` rises with every claim and fences every write."""

    lane: str
    owner: str
    epoch: int


class Interruption(StrEnum):
    """Why a running turn must end before its answer: a CONTROL that interrupts waits in its lane,
    or one of its own posts was CHANGED (edited or deleted).
    """

    CONTROL = "control"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Row:
    """One accepted inbox row of a turn. `attempts` counts this claim too; `case_id` is the case
    that it is about if it came from people of the desk, else ''.
    """

    id: int
    message: IncomingMessage
    attempts: int
    accepted_at: float
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Routed:
    """What `Turns.route` did: the lanes that have more to do now, and when to ask again (seconds
    since the epoch) for rows whose card is still on its way; None if none is left. `dropped` are
    the keys of presses that are about no case.
    """

    lanes: tuple[str, ...] = ()
    again_at: float | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal line. `seq` is 0 until the store has numbered it."""

    kind: str
    data: Mapping[str, Any]
    at: float
    turn_id: str = ""
    seq: int = 0


class StepKind(StrEnum):
    """What a step is: a MODEL's output that asked for calls, or one tool CALL."""

    MODEL = "model"
    CALL = "call"


class StepState(StrEnum):
    """STARTED is committed before a call that changes something begins; DONE has its result."""

    STARTED = "started"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Step:
    """Something a turn did that none of its retries may do again.

    `turn_id` is the turn that asked first: a call that had to be approved goes on in a later turn,
    under the same number. Steps are numbered from 1; the id of a call is '{turn_id}:{n}'. `data`
    of a MODEL step is the question and the calls, that of a CALL step its outcome and result.
    `rows` are the ids of the inbox rows that the turn was made of: its retry takes them together.
    """

    turn_id: str
    n: int
    kind: StepKind
    state: StepState
    at: float
    data: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[int, ...] = ()


class ApprovalState(StrEnum):
    """Life of an approval; only OPEN can change."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Approval:
    """A tool call that waits for a person's yes or no; at most one is open in a lane.

    `id` is the id of the call, `turn_id` the turn whose step it is, `arguments` the exact JSON it
    will be called with, `approvers` the platform's user ids of those who may decide, `message_id`
    our message that carries the buttons. Times are seconds since the epoch.
    """

    id: str
    turn_id: str
    tool: str
    arguments: str
    approvers: tuple[str, ...]
    state: ApprovalState
    asked_at: float
    expires_at: float
    message_id: str
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A message of ours that may not have arrived. `mentioned`: its reader was told so."""

    message: OutgoingMessage
    mentioned: bool


@dataclass(frozen=True, slots=True)
class LaneClaim:
    """A lane claimed for one turn by a worker. (A claim of a case, by a person: `Kind.CLAIM`.)

    `rows` are the longest run of consecutive utterances of one author (from the second attempt on
    one row, or those whose steps are committed), or one control, followed, if it interrupts, by
    what its author wrote before it. `turn_id` is made of the smallest of their ids, so that the
    control goes on from the same steps. `history` is the journal of this lane since
    `context_from`, oldest first, at most as long as the store was told; up to 2 000 lines while
    people have a case, or if those tell of one. `case` is the case that the rows are about if they
    came from people of the desk (`Row.case_id`, the same for all of a claim), else the open case of
    the lane; `approval` its open approval. `joined` are the open cases of an incident, if `case` is
    one (lane, then case id; at most 1 000). `steps` are, in order, what the turn committed that
    asked for the open approval, then what an earlier attempt of this turn did. `undelivered` is the
    message that a control UNDELIVERABLE is about (None if it cannot be read). `last_at` is when the
    lane last came to rest (0 if never). `unconfirmed` are the newest messages for this conversation
    of which nobody knows whether they arrived, oldest first. An edit of a post that was worked off
    before does not mention the bot, whatever it says.
    """

    lease: Lease
    turn_id: str
    state: State
    rows: tuple[Row, ...]
    history: tuple[Entry, ...] = ()
    case: Case | None = None
    last_at: float = 0.0
    steps: tuple[Step, ...] = ()
    approval: Approval | None = None
    undelivered: OutgoingMessage | None = None
    unconfirmed: tuple[Unconfirmed, ...] = ()
    joined: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Spend:
    """What one model attempt used. `estimated`: the vendor never told (a cancelled attempt)."""

    model: str
    usage: Usage
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's verdict on one of our messages, 'up' or 'down', and what they said to it."""

    message_id: str
    author_id: str
    verdict: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """Everything a turn leaves behind, written in one commit.

    `context_from`: the journal number from which on the next turns read the history, None to leave
    it. `cases` and `approvals` are written whole (new or changed). `steps_over`: the turns whose
    steps are erased, because nothing will ever go on from them. `timers`: rows that it leaves for
    later or for other lanes: timers, and what cases and their incident tell each other.
    `timers_over`: the keys of timers that are not needed any more. `elsewhere`: messages that could
    not be delivered, and were told another way. `mentioned`: unconfirmed messages whose reader is
    told now that they may not have arrived. `again`: unconfirmed messages that are to be sent once
    more, because their reader wants them. `told` is what whoever pressed a button reads at once, if
    they still wait for it; it is not stored.
    """

    state: State
    outcome: str
    journal: tuple[Entry, ...] = ()
    outbox: tuple[OutgoingMessage, ...] = ()
    cases: tuple[Case, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    spend: tuple[Spend, ...] = ()
    timers: tuple[Arrival, ...] = ()
    approvals: tuple[Approval, ...] = ()
    steps_over: tuple[str, ...] = ()
    timers_over: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    context_from: int | None = None
    told: str = ""
    joining: Joining | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """What a commit does with a new case of the turn if it is one of very many.

    If `most` or more other cases of its cause, incidents not counted, were opened at or after
    `since`, then `instead` is written in place of the case of the same id in `TurnEnd.cases`, the
    outgoing messages that carry its card are left out, and `arrival` is accepted.
    """

    most: int
    since: float
    instead: Case
    arrival: Arrival


MOST_JOINED = 1000
"""Cases of an incident that a turn is told of, the oldest: each costs it a row."""


class DeliveryState(StrEnum):
    """Life of an outbox row. SENDING is committed before the first byte goes out."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An outbox row taken for sending (its state is SENDING in the database).

    `attempts` counts sends before this one; `doubtful` tells that an earlier send may have taken
    effect, so that the platform must be asked first. `sending_since` is when this attempt was
    taken, `queued_at` when the message was committed: no attempt is older. `under_ref` and
    `replaces_ref` are the platform's ids of the messages named by `message.under` and
    `message.replaces`, once known.
    """

    id: int
    lane: str
    message: OutgoingMessage
    attempts: int = 0
    doubtful: bool = False
    sending_since: float = 0.0
    queued_at: float = 0.0
    under_ref: str = ""
    replaces_ref: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a delivery: its new state; the platform's id of the post when it was sent;
    when to try again (PENDING); `doubtful` when it may have arrived; why, in an error's code.
    """

    state: DeliveryState
    ref: str = ""
    retry_at: float = 0.0
    doubtful: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """What wants attention now: lanes with rows to claim, deliveries taken for sending, and when
    to look again (seconds since the epoch, None if nothing waits). `more`: there is more of it than
    was given, for whoever is done with this before then.
    """

    lanes: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    next_at: float | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit or a settlement set in motion: deliveries (already SENDING) to be sent now,
    and whether the lane has more rows to claim.
    """

    deliveries: tuple[Delivery, ...] = ()
    lane_due: bool = False


@dataclass(frozen=True, slots=True)
class Recent:
    """A conversation that was active lately: the platform's id of the newest post accepted in it,
    and when it was accepted (seconds since the epoch).
    """

    conversation: ConversationId
    newest_id: str
    accepted_at: float


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One line of `frontdesk trace`: when, what, and the data of it."""

    at: float
    kind: str
    turn_id: str
    data: Mapping[str, Any] = field(default_factory=dict)
