"""What the vendors refuse in a question with tools: the fake models look at each as they do.

Sentences are the vendors' own, as their users report them; only the rules that a translation of
ours could break are here. Some are stricter than one vendor is today, because a gateway that
speaks its protocol still is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.support.model_acts import Fail

Body = Mapping[str, Any]

ANTHROPIC_ID = re.compile(r"[a-zA-Z0-9_-]+")
LONGEST_ID = 64
"""Characters of a call's id at OpenAI."""
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def refused(path: str, body: Body) -> Fail | None:
    """The vendor's refusal of a question, None if it is well-formed."""
    rules = {"messages": _messages, "responses": _responses, "completions": _chat}
    for broken in rules[path.rpartition("/")[2]](body):
        return Fail(400, "invalid_request_error", message=broken)
    return None


def _messages(body: Body) -> Iterator[str]:
    """Anthropic's: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview."""
    told = [(one["role"], _blocks(one["content"])) for one in body["messages"]]
    for number, (role, blocks) in enumerate(told):
        if role not in ("user", "assistant"):
            yield f"messages.{number}.role: Input should be 'user' or 'assistant'"
        if not blocks or any(_is_blank(block) for block in blocks):
            yield "messages: text content blocks must be non-empty"
        for place, block in enumerate(blocks):
            yield from _block(block, f"messages.{number}.content.{place}")
    if any(before == after for (before, _), (after, _) in pairwise(told)):
        yield 'messages: roles must alternate between "user" and "assistant"'
    yield from _answered(told)
    used = [block for _, blocks in told for block in blocks if block["type"] != "text"]
    if used and not body.get("tools"):
        yield "Requests which include `tool_use` or `tool_result` blocks must define tools."
    if "tool_choice" in body and not body.get("tools"):
        yield "tool_choice: may only be specified while providing tools"
    yield from _names(tool["name"] for tool in body.get("tools", ()))


def _blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _is_blank(block: Body) -> bool:
    content = block.get("text") if block["type"] == "text" else block.get("content", "there")
    return isinstance(content, str) and not content.strip()


def _block(block: Body, place: str) -> Iterator[str]:
    if block["type"] == "tool_use":
        if not ANTHROPIC_ID.fullmatch(block["id"]):
            yield f"{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
        if not isinstance(block["input"], dict):
            yield f"{place}.tool_use.input: Input should be a valid dictionary"


def _answered(told: Sequence[tuple[str, list[Any]]]) -> Iterator[str]:
    """Each message's calls are answered by what the next one begins with, and nothing else is."""
    calls: list[str] = []
    for number, (role, blocks) in enumerate([*told, ("user", [])]):
        results: list[str] = []
        for block in blocks:
            if block["type"] != "tool_result":
                break
            results.append(block["tool_use_id"])
        if missing := set(calls) - set(results):
            yield (
                f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(sorted(missing))}. Each `tool_use` block must "
                "have a corresponding `tool_result` block in the next message."
            )
        every = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if stray := set(every) - set(calls):
            yield (
                f"messages.{number}.content.0: unexpected `tool_use_id` found in `tool_result` "
                f"blocks: {', '.join(sorted(stray))}. Each `tool_result` block must have a "
                "corresponding `tool_use` block in the previous message."
            )
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if len(set(calls)) < len(calls) or (calls and role != "assistant"):
            yield "messages: `tool_use` ids must be unique"


def _responses(body: Body) -> Iterator[str]:
    """OpenAI's: https://platform.openai.com/docs/guides/function-calling."""
    open_calls: set[str] = set()
    for item in body["input"] if isinstance(body["input"], list) else ():
        match item.get("type"):
            case "function_call":
                yield from _openai_call(item["call_id"], item)
                open_calls.add(item["call_id"])
            case "function_call_output" if item["call_id"] not in open_calls:
                told = "No tool call found for function call output with call_id"
                yield f"{told} {item['call_id']}."
            case "function_call_output":
                open_calls.remove(item["call_id"])
            case _ if item["role"] not in ("user", "assistant"):
                yield f"Invalid value: '{item['role']}'."
    for call_id in sorted(open_calls):
        yield f"No tool output found for function call {call_id}."
    yield from _functions(body, body.get("tools", ()))


def _chat(body: Body) -> Iterator[str]:
    open_calls: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                yield (
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'."
                )
            open_calls.discard(message["tool_call_id"])
            continue
        yield from _unanswered(open_calls)
        for call in message.get("tool_calls", ()):
            yield from _openai_call(call["id"], call["function"])
        open_calls = {call["id"] for call in message.get("tool_calls", ())}
        if not open_calls and not message["content"]:
            yield "Invalid value for 'content': expected a string, got null."
    yield from _unanswered(open_calls)
    yield from _functions(body, [tool["function"] for tool in body.get("tools", ())])


def _unanswered(calls: set[str]) -> Iterator[str]:
    if calls:
        yield (
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(sorted(calls))}"
        )


def _openai_call(call_id: str, call: Body) -> Iterator[str]:
    if not 0 < len(call_id) <= LONGEST_ID:
        yield f"Invalid 'call_id': string too long. Expected a maximum length of {LONGEST_ID}."
    if not isinstance(call["arguments"], str):
        yield "Invalid type for 'arguments': expected a string, but got an object instead."


def _functions(body: Body, tools: Sequence[Body]) -> Iterator[str]:
    if "tool_choice" in body and not tools:
        yield "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are"
    yield from _names(tool["name"] for tool in tools)
    for tool in tools:
        if tool.get("strict"):
            for broken in _not_strict(tool["parameters"], ()):
                yield f"Invalid schema for function '{tool['name']}': {broken}"


def _not_strict(schema: Any, context: tuple[str, ...]) -> Iterator[str]:
    """What strict mode refuses: https://platform.openai.com/docs/guides/structured-outputs."""
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield (
                f"In context={context}, 'additionalProperties' is required to be supplied and to "
                "be false."
            )
        if set(schema.get("required", ())) != set(schema["properties"]):
            yield (
                f"In context={context}, 'required' is required to be supplied and to be an array "
                "including every key in properties."
            )
    for keyword in ("default", "oneOf", "allOf", "not", "patternProperties", "prefixItems"):
        if keyword in schema:
            yield f"In context={context}, '{keyword}' is not permitted."
    inner = {**schema.get("properties", {}), **schema.get("$defs", {})}
    inner |= {str(number): one for number, one in enumerate(schema.get("anyOf", ()))}
    inner |= {"items": schema["items"]} if "items" in schema else {}
    for name, one in inner.items():
        yield from _not_strict(one, (*context, name))


def _names(names: Iterator[str]) -> Iterator[str]:
    told = list(names)
    if not all(TOOL_NAME.fullmatch(name) for name in told):
        yield "tools.0.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"
    if len(set(told)) < len(told):
        yield "tools: Tool names must be unique."
