"""The fakes' rules for tools: each breach is refused as the vendor words it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.model_rules import refused

USE = {"type": "tool_use", "id": "a", "name": "look_up", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "Yes."}
TEXT = {"type": "text", "text": "Well."}
MESSAGES: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": [USE]},
        {"role": "user", "content": [RESULT, TEXT]},
    ],
    "tools": [{"name": "look_up", "input_schema": {"type": "object"}}],
}
CALL = {"type": "function_call", "call_id": "a", "name": "look_up", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "a", "output": "Yes."}
PARAMETERS = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
FUNCTION = {"name": "look_up", "parameters": PARAMETERS, "strict": True}
RESPONSES: dict[str, Any] = {
    "input": [{"role": "user", "content": "Hello"}, CALL, OUTPUT],
    "tools": [{"type": "function", **FUNCTION}],
}
CHAT: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "Hello"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "a", "function": {"name": "look_up", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "Yes."},
    ],
    "tools": [{"type": "function", "function": FUNCTION}],
}
BODIES = {"messages": MESSAGES, "responses": RESPONSES, "completions": CHAT}

Breach = tuple[str, Callable[[Any], object], str]
BREACHES: list[Breach] = [
    ("messages", lambda body: body["messages"].pop(), "found without `tool_result` blocks"),
    ("messages", lambda body: body["messages"][2]["content"].reverse(), "found without"),
    ("messages", lambda body: body["messages"][2].update(content="Well."), "found without"),
    (
        "messages",
        lambda body: body["messages"][1].update(content="Hm."),
        "unexpected `tool_use_id`",
    ),
    ("messages", lambda body: body["messages"][1]["content"].append(USE), "must be unique"),
    ("messages", lambda body: body["messages"][1]["content"][0].update(id="a:1"), "should match"),
    ("messages", lambda body: body["messages"][1]["content"][0].update(input="{}"), "dictionary"),
    ("messages", lambda body: body["messages"][2]["content"][1].update(text=" "), "non-empty"),
    ("messages", lambda body: body["messages"][2]["content"][0].update(content=""), "non-empty"),
    ("messages", lambda body: body["messages"].insert(0, body["messages"][0]), "must alternate"),
    ("messages", lambda body: body["messages"][0].update(role="tool"), "should be 'user'"),
    ("messages", lambda body: body.pop("tools"), "must define tools"),
    ("messages", lambda body: body["tools"].append(body["tools"][0]), "names must be unique"),
    ("messages", lambda body: body.update(tools=[], tool_choice={"type": "none"}), "must define"),
    ("responses", lambda body: body["input"].pop(), "No tool output found for function call a."),
    ("responses", lambda body: body["input"].pop(1), "No tool call found"),
    ("responses", lambda body: body["input"].append(OUTPUT), "No tool call found"),
    ("responses", lambda body: body["input"][1].update(arguments={}), "expected a string"),
    ("responses", lambda body: body["input"][0].update(role="tool"), "Invalid value: 'tool'"),
    ("responses", lambda body: body.update(tools=[], tool_choice="none"), "'tool_choice'"),
    ("responses", lambda body: body["tools"][0].update(name="look up"), "should match"),
    (
        "responses",
        lambda body: body["tools"][0]["parameters"].pop("additionalProperties"),
        "'additionalProperties' is required",
    ),
    (
        "responses",
        lambda body: body["tools"][0]["parameters"]["properties"].update(who={"default": 1}),
        "'required' is required",
    ),
    (
        "responses",
        lambda body: body["tools"][0]["parameters"].update(default={}),
        "'default' is not permitted",
    ),
    ("completions", lambda body: body["messages"].pop(), "did not have response messages: a"),
    (
        "completions",
        lambda body: body["messages"].insert(2, body["messages"][0]),
        "did not have response messages: a",
    ),
    ("completions", lambda body: body["messages"].pop(1), "must be a response to a preceeding"),
    (
        "completions",
        lambda body: body["messages"][1]["tool_calls"][0].update(id="a" * 65),
        "maximum length",
    ),
    ("completions", lambda body: body["messages"][0].update(content=""), "expected a string"),
]


@pytest.mark.parametrize("name", BODIES)
def test_what_is_well_formed_passes(name: str) -> None:
    """The examples from which the breaches are made are themselves in order."""
    assert refused(f"/v1/{name}", BODIES[name]) is None


@pytest.mark.parametrize(("name", "breach", "told"), BREACHES, ids=itertools.count())
def test_a_breach_is_refused(name: str, breach: Callable[[Any], object], told: str) -> None:
    """With status 400 and a sentence that says what is wrong."""
    body = copy.deepcopy(BODIES[name])
    breach(body)
    refusal = refused(f"/v1/{name}", body)
    assert refusal is not None
    assert refusal.status == 400
    assert told in refusal.message
