"""Authentication as it is set up: clouds, tenants, settings, and the SDK's way to it."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp
import pytest
from botbuilder.schema import Activity  # type: ignore[import-untyped]

from adapters.teams.authentication import (
    Authentication,
    TeamsAuthentication,
    Unauthenticated,
    Unchecked,
    open_authentication,
)
from adapters.teams.clouds import Cloud
from agent.errors import ConfigError
from tests.support.clock import TestClock
from tests.support.identity import FakeIdentity
from tests.support.teams_tokens import (
    ACTIVITY,
    APP,
    SERVICE_URL,
    TENANT,
    bearer,
    entra,
    forged,
)


@pytest.mark.parametrize("cloud", [Cloud.GCCH, Cloud.DOD, Cloud.CHINA], ids=lambda one: one.name)
async def test_every_cloud_has_its_own_issuers(
    identity: FakeIdentity, clock: TestClock, cloud: Cloud
) -> None:
    """In another cloud its own connector and Entra pass, and the public ones do not."""
    environ = {**identity.environ, "TEAMS_APP_ID": APP, "TEAMS_TENANT_ID": TENANT}
    own = {
        Cloud.GCCH: f"https://login.microsoftonline.us/{TENANT}/v2.0",
        Cloud.DOD: f"https://login.microsoftonline.us/{TENANT}/v2.0",
        Cloud.CHINA: f"https://login.partner.microsoftonline.cn/{TENANT}/v2.0",
    }
    async with aiohttp.ClientSession() as session:
        check = open_authentication(environ, cloud, lambda: session, clock)
        await check.verify(bearer(iss=cloud.value.connector_issuer)(identity), ACTIVITY)
        await check.verify(entra(iss=own[cloud])(identity), ACTIVITY)
        for make in (bearer(), entra()):
            with pytest.raises(Unauthenticated):
                await check.verify(make(identity), ACTIVITY)


@pytest.mark.parametrize("tenant", ["", "local", "contoso.example", "common", TENANT + "/x"])
async def test_only_a_tenants_id_makes_an_issuer(
    identity: FakeIdentity, clock: TestClock, tenant: str
) -> None:
    """What is no id of a tenant lets nobody of it in."""
    environ = {**identity.environ, "TEAMS_APP_ID": APP, "TEAMS_TENANT_ID": tenant}
    async with aiohttp.ClientSession() as session:
        check = open_authentication(environ, Cloud.PUBLIC, lambda: session, clock)
        token = entra(iss=f"https://login.microsoftonline.com/{tenant}/v2.0")(identity)
        with pytest.raises(Unauthenticated):
            await check.verify(token, ACTIVITY)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TEAMS_APP_ID": ""}, "TEAMS_APP_ID"),
        ({"TEAMS_OPENID_URL": "http://keys.example"}, "TEAMS_OPENID_URL"),
        ({"TEAMS_LOGIN_URL": "http://login.example"}, "TEAMS_LOGIN_URL"),
    ],
)
async def test_a_bad_setting_is_named(
    clock: TestClock, changes: dict[str, str], named: str
) -> None:
    """Without an app id anybody's token would fit, and keys come over https or not at all."""
    environ = {"TEAMS_APP_ID": APP, **changes}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigError, match=named):
            open_authentication(environ, Cloud.PUBLIC, lambda: session, clock)


async def test_without_authentication_everybody_passes() -> None:
    """What an admin asked for on a machine of their own."""
    await Unchecked().verify("", {})


async def test_the_sdk_gets_the_identity_and_the_connector(check: Authentication) -> None:
    """The SDK's adapter finds what it needs of an activity that was checked, and no client that
    nobody uses.
    """
    connectors = SimpleNamespace()
    plug = TeamsAuthentication(APP, Cloud.GCCH, check, connectors)
    result = plug.verified()
    assert result.connector_factory is plug.create_connector_factory(None) is connectors
    assert result.audience == plug.get_originating_audience() == "https://api.botframework.us"
    assert result.claims_identity.claims == {"aud": APP, "appid": APP}
    assert result.claims_identity.is_authenticated
    assert await plug.create_user_token_client(result.claims_identity) is None  # type: ignore[func-returns-value]


async def test_the_sdk_cannot_pass_an_activity_by_the_check(
    check: Authentication, identity: FakeIdentity
) -> None:
    """An activity that reaches the SDK with its header only is checked there."""
    plug = TeamsAuthentication(APP, Cloud.PUBLIC, check, SimpleNamespace())
    activity = Activity(channel_id="msteams", service_url=SERVICE_URL)
    assert (await plug.authenticate_request(activity, bearer()(identity))).claims_identity
    for stranger in ("", None, forged(identity)):
        with pytest.raises(Unauthenticated):
            await plug.authenticate_request(activity, stranger)  # type: ignore[arg-type]


async def test_streams_are_refused(check: Authentication, identity: FakeIdentity) -> None:
    """The SDK's other way in is shut."""
    plug = TeamsAuthentication(APP, Cloud.PUBLIC, check, SimpleNamespace())
    with pytest.raises(Unauthenticated):
        await plug.authenticate_streaming_request(bearer()(identity), "msteams")
