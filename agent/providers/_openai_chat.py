"""`chat.completions`, the protocol that Ollama, vLLM, Azure and many others speak.

Facts of the wire: usage comes in a last chunk without choices, and only when asked for; a stream
without a `finish_reason` was cut; a refusal is a field of the delta and still finishes with
'stop'; Ollama finishes tool calls with 'stop' too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agent.errors import OutputCut, ProviderAuth, Refused
from agent.models import Done, Prompt, ToolCall, ToolCalls, Usage
from agent.providers._faults import Account
from agent.providers._spoken import Side, schema_of, spoken, system_texts
from agent.providers._strict import function
from agent.providers._wire import (
    CHECK_QUESTION,
    EventStream,
    Gathered,
    items,
    look,
    number,
    text,
)
from agent.surroundings import host_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OFFERED_SHOWN = 8
"""How many names of a server's models `check` shows when ours is not among them."""


class Chat:
    """The surface of every server that is compatible with OpenAI."""

    def __init__(self, account: Account, address: str) -> None:
        """`account` says which model is asked and is named in errors; `address` is a base URL."""
        self._account = account
        # Azure's reasoning models refuse `max_tokens`. Ollama ignores the newer name and would
        # write on for ever (ollama#7125, open in August 2026); vLLM and llama.cpp know both.
        azure = host_of(address).endswith(".azure.com")
        self.limit = "max_completion_tokens" if azure else "max_tokens"

    async def open_stream(self, client: AsyncOpenAI, prompt: Prompt) -> EventStream:
        asked = request(self._account.model, prompt, self.limit)
        from openai import AsyncStream

        head = await client.chat.completions.with_raw_response.create(**asked)
        stream: EventStream = head.parse(to=AsyncStream[object])
        return stream

    def reader(self) -> ChunkReader:
        return ChunkReader(self._account.model)

    async def look_up(self, client: AsyncOpenAI) -> str:
        page = await client.models.list()
        offered = [text(model, "id") for model in items(page, "data")]
        # Ollama lists 'llama3:latest' for what may be asked for as 'llama3'.
        if not {self._account.model, f"{self._account.model}:latest"} & set(offered):
            shown = ", ".join(offered[:OFFERED_SHOWN]) or "none at all"
            raise ProviderAuth(
                f"{self._account.vendor} does not offer the model {self._account.model}: "
                f"correct FRONTDESK_MODELS, it offers {shown}"
            )
        return ""

    async def try_out(self, client: AsyncOpenAI) -> None:
        question: Any = [{"role": "user", "content": CHECK_QUESTION}]
        limit: dict[str, Any] = {self.limit: 1}
        await client.chat.completions.create(
            model=self._account.model, messages=question, extra_body=limit
        )


def request(model: str, prompt: Prompt, limit: str) -> dict[str, Any]:
    """The arguments of `chat.completions.create` for a prompt.

    Nothing beyond what small servers know: no `store`, no cache key. `limit` is the name under
    which the server takes the number of output tokens.
    """
    messages = [message for one in spoken(prompt) for message in _messages(one)]
    if system := system_texts(prompt):
        # One message: the templates of many open models take a single one, and only at the top.
        messages.insert(0, {"role": "system", "content": "\n\n".join(system)})
    asked: dict[str, Any] = {
        "model": model,
        "messages": messages,
        limit: prompt.max_output_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": prompt.schema_name,
                "strict": True,
                "schema": schema_of(prompt),
            },
        },
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if prompt.tools:
        asked["tools"] = [{"type": "function", "function": function(one)} for one in prompt.tools]
        if not prompt.may_call:
            asked["tool_choice"] = "none"
    return asked


def _messages(side: Side) -> Iterator[dict[str, Any]]:
    """What a side says: a message for each result, then one for the text and the calls."""
    for result in side.results:
        yield {"role": "tool", "tool_call_id": result.call_id, "content": result.text}
    if side.text or side.calls:
        # The text may be missing beside calls, but some servers want its field.
        said: dict[str, Any] = {"role": side.role.value, "content": side.text}
        if side.calls:
            said["tool_calls"] = [_call(call) for call in side.calls]
        yield said


def _call(call: ToolCall) -> dict[str, Any]:
    asked = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": asked}


class ChunkReader:
    """Understands the chunks of one completion."""

    def __init__(self, model: str) -> None:
        """`model` is named in errors."""
        self._model = model
        self._gathered = Gathered()
        self._refused = False
        self._finish = ""
        self._usage: object = None

    @property
    def complete(self) -> bool:
        return bool(self._finish)

    def read(self, event: object) -> str:
        if look(event, "usage") is not None:
            self._usage = look(event, "usage")
        for choice in items(event, "choices"):
            self._finish = text(choice, "finish_reason") or self._finish
            self._refused = self._refused or bool(text(choice, "delta", "refusal"))
            for call in items(choice, "delta", "tool_calls"):
                self._gathered.call(
                    number(call, "index"),
                    text(call, "id"),
                    text(call, "function", "name"),
                    text(call, "function", "arguments"),
                )
            # We ask for one choice.
            return self._gathered.add(text(choice, "delta", "content"))
        return ""

    def ending(self) -> Iterator[ToolCalls | Done]:
        if self._refused or self._finish == "content_filter":
            raise Refused(f"{self._model} declined")
        if self._finish == "length":
            raise OutputCut(f"{self._model} stopped in mid-answer (length)")
        yield from self._gathered.ending(self._finish, _usage(self._usage))


def _usage(usage: object) -> Usage:
    return Usage(
        input_total=number(usage, "prompt_tokens"),
        cache_read=number(usage, "prompt_tokens_details", "cached_tokens"),
        cache_write=number(usage, "prompt_tokens_details", "cache_write_tokens"),
        output=number(usage, "completion_tokens"),
        reasoning=number(usage, "completion_tokens_details", "reasoning_tokens"),
    )
