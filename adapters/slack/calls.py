"""Calls of Slack's Web API: what a failure means is decided here and nowhere else.

Error codes are those of https://docs.slack.dev/reference/methods/chat.postMessage. An answer that
never came, a reset connection and a server error are ambiguous for a post: it may have taken
effect. An edit is idempotent, so for it the same failures are simply tried again.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.posting import Posted
from agent.errors import (
    DeliveryError,
    DeliveryRetry,
    DeliveryUnknown,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
)

TOO_MUCH = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_too_long",
        "msg_blocks_too_long",
        "markdown_text_too_long",
        "markdown_text_conflict",
        "invalid_metadata_format",
        "metadata_too_large",
    }
)
"""The form is refused, not the message: plain text may still pass."""
PLACE = frozenset(
    {
        "channel_not_found",
        "channel_type_not_supported",
        "not_in_channel",
        "is_archived",
        "is_inactive",
        "cannot_dm_bot",
        "user_disabled",
        "user_not_found",
        "user_is_restricted",
        "user_not_visible",
        "messages_tab_disabled",
        "thread_locked",
        "thread_not_found",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "team_access_not_granted",
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
    }
)
INSTALLATION = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "no_permission",
        "missing_scope",
        "org_login_required",
        "ekm_access_denied",
        "app_not_installed",
        "team_not_found",
        "access_denied",
    }
)
UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
A = TypeVar("A", AsyncSlackResponse, Posted)
LONGEST_WAIT = 600.0
"""Seconds; a wish of Slack's, or of a proxy before it, is not followed any longer than this."""
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""The request never left: the connection could not be made."""
BROKEN = (aiohttp.ClientError, TimeoutError, OSError)
"""The connection broke after the request may have arrived."""
UNREADABLE = (ValueError, AttributeError, TypeError, KeyError, RecursionError)
"""The SDK's, over an answer that is no JSON, or JSON but no object."""


async def call(
    request: Awaitable[A], *, refused: Callable[[float | None], None] | None = None
) -> A:
    """Await one Web API call; `refused` is told if Slack asks for patience, and for how long.

    Raises:
        DeliveryError: the leaf that says what may be done next.
    """
    try:
        answer = await request
    except SlackApiError as error:
        meaning = translate(error)
        if refused is not None and isinstance(meaning, DeliveryRetry):
            refused(meaning.retry_after)
        raise meaning from None
    except NOT_SENT as error:
        raise DeliveryRetry(f"Slack cannot be reached: {type(error).__name__}") from None
    except BROKEN as error:
        raise DeliveryUnknown(f"the connection to Slack broke: {type(error).__name__}") from None
    except UNREADABLE as error:
        raise DeliveryUnknown(f"Slack's answer is unreadable: {type(error).__name__}") from None
    if not isinstance(answer.data, dict):  # bytes, which the SDK takes for a good answer
        raise DeliveryUnknown("Slack's answer is no JSON object")
    return answer


def translate(error: SlackApiError) -> DeliveryError:
    """What an answer of Slack means for the message it was about."""
    response = error.response
    # Where the body was no JSON, the SDK passes on aiohttp's response in place of its own.
    status = getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0
    code = error_code(error)
    if status == 429 or code in RATE_LIMITED:
        return DeliveryRetry(f"Slack asks for patience ({code})", retry_after(response))
    if code in TOO_MUCH:
        return RowFatal(code)
    if code in PLACE:
        return PlaceFatal(code)
    if code in INSTALLATION:
        return InstallationFatal(code)
    if status >= 500 or code in UNSURE or not code:
        return DeliveryUnknown(f"Slack answered {status} {code}".strip())
    return RowFatal(code)


def error_code(error: SlackApiError) -> str:
    """Slack's own word for what went wrong; '' if it sent none (an HTML page, say)."""
    try:
        code = error.response.get("error")
    except (AttributeError, ValueError, TypeError):
        return ""
    return code if isinstance(code, str) else ""


def retry_after(response: object) -> float | None:
    """Seconds of the Retry-After header, fractional or not; None without a usable one.

    Never more than LONGEST_WAIT, which also stands for 'inf' and 'nan'.
    """
    headers = getattr(response, "headers", None) or {}
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                seconds = float(value)
            except (TypeError, ValueError):
                return None
            return LONGEST_WAIT if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_WAIT)
    return None


Answer = AsyncSlackResponse | Posted | Mapping[str, Any]
"""A whole answer, or an object within one: what a name stands for is never taken for granted."""


def string(answer: Answer, name: str) -> str:
    """The string of this name; '' if there is none."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def part(answer: Answer, name: str) -> Mapping[str, Any]:
    """The object of this name; an empty one if there is none."""
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def parts(answer: Answer, name: str) -> list[Mapping[str, Any]]:
    """The objects of the list of this name."""
    values = answer.get(name)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
