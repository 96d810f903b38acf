"""What goes out on the wire: the prompt as each surface's request, the key, and no accidents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from opentelemetry import trace

from agent.decision import DECISION_SCHEMA
from agent.models import PromptMessage, Role, ToolSpec
from agent.providers import openai
from agent.providers._faults import Account
from agent.providers._openai_chat import Chat
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.fake_models import FakeModels
from tests.support.model_subjects import (
    ANTHROPIC,
    CHAT,
    MODEL,
    PROMPT,
    RESPONSES,
    Subject,
    ask,
    open_vendor,
)

SPOKEN = [
    {"role": "user", "content": "Hello\n\nHow do I use the VPN? 日本語 🙂"},
    {"role": "assistant", "content": "Which one?"},
    {"role": "user", "content": "The company's."},
]
TOOL = ToolSpec("look_up", "Looks somebody up.", {"type": "object", "properties": {}})
STRICT = {**TOOL.parameters, "required": [], "additionalProperties": False}
TOOLS: dict[str, Any] = {
    "anthropic": {
        "name": "look_up",
        "description": "Looks somebody up.",
        "input_schema": TOOL.parameters,
    },
    "responses": {
        "type": "function",
        "name": "look_up",
        "description": "Looks somebody up.",
        "parameters": STRICT,
        "strict": True,
    },
    "chat": {
        "type": "function",
        "function": {
            "name": "look_up",
            "description": "Looks somebody up.",
            "parameters": STRICT,
            "strict": True,
        },
    },
}


async def sent(subject: Subject, fake: FakeModels, prompt: Any = PROMPT) -> dict[str, Any]:
    """The body that a prompt becomes."""
    provider = subject.open(fake, fake.clock)
    await ask(provider, prompt)
    await provider.close()
    assert fake.requests[-1].path == subject.path
    return dict(fake.requests[-1].body)


async def test_anthropic(fake: FakeModels) -> None:
    """System texts are blocks, the static first one ends the cached prefix; neighbours are joined;
    the schema is the output's format.
    """
    assert await sent(ANTHROPIC, fake) == {
        "model": MODEL,
        "max_tokens": 500,
        "stream": True,
        "system": [
            {"type": "text", "text": "The rules.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "The date."},
        ],
        "messages": SPOKEN,
        "output_config": {"format": {"type": "json_schema", "schema": DECISION_SCHEMA}},
    }


async def test_responses(fake: FakeModels) -> None:
    """Nothing is stored; the system texts are the instructions; earlier answers are final ones."""
    body = await sent(RESPONSES, fake)
    assert body.pop("prompt_cache_key").startswith("frontdesk-")
    assert body == {
        "model": MODEL,
        "max_output_tokens": 500,
        "stream": True,
        "store": False,
        "instructions": "The rules.\n\nThe date.",
        "input": [SPOKEN[0], {**SPOKEN[1], "phase": "final_answer"}, SPOKEN[2]],
        "text": {
            "format": {
                "type": "json_schema",
                "name": "decision",
                "strict": True,
                "schema": DECISION_SCHEMA,
            }
        },
    }


async def test_chat(fake: FakeModels) -> None:
    """One system message, the schema as response format, usage asked for, and nothing else that a
    small server might not know.
    """
    assert await sent(CHAT, fake) == {
        "model": MODEL,
        "max_tokens": 500,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "system", "content": "The rules.\n\nThe date."}, *SPOKEN],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "decision", "strict": True, "schema": DECISION_SCHEMA},
        },
    }


async def test_tools(surface: Subject, fake: FakeModels) -> None:
    """Tools are offered in each surface's own shape, at OpenAI strictly, beside the schema; the
    model may call them or not.
    """
    body = await sent(surface, fake, replace(PROMPT, tools=(TOOL,)))
    assert body["tools"] == [TOOLS[surface.name]]
    assert "tool_choice" not in body
    assert not {"text", "response_format", "output_config"}.isdisjoint(body)


async def test_the_cache_key_is_that_of_the_static_rules(fake: FakeModels) -> None:
    """Requests with the same rules share a cache, whatever else differs."""
    first = await sent(RESPONSES, fake)
    other_talk = await sent(RESPONSES, fake, replace(PROMPT, messages=PROMPT.messages[:3]))
    rules, _, *others = PROMPT.messages
    other_date = (rules, PromptMessage(Role.SYSTEM, "Another date."), *others)
    next_day = await sent(RESPONSES, fake, replace(PROMPT, messages=other_date))
    other_rules = await sent(RESPONSES, fake, replace(PROMPT, messages=PROMPT.messages[1:]))
    assert first["prompt_cache_key"] == other_talk["prompt_cache_key"]
    assert first["prompt_cache_key"] == next_day["prompt_cache_key"]
    assert first["prompt_cache_key"] != other_rules["prompt_cache_key"]


@pytest.mark.parametrize(
    ("address", "limit"),
    [
        ("http://localhost:11434/v1", "max_tokens"),
        ("https://one.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://azure.com.example/v1", "max_tokens"),
    ],
)
def test_the_limit_has_the_name_that_the_server_heeds(address: str, limit: str) -> None:
    """Ollama ignores the newer name and Azure refuses the older one."""
    assert Chat(Account("a server", MODEL, "", ""), address).limit == limit


async def test_the_key_goes_out_and_the_models_name_may_have_colons(
    fake: FakeModels, clock: TestClock
) -> None:
    """The key of the environment is the bearer's; 'llama3:8b' is one model."""
    for vendor in ("anthropic", "openai"):
        provider = open_vendor(vendor, "llama3:8b", fake, clock)
        await ask(provider)
        await provider.close()
        assert fake.requests[-1].headers["authorization"] == "Bearer sk-test"
        assert fake.requests[-1].model == "llama3:8b"
        assert provider.name == f"{vendor}:llama3:8b"


async def test_a_server_of_ones_own_needs_no_key(fake: FakeModels, clock: TestClock) -> None:
    """Ollama has no keys, but the SDK insists on sending one: a placeholder goes out."""
    environ = {"OPENAI_BASE_URL": fake.environ["OPENAI_BASE_URL"]}
    provider = openai.open_provider(MODEL, Surroundings(environ, clock))
    await ask(provider)
    await provider.close()
    assert fake.requests[-1].headers["authorization"] == "Bearer not-needed"


async def test_the_processs_environment_is_not_looked_into(
    surface: Subject, fake: FakeModels, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the settings that were handed over count, whatever else the process was started with."""
    for name in (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_PROFILE",
        "OPENAI_API_KEY",
        "OPENAI_ADMIN_KEY",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
    ):
        monkeypatch.setenv(name, "stray")
    for name in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await sent(surface, fake)
    assert "stray" not in str(fake.requests[-1].headers)


async def test_openais_account_names_are_those_handed_over(
    fake: FakeModels, clock: TestClock
) -> None:
    """Organisation and project of the settings go out as OpenAI's headers."""
    environ = {**fake.environ, "OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj-1"}
    provider = openai.open_provider(MODEL, Surroundings(environ, clock))
    await ask(provider)
    await provider.close()
    headers = fake.requests[-1].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-1")


async def test_the_trace_does_not_leave_the_house(surface: Subject, fake: FakeModels) -> None:
    """A vendor's own telemetry is off: no traceparent tells it which of our spans asked."""
    context = trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(1))
    with trace.use_span(trace.NonRecordingSpan(context)):
        await sent(surface, fake)
    assert "traceparent" not in fake.requests[-1].headers


@pytest.mark.parametrize("said", ["", " \n "])
async def test_empty_messages_are_left_out(surface: Subject, fake: FakeModels, said: str) -> None:
    """Vendors refuse a message without text, so none is sent; its neighbours are joined."""
    first, *others = PROMPT.messages
    empty = replace(first, text=said)
    silent = replace(others[2], text=said)
    odd = replace(PROMPT, messages=(empty, first, others[0], silent, *others[1:]))
    assert await sent(surface, fake, odd) == await sent(surface, fake)
