"""The three wire protocols that the fake models speak, each as the events of a stream.

Written from the shapes that the installed SDKs declare, not from our own providers. A dialect is a
list of JSON objects for each thing a model does; `frame` makes each of them bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from pydantic_core import to_json

from agent.models import Usage
from tests.support.model_acts import Fail, InStreamError, ToolUse

Event = Any
"""A JSON object; in a test of robustness any other JSON value too."""
CREATED = 1_790_000_000


class Dialect(Protocol):
    """One protocol. `cut` is its word for an output that may not be longer, `last` what follows
    the last event of a complete stream.
    """

    cut: str
    last: bytes

    def begin(self, model: str, usage: Usage) -> list[Event]:
        """What comes before the first piece of output."""

    def delta(self, text: str) -> Event:
        """A piece of output."""

    def finish(self, model: str, text: str, stop: str, usage: Usage) -> list[Event]:
        """What comes after the last piece. `stop` is '' for the usual end."""

    def refuse(self, model: str, text: str, usage: Usage) -> list[Event]:
        """A whole answer that declines, without `begin`."""

    def tools(self, model: str, act: ToolUse) -> list[Event]:
        """A whole answer that asks for tools, without `begin`."""

    def trouble(self, act: InStreamError) -> Event:
        """An error event."""

    def failure(self, act: Fail) -> Event:
        """The body of an HTTP error."""

    def frame(self, event: Event) -> bytes:
        """An event as bytes."""

    def model(self, name: str) -> Event:
        """One entry of the list of models."""

    def __hash__(self) -> int:
        """Dialects may be keys of a cache."""


def frame_named(event: Event) -> bytes:
    """An event with its type as its name, as Anthropic and OpenAI's responses send it."""
    name = event.get("type") if isinstance(event, Mapping) else None
    return b"event: %s\ndata: %s\n\n" % (str(name).encode(), to_json(event))


class Messages:
    """Anthropic's messages."""

    cut = "max_tokens"
    last = b""

    def begin(self, model: str, usage: Usage) -> list[Event]:
        return [self._start(model, usage), self._block({"type": "text", "text": ""}), PING]

    def delta(self, text: str) -> Event:
        delta = {"type": "text_delta", "text": text}
        return {"type": "content_block_delta", "index": 0, "delta": delta}

    def finish(self, model: str, text: str, stop: str, usage: Usage) -> list[Event]:
        return [
            {"type": "content_block_stop", "index": 0},
            self._end(stop or "end_turn", usage),
            {"type": "message_stop"},
        ]

    def refuse(self, model: str, text: str, usage: Usage) -> list[Event]:
        details = {"type": "refusal", "category": "cyber", "explanation": text}
        return [
            self._start(model, usage),
            self._end("refusal", usage, details),
            {"type": "message_stop"},
        ]

    def tools(self, model: str, act: ToolUse) -> list[Event]:
        events = [*self.begin(model, act.usage), self.delta(act.text)]
        events.append({"type": "content_block_stop", "index": 0})
        for index, (name, arguments) in enumerate(act.calls, start=1):
            block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
            events.append(self._block(block, index))
            for half in _halves(arguments):
                delta = {"type": "input_json_delta", "partial_json": half}
                events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        return [*events, self._end("tool_use", act.usage), {"type": "message_stop"}]

    def trouble(self, act: InStreamError) -> Event:
        return _anthropic_error(act.kind, act.code, act.message)

    def failure(self, act: Fail) -> Event:
        kind = act.kind or ANTHROPIC_KINDS.get(act.status, "api_error")
        return _anthropic_error(kind, act.code, act.message)

    def frame(self, event: Event) -> bytes:
        return frame_named(event)

    def model(self, name: str) -> Event:
        return {
            "type": "model",
            "id": name,
            "display_name": name,
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "active",
        }

    def _start(self, model: str, usage: Usage) -> Event:
        message: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                # What the cache gave or took is left out here, as the vendor does.
                "input_tokens": usage.input_total - usage.cache_read - usage.cache_write,
                "cache_creation_input_tokens": usage.cache_write,
                "cache_read_input_tokens": usage.cache_read,
                "output_tokens": 1,
            },
        }
        return {"type": "message_start", "message": message}

    def _block(self, block: Event, index: int = 0) -> Event:
        return {"type": "content_block_start", "index": index, "content_block": block}

    def _end(self, stop: str, usage: Usage, details: Event | None = None) -> Event:
        return {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None, "stop_details": details},
            "usage": {
                "output_tokens": usage.output,
                "output_tokens_details": {"thinking_tokens": usage.reasoning},
            },
        }


PING: Event = {"type": "ping"}
ANTHROPIC_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Responses:
    """OpenAI's responses."""

    cut = "max_output_tokens"
    last = b""

    def begin(self, model: str, usage: Usage) -> list[Event]:
        return [
            {"type": "response.created", "response": _response(model, "in_progress")},
            self._added(0, _message("in_progress", "")),
        ]

    def delta(self, text: str) -> Event:
        return {
            "type": "response.output_text.delta",
            "item_id": "msg_1",
            "output_index": 0,
            "content_index": 0,
            "delta": text,
            "logprobs": [],
        }

    def finish(self, model: str, text: str, stop: str, usage: Usage) -> list[Event]:
        status = "incomplete" if stop else "completed"
        response = _response(model, status, [_message(status, text)], usage)
        if stop:
            response["incomplete_details"] = {"reason": stop}
        return [
            {"type": "response.output_item.done", "output_index": 0, "item": {"type": "message"}},
            {"type": f"response.{status}", "response": response},
        ]

    def refuse(self, model: str, text: str, usage: Usage) -> list[Event]:
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        return [
            *self.begin(model, usage),
            {"type": "response.refusal.delta", "delta": text, **place},
            {"type": "response.refusal.done", "refusal": text, **place},
            {"type": "response.completed", "response": _response(model, "completed", [], usage)},
        ]

    def tools(self, model: str, act: ToolUse) -> list[Event]:
        events = [*self.begin(model, act.usage), self.delta(act.text)]
        for index, (name, arguments) in enumerate(act.calls, start=1):
            call = {
                "type": "function_call",
                "id": f"fc_{index}",
                "call_id": f"call_{index}",
                "name": name,
                "arguments": "",
                "status": "in_progress",
            }
            events.append(self._added(index, call))
            place = {"item_id": f"fc_{index}", "output_index": index}
            for half in _halves(arguments):
                kind = "response.function_call_arguments.delta"
                events.append({"type": kind, "delta": half, **place})
        response = _response(model, "completed", [], act.usage)
        return [*events, {"type": "response.completed", "response": response}]

    def trouble(self, act: InStreamError) -> Event:
        return {
            "type": "error",
            "code": act.code or act.kind,
            "message": act.message,
            "param": None,
            "sequence_number": 9,
        }

    def failure(self, act: Fail) -> Event:
        return _openai_error(act)

    def frame(self, event: Event) -> bytes:
        return frame_named(event)

    def model(self, name: str) -> Event:
        return {"id": name, "object": "model", "created": CREATED, "owned_by": "nobody"}

    def _added(self, index: int, item: Event) -> Event:
        return {"type": "response.output_item.added", "output_index": index, "item": item}


class Chat(Responses):
    """Chat completions; list of models and HTTP errors are the same as OpenAI's."""

    cut = "length"
    last = b"data: [DONE]\n\n"

    def begin(self, model: str, usage: Usage) -> list[Event]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def delta(self, text: str) -> Event:
        return self._chunk({"content": text})

    def finish(self, model: str, text: str, stop: str, usage: Usage) -> list[Event]:
        return [self._chunk({}, stop or "stop"), self._usage(usage)]

    def refuse(self, model: str, text: str, usage: Usage) -> list[Event]:
        begin = self.begin(model, usage)
        return [*begin, self._chunk({"refusal": text}), *self.finish(model, "", "", usage)]

    def tools(self, model: str, act: ToolUse) -> list[Event]:
        events = [*self.begin(model, act.usage), self.delta(act.text)]
        for index, (name, arguments) in enumerate(act.calls):
            call = {"id": f"call_{index}", "type": "function", "function": {"name": name}}
            events.append(self._chunk({"tool_calls": [{"index": index, **call}]}))
            for half in _halves(arguments):
                piece = {"index": index, "function": {"arguments": half}}
                events.append(self._chunk({"tool_calls": [piece]}))
        return [*events, *self.finish(model, "", "tool_calls", act.usage)]

    def trouble(self, act: InStreamError) -> Event:
        error = {"message": act.message, "type": act.kind, "code": act.code or None}
        return {"error": error}

    def frame(self, event: Event) -> bytes:
        return b"data: %s\n\n" % to_json(event)

    def _chunk(self, delta: Event, finish: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}

    def _usage(self, usage: Usage) -> Event:
        told = {
            "prompt_tokens": usage.input_total,
            "completion_tokens": usage.output,
            "total_tokens": usage.input_total + usage.output,
            "prompt_tokens_details": {
                "cached_tokens": usage.cache_read,
                "cache_write_tokens": usage.cache_write,
            },
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        }
        return {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": told}


MESSAGES, RESPONSES, CHAT = Messages(), Responses(), Chat()


def _message(status: str, text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
        "phase": "final_answer",
    }


def _response(
    model: str, status: str, output: list[Event] | None = None, usage: Usage | None = None
) -> dict[str, Any]:
    told = usage and {
        "input_tokens": usage.input_total,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input_total + usage.output,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "model": model,
        "status": status,
        "output": output or [],
        "usage": told,
        "error": None,
        "incomplete_details": None,
    }


def _anthropic_error(kind: str, code: str, message: str) -> Event:
    error: dict[str, Any] = {"type": kind, "message": message}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error, "request_id": "req_1"}


def _openai_error(act: Fail) -> Event:
    error = {"message": act.message, "type": act.kind or None, "param": None}
    return {"error": {**error, "code": act.code or None}}


def _halves(text: str) -> Iterator[str]:
    middle = len(text) // 2
    yield from (half for half in (text[:middle], text[middle:]) if half)
