"""The providers that the tests try, and how each is opened against the fake models.

The three wire surfaces are described here; a vendor module that nobody has described is opened
with the fake's environment, so that a new one meets the contract on the day it is written. If it
asks a server that is not like OpenAI's, the fake must learn its dialect (`model_dialects`), and it
joins `SURFACES`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, cast

from agent.decision import DECISION_SCHEMA
from agent.errors import ProviderError
from agent.models import Passage, Piece, Prompt, PromptMessage, Role, ToolCall, ToolSpec
from agent.ports import Clock, Provider
from agent.providers import openai, variables_of, vendors
from agent.providers._faults import Account
from agent.providers._openai_responses import Responses
from agent.surroundings import Surroundings
from tests.support.fake_models import FakeModels

MODEL = "model-1"

PASSAGES = (
    Passage("p1", "VPN", "First steps", "Install the client, then sign in.", score=0.9),
    Passage("p2", "Leave", "Days", "You have 30 days a year.", score=0.1),
)

PROMPT = Prompt(
    messages=(
        PromptMessage(Role.SYSTEM, "The rules."),
        PromptMessage(Role.SYSTEM, "The date."),
        PromptMessage(Role.USER, "Hello"),
        PromptMessage(Role.USER, "How do I use the VPN? 日本語 🙂"),
        PromptMessage(Role.ASSISTANT, "Which one?"),
        PromptMessage(Role.USER, "The company's."),
    ),
    schema=DECISION_SCHEMA,
    question="How do I use the VPN?",
    passages=PASSAGES,
    max_output_tokens=500,
)


LOOK_UP = ToolSpec(
    "look_up",
    "Looks somebody up.",
    {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]},
)
CALLED = replace(
    PROMPT,
    messages=(
        *PROMPT.messages,
        PromptMessage(
            Role.ASSISTANT,
            "One moment.",
            calls=(
                ToolCall("t12:1", "look_up", '{"who":"Ada"}'),
                ToolCall("t12:2", "look_up", '{"who":"Bob"}'),
            ),
        ),
        PromptMessage(Role.TOOL, "She is in.", call_id="t12:1"),
        PromptMessage(Role.TOOL, "He is out.", call_id="t12:2"),
        PromptMessage(Role.ASSISTANT, "", calls=(ToolCall("t12:3", "look_up", '{"who":"Cy"}'),)),
        PromptMessage(Role.TOOL, "", call_id="t12:3"),
    ),
    tools=(LOOK_UP,),
)
"""A question whose answer took tools: two calls at once, then one more that brought nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A provider to try. `path` is where its questions arrive at the fake, '' if it asks nobody."""

    name: str
    vendor: str
    model: str
    open: Callable[[FakeModels, Clock], Provider]
    path: str = ""

    def __str__(self) -> str:
        return self.name


def open_vendor(vendor: str, model: str, fake: FakeModels, clock: Clock) -> Provider:
    """Open a vendor module with the environment that leads to the fake."""
    module = import_module(f"agent.providers.{vendor}")
    return cast(Provider, module.open_provider(model, Surroundings(fake.environ, clock)))


def open_responses(fake: FakeModels, clock: Clock) -> Provider:
    """OpenAI's own surface. By the environment it is reached at OpenAI only, so it is built."""
    account = Account("OpenAI", MODEL, openai.KEY, openai.ADDRESS)
    environ = fake.environ
    connection = openai.Connection(environ[openai.KEY], environ[openai.ADDRESS])
    return openai.OpenAIModel(Responses(account), account, connection, clock)


def _by_environment(vendor: str, model: str) -> Callable[[FakeModels, Clock], Provider]:
    return lambda fake, clock: open_vendor(vendor, model, fake, clock)


ANTHROPIC = Subject(
    "anthropic", "anthropic", MODEL, _by_environment("anthropic", MODEL), "/anthropic/v1/messages"
)
RESPONSES = Subject("responses", "openai", MODEL, open_responses, "/openai/v1/responses")
CHAT = Subject(
    "chat", "openai", MODEL, _by_environment("openai", MODEL), "/openai/v1/chat/completions"
)
SURFACES = (ANTHROPIC, RESPONSES, CHAT)
WITHOUT_MODEL = frozenset({"knowledge"})


def subjects() -> tuple[Subject, ...]:
    """The three surfaces, and every other vendor module there is."""
    described = {surface.vendor for surface in SURFACES}
    others = [vendor for vendor in vendors() if vendor not in described]
    models = {vendor: "" if vendor in WITHOUT_MODEL else MODEL for vendor in others}
    opened = (
        Subject(vendor, vendor, model, _by_environment(vendor, model), _asked_at(vendor))
        for vendor, model in models.items()
    )
    return (*SURFACES, *opened)


def _asked_at(vendor: str) -> str:
    """Where the questions of a vendor arrive that nobody has described: one that reads a server's
    address is taken for compatible with OpenAI's chat completions.
    """
    reads = (name for name in variables_of(vendor) if name.endswith("_BASE_URL"))
    return CHAT.path if any(reads) else ""


async def ask(provider: Provider, prompt: Prompt = PROMPT) -> list[Piece]:
    """Everything that a question brings."""
    async with aclosing(cast(Any, provider.ask(prompt))) as pieces:
        return [piece async for piece in pieces]


async def failing(provider: Provider, prompt: Prompt = PROMPT) -> ProviderError:
    """The error that a question ends in."""
    try:
        pieces = await ask(provider, prompt)
    except ProviderError as error:
        return error
    raise AssertionError(f"it did not fail, but brought {pieces}")
