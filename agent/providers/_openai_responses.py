"""OpenAI's `responses`: a prompt as its request, and its stream's events as our pieces.

Facts of the wire, openai 3.54: messages of phase 'commentary' are not the answer; a refusal comes
in a response that still counts as completed; an error is an event of the stream (`error` or
`response.failed`), not an exception; a cut stream simply lacks its last event; `input_tokens`
includes what was read from and written to the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from agent.errors import OutputCut, ProviderError, Refused
from agent.models import Done, Prompt, Role, ToolCalls, Usage
from agent.providers._faults import Account, fault_in_stream, verdict
from agent.providers._spoken import Side, schema_of, spoken, system_texts
from agent.providers._strict import function
from agent.providers._wire import CHECK_QUESTION, EventStream, Gathered, look, number, text

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LEAST_TOKENS = 16
"""The smallest `max_output_tokens` that the API takes."""


class Responses:
    """The surface of OpenAI itself."""

    def __init__(self, account: Account) -> None:
        """`account` says which model is asked, and is named in errors."""
        self._account = account

    async def open_stream(self, client: AsyncOpenAI, prompt: Prompt) -> EventStream:
        from openai import AsyncStream

        asked = request(self._account.model, prompt)
        head = await client.responses.with_raw_response.create(**asked)
        stream: EventStream = head.parse(to=AsyncStream[object])
        return stream

    def reader(self) -> ResponseReader:
        return ResponseReader(self._account)

    async def look_up(self, client: AsyncOpenAI) -> str:
        found = await client.models.retrieve(self._account.model)
        if date := text(found, "shutdown_date"):
            return f", but it shuts down on {date}: choose another model"
        return ""

    async def try_out(self, client: AsyncOpenAI) -> None:
        await client.responses.create(
            model=self._account.model,
            input=CHECK_QUESTION,
            max_output_tokens=LEAST_TOKENS,
            store=False,
        )


def request(model: str, prompt: Prompt) -> dict[str, Any]:
    """The arguments of `responses.create` for a prompt; nothing is stored at OpenAI."""
    system = system_texts(prompt)
    asked: dict[str, Any] = {
        "model": model,
        "input": [item for one in spoken(prompt) for item in _items(one)],
        "max_output_tokens": max(prompt.max_output_tokens, LEAST_TOKENS),
        "text": {
            "format": {
                "type": "json_schema",
                "name": prompt.schema_name,
                "strict": True,
                "schema": schema_of(prompt),
            }
        },
        "store": False,
        "stream": True,
    }
    if system:
        asked["instructions"] = "\n\n".join(system)
        # Requests of one key are routed to where their common prefix is cached. The static system
        # message is what the requests of one deployment share.
        asked["prompt_cache_key"] = "frontdesk-" + sha256(system[0].encode()).hexdigest()[:16]
    if prompt.tools:
        asked["tools"] = [{"type": "function", **function(tool)} for tool in prompt.tools]
        if not prompt.may_call:
            asked["tool_choice"] = "none"
    return asked


def _items(side: Side) -> Iterator[dict[str, Any]]:
    """What a side says as items: results before the text, calls after it.

    A call goes back without the id that its item had: that of a model which reasoned is accepted
    only together with the reasoning, and nothing is stored that could be referred to.
    """
    for result in side.results:
        yield {
            "type": "function_call_output",
            "call_id": result.call_id,
            "output": result.text,
        }
    if side.text:
        said = {"role": side.role.value, "content": side.text}
        # The API asks for the phase to be sent back; we keep final answers only.
        yield {**said, "phase": "final_answer"} if side.role is Role.ASSISTANT else said
    for call in side.calls:
        yield {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }


class ResponseReader:
    """Understands the events of one response."""

    def __init__(self, account: Account) -> None:
        """`account` is named in errors."""
        self._account = account
        self._gathered = Gathered()
        self._commentary: set[int] = set()
        self._refused = False
        self._response: object = None

    @property
    def complete(self) -> bool:
        return self._response is not None

    def read(self, event: object) -> str:
        match text(event, "type"):
            case "response.output_text.delta" if _position(event) not in self._commentary:
                return self._gathered.add(text(event, "delta"))
            case "response.output_item.added":
                self._begin(event)
            case "response.function_call_arguments.delta":
                self._gathered.call(_position(event), arguments=text(event, "delta"))
            case "response.refusal.delta" | "response.refusal.done":
                self._refused = True
            case "response.completed" | "response.incomplete":
                self._response = look(event, "response")
            case "response.failed":
                raise self._error(look(event, "response", "error"))
            case "error":
                raise self._error(event)
        return ""

    def ending(self) -> Iterator[ToolCalls | Done]:
        model = self._account.model
        if self._refused:
            raise Refused(f"{model} declined")
        reason = text(self._response, "incomplete_details", "reason")
        if reason == "content_filter":
            raise Refused(f"OpenAI's filter stopped the answer of {model}")
        status = text(self._response, "status")
        if reason or status != "completed":
            raise OutputCut(f"{model} stopped in mid-answer ({reason or status})")
        yield from self._gathered.ending(status, _usage(look(self._response, "usage")))

    def _begin(self, event: object) -> None:
        item = look(event, "item")
        if text(item, "phase") == "commentary":
            self._commentary.add(_position(event))
        if text(item, "type") == "function_call":
            call_id, name = text(item, "call_id"), text(item, "name")
            self._gathered.call(_position(event), call_id, name)

    def _error(self, error: object) -> ProviderError:
        words = tuple(filter(None, (text(error, "code"), text(error, "error_type"))))
        # Retry-After is a header, and there are none in mid-stream: no clock is needed.
        return verdict(fault_in_stream(words, text(error, "message")), self._account, 0.0)


def _position(event: object) -> int:
    return number(event, "output_index")


def _usage(usage: object) -> Usage:
    return Usage(
        input_total=number(usage, "input_tokens"),
        cache_read=number(usage, "input_tokens_details", "cached_tokens"),
        cache_write=number(usage, "input_tokens_details", "cache_write_tokens"),
        output=number(usage, "output_tokens"),
        reasoning=number(usage, "output_tokens_details", "reasoning_tokens"),
    )
