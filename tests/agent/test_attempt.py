"""One model on the ladder: what it is told, what it is charged for, and what is noted about it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from agent.attempt import MOST_OUTPUT, Attempt, Question
from agent.errors import OutputInvalid, ProviderUnavailable, RateLimited, Refused, SchemaMismatch
from agent.models import Prompt, PromptMessage, Role, ToolSpec, Usage
from agent.policy import Policy
from agent.ports import Provider
from agent.records import Spend
from agent.recovery import Climbed, Ladder
from tests.support.clock import START, TestClock
from tests.support.scripted import Act, Call, Fail, Say, ScriptedProvider

ASKED = (PromptMessage(Role.USER, "How many days?"),)
PROMPT = Prompt(ASKED, {})
WITH_TOOLS = Prompt(ASKED, {}, tools=(ToolSpec("look", "Looks.", {}),))


def whole(text: str) -> str:
    """Any output fits that is there."""
    if not text:
        raise SchemaMismatch("empty")
    return text


def question(
    prompt: Prompt = PROMPT, commit_point: Callable[[str], bool] = lambda _: True
) -> Question[str]:
    """A question whose value is the output itself."""
    return Question(prompt, whole, commit_point)


def scripted(clock: TestClock, name: str, *acts: Act, **more: Any) -> ScriptedProvider:
    """A scripted provider."""
    return ScriptedProvider(name, clock, acts, **more)


async def climb(clock: TestClock, asked: Question[str], *providers: Provider) -> Climbed[str]:
    """Ask, and let as much time pass as it takes."""
    asking = asyncio.create_task(Ladder(providers, clock, Policy()).climb(asked))
    await clock.until(asking.done)
    return await asking


# What is noted


async def test_what_an_attempt_tells(clock: TestClock) -> None:
    """Times count from its start, to a tenth of a millisecond."""
    model = scripted(clock, "m1", Say("27", after=1.23456, pieces=1))
    outcome = await climb(clock, question(), model)
    expected = Attempt("m1", 1, False, "ok", calls=1, seconds=1.2346, first_token=1.2346)
    assert outcome.attempts == (expected,)
    assert (outcome.model, outcome.degraded) == ("m1", False)


async def test_rungs_are_numbered_in_their_order(clock: TestClock) -> None:
    """The models from 1, then what answers without a model; nothing of it was a race."""
    refuses = Fail(Refused())
    resort = scripted(clock, "handbook", Say("27"), model_free=True)
    models = [scripted(clock, name, refuses) for name in ("m1", "m2")]
    outcome = await climb(clock, question(), *models, resort)
    told = [(one.model, one.rung, one.hedged, one.outcome) for one in outcome.attempts]
    assert told == [
        ("m1", 1, False, "Refused"),
        ("m2", 2, False, "Refused"),
        ("handbook", 3, False, "ok"),
    ]
    assert resort.asked == [PROMPT]


async def test_nobody_delivers(clock: TestClock) -> None:
    """There is no value, and nobody whose it could be."""
    outcome = await climb(clock, question(), scripted(clock, "m1", Fail(Refused())))
    assert (outcome.value, outcome.model) == (None, "")


async def test_an_error_keeps_its_name_over_all_retries(clock: TestClock) -> None:
    """What the last try failed of is what is told, not that it was tried."""
    limited = scripted(clock, "m1", Fail(RateLimited(retry_after=60)))
    outcome = await climb(clock, question(), limited)
    assert [one.outcome for one in outcome.attempts] == ["RateLimited"]


async def test_a_defect_is_told_by_whose_it_is(
    clock: TestClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The log and the cause name the provider and the kind of its error."""
    broken = Fail(ZeroDivisionError())  # type: ignore[arg-type]
    outcome = await climb(clock, question(), scripted(clock, "m1", broken))
    assert "m1 broke its promise: ZeroDivisionError" in caplog.text
    (cause,) = outcome.causes
    assert (type(cause), str(cause)) == (ProviderUnavailable, "m1: ZeroDivisionError")


async def test_a_climb_leaves_nothing_behind(clock: TestClock) -> None:
    """Every task of it has ended, none of them by a defect that only the loop is told of."""
    defects: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: defects.append(context))
    models = [scripted(clock, "m1", Say(after=30)), scripted(clock, "m2", Fail(Refused()), Say())]
    ladder = Ladder(models, clock, Policy())
    for _ in range(2):
        asking = asyncio.create_task(ladder.climb(question()))
        await clock.until(asking.done)
    await clock.settle()
    gc.collect()
    assert defects == []
    assert not ladder._ending


# What is charged


async def test_four_characters_are_taken_for_a_token(clock: TestClock) -> None:
    """What no vendor told is estimated from both sides' words, in whole tokens."""
    silent = scripted(clock, "m1", Say("x" * 11, usage=Usage()))
    outcome = await climb(clock, question(), silent)
    assert outcome.spend == (Spend("m1", Usage(input_total=3, output=2), estimated=True),)


# What a model is told


async def test_words_that_do_not_fit(clock: TestClock) -> None:
    """The model is told what was wrong with them, and that it may also call its tools."""
    model = scripted(clock, "m1", Say(""), Say("27"))
    await climb(clock, question(WITH_TOOLS), model)
    assert model.asked[1].messages == (
        *ASKED,
        PromptMessage(Role.ASSISTANT, "(nothing)"),
        PromptMessage(
            Role.USER,
            "Your output was rejected: empty. Answer the same question again: call tools with "
            "arguments that fit, or write one JSON object that fits the schema, nothing else.",
        ),
    )


async def test_only_what_does_not_fit_is_repaired(clock: TestClock) -> None:
    """A model is not asked to say in another form what must not be shown at all."""

    def never(_: str) -> str:
        raise OutputInvalid

    model, other = scripted(clock, "m1", Say("27")), scripted(clock, "m2", Say("28"))
    outcome = await climb(clock, Question(PROMPT, never, lambda _: True), model, other)
    assert [one.outcome for one in outcome.attempts] == ["OutputInvalid", "OutputInvalid"]
    assert (len(model.asked), len(other.asked)) == (1, 1)


async def test_a_last_resort_that_nobody_wants_any_more(clock: TestClock) -> None:
    """When its climb is cancelled it has stopped by then, and nothing is left of it."""
    resort = scripted(clock, "handbook", Say("27", after=30), model_free=True)
    before = asyncio.all_tasks()
    asking = asyncio.create_task(Ladder([resort], clock, Policy()).climb(question()))
    await clock.until(lambda: bool(resort.asked))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asyncio.all_tasks() == before


async def test_calls_that_do_not_fit(clock: TestClock) -> None:
    """They are shown as text, line by line; of tools that there are not, nothing is said."""
    model = scripted(clock, "m1", Call(("rob", {"what": "bank"}), ("run", {})), Say("27"))
    await climb(clock, question(), model)
    assert model.asked[1].messages == (
        *ASKED,
        PromptMessage(Role.ASSISTANT, 'rob({"what": "bank"})\nrun({})'),
        PromptMessage(
            Role.USER,
            "Your output was rejected: calls: there are no tools, answer with the JSON object. "
            "Answer the same question again: write one JSON object that fits the schema, nothing "
            "else.",
        ),
    )


# Limits


@pytest.mark.parametrize(("more", "outcome"), [(0, "ok"), (1, "OutputCut")])
async def test_the_longest_output(clock: TestClock, more: int, outcome: str) -> None:
    """It is cut off at the first character too many."""
    model = scripted(clock, "m1", Say("x" * (MOST_OUTPUT + more), pieces=1))
    climbed = await climb(clock, question(), model)
    assert [one.outcome for one in climbed.attempts] == [outcome]


@pytest.mark.parametrize(("seconds", "answers"), [(8.0, "m1"), (8.1, "m2")])
async def test_how_long_a_rate_limit_is_waited_for(
    clock: TestClock, seconds: float, answers: str
) -> None:
    """As long as for a first token, if another model is there to go to."""
    limited = scripted(clock, "m1", Fail(RateLimited(retry_after=seconds)), Say("27"))
    outcome = await climb(clock, question(), limited, scripted(clock, "m2", Say("28")))
    assert outcome.model == answers
    assert clock.now() == START + (seconds if answers == "m1" else 0)


async def test_the_commit_point_is_looked_for_in_races_only(clock: TestClock) -> None:
    """Looking costs a parse: who is alone is not looked at, nor who has passed it."""
    looked: list[str] = []

    def commit_point(text: str) -> bool:
        looked.append(text)
        return len(text) >= 3

    asked = question(commit_point=commit_point)
    letters = Say("abcdef", pieces=6, between=0.1)
    await climb(clock, asked, scripted(clock, "m1", letters), scripted(clock, "m2", letters))
    assert looked == []
    await climb(clock, asked, scripted(clock, "m1", Say(after=30)), scripted(clock, "m2", letters))
    assert looked == ["a", "ab", "abc"]


async def test_the_last_second_of_an_attempt(clock: TestClock) -> None:
    """Its time is not over before it is: what is whole after 44.5 of 45 seconds counts."""
    late = scripted(clock, "m1", Say("sixsix", after=5, pieces=6, between=7.9))
    outcome = await climb(clock, question(), late)
    assert outcome.value == "sixsix"
    assert clock.now() == pytest.approx(START + 44.5)
