"""The ladder: retries, repair, fallback, races, breakers, and the last resort."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from agent.attempt import Question
from agent.breaker import COOL_DOWN, THRESHOLD, Breaker, BreakerState
from agent.decision import DECISION_SCHEMA, Decision, commit_point, parse_decision
from agent.errors import (
    BadRequest,
    OutputCut,
    ProviderAuth,
    ProviderUnavailable,
    RateLimited,
    Refused,
)
from agent.models import Prompt, PromptMessage, Role, Usage
from agent.policy import Policy
from agent.recovery import Climbed, Ladder
from tests.support.clock import TestClock
from tests.support.scripted import Act, Call, Fail, Say, ScriptedProvider, decision

QUESTION = Question(
    Prompt((PromptMessage(Role.USER, "How many days?"),), DECISION_SCHEMA, question="How many?"),
    parse=lambda text: parse_decision(text, frozenset({"p1"})),
    commit_point=lambda text: commit_point(text, frozenset({"p1"})),
)


class Rig:
    """A ladder over scripted models named m1, m2, … and, if asked for, a last resort."""

    def __init__(
        self, clock: TestClock, *models: Sequence[Act], resort: Sequence[Act] | None = None
    ) -> None:
        self.clock = clock
        self.models = [
            ScriptedProvider(f"m{number}", clock, acts) for number, acts in enumerate(models, 1)
        ]
        last = [ScriptedProvider("handbook", clock, resort, model_free=True)] if resort else []
        self.resorts = last
        self.ladder = Ladder([*self.models, *last], clock, Policy())

    async def climb(self) -> Climbed[Decision]:
        """Ask, and let so much time pass as it takes."""
        asking = asyncio.create_task(self.ladder.climb(QUESTION))
        await self.clock.until(asking.done)
        return await asking


def outcomes(outcome: Climbed[Decision]) -> list[tuple[str, str]]:
    """(model, outcome) of every rung."""
    return [(attempt.model, attempt.outcome) for attempt in outcome.attempts]


async def test_a_healthy_model_answers_and_nobody_else_is_asked(clock: TestClock) -> None:
    """The first rung is enough."""
    rig = Rig(clock, [Say()], [Say()])
    outcome = await rig.climb()
    assert outcome.value is not None
    assert outcome.model == "m1"
    assert not outcome.degraded
    assert rig.models[1].asked == []
    assert [spend.usage.output for spend in outcome.spend] == [5]


async def test_a_transient_error_is_retried_on_the_same_model(clock: TestClock) -> None:
    """One 503 does not cost the employee the better model."""
    rig = Rig(clock, [Fail(ProviderUnavailable()), Say()], [Say()])
    outcome = await rig.climb()
    assert outcome.model == "m1"
    assert outcome.attempts[0].calls == 2


async def test_retry_after_is_honoured(clock: TestClock) -> None:
    """A retry does not come before the vendor said."""
    rig = Rig(clock, [Fail(RateLimited(retry_after=3.5)), Say()])
    asking = asyncio.create_task(rig.ladder.climb(QUESTION))
    await clock.advance(3.4)
    assert len(rig.models[0].asked) == 1
    await clock.advance(0.2)
    assert (await asking).model == "m1"


async def test_a_long_retry_after_goes_to_the_next_model_at_once(clock: TestClock) -> None:
    """Nobody waits a minute while another model is free."""
    rig = Rig(clock, [Fail(RateLimited(retry_after=60))], [Say()])
    asking = asyncio.create_task(rig.ladder.climb(QUESTION))
    await clock.settle()
    assert asking.done()
    assert (await asking).model == "m2"
    assert len(rig.models[0].asked) == 1


async def test_a_schema_mismatch_is_repaired_once_with_the_error_in_context(
    clock: TestClock,
) -> None:
    """The model sees what it said and what was wrong with it."""
    rig = Rig(clock, [Say(decision(confidence=7)), Say()])
    outcome = await rig.climb()
    assert outcome.model == "m1"
    said, complaint = rig.models[0].asked[1].messages[-2:]
    assert said.role is Role.ASSISTANT
    assert '"confidence": 7' in said.text
    assert "confidence" in complaint.text
    assert len(outcome.spend) == 2


async def test_a_call_of_a_tool_where_none_is_offered(clock: TestClock) -> None:
    """It is an invention like any other, and repaired like one."""
    rig = Rig(clock, [Call(("rob_bank", {})), Say()])
    outcome = await rig.climb()
    assert outcomes(outcome) == [("m1", "ok")]
    assert "there are no tools" in rig.models[0].asked[1].messages[-1].text


async def test_a_second_mismatch_goes_to_the_next_model(clock: TestClock) -> None:
    """There is one repair, not two."""
    rig = Rig(clock, [Say("prose")], [Say()])
    outcome = await rig.climb()
    assert outcomes(outcome) == [("m1", "SchemaMismatch"), ("m2", "ok")]
    assert len(rig.models[0].asked) == 2


@pytest.mark.parametrize("error", [Refused(), OutputCut(), BadRequest(), ProviderAuth()])
async def test_what_a_retry_cannot_mend_goes_to_the_next_model(
    clock: TestClock, error: Exception
) -> None:
    """Refusals, cut outputs, rejected requests and credentials are not tried twice."""
    assert isinstance(error, (Refused, OutputCut, BadRequest, ProviderAuth))
    rig = Rig(clock, [Fail(error)], [Say()])
    outcome = await rig.climb()
    assert outcomes(outcome) == [("m1", error.code), ("m2", "ok")]
    assert len(rig.models[0].asked) == 1


async def test_a_slow_model_is_raced_and_the_first_to_commit_wins(clock: TestClock) -> None:
    """Nothing for eight seconds: the next model starts beside, answers, the slow one is cut."""
    rig = Rig(clock, [Say(after=30)], [Say(decision(response="From the second."))])
    asking = asyncio.create_task(rig.ladder.climb(QUESTION))
    await clock.advance(7.9)
    assert rig.models[1].asked == []
    await clock.advance(0.2)
    outcome = await asking
    assert outcome.model == "m2"
    assert outcome.value is not None
    assert outcome.value.response == "From the second."
    assert rig.models[0].cancelled == 1
    assert outcome.attempts[-1].hedged
    assert [spend.estimated for spend in outcome.spend if spend.model == "m1"] == [True]


async def test_a_slow_model_that_comes_back_first_wins_the_race(clock: TestClock) -> None:
    """The rival is cancelled when the first model reaches its commit point after all."""
    rig = Rig(clock, [Say(after=9, between=1)], [Say(after=20)])
    outcome = await rig.climb()
    assert outcome.model == "m1"
    assert rig.models[1].cancelled == 1


async def test_a_race_is_won_at_the_commit_point_not_at_the_first_delta(clock: TestClock) -> None:
    """A model that only thinks does not stop one that already answers."""
    thinking = Say(decision(thinking="x" * 300), after=8.5, pieces=300, between=0.2)
    rig = Rig(clock, [thinking], [Say(after=2.0)])
    outcome = await rig.climb()
    assert outcome.model == "m2"


async def test_a_winner_that_breaks_after_its_commit_point_is_replaced(clock: TestClock) -> None:
    """What had begun is thrown away; a third model answers from the start."""
    cut = Fail(OutputCut(), after=1.0, said=decision()[:-4])
    rig = Rig(clock, [Say(after=30)], [cut], [Say(decision(response="Third."))])
    outcome = await rig.climb()
    assert outcome.value is not None
    assert outcome.value.response == "Third."


async def test_at_most_two_models_race(clock: TestClock) -> None:
    """A third model waits until one of two has failed."""
    rig = Rig(clock, [Say(after=40)], [Say(after=40)], [Say()])
    asking = asyncio.create_task(rig.ladder.climb(QUESTION))
    await clock.advance(20)
    assert rig.models[2].asked == []
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_without_race_credit_a_slow_model_is_dropped(clock: TestClock) -> None:
    """At most a fifth of the turns race; beyond that the slow model is cancelled instead."""
    slow = [Say(after=30)]
    for _ in range(12):
        rig = Rig(clock, slow, [Say()])
        rig.ladder._credit = 0.0
        outcome = await rig.climb()
        assert outcome.model == "m2"
        assert not outcome.attempts[-1].hedged
        assert outcome.attempts[0].outcome == "TooSlow"


async def test_a_stalled_output_is_abandoned(clock: TestClock) -> None:
    """Ten seconds of silence after the first piece, and the next model takes over."""
    rig = Rig(clock, [Say(between=11)], [Say()])
    outcome = await rig.climb()
    assert outcomes(outcome) == [("m1", "TooSlow"), ("m2", "ok")]


async def test_a_drip_feed_ends_with_the_answer_budget(clock: TestClock) -> None:
    """A piece every second for ever is not an answer: 45 seconds are all there is."""
    rig = Rig(clock, [Say(pieces=200, between=1.0)], [Say()])
    started = clock.now()
    outcome = await rig.climb()
    assert outcome.model == "m2"
    assert 44 <= clock.now() - started <= 47


async def test_the_turn_has_a_budget_over_all_models(clock: TestClock) -> None:
    """However many models dawdle, after 90 seconds the handbook answers."""
    drip = [Say(pieces=200, between=1.0)]
    rig = Rig(clock, drip, drip, drip, resort=[Say()])
    started = clock.now()
    outcome = await rig.climb()
    assert outcome.degraded
    assert 89 <= clock.now() - started <= 92


async def test_when_all_models_fail_the_handbook_answers(clock: TestClock) -> None:
    """The model-free rung comes last and is marked as degraded."""
    rig = Rig(clock, [Fail(ProviderAuth())], [Fail(Refused())], resort=[Say()])
    outcome = await rig.climb()
    assert outcome.degraded
    assert outcome.model == "handbook"


async def test_the_handbook_never_races_a_slow_model(clock: TestClock) -> None:
    """A thoughtful answer after ten seconds is better than an instant degraded one."""
    rig = Rig(clock, [Say(after=10)], resort=[Say()])
    outcome = await rig.climb()
    assert outcome.model == "m1"
    assert rig.resorts[0].asked == []


async def test_when_nothing_delivers_the_outcome_has_no_value(clock: TestClock) -> None:
    """All causes are told; whether any model was tried is too."""
    rig = Rig(clock, [Fail(Refused())], resort=[Fail(Refused())])
    outcome = await rig.climb()
    assert outcome.value is None
    assert outcome.models_tried
    assert [cause.code for cause in outcome.causes] == ["Refused", "Refused"]
    alone = await Rig(clock, resort=[Fail(Refused())]).climb()
    assert not alone.models_tried


async def test_an_open_breaker_skips_its_model(clock: TestClock) -> None:
    """After three failures the model is not asked, after the cool-down one turn tries it."""
    rig = Rig(clock, [Fail(ProviderUnavailable())] * 6 + [Say()], [Say()])
    for _ in range(THRESHOLD):
        await rig.climb()
    asked = len(rig.models[0].asked)
    assert (await rig.climb()).model == "m2"
    assert len(rig.models[0].asked) == asked
    assert rig.ladder.breakers()["m1"] is BreakerState.OPEN
    await clock.advance(COOL_DOWN)
    assert (await rig.climb()).model == "m1"
    assert rig.ladder.breakers()["m1"] is BreakerState.CLOSED


async def test_slowness_opens_the_breaker(clock: TestClock) -> None:
    """Three turns that had to race a slow model are enough."""
    rig = Rig(clock, [Say(after=30)], [Say()])
    for _ in range(THRESHOLD):
        await rig.climb()
    assert rig.ladder.breakers()["m1"] is BreakerState.OPEN


async def test_with_every_breaker_open_the_handbook_answers_at_once(clock: TestClock) -> None:
    """A known outage costs nobody any waiting."""
    rig = Rig(clock, [Fail(ProviderAuth())], resort=[Say()])
    await rig.climb()
    started = clock.now()
    outcome = await rig.climb()
    assert outcome.degraded
    assert clock.now() == started
    assert len(rig.models[0].asked) == 1


async def test_a_refusal_says_nothing_about_health(clock: TestClock) -> None:
    """A model that declines a question is asked the next one."""
    rig = Rig(clock, [Fail(Refused())], [Say()])
    for _ in range(THRESHOLD + 1):
        await rig.climb()
    assert rig.ladder.breakers()["m1"] is BreakerState.CLOSED


async def test_a_cancelled_climb_leaves_nothing_running(clock: TestClock) -> None:
    """An interrupted turn ends its model calls."""
    rig = Rig(clock, [Say(after=30)], [Say(after=30)])
    asking = asyncio.create_task(rig.ladder.climb(QUESTION))
    await clock.advance(9)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await clock.settle()
    assert [model.cancelled for model in rig.models] == [1, 1]


def test_a_half_open_breaker_lets_one_through(clock: TestClock) -> None:
    """While one turn tries, the others still go elsewhere; an abandoned try frees the place."""
    breaker = Breaker(clock)
    breaker.failed(at_once=True)
    assert not breaker.allow()
    clock._now += COOL_DOWN
    assert breaker.allow()
    assert not breaker.allow()
    breaker.abandoned()
    assert breaker.allow()
    breaker.failed()
    clock._now += COOL_DOWN
    assert not breaker.allow()
    clock._now += COOL_DOWN
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED


async def test_a_defect_in_the_last_resort_is_a_failure_like_any_other(clock: TestClock) -> None:
    """Something that no provider may raise costs its answer, not the turn."""
    broken = Fail(ZeroDivisionError())  # type: ignore[arg-type]
    outcome = await Rig(clock, resort=[broken]).climb()
    assert outcome.value is None
    assert [attempt.outcome for attempt in outcome.attempts] == ["ProviderUnavailable"]


async def test_an_output_without_end_is_cut_off(clock: TestClock) -> None:
    """No decision has a hundred thousand characters; memory is not endless."""
    rig = Rig(clock, [Say("x" * 100_000, pieces=50)], [Say()])
    outcome = await rig.climb()
    assert outcomes(outcome) == [("m1", "OutputCut"), ("m2", "ok")]


async def test_a_stall_after_a_late_start_is_seen(clock: TestClock) -> None:
    """The only model begins after eleven seconds and falls silent: not 45 seconds are waited."""
    rig = Rig(clock, [Say(after=11, between=40)], resort=[Say()])
    started = clock.now()
    outcome = await rig.climb()
    assert outcome.degraded
    assert clock.now() - started <= 11 + 10 + 2


async def test_a_wait_before_a_retry_is_no_stall(clock: TestClock) -> None:
    """The model spoke, was rate limited for twelve seconds as the only one, and then answers."""
    limited = Fail(RateLimited(retry_after=12), said="{")
    outcome = await Rig(clock, [limited, Say()]).climb()
    assert outcome.model == "m1"


async def test_what_a_vendor_does_not_tell_is_estimated(clock: TestClock) -> None:
    """A complete answer without usage figures is charged all the same."""
    rig = Rig(clock, [Say(usage=Usage())])
    outcome = await rig.climb()
    (spend,) = outcome.spend
    assert spend.estimated
    assert spend.usage.output > 10


async def test_the_only_model_may_be_slow(clock: TestClock) -> None:
    """Slow and good is better than degraded when there is nobody else to ask."""
    rig = Rig(clock, [Say(after=12)], resort=[Say()])
    for _ in range(THRESHOLD + 1):
        assert (await rig.climb()).model == "m1"


async def test_a_defect_is_logged_without_what_it_quotes(
    clock: TestClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An error that is not ours may repeat the prompt in its message; the log must not."""
    broken = Fail(ValueError("Ada asked about her salary"))  # type: ignore[arg-type]
    await Rig(clock, [broken], resort=[broken]).climb()
    assert "ValueError" in caplog.text
    assert "salary" not in caplog.text
