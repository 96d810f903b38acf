"""The local Teams' identity provider: tokens for the bot, and the metadata of the signing keys.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow; the errors:
https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from adapters.teams.twin_keys import CONNECTOR_ISSUER, Signer
from adapters.teams.twin_state import Identity, Json
from agent.ports import Clock

LIFE_SECONDS = 3599
SCOPE = "https://api.botframework.com/.default"
RESOURCE = "https://api.botframework.com"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CHECKED = {"require": ["exp", "iss", "sub", "jti"], "verify_exp": False, "verify_nbf": False}
SIGNATURES = ["RS256", "PS256"]
Done = tuple[int, Json]


class Login:
    """Gives the bot tokens, and knows which ones it gave.

    `certificate` is the public key (PEM) that the bot may prove itself with instead of the secret;
    `identity_header` what a managed identity must send.
    """

    def __init__(self, clock: Clock, identity: Identity, password: str, signer: Signer) -> None:
        self.base_url = ""
        self.certificate = ""
        self.identity_header = "twin-identity-header"
        self.life_seconds = LIFE_SECONDS
        self._clock = clock
        self._identity = identity
        self._password = password
        self._signer = signer
        self._numbers = itertools.count(1)
        self._given: dict[str, float] = {}

    def accepts(self, authorization: str) -> bool:
        """Whether this header carries a token that was given and is not too old."""
        scheme, _, token = authorization.partition(" ")
        until = self._given.get(token.strip(), 0.0)
        return scheme.lower() == "bearer" and self._clock.now() < until

    def revoke(self) -> None:
        """Take back every token that was given."""
        self._given.clear()

    def password(self, password: str) -> None:
        """Replace the bot's secret, as an administrator does."""
        self._password = password

    def token(self, tenant: str, form: Mapping[str, Any]) -> Done:
        """Answer a request of the client credentials grant."""
        identity = self._identity
        if tenant not in {identity.tenant_id, "botframework.com"}:
            return _refused(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", 70003, "The grant type is unsupported.")
        if form.get("client_id") != identity.app_id:
            return _refused(400, "unauthorized_client", 700016, "The application was not found.")
        if form.get("scope") != SCOPE:
            return _refused(400, "invalid_scope", 70011, "The provided scope is not valid.")
        if form.get("client_assertion_type") == ASSERTION:
            if not self._proven(str(form.get("client_assertion", "")), tenant):
                return _refused(401, "invalid_client", 700027, "The assertion is not valid.")
        elif form.get("client_secret") != self._password:
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return 200, {**self._give(), "ext_expires_in": int(self.life_seconds)}

    def managed(self, query: Mapping[str, str], header: str) -> Done:
        """Answer a request of a managed identity, as an App Service does."""
        if header != self.identity_header:
            return 401, {"statusCode": 401, "message": "Invalid identity header."}
        if query.get("resource") != RESOURCE or query.get("client_id") != self._identity.app_id:
            return 400, {"statusCode": 400, "message": "No User Assigned Managed Identity found."}
        given = self._give()
        return 200, {
            **given,
            "expires_in": str(given["expires_in"]),
            "expires_on": str(int(self._clock.now()) + given["expires_in"]),
            "resource": RESOURCE,
            "client_id": self._identity.app_id,
        }

    def _give(self) -> Json:
        seed = f"{self._identity.app_id}/{next(self._numbers)}"
        token = "twin." + hashlib.sha256(seed.encode()).hexdigest()
        self._given[token] = self._clock.now() + self.life_seconds
        return {
            "token_type": "Bearer",
            "expires_in": int(self.life_seconds),
            "access_token": token,
        }

    def _proven(self, assertion: str, tenant: str) -> bool:
        if not self.certificate:
            return False
        key: Any = load_pem_public_key(self.certificate.encode())
        audience = f"{self.base_url}{tenant}/oauth2/v2.0/token"
        try:
            claims = jwt.decode(
                assertion,
                key,
                SIGNATURES,
                audience=audience,
                options=CHECKED,  # type: ignore[arg-type]
            )
        except jwt.InvalidTokenError:
            return False
        mine = {claims["iss"], claims["sub"]} == {self._identity.app_id}
        return mine and claims["exp"] > self._clock.now()

    def metadata(self, keys_url: str, issuer: str = CONNECTOR_ISSUER) -> Done:
        """The OpenID metadata of an issuer of tokens to the bot."""
        return 200, {
            "issuer": issuer,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": keys_url,
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }

    def keys(self, ring: str) -> Done:
        """The published keys of 'connector' or 'entra'."""
        return 200, self._signer.rings[ring].published()


def _refused(status: int, error: str, number: int, message: str) -> Done:
    description = f"AADSTS{number}: {message}"
    return status, {"error": error, "error_description": description, "error_codes": [number]}
