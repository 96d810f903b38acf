"""A prompt in the form that all vendors' requests are made from: two sides that alternate.

Vendors differ in their words for a tool call and its result, not in what they insist on: every
result directly after the calls it answers and before anything else that is said, the same id in
both, no message without content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from pydantic_core import from_json, to_json

from agent.models import Prompt, PromptMessage, Role, ToolCall

UNREADABLE = "INVALID_JSON"
"""What Anthropic suggests as the key under which arguments that are no JSON object go back to the
model that wrote them: https://docs.claude.com, "Fine-grained tool streaming"."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a call brought; `call_id` is as on the wire."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Side:
    """All that one side says before the other speaks: the assistant a text and then `calls`, the
    others `results` and then a text; '' and () for nothing. The calls' ids are as on the wire,
    their arguments always a JSON object.
    """

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    results: tuple[Result, ...] = ()


def spoken(prompt: Prompt) -> list[Side]:
    """The messages but those of the system; neighbours of one side are joined by a blank line.

    Vendors either join them themselves or insist on turns that alternate; empty ones are refused.
    """
    told = [one for one in prompt.messages if one.role is not Role.SYSTEM and _says(one)]
    sides = groupby(told, key=lambda one: one.role is Role.ASSISTANT)
    return [_side(Role.ASSISTANT if ours else Role.USER, tuple(run)) for ours, run in sides]


def system_texts(prompt: Prompt) -> list[str]:
    """The texts of the system messages, in order; the first is the static one."""
    return [one.text for one in prompt.messages if one.role is Role.SYSTEM and one.text.strip()]


def schema_of(prompt: Prompt) -> dict[str, Any]:
    """The schema of the output as it is: it already keeps to what all vendors understand."""
    return dict(prompt.schema)


def wire_id(call_id: str) -> str:
    """A call's id in the letters that all vendors take (Anthropic's are the fewest: letters,
    digits, '_' and '-'), different for different ids: 't12:3' becomes 't12_3a_3'.
    """
    return re.sub("[^a-zA-Z0-9-]", lambda found: f"_{ord(found[0]):x}_", call_id)


def _says(one: PromptMessage) -> bool:
    return bool(one.text.strip() or one.calls or one.role is Role.TOOL)


def _side(role: Role, run: Iterable[PromptMessage]) -> Side:
    texts = (one.text for one in run if one.role is not Role.TOOL and one.text.strip())
    return Side(
        role,
        "\n\n".join(texts),
        tuple(_on_the_wire(call) for one in run for call in one.calls),
        tuple(Result(wire_id(one.call_id), one.text) for one in run if one.role is Role.TOOL),
    )


def _on_the_wire(call: ToolCall) -> ToolCall:
    """The call with an object as its arguments: Anthropic takes nothing else, and the templates of
    many open models read what they are given as one.
    """
    written = call.arguments.encode(errors="replace")
    try:
        readable = isinstance(from_json(written, allow_inf_nan=False), dict)
    except ValueError:
        readable = False
    if not readable:
        written = to_json({UNREADABLE: written.decode()})
    return replace(call, id=wire_id(call.id), arguments=written.decode())
