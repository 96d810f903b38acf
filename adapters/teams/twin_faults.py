"""What can go wrong on the way to Teams, as rules a test sets; and Teams' rate limits.

A fault hits the next calls of an operation, with or without the call's effect: that difference is
what delivery "once, as far as the platform allows" is about.
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
# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit: sends of one bot into
# one conversation per (seconds, calls); and of one app into one organisation.
CONVERSATION_LIMITS = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
TENANT_LIMITS = ((1.0, 50),)


class Kind(Enum):
    """What happens to the call."""

    ANSWER = auto()
    """The given answer instead of Teams'."""
    SLOW = auto()
    """Teams' own answer, but late."""
    SILENCE = auto()
    """No answer at all until the client gives up."""
    RESET = auto()
    """The connection is reset."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble; made by the class methods below.

    `after_effect` tells whether Teams has done what was asked before the trouble begins.
    """

    kind: Kind
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after_effect: bool = False

    @classmethod
    def answer(cls, status: int, body: object, *, after_effect: bool = False) -> Fault:
        """Any JSON answer."""
        headers = {"Content-Type": "application/json"}
        content = json.dumps(body).encode()
        return cls(Kind.ANSWER, status, content, headers, after_effect=after_effect)

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
    def bad_gateway(cls, *, after_effect: bool = False) -> Fault:
        """A 502 in HTML, from a proxy that knows no JSON."""
        headers = {"Content-Type": "text/html"}
        return cls(Kind.ANSWER, 502, BAD_GATEWAY, headers, after_effect=after_effect)

    @classmethod
    def garbage(cls, body: bytes = b"\x00{not json", *, after_effect: bool = False) -> Fault:
        """A success whose body is none."""
        headers = {"Content-Type": "application/json"}
        return cls(Kind.ANSWER, 200, body, headers, after_effect=after_effect)

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
    """A fault that waits for its calls: `operation` '*' and `channel` '' mean any; several
    operations are joined by '|'.
    """

    operation: str
    fault: Fault
    left: float
    channel: str

    def fits(self, operation: str, channel: str) -> bool:
        """Whether this call is hit."""
        wanted = self.operation.split("|")
        return ("*" in wanted or operation in wanted) and self.channel in {"", channel}


class Faults:
    """The rules that are set, first come first served."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, operation: str, fault: Fault, times: float, channel: str) -> None:
        """Hit the next `times` calls (math.inf: all)."""
        self._rules.append(Rule(operation, fault, times, channel))

    def clear(self, operation: str = "") -> None:
        """Forget the rules of one operation, or all."""
        self._rules = [rule for rule in self._rules if operation and rule.operation != operation]

    def take(self, operation: str, channel: str) -> Fault | None:
        """The fault for this call, used up once."""
        for rule in self._rules:
            if rule.fits(operation, channel):
                rule.left -= 1
                if rule.left <= 0:
                    self._rules.remove(rule)
                return rule.fault
        return None


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


def reset(request: web.Request) -> None:
    """Reset the connection of a request the way a crashed proxy does."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    request.transport.abort()
