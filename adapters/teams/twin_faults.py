"""How Teams words its refusals, for faults that a test sets; and Teams' rate limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from agent.ports import Clock
from twins import faults

# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit: sends of one bot into
# one conversation per (seconds, calls); and of one app into one organisation.
CONVERSATION_LIMITS = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
TENANT_LIMITS = ((1.0, 50),)


@dataclass(frozen=True, slots=True)
class Fault(faults.Fault):
    """One kind of trouble; made by its class methods."""

    @classmethod
    def error(
        cls, status: int, code: str, message: str = "", *, after_effect: bool = False
    ) -> Fault:
        """A refusal as the connector writes it, e.g. `error(403, "BotDisabledByAdmin")`."""
        body = {"error": {"code": code, "message": message or code}}
        return cls.answer(status, body, after_effect=after_effect)

    @classmethod
    def rate_limited(cls, retry_after: float | None = 1) -> Fault:
        """429 as Teams sends it; a fraction makes a header that is no whole number, None none."""
        fault = cls.error(429, "Throttled", "Too many requests.")
        told = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return replace(fault, headers={**fault.headers, **told})

    @classmethod
    def precondition(cls) -> Fault:
        """412: several operations on one conversation were in each other's way."""
        return cls.error(412, "PreconditionFailed", "Precondition failed, please try again.")

    @classmethod
    def unavailable(cls, status: int = 503, *, after_effect: bool = False) -> Fault:
        """A 500, 503 or 504 in JSON."""
        return cls.error(status, "ServiceError", "Unknown error.", after_effect=after_effect)

    @classmethod
    def garbage(cls, body: bytes = b"\x00{not json", *, after_effect: bool = False) -> Fault:
        """A success whose body is none."""
        headers = {"Content-Type": "application/json"}
        return cls(faults.Kind.ANSWER, 200, body, headers, after_effect=after_effect)


class RateLimits:
    """Sliding windows over the sends into a conversation and into the organisation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sends: dict[str, list[float]] = {}

    def wait(self, conversation: str) -> int:
        """Take one send; the whole seconds to wait if there is none left, else 0."""
        waits = [
            self._left(conversation, CONVERSATION_LIMITS),
            self._left("", TENANT_LIMITS),
        ]
        if not any(waits):
            for name in (conversation, ""):
                self._sends[name].append(self._clock.monotonic())
        return max(waits)

    def _left(self, name: str, limits: tuple[tuple[float, int], ...]) -> int:
        now = self._clock.monotonic()
        longest = limits[-1][0]
        sends = [at for at in self._sends.get(name, ()) if now - at < longest]
        self._sends[name] = sends
        for seconds, most in limits:
            recent = [at for at in sends if now - at < seconds]
            if len(recent) >= most:
                return max(1, math.ceil(recent[-most] + seconds - now))
        return 0
