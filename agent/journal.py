"""The journal: which kinds of lines there are, and the conversation read back from them.

The journal is append-only and enough to reconstruct a conversation. An edit does not change a
line, it adds one; reading applies it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from agent.records import Entry
from agent.text import without_notes


class Line(StrEnum):
    """The kinds of journal lines."""

    SAID = "said"  # the employee: id, author, name, text, revision if it was edited before
    EDITED = "edited"  # id, text, revision
    DELETED = "deleted"  # id
    EARLIER = "earlier"  # what a thread held before the bot came in: messages
    ANSWERED = "answered"  # message, text, action, confidence, citations, thinking, model
    NOTICE = "notice"  # message, text: what Frontdesk itself said
    TURN = "turn"  # events, before, after, and how each rung of the ladder did
    INTERRUPTED = "interrupted"  # messages: asked before a control, and not answered because of it
    CALLED = "called"  # call, tool, arguments, outcome, result
    APPROVAL = "approval"  # call, tool, state, by
    CASE = "case"  # case, state, cause, owner if somebody has it
    # message, text: a welcome, the answer to a command; case and staff: what a person of the desk
    # was told; no model reads it
    ASIDE = "aside"
    # messages, case, post (whose words), to: 'desk', 'employee' or 'colleagues', place, under; text
    # while the case has no card to put it under
    RELAYED = "relayed"
    # words of a person at the desk: id, author ('platform:user'), name, text, case, revision if it
    # was edited before, note or refused if the employee does not get it
    STAFF = "staff"
    STAFF_EDITED = "staff_edited"  # id, text, revision, note if it is one now, refused
    STAFF_DELETED = "staff_deleted"  # id, refused
    HANDED_BACK = "handed_back"  # case, name: people gave the conversation back
    SHOWN = "shown"  # case, incident
    RATED = "rated"  # message, author, verdict, comment if there is one
    SUMMARY = "summary"  # text, upto
    NEW_EPISODE = "new_episode"
    DELIVERED = "delivered"  # message, ref
    UNCONFIRMED = "unconfirmed"  # message, reason
    UNDELIVERED = "undelivered"  # message, reason
    RETRIED = "retried"  # message, by
    DROPPED = "dropped"  # message, by; or kind, reason of what came at the desk for no case
    FAILED = "failed"  # code, message


Data = Mapping[str, Any]
TO_DESK = "desk"
TO_EMPLOYEE = "employee"
TO_OTHER_CARDS = "colleagues"
"""Which way words are relayed; TO_OTHER_CARDS: from one card of a case to another."""


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of the conversation as it stands now. `author` is '' for the bot, and
    'platform:user' for staff, who spoke from the desk (`by_staff`). `handed_back` marks the place
    where people gave the conversation back to the bot: `name` did, nothing is said.
    """

    seq: int
    id: str
    author: str
    name: str
    text: str
    revision: str = ""
    """Of its last edit; '' if there was none."""
    by_staff: bool = False
    handed_back: bool = False


@dataclass(frozen=True, slots=True)
class Relayed:
    """How the words of a post were relayed: about which case, `to` whom, in which of our
    messages, which of our cards they were `under`, and where. `place` is the written form of a
    conversation id: where the messages are; for words to the employee, where the card is. `text`
    waits for a card to be put under.
    """

    post: str
    case: str
    to: str
    messages: tuple[str, ...]
    place: str
    under: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The conversation read back: a summary of what came before, what a thread held before the bot
    came in, and the utterances since, edits and deletions applied. `notes` are what people wrote at
    the desk for each other, `refused` what they wrote for the employee, who did not get it; no
    model reads either. `relays` are by the post whose words were relayed, `told` what people of
    the desk were told already of why they can do nothing about a case: case, person, words.
    """

    summary: str = ""
    earlier: tuple[dict[str, Any], ...] = ()
    said: tuple[Said, ...] = ()
    receipts: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    """Posts that were deleted before they came in: a redelivery may be late."""
    notes: tuple[Said, ...] = ()
    refused: tuple[Said, ...] = ()
    relays: Mapping[str, Relayed] = field(default_factory=dict)
    told: frozenset[tuple[str, str, str]] = frozenset()

    def find(self, message_id: str) -> Said | None:
        """What was said in a post, to whomever; None if it is not in it."""
        everything = (*self.said, *self.notes, *self.refused)
        return next((said for said in everything if said.id == message_id), None)

    def keeps_back(self, message_id: str) -> bool:
        """Whether a post was written at the desk that the employee did not get."""
        return any(one.id == message_id for one in (*self.notes, *self.refused))

    def revision(self, message_id: str) -> str:
        """Of an utterance with the platform's id; '' if there is none, or it was never edited."""
        found = self.find(message_id)
        return found.revision if found else ""

    def has(self, message_id: str) -> bool:
        """Whether an utterance with the platform's id is in it."""
        return self.find(message_id) is not None

    def relay_of(self, message_id: str) -> Relayed | None:
        """Whose words one of our messages relayed."""
        found = (one for one in self.relays.values() if message_id in one.messages)
        return next(found, None)


def read(entries: Iterable[Entry]) -> History:
    """Read journal lines (oldest first) back into a conversation. One that does not say what its
    kind says was damaged: without it the conversation goes on, with it no turn could.
    """
    book = _Book()
    for entry in entries:
        reader = READERS.get(entry.kind)
        if entry.data and reader is not None:  # of an erased line only that it was is left
            with suppress(KeyError, TypeError):
                reader(book, entry, entry.data)
    return book.history()


class _Book:
    """A conversation while it is read line by line."""

    def __init__(self) -> None:
        self._summary = ""
        self._earlier: tuple[dict[str, Any], ...] = ()
        self._said: dict[str, Said] = {}
        self._notes: dict[str, Said] = {}
        self._refused: dict[str, Said] = {}
        self._relays: dict[str, Relayed] = {}
        self._receipts: set[str] = set()
        self._gone: set[str] = set()
        self._told: set[tuple[str, str, str]] = set()

    def history(self) -> History:
        """What was read."""
        return History(
            summary=self._summary,
            earlier=self._earlier,
            said=tuple(self._said.values()),
            receipts=frozenset(self._receipts),
            gone=frozenset(self._gone),
            notes=tuple(self._notes.values()),
            refused=tuple(self._refused.values()),
            relays=self._relays,
            told=frozenset(self._told),
        )

    def say(self, entry: Entry, data: Data) -> None:
        key = str(data["id"])
        by_staff = entry.kind == Line.STAFF
        spoken = (data["author"], data["name"], _text(entry, data), data.get("revision", ""))
        self._shelf(data)[key] = Said(entry.seq, key, *spoken, by_staff=by_staff)

    def edit(self, entry: Entry, data: Data) -> None:
        key = data["id"]
        if self._is_read_on(data):
            return
        before = next((one for one in self._shelves() if key in one), None)
        if before is None:
            return
        known, after = before[key], self._shelf(data)
        changed = replace(known, text=_text(entry, data), revision=data.get("revision", ""))
        if after is not before:
            del before[key]
            if after is self._said:  # what was kept back is said only now
                changed = replace(changed, seq=entry.seq)
        after[key] = changed

    def delete(self, entry: Entry, data: Data) -> None:
        key = data["id"]
        if self._is_read_on(data):
            return
        if not any(one.pop(key, None) for one in self._shelves()):
            self._gone.add(key)

    def _shelf(self, data: Data) -> dict[str, Said]:
        """Where it belongs what somebody said."""
        if data.get("refused"):
            return self._refused
        return self._notes if data.get("note") else self._said

    def _shelves(self) -> tuple[dict[str, Said], ...]:
        return self._said, self._notes, self._refused

    def _is_read_on(self, data: Data) -> bool:
        """Whether a change was refused of what the employee has read, and reads on as it was."""
        return bool(data.get("refused")) and data["id"] in self._said

    def answer(self, entry: Entry, data: Data) -> None:
        key = str(data["message"])
        self._said[key] = Said(entry.seq, key, "", "", data["text"])
        if receipt_for := data.get("receipt"):
            self._receipts.add(receipt_for)

    def hand_back(self, entry: Entry, data: Data) -> None:
        key = f"{entry.kind} {data['case']}"
        self._said[key] = Said(entry.seq, key, "", data["name"], "", handed_back=True)

    def relay(self, entry: Entry, data: Data) -> None:
        if post := data.get("post"):  # older lines do not say whose words they were
            messages = tuple(data["messages"])
            rest = (data["place"], data["under"], data.get("text", ""))
            self._relays[post] = Relayed(post, data["case"], data["to"], messages, *rest)

    def tell(self, entry: Entry, data: Data) -> None:
        if "staff" in data:
            self._told.add((data["case"], data["staff"], data["text"]))

    def look_back(self, entry: Entry, data: Data) -> None:
        self._earlier = tuple(data["messages"])

    def summarise(self, entry: Entry, data: Data) -> None:
        upto = data["upto"]
        self._said = {key: one for key, one in self._said.items() if one.seq > upto}
        self._summary, self._earlier = data["text"], ()


def _text(entry: Entry, data: Data) -> str:
    """What was said; of what a person of the desk wrote among notes, as the employee reads it."""
    text = str(data["text"])
    by_staff = entry.kind in (Line.STAFF, Line.STAFF_EDITED) and not data.get("note")
    return without_notes(text) if by_staff else text


READERS: Mapping[str, Callable[[_Book, Entry, Data], None]] = {
    Line.SAID: _Book.say,
    Line.STAFF: _Book.say,
    Line.EDITED: _Book.edit,
    Line.STAFF_EDITED: _Book.edit,
    Line.DELETED: _Book.delete,
    Line.STAFF_DELETED: _Book.delete,
    Line.ANSWERED: _Book.answer,
    Line.NOTICE: _Book.answer,
    Line.HANDED_BACK: _Book.hand_back,
    Line.RELAYED: _Book.relay,
    Line.ASIDE: _Book.tell,
    Line.EARLIER: _Book.look_back,
    Line.SUMMARY: _Book.summarise,
}
"""How each kind of line changes the conversation; the others tell what was done about it."""
