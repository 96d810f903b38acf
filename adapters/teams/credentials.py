"""How the bot proves to Microsoft which app it is: a secret, a certificate or a managed identity.

Each kind makes the one request that Entra, or the machine's own identity endpoint, answers with a
token, and knows what an admin must look at when it is refused.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.teams.clouds import Cloud, address
from agent.errors import ConfigError

ASSERTION_SECONDS = 600
"""Life of a signed assertion: five to ten minutes are recommended at
https://learn.microsoft.com/entra/identity-platform/certificate-credentials."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"
"""A virtual machine's own identity endpoint, at
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token."""
IMDS_VERSION = "2018-02-01"
APP_SERVICE_VERSION = "2019-08-01"
"""Of the endpoint that App Service and Container Apps give in IDENTITY_ENDPOINT, at
https://learn.microsoft.com/azure/app-service/overview-managed-identity."""
KINDS = ("SingleTenant", "MultiTenant", "UserAssignedMSI")
"""As Azure writes the types of a bot."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request for a token."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Credentials(Protocol):
    """One way to prove who the bot is."""

    def question(self, now: float) -> Question:
        """The request that is answered with a token; `now` in seconds since the epoch."""

    def mend(self, error: str) -> str:
        """What to do after a refusal, as the rest of a sentence; `error` is OAuth's name for it."""


def _mend_app(error: str, proof: str) -> str:
    """`proof` is what to look at if Entra knows the app, but does not believe that this is it."""
    if error == "invalid_client":
        return proof
    return "check TEAMS_APP_ID, TEAMS_TENANT_ID and TEAMS_APP_TYPE against the bot's page in Azure"


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """The app's password, at a tenant's token address."""

    app_id: str
    secret: str = field(repr=False)
    url: str
    scope: str

    def question(self, now: float) -> Question:
        return Question(
            "POST", self.url, form=_grant(self.app_id, self.scope, client_secret=self.secret)
        )

    def mend(self, error: str) -> str:
        return _mend_app(
            error,
            "set TEAMS_APP_PASSWORD to the value, not the id, of a client secret of this app that "
            "has not expired",
        )


@dataclass(frozen=True, slots=True)
class Certificate:
    """A key whose certificate is uploaded to the app; it signs an assertion for each request."""

    app_id: str
    key: RSAPrivateKey = field(repr=False)
    thumbprint: str
    """SHA-256 of the certificate, as base64url."""
    url: str
    scope: str

    def question(self, now: float) -> Question:
        # Form and algorithm are those of Entra's documentation (see ASSERTION_SECONDS) and of MSAL.
        begin = int(now)
        claims = {
            "aud": self.url,
            "iss": self.app_id,
            "sub": self.app_id,
            "jti": str(uuid.uuid4()),
            "nbf": begin,
            "iat": begin,
            "exp": begin + ASSERTION_SECONDS,
        }
        assertion = jwt.encode(
            claims, self.key, algorithm="PS256", headers={"x5t#S256": self.thumbprint}
        )
        form = _grant(
            self.app_id,
            self.scope,
            client_assertion_type=ASSERTION_TYPE,
            client_assertion=assertion,
        )
        return Question("POST", self.url, form=form)

    def mend(self, error: str) -> str:
        return _mend_app(
            error,
            "upload the certificate of TEAMS_CERTIFICATE_FILE to the app's registration in Entra, "
            "and see that it has not expired",
        )


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """An identity assigned to the machine: no secret at all. `endpoint` is '' on a virtual machine,
    which has an address of its own; elsewhere Azure sets it, to plain http within the machine.
    """

    app_id: str
    audience: str
    endpoint: str = ""
    header: str = field(default="", repr=False)

    def question(self, now: float) -> Question:
        query = {"resource": self.audience, "client_id": self.app_id}
        if not self.endpoint:
            query["api-version"] = IMDS_VERSION
            return Question("GET", IMDS, query, headers={"Metadata": "true"})
        query["api-version"] = APP_SERVICE_VERSION
        return Question("GET", self.endpoint, query, headers={"X-IDENTITY-HEADER": self.header})

    def mend(self, error: str) -> str:
        return "assign the user-assigned identity of TEAMS_APP_ID to where Frontdesk runs"


def read_credentials(environ: Mapping[str, str], cloud: Cloud) -> Credentials | None:
    """What the environment says about the app; None if there is none. A certificate is preferred to
    a password.

    Raises:
        ConfigError: something is missing or wrong; the message names the variable.
    """
    told = {name: environ.get(name, "").strip() for name in _VARIABLES}
    app_id, constants = told["TEAMS_APP_ID"], cloud.value
    kind = _kind(told["TEAMS_APP_TYPE"])
    if not app_id:
        return None
    if kind == "UserAssignedMSI":
        return ManagedIdentity(
            app_id, constants.audience, told["IDENTITY_ENDPOINT"], told["IDENTITY_HEADER"]
        )
    if not told["TEAMS_CERTIFICATE_FILE"] and not told["TEAMS_APP_PASSWORD"]:
        raise ConfigError(
            "TEAMS_APP_PASSWORD is missing: create a client secret in the app's registration in "
            "Entra, or set TEAMS_CERTIFICATE_FILE, or TEAMS_APP_TYPE=UserAssignedMSI"
        )
    tenant = constants.home_tenant if kind == "MultiTenant" else told["TEAMS_TENANT_ID"]
    if not tenant:
        raise ConfigError("TEAMS_TENANT_ID is missing: copy it from the bot's page in Azure")
    login = address(environ, "TEAMS_LOGIN_URL", constants.login)
    url = f"{login}/{quote(tenant, safe='')}/oauth2/v2.0/token"
    if told["TEAMS_CERTIFICATE_FILE"]:
        key, thumbprint = read_certificate(Path(told["TEAMS_CERTIFICATE_FILE"]))
        return Certificate(app_id, key, thumbprint, url, constants.scope)
    return ClientSecret(app_id, told["TEAMS_APP_PASSWORD"], url, constants.scope)


def read_certificate(path: Path) -> tuple[RSAPrivateKey, str]:
    """The key of a PEM file, and the thumbprint of the certificate in it that belongs to the key.

    Raises:
        ConfigError: the file cannot be read, or one of the two is not in it.
    """
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"TEAMS_CERTIFICATE_FILE cannot be read: {error.strerror}") from None
    try:
        # TypeError: the key is protected with a password, and there is nowhere to give it.
        key = load_pem_private_key(pem, password=None)
        certificates = x509.load_pem_x509_certificates(pem)
    except (ValueError, TypeError):
        certificates, key = [], None
    if isinstance(key, RSAPrivateKey):
        for certificate in certificates:
            if certificate.public_key() == key.public_key():
                digest = certificate.fingerprint(SHA256())
                return key, base64.urlsafe_b64encode(digest).decode().rstrip("=")
    raise ConfigError(
        "TEAMS_CERTIFICATE_FILE must be a PEM file with an RSA key without a password and the "
        "certificate that belongs to it"
    )


_VARIABLES = (
    "TEAMS_APP_ID",
    "TEAMS_APP_PASSWORD",
    "TEAMS_APP_TYPE",
    "TEAMS_TENANT_ID",
    "TEAMS_CERTIFICATE_FILE",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
)


def _kind(text: str) -> str:
    for kind in KINDS:
        if kind.lower() == (text.lower() or "singletenant"):
            return kind
    raise ConfigError(f"TEAMS_APP_TYPE must be one of {', '.join(KINDS)}")


def _grant(app_id: str, scope: str, **proof: str) -> Mapping[str, str]:
    return {"grant_type": "client_credentials", "client_id": app_id, "scope": scope, **proof}
