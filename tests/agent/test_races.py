"""Corners of the ladder: things that happen at the same moment, and providers that keep no rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import pytest

from agent.attempt import Question
from agent.breaker import THRESHOLD, BreakerState
from agent.decision import DECISION_SCHEMA, Decision, commit_point, cut_at_block, parse_decision
from agent.errors import BadRequest
from agent.models import Delta, Done, Piece, Prompt, Usage
from agent.policy import Policy
from agent.ports import Clock, Provider
from agent.recovery import Climbed, Ladder
from tests.support.clock import START, TestClock
from tests.support.scripted import Act, Fail, Say, ScriptedProvider, decision

QUESTION = Question(
    Prompt((), DECISION_SCHEMA),
    parse=lambda text: parse_decision(text, frozenset()),
    commit_point=lambda text: commit_point(text, frozenset()),
)
Play = Callable[[], AsyncGenerator[Piece, None]]


class Player:
    """A provider that plays a function of the test."""

    model_free = False

    def __init__(self, name: str, play: Play) -> None:
        self.name = name
        self._play = play
        self.asked = 0

    def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        self.asked += 1
        return self._play()

    async def check(self) -> str:
        return "well"

    async def close(self) -> None:
        """Nothing to give back."""


def scripted(clock: TestClock, name: str, *acts: Act) -> ScriptedProvider:
    """A scripted model."""
    return ScriptedProvider(name, clock, acts)


async def climb(clock: Clock, *providers: Provider) -> Climbed[Decision]:
    """Ask, and let as much time pass as it takes."""
    asking = asyncio.create_task(Ladder(providers, clock, Policy()).climb(QUESTION))
    if isinstance(clock, TestClock):
        await clock.until(asking.done)
    return await asking


def outcomes(outcome: Climbed[Decision]) -> list[tuple[str, str]]:
    """(model, outcome) of every rung."""
    return [(attempt.model, attempt.outcome) for attempt in outcome.attempts]


async def test_the_slow_one_fails_while_the_other_is_on_its_way(clock: TestClock) -> None:
    """A third model is not asked as long as the second has its time."""
    third = scripted(clock, "m3", Say())
    outcome = await climb(
        clock,
        scripted(clock, "m1", Fail(BadRequest(), after=9)),
        scripted(clock, "m2", Say(after=3)),
        third,
    )
    assert outcomes(outcome) == [("m1", "BadRequest"), ("m2", "ok")]
    assert third.asked == []
    assert clock.now() == START + 11


async def test_a_failure_at_the_moment_of_the_others_commit(clock: TestClock) -> None:
    """One model reaches its commit point when the other fails: the failure is nobody's any more."""
    commits, fails = asyncio.Event(), asyncio.Event()
    whole = decision(response="From the second.")

    async def fail() -> AsyncGenerator[Piece, None]:
        await fails.wait()
        if fails.is_set():
            raise BadRequest
        yield Delta("")

    async def commit() -> AsyncGenerator[Piece, None]:
        await commits.wait()
        yield Delta(whole[:-5])
        await clock.sleep(1)
        yield Done(whole, "end")

    second, first = Player("m2", commit), Player("m1", fail)
    asking = asyncio.create_task(Ladder([first, second], clock, Policy()).climb(QUESTION))
    await clock.advance(8.5)
    assert (first.asked, second.asked) == (1, 1)
    commits.set()
    fails.set()
    await clock.until(asking.done)
    outcome = await asking
    assert outcome.value is not None
    assert outcome.value.response == "From the second."
    assert outcomes(outcome) == [("m1", "cancelled"), ("m2", "ok")]


async def test_whoever_commits_first_is_not_overtaken_any_more(clock: TestClock) -> None:
    """The second model has begun to answer when the first comes back whole: too late for it."""
    first = scripted(clock, "m1", Say(after=13))
    long = Say(decision(response="x" * 200), after=0.5, pieces=40, between=0.2)
    outcome = await climb(clock, first, scripted(clock, "m2", long))
    assert outcome.value is not None
    assert outcome.value.response == "x" * 200
    assert outcomes(outcome) == [("m1", "cancelled"), ("m2", "ok")]
    assert first.cancelled == 1


class Moment:
    """A `Clock` on which all sleepers wake at one moment, in the order of their sleep; there is no
    other moment after it.
    """

    def __init__(self) -> None:
        self.come = asyncio.Event()
        self.never = asyncio.Event()

    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await (self.never if self.come.is_set() else self.come).wait()

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return nullcontext()


async def test_the_first_token_comes_just_in_time() -> None:
    """It arrives between the alarm and the ladder's look at it: nobody starts beside it."""
    moment = Moment()

    async def just_in_time() -> AsyncGenerator[Piece, None]:
        await a_round()  # so that the alarm is set before we sleep
        await moment.sleep(8.0)
        yield Delta(decision())
        yield Done(decision(), "end")

    second = Player("m2", just_in_time)
    ladder = Ladder([Player("m1", just_in_time), second], moment, Policy())
    asking = asyncio.create_task(ladder.climb(QUESTION))
    for _ in range(5):
        await a_round()
    moment.come.set()
    outcome = await asking
    assert outcomes(outcome) == [("m1", "ok")]
    assert second.asked == 0


async def a_round() -> None:
    """Let everybody else have a turn of the loop."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.call_soon(over.set_result, None)
    await over


async def test_a_provider_that_never_ends_properly(clock: TestClock) -> None:
    """A stream without its end is an output that was cut."""

    async def no_end() -> AsyncGenerator[Piece, None]:
        yield Delta(decision())

    outcome = await climb(clock, Player("m1", no_end), scripted(clock, "m2", Say()))
    assert outcomes(outcome) == [("m1", "OutputCut"), ("m2", "ok")]


async def test_a_piece_of_tomorrow_is_passed_over(clock: TestClock) -> None:
    """A kind of piece that is not known yet changes nothing."""

    async def odd() -> AsyncGenerator[Piece, None]:
        yield object()  # type: ignore[misc]
        yield Done(decision(), "end")

    assert outcomes(await climb(clock, Player("m1", odd))) == [("m1", "ok")]


async def test_a_last_resort_that_hangs(clock: TestClock) -> None:
    """Even the handbook has its time."""
    resort = scripted(clock, "handbook", Say(after=1000))
    resort.model_free = True
    outcome = await climb(clock, resort)
    assert outcome.value is None
    assert outcomes(outcome) == [("handbook", "TooSlow")]


def test_a_text_without_a_place_to_cut() -> None:
    """One endless word is cut anywhere."""
    assert cut_at_block("x" * 50, 20) == "x" * 14 + "\n…"


async def test_a_whole_answer_just_in_time() -> None:
    """The rival that the alarm started is gone before it has asked: nothing is charged for it."""
    moment = Moment()

    async def all_at_once() -> AsyncGenerator[Piece, None]:
        await a_round()  # so that the alarm is set before we sleep
        await moment.sleep(8.0)
        yield Done(decision(), "end", Usage(output=5))

    second = Player("m2", all_at_once)
    ladder = Ladder([Player("m1", all_at_once), second], moment, Policy())
    asking = asyncio.create_task(ladder.climb(QUESTION))
    for _ in range(5):
        await a_round()
    moment.come.set()
    outcome = await asking
    assert outcomes(outcome) == [("m2", "cancelled"), ("m1", "ok")]
    assert second.asked == 0
    assert [spend.model for spend in outcome.spend] == ["m1"]


async def test_one_fails_while_the_other_is_slow(clock: TestClock) -> None:
    """Nobody is left who has shown anything in time, so the third starts beside the slow one."""
    outcome = await climb(
        clock,
        scripted(clock, "m1", Say(after=40)),
        scripted(clock, "m2", Fail(BadRequest(), after=1)),
        scripted(clock, "m3", Say()),
    )
    assert outcomes(outcome) == [("m2", "BadRequest"), ("m1", "cancelled"), ("m3", "ok")]
    assert [attempt.hedged for attempt in outcome.attempts] == [True, False, True]
    assert clock.now() == START + 9


# Budgets


def test_races_that_may_follow_each_other(clock: TestClock) -> None:
    """A slow minute may race in each of its turns; then the budget is used up."""
    ladder = Ladder([scripted(clock, "m1")], clock, Policy())
    assert [ladder.may_race() for _ in range(7)] == [True] * 5 + [False] * 2


async def test_a_fifth_of_the_turns_may_race(clock: TestClock) -> None:
    """Five turns earn one race, and a quiet day no more than the five of the beginning."""
    ladder = Ladder([scripted(clock, "m1")], clock, Policy())
    while ladder.may_race():
        pass
    for turns, races in ((4, 0), (1, 1), (5, 1), (100, 5)):
        for _ in range(turns):
            await ladder.climb(QUESTION)
        assert [ladder.may_race() for _ in range(races + 1)] == [True] * races + [False]


@pytest.mark.parametrize("within", [20.0, 0.0])
async def test_what_is_left_of_a_turns_time(clock: TestClock, within: float) -> None:
    """A model that does not end within it is ill, and the handbook is asked at that moment."""
    talks = scripted(clock, "m1", Say(after=0.5, pieces=100, between=1.0))
    resort = scripted(clock, "handbook", Say())
    resort.model_free = True
    ladder = Ladder([talks, resort], clock, Policy())
    for _ in range(THRESHOLD):
        begun = clock.now()
        asking = asyncio.create_task(ladder.climb(QUESTION, within=within))
        await clock.until(asking.done)
        outcome = await asking
        assert clock.now() == begun + within
        assert outcomes(outcome) == [("m1", "TooSlow"), ("handbook", "ok")]
        assert [cause.code for cause in outcome.causes] == ["TooSlow"]
    assert ladder.breakers() == {"m1": BreakerState.OPEN}


async def test_what_only_models_can_answer(clock: TestClock) -> None:
    """A summary is not asked of the handbook."""
    resort = scripted(clock, "handbook", Say())
    resort.model_free = True
    ladder = Ladder([scripted(clock, "m1", Fail(BadRequest())), resort], clock, Policy())
    outcome = await ladder.climb(QUESTION, resorts=False)
    assert outcome.value is None
    assert resort.asked == []


# Breakers


@pytest.mark.parametrize(
    ("slow", "how"),
    [(Say(after=9, between=0.1), "ok"), (Fail(BadRequest(), after=9), "BadRequest")],
)
async def test_slowness_counts_whatever_comes_of_it(clock: TestClock, slow: Act, how: str) -> None:
    """Who keeps everybody waiting is ill, even if it wins, or fails by what is asked."""
    first, second = scripted(clock, "m1", slow), scripted(clock, "m2", Say(after=3))
    ladder = Ladder([first, second], clock, Policy())
    for _ in range(THRESHOLD):
        asking = asyncio.create_task(ladder.climb(QUESTION))
        await clock.until(asking.done)
        assert ("m1", how) in outcomes(await asking)
    assert ladder.breakers() == {"m1": BreakerState.OPEN, "m2": BreakerState.CLOSED}
