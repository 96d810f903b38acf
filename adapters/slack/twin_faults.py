"""What can go wrong on the way to Slack, as rules a test sets; and Slack's rate limits.

A fault hits the next calls of a method, with or without the call's effect: that difference is what
delivery "once, as far as the platform allows" is about.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from aiohttp import web

from agent.ports import Clock

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>upstream</body></html>"
FOREVER = 24 * 3600.0
# SO_LINGER on, zero seconds: closing sends a reset instead of a farewell.
NO_LINGER = struct.pack("ii", 1, 0)
# Bursts that Slack lets through; it promises none, but says that short ones are allowed.
BURST = 4
# https://docs.slack.dev/apis/web-api/rate-limits: calls per minute of the tiers 1 to 4; 0 stands
# for posting, which is one message per second and channel.
TIERS = {0: 60, 1: 1, 2: 20, 3: 50, 4: 100, 5: 300}


class Kind(Enum):
    """What happens to the call."""

    ANSWER = auto()
    """The given answer instead of Slack's."""
    SLOW = auto()
    """Slack's own answer, but late."""
    SILENCE = auto()
    """No answer at all until the client gives up."""
    RESET = auto()
    """The connection is reset."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble; made by the class methods below.

    `after_effect` tells whether Slack has done what was asked before the trouble begins.
    """

    kind: Kind
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after_effect: bool = False

    @classmethod
    def rate_limited(cls, retry_after: float = 1) -> Fault:
        """429 as Slack sends it; a fraction makes a header that is no whole number."""
        fault = cls.answer(429, {"ok": False, "error": "ratelimited"})
        return replace(fault, headers={**fault.headers, "Retry-After": f"{retry_after:g}"})

    @classmethod
    def answer(cls, status: int, body: object) -> Fault:
        """Any JSON answer, e.g. `answer(503, {"ok": False, "error": "service_unavailable"})`."""
        return cls(
            Kind.ANSWER, status, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )

    @classmethod
    def unavailable(cls, status: int = 503) -> Fault:
        """A 500 or 503 in JSON."""
        return cls.answer(status, {"ok": False, "error": "internal_error"})

    @classmethod
    def bad_gateway(cls) -> Fault:
        """A 502 in HTML, from a proxy that knows no JSON."""
        return cls(Kind.ANSWER, 502, BAD_GATEWAY, {"Content-Type": "text/html"})

    @classmethod
    def no_ok(cls) -> Fault:
        """A 404 in JSON that has neither `ok` nor `error`."""
        return cls.answer(404, {"message": "no such route"})

    @classmethod
    def error(cls, code: str) -> Fault:
        """`ok: false` with this code."""
        return cls.answer(200, {"ok": False, "error": code})

    @classmethod
    def slow(cls, seconds: float, *, after_effect: bool = False) -> Fault:
        """The right answer after `seconds`; the effect before or after the wait."""
        return cls(Kind.SLOW, seconds=seconds, after_effect=after_effect)

    @classmethod
    def timeout(cls, *, after_effect: bool = False) -> Fault:
        """No answer until the client gives up."""
        return cls(Kind.SILENCE, seconds=FOREVER, after_effect=after_effect)

    @classmethod
    def reset(cls, *, after_effect: bool) -> Fault:
        """A connection reset, before or after the effect."""
        return cls(Kind.RESET, after_effect=after_effect)


@dataclass(slots=True)
class Rule:
    """A fault that waits for its calls: `method` '*' and `channel` '' mean any."""

    method: str
    fault: Fault
    left: float
    channel: str

    def fits(self, method: str, channel: str) -> bool:
        """Whether this call is hit."""
        return self.method in {"*", method} and self.channel in {"", channel}


class Faults:
    """The rules that are set, first come first served."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, method: str, fault: Fault, times: float, channel: str) -> None:
        """Hit the next `times` calls (math.inf: all)."""
        self._rules.append(Rule(method, fault, times, channel))

    def clear(self, method: str = "") -> None:
        """Forget the rules of one method, or all."""
        self._rules = [rule for rule in self._rules if method and rule.method != method]

    def take(self, method: str, channel: str) -> Fault | None:
        """The fault for this call, used up once."""
        for rule in self._rules:
            if rule.fits(method, channel):
                rule.left -= 1
                if rule.left <= 0:
                    self._rules.remove(rule)
                return rule.fault
        return None


class RateLimits:
    """Token buckets, one per method (for posting: per method and channel), on the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def wait(self, method: str, tier: int, channel: str) -> int:
        """Take one call; the whole seconds to wait if there is none left, else 0."""
        per_second = TIERS[tier] / 60
        most = BURST if tier == 0 else TIERS[tier]
        key = (method, channel if tier == 0 else "")
        now = self._clock.monotonic()
        tokens, since = self._buckets.get(key, (float(most), now))
        tokens = min(most, tokens + (now - since) * per_second)
        if tokens >= 1:
            self._buckets[key] = (tokens - 1, now)
            return 0
        self._buckets[key] = (tokens, now)
        return max(1, math.ceil((1 - tokens) / per_second))


def reset(request: web.Request) -> None:
    """Reset the connection of a request the way a crashed proxy does."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    request.transport.abort()
