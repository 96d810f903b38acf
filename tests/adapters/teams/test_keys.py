"""The signing keys: fetched once for everybody, renewed unnoticed, and kept when nobody answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from jwt.algorithms import RSAAlgorithm

from adapters.teams.keys import (
    EARLY_SECONDS,
    FAILED_SECONDS,
    FETCH_SECONDS,
    KEPT_SECONDS,
    UNKNOWN_SECONDS,
    KeysUnavailable,
    SigningKeys,
)
from tests.support.clock import TestClock
from tests.support.identity import FakeIdentity, Fault, rsa_key

HANGS = Fault(seconds=3600.0)


@pytest.fixture
async def keys(identity: FakeIdentity, clock: TestClock) -> AsyncIterator[SigningKeys]:
    """The connector's keys, not fetched yet."""
    async with aiohttp.ClientSession() as session:
        keys = SigningKeys(lambda: session, f"{identity.address}/openid", clock)
        yield keys
        await keys.close()


async def unavailable(keys: SigningKeys, kid: str, clock: TestClock) -> bool:
    """Whether nobody can tell what this key is, however long it takes to say so."""
    finding = asyncio.ensure_future(keys.find(kid))
    await clock.until(finding.done)
    return isinstance(finding.exception(), KeysUnavailable)


async def test_keys_are_fetched_once(keys: SigningKeys, identity: FakeIdentity) -> None:
    """The first activity fetches the keys, all others find them."""
    for _ in range(3):
        key = await keys.find(identity.connector.kid)
        assert key is not None
        assert key.public.public_numbers() == rsa_key(0).public_key().public_numbers()
    assert identity.calls == {"metadata": 1, "keys": 1}


async def test_preparing_fetches_before_anybody_asks(
    keys: SigningKeys, identity: FakeIdentity
) -> None:
    """Keys can be there before the first activity."""
    await keys.prepare()
    await keys.prepare()
    await keys.find(identity.connector.kid)
    assert identity.calls["keys"] == 1


async def test_preparing_says_that_the_provider_is_down(
    keys: SigningKeys, identity: FakeIdentity
) -> None:
    """A check of the set-up learns that there are no keys."""
    identity.down = Fault(503)
    with pytest.raises(KeysUnavailable, match=r"127\.0\.0\.1:\d+: ClientResponseError"):
        await keys.prepare()


@pytest.mark.parametrize("later", [0.0, 5.0, EARLY_SECONDS - 1.0])
async def test_a_key_that_was_rotated_in_is_fetched(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock, later: float
) -> None:
    """A new key is known as soon as it is needed, however short after the regular fetch, and the
    old one no longer.
    """
    old = identity.connector.kid
    await keys.find(old)
    await clock.advance(later)
    new = identity.connector.rotate()
    assert await keys.find(new) is not None
    assert await keys.find(old) is None
    assert identity.calls["keys"] == 2


async def test_made_up_key_ids_fetch_nothing_for_some_minutes(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """Whoever makes up key ids causes one fetch in some minutes and not more."""
    await keys.find(identity.connector.kid)
    for number in range(10):
        assert await keys.find(f"made-up-{number}") is None
    assert identity.calls["keys"] == 2
    await clock.advance(UNKNOWN_SECONDS - 1.0)
    assert await keys.find("made-up") is None
    assert identity.calls["keys"] == 2
    await clock.advance(1.0)
    for number in range(10):
        assert await keys.find(f"made-up-{number}") is None
    assert identity.calls["keys"] == 3


async def test_a_fetch_that_began_before_a_rotation_is_not_the_last_word(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """Whoever joins a regular fetch, and does not find a new key in it, has another one made."""
    await keys.find(identity.connector.kid)
    await clock.advance(EARLY_SECONDS)
    held = Fault(200, json.dumps(identity.connector.key_set()), seconds=1.0)
    identity.fail("keys", held)
    await keys.find(identity.connector.kid)
    new = identity.connector.rotate()
    finding = asyncio.gather(*(keys.find(new) for _ in range(10)))
    await clock.until(finding.done)
    assert all(await finding)
    assert identity.calls["keys"] == 3


async def test_a_hundred_unknown_keys_at_once_are_one_fetch(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """Everybody who waits for a new key waits for the same fetch, and gets it."""
    await keys.find(identity.connector.kid)
    await clock.advance(UNKNOWN_SECONDS)
    new = identity.connector.rotate()
    identity.fail("keys", Fault(seconds=1.0))
    finding = asyncio.gather(*(keys.find(new) for _ in range(100)))
    await clock.until(finding.done)
    assert all(await finding)
    assert identity.calls["keys"] == 2


async def test_whoever_hangs_up_ends_nobody_elses_fetch(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """A cancelled request leaves the fetch to the others."""
    identity.fail("keys", Fault(seconds=1.0))
    first, second = (asyncio.ensure_future(keys.find(identity.connector.kid)) for _ in range(2))
    await clock.settle()
    first.cancel()
    await clock.until(second.done)
    assert await second is not None
    assert identity.calls["keys"] == 1


async def test_old_keys_are_renewed_in_the_background(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """Before a day is over the keys are fetched anew, and the request that starts it waits not."""
    await keys.find(identity.connector.kid)
    await clock.advance(EARLY_SECONDS)
    identity.fail("metadata", Fault(seconds=1.0))
    assert await keys.find(identity.connector.kid) is not None
    await clock.advance(1.0)
    assert identity.calls["keys"] == 2
    await clock.advance(EARLY_SECONDS - 1.0)
    assert await keys.find(identity.connector.kid) is not None
    assert identity.calls["keys"] == 2


async def test_a_withdrawn_key_is_not_trusted_after_a_day(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """After a day nothing is believed that the provider does not confirm, if it can be asked."""
    old = identity.connector.kid
    await keys.find(old)
    identity.connector.rotate()
    await clock.advance(KEPT_SECONDS)
    assert await keys.find(old) is None


async def test_old_keys_serve_while_the_provider_is_down(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """A provider that is down for two days stops nobody from writing, and is asked in moderation;
    the first request after a day waits for it, no other does.
    """
    await keys.find(identity.connector.kid)
    identity.down = HANGS
    await clock.advance(2 * KEPT_SECONDS)
    finding = asyncio.ensure_future(keys.find(identity.connector.kid))
    await clock.advance(FETCH_SECONDS)
    assert await finding is not None
    for _ in range(10):
        assert await keys.find(identity.connector.kid) is not None
    assert identity.calls["metadata"] == 2
    await clock.advance(FAILED_SECONDS)
    assert await keys.find(identity.connector.kid) is not None
    await clock.settle()
    assert identity.calls["metadata"] == 3


async def test_an_unknown_key_cannot_be_judged_while_the_provider_is_down(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """It may be a key that was rotated in, so the sender is told to try again, not to go away."""
    await keys.find(identity.connector.kid)
    await clock.advance(UNKNOWN_SECONDS)
    identity.down = Fault(503)
    new = identity.connector.rotate()
    assert await unavailable(keys, new, clock)
    assert await unavailable(keys, new, clock)
    assert identity.calls["metadata"] == 2
    identity.down = None
    await clock.advance(FAILED_SECONDS)
    assert await keys.find(new) is not None


async def test_without_any_key_nothing_can_be_judged(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """A provider that is down at the start is asked again after some seconds."""
    identity.down = HANGS
    assert await unavailable(keys, identity.connector.kid, clock)
    assert await unavailable(keys, identity.connector.kid, clock)
    assert identity.calls == {"metadata": 1}
    identity.down = None
    await clock.advance(FAILED_SECONDS)
    assert await keys.find(identity.connector.kid) is not None


NOT_METADATA = ["", "<html>", "[]", "{}", '{"jwks_uri": 7}', '{"jwks_uri": "http://keys.example/"}']
NOT_KEYS = ["", "<html>", "[]", "{}", '{"keys": 7}', '{"keys": [7]}', '{"keys": []}']


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        *(("metadata", Fault(200, body)) for body in NOT_METADATA),
        *(("keys", Fault(200, body)) for body in NOT_KEYS),
        *((what, fault) for what in ("metadata", "keys") for fault in (Fault(500), Fault(404))),
        ("metadata", Fault(302, headers={"Location": "/openid"})),
        ("keys", Fault(drop=True)),
        ("keys", HANGS),
    ],
)
async def test_every_bad_answer_is_a_provider_that_is_down(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock, what: str, fault: Fault
) -> None:
    """Garbage, errors, redirects, cut connections and silence all mean: ask again later."""
    # aiohttp itself repeats a GET once, when a connection that it used before was cut.
    identity.fail(what, *([fault] * 2 if fault.drop else [fault]))
    assert await unavailable(keys, identity.connector.kid, clock)
    await clock.advance(FAILED_SECONDS)
    assert await keys.find(identity.connector.kid) is not None


async def test_keys_do_not_come_without_encryption(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """Metadata that leads to plain http elsewhere is not followed, whoever answers there."""
    identity.jwks_uri = f"{identity.address}/keys".replace("127.0.0.1", "0.0.0.0")  # noqa: S104
    assert await unavailable(keys, identity.connector.kid, clock)
    assert "keys" not in identity.calls


def _jwk(bits: int = 2048, **changes: Any) -> dict[str, Any]:
    number = 20 if bits == 2048 else 21
    public = RSAAlgorithm.to_jwk(rsa_key(number, bits).public_key(), as_dict=True)
    jwk = {**public, "kid": "odd", "use": "sig", "endorsements": ["msteams"], **changes}
    return {name: value for name, value in jwk.items() if value is not None}


@pytest.mark.parametrize(
    ("jwk", "usable"),
    [
        (_jwk(), True),
        (_jwk(use=None), True),
        (_jwk(use="enc"), False),
        (_jwk(kty="EC"), False),
        (_jwk(kty="oct", k="c2VjcmV0"), False),
        (_jwk(n=None), False),
        (_jwk(n="*"), False),
        (_jwk(n=""), False),
        (_jwk(e=7), False),
        (_jwk(kid=None), False),
        (_jwk(kid=["odd"]), False),
        (_jwk(endorsements="msteams"), False),
        (_jwk(bits=1024), False),
        ({}, False),
    ],
)
async def test_a_strange_key_spoils_no_other(
    keys: SigningKeys, identity: FakeIdentity, jwk: dict[str, Any], usable: bool
) -> None:
    """What is no RSA key for signatures, or too short, is left out; the rest of the set counts."""
    identity.connector.extra = [jwk]
    assert await keys.find(identity.connector.kid) is not None
    assert (await keys.find("odd") is not None) is usable


async def test_a_key_speaks_for_the_channels_it_is_endorsed_for(
    keys: SigningKeys, identity: FakeIdentity
) -> None:
    """A key endorses what it names and nothing else, whatever an activity holds there."""
    identity.connector.extra = [_jwk(endorsements=None)]
    key = await keys.find(identity.connector.kid)
    assert key is not None
    assert key.endorses("msteams")
    assert not any(key.endorses(odd) for odd in ("email", "", None, ["msteams"], {"msteams": 1}))
    silent = await keys.find("odd")
    assert silent is not None
    assert not silent.endorses("msteams")


async def test_a_set_without_endorsements_makes_no_use_of_them(
    keys: SigningKeys, identity: FakeIdentity
) -> None:
    """Where no key names a channel, as Entra's do not, every key speaks for every channel."""
    identity.connector.endorsements = None
    key = await keys.find(identity.connector.kid)
    assert key is not None
    assert key.endorses("msteams")


async def test_closing_ends_a_fetch_and_whoever_waits_for_it(
    keys: SigningKeys, identity: FakeIdentity, clock: TestClock
) -> None:
    """A process that stops leaves no request behind; it can be closed twice."""
    identity.down = HANGS
    finding = asyncio.ensure_future(keys.find(identity.connector.kid))
    await clock.settle()
    await keys.close()
    await keys.close()
    with pytest.raises(KeysUnavailable):
        await finding


async def test_a_closed_session_is_a_provider_that_is_down(
    identity: FakeIdentity, clock: TestClock
) -> None:
    """Even an error that nobody thought of leaves the request with an answer."""
    session = aiohttp.ClientSession()
    await session.close()
    keys = SigningKeys(lambda: session, f"{identity.address}/openid", clock)
    assert await unavailable(keys, identity.connector.kid, clock)
