"""What an answer of Teams' connector means for the message it was about: decided here only.

The statuses are those of https://learn.microsoft.com/azure/bot-service/rest-api
(bot-framework-rest-connector-api-reference) and
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit. An answer that never
came, a reset connection and a server error are ambiguous for a post: it may have taken effect, and
others who repeated it posted twice. An edit is the same however often, and a question changes
nothing: for these the same failures are simply tried again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic_core import from_json

from adapters.teams.fields import part, string
from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
)

PATIENCE = frozenset({412, 429})
"""Teams asks to come back: documented for both, for every method."""
UNSURE = frozenset({408})
"""As good as no answer, like all that begin with 5."""
REFUSED = 401
PLACE = frozenset({403, 404})
"""Not in the roster (any more), blocked, uninstalled, archived; gone, or never there."""
LONGEST_WAIT = 600.0
"""Seconds; a wish of Teams', or of a proxy before it, is not followed any longer than this."""
LONGEST_CODE = 80
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""The request never left: the connection could not be made."""
BROKEN = (aiohttp.ClientError, TimeoutError, OSError)
"""The connection broke after the request may have arrived."""


def meaning(
    status: int, headers: Mapping[str, str], body: bytes, *, repeatable: bool
) -> DeliveryError:
    """What an answer that is no success says; `repeatable`: the same again would do no harm."""
    code = f"{status} {error_code(body)}".strip()
    if status in PATIENCE:
        return DeliveryRetry(f"Teams asks for patience ({code})", retry_after(headers))
    if status >= 500 or status in UNSURE:
        if repeatable:
            return DeliveryRetry(f"Teams answered {code}", retry_after(headers))
        return DeliveryUnknown(f"Teams answered {code}")
    if status == REFUSED:
        return InstallationFatal(f"Teams refuses our token ({code})")
    return PlaceFatal(code) if status in PLACE else RowFatal(code)


def trouble(error: Exception, *, repeatable: bool) -> DeliveryError:
    """What it means that there was no whole answer."""
    if isinstance(error, NOT_SENT):
        return DeliveryRetry(f"Teams cannot be reached: {type(error).__name__}")
    words = f"the connection to Teams broke: {type(error).__name__}"
    return DeliveryRetry(words) if repeatable else DeliveryUnknown(words)


def error_code(body: bytes) -> str:
    """Teams' own word for what went wrong: {"error": {"code": …}}; '' if it sent none."""
    code = string(part(answer(body), "error"), "code")
    return code[:LONGEST_CODE] if code.isprintable() else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header, fractional or not; None without a usable one.

    Never more than LONGEST_WAIT, which also stands for 'inf' and 'nan'.
    """
    try:
        seconds = float(headers["Retry-After"])
    except (KeyError, ValueError):
        return None
    return LONGEST_WAIT if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_WAIT)


def answer(body: bytes) -> Mapping[str, Any]:
    """The JSON object of an answer; an empty one if it is none."""
    try:
        value = from_json(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def ident(value: Mapping[str, Any], name: str) -> str:
    """The id of this name, also if it is written as a number; '' if there is none."""
    found = value.get(name)
    is_number = isinstance(found, int) and not isinstance(found, bool)
    return str(found) if is_number else string(value, name)
