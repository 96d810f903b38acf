"""What a vendor's error means for us: one reading of HTTP statuses and error words for all vendors.

The SDKs' exceptions differ, but what they carry does not: a status, a word or two that name the
cause, a sentence, headers. A vendor module puts these into a `Fault`, and `verdict` says which of
our errors it is. The vendor's sentence is looked at but never repeated: it may quote the prompt or
the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

from agent.errors import (
    BadRequest,
    ContextTooLong,
    ProviderAuth,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Refused,
    SpendLimited,
)

SPEND_WORDS = frozenset(
    {
        # Anthropic, on 429 (the first two are subclasses of its rate limit error) and 402.
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        # OpenAI, on 429.
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)
"""Words for a limit that waiting does not lift."""

REFUSAL_WORDS = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "invalid_prompt",  # OpenAI: the prompt was flagged against its usage policies
        "bio_policy",
        "misalignment_policy_violation",
    }
)
"""Words for a prompt that the vendor's own rules stop."""

CONTEXT_WORDS = frozenset({"context_length_exceeded", "exceed_context_size_error"})
"""Words of OpenAI and llama.cpp for a prompt that does not fit."""

CONTEXT_SENTENCE = re.compile(
    # Anthropic has no word for it, only 'prompt is too long: … tokens > … maximum'; vLLM and
    # others say 'maximum context length', 'context window', 'context limit' or 'context size'.
    r"prompt is too long|\bcontext (length|window|limit|size)",
    re.IGNORECASE,
)

STATUS_OF_WORD: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an error inside a stream would have had: there the status is always 200."""

PASSING = frozenset({408, 409, 425, 499})
"""Statuses below 500 that a repetition may mend: timeouts, conflicts, closed connections."""

NEVER_CONNECTED = frozenset({"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol"})
"""Names of httpx2's exceptions that tell of a request that never left."""

# A vendor's own words are shown only if they look like words: never a sentence, never a key.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_REQUEST_ID = re.compile(r"req_[A-Za-z0-9_]{1,60}|[0-9a-f-]{16,64}")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a model is asked of, in words of the configuration, for messages that help.

    `vendor` reads as the subject of a sentence ('Anthropic', 'the server at localhost');
    `key_setting` and `address_setting` are names of environment variables.
    """

    vendor: str
    model: str
    key_setting: str
    address_setting: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What a vendor said went wrong: HTTP status, words that name the cause, a sentence, the
    response's headers (empty for an error inside a stream: those of the stream say nothing).
    """

    status: int
    words: tuple[str, ...] = ()
    sentence: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def fault_in_stream(words: tuple[str, ...], sentence: str) -> Fault:
    """A fault that came inside a stream; an unknown one counts as the vendor's own trouble."""
    known = (STATUS_OF_WORD.get(word) or _as_status(word) for word in words)
    return Fault(next((status for status in known if status), 500), words, sentence)


def verdict(fault: Fault, account: Account, now: float) -> ProviderError:
    """Which of our errors a fault is.

    `x-should-retry`, where a vendor sends it, overrules the status. A transient fault that names
    a time to wait is a RateLimited, whatever its status: the vendor asked us to wait so long.

    Args:
        fault: what the vendor said.
        account: whom we asked.
        now: seconds since the epoch, to read a Retry-After that is a date.
    """
    words = frozenset(fault.words)
    told = _told(fault)
    if words & SPEND_WORDS:
        return SpendLimited(
            f"{account.vendor}'s spending limit is reached {told}: raise it or add credit there"
        )
    if words & REFUSAL_WORDS:
        return Refused(f"{account.vendor} stopped the request by its own rules {told}")
    if _context_too_long(fault, words):
        return ContextTooLong(f"the prompt does not fit into {account.model} {told}")
    retry = fault.headers.get("x-should-retry", "").strip().lower()
    if retry == "true" or (retry != "false" and _passing(fault.status)):
        return _transient(fault, account, now)
    if retry == "false" and _passing(fault.status):
        # No leaf of ours says "unavailable and not worth a retry"; the branch itself does: it
        # makes the caller fall back.
        return ProviderError(f"{account.vendor} failed and asks not to repeat the request {told}")
    return _permanent(fault, account)


def lost(account: Account, error: Exception) -> ProviderError:
    """It failed below HTTP: no connection, a broken one, or bytes that are no stream of JSON.

    `error` is the SDK's or the transport's exception; only the name of its cause is told.
    """
    name = type(error.__cause__ or error).__name__
    if name in NEVER_CONNECTED:
        return ProviderUnavailable(
            f"{account.vendor} could not be reached ({name}): "
            f"check the network, the proxy and {account.address_setting}"
        )
    return ProviderUnavailable(f"{account.vendor} broke off its answer ({name})")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a response asks us to wait, None if it does not say.

    Reads `retry-after-ms` (both vendors) and `retry-after`, as seconds or as an HTTP date
    (RFC 9110, section 10.2.3). A date in the past is 0.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    return seconds if seconds is not None else _until(value, now)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return max(number, 0.0) if isfinite(number) else None


def _until(value: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
        # HTTP dates are always GMT; without the zone the machine's own would be assumed.
        return max(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _passing(status: int) -> bool:
    return status == 429 or status in PASSING or status >= 500


def _as_status(word: str) -> int:
    # vLLM and others put the status into `code`.
    return int(word) if re.fullmatch(r"[45]\d\d", word) else 0


def _context_too_long(fault: Fault, words: frozenset[str]) -> bool:
    if fault.status == 413 or words & CONTEXT_WORDS:
        return True
    return fault.status in (400, 422) and CONTEXT_SENTENCE.search(fault.sentence) is not None


def _transient(fault: Fault, account: Account, now: float) -> ProviderError:
    told = _told(fault)
    wait = retry_after(fault.headers, now)
    if fault.status == 429 or wait is not None:
        return RateLimited(f"{account.vendor} asks us to slow down {told}", wait)
    return ProviderUnavailable(f"{account.vendor} has trouble of its own {told}")


def _permanent(fault: Fault, account: Account) -> ProviderError:
    told = _told(fault)
    key, vendor = account.key_setting, account.vendor
    match fault.status:
        case 401:
            return ProviderAuth(
                f"{vendor} does not accept the key {told}: check that {key} is complete, still "
                f"active, and a key for this address"
            )
        case 402:
            return ProviderAuth(
                f"{vendor} cannot bill the account {told}: mend its billing, or use another {key}"
            )
        case 403:
            return ProviderAuth(
                f"{vendor} does not let this key use {account.model} {told}: give the key of "
                f"{key} access to the model, or choose another in FRONTDESK_MODELS"
            )
        case 404:
            return ProviderAuth(
                f"{vendor} does not know the model {account.model} {told}: check its name in "
                f"FRONTDESK_MODELS, and {account.address_setting} if you set it"
            )
        case _:
            return BadRequest(f"{vendor} rejected the request itself {told}: a defect of ours")


def _told(fault: Fault) -> str:
    """The facts of a fault that are safe to show, in brackets."""
    words = [word for word in dict.fromkeys(fault.words) if _WORD.fullmatch(word)]
    names = ("request-id", "x-request-id")
    ids = [fault.headers.get(name, "") for name in names]
    request = [f"request {found}" for found in ids if _REQUEST_ID.fullmatch(found)]
    return f"({', '.join([str(fault.status), *words, *request])})"
