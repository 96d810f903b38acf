"""What the module of a provider, adapter or store is opened with, and how it reads a key or an
address from it, with complaints a stranger understands.

Values are never repeated in a complaint: a key in the wrong variable is still a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.errors import ConfigError
from agent.ports import Clock


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The environment and the clock, as the composition root gives them.

    A name in the configuration is a module name: `agent.providers.<vendor>` has
    `open_provider(model, surroundings) -> Provider`, `adapters.<platform>` has
    `open_adapter(surroundings) -> Adapter | None` (None: this platform is not configured). Both
    raise ConfigError when what they need is missing or wrong.
    """

    environ: Mapping[str, str]
    clock: Clock
    host: str = "127.0.0.1"
    """The address that the process listens on."""


def read_key(environ: Mapping[str, str], name: str) -> str:
    """The API key in the variable `name`, '' if it is not set.

    Raises:
        ConfigError: it contains characters that cannot be part of an HTTP header. The HTTP client
            would complain too, but with the whole key in its message.
    """
    key = environ.get(name, "").strip()
    if not all("!" <= character <= "~" for character in key):
        raise ConfigError(
            f"{name} contains a space, a line break or a letter that no key has: copy it again"
        )
    return key


def read_address(environ: Mapping[str, str], name: str) -> str:
    """The base URL in the variable `name`, '' if it is not set.

    Raises:
        ConfigError: it is not an http or https URL with a host.
    """
    address = environ.get(name, "").strip()
    if address and not host_of(address):
        raise ConfigError(
            f"{name} is not a web address: it must look like https://host/path or http://host:port"
        )
    return address


def host_of(address: str) -> str:
    """The host of an http or https URL in lower case, '' if it is none."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        return ""
    return (parts.hostname or "") if usable else ""
