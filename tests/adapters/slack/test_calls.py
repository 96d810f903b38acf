"""What an answer of Slack means for the message it was about."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import calls
from adapters.slack.twin import Fault, SlackTwin
from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
)
from tests.support.clock import TestClock

POST = "chat.postMessage"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *[(code, RowFatal) for code in sorted(calls.TOO_MUCH)],
        *[(code, PlaceFatal) for code in sorted(calls.PLACE)],
        *[(code, InstallationFatal) for code in sorted(calls.INSTALLATION)],
        *[(code, DeliveryUnknown) for code in sorted(calls.UNSURE)],
        *[(code, DeliveryRetry) for code in sorted(calls.RATE_LIMITED)],
        ("a_code_of_tomorrow", RowFatal),
    ],
)
async def test_codes(
    twin: SlackTwin, client: AsyncWebClient, code: str, kind: type[DeliveryError]
) -> None:
    """Each error code of Slack says what may be done next."""
    channel = twin.add_channel()
    twin.fault(POST, Fault.error(code))
    with pytest.raises(kind):
        await calls.call(client.chat_postMessage(channel=channel, text="x"))


def test_no_code_means_two_things() -> None:
    """The lists do not overlap."""
    groups = [calls.TOO_MUCH, calls.PLACE, calls.INSTALLATION, calls.UNSURE, calls.RATE_LIMITED]
    assert len(frozenset().union(*groups)) == sum(map(len, groups))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.rate_limited(2), DeliveryRetry),
        (Fault.unavailable(500), DeliveryUnknown),
        (Fault.unavailable(503), DeliveryUnknown),
        (Fault.bad_gateway(), DeliveryUnknown),
        (Fault.no_ok(), DeliveryUnknown),
        (Fault.answer(200, ["not", "an", "object"]), DeliveryUnknown),
        (Fault.answer(403, {"ok": False, "error": ["odd"]}), DeliveryUnknown),
        (Fault.reset(after_effect=True), DeliveryUnknown),
        (Fault.reset(after_effect=False), DeliveryUnknown),
    ],
    ids=["429", "500", "503", "502", "404", "a list", "an odd code", "reset after", "reset before"],
)
async def test_other_trouble(
    twin: SlackTwin, client: AsyncWebClient, fault: Fault, kind: type[DeliveryError]
) -> None:
    """What says nothing about the message is a doubt, except where Slack asks for patience."""
    channel = twin.add_channel()
    twin.fault(POST, fault)
    with pytest.raises(kind):
        await calls.call(client.chat_postMessage(channel=channel, text="x"))


async def test_nobody_listens(client: AsyncWebClient, twin: SlackTwin) -> None:
    """A connection that could not be made has certainly posted nothing."""
    await twin.stop()
    with pytest.raises(DeliveryRetry):
        await calls.call(client.chat_postMessage(channel="C1", text="x"))


@pytest.mark.parametrize("seconds", [3, 1.5, 0])
async def test_retry_after(twin: SlackTwin, client: AsyncWebClient, seconds: float) -> None:
    """Whole or fractional, Slack's wish is passed on."""
    twin.fault("auth.test", Fault.rate_limited(seconds))
    with pytest.raises(DeliveryRetry) as caught:
        await calls.call(client.auth_test())
    assert caught.value.retry_after == seconds


class Response:
    """An answer with these headers."""

    def __init__(self, headers: dict[str, str] | None) -> None:
        self.headers = headers


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (None, None),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"RETRY-AFTER": "4"}, 4.0),
        ({"retry-after": "-4"}, 0.0),
    ],
)
def test_odd_headers(headers: dict[str, str] | None, seconds: float | None) -> None:
    """A header that is no number is no wish."""
    assert calls.retry_after(Response(headers)) == seconds


@pytest.mark.parametrize("response", [None, "<html>", b"x", 5])
def test_an_answer_of_another_type(response: object) -> None:
    """An error whose answer is nothing that we know is a doubt."""
    error = SlackApiError("odd", response)  # type: ignore[no-untyped-call]
    assert isinstance(calls.translate(error), DeliveryUnknown)


async def test_a_good_answer(clock: TestClock, client: AsyncWebClient) -> None:
    """What works is passed on as it is."""
    assert (await calls.call(client.auth_test())).get("user_id") == "U0FRONTBOT"
