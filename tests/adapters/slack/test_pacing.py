"""Slack's rate limits: nobody waits before Slack has complained, and then everybody it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.slack import pacing
from adapters.slack.pacing import CONTENT, LONGEST, POST, Pacing
from adapters.slack.twin import Fault, SlackTwin
from adapters.slack.web import Web
from agent.errors import DeliveryRetry
from tests.support.clock import TestClock

UPDATE = "chat.update"


@pytest.fixture
def paced(clock: TestClock) -> Pacing:
    """Slack is content."""
    return Pacing(clock)


@pytest.fixture
async def web(twin: SlackTwin, clock: TestClock) -> AsyncIterator[Web]:
    """The Web API of the local Slack."""
    web = Web(token="xoxb-test", api_url=twin.api_url, clock=clock)
    yield web
    await web.close()


async def waits(paced: Pacing, clock: TestClock, method: str, channel: str = "") -> float:
    """How long a call is held back."""
    began = clock.now()
    turn = asyncio.create_task(paced.turn(method, channel))
    await clock.settle()
    if not turn.done():
        await clock.until(turn.done)
    await turn
    return clock.now() - began


async def told(paced: Pacing, method: str, channel: str = "") -> float:
    """When a call is told to come back."""
    with pytest.raises(DeliveryRetry) as caught:
        await paced.turn(method, channel)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


async def test_a_content_slack(paced: Pacing, clock: TestClock) -> None:
    """A thousand calls pass without waiting, and nothing is kept of them."""
    began = clock.now()
    for _ in range(1000):
        await paced.turn(POST, "C1")
    assert clock.now() == began
    assert paced._buckets == {}


@pytest.mark.parametrize("seconds", [0.5, 2])
async def test_what_slack_asks_for(paced: Pacing, clock: TestClock, seconds: float) -> None:
    """Every post into the channel waits as long as Slack said, whole or fractional; then one goes
    every second. Other channels go on as before.
    """
    paced.refused(POST, "C1", seconds)
    assert await waits(paced, clock, POST, "C1") == pytest.approx(seconds)
    assert await waits(paced, clock, POST, "C1") == pytest.approx(1)
    assert await waits(paced, clock, POST, "C2") == 0
    assert await waits(paced, clock, UPDATE, "C1") == 0


async def test_other_methods_are_counted_together(paced: Pacing, clock: TestClock) -> None:
    """Slack counts them for the whole workspace: fifty a minute."""
    paced.refused(UPDATE, "C1", 1)
    assert await waits(paced, clock, UPDATE, "C2") == pytest.approx(1)
    assert await waits(paced, clock, UPDATE, "C3") == pytest.approx(1.2)


async def test_slack_does_not_say_how_long(paced: Pacing, clock: TestClock) -> None:
    """Then it is as long as the documented rate says."""
    paced.refused(POST, "C1", None)
    assert await waits(paced, clock, POST, "C1") == pytest.approx(1)


async def test_nobody_holds_a_row_for_long(paced: Pacing) -> None:
    """Who would wait longer than a moment is told when to come back, each at a time of its own."""
    paced.refused(POST, "C1", 30)
    assert [await told(paced, POST, "C1") for _ in range(3)] == pytest.approx([30, 31, 32])


async def test_a_queue_of_calls(paced: Pacing, clock: TestClock) -> None:
    """Those who wait go one after the other; those behind them are sent away."""
    paced.refused(POST, "C1", 0)
    passed: list[float] = []
    began = clock.now()

    async def one() -> None:
        await paced.turn(POST, "C1")
        passed.append(clock.now() - began)

    calls = [asyncio.create_task(one()) for _ in range(6)]
    await clock.advance(10)
    assert passed == pytest.approx([0, 1, 2, 3])
    failed = [call for call in calls if call.exception()]
    assert len(failed) == 2


async def test_refused_again_while_others_wait(paced: Pacing, clock: TestClock) -> None:
    """Whoever waits for a turn does not use it when Slack has complained again meanwhile."""
    paced.refused(POST, "C1", 1)
    turn = asyncio.create_task(paced.turn(POST, "C1"))
    await clock.settle()
    paced.refused(POST, "C1", 20)
    await clock.advance(2)
    error = turn.exception()
    assert isinstance(error, DeliveryRetry)
    assert error.retry_after == pytest.approx(19)


async def test_without_patience(paced: Pacing) -> None:
    """What is of no use later is not made at all."""
    paced.refused("assistant.threads.setStatus", "", LONGEST / 2)
    with pytest.raises(DeliveryRetry):
        await paced.turn("assistant.threads.setStatus", patience=0.0)


async def test_slack_is_content_again(paced: Pacing, clock: TestClock) -> None:
    """Minutes later nobody waits any more, and nothing is kept."""
    paced.refused(POST, "C1", 1)
    await clock.advance(CONTENT)
    assert [await waits(paced, clock, POST, "C1") for _ in range(3)] == [0, 0, 0]
    assert paced._buckets == {}


async def test_limits_are_not_kept_without_end(
    paced: Pacing, monkeypatch: pytest.MonkeyPatch, clock: TestClock
) -> None:
    """The oldest makes room for a new one."""
    monkeypatch.setattr(pacing, "MOST", 2)
    for channel in ("C1", "C2", "C3"):
        paced.refused(POST, channel, 1)
    assert await waits(paced, clock, POST, "C1") == 0
    assert await waits(paced, clock, POST, "C3") == pytest.approx(1)


async def test_one_refusal_concerns_every_call(web: Web, twin: SlackTwin, clock: TestClock) -> None:
    """One post is refused; another one waits instead of being refused as well."""
    channel = twin.add_channel()
    twin.fault(POST, Fault.rate_limited(0.5))
    with pytest.raises(DeliveryRetry):
        await web.post({"channel": channel, "text": "one"})
    second = asyncio.create_task(web.post({"channel": channel, "text": "two"}))
    await clock.advance(0.4)
    assert len(twin.calls(POST)) == 1
    await clock.advance(0.1)
    assert (await second).get("ok")
    assert len(twin.calls(POST)) == 2


async def test_a_method_of_the_sdk(web: Web, twin: SlackTwin, clock: TestClock) -> None:
    """What goes through Slack's client waits in the same way."""
    ada = twin.add_user()
    twin.fault("users.info", Fault.rate_limited(2))
    with pytest.raises(DeliveryRetry):
        await web.call("users.info", user=ada)
    second = asyncio.create_task(web.call("users.info", user=ada))
    await clock.advance(1.9)
    assert not second.done()
    await clock.advance(0.1)
    assert (await second).get("ok")


async def test_other_trouble_slows_nobody_down(web: Web, twin: SlackTwin) -> None:
    """A Slack that cannot be reached has not asked for patience."""
    await twin.stop()
    for _ in range(2):
        with pytest.raises(DeliveryRetry, match="cannot be reached"):
            await web.post({"channel": "C1", "text": "x"})


async def test_a_slack_with_limits(web: Web, twin: SlackTwin, clock: TestClock) -> None:
    """Ten posts into one channel of a strict Slack: one refusal, then everything arrives."""
    channel = twin.add_channel()
    twin.rate_limits = True

    async def post(number: int) -> None:
        while True:
            try:
                await web.post({"channel": channel, "text": str(number)})
            except DeliveryRetry as error:
                await clock.sleep(error.retry_after or 1)
            else:
                return

    for number in range(5):
        posting = asyncio.create_task(post(number))
        await clock.until(posting.done)
    posts = [asyncio.create_task(post(number)) for number in range(5, 10)]
    await clock.advance(10)
    assert all(one.done() for one in posts)
    assert len(twin.messages(channel)) == 10
    assert sum(call.error == "ratelimited" for call in twin.calls(POST)) == 1
