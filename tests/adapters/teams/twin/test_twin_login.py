"""Tokens and keys of the local Teams, as a bot asks for them."""

from __future__ import annotations

from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.teams.twin import Fault, TeamsTwin
from adapters.teams.twin_keys import key_pair
from tests.support.clock import TestClock
from tests.support.teams_listener import Client, Listener

REFUSED = [
    ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
    ({"client_id": "another"}, 400, "unauthorized_client", 700016),
    ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope", 70011),
    ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ({"tenant": "elsewhere"}, 400, "invalid_request", 90002),
]


async def get(url: str, **options: Any) -> tuple[int, Any]:
    """Status and JSON of an address."""
    async with aiohttp.ClientSession() as session, session.get(url, **options) as response:
        return response.status, await response.json()


async def test_a_token_for_the_secret(twin: TeamsTwin, client: Client) -> None:
    """Each request is counted, and gives another one."""
    first, second = await client.log_in(), await client.log_in()
    assert (first.status, first.json["token_type"], first.json["expires_in"]) == (
        200,
        "Bearer",
        3599,
    )
    assert first.json["access_token"] != second.json["access_token"]
    assert [call.done for call in twin.calls("token")] == [True, True]
    assert twin.calls("token")[0].body["client_id"] == twin.identity.app_id


@pytest.mark.parametrize(("changes", "status", "error", "number"), REFUSED)
async def test_tokens_that_are_refused(
    twin: TeamsTwin, client: Client, changes: dict[str, str], status: int, error: str, number: int
) -> None:
    """With Entra's own codes."""
    reply = await client.log_in(**changes)
    assert (reply.status, reply.json["error"], reply.json["error_codes"]) == (
        status,
        error,
        [number],
    )
    assert (twin.calls("token")[0].error, twin.calls("token")[0].done) == (error, False)


async def test_a_secret_is_replaced(twin: TeamsTwin, client: Client) -> None:
    """The old one is refused from then on."""
    twin.login.password("newer")
    assert (await client.log_in()).status == 401
    assert (await client.log_in(client_secret="newer")).status == 200


async def test_a_certificate_instead_of_a_secret(
    clock: TestClock, twin: TeamsTwin, client: Client
) -> None:
    """The assertion is checked: signature, audience, issuer, age."""
    key = key_pair(0)
    url = f"{twin.environ()['TEAMS_LOGIN_URL']}/{twin.identity.tenant_id}/oauth2/v2.0/token"
    app, now = twin.identity.app_id, int(clock.now())
    good = {"aud": url, "iss": app, "sub": app, "jti": "1", "nbf": now, "exp": now + 600}

    async def ask(**changes: object) -> int:
        assertion = jwt.encode({**good, **changes}, key, "RS256")
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        reply = await client.log_in(client_assertion_type=kind, client_assertion=assertion)
        return reply.status

    assert await ask() == 401
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    twin.login.certificate = public.decode()
    assert await ask() == 200
    assert await ask(aud="https://elsewhere") == 401
    assert await ask(sub="another") == 401
    assert await ask(exp=now - 1) == 401
    twin.login.certificate = twin.login.certificate.replace("A", "B", 0)
    key = key_pair(1)
    assert await ask() == 401


async def test_a_managed_identity(twin: TeamsTwin, client: Client) -> None:
    """With the secret of its machine, for itself and for the connector only."""
    url = f"{twin.base_url}msi/token"
    query = {"resource": "https://api.botframework.com", "client_id": twin.identity.app_id}
    header = {"X-IDENTITY-HEADER": twin.login.identity_header}
    status, answer = await get(url, params=query, headers=header)
    assert status == 200
    client.token = answer["access_token"]
    assert (await client.post(twin.dm(twin.add_user()), "x")).status == 201
    assert (await get(url, params=query))[0] == 401
    assert (await get(url, params={**query, "client_id": "x"}, headers=header))[0] == 400


async def test_the_provider_is_down(twin: TeamsTwin, client: Client) -> None:
    """Faults hit tokens too."""
    twin.fault("token", Fault.unavailable())
    assert (await client.log_in()).status == 503
    assert (await client.log_in()).status == 200


async def keys(twin: TeamsTwin, metadata: str) -> list[str]:
    """The ids of the keys that some metadata leads to."""
    _, found = await get(metadata)
    _, published = await get(found["jwks_uri"])
    return [key["kid"] for key in published["keys"]]


async def test_the_keys_are_published(twin: TeamsTwin) -> None:
    """Behind the metadata, with what they may be used for."""
    status, found = await get(twin.environ()["TEAMS_OPENID_URL"])
    assert (status, found["issuer"]) == (200, "https://api.botframework.com")
    _, published = await get(found["jwks_uri"])
    (key,) = published["keys"]
    assert (key["kty"], key["use"], "msteams" in key["endorsements"]) == ("RSA", "sig", True)
    assert [call.operation for call in twin.calls()] == ["openid", "keys"]


async def test_entra_has_keys_of_its_own(twin: TeamsTwin) -> None:
    """In another place, and not endorsed."""
    base = twin.environ()["TEAMS_LOGIN_URL"]
    entra = await keys(twin, f"{base}/botframework.com/v2.0/.well-known/openid-configuration")
    assert len(entra) == 1
    assert entra != await keys(twin, twin.environ()["TEAMS_OPENID_URL"])
    assert "endorsements" not in twin.signer.rings["entra"].published()["keys"][0]


async def test_keys_are_rotated(twin: TeamsTwin, told: Listener) -> None:
    """The new one signs; the old ones stay published or not, and so does the new one."""
    ring, openid = twin.signer.rings["connector"], twin.environ()["TEAMS_OPENID_URL"]
    ada = twin.add_user()

    async def signed() -> str:
        await twin.say(ada, text="x")
        await twin.idle()
        token = told.received[-1].headers["Authorization"].removeprefix("Bearer ")
        return str(jwt.get_unverified_header(token)["kid"])

    first = await signed()
    assert await keys(twin, openid) == [first]
    twin.rotate_keys(keep=True)
    second = await signed()
    assert await keys(twin, openid) == [first, second]
    ring.rotate()
    third = await signed()
    assert await keys(twin, openid) == [third]
    ring.rotate(keep=True, publish=False)
    assert await signed() not in {first, second, third}
    assert await keys(twin, openid) == [third]


async def test_a_key_is_not_for_every_channel(twin: TeamsTwin) -> None:
    """Its endorsements can be changed."""
    twin.signer.rings["connector"].endorse("webchat")
    (key,) = twin.signer.rings["connector"].published()["keys"]
    assert key["endorsements"] == ["webchat"]


def test_forged_tokens(twin: TeamsTwin) -> None:
    """Another algorithm, none at all, another key under the same name."""
    kid = twin.signer.rings["connector"].signing.id
    other = twin.signer.rings["entra"].signing
    for header, algorithm in (
        (twin.signer.bearer(algorithm="none"), "none"),
        (twin.signer.bearer(algorithm="HS256"), "HS256"),
        (twin.signer.bearer(key=other, headers={"kid": kid}), "RS256"),
    ):
        token = header.removeprefix("Bearer ")
        assert jwt.get_unverified_header(token) | {"alg": algorithm, "kid": kid} == (
            jwt.get_unverified_header(token)
        )


def test_an_environment_without_authentication(clock: TestClock) -> None:
    """Says so, and names no app."""
    environ = TeamsTwin(clock, unauthenticated=True).environ()
    assert environ["TEAMS_ALLOW_UNAUTHENTICATED"] == "1"
    assert "TEAMS_APP_ID" not in environ
