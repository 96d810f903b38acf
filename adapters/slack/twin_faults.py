"""How Slack words its refusals, for faults that a test sets; and Slack's rate limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from agent.ports import Clock
from twins import faults

# Bursts that Slack lets through; it promises none, but says that short ones are allowed.
BURST = 4
# https://docs.slack.dev/apis/web-api/rate-limits: calls per minute of the tiers 1 to 4; 0 stands
# for posting, which is one message per second and channel.
TIERS = {0: 60, 1: 1, 2: 20, 3: 50, 4: 100, 5: 300}


@dataclass(frozen=True, slots=True)
class Fault(faults.Fault):
    """One kind of trouble; made by its class methods."""

    @classmethod
    def error(cls, code: str) -> Fault:
        """`ok: false` with this code."""
        return cls.answer(200, {"ok": False, "error": code})

    @classmethod
    def rate_limited(cls, retry_after: float = 1) -> Fault:
        """429 as Slack sends it; a fraction makes a header that is no whole number."""
        fault = cls.answer(429, {"ok": False, "error": "ratelimited"})
        return replace(fault, headers={**fault.headers, "Retry-After": f"{retry_after:g}"})

    @classmethod
    def unavailable(cls, status: int = 503) -> Fault:
        """A 500 or 503 in JSON."""
        return cls.answer(status, {"ok": False, "error": "internal_error"})

    @classmethod
    def no_ok(cls) -> Fault:
        """A 404 in JSON that has neither `ok` nor `error`."""
        return cls.answer(404, {"message": "no such route"})


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
