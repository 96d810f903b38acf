"""How the bot proves who it is: what is asked for, with what proof, and what is missing."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from adapters.teams.clouds import Cloud
from adapters.teams.credentials import Certificate, ManagedIdentity, read_credentials
from agent.errors import ConfigError, InstallationFatal
from tests.support.clock import START, TestClock
from tests.support.identity import FakeIdentity, Fault, rsa_key
from tests.support.teams_tokens import APP, SECRET, TENANT, OpenTokens, failing

ENVIRON = {"TEAMS_APP_ID": APP, "TEAMS_TENANT_ID": TENANT, "TEAMS_APP_PASSWORD": SECRET}
MSI = Cloud.GCCH


@pytest.mark.parametrize("cloud", Cloud)
@pytest.mark.parametrize("kind", ["", "SingleTenant", "singletenant", "MultiTenant"])
async def test_an_app_with_a_secret_asks_its_tenant(
    opened: OpenTokens, identity: FakeIdentity, cloud: Cloud, kind: str
) -> None:
    """The secret goes to our tenant, or to the cloud's own for an app of many, with its scope."""
    await opened({**ENVIRON, "TEAMS_APP_TYPE": kind}, cloud).token()
    tenant = cloud.value.home_tenant if kind == "MultiTenant" else TENANT
    assert identity.grants == [
        {
            "path": f"/login/{tenant}/oauth2/v2.0/token",
            "grant_type": "client_credentials",
            "client_id": APP,
            "client_secret": SECRET,
            "scope": f"{cloud.value.audience}/.default",
        }
    ]


async def test_the_secret_is_not_where_it_might_be_printed() -> None:
    """What is logged or shown of a provider's parts by mistake holds no secret."""
    credentials = read_credentials(ENVIRON, Cloud.PUBLIC)
    assert credentials is not None
    assert SECRET not in repr(credentials) + repr(credentials.question(START))
    managed = {"IDENTITY_ENDPOINT": "http://127.0.0.1/msi", "IDENTITY_HEADER": SECRET}
    identity = read_credentials({**ENVIRON, **managed, "TEAMS_APP_TYPE": "UserAssignedMSI"}, MSI)
    assert identity is not None
    assert SECRET not in repr(identity) + repr(identity.question(START))


async def test_a_managed_identity_asks_app_service(
    opened: OpenTokens, identity: FakeIdentity
) -> None:
    """In App Service the machine's own endpoint is asked, with its header; its answer says when the
    token ends, as a string.
    """
    environ = {**identity.managed, "TEAMS_APP_ID": APP, "TEAMS_APP_TYPE": "userassignedmsi"}
    assert await opened(environ, MSI).token() == "token-1"
    assert identity.grants == [
        {
            "path": "/msi/token",
            "header": "msi-test",
            "api-version": "2019-08-01",
            "resource": "https://api.botframework.us",
            "client_id": APP,
        }
    ]


async def test_a_managed_identitys_token_is_renewed_too(
    opened: OpenTokens, identity: FakeIdentity, clock: TestClock
) -> None:
    """The end of a token is understood when it is told as a point in time."""
    tokens = opened({**identity.managed, "TEAMS_APP_ID": APP, "TEAMS_APP_TYPE": "UserAssignedMSI"})
    await tokens.token()
    await clock.advance(3600 * 0.8)
    assert await tokens.token() == "token-1"
    await clock.settle()
    assert await tokens.token() == "token-2"


@pytest.mark.parametrize("body", ["{}", '{"statusCode": 400, "message": "No identity"}'])
async def test_a_missing_identity_says_what_to_assign(
    opened: OpenTokens, identity: FakeIdentity, clock: TestClock, body: str
) -> None:
    """A machine without the identity is an installation to mend."""
    identity.down = Fault(400, body)
    environ = {**identity.managed, "TEAMS_APP_ID": APP, "TEAMS_APP_TYPE": "UserAssignedMSI"}
    error = await failing(opened(environ), clock)
    assert isinstance(error, InstallationFatal)
    assert "assign the user-assigned identity of TEAMS_APP_ID" in str(error)


def test_a_virtual_machine_asks_its_own_address() -> None:
    """Without App Service the link-local metadata address is asked, and told that we mean it."""
    question = ManagedIdentity(APP, "https://api.botframework.com").question(START)
    assert question.url == "http://169.254.169.254/metadata/identity/oauth2/token"
    assert question.query == {
        "api-version": "2018-02-01",
        "resource": "https://api.botframework.com",
        "client_id": APP,
    }
    assert (question.method, question.form) == ("GET", None)
    assert question.headers == {"Metadata": "true"}


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate of a key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "frontdesk.example")])
    begin = dt.datetime.fromtimestamp(START, dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=365))
        .sign(key, SHA256())
    )


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    protection: KeySerializationEncryption | None = None,
) -> bytes:
    """A private key as a PEM file holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())


def held(*keys: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """Certificates as a PEM file holds them."""
    return b"".join(certificate(key).public_bytes(Encoding.PEM) for key in keys)


async def test_a_certificate_signs_an_assertion(
    opened: OpenTokens, identity: FakeIdentity, tmp_path: Path
) -> None:
    """The assertion is what Entra documents: PS256, the thumbprint of the certificate that belongs
    to the key, the token address as audience, ten minutes, another id each time; it is preferred
    to a password.
    """
    file = tmp_path / "app.pem"
    file.write_bytes(held(rsa_key(31)) + pem(rsa_key(30)) + held(rsa_key(30)))
    environ = {**ENVIRON, "TEAMS_CERTIFICATE_FILE": str(file)}
    for _ in range(2):
        await opened(environ).token()
    form, again = identity.grants
    assert "client_secret" not in form
    assert form["client_id"] == APP
    assert form["scope"] == "https://api.botframework.com/.default"
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["client_assertion_type"] == kind
    assertion = jwt.PyJWS().decode_complete(
        form["client_assertion"], rsa_key(30).public_key(), algorithms=["PS256"]
    )
    digest = hashlib.sha256(certificate(rsa_key(30)).public_bytes(Encoding.DER)).digest()
    thumbprint = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert assertion["header"] == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}
    claims = json.loads(assertion["payload"])
    assert form["client_assertion"] != again["client_assertion"]
    assert len(claims.pop("jti")) == 36
    assert claims == {
        "aud": f"{identity.address}/login/{TENANT}/oauth2/v2.0/token",
        "iss": APP,
        "sub": APP,
        "nbf": START,
        "iat": START,
        "exp": START + 600,
    }


async def test_a_refused_certificate_says_what_to_upload(
    opened: OpenTokens, identity: FakeIdentity, clock: TestClock, tmp_path: Path
) -> None:
    """A certificate that Entra does not know is named by its variable."""
    file = tmp_path / "app.pem"
    file.write_bytes(pem(rsa_key(30)) + held(rsa_key(30)))
    tokens = opened({**ENVIRON, "TEAMS_CERTIFICATE_FILE": str(file)})
    identity.down = Fault(401, '{"error": "invalid_client", "error_codes": [700027]}')
    error = await failing(tokens, clock)
    assert isinstance(error, InstallationFatal)
    assert "TEAMS_CERTIFICATE_FILE" in str(error)


CURVE = ec.generate_private_key(ec.SECP256R1())
BAD_FILES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "garbage": lambda: b"\x00\xff garbage",
    "a key alone": lambda: pem(rsa_key(30)),
    "a certificate alone": lambda: held(rsa_key(30)),
    "another key's certificate": lambda: pem(rsa_key(30)) + held(rsa_key(31)),
    "no RSA": lambda: pem(CURVE) + held(CURVE),
    "a key with a password": lambda: (
        pem(rsa_key(30), BestAvailableEncryption(b"x")) + held(rsa_key(30))
    ),
}


@pytest.mark.parametrize("make", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_without_key_and_certificate_is_refused(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    """What cannot prove anything is said at the start, by the variable's name."""
    file = tmp_path / "app.pem"
    file.write_bytes(make())
    with pytest.raises(ConfigError, match="TEAMS_CERTIFICATE_FILE must be"):
        read_credentials({**ENVIRON, "TEAMS_CERTIFICATE_FILE": str(file)}, Cloud.PUBLIC)


BAD_SETTINGS: dict[str, tuple[dict[str, str], str]] = {
    "a type that is none": ({"TEAMS_APP_TYPE": "Tenant"}, "SingleTenant, MultiTenant"),
    "no tenant": ({"TEAMS_TENANT_ID": " "}, "TEAMS_TENANT_ID"),
    "no secret": ({"TEAMS_APP_PASSWORD": ""}, "TEAMS_APP_PASSWORD"),
    "a login without encryption": ({"TEAMS_LOGIN_URL": "http://login.example"}, "TEAMS_LOGIN_URL"),
    "a file that is not there": ({"TEAMS_CERTIFICATE_FILE": "absent.pem"}, "cannot be read"),
}


@pytest.mark.parametrize(("changes", "named"), BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_a_bad_setting_is_named(changes: dict[str, str], named: str) -> None:
    """What is missing or wrong is said at the start."""
    with pytest.raises(ConfigError, match=named):
        read_credentials({**ENVIRON, **changes}, Cloud.PUBLIC)


def test_a_tenant_stays_within_its_part_of_the_address() -> None:
    """Whatever a tenant is set to, the secret goes to the token address."""
    environ = {**ENVIRON, "TEAMS_TENANT_ID": "a/../../b?c"}
    credentials = read_credentials(environ, Cloud.PUBLIC)
    assert credentials is not None
    url = "https://login.microsoftonline.com/a%2F..%2F..%2Fb%3Fc/oauth2/v2.0/token"
    assert credentials.question(START).url == url


def test_a_certificate_is_preferred(tmp_path: Path) -> None:
    """To a password that is there as well; without an app there is nothing to prove."""
    assert read_credentials({}, Cloud.PUBLIC) is None
    file = tmp_path / "app.pem"
    file.write_bytes(pem(rsa_key(30)) + held(rsa_key(30)))
    with_file = {**ENVIRON, "TEAMS_CERTIFICATE_FILE": str(file)}
    assert isinstance(read_credentials(with_file, Cloud.PUBLIC), Certificate)
