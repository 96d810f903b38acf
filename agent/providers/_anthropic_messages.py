"""Anthropic's `messages`: a prompt as its request, and its stream's events as our pieces.

Facts of the wire, anthropic 2.12: a stream without a `stop_reason` was cut; a refusal may come
with no text at all; `input_tokens` leaves out what was read from and written to the cache; usage
begins in `message_start`, and `message_delta` repeats or corrects it in total.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from agent.errors import ContextTooLong, OutputCut, Refused
from agent.models import Done, Prompt, ToolCall, ToolCalls, Usage
from agent.providers._spoken import Result, Side, schema_of, spoken, system_texts
from agent.providers._wire import Gathered, look, number, text

USAGE_FIELDS = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)


def request(model: str, prompt: Prompt) -> dict[str, Any]:
    """The arguments of `messages.create` for a prompt.

    No `thinking` is asked for: the schema has its own short rationale, and which setting of it a
    model accepts differs. If a model thinks anyway, that text is dropped by the reader.
    """
    asked: dict[str, Any] = {
        "model": model,
        "max_tokens": prompt.max_output_tokens,
        "messages": [{"role": one.role.value, "content": _content(one)} for one in spoken(prompt)],
        "output_config": {"format": {"type": "json_schema", "schema": schema_of(prompt)}},
        "stream": True,
    }
    if system := _system(prompt):
        asked["system"] = system
    if tools := _tools(prompt):
        asked["tools"] = tools
        if not (prompt.tools and prompt.may_call):
            asked["tool_choice"] = {"type": "none"}
    return asked


def _tools(prompt: Prompt) -> list[dict[str, Any]]:
    """The tools as they are, or stand-ins for those that were called and are no more: gateways in
    front of these models refuse calls in the messages where no tools are declared.

    They are not `strict`: all strict tools of a request are compiled into one grammar, and past a
    size that is written nowhere (seven simple tools, in anthropic-sdk-typescript#885) the request
    is refused. What a model writes is validated before it is used in any case.
    """
    if prompt.tools:
        return [_tool(one.name, one.description, dict(one.parameters)) for one in prompt.tools]
    called = dict.fromkeys(call.name for one in prompt.messages for call in one.calls)
    return [_tool(name, "No longer there.", {"type": "object"}) for name in called]


def _tool(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "description": description, "input_schema": schema}


def _content(side: Side) -> str | list[dict[str, Any]]:
    """A plain text where that is all; else blocks, results before the text and calls after it."""
    if not side.calls and not side.results:
        return side.text
    said = [{"type": "text", "text": side.text}] if side.text else []
    return [*map(_result, side.results), *said, *map(_call, side.calls)]


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = from_json(call.arguments)
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


def _result(result: Result) -> dict[str, Any]:
    told = {"type": "tool_result", "tool_use_id": result.call_id}
    # A result may be empty, but a text may not.
    return {**told, "content": result.text} if result.text.strip() else told


def _system(prompt: Prompt) -> list[dict[str, Any]]:
    """The system messages as blocks. The first is the static one and ends the cached prefix, which
    begins with the tools; what follows it changes from turn to turn and would never be read.
    """
    blocks: list[dict[str, Any]] = [{"type": "text", "text": one} for one in system_texts(prompt)]
    if blocks:
        blocks[0]["cache_control"] = {"type": "ephemeral"}
    return blocks


class MessageReader:
    """Understands the events of one message."""

    def __init__(self, model: str) -> None:
        """`model` is named in errors."""
        self._model = model
        self._gathered = Gathered()
        self._stop = ""
        self._category = ""
        self._usage: dict[str, int] = {}
        self._reasoning = 0

    @property
    def complete(self) -> bool:
        return bool(self._stop)

    def read(self, event: object) -> str:
        match text(event, "type"):
            case "content_block_delta":
                return self._delta(event)
            case "content_block_start":
                self._begin(event)
            case "message_start":
                self._count(look(event, "message", "usage"))
            case "message_delta":
                self._stop = text(event, "delta", "stop_reason") or self._stop
                self._category = text(event, "delta", "stop_details", "category")
                self._count(look(event, "usage"))
        return ""

    def ending(self) -> Iterator[ToolCalls | Done]:
        match self._stop:
            case "max_tokens" | "pause_turn":
                raise OutputCut(f"{self._model} stopped in mid-answer ({self._stop})")
            case "model_context_window_exceeded":
                raise ContextTooLong(f"prompt and answer together do not fit into {self._model}")
            case "refusal":
                raise Refused(f"{self._model} declined ({self._category or 'no category'})")
        yield from self._gathered.ending(self._stop, self._normalised())

    def _begin(self, event: object) -> None:
        block = look(event, "content_block")
        if text(block, "type") == "tool_use":
            self._gathered.call(_index(event), text(block, "id"), text(block, "name"))

    def _delta(self, event: object) -> str:
        match text(event, "delta", "type"):
            case "text_delta":
                return self._gathered.add(text(event, "delta", "text"))
            case "input_json_delta":
                piece = text(event, "delta", "partial_json")
                self._gathered.call(_index(event), arguments=piece)
        return ""

    def _count(self, usage: object) -> None:
        told = {name: number(usage, name) for name in USAGE_FIELDS if look(usage, name) is not None}
        self._usage.update(told)
        reasoning = number(usage, "output_tokens_details", "thinking_tokens")
        self._reasoning = reasoning or self._reasoning

    def _normalised(self) -> Usage:
        fresh, written, read, output = (self._usage.get(name, 0) for name in USAGE_FIELDS)
        return Usage(
            input_total=fresh + written + read,
            cache_read=read,
            cache_write=written,
            output=output,
            reasoning=self._reasoning,
        )


def _index(event: object) -> int:
    return number(event, "index")
