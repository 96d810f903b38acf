"""What can be made to go wrong in the local Slack, as Slack's own client sees it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import Fault, SlackTwin
from tests.support.clock import TestClock
from tests.support.slack_listener import refusal

ANSWERS = [
    (Fault.rate_limited(2), 429, "ratelimited"),
    (Fault.unavailable(), 503, "internal_error"),
    (Fault.unavailable(500), 500, "internal_error"),
    (Fault.no_ok(), 404, None),
    (Fault.error("channel_not_found"), 200, "channel_not_found"),
]


@pytest.mark.parametrize(("fault", "status", "error"), ANSWERS)
async def test_an_answer_instead_of_slacks(
    twin: SlackTwin, client: AsyncWebClient, fault: Fault, status: int, error: str | None
) -> None:
    """It is given once, without effect, and then all is well."""
    channel = twin.add_channel()
    twin.fault("chat.postMessage", fault)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=channel, text="x")
    assert (caught.value.response.status_code, caught.value.response.get("error")) == (
        status,
        error,
    )
    assert twin.messages(channel) == []
    await client.chat_postMessage(channel=channel, text="x")
    assert [call.done for call in twin.calls("chat.postMessage")] == [False, True]


@pytest.mark.parametrize(("seconds", "header"), [(2, "2"), (0.5, "0.5")])
async def test_how_long_to_wait_stands_in_a_header(
    twin: SlackTwin, client: AsyncWebClient, seconds: float, header: str
) -> None:
    """Also when it is no whole number."""
    twin.fault("auth.test", Fault.rate_limited(seconds))
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.headers["Retry-After"] == header


async def test_a_proxy_answers_in_html(twin: SlackTwin, client: AsyncWebClient) -> None:
    """A 502 is no JSON."""
    twin.fault("auth.test", Fault.bad_gateway())
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == 502


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_reset_before_and_after_the_effect(
    twin: SlackTwin, client: AsyncWebClient, *, after_effect: bool
) -> None:
    """The client cannot tell the two apart; the channel can."""
    channel = twin.add_channel()
    twin.fault("chat.postMessage", Fault.reset(after_effect=after_effect))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=channel, text="x")
    assert len(twin.messages(channel)) == int(after_effect)
    assert twin.calls("chat.postMessage")[0].done is after_effect


@pytest.mark.parametrize("after_effect", [False, True])
async def test_silence_until_the_client_gives_up(
    clock: TestClock, twin: SlackTwin, client: AsyncWebClient, *, after_effect: bool
) -> None:
    """The clock moves meanwhile, and nothing is left behind."""
    channel = twin.add_channel()
    twin.fault("chat.postMessage", Fault.timeout(after_effect=after_effect))

    async def impatient() -> None:
        async with clock.timeout(10):
            await client.chat_postMessage(channel=channel, text="x")

    call = asyncio.ensure_future(impatient())
    await clock.advance(10)
    with pytest.raises(TimeoutError):
        await call
    await clock.advance(100_000)
    assert len(twin.messages(channel)) == int(after_effect)


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_slow_answer(
    clock: TestClock, twin: SlackTwin, client: AsyncWebClient, *, after_effect: bool
) -> None:
    """It is the right one; its effect comes before or after the wait."""
    channel = twin.add_channel()
    twin.fault("chat.postMessage", Fault.slow(5, after_effect=after_effect))
    call = asyncio.ensure_future(client.chat_postMessage(channel=channel, text="x"))
    await clock.advance(4)
    assert not call.done()
    assert len(twin.messages(channel)) == int(after_effect)
    await clock.advance(1)
    assert (await call)["ok"]
    assert len(twin.messages(channel)) == 1


async def test_a_fault_hits_what_it_names(twin: SlackTwin, client: AsyncWebClient) -> None:
    """A method, a channel, a number of times, or all until healed."""
    one, two = twin.add_channel("one"), twin.add_channel("two")
    twin.fault("chat.postMessage", Fault.error("is_archived"), times=None, channel=one)
    for _ in range(2):
        await refusal(client.chat_postMessage(channel=one, text="x"))
        await client.chat_postMessage(channel=two, text="x")
    twin.heal("chat.postMessage")
    await client.chat_postMessage(channel=one, text="x")
    twin.fault("*", Fault.error("fatal_error"), times=2)
    await refusal(client.auth_test())
    await refusal(client.conversations_info(channel=one))
    await client.auth_test()
    twin.fault("*", Fault.error("fatal_error"), times=None)
    twin.heal()
    await client.auth_test()


async def test_posting_too_fast(clock: TestClock, twin: SlackTwin, client: AsyncWebClient) -> None:
    """A burst passes, then it is one message a second in each channel."""
    twin.rate_limits = True
    one, two = twin.add_channel("one"), twin.add_channel("two")
    for _ in range(4):
        await client.chat_postMessage(channel=one, text="x")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=one, text="x")
    response = caught.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    await client.chat_postMessage(channel=two, text="x")
    await clock.advance(1)
    await client.chat_postMessage(channel=one, text="x")
    assert len(twin.messages(one)) == 5


async def test_asking_too_often(clock: TestClock, twin: SlackTwin, client: AsyncWebClient) -> None:
    """Other methods have so many calls a minute."""
    twin.rate_limits = True
    channel = twin.add_channel()
    for _ in range(50):
        await client.conversations_info(channel=channel)
    assert (await refusal(client.conversations_info(channel=channel)))["error"] == "ratelimited"
    await clock.advance(2)
    await client.conversations_info(channel=channel)


async def test_calls_are_recorded(twin: SlackTwin, client: AsyncWebClient) -> None:
    """With their arguments, in order, refusals too."""
    channel = twin.add_channel()
    await client.chat_postMessage(channel=channel, text="x")
    await refusal(client.chat_postMessage(channel=channel, text="x" * 40_001))
    calls = twin.calls()
    assert [(call.method, call.error) for call in calls] == [
        ("chat.postMessage", ""),
        ("chat.postMessage", "msg_too_long"),
    ]
    assert calls[0].args["text"] == "x"
