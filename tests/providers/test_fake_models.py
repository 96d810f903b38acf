"""The fake models themselves: other suites rest on what they promise."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from agent.models import Done
from agent.ports import Provider
from agent.providers import anthropic
from agent.surroundings import Surroundings
from bot.clock import SystemClock
from tests.support.clock import TestClock
from tests.support.fake_models import Answer, Asked, Fail, FakeModels, Raw, Slow, decision
from tests.support.model_subjects import MODEL, PROMPT, Subject, ask, failing

ROOT = Path(__file__).resolve().parents[2]


async def text(provider: Provider) -> str:
    """The output of the next question."""
    end = (await ask(provider))[-1]
    assert isinstance(end, Done)
    return end.text


async def test_scripts_come_before_the_rest(provider: Provider, fake: FakeModels) -> None:
    """The model's own script first, then that for any model, then the default."""
    fake.otherwise = Raw("default")
    fake.script(None, [Raw("any")])
    fake.script(MODEL, [Raw("one"), Raw("two")])
    fake.script("another", [Raw("not this")])
    assert [await text(provider) for _ in range(5)] == ["one", "two", "any", "default", "default"]


async def test_the_default_may_look_at_the_question(provider: Provider, fake: FakeModels) -> None:
    """A function makes answers that depend on what was asked."""

    def repeat(asked: Asked) -> Answer:
        return Answer(asked.model.upper())

    fake.otherwise = repeat
    assert await text(provider) == decision(MODEL.upper())


async def test_requests_are_kept(surface: Subject, provider: Provider, fake: FakeModels) -> None:
    """A test can read what was asked, where, and whether the client stayed."""
    await ask(provider)
    (asked,) = fake.requests
    assert (asked.path, asked.model) == (surface.path, MODEL)
    assert asked.body["stream"] is True
    assert asked.over.is_set()
    assert not asked.disconnected


async def test_waiting_is_done_on_the_clock(
    provider: Provider, fake: FakeModels, clock: TestClock
) -> None:
    """A slow model answers when a test has moved the time so far, and not before."""
    fake.script(MODEL, [Slow(8.0, Raw("late"))])
    waiting = asyncio.create_task(text(provider))
    await clock.advance(7.9)
    assert not waiting.done()
    await clock.advance(0.1)
    assert await waiting == "late"


async def test_keys_and_models_can_be_limited(provider: Provider, fake: FakeModels) -> None:
    """A server that accepts one key and has some models refuses the others."""
    fake.key = "sk-other"
    assert "401" in str(await failing(provider))
    fake.key, fake.offered = None, {"another"}
    assert "404" in str(await failing(provider))
    fake.offered = {MODEL}
    assert await text(provider)


async def test_a_failure_may_have_any_body(provider: Provider, fake: FakeModels) -> None:
    """A page from a proxy in between is no JSON of the vendor's."""
    fake.script(MODEL, [Fail(502, body="<html>")])
    assert "(502)" in str(await failing(provider))


async def test_it_runs_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks start it beside them; its first line is the address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    command = (sys.executable, "-m", "tests.support.fake_models", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()
    environ = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": f"{address}/anthropic"}
    provider = anthropic.open_provider(MODEL, Surroundings(environ, SystemClock()))
    try:
        assert isinstance((await ask(provider, PROMPT))[-1], Done)
    finally:
        await provider.close()
        process.terminate()
    assert await process.wait() == 0
