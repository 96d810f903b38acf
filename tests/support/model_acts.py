"""What a fake model may be told to do with one question: the words of its script."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from agent.models import Usage

USAGE = Usage(input_total=120, cache_read=40, cache_write=10, output=30, reasoning=5)
"""What an answer is said to have used, in our terms; each dialect puts it in the vendor's."""


def decision(
    response: str = "Hello.",
    *,
    action: str = "continue",
    confidence: float = 0.9,
    citations: tuple[str, ...] = (),
    thinking: str = "",
) -> str:
    """A decision as a model writes it."""
    return to_json(
        {
            "thinking": thinking,
            "action": action,
            "confidence": confidence,
            "citations": list(citations),
            "response": response,
        }
    ).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with a valid decision, at once."""

    response: str = "Hello."
    action: str = "continue"
    confidence: float = 0.9
    citations: tuple[str, ...] = ()
    thinking: str = ""
    usage: Usage = USAGE

    @property
    def text(self) -> str:
        """The whole output."""
        return decision(
            self.response,
            action=self.action,
            confidence=self.confidence,
            citations=self.citations,
            thinking=self.thinking,
        )


@dataclass(frozen=True, slots=True)
class Raw:
    """Answer with exactly this output, decision or not."""

    text: str
    usage: Usage = USAGE


@dataclass(frozen=True, slots=True)
class Slow:
    """Wait before the response's head, or after it (`head_first`), then do `then`."""

    seconds: float
    then: Act = field(default_factory=Answer)
    head_first: bool = False


def hang() -> Slow:
    """Never answer."""
    return Slow(math.inf)


@dataclass(frozen=True, slots=True)
class Drip:
    """Answer in pieces of `characters`, waiting `seconds` before each."""

    seconds: float
    text: str = field(default_factory=decision)
    characters: int = 8
    usage: Usage = USAGE


@dataclass(frozen=True, slots=True)
class Fail:
    """Answer with an HTTP error.

    `kind` and `code` are the vendor's words for it; `message` its sentence. A `body` is sent
    instead of the vendor's usual one: a string as it is, anything else as JSON.
    """

    status: int
    kind: str = ""
    code: str = ""
    message: str = "It did not work."
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Stop in mid-answer because the output may not be longer; `reason` in the vendor's word."""

    text: str = field(default_factory=lambda: decision()[:30])
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Decline, politely and outside of the schema."""

    text: str = "I can't help with that."


@dataclass(frozen=True, slots=True)
class ToolUse:
    """Ask for tools: pairs of a name and the JSON text of its arguments."""

    calls: tuple[tuple[str, str], ...] = (("look_up", '{"who":"Ada"}'),)
    text: str = ""
    usage: Usage = USAGE


@dataclass(frozen=True, slots=True)
class InStreamError:
    """Begin to answer with status 200, then report an error inside the stream."""

    kind: str = "overloaded_error"
    code: str = ""
    message: str = "It did not work."
    after: str = field(default_factory=lambda: decision()[:20])


@dataclass(frozen=True, slots=True)
class DropConnection:
    """Break the connection: after so much of the answer, or ('') instead of any response.

    `reset` breaks it as a crash does, otherwise it is closed in the middle of the body.
    `finished`: the answer ends as it should, only the end of the body is missing.
    """

    after: str = field(default_factory=lambda: decision()[:20])
    reset: bool = False
    finished: bool = False


@dataclass(frozen=True, slots=True)
class BadChunk:
    """Begin to answer, then send an event whose data is not JSON."""

    data: bytes = b'{"type": "tru'
    after: str = field(default_factory=lambda: decision()[:20])


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """Begin to answer, then end the body cleanly without having finished."""

    after: str = field(default_factory=lambda: decision()[:20])


@dataclass(frozen=True, slots=True)
class Events:
    """Send these events, JSON objects of the vendor's own dialect, and end the body."""

    events: tuple[Any, ...]


Act = (
    Answer
    | Raw
    | Slow
    | Drip
    | Fail
    | Cut
    | Refusal
    | ToolUse
    | InStreamError
    | DropConnection
    | BadChunk
    | EarlyEnd
    | Events
)
