"""The bot's own token: asked for once, renewed unnoticed, and what each way of failing means."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import aiohttp
import pytest

from adapters.teams.clouds import Cloud
from adapters.teams.credentials import read_credentials
from adapters.teams.tokens import (
    ASK_SECONDS,
    FAILED_SECONDS,
    FORCED_SECONDS,
    LONGEST_WAIT,
    REFUSED_SECONDS,
    TokenProvider,
)
from agent.errors import DeliveryRetry, InstallationFatal
from tests.support.clock import START, TestClock
from tests.support.identity import FakeIdentity, Fault
from tests.support.teams_tokens import APP, SECRET, TENANT, OpenTokens, failing

ENVIRON = {"TEAMS_APP_ID": APP, "TEAMS_TENANT_ID": TENANT, "TEAMS_APP_PASSWORD": SECRET}
HANGS = Fault(seconds=3600.0)
LIFE = 3600.0


@pytest.fixture
def tokens(opened: OpenTokens) -> TokenProvider:
    """The provider of an app with a secret."""
    return opened(ENVIRON)


async def test_a_token_is_asked_for_once(tokens: TokenProvider, identity: FakeIdentity) -> None:
    """The first message waits for a token, all others find it."""
    assert {await tokens.token() for _ in range(3)} == {"token-1"}
    assert identity.calls == {"token": 1}


async def test_a_hundred_callers_at_once_are_one_request(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """Everybody who waits for a token waits for the same one."""
    identity.fail("token", Fault(seconds=1.0))
    asking = asyncio.gather(*(tokens.token() for _ in range(100)))
    await clock.until(asking.done)
    assert set(await asking) == {"token-1"}
    assert identity.calls == {"token": 1}


async def test_a_caller_who_gives_up_ends_nobody_elses_request(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """A cancelled sender leaves the request to the others."""
    identity.fail("token", Fault(seconds=1.0))
    first, second = (asyncio.ensure_future(tokens.token()) for _ in range(2))
    await clock.settle()
    first.cancel()
    await clock.until(second.done)
    assert await second == "token-1"


async def test_a_token_is_renewed_in_the_background(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """After four fifths of its life a token is renewed, and who starts that gets the old one."""
    await tokens.token()
    await clock.advance(LIFE * 0.8 - 1)
    assert await tokens.token() == "token-1"
    await clock.settle()
    assert identity.calls["token"] == 1
    await clock.advance(1)
    identity.fail("token", Fault(seconds=2.0))
    assert await tokens.token() == await tokens.token() == "token-1"
    await clock.advance(2)
    assert await tokens.token() == "token-2"
    assert identity.calls["token"] == 2


async def test_an_old_token_serves_to_its_end_while_the_provider_is_down(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """An identity provider that is down stops nothing until the token has really expired."""
    await tokens.token()
    identity.down = Fault(503)
    await clock.advance(LIFE * 0.9)
    assert await tokens.token() == "token-1"
    await clock.advance(LIFE * 0.1 - 1)
    assert await tokens.token() == "token-1"
    await clock.advance(1)
    assert isinstance(await failing(tokens, clock), DeliveryRetry)
    identity.down = None
    await clock.advance(FAILED_SECONDS)
    assert await tokens.token() == "token-2"


async def test_an_old_token_serves_to_its_end_when_the_app_is_refused(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """A secret that expires meanwhile is told in the log, not by messages that do not arrive."""
    await tokens.token()
    identity.down = Fault(401, '{"error": "invalid_client"}')
    await clock.advance(LIFE - 1)
    assert await tokens.token() == "token-1"
    await clock.settle()
    assert await tokens.token() == "token-1"


async def test_the_provider_is_asked_in_moderation_while_it_is_down(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """However many messages wait, a provider that is down is asked every few seconds."""
    identity.down = Fault(503)
    for _ in range(10):
        error = await failing(tokens, clock)
        assert isinstance(error, DeliveryRetry)
        assert error.retry_after == FAILED_SECONDS
    assert identity.calls["token"] == 1
    await clock.advance(FAILED_SECONDS)
    await failing(tokens, clock)
    assert identity.calls["token"] == 2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("99999", LONGEST_WAIT),
        ("inf", LONGEST_WAIT),
        ("nan", FAILED_SECONDS),
        ("Wed, 21 Oct", FAILED_SECONDS),
    ],
)
async def test_the_providers_wish_to_wait_is_followed_within_reason(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock, said: str, seconds: float
) -> None:
    """Retry-After says when the provider is asked again, and when the sender may come back."""
    identity.fail("token", Fault(429, headers={"Retry-After": said}))
    error = await failing(tokens, clock)
    assert isinstance(error, DeliveryRetry)
    assert error.retry_after == seconds
    await clock.advance(seconds)
    assert await tokens.token() == "token-1"


def answer(**fields: Any) -> Fault:
    """An answer of the token endpoint with these fields."""
    return Fault(200, json.dumps(fields))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(302, headers={"Location": "/msi/token"}),
        *(Fault(status) for status in (404, 408, 410, 429, 500, 502, 503, 504)),
        *(Fault(status, "<html>") for status in (200, 400, 403)),
        *(Fault(200, body) for body in ("", "[]", "{}", "null", '"token"')),
        Fault(400, '{"error": "temporarily_unavailable"}'),
        Fault(403, '{"error": "server_error"}'),
        Fault(400, '{"error": 7}'),
        answer(access_token="t"),
        answer(expires_in=3600),
        answer(access_token="", expires_in=3600),
        answer(access_token=7, expires_in=3600),
        answer(access_token="two\nlines", expires_in=3600),
        answer(access_token="t", expires_in="soon"),
        answer(access_token="t", expires_in=0),
        answer(access_token="t", expires_in=-1),
        answer(access_token="t", expires_in=float("nan")),
        answer(access_token="t", expires_in=float("inf")),
        answer(access_token="t", expires_on=START),
        Fault(drop=True),
        HANGS,
    ],
    ids=str,
)
async def test_what_may_pass_is_tried_again(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock, fault: Fault
) -> None:
    """Errors of a server or a proxy, garbage, cut connections and silence: the same again later."""
    identity.fail("token", fault)
    for _ in range(2):
        assert isinstance(await failing(tokens, clock), DeliveryRetry)
    assert identity.calls == {"token": 1}
    await clock.advance(FAILED_SECONDS)
    assert await tokens.token() == "token-1"


async def test_silence_is_endured_for_some_seconds_only(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """A provider that does not answer keeps a message for a few seconds."""
    identity.down = HANGS
    await failing(tokens, clock)
    assert clock.now() - START == ASK_SECONDS


PASSWORD = "TEAMS_APP_PASSWORD"
IDS = "TEAMS_APP_ID, TEAMS_TENANT_ID and TEAMS_APP_TYPE"
REFUSALS = {
    "a wrong secret": (401, {"error": "invalid_client", "error_codes": [7000215]}, PASSWORD),
    "an expired secret": (401, {"error": "invalid_client", "error_codes": [7000222]}, PASSWORD),
    "as RFC 6749 has it": (400, {"error": "invalid_client"}, PASSWORD),
    "an unknown app": (400, {"error": "unauthorized_client", "error_codes": [700016]}, IDS),
    "an unknown tenant": (400, {"error": "invalid_request", "error_codes": [90002]}, IDS),
    "a forbidden app": (403, {"error": "access_denied"}, IDS),
    "no reason": (401, {}, IDS),
    "a reason that is a text": (401, {"error": f"{SECRET} is wrong!"}, IDS),
}


@pytest.mark.parametrize(("status", "body", "named"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_refusal_says_how_to_mend_it(
    tokens: TokenProvider,
    identity: FakeIdentity,
    clock: TestClock,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: dict[str, Any],
    named: str,
) -> None:
    """The message names the variable to look at and Entra's code, and nothing secret; nor does the
    log.
    """
    caplog.set_level(logging.DEBUG)
    quoted = {**body, "error_description": f"AADSTS: {SECRET} of {APP}"}
    identity.fail("token", Fault(status, json.dumps(quoted)))
    error = await failing(tokens, clock)
    assert isinstance(error, InstallationFatal)
    assert named in str(error)
    assert all(f"AADSTS{code}" in str(error) for code in body.get("error_codes", []))
    assert SECRET not in str(error)
    assert SECRET not in caplog.text
    assert str(error) in caplog.text


async def test_a_refusal_needs_no_reason(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """401 is a refusal, whatever stands in its body."""
    identity.fail("token", Fault(401, "<html>"))
    assert isinstance(await failing(tokens, clock), InstallationFatal)


async def test_a_refusal_is_remembered_for_some_seconds(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """Messages that wait do not hammer on a shut door, and notice when it opens."""
    identity.down = Fault(401, '{"error": "invalid_client"}')
    for _ in range(10):
        assert isinstance(await failing(tokens, clock), InstallationFatal)
    await clock.advance(REFUSED_SECONDS - 1)
    assert isinstance(await failing(tokens, clock), InstallationFatal)
    assert identity.calls["token"] == 1
    identity.down = None
    await clock.advance(1)
    assert await tokens.token() == "token-1"


async def test_a_token_the_connector_refuses_is_replaced(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """However young it is; who comes late with the one before changes nothing."""
    token = await tokens.token()
    tokens.refused("another")
    assert await tokens.token() == "token-1"
    tokens.refused(token)
    assert await tokens.token() == "token-2"
    tokens.refused(token)
    assert await tokens.token() == "token-2"
    assert identity.calls["token"] == 2


async def test_refused_tokens_are_replaced_in_moderation(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """A connector that refuses every token costs the provider one request in some seconds."""
    for _ in range(10):
        tokens.refused(await tokens.token())
    assert await tokens.token() == "token-2"
    await clock.advance(FORCED_SECONDS)
    for _ in range(10):
        tokens.refused(await tokens.token())
    assert await tokens.token() == "token-3"
    assert identity.calls["token"] == 3


async def test_a_hundred_refusals_at_once_are_one_request(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """Everybody whose token is refused gets the same new one."""
    token = await tokens.token()
    identity.fail("token", Fault(seconds=1.0))

    async def replace() -> str:
        tokens.refused(token)
        return await tokens.token()

    replacing = asyncio.gather(*(replace() for _ in range(100)))
    await clock.until(replacing.done)
    assert set(await replacing) == {"token-2"}
    assert identity.calls["token"] == 2


async def test_without_credentials_there_is_no_token(
    opened: OpenTokens, identity: FakeIdentity
) -> None:
    """Where nobody has to prove anything, nobody is asked."""
    tokens = opened({})
    assert await tokens.token() == ""
    tokens.refused("")
    assert not identity.calls


async def test_closing_ends_a_request_and_whoever_waits_for_it(
    tokens: TokenProvider, identity: FakeIdentity, clock: TestClock
) -> None:
    """A process that stops leaves no request behind; it can be closed twice."""
    identity.down = HANGS
    asking = asyncio.ensure_future(tokens.token())
    await clock.settle()
    await tokens.close()
    await tokens.close()
    with pytest.raises(DeliveryRetry):
        await asking


async def test_a_closed_session_is_a_provider_that_is_down(clock: TestClock) -> None:
    """Even an error that nobody thought of leaves the sender with an answer."""
    session = aiohttp.ClientSession()
    await session.close()
    tokens = TokenProvider(lambda: session, read_credentials(ENVIRON, Cloud.PUBLIC), clock)
    assert isinstance(await failing(tokens, clock), DeliveryRetry)
