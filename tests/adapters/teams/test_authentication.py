"""Who may write to the bot: real tokens, good and forged, against real keys over the wire."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.teams.authentication import (
    LEEWAY_SECONDS,
    Authentication,
    KeysUnavailable,
    Unauthenticated,
)
from adapters.teams.keys import UNKNOWN_SECONDS
from tests.support.clock import START, TestClock
from tests.support.identity import FakeIdentity, Fault
from tests.support.teams_tokens import (
    ACTIVITY,
    APP,
    BOT_FRAMEWORK,
    OTHER,
    SERVICE_URL,
    Claims,
    Make,
    another_signer,
    as_is,
    bearer,
    claims,
    entra,
    forged,
    header,
    part,
    public_key_as_secret,
    signed_in,
    unsigned,
)

PASSES: dict[str, Make] = {
    "a token of the connector's": bearer(),
    "bearer in lower case": lambda identity: f"bearer {identity.connector.sign(claims())}",
    "bearer in capitals, with spaces": lambda identity: (
        f" BEARER  {identity.connector.sign(claims())} "
    ),
    "an app id in capitals": bearer(aud=APP.upper()),
    "a service address without its last slash": bearer(serviceurl=SERVICE_URL.rstrip("/")),
    "expired, within the leeway": bearer(exp=START - LEEWAY_SECONDS + 1),
    "not yet valid, within the leeway": bearer(nbf=START + LEEWAY_SECONDS),
    "issued in a moment, within the leeway": bearer(iat=START + LEEWAY_SECONDS),
    "without nbf and iat": bearer(nbf=None, iat=None),
    "Entra, version 1": entra("1.0"),
    "Entra, version 2": entra("2.0"),
    "Entra, of no version": entra("", ver=""),
    "Entra, the Bot Framework's tenant": entra(
        iss=f"https://login.microsoftonline.com/{BOT_FRAMEWORK}/v2.0"
    ),
    "Entra, the Bot Framework's tenant, version 1": entra(
        "1.0", iss=f"https://sts.windows.net/{BOT_FRAMEWORK}/"
    ),
}

REFUSED: dict[str, Make] = {
    "no header": as_is(""),
    "Basic": as_is("Basic dXNlcjpwYXNzd29yZA=="),
    "a token without its scheme": lambda identity: identity.connector.sign(claims()),
    "Bearer without a token": as_is("Bearer "),
    "garbage": as_is("Bearer garbage"),
    "dots": as_is("Bearer .."),
    "three parts of garbage": as_is("Bearer a.b.c"),
    "not ASCII": as_is("Bearer é.\udcff.x"),
    "a head that is no object": as_is(f"Bearer {part([1])}.{part(claims())}.{part(b'x')}"),
    "claims that are no object": lambda identity: f"Bearer {identity.connector.sign([claims()])}",
    "claims elsewhere": lambda identity: (
        f"Bearer {identity.connector.sign(claims(), b64=False, crit=['b64'])}"
    ),
    "an extension that nobody knows": header(crit=["x"], x=1),
    "two tokens": lambda identity: f"Bearer {identity.connector.sign(claims())} x",
    "expired": bearer(exp=START - LEEWAY_SECONDS),
    "not yet valid": bearer(nbf=START + LEEWAY_SECONDS + 1),
    "issued in the future": bearer(iat=START + LEEWAY_SECONDS + 1),
    "without exp": bearer(exp=None),
    "without iss": bearer(iss=None),
    "without aud": bearer(aud=None),
    "exp as a string": bearer(exp=str(START + 3600)),
    "exp that never comes": bearer(exp=math.inf),
    "exp that is no number": bearer(exp=math.nan),
    "exp as a truth": bearer(exp=True),
    "nbf as a string": bearer(nbf="0"),
    "a changed token": forged,
    "another signer": another_signer,
    "no signature": unsigned,
    "the public key as secret": public_key_as_secret,
    "RS384": header(alg="RS384"),
    "RS512": header(alg="RS512"),
    "PS256": header(alg="PS256"),
    "another app": bearer(aud="another-app"),
    "several apps": bearer(aud=[APP, "another-app"]),
    "another issuer": bearer(iss="https://api.botframework.us"),
    "an issuer that only begins well": bearer(iss="https://api.botframework.com/"),
    "another service address": bearer(serviceurl="https://attacker.example/"),
    "no service address": bearer(serviceurl=None),
    "an unknown key": header(kid="key-x"),
    "no key": header(kid=None),
    "the connector's issuer with Entra's key": lambda identity: (
        f"Bearer {identity.entra.sign(claims(), kid=identity.connector.kid)}"
    ),
    "Entra's issuer with the connector's key": lambda identity: (
        f"Bearer {identity.connector.sign(signed_in())}"
    ),
    "Entra, another tenant": entra(iss=f"https://login.microsoftonline.com/{OTHER}/v2.0"),
    "Entra, another app signed in, version 1": entra("1.0", appid="another-app"),
    "Entra, another app signed in, version 2": entra("2.0", azp="another-app"),
    "Entra, version 2 with version 1's claim": entra("2.0", azp=None, appid=APP),
    "Entra, version 1 with version 2's claim": entra("1.0", appid=None, azp=APP),
    "Entra, version 3": entra("3.0", azp=APP, appid=APP),
    "Entra, without a version": entra(ver=None),
    "Entra, a token for another app": entra(aud="another-app"),
    "Entra, a person": entra(scp="access_as_user"),
    "Entra, expired": entra(exp=START - LEEWAY_SECONDS),
}


@pytest.mark.parametrize("make", PASSES.values(), ids=PASSES.keys())
async def test_who_may_write_passes(
    check: Authentication, identity: FakeIdentity, make: Make
) -> None:
    """A token of the connector's, or of the app's own, passes however its scheme is written."""
    await check.verify(make(identity), ACTIVITY)


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
async def test_nobody_else_passes(
    check: Authentication, identity: FakeIdentity, make: Make
) -> None:
    """Every fault of a token is one and the same refusal, and no other error."""
    await check.verify(bearer()(identity), ACTIVITY)
    with pytest.raises(Unauthenticated):
        await check.verify(make(identity), ACTIVITY)


@pytest.mark.parametrize(
    "changes",
    [
        {"serviceUrl": "https://attacker.example/"},
        {"serviceUrl": None},
        {"serviceUrl": ""},
        {"serviceUrl": [SERVICE_URL]},
        {"channelId": "email"},
        {"channelId": None},
        {"channelId": ["msteams"]},
        {"channelId": {"msteams": True}},
    ],
    ids=str,
)
async def test_a_token_vouches_for_one_address_and_its_keys_channels(
    check: Authentication, identity: FakeIdentity, changes: dict[str, Any]
) -> None:
    """A good token around another serviceUrl, or a channel its key may not speak for, is refused,
    whatever stands there.
    """
    with pytest.raises(Unauthenticated):
        await check.verify(bearer()(identity), {**ACTIVITY, **changes})


async def test_an_activity_without_anything_is_refused(
    check: Authentication, identity: FakeIdentity
) -> None:
    """What a token says must be in the activity, too."""
    with pytest.raises(Unauthenticated):
        await check.verify(bearer()(identity), {})


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.text(), st.text().map("Bearer {}".format), st.binary().map(str)))
async def test_no_header_is_another_error(check: Authentication, text: str) -> None:
    """Whatever stands in the header, the answer is a refusal."""
    with pytest.raises(Unauthenticated):
        await check.verify(text, ACTIVITY)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "serviceurl"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.floats(),
            st.text(max_size=9),
            st.just([]),
            st.just(10**400),
        ),
        min_size=1,
    )
)
async def test_no_claims_are_another_error(
    check: Authentication, identity: FakeIdentity, changes: Claims
) -> None:
    """Whatever the claims are, signed though they be, they pass or they are refused."""
    token = identity.connector.sign({**claims(), **changes})
    try:
        await check.verify(f"Bearer {token}", ACTIVITY)
    except Unauthenticated:
        pass
    else:
        assert changes.keys() <= {"exp", "nbf", "iat"}


async def test_a_token_for_somebody_else_fetches_no_keys(
    check: Authentication, identity: FakeIdentity
) -> None:
    """What can be refused without a key makes nobody ask for one."""
    for name in ("another app", "another issuer", "expired", "no key", "another service address"):
        with pytest.raises(Unauthenticated):
            await check.verify(REFUSED[name](identity), ACTIVITY)
    assert not identity.calls


async def test_each_family_has_its_own_keys(check: Authentication, identity: FakeIdentity) -> None:
    """Entra's keys are fetched only when somebody comes with a token of Entra's."""
    await check.verify(bearer()(identity), ACTIVITY)
    assert identity.calls == {"metadata": 1, "keys": 1}
    await check.verify(entra()(identity), ACTIVITY)
    assert identity.calls["entra keys"] == 1


async def test_a_rotated_key_is_fetched_and_accepted(
    check: Authentication, identity: FakeIdentity, clock: TestClock
) -> None:
    """After Microsoft rotates its key the first activity passes, and the old key passes no more."""
    old = bearer()(identity)
    await check.verify(old, ACTIVITY)
    await clock.advance(UNKNOWN_SECONDS)
    identity.connector.rotate()
    await check.verify(bearer()(identity), ACTIVITY)
    with pytest.raises(Unauthenticated):
        await check.verify(old, ACTIVITY)


async def test_a_token_that_passed_is_still_looked_at(
    check: Authentication, identity: FakeIdentity, clock: TestClock
) -> None:
    """It comes with every activity of an hour: for another address, or too late, it is refused."""
    token = bearer(exp=START + 3600)(identity)
    await check.verify(token, ACTIVITY)
    await check.verify(token, ACTIVITY)
    with pytest.raises(Unauthenticated):
        await check.verify(token, {**ACTIVITY, "serviceUrl": "https://elsewhere.example/"})
    with pytest.raises(Unauthenticated):
        await check.verify(token, {**ACTIVITY, "channelId": "email"})
    clock.jump(3600 + LEEWAY_SECONDS)
    with pytest.raises(Unauthenticated):
        await check.verify(token, ACTIVITY)


async def test_a_hundred_forged_tokens_are_one_fetch(
    check: Authentication, identity: FakeIdentity, clock: TestClock
) -> None:
    """Whoever floods the bot with made-up keys does not make it flood Microsoft."""
    await check.verify(bearer()(identity), ACTIVITY)
    await clock.advance(UNKNOWN_SECONDS)
    tokens = [header(kid=f"made-up-{number}")(identity) for number in range(100)]
    answers = await asyncio.gather(
        *(check.verify(token, ACTIVITY) for token in tokens), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {Unauthenticated}
    assert identity.calls["keys"] == 2


async def test_without_keys_nobody_can_tell(check: Authentication, identity: FakeIdentity) -> None:
    """While no key was ever fetched a good token is not refused, but told to come again."""
    identity.down = Fault(503)
    with pytest.raises(KeysUnavailable):
        await check.prepare()
    with pytest.raises(KeysUnavailable):
        await check.verify(bearer()(identity), ACTIVITY)
    with pytest.raises(Unauthenticated):
        await check.verify(REFUSED["another app"](identity), ACTIVITY)


async def test_preparing_spares_the_first_activity_the_fetch(
    check: Authentication, identity: FakeIdentity
) -> None:
    """A bot that is ready has the keys."""
    await check.prepare()
    identity.down = Fault(503)
    await check.verify(bearer()(identity), ACTIVITY)
