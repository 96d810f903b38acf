"""Teams' rate limits, learned from Teams: nothing is slowed down before it says 429 or 412.

Teams lets a bot post 7 times a second and 1 800 times an hour into one conversation, and call 50
times a second within one tenant, says that these numbers may change, and asks bots to go by its
answers and not by them
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit). So a conversation is
let alone until Teams asks for patience in it; from then on it is quiet for as long as Teams said,
then has a token bucket of the documented size, and so has the tenant, until Teams has been content
for some minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import DeliveryRetry
from agent.ports import Clock

BURST = 7
EVERY = 2.0
"""Calls at once in one conversation, and seconds until there is room for one more: 1 800 an hour.
"""
TENANT_BURST = 50
TENANT_EVERY = 1 / 50
"""The same for all conversations together."""
UNSAID = 1.0
"""Seconds of patience if Teams asks for it and does not say how much."""
LONGEST = 3.0
"""Seconds that a call waits here; one that would wait longer gives its row back meanwhile."""
CONTENT = 300.0
"""Seconds without a refusal after which a limit is forgotten."""
MOST = 1000
"""Conversations whose limits are kept; the oldest makes room."""


@dataclass(slots=True)
class _Bucket:
    """A token bucket, told by the moment at which it will be full again (`full_at`). Times are the
    clock's monotonic ones.

    `later` is the last moment that a call was told to come back at: each is told another.
    """

    burst: int
    every: float
    refused_at: float
    shut_until: float = 0.0
    full_at: float = 0.0
    later: float = 0.0

    def free_at(self, now: float) -> float:
        """When there is a token for the next call."""
        return max(now, self.shut_until, self.full_at - (self.burst - 1) * self.every)

    def take(self, at: float) -> None:
        """A call goes at this moment."""
        self.full_at = max(self.full_at, at) + self.every


class Pacing:
    """Lets calls pass, and holds them back where Teams has said that there were too many."""

    def __init__(self, clock: Clock) -> None:
        """Teams is content."""
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._tenant: _Bucket | None = None

    async def turn(self, conversation: str, *, patience: float = LONGEST) -> None:
        """Wait until a call may be made, for at most `patience` seconds.

        Raises:
            DeliveryRetry: it would take longer, or Teams refused another meanwhile.
        """
        if self._tenant is None:
            return
        now = self._clock.monotonic()
        buckets = self._in_force(conversation, now)
        at = max((bucket.free_at(now) for bucket in buckets), default=now)
        if at - now > patience:
            if not patience:  # it never comes back, so nobody need wait behind it
                raise DeliveryRetry("Teams' rate limit", at - now)
            narrowest = buckets[0]
            narrowest.later = max(narrowest.later + narrowest.every, at)
            raise DeliveryRetry("Teams' rate limit", narrowest.later - now)
        for bucket in buckets:
            bucket.take(at)
        if at > now:
            await self._clock.sleep(at - now)
            shut = max(bucket.shut_until for bucket in buckets) - self._clock.monotonic()
            if shut > 0:
                raise DeliveryRetry("Teams' rate limit", shut)

    def refused(self, conversation: str, seconds: float | None) -> None:
        """Teams asked for patience, for so long (None: it did not say)."""
        now = self._clock.monotonic()
        if self._tenant is None:
            self._tenant = _Bucket(TENANT_BURST, TENANT_EVERY, now)
        self._tenant.refused_at = now
        bucket = self._buckets.get(conversation)
        if bucket is None:
            if len(self._buckets) >= MOST:
                del self._buckets[next(iter(self._buckets))]
            # It begins empty: Teams has just said that there were too many.
            bucket = _Bucket(BURST, EVERY, now, full_at=now + BURST * EVERY)
            self._buckets[conversation] = bucket
        bucket.refused_at = now
        wait = UNSAID if seconds is None else seconds
        bucket.shut_until = max(bucket.shut_until, now + wait)

    def _in_force(self, conversation: str, now: float) -> list[_Bucket]:
        """The buckets that a call needs a token of, the conversation's first."""
        bucket = self._buckets.get(conversation)
        if bucket is not None and now - bucket.refused_at >= CONTENT:
            del self._buckets[conversation]
            bucket = None
        if self._tenant is not None and now - self._tenant.refused_at >= CONTENT:
            self._tenant = None
        return [one for one in (bucket, self._tenant) if one is not None]
