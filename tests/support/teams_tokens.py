"""Tokens that somebody may come with to a Teams bot, good and forged, and the bot's own.

A maker takes the fake identity provider and returns an Authorization header.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.teams.clouds import Cloud
from adapters.teams.tokens import TokenProvider
from tests.support.clock import START, TestClock
from tests.support.identity import FakeIdentity, rsa_key

APP = "00000000-aaaa-4bbb-8ccc-0123456789ab"
SECRET = "secret~test"
TENANT = "11111111-dddd-4eee-8fff-0123456789ab"
OTHER = "22222222-dddd-4eee-8fff-0123456789ab"
BOT_FRAMEWORK = "d6d49420-f39b-4df7-a1dc-d59a935871db"
SERVICE_URL = "https://smba.trafficmanager.net/emea/"
ACTIVITY: Mapping[str, Any] = {
    "type": "message",
    "channelId": "msteams",
    "serviceUrl": SERVICE_URL,
}
Claims = dict[str, Any]
Make = Callable[[FakeIdentity], str]


class OpenTokens(Protocol):
    """Opens the provider of the bot's own tokens."""

    def __call__(self, environ: Mapping[str, str], cloud: Cloud = Cloud.PUBLIC) -> TokenProvider:
        """For this environment."""


async def failing(tokens: TokenProvider, clock: TestClock) -> BaseException:
    """The error that asking for a token ends in, however long it takes."""
    asking = asyncio.ensure_future(tokens.token())
    await clock.until(asking.done)
    error = asking.exception()
    assert error is not None
    return error


def claims(**changes: Any) -> Claims:
    """What the connector says of the activity; None takes a claim away."""
    good = {
        "iss": "https://api.botframework.com",
        "aud": APP,
        "serviceurl": SERVICE_URL,
        "nbf": START - 60,
        "iat": START - 60,
        "exp": START + 3600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed_in(version: str = "2.0", **changes: Any) -> Claims:
    """What Entra says of somebody who signed in as the app, in our own tenant."""
    issuers = {
        "1.0": f"https://sts.windows.net/{TENANT}/",
        "2.0": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    }
    who = {"1.0": {"appid": APP}, "2.0": {"azp": APP}}
    entra = {
        "iss": issuers.get(version, issuers["1.0"]),
        "ver": version,
        "serviceurl": None,
        **who.get(version, who["1.0"]),
    }
    return claims(**{**entra, **changes})


def bearer(**changes: Any) -> Make:
    """A header of the connector's with these claims changed."""
    return lambda identity: f"Bearer {identity.connector.sign(claims(**changes))}"


def entra(version: str = "2.0", **changes: Any) -> Make:
    """A header of Entra's with these claims changed."""
    return lambda identity: f"Bearer {identity.entra.sign(signed_in(version, **changes))}"


def header(**changes: Any) -> Make:
    """A header of the connector's whose token has this in its head."""
    return lambda identity: f"Bearer {identity.connector.sign(claims(), **changes)}"


def as_is(text: str) -> Make:
    """A header that nobody signed."""
    return lambda _: text


def part(value: object) -> str:
    """One part of a token, as whoever forges one writes it."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(identity: FakeIdentity) -> str:
    """A token that says that it needs no signature."""
    return f"Bearer {part({'alg': 'none', 'kid': identity.connector.kid})}.{part(claims())}."


def public_key_as_secret(identity: FakeIdentity) -> str:
    """A token signed with HMAC, with what everybody knows as the secret."""
    public = rsa_key(0).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = part({"alg": "HS256", "typ": "JWT", "kid": identity.connector.kid})
    content = f"{head}.{part(claims())}"
    return f"Bearer {content}.{part(hmac.digest(public, content.encode(), hashlib.sha256))}"


def forged(identity: FakeIdentity) -> str:
    """A good token's head and signature around other claims."""
    head, _, signature = identity.connector.sign(claims(exp=START - 3600)).split(".")
    return f"Bearer {head}.{part(claims())}.{signature}"


def another_signer(identity: FakeIdentity) -> str:
    """A token of somebody else's who knows the name of our key."""
    return f"Bearer {jwt.encode(claims(), rsa_key(19), 'RS256', {'kid': identity.connector.kid})}"
