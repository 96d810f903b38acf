"""The messages that travel between the platforms and the kernel, and the ids they carry.

Platform JSON is a *payload* and never leaves its adapter; what crosses the border is an
`IncomingMessage` (somebody said or did something) or an `OutgoingMessage` (we have something to
say). Both are frozen and can be written to the database as JSON and read back unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, unquote

from pydantic import TypeAdapter

from agent.cases import CaseCard

# Characters that stay readable inside one part of a conversation id. Teams ids are full of
# `@`, `.`, `=`, `;`, `-` and `_`; ':' separates the parts and must never be in this list.
SAFE_IN_ID = "@.=;-_"


PLAIN = re.compile(r"[A-Za-z0-9@.=;_-]*")


@lru_cache(maxsize=4096)  # a turn asks for the names of the same few places ten times
def _joined(*parts: str) -> str:
    # Nearly every part of a real id is plain; quote() would look at each character.
    return ":".join(
        part if PLAIN.fullmatch(part) else quote(part, safe=SAFE_IN_ID) for part in parts
    )


@dataclass(frozen=True, slots=True)
class ConversationId:
    """One conversation: platform, the platform's tenant, its channel, the thread in it.

    `thread` is empty for the top level of a channel. The written form is the four parts,
    percent-quoted, joined by ':'; it is also the name of the conversation's lane.
    """

    platform: str
    tenant: str
    channel: str
    thread: str = ""

    def __str__(self) -> str:
        return _joined(self.platform, self.tenant, self.channel, self.thread)

    @classmethod
    def parse(cls, text: str) -> ConversationId:
        """Read the written form back.

        Raises:
            ValueError: there are not exactly four parts.
        """
        parts = text.split(":")
        if len(parts) != 4:
            raise ValueError(f"a conversation id has four parts joined by ':', got {text!r}")
        return cls(*(unquote(part) for part in parts))


class Kind(StrEnum):
    """What an incoming message is: an utterance that waits its turn, or a control that overtakes.

    Utterances: MESSAGE, EDIT, DELETE, GATHER. Everything else is a control. NEWCOMER: a person has
    the bot in a direct conversation for the first time. COMMAND: what elsewhere is a slash command
    was written as a message; `text` is the words after the command's name.

    About a case, by people of the desk: CLAIM, RELEASE, TAKE_OVER, HAND_BACK, RESOLVE (`detail` is
    the outcome, `text` the note) and ASSIGN (`detail` is the new owner as 'platform:user'). About a
    case, by itself: LOOK (the time has come to look at it; `about` is the case), GATHER (a case
    joins the incident in whose lane this is, is still there, or has news for its card) and SHOWN
    (the case is shown on the card of an incident), which `agent.desk.joining` writes and reads.
    NO_DESK: an admin is to be told that there is no human channel. NO_CASE: in this thread of the
    desk somebody has written, and nobody has heard it; an unconfirmed card may be there (`about`).
    """

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    STOP = "stop"
    ASK_PERSON = "ask_person"
    LEAVE_QUEUE = "leave_queue"
    APPROVE = "approve"
    DENY = "deny"
    EXPIRE = "expire"
    FEEDBACK = "feedback"
    NEWCOMER = "joined"
    COMMAND = "command"
    UNDELIVERABLE = "undeliverable"
    CLAIM = "claim"
    RELEASE = "release"
    TAKE_OVER = "take_over"
    ASSIGN = "assign"
    HAND_BACK = "hand_back"
    RESOLVE = "resolve"
    LOOK = "look"
    GATHER = "gather"
    SHOWN = "shown"
    NO_DESK = "no_desk"
    NO_CASE = "no_case"

    @property
    def is_control(self) -> bool:
        """Whether rows of this kind overtake utterances; `DESK_KINDS` do not while people have the
        case.
        """
        return self not in UTTERANCES

    @property
    def interrupts(self) -> bool:
        """Whether a running turn of the same lane is cancelled for it, and what its author wrote
        before it, and is not answered yet, ends with it.
        """
        return self in (Kind.STOP, Kind.ASK_PERSON)


UTTERANCES = frozenset({Kind.MESSAGE, Kind.EDIT, Kind.DELETE, Kind.GATHER})
DESK_KINDS = frozenset(
    {Kind.CLAIM, Kind.RELEASE, Kind.TAKE_OVER, Kind.ASSIGN, Kind.HAND_BACK, Kind.RESOLVE}
)
"""What people of the desk do about a case, beside writing. It overtakes the bot's own work, but not
what was said while people have the case (`Turns.claim`)."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote: the platform's user id, and what the event itself says about them."""

    id: str
    name: str = ""
    external: bool = False


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """Something that happened in a conversation, normalised.

    `id` is the platform's own id of the post (Slack: its ts), `revision` tells its edits and its
    deletion apart ('' for the post itself, so that it can be the dedupe key together with the
    channel); of two edits the later one has the greater one, as text. `version` stands for the
    revision in the key where not everybody who tells of an edit can tell when exactly it was made.
    `text` is plain text or Markdown with the mention of the bot already removed. `sent_at` is in
    seconds since the epoch, and so is `thread_at`, when the post was written that the thread is
    under (0 if it is in none, or that is not known).
    For controls `id` names the press or command and `detail` says what was chosen (feedback: 'up'
    or 'down'; undeliverable: the reason) and `about` which of our messages it is about (its
    outgoing id; expire: the approval's id). A platform that cannot carry our id tells its own in
    `about_ref`; the store puts ours into `about` when the row is claimed. GATHER and SHOWN, which
    only we write, use these fields as `desk.joining` says. `files` are the names of what came
    along, `file_links` where each of them can be opened, in the same order ('' if that is not
    known; the tuple may be shorter).
    """

    conversation: ConversationId
    id: str
    kind: Kind
    author: Author
    text: str = ""
    revision: str = ""
    version: str = ""
    sent_at: float = 0.0
    mentions_bot: bool = False
    direct: bool = False
    in_thread: bool = False
    thread_at: float = 0.0
    files: tuple[str, ...] = ()
    file_links: tuple[str, ...] = ()
    detail: str = ""
    about: str = ""
    about_ref: str = ""

    @property
    def key(self) -> str:
        """The dedupe key: the same post always has the same one, whichever event told of it, and
        whether or not its words were taken for a control. A press has no words.
        """
        place = self.conversation
        what = self.kind.value if self.kind.is_control and not self.text else ""
        version = self.version or self.revision
        return _joined(place.platform, place.tenant, place.channel, self.id, version, what)

    @property
    def lane(self) -> str:
        """The lane in which its row waits: that of its conversation. A command among colleagues
        does not make their thread a conversation; it waits with the others of its channel.
        """
        place = self.conversation
        beside = self.kind is Kind.COMMAND and not self.direct
        return str(replace(place, thread="") if beside else place)


@dataclass(frozen=True, slots=True)
class Citation:
    """One source shown under an answer. `link` may be empty (a page without an address)."""

    title: str
    section: str = ""
    link: str = ""

    @property
    def label(self) -> str:
        """What the source is called where it is shown."""
        return self.title + (f" · {self.section}" if self.section else "")


class Button(StrEnum):
    """The buttons a message may carry; each comes back as the control of the same name."""

    ASK_PERSON = "ask_person"
    LEAVE_QUEUE = "leave_queue"
    APPROVE = "approve"
    DENY = "deny"
    CLAIM = "claim"
    RELEASE = "release"
    TAKE_OVER = "take_over"
    HAND_BACK = "hand_back"
    RESOLVE = "resolve"


class Tone(StrEnum):
    """How a message is meant, for adapters that can show it. PERSON: the words of somebody at the
    desk, not of a machine.
    """

    ANSWER = "answer"
    DEGRADED = "degraded"
    NOTICE = "notice"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """Something we have to say in a conversation, checked and ready to be rendered.

    `id` is ours and the same in every attempt: adapters put it on the post where the platform can
    carry it, and ask for it after an ambiguous send. `text` is Markdown. `under` is the id of
    another of our messages in whose thread this one belongs; `replaces` the id of one of ours that
    this one edits. `to` is the platform's id of the employee it is for ('' if it is for none);
    `for_desk`: it is for the people who have a case. `invites`: what is written where it stands
    reaches people; an adapter that might not hear it says how it can. `prompts` are questions to be
    offered for a press. `detours` counts the ways that were tried before this one, because those
    messages could not be delivered.
    """

    id: str
    conversation: ConversationId
    text: str
    tone: Tone = Tone.ANSWER
    citations: tuple[Citation, ...] = ()
    buttons: tuple[Button, ...] = ()
    prompts: tuple[str, ...] = ()
    feedback: bool = False
    card: CaseCard | None = None
    under: str = ""
    replaces: str = ""
    to: str = ""
    for_desk: bool = False
    invites: bool = False
    detours: int = 0


_INCOMING = TypeAdapter(IncomingMessage)
_OUTGOING = TypeAdapter(OutgoingMessage)


def dump_incoming(message: IncomingMessage) -> str:
    """Write an incoming message as JSON."""
    return _INCOMING.dump_json(message).decode()


def load_incoming(text: str) -> IncomingMessage:
    """Read what `dump_incoming` wrote."""
    return _INCOMING.validate_json(text)


def dump_outgoing(message: OutgoingMessage) -> str:
    """Write an outgoing message as JSON."""
    return _OUTGOING.dump_json(message).decode()


def load_outgoing(text: str) -> OutgoingMessage:
    """Read what `dump_outgoing` wrote."""
    return _OUTGOING.validate_json(text)
