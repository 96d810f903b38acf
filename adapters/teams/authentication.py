"""Who sent this activity? Decided on the raw JSON, before anything else looks at it.

Two families of signers may write to the bot: the connector, which is how Teams speaks, and Entra,
which is how the Bot Framework's own tools sign in with the app's credentials. What a token must
hold is in https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication;
the SDK's own check (botframework-connector 4.17.1) blocks the loop, crashes on most bad tokens and
rejects everybody once a key was rotated, so only its interface is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
from botframework.connector.auth import (  # type: ignore[import-untyped]
    AuthenticationConstants,
    BotFrameworkAuthentication,
    ClaimsIdentity,
)
from botframework.connector.auth.authenticate_request_result import (  # type: ignore[import-untyped]
    AuthenticateRequestResult,
)
from cachetools import LRUCache
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from adapters.teams.clouds import Cloud, address, is_guid
from adapters.teams.keys import KeysUnavailable, Session, SigningKey, SigningKeys
from agent.errors import ConfigError
from agent.ports import Clock

__all__ = [
    "Authentication",
    "KeysUnavailable",
    "TeamsAuthentication",
    "Unauthenticated",
    "Unchecked",
    "Verifier",
    "open_authentication",
]

ALGORITHMS = ("RS256",)
"""The only one in the `id_token_signing_alg_values_supported` of both providers' metadata, and the
only one the SDK decodes with."""
LEEWAY_SECONDS = 300.0
"""How far clocks may be apart, as documented for the connector's tokens."""
TOKENS = 100
"""Tokens that passed and are kept: the connector signs one for an hour and sends it with every
activity, and all but the signature of it is checked each time."""
JWS = jwt.PyJWS()


class Unauthenticated(Exception):
    """Nobody who may write to this bot signed the request: 401. The message says why, for logs."""


class Verifier(Protocol):
    """Checks who sent an activity."""

    async def verify(self, header: str, activity: Mapping[str, Any]) -> None:
        """Pass if the Authorization header, '' if there is none, vouches for the parsed JSON.

        Raises:
            Unauthenticated: it does not.
            KeysUnavailable: it cannot be told now; the sender should repeat it.
        """


class Unchecked:
    """Lets everybody write to the bot: for development, on this machine only."""

    async def verify(self, header: str, activity: Mapping[str, Any]) -> None:
        """Pass."""


class _Claims(BaseModel):
    """The payload of a token as far as it is looked at; without one of the first three it is
    refused. Entra names the app that signed in `appid` (version 1) or `azp` (version 2), and gives
    `scp` only to those who signed in as a person.
    """

    model_config = ConfigDict(strict=True)

    iss: str
    aud: str
    exp: FiniteFloat
    nbf: FiniteFloat | None = None
    iat: FiniteFloat | None = None
    serviceurl: str | None = None
    ver: str | None = None
    appid: str | None = None
    azp: str | None = None
    scp: str | None = None


@dataclass(slots=True)
class _Token:
    """A token that was read; `signed_by` is the key that its signature was found to be of."""

    text: str
    kid: str
    claims: _Claims
    signed_by: SigningKey | None = None


class Authentication:
    """The check of one bot's tokens."""

    def __init__(
        self,
        *,
        app_id: str,
        connector_issuer: str,
        connector_keys: SigningKeys,
        entra_issuers: frozenset[str],
        entra_keys: SigningKeys,
        clock: Clock,
    ) -> None:
        """Tokens are for `app_id` and signed by one of these issuers with one of its keys."""
        self._app_id = app_id.lower()
        self._connector_issuer = connector_issuer
        self._connector_keys = connector_keys
        self._entra_issuers = entra_issuers
        self._entra_keys = entra_keys
        self._clock = clock
        self._passed: LRUCache[str, _Token] = LRUCache(TOKENS)

    async def verify(self, header: str, activity: Mapping[str, Any]) -> None:
        """Pass if the Authorization header vouches for the activity; see `Verifier`.

        Raises:
            Unauthenticated: it does not.
            KeysUnavailable: it cannot be told now; the sender should repeat it.
        """
        token = self._passed.get(header) or read(header)
        # First what costs nothing: nobody makes us fetch keys with a token for somebody else.
        self._check_claims(token.claims)
        if token.claims.iss == self._connector_issuer:
            _check_address(token.claims, activity)
            key = await _key(self._connector_keys, token)
            if not key.endorses(activity.get("channelId")):
                raise Unauthenticated("the key is not endorsed for the channel")
        elif token.claims.iss in self._entra_issuers:
            self._check_signed_in(token.claims)
            key = await _key(self._entra_keys, token)
        else:
            raise Unauthenticated("unknown issuer")
        if token.signed_by is not key:
            _check_signature(token, key)
            token.signed_by = key
            self._passed[header] = token

    async def prepare(self) -> None:
        """Fetch the connector's keys before the first activity needs them.

        Raises:
            KeysUnavailable: the provider cannot be reached or sends no keys.
        """
        await self._connector_keys.prepare()

    async def close(self) -> None:
        """End what is under way; idempotent."""
        await self._connector_keys.close()
        await self._entra_keys.close()

    def _check_claims(self, claims: _Claims) -> None:
        now = self._clock.now()
        if claims.aud.lower() != self._app_id:
            raise Unauthenticated("the token is for another app")
        if claims.exp + LEEWAY_SECONDS <= now:
            raise Unauthenticated("the token has expired")
        if max(claims.nbf or 0.0, claims.iat or 0.0) > now + LEEWAY_SECONDS:
            raise Unauthenticated("the token is from the future")

    def _check_signed_in(self, claims: _Claims) -> None:
        """It was the app itself that signed in: only who holds its credentials gets such a token,
        a person of the same tenant does not.
        """
        named = {"": claims.appid, "1.0": claims.appid, "2.0": claims.azp}
        signed_in = named.get(claims.ver) if claims.ver is not None else None
        if (signed_in or "").lower() != self._app_id:
            raise Unauthenticated("another app signed in")
        if claims.scp is not None:
            raise Unauthenticated("a person signed in, not the app")


def open_authentication(
    environ: Mapping[str, str], cloud: Cloud, session: Session, clock: Clock
) -> Authentication:
    """The check that the environment asks for: TEAMS_APP_ID, TEAMS_TENANT_ID, TEAMS_OPENID_URL,
    TEAMS_LOGIN_URL.

    Entra's issuers are Microsoft's tenants of the SDK's list and our own: an app of a single tenant
    exists in no other, so without it none of the tools could ever sign in to it. That gives nothing
    away: such a token is made for nobody but the holder of this app's own credentials.

    Raises:
        ConfigError: there is no app id, or an address is neither https nor on this machine.
    """
    constants = cloud.value
    app_id = environ.get("TEAMS_APP_ID", "").strip()
    if not app_id:
        raise ConfigError("TEAMS_APP_ID is missing: copy it from the bot's page in Azure")
    tenant = environ.get("TEAMS_TENANT_ID", "").strip().lower()
    login = address(environ, "TEAMS_LOGIN_URL", constants.login)
    openid = address(environ, "TEAMS_OPENID_URL", constants.connector_openid_url)
    entra_openid = f"{login}/{constants.home_tenant}/v2.0/.well-known/openid-configuration"
    return Authentication(
        app_id=app_id,
        connector_issuer=constants.connector_issuer,
        connector_keys=SigningKeys(session, openid, clock),
        entra_issuers=constants.issuers(tenant if is_guid(tenant) else ""),
        entra_keys=SigningKeys(session, entra_openid, clock),
        clock=clock,
    )


def read(header: str) -> _Token:
    """The token of an Authorization header; nothing in it is trusted yet.

    Raises:
        Unauthenticated: there is none that can be read, or one that names no key.
    """
    scheme, _, text = header.strip().partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text or not text.isascii():
        raise Unauthenticated("no bearer token")
    try:
        raw = JWS.decode_complete(text, options={"verify_signature": False})
        claims = _Claims.model_validate_json(raw["payload"])
    except (jwt.PyJWTError, ValidationError):
        raise Unauthenticated("no readable token") from None
    kid = raw["header"].get("kid")
    if not kid:
        raise Unauthenticated("the token names no key")
    return _Token(text, kid, claims)


async def _key(keys: SigningKeys, token: _Token) -> SigningKey:
    key = await keys.find(token.kid)
    if key is None:
        raise Unauthenticated("unknown key")
    return key


def _check_address(claims: _Claims, activity: Mapping[str, Any]) -> None:
    """The connector vouches for where answers go; without that our token would go anywhere."""
    given = activity.get("serviceUrl")
    if not isinstance(given, str) or not given or claims.serviceurl is None:
        raise Unauthenticated("no serviceUrl to compare")
    if claims.serviceurl.rstrip("/") != given.rstrip("/"):
        raise Unauthenticated("the serviceUrl is not the token's")


def _check_signature(token: _Token, key: SigningKey) -> None:
    # Only the signature: PyJWT would take the time for `exp` and `nbf` from the machine.
    try:
        JWS.decode_complete(token.text, key.public, algorithms=ALGORITHMS)
    except jwt.PyJWTError:
        raise Unauthenticated("the signature is not the key's") from None


class TeamsAuthentication(BotFrameworkAuthentication):  # type: ignore[misc]
    """Plugs the check into the SDK's CloudAdapterBase.

    Give `process_activity` what `verified` returns for an activity that was checked as raw JSON;
    one that it is given with a header is checked here.
    """

    def __init__(self, app_id: str, cloud: Cloud, verifier: Verifier, connectors: object) -> None:
        """`connectors` is the SDK's ConnectorFactory, or what has its `create`."""
        self._app_id = app_id
        self._audience = cloud.value.audience
        self._verifier = verifier
        self._connectors = connectors

    def verified(self) -> AuthenticateRequestResult:
        """What the SDK wants to know of an activity that was checked."""
        result = AuthenticateRequestResult()
        result.audience = self._audience
        result.claims_identity = ClaimsIdentity(
            {
                AuthenticationConstants.AUDIENCE_CLAIM: self._app_id,
                AuthenticationConstants.APP_ID_CLAIM: self._app_id,
            },
            True,
        )
        result.connector_factory = self._connectors
        return result

    async def authenticate_request(
        self, activity: Any, auth_header: str
    ) -> AuthenticateRequestResult:
        """Check an activity of the SDK's model.

        Raises:
            Unauthenticated: nobody who may write to this bot signed it.
            KeysUnavailable: it cannot be told now.
        """
        raw = {"serviceUrl": activity.service_url, "channelId": activity.channel_id}
        await self._verifier.verify(auth_header or "", raw)
        return self.verified()

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        """Refuse: there is no streaming endpoint.

        Raises:
            Unauthenticated: always.
        """
        raise Unauthenticated("streaming connections are not served")

    def create_connector_factory(self, claims_identity: Any) -> Any:
        """The one that was given: there is one identity to send as."""
        return self._connectors

    async def create_user_token_client(self, claims_identity: Any) -> None:
        """None: nobody signs in through the bot, and the SDK's client would cost 3 ms a turn."""

    def get_originating_audience(self) -> str:
        """The connector, as tokens name it."""
        return self._audience
