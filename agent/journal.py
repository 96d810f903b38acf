"""The journal: which kinds of lines there are, and the conversation read back from them.

The journal is append-only and enough to reconstruct a conversation. An edit does not change a
line, it adds one; reading applies it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from agent.records import Entry


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
    CASE = "case"  # case, state, cause
    ASIDE = "aside"  # message, text: a welcome, the answer to a command; no model reads it
    RELAYED = "relayed"  # message, case
    RATED = "rated"  # message, author, verdict, comment if there is one
    SUMMARY = "summary"  # text, upto
    NEW_EPISODE = "new_episode"
    DELIVERED = "delivered"  # message, ref
    UNCONFIRMED = "unconfirmed"  # message, reason
    UNDELIVERED = "undelivered"  # message, reason
    RETRIED = "retried"  # message, by
    DROPPED = "dropped"  # message, by
    FAILED = "failed"  # code, attempt


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of the conversation as it stands now. `author` is '' for the bot."""

    seq: int
    id: str
    author: str
    name: str
    text: str
    revision: str = ""
    """Of its last edit; '' if there was none."""


@dataclass(frozen=True, slots=True)
class History:
    """The conversation read back: a summary of what came before, what a thread held before the bot
    came in, and the utterances since, edits and deletions applied.
    """

    summary: str = ""
    earlier: tuple[dict[str, Any], ...] = ()
    said: tuple[Said, ...] = ()
    receipts: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    """Posts that were deleted before they came in: a redelivery may be late."""

    def revision(self, message_id: str) -> str:
        """Of an utterance with the platform's id; '' if there is none, or it was never edited."""
        return next((said.revision for said in self.said if said.id == message_id), "")

    def has(self, message_id: str) -> bool:
        """Whether an utterance with the platform's id is in it."""
        return any(said.id == message_id for said in self.said)


def read(entries: Iterable[Entry]) -> History:
    """Read journal lines (oldest first) back into a conversation."""
    history = History()
    said: dict[str, Said] = {}
    receipts: set[str] = set()
    gone: set[str] = set()
    for entry in (one for one in entries if one.data):  # of an erased line only that it was is left
        data = entry.data
        match entry.kind:
            case Line.SAID:
                key = str(data["id"])
                spoken = (data["author"], data["name"], data["text"], data.get("revision", ""))
                said[key] = Said(entry.seq, key, *spoken)
            case Line.EDITED if data["id"] in said:
                changed = replace(said[data["id"]], text=data["text"])
                said[data["id"]] = replace(changed, revision=data.get("revision", ""))
            case Line.DELETED:
                if said.pop(data["id"], None) is None:
                    gone.add(data["id"])
            case Line.ANSWERED | Line.NOTICE:
                key = str(data["message"])
                said[key] = Said(entry.seq, key, "", "", data["text"])
                if receipt_for := data.get("receipt"):
                    receipts.add(receipt_for)
            case Line.EARLIER:
                history = replace(history, earlier=tuple(data["messages"]))
            case Line.SUMMARY:
                upto = data["upto"]
                said = {key: one for key, one in said.items() if one.seq > upto}
                history = replace(history, summary=data["text"], earlier=())
    return replace(
        history,
        said=tuple(said.values()),
        receipts=frozenset(receipts),
        gone=frozenset(gone),
    )
