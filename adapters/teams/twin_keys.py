"""The keys of the local Teams: what it signs activities with, and how it publishes them.

Claims: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from jwt.utils import to_base64url_uint

from adapters.teams.twin_state import Identity, Json, Settings
from agent.ports import Clock

TOKEN_SECONDS = 3600.0
# A token is used again until this much of its life is left, so that none arrives expired.
LEFT_SECONDS = 600.0
CONNECTOR_ISSUER = "https://api.botframework.com"
ENTRA_TENANT = "d6d49420-f39b-4df7-a1dc-d59a935871db"
"""The tenant of Microsoft's own bot services in the public cloud."""
ENTRA_ISSUER = f"https://login.microsoftonline.com/{ENTRA_TENANT}/v2.0"
ENDORSEMENTS = ("msteams", "webchat", "directline")


@functools.cache
def key_pair(_number: int) -> RSAPrivateKey:
    """The key pair of this number; one is slow to make, so a process makes each once."""
    return generate_private_key(65537, 2048)


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair, and the channels that may use it."""

    private: RSAPrivateKey
    endorsements: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its name in tokens and in the published set."""
        return hashlib.sha256(self._modulus).hexdigest()[:27]

    @property
    def _modulus(self) -> bytes:
        return to_base64url_uint(self.private.public_key().public_numbers().n)

    def published(self) -> Json:
        """The public half as in a JSON Web Key Set."""
        whole = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        own = {"kid": self.id, "x5t": self.id, "use": "sig"}
        told = {"endorsements": list(self.endorsements)} if self.endorsements else {}
        return {"kty": "RSA", "n": whole["n"], "e": whole["e"], **own, **told}


class KeyRing:
    """The keys of one issuer: the newest signs, the published ones may be used to verify."""

    def __init__(self, numbers: itertools.count[int], endorsements: tuple[str, ...]) -> None:
        self._numbers = numbers
        self._endorsements = endorsements
        self._published: list[Key] = []
        self._signing: Key | None = None

    @property
    def signing(self) -> Key:
        """The key that signs now; the first is made when it is asked for."""
        return self._signing or self.rotate()

    def rotate(self, *, keep: bool = False, publish: bool = True) -> Key:
        """Sign with a new key; `keep` the old ones published, and `publish` the new one too."""
        self._signing = key = Key(key_pair(next(self._numbers)), self._endorsements)
        kept = self._published if keep else []
        self._published = [*kept, key] if publish else kept
        return key

    def endorse(self, *channels: str) -> None:
        """Let the signing key be good for these channels only."""
        key = Key(self.signing.private, channels)
        self._published = [key if old.id == key.id else old for old in self._published]

    def published(self) -> Json:
        """The JSON Web Key Set."""
        if self._signing is None:
            self.rotate()
        return {"keys": [one.published() for one in self._published]}


class Signer:
    """Makes the Authorization header of activities; one token serves until it is old."""

    def __init__(self, clock: Clock, identity: Identity, settings: Settings) -> None:
        self._clock = clock
        self._identity = identity
        self._settings = settings
        numbers = itertools.count()
        self.rings = {"connector": KeyRing(numbers, ENDORSEMENTS), "entra": KeyRing(numbers, ())}
        self._cached: dict[tuple[str, str, str], tuple[float, str]] = {}

    def header(self) -> str:
        """The header for an activity of now, '' if none is sent."""
        settings = self._settings
        if settings.unauthenticated:
            return ""
        ring = self.rings[settings.signed_by]
        key = (settings.signed_by, settings.service_url, ring.signing.id)
        until, header = self._cached.get(key, (0.0, ""))
        if self._clock.now() > until - LEFT_SECONDS:
            header = self.bearer()
            self._cached[key] = (self._clock.now() + TOKEN_SECONDS, header)
        return header

    def claims(self) -> Json:
        """What a token says."""
        now = int(self._clock.now())
        times = {"nbf": now, "iat": now, "exp": now + int(TOKEN_SECONDS)}
        app = self._identity.app_id
        if self._settings.signed_by == "entra":
            return {"iss": ENTRA_ISSUER, "aud": app, "azp": app, "ver": "2.0", **times}
        service_url = self._settings.service_url
        return {"serviceurl": service_url, "iss": CONNECTOR_ISSUER, "aud": app, **times}

    def bearer(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        key: Key | None = None,
        algorithm: str = "RS256",
        headers: Mapping[str, Any] | None = None,
    ) -> str:
        """A new header; `changes` are claims that differ (None: left out)."""
        key = key or self.rings[self._settings.signed_by].signing
        claims = {**self.claims(), **(changes or {})}
        claims = {name: value for name, value in claims.items() if value is not None}
        secret: Any = key.private
        if not algorithm.startswith(("RS", "PS")):
            secret = "" if algorithm == "none" else key.id * 2
        named = {"kid": key.id, "x5t": key.id, **(headers or {})}
        return "Bearer " + jwt.encode(claims, secret, algorithm, headers=named)
