"""What can go wrong with a call of the bot, as rules a test sets.

A fault hits the next calls of an operation, with or without the call's effect: that difference is
what delivery "once, as far as the platform allows" is about. A platform adds the refusals that it
words itself, and its rate limits.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

from aiohttp import web

from agent.ports import Clock

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>upstream</body></html>"
FOREVER = 24 * 3600.0
# SO_LINGER on, zero seconds: closing sends a reset instead of a farewell.
NO_LINGER = struct.pack("ii", 1, 0)


class Kind(Enum):
    """What happens to the call."""

    ANSWER = auto()
    """The given answer instead of the platform's."""
    SLOW = auto()
    """The platform's own answer, but late."""
    SILENCE = auto()
    """No answer at all until the client gives up."""
    RESET = auto()
    """The connection is reset."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble; made by the class methods below and by those of the platform's own.

    `after_effect` tells whether the platform has done what was asked before the trouble begins.
    """

    kind: Kind
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after_effect: bool = False

    @classmethod
    def answer(cls, status: int, body: object, *, after_effect: bool = False) -> Self:
        """Any JSON answer."""
        headers = {"Content-Type": "application/json"}
        content = json.dumps(body).encode()
        return cls(Kind.ANSWER, status, content, headers, after_effect=after_effect)

    @classmethod
    def bad_gateway(cls, *, after_effect: bool = False) -> Self:
        """A 502 in HTML, from a proxy that knows no JSON."""
        headers = {"Content-Type": "text/html"}
        return cls(Kind.ANSWER, 502, BAD_GATEWAY, headers, after_effect=after_effect)

    @classmethod
    def slow(cls, seconds: float, *, after_effect: bool = False) -> Self:
        """The right answer after `seconds`; the effect before or after the wait."""
        return cls(Kind.SLOW, seconds=seconds, after_effect=after_effect)

    @classmethod
    def timeout(cls, *, after_effect: bool = False) -> Self:
        """No answer until the client gives up."""
        return cls(Kind.SILENCE, seconds=FOREVER, after_effect=after_effect)

    @classmethod
    def reset(cls, *, after_effect: bool) -> Self:
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

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rules: list[Rule] = []

    def add(self, operation: str, fault: Fault, times: float, channel: str) -> None:
        """Hit the next `times` calls (math.inf: all)."""
        self._rules.append(Rule(operation, fault, times, channel))

    def clear(self, operation: str = "") -> None:
        """Forget the rules of one operation, or all."""
        self._rules = [rule for rule in self._rules if operation and rule.operation != operation]

    async def serve(
        self,
        request: web.Request,
        operation: str,
        channel: str,
        answer: Callable[[], web.Response],
        note: Callable[[Fault], None],
    ) -> web.Response:
        """Answer a call, unless something is to go wrong with it.

        `answer` does what is asked; `note` hears of a fault that kept it from being done.
        """
        fault = self.take(operation, channel)
        if fault is None:
            return answer()
        early = answer() if fault.after_effect else None
        if fault.kind is not Kind.SLOW and early is None:
            note(fault)
        if fault.kind is Kind.ANSWER:
            return web.Response(status=fault.status, body=fault.body, headers=fault.headers)
        if fault.kind is Kind.RESET:
            reset(request)
            return web.Response(status=500)
        await self._clock.sleep(fault.seconds)
        return early or answer()

    def take(self, operation: str, channel: str) -> Fault | None:
        """The fault for this call, used up once, None if nothing is to go wrong. `serve` asks this
        for calls over HTTP; a platform that is called otherwise asks itself.
        """
        for rule in self._rules:
            if rule.fits(operation, channel):
                rule.left -= 1
                if rule.left <= 0:
                    self._rules.remove(rule)
                return rule.fault
        return None


def reset(request: web.Request) -> None:
    """Reset the connection of a request the way a crashed proxy does."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    request.transport.abort()
