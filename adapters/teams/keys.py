"""The public keys that Microsoft signs with: fetched once, kept for a day, renewed unnoticed.

An OpenID metadata document leads to the keys. They are kept for 24 hours and fetched anew before
that, in the background of a request that needs one; while the provider is down the old ones go on
being used. A key id that is not among them may be a key that was rotated in, so they are fetched at
once, but for this reason not more than once in some minutes: anybody can make up key ids. However
many requests wait, one fetch is under way.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from pydantic import BaseModel, ValidationError

from adapters.teams.clouds import secure
from agent.defects import report
from agent.ports import Clock

log = logging.getLogger(__name__)

EARLY_SECONDS = 20 * 3600.0
"""Keys of this age are fetched anew in the background."""
KEPT_SECONDS = 24 * 3600.0
"""Keys of this age are fetched anew before one of them is used, if the provider can be reached:
one that was withdrawn is not trusted for longer than the Bot Framework's SDKs would."""
UNKNOWN_SECONDS = 300.0
"""Between fetches for the sake of an unknown key id. Microsoft publishes a key long before it signs
with it; its own SDK asks once an hour."""
FAILED_SECONDS = 10.0
"""Between fetches while they fail."""
FETCH_SECONDS = 5.0
"""For both documents together. Teams repeats what is not answered within 15 seconds."""
LEAST_BITS = 2048
"""RSA keys shorter than this are broken or soon will be (NIST SP 800-131A)."""

Session = Callable[[], aiohttp.ClientSession]
"""Gives the adapter's shared session, opened when first needed."""
M = TypeVar("M", bound=BaseModel)


class KeysUnavailable(Exception):
    """There is no key to check with and the provider cannot be asked: nobody can tell now. The
    message says which provider, and what went wrong.
    """


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key, and the channels it may speak for; None: no key of its set names any."""

    public: RSAPublicKey
    endorsements: frozenset[str] | None = None

    def endorses(self, channel: object) -> bool:
        """Whether it may sign for this channel, as an activity's `channelId` names it."""
        if self.endorsements is None:
            return True
        return isinstance(channel, str) and channel in self.endorsements


class SigningKeys:
    """The keys that one metadata document leads to."""

    def __init__(self, session: Session, url: str, clock: Clock) -> None:
        """`url` is the metadata's. Nothing is fetched yet."""
        self._session = session
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at = -math.inf
        self._tried_at = -math.inf
        self._looked_at = -math.inf
        """When a fetch for the sake of an unknown key id last began."""
        self._failure = ""
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> SigningKey | None:
        """The key of this id; None if the provider has none of that name.

        Raises:
            KeysUnavailable: it is not known, and the provider cannot be asked.
        """
        age = self._clock.monotonic() - self._fetched_at
        if age >= KEPT_SECONDS and not (self._keys and self._failure):
            await self._fetch()
        elif age >= EARLY_SECONDS:
            self._begin()
        if kid not in self._keys and self._is_fetching():
            await self._fetch()  # it may have begun before this key was there
        if kid not in self._keys:
            await self._fetch(unknown=True)
        key = self._keys.get(kid)
        if key is None and (self._failure or not self._keys):
            raise self._unavailable()
        return key

    async def prepare(self) -> None:
        """Fetch the keys unless they are there.

        Raises:
            KeysUnavailable: the provider cannot be reached or sends no keys.
        """
        if not self._keys:
            await self._fetch()
        if not self._keys:
            raise self._unavailable()

    async def close(self) -> None:
        """End a fetch that is under way; idempotent."""
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.cancel()
            await asyncio.wait([fetching])

    def _unavailable(self) -> KeysUnavailable:
        return KeysUnavailable(f"{urlsplit(self._url).netloc}: {self._failure or 'closed'}")

    async def _fetch(self, *, unknown: bool = False) -> None:
        """Wait for a fetch, unless the last one is too recent to do it again. `unknown`: it is for
        the sake of a key id that is not known.
        """
        fetching = self._begin(unknown=unknown)
        if fetching is not None:
            # Unlike a plain await: whoever hangs up does not end what others wait for.
            await asyncio.wait([fetching])

    def _is_fetching(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    def _begin(self, *, unknown: bool = False) -> asyncio.Task[None] | None:
        if self._is_fetching():
            return self._fetching
        now = self._clock.monotonic()
        if self._failure:
            if now - self._tried_at < FAILED_SECONDS:
                return None
        elif unknown and now - self._looked_at < UNKNOWN_SECONDS:
            return None
        if unknown:
            # Regular fetches do not count: a key may be rotated in right after one.
            self._looked_at = now
        self._tried_at = now
        self._fetching = asyncio.create_task(self._renew())
        return self._fetching

    async def _renew(self) -> None:
        try:
            async with self._clock.timeout(FETCH_SECONDS):
                self._keys = await self._download()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self._failure = type(error).__name__
            log.warning("no signing keys from %s: %s", self._url, self._failure)
        except Exception as error:  # noqa: BLE001 the top of a task
            self._failure = type(error).__name__
            report(log, "fetching signing keys went wrong", error)
        else:
            self._failure = ""
            self._fetched_at = self._clock.monotonic()

    async def _download(self) -> Mapping[str, SigningKey]:
        metadata = await self._get(self._url, _Metadata)
        if not secure(metadata.jwks_uri):
            raise ValueError("the metadata leads to an address without encryption")
        keys = read(await self._get(metadata.jwks_uri, _KeySet))
        if not keys:
            raise ValueError("not one usable key")
        return keys

    async def _get(self, url: str, model: type[M]) -> M:
        # A redirect could lead away from https.
        async with self._session().get(url, allow_redirects=False) as response:
            response.raise_for_status()
            return model.model_validate_json(await response.read())


class _Metadata(BaseModel):
    jwks_uri: str


class _KeySet(BaseModel):
    keys: list[dict[str, Any]]


class _Key(BaseModel):
    kid: str
    kty: str
    n: str
    e: str
    use: str = "sig"
    endorsements: list[str] | None = None


def read(key_set: _KeySet) -> Mapping[str, SigningKey]:
    """The RSA keys of a set by their ids; what is not one, or too short, is left out.

    A set that names no endorsements at all makes no use of them, as every SDK of Microsoft's takes
    it; in one that does, a key without any speaks for nobody.
    """
    known = [key for key in map(_read_one, key_set.keys) if key is not None]
    endorsing = any(key.endorsements is not None for key, _ in known)
    return {
        key.kid: SigningKey(public, frozenset(key.endorsements or ()) if endorsing else None)
        for key, public in known
    }


def _read_one(raw: Mapping[str, Any]) -> tuple[_Key, RSAPublicKey] | None:
    try:
        key = _Key.model_validate(raw)
        public = RSAAlgorithm.from_jwk({"kty": key.kty, "n": key.n, "e": key.e})
    except (ValidationError, jwt.InvalidKeyError, ValueError):
        return None
    if not isinstance(public, RSAPublicKey) or key.use != "sig" or public.key_size < LEAST_BITS:
        return None
    return key, public
