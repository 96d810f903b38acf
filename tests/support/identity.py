"""A fake identity provider: the connector's and Entra's keys, token endpoint, managed identity.

    async with FakeIdentity(clock) as fake:
        token = fake.connector.sign({"iss": "https://api.botframework.com", "aud": "app"})
        fake.fail("token", Fault(503))

Both signers have real RSA keys of their own, served as JWKS behind OpenID metadata, that a test may
rotate. `fake.calls` counts the requests by what they asked for: 'metadata', 'keys',
'entra metadata', 'entra keys', 'token', 'managed identity'. A request meets the next fault that is
scripted for it, else the one in `fake.down`, if any. Waiting is done on the clock.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from agent.ports import Clock

ENDORSED = ("msteams", "webchat")


@cache
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same key for the same number in one process: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request meets in place of its answer: `seconds` of waiting, then this; status 0 for
    its usual answer, or a connection that is cut with `drop`.
    """

    status: int = 0
    body: str = ""
    seconds: float = 0.0
    drop: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class Signer:
    """Signs tokens with the newest of its keys."""

    def __init__(self, first: int, endorsements: Iterable[str] | None) -> None:
        """Keys are `rsa_key(first)` and those after it; None: no endorsements are served."""
        self._numbers = itertools.count(first)
        self.endorsements = None if endorsements is None else list(endorsements)
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.extra: list[Any] = []
        """Entries of the key set that are served besides."""
        self.rotate()

    def rotate(self) -> str:
        """Sign with a new key, in place of all others; its id."""
        number = next(self._numbers)
        self.kid = f"key-{number}"
        self.keys = {self.kid: rsa_key(number)}
        return self.kid

    def sign(self, claims: object, **header: Any) -> str:
        """A token; `header` overrides what stands in its head, None leaves it out."""
        head = {"kid": self.kid, **header}
        head = {name: value for name, value in head.items() if value is not None}
        algorithm = head.pop("alg", "RS256")
        # Not as JWT: that would see to it that the claims make sense.
        payload = json.dumps(claims).encode()
        return jwt.PyJWS().encode(payload, self.keys[self.kid], algorithm, headers=head)

    def key_set(self) -> dict[str, Any]:
        """The public keys, as JWKS."""
        keys: list[Any] = list(self.extra)
        for kid, key in self.keys.items():
            public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            jwk = {**public, "kid": kid, "use": "sig"}
            if self.endorsements is not None:
                jwk["endorsements"] = self.endorsements
            keys.append(jwk)
        return {"keys": keys}


class FakeIdentity:
    """The server; start it with `async with`."""

    def __init__(self, clock: Clock) -> None:
        """Nothing listens yet."""
        self.clock = clock
        self.address = ""
        self.calls: Counter[str] = Counter()
        self.down: Fault | None = None
        self.connector = Signer(0, ENDORSED)
        self.entra = Signer(10, None)
        self.jwks_uri = ""
        """What the metadata says instead of the address of the keys."""
        self.grants: list[Mapping[str, str]] = []
        """What came to the token endpoint and the managed identity: path, fields, headers."""
        self.life: float = 3600.0
        """Seconds that a token lives."""
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._tokens = itertools.count(1)
        self._runner: web.AppRunner | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead an adapter here."""
        return {
            "TEAMS_OPENID_URL": f"{self.address}/openid",
            "TEAMS_LOGIN_URL": f"{self.address}/login",
        }

    @property
    def managed(self) -> dict[str, str]:
        """What App Service sets for a managed identity."""
        return {"IDENTITY_ENDPOINT": f"{self.address}/msi/token", "IDENTITY_HEADER": "msi-test"}

    def fail(self, what: str, *faults: Fault) -> None:
        """Let the next requests for `what` meet these faults, in order."""
        self._faults[what].extend(faults)

    async def __aenter__(self) -> FakeIdentity:
        app = web.Application()
        add = app.router.add_route
        add("GET", "/openid", self._serve("metadata", self._metadata("/keys")))
        add("GET", "/keys", self._serve("keys", self._keys(self.connector)))
        openid = "/login/{tenant}/v2.0/.well-known/openid-configuration"
        add("GET", openid, self._serve("entra metadata", self._metadata("/entra/keys")))
        add("GET", "/entra/keys", self._serve("entra keys", self._keys(self.entra)))
        add("POST", "/login/{tenant}/oauth2/v2.0/token", self._serve("token", self._token))
        add("GET", "/msi/token", self._serve("managed identity", self._managed))
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.01
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _serve(
        self, what: str, answer: Callable[[web.Request], Awaitable[dict[str, Any]]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            self.calls[what] += 1
            fault = self._faults[what].popleft() if self._faults[what] else self.down
            if fault is not None:
                await self.clock.sleep(fault.seconds)
                if fault.drop and request.transport is not None:
                    request.transport.abort()
                if fault.status or fault.drop:
                    status = fault.status or 500
                    return web.Response(status=status, text=fault.body, headers=dict(fault.headers))
            return web.json_response(await answer(request))

        return handler

    def _metadata(self, path: str) -> Callable[[web.Request], Awaitable[dict[str, Any]]]:
        async def metadata(request: web.Request) -> dict[str, Any]:
            return {"jwks_uri": self.jwks_uri or f"{self.address}{path}"}

        return metadata

    def _keys(self, signer: Signer) -> Callable[[web.Request], Awaitable[dict[str, Any]]]:
        async def keys(request: web.Request) -> dict[str, Any]:
            return signer.key_set()

        return keys

    async def _token(self, request: web.Request) -> dict[str, Any]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.grants.append({"path": request.path, **form})
        return {"token_type": "Bearer", "expires_in": self.life, "access_token": self._next()}

    async def _managed(self, request: web.Request) -> dict[str, Any]:
        header = request.headers.get("X-IDENTITY-HEADER", "")
        self.grants.append({"path": request.path, "header": header, **request.query})
        return {"expires_on": str(int(self.clock.now() + self.life)), "access_token": self._next()}

    def _next(self) -> str:
        return f"token-{next(self._tokens)}"
