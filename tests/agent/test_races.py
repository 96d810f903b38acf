"""Corners of the ladder: things that happen at the same moment, and providers that keep no rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from agent.attempt import Question
from agent.decision import DECISION_SCHEMA, Decision, commit_point, cut_at_block, parse_decision
from agent.errors import BadRequest
from agent.models import Delta, Done, Piece, Prompt
from agent.policy import Policy
from agent.ports import Clock, Provider
from agent.recovery import Ladder, Outcome
from tests.support.clock import START, TestClock
from tests.support.scripted import Act, Fail, Say, ScriptedProvider, decision

QUESTION = Question(
    Prompt((), DECISION_SCHEMA),
    parse=lambda text: parse_decision(text, frozenset()),
    commit_point=lambda text: commit_point(text, frozenset()),
)
Play = Callable[[], AsyncIterator[Piece]]


class Player:
    """A provider that plays a function of the test."""

    model_free = False

    def __init__(self, name: str, play: Play) -> None:
        self.name = name
        self._play = play
        self.asked = 0

    def ask(self, prompt: Prompt) -> AsyncIterator[Piece]:
        self.asked += 1
        return self._play()

    async def check(self) -> str:
        return "well"

    async def close(self) -> None:
        """Nothing to give back."""


def scripted(clock: TestClock, name: str, *acts: Act) -> ScriptedProvider:
    """A scripted model."""
    return ScriptedProvider(name, clock, acts)


async def climb(clock: Clock, *providers: Provider) -> Outcome[Decision]:
    """Ask, and let as much time pass as it takes."""
    asking = asyncio.create_task(Ladder(providers, clock, Policy()).climb(QUESTION))
    if isinstance(clock, TestClock):
        await clock.until(asking.done)
    return await asking


def outcomes(outcome: Outcome[Decision]) -> list[tuple[str, str]]:
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

    async def fail() -> AsyncIterator[Piece]:
        await fails.wait()
        if fails.is_set():
            raise BadRequest
        yield Delta("")

    async def commit() -> AsyncIterator[Piece]:
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

    async def just_in_time() -> AsyncIterator[Piece]:
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

    async def no_end() -> AsyncIterator[Piece]:
        yield Delta(decision())

    outcome = await climb(clock, Player("m1", no_end), scripted(clock, "m2", Say()))
    assert outcomes(outcome) == [("m1", "OutputCut"), ("m2", "ok")]


async def test_a_piece_of_tomorrow_is_passed_over(clock: TestClock) -> None:
    """A kind of piece that is not known yet changes nothing."""

    async def odd() -> AsyncIterator[Piece]:
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
