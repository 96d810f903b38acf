"""What a model is asked and what it says back, the same for every vendor.

Providers translate a `Prompt` into their vendor's request and the vendor's stream into `Delta`,
`ToolCalls` and one final `Done`. Nothing here is tied to a vendor's format, so a conversation may
be answered by one vendor and continued by another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """Who speaks in a prompt; TOOL is the result of a call that the assistant asked for."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call the model asks for. `arguments` is the JSON text as the model wrote it; `id` is the
    vendor's in what a provider yields, ours ('t12:3') in a prompt.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a prompt. Two of the same role may follow each other; providers join them.

    `calls` are what an ASSISTANT message asked for (its `text` may then be empty). A TOOL message
    is the result of the call named by `call_id`; every call is followed by its result.
    """

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the company's knowledge, retrieved in this turn.

    `id` is how a citation names it ('p1'); `score` is 0..1, how well it fits what was asked.
    """

    id: str
    title: str
    section: str
    text: str
    link: str = ""
    owner: str = ""
    updated: str = ""
    score: float = 0.0


class Risk(StrEnum):
    """READ changes nothing and may be repeated; WRITE changes something outside."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it: name, description, JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to a model.

    `messages` starts with the system messages (the static part first, so that vendors can cache
    it). `schema` is the JSON schema that the output is forced into. `question` and `passages` are
    what `messages` already contains as text, typed, for providers that work without a model.

    Once no more tools may be called, `tools` stay and `may_call` is False: then no ToolCalls come
    back. Without its tools a request whose messages contain calls is refused by some servers.
    """

    messages: tuple[PromptMessage, ...]
    schema: Mapping[str, Any]
    schema_name: str = "decision"
    tools: tuple[ToolSpec, ...] = ()
    may_call: bool = True
    question: str = ""
    passages: tuple[Passage, ...] = ()
    max_output_tokens: int = 2048


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, normalised: `input_total` includes both cache figures, `output` includes
    `reasoning`.
    """

    input_total: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the output text, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """The model wants these tools run before it goes on."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The output is complete. `text` is all of it, `stop` the vendor's reason in its own word."""

    text: str
    stop: str
    usage: Usage = Usage()


Piece = Delta | ToolCalls | Done
