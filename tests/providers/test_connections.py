"""Connections: given up when nobody listens any more, used again otherwise, and never betrayed."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from agent.errors import ProviderError
from agent.models import Done
from agent.ports import Provider
from agent.providers import anthropic, openai
from agent.providers._wire import LazyModules
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.fake_models import Act, Drip, Fail, FakeModels, InStreamError, Slow, hang
from tests.support.model_subjects import MODEL, PROMPT, Subject, ask, failing

ROOT = Path(__file__).resolve().parents[2]

MIDWAY = pytest.mark.parametrize(
    "act",
    [hang(), Slow(math.inf, head_first=True), Drip(5.0)],
    ids=["before the head", "after the head", "in mid-answer"],
)


@MIDWAY
async def test_cancelling_hangs_up(
    provider: Provider, fake: FakeModels, clock: TestClock, act: Act
) -> None:
    """A cancelled attempt ends at the vendor as well: nobody pays for what nobody reads."""
    fake.script(MODEL, [act])
    attempt = asyncio.create_task(ask(provider))
    await clock.advance(12)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    await fake.requests[0].over.wait()
    assert fake.requests[0].disconnected
    assert isinstance((await ask(provider))[-1], Done)


async def test_closing_the_iterator_hangs_up(
    provider: Provider, fake: FakeModels, clock: TestClock
) -> None:
    """A reader that has had enough closes the iterator, and the vendor sees it at once."""
    fake.script(MODEL, [Drip(5.0)])
    pieces = cast(Any, provider.ask(PROMPT))
    first = asyncio.ensure_future(anext(pieces))
    await clock.advance(5)
    assert (await first).text
    assert not fake.requests[0].over.is_set()
    await pieces.aclose()
    await fake.requests[0].over.wait()
    assert fake.requests[0].disconnected


async def test_one_connection_serves_many_questions(provider: Provider, fake: FakeModels) -> None:
    """The pool is the provider's: a second question needs no second handshake, also when its
    reader stops at the end without asking for what follows.
    """
    for _ in range(3):
        pieces = cast(Any, provider.ask(PROMPT))
        async for piece in pieces:
            if isinstance(piece, Done):
                break
        await pieces.aclose()
    assert len({asked.peer for asked in fake.requests}) == 1
    assert not any(asked.disconnected for asked in fake.requests)


async def test_closing_gives_the_connections_back(
    surface: Subject, fake: FakeModels, clock: TestClock
) -> None:
    """After close nothing of the provider is left open at the vendor."""
    provider = surface.open(fake, clock)
    await ask(provider)
    await provider.close()
    await ask(provider)
    await provider.close()
    assert len({asked.peer for asked in fake.requests}) == 2


async def test_waiting_is_the_callers_business(
    provider: Provider, fake: FakeModels, clock: TestClock
) -> None:
    """A provider has no time limit: an hour of silence is the ladder's to judge, not its own.

    The HTTP client would count real seconds; the SDKs tell the server how many, if any.
    """
    fake.script(MODEL, [Slow(3600.0)])
    attempt = asyncio.create_task(ask(provider))
    await clock.advance(3599)
    assert not attempt.done()
    await clock.advance(1)
    assert isinstance((await attempt)[-1], Done)
    assert "x-stainless-read-timeout" not in fake.requests[0].headers


class Stuck(LazyModules):
    """An SDK whose import takes until a test lets it go."""

    def __init__(self) -> None:
        """The import has not begun."""
        super().__init__()
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def load(self) -> None:
        self.begun.set()
        self.go_on.wait()
        super().load()


@pytest.mark.parametrize("module", [anthropic, openai], ids=["anthropic", "openai"])
async def test_importing_an_sdk_stops_nobody(
    module: ModuleType, fake: FakeModels, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question imports in a thread: others go on meanwhile, and it can be cancelled."""
    stuck = Stuck()
    monkeypatch.setattr(module, "_SDK", stuck)
    provider = module.open_provider(MODEL, Surroundings(fake.environ, clock))
    question = asyncio.create_task(ask(provider))
    await asyncio.to_thread(stuck.begun.wait)
    assert not question.done()
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    stuck.go_on.set()
    assert isinstance((await ask(provider))[-1], Done)
    await provider.close()


SECRET = "sk-very-secret-1234567890"
TELLTALE = f"Incorrect API key provided: {SECRET}. You asked: {PROMPT.question}"


@pytest.mark.parametrize(
    "act",
    [
        Fail(400, message=TELLTALE),
        Fail(401, SECRET, SECRET, TELLTALE, {"request-id": SECRET, "x-request-id": SECRET}),
        Fail(403, message=TELLTALE),
        Fail(429, message=TELLTALE),
        Fail(500, body=TELLTALE),
        InStreamError(SECRET, SECRET, TELLTALE),
    ],
    ids=["400", "401", "403", "429", "500", "in the stream"],
)
async def test_no_error_betrays_a_secret_or_the_question(
    surface: Subject, fake: FakeModels, clock: TestClock, act: Act
) -> None:
    """Vendors quote keys and prompts in their complaints; ours go into logs and never do."""
    fake.client_key = SECRET
    fake.script(MODEL, [act])
    provider = surface.open(fake, clock)
    error = await failing(provider)
    await provider.close()
    assert SECRET in fake.requests[0].headers["authorization"]
    told = "".join(traceback.format_exception(error)) + repr(error.__dict__) + repr(provider)
    assert SECRET not in told
    assert PROMPT.question not in told


async def test_an_error_drags_no_request_along(provider: Provider, fake: FakeModels) -> None:
    """The vendor's exception holds the request with key and prompt; no chain leads to it, so that
    an error reporter which follows chains finds nothing.
    """
    fake.script(MODEL, [Fail(500)])
    error: BaseException = await failing(provider)
    assert isinstance(error, ProviderError)
    assert error.__cause__ is None
    assert error.__context__ is None


LAZY = """
import sys
from agent.surroundings import Surroundings
from agent.providers import open_models, preload_models
from bot.clock import SystemClock

heavy = {"anthropic", "openai", "httpx2"}
environ = {"ANTHROPIC_API_KEY": "sk-ant-test", "OPENAI_API_KEY": "sk-test"}
spec = "anthropic:a,openai:b"
opened = open_models(spec, Surroundings(environ, SystemClock()))
import agent.providers.anthropic, agent.providers.openai
assert [model.name for model in opened] == ["anthropic:a", "openai:b", "knowledge:"]
assert not heavy & set(sys.modules), heavy & set(sys.modules)
preload_models("anthropic:a")
assert "anthropic.resources.messages" in sys.modules
assert "openai" not in sys.modules
preload_models(spec)
assert "openai.resources.responses" in sys.modules
"""


def test_opening_imports_no_sdk() -> None:
    """The SDKs take a second to import: a start does not pay for it, nor for unused vendors."""
    subprocess.run([sys.executable, "-c", LAZY], check=True, cwd=ROOT)


LATE = """
import asyncio
from agent.decision import DECISION_SCHEMA
from agent.models import Prompt, PromptMessage, Role
from agent.surroundings import Surroundings
from agent.providers import open_models
from bot.clock import SystemClock
from tests.support.fake_models import FakeModels

PROMPT = Prompt((PromptMessage(Role.USER, "Hi"),), DECISION_SCHEMA)

async def main():
    clock = SystemClock()
    async with FakeModels(clock) as fake:
        models = open_models("anthropic:a,openai:b", Surroundings(fake.environ, clock))
        for model in models[:2]:
            pieces = [piece async for piece in model.ask(PROMPT)]
            assert pieces[-1].text, pieces
            await model.close()

asyncio.run(main())
"""


def test_the_first_question_imports_the_sdk() -> None:
    """Without a preload the first question brings the SDK in by itself."""
    subprocess.run([sys.executable, "-c", LATE], check=True, cwd=ROOT)
