"""Reading a vendor's key and address from the environment, with complaints a stranger understands.

Values are never repeated in a complaint: a key in the wrong variable is still a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from agent.errors import ConfigError


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


def need_model(model: str, example: str) -> str:
    """The model's name, which must not be empty.

    Raises:
        ConfigError: it is.
    """
    if not model:
        raise ConfigError(f"FRONTDESK_MODELS names a vendor without a model: write {example}")
    return model
