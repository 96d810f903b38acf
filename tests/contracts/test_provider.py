"""The contract of `Provider` (agent/ports.py), kept by every vendor module and every surface."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from typing import Any, cast

import pytest

from agent.decision import parse_decision
from agent.errors import ConfigError
from agent.models import Delta, Done, Piece, Prompt, PromptMessage, Role, ToolCalls, ToolSpec
from agent.ports import Provider
from agent.providers import preload_models, variables_of, vendors
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.fake_models import Answer, Drip, FakeModels, ToolUse, decision
from tests.support.model_subjects import (
    CALLED,
    MODEL,
    PASSAGES,
    PROMPT,
    WITHOUT_MODEL,
    Subject,
    ask,
    open_vendor,
    subjects,
)

ASKING = [one for one in subjects() if one.path]
"""Those that ask a model."""
KNOWN = {passage.id for passage in PASSAGES}


@pytest.fixture(autouse=True, scope="module")
def _sdks() -> None:
    """Import the SDKs first: a thread that imports is nothing the tests' clock could wait for."""
    preload_models(",".join(vendors()))


@pytest.fixture
async def fake(clock: TestClock, on_loopback: None) -> AsyncIterator[FakeModels]:
    async with FakeModels(clock) as server:
        yield server


@pytest.fixture(params=subjects(), ids=str)
def subject(request: pytest.FixtureRequest) -> Subject:
    chosen: Subject = request.param
    return chosen


@pytest.fixture
async def provider(subject: Subject, fake: FakeModels, clock: TestClock) -> AsyncIterator[Provider]:
    opened = subject.open(fake, clock)
    yield opened
    await opened.close()


def done(pieces: list[Piece]) -> Done:
    """The last piece, which is the end."""
    assert isinstance(pieces[-1], Done)
    return pieces[-1]


def deltas(pieces: list[Piece]) -> list[str]:
    """The output as it came."""
    return [piece.text for piece in pieces if isinstance(piece, Delta)]


async def test_name_is_that_of_the_configuration(subject: Subject, provider: Provider) -> None:
    """A provider is called in the trace what the administrator called it in the configuration."""
    assert provider.name == f"{subject.vendor}:{subject.model}"
    assert isinstance(provider.model_free, bool)


async def test_an_answer_is_deltas_and_one_end(provider: Provider) -> None:
    """The deltas make up the whole text, and exactly one Done comes, last."""
    pieces = await ask(provider)
    assert "".join(deltas(pieces)) == done(pieces).text
    assert all(deltas(pieces))
    assert [type(piece) for piece in pieces].count(Done) == 1
    assert not any(isinstance(piece, ToolCalls) for piece in pieces)


async def test_an_answer_is_a_decision(provider: Provider) -> None:
    """What a provider delivers for a decision's prompt passes the kernel's validation."""
    text = done(await ask(provider)).text
    assert parse_decision(text, KNOWN).response


async def test_an_answer_has_a_stop_and_no_negative_usage(provider: Provider) -> None:
    """Trace and budget can rely on a stop reason and on counts that add up."""
    end = done(await ask(provider))
    assert end.stop
    usage = end.usage
    assert usage.input_total >= usage.cache_read + usage.cache_write >= 0
    assert usage.output >= usage.reasoning >= 0


@pytest.mark.parametrize("said", ["", " \n", "x" * 50_000, '"}\\u0000\\', "🙂\u200d"])
async def test_awkward_messages_are_asked_all_the_same(provider: Provider, said: str) -> None:
    """Empty, huge and odd messages beside the question do not upset the request."""
    odd = (PromptMessage(Role.USER, said), PromptMessage(Role.ASSISTANT, said))
    prompt = replace(PROMPT, messages=(*PROMPT.messages[:3], *odd, *PROMPT.messages[3:]))
    assert done(await ask(provider, prompt)).text


async def test_a_question_without_rules(provider: Provider) -> None:
    """A prompt may consist of a single user message."""
    prompt = replace(PROMPT, messages=(PromptMessage(Role.USER, "Hello"),))
    assert done(await ask(provider, prompt)).text


@pytest.mark.parametrize("may_call", [True, False])
@pytest.mark.parametrize("tools", [CALLED.tools, ()])
async def test_a_conversation_with_calls_goes_on(
    provider: Provider, tools: tuple[ToolSpec, ...], may_call: bool
) -> None:
    """Calls and their results are understood by every vendor, whether more may be called, none
    any more, or the tools are gone; the fakes refuse what the vendors would.
    """
    prompt = replace(CALLED, tools=tools, may_call=may_call)
    assert parse_decision(done(await ask(provider, prompt)).text, KNOWN).response


@pytest.mark.parametrize("subject", ASKING, ids=str)
async def test_calls_come_at_once_and_before_the_end(fake: FakeModels, provider: Provider) -> None:
    """A model that asks for tools yields its calls in one piece and in order, then the end."""
    fake.script(MODEL, [ToolUse((("look_up", '{"who":"Ada"}'), ("look_up", '{"who":"Bob"}')))])
    calls, end = await ask(provider, CALLED)
    assert isinstance(calls, ToolCalls)
    assert [call.arguments for call in calls.calls] == ['{"who":"Ada"}', '{"who":"Bob"}']
    assert len({call.id for call in calls.calls}) == 2
    assert done([end]).text == ""


@pytest.mark.parametrize("subject", ASKING, ids=str)
async def test_calls_that_must_not_be_are_not_handed_on(
    fake: FakeModels, provider: Provider
) -> None:
    """Some servers ignore that no tool may be called; their calls go no further."""
    fake.script(MODEL, [ToolUse()])
    (end,) = await ask(provider, replace(CALLED, may_call=False))
    assert done([end]).text == ""


@pytest.mark.parametrize("subject", ASKING, ids=str)
async def test_two_questions_at_once_do_not_mix(
    fake: FakeModels, clock: TestClock, provider: Provider
) -> None:
    """Several lanes share a provider; each hears its own answer only."""
    texts = [decision(letter * 40) for letter in "abc"]
    fake.script(MODEL, [Drip(1.0, text) for text in texts])
    tasks = [asyncio.create_task(ask(provider)) for _ in texts]
    await clock.advance(60)
    answers = [done(await task).text for task in tasks]
    assert sorted(answers) == texts


async def test_closing_the_iterator_early_leaves_the_provider_usable(provider: Provider) -> None:
    """A cancelled attempt does not harm the next one."""
    pieces = cast(Any, provider.ask(PROMPT))
    assert await anext(pieces)
    await pieces.aclose()
    assert done(await ask(provider)).text


async def test_an_iterator_that_is_never_started_costs_nothing(
    fake: FakeModels, provider: Provider
) -> None:
    """The request goes out when the first piece is wanted, not before."""
    pieces = cast(Any, provider.ask(PROMPT))
    await pieces.aclose()
    assert not fake.requests


async def test_check_is_one_line(provider: Provider) -> None:
    """`frontdesk check` prints one line per model that works."""
    line = await provider.check()
    assert provider.name in line
    assert "\n" not in line


async def test_close_may_be_repeated(provider: Provider) -> None:
    """Shutdown may close twice, also what was never used."""
    await provider.close()
    await ask(provider)
    await provider.close()
    await provider.close()


@pytest.mark.parametrize("vendor", vendors())
def test_opening_tells_what_is_missing(vendor: str, clock: TestClock) -> None:
    """Without any setting a vendor either opens or says in a sentence which one it needs."""
    assert re.match(f"{vendor}:|[A-Z_]+_API_KEY is not set: ", opened_or_told(vendor, clock))


def opened_or_told(vendor: str, clock: TestClock) -> str:
    """The name of a provider opened without settings, or the complaint."""
    module = import_module(f"agent.providers.{vendor}")
    model = "" if vendor in WITHOUT_MODEL else MODEL
    try:
        return str(module.open_provider(model, Surroundings({}, clock)).name)
    except ConfigError as error:
        return str(error)


def keys_of(vendor: str) -> list[str]:
    """The variables of a vendor that hold a key."""
    return [name for name in variables_of(vendor) if name.endswith("_KEY")]


@pytest.mark.parametrize("vendor", [one for one in vendors() if keys_of(one)])
def test_a_key_that_is_missing_is_named(vendor: str, clock: TestClock) -> None:
    """By the vendor's own variable and nobody else's: that is what has to be set."""
    told = opened_or_told(vendor, clock)
    assert [name for name in keys_of(vendor) if name in re.findall(r"\w+", told)]
    assert "is not set" in told


@pytest.mark.parametrize("vendor", [one for one in vendors() if variables_of(one)])
async def test_a_model_that_is_missing_is_said(
    vendor: str, fake: FakeModels, clock: TestClock
) -> None:
    """By every vendor that asks a server, with an example of how its models are written."""
    with pytest.raises(ConfigError, match=rf"FRONTDESK_MODELS .*\b{vendor}:\S+"):
        open_vendor(vendor, "", fake, clock)


async def test_the_same_prompt_can_be_asked_of_all(fake: FakeModels, clock: TestClock) -> None:
    """A conversation may be begun by one vendor and continued by another: prompts are neutral."""
    fake.otherwise = Answer("Sign in.", citations=("p1",))
    for subject in subjects():
        provider = subject.open(fake, clock)
        answer = parse_decision(done(await ask(provider, _continued(PROMPT))).text, KNOWN)
        assert set(answer.citations) <= KNOWN
        await provider.close()


def _continued(prompt: Prompt) -> Prompt:
    said = (PromptMessage(Role.ASSISTANT, decision("{}")), PromptMessage(Role.USER, "And then?"))
    return replace(prompt, messages=(*prompt.messages, *said))
