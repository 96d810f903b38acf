"""A circuit breaker for one model: who fails or dawdles repeatedly is not asked for a while."""

from __future__ import annotations

from enum import StrEnum

from agent.ports import Clock

THRESHOLD = 3
COOL_DOWN = 30.0
LONGEST_COOL_DOWN = 300.0


class BreakerState(StrEnum):
    """CLOSED: asked as usual. OPEN: not asked. HALF_OPEN: one turn tries it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens after THRESHOLD failures in a row; lets one try through after each cool-down.

    The cool-down is in seconds and doubles with every failed try up to LONGEST_COOL_DOWN.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin closed."""
        self._clock = clock
        self._failures = 0
        self._cool_down = COOL_DOWN
        self._closed_until_try: float | None = None
        self._trying = False

    @property
    def state(self) -> BreakerState:
        """What `allow` would be decided on now."""
        if self._closed_until_try is None:
            return BreakerState.CLOSED
        if self._trying or self._clock.monotonic() < self._closed_until_try:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def allow(self) -> bool:
        """Whether the model may be asked now; in HALF_OPEN the caller takes the one try."""
        state = self.state
        if state is BreakerState.HALF_OPEN:
            self._trying = True
        return state is not BreakerState.OPEN

    def succeeded(self) -> None:
        """The model delivered in time."""
        self._failures = 0
        self._cool_down = COOL_DOWN
        self._closed_until_try = None
        self._trying = False

    def failed(self, *, at_once: bool = False) -> None:
        """The model failed or was slow; `at_once` opens without waiting for more."""
        self._failures += 1
        if self._closed_until_try is not None:
            self._cool_down = min(self._cool_down * 2, LONGEST_COOL_DOWN)
        elif not at_once and self._failures < THRESHOLD:
            return
        self._closed_until_try = self._clock.monotonic() + self._cool_down
        self._trying = False

    def abandoned(self) -> None:
        """The try ended without telling anything about the model (cancelled by us)."""
        self._trying = False
