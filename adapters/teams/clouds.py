"""Microsoft's clouds: where each one signs in, whom it signs as, and where it takes messages.

Sources: the constants of botframework-connector 4.17.1 (`auth/authentication_constants.py`,
`auth/government_constants.py`, `auth/emulator_validation.py`), the cloud presets of Microsoft's
Teams SDK (https://github.com/microsoft/teams.py), and for service URLs
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from agent.errors import ConfigError

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""How Microsoft writes the ids of apps and tenants."""


@dataclass(frozen=True, slots=True)
class Constants:
    """What is different from cloud to cloud. No address ends in '/'."""

    login: str
    """Base of the identity provider; a tenant and a path follow."""
    home_tenant: str
    """The tenant in which apps without a tenant of their own get their tokens."""
    audience: str
    """The connector, as the identity provider knows it."""
    connector_issuer: str
    """Who signs what the connector sends."""
    connector_openid_url: str
    """Metadata that leads to the keys it signs with."""
    entra_issuers: tuple[str, ...]
    """Whom Entra signs as, in version 1 and 2 of its tokens; '{tenant}' stands for a tenant."""
    entra_tenants: tuple[str, ...]
    """Microsoft's own tenants that the Bot Framework's tools sign in to."""
    service_hosts: tuple[str, ...]
    """Hosts of the connector; one that begins with '.' stands for every host below it."""
    default_service_url: str
    """Where a place is reached that nothing ever came from; '' if nothing is documented."""
    web_host: str
    """Where people open Teams in a browser; for links to messages."""

    @property
    def scope(self) -> str:
        """What a token for the connector is asked for with."""
        return f"{self.audience}/.default"

    def issuers(self, own_tenant: str = "") -> frozenset[str]:
        """Everybody Entra may sign as: in Microsoft's tenants and, if given, in our own."""
        tenants = (*self.entra_tenants, own_tenant) if own_tenant else self.entra_tenants
        return frozenset(
            form.format(tenant=tenant) for tenant in tenants for form in self.entra_issuers
        )


BOT_FRAMEWORK = "d6d49420-f39b-4df7-a1dc-d59a935871db"
MICROSOFT_SERVICES = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
MICROSOFT_SERVICES_US = "cab8a31a-1906-4287-a0d8-4eef66b95f6e"


def _commercial(service_url: str) -> Constants:
    # GCC is the public cloud with a connector of its own; a tenant may be moved between the two.
    return Constants(
        login="https://login.microsoftonline.com",
        home_tenant="botframework.com",
        audience="https://api.botframework.com",
        connector_issuer="https://api.botframework.com",
        connector_openid_url="https://login.botframework.com/v1/.well-known/openidconfiguration",
        entra_issuers=(
            "https://sts.windows.net/{tenant}/",
            "https://login.microsoftonline.com/{tenant}/v2.0",
        ),
        entra_tenants=(BOT_FRAMEWORK, MICROSOFT_SERVICES),
        service_hosts=(
            "smba.trafficmanager.net",
            "smba.infra.gcc.teams.microsoft.com",
            ".botframework.com",
        ),
        default_service_url=service_url,
        web_host="teams.microsoft.com",
    )


def _government(ring: str) -> Constants:
    return Constants(
        login="https://login.microsoftonline.us",
        home_tenant="MicrosoftServices.onmicrosoft.us",
        audience="https://api.botframework.us",
        connector_issuer="https://api.botframework.us",
        connector_openid_url=(
            "https://login.botframework.azure.us/v1/.well-known/openidconfiguration"
        ),
        entra_issuers=(
            "https://sts.windows.net/{tenant}/",
            "https://login.microsoftonline.us/{tenant}/",
            "https://login.microsoftonline.us/{tenant}/v2.0",
        ),
        entra_tenants=(MICROSOFT_SERVICES_US, MICROSOFT_SERVICES),
        service_hosts=(f"smba.infra.{ring}.teams.microsoft.us", ".botframework.azure.us"),
        default_service_url=f"https://smba.infra.{ring}.teams.microsoft.us/teams",
        web_host=f"{ring}.teams.microsoft.us",
    )


_CHINA = Constants(
    login="https://login.partner.microsoftonline.cn",
    home_tenant="microsoftservices.partner.onmschina.cn",
    audience="https://api.botframework.azure.cn",
    connector_issuer="https://api.botframework.azure.cn",
    connector_openid_url="https://login.botframework.azure.cn/v1/.well-known/openidconfiguration",
    entra_issuers=(
        "https://sts.chinacloudapi.cn/{tenant}/",
        "https://login.partner.microsoftonline.cn/{tenant}/v2.0",
    ),
    entra_tenants=(),
    service_hosts=(".botframework.azure.cn", ".teams.microsoftonline.cn"),
    default_service_url="",
    web_host="teams.microsoftonline.cn",
)


class Cloud(Enum):
    """The cloud that the organisation's tenant is in; its `value` has what is different there."""

    PUBLIC = _commercial("https://smba.trafficmanager.net/teams")
    GCC = _commercial("https://smba.infra.gcc.teams.microsoft.com/teams")
    GCCH = _government("gov")
    DOD = _government("dod")
    CHINA = _CHINA

    @classmethod
    def named(cls, text: str) -> Cloud:
        """The cloud of this name, in any case; the public one for ''.

        Raises:
            ConfigError: there is no such cloud; the message names those there are.
        """
        names = {cloud.name.lower(): cloud for cloud in cls}
        cloud = names.get(text.strip().lower() or "public")
        if cloud is None:
            raise ConfigError(f"TEAMS_CLOUD must be one of {', '.join(names)}")
        return cloud


def address(environ: Mapping[str, str], name: str, otherwise: str) -> str:
    """The address that a variable gives in place of `otherwise`, without a '/' at its end.

    Raises:
        ConfigError: it is neither https nor on this machine.
    """
    given = environ.get(name, "").strip().rstrip("/")
    if given and not secure(given):
        raise ConfigError(f"{name} must be an https:// address (http:// only on this machine)")
    return given or otherwise


def is_guid(text: str) -> bool:
    """Whether this is an id of an app or a tenant."""
    return GUID.fullmatch(text) is not None


def secure(url: str) -> bool:
    """Whether secrets may go there: over https, or over http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host, by name or number, is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
