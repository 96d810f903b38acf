"""Microsoft's clouds: the table of what is different, and which addresses may be set."""

from __future__ import annotations

import pytest

from adapters.teams.clouds import Cloud, address, secure
from agent.errors import ConfigError

BOT_FRAMEWORK = "d6d49420-f39b-4df7-a1dc-d59a935871db"
SERVICES = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
SERVICES_US = "cab8a31a-1906-4287-a0d8-4eef66b95f6e"

TABLE = {
    # cloud: login, home tenant, audience and issuer, metadata's host, connector, web
    Cloud.PUBLIC: (
        "https://login.microsoftonline.com",
        "botframework.com",
        "https://api.botframework.com",
        "https://login.botframework.com",
        "https://smba.trafficmanager.net/teams",
        "teams.microsoft.com",
    ),
    Cloud.GCC: (
        "https://login.microsoftonline.com",
        "botframework.com",
        "https://api.botframework.com",
        "https://login.botframework.com",
        "https://smba.infra.gcc.teams.microsoft.com/teams",
        "teams.microsoft.com",
    ),
    Cloud.GCCH: (
        "https://login.microsoftonline.us",
        "MicrosoftServices.onmicrosoft.us",
        "https://api.botframework.us",
        "https://login.botframework.azure.us",
        "https://smba.infra.gov.teams.microsoft.us/teams",
        "gov.teams.microsoft.us",
    ),
    Cloud.DOD: (
        "https://login.microsoftonline.us",
        "MicrosoftServices.onmicrosoft.us",
        "https://api.botframework.us",
        "https://login.botframework.azure.us",
        "https://smba.infra.dod.teams.microsoft.us/teams",
        "dod.teams.microsoft.us",
    ),
    Cloud.CHINA: (
        "https://login.partner.microsoftonline.cn",
        "microsoftservices.partner.onmschina.cn",
        "https://api.botframework.azure.cn",
        "https://login.botframework.azure.cn",
        "",
        "teams.microsoftonline.cn",
    ),
}


@pytest.mark.parametrize("cloud", Cloud)
def test_every_cloud_has_its_own_constants(cloud: Cloud) -> None:
    """Each cloud signs in, signs and delivers where Microsoft's SDKs and documents say."""
    login, home, audience, metadata, service, web = TABLE[cloud]
    value = cloud.value
    assert (value.login, value.home_tenant) == (login, home)
    assert (value.audience, value.connector_issuer) == (audience, audience)
    assert value.scope == f"{audience}/.default"
    assert value.connector_openid_url == f"{metadata}/v1/.well-known/openidconfiguration"
    assert (value.default_service_url, value.web_host) == (service, web)


@pytest.mark.parametrize("cloud", Cloud)
def test_the_default_service_url_is_one_of_the_clouds_hosts(cloud: Cloud) -> None:
    """What is written to by default is also allowed."""
    url = cloud.value.default_service_url
    assert not url or url.split("/")[2] in cloud.value.service_hosts


def test_microsofts_tenants_and_our_own_may_sign() -> None:
    """Entra's issuers are both versions of the tenants in the SDK's list and of our own."""
    assert Cloud.PUBLIC.value.issuers("our-tenant") == {
        f"https://sts.windows.net/{BOT_FRAMEWORK}/",
        f"https://login.microsoftonline.com/{BOT_FRAMEWORK}/v2.0",
        f"https://sts.windows.net/{SERVICES}/",
        f"https://login.microsoftonline.com/{SERVICES}/v2.0",
        "https://sts.windows.net/our-tenant/",
        "https://login.microsoftonline.com/our-tenant/v2.0",
    }
    assert Cloud.GCC.value.issuers() == Cloud.PUBLIC.value.issuers()
    assert f"https://login.microsoftonline.us/{SERVICES_US}/v2.0" in Cloud.DOD.value.issuers()
    assert Cloud.CHINA.value.issuers() == frozenset()


@pytest.mark.parametrize(
    ("text", "cloud"),
    [("", Cloud.PUBLIC), ("public", Cloud.PUBLIC), (" GCCH ", Cloud.GCCH), ("China", Cloud.CHINA)],
)
def test_a_cloud_is_found_by_its_name(text: str, cloud: Cloud) -> None:
    """Case and spaces do not matter, and nothing means the public cloud."""
    assert Cloud.named(text) is cloud


def test_an_unknown_cloud_names_those_there_are() -> None:
    """A typing error is answered with the choices."""
    with pytest.raises(ConfigError, match="public, gcc, gcch, dod, china"):
        Cloud.named("azure")


@pytest.mark.parametrize(
    ("url", "is_secure"),
    [
        ("https://login.example.com/x", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://login.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1@example.com", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_secrets_go_over_https_or_nowhere(url: str, is_secure: bool) -> None:
    """Plain http is for this machine only, whatever a name looks like."""
    assert secure(url) is is_secure


def test_an_address_may_be_set_if_it_is_secure() -> None:
    """A variable replaces an address, and one without encryption is refused by its name."""
    assert address({}, "TEAMS_LOGIN_URL", "https://a.example") == "https://a.example"
    environ = {"TEAMS_LOGIN_URL": " https://b.example/ "}
    assert address(environ, "TEAMS_LOGIN_URL", "https://a.example") == "https://b.example"
    with pytest.raises(ConfigError, match="TEAMS_LOGIN_URL"):
        address({"TEAMS_LOGIN_URL": "http://b.example"}, "TEAMS_LOGIN_URL", "")
