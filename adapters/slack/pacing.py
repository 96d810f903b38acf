"""Slack's rate limits, learned from Slack: who was asked for patience slows down, nobody else.

Slack documents one message per second and channel and so many calls a minute of any other method,
and then lets bursts of any size through as long as it can
(https://docs.slack.dev/apis/web-api/rate-limits). So nothing is slowed down before Slack says 429;
from then on all calls of its kind wait as long as Slack said, and keep to the documented rate until
Slack has been content for some minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import DeliveryRetry
from agent.ports import Clock

POST = "chat.postMessage"
"""Counted per channel; every other method is counted for the whole workspace."""
POST_EVERY = 1.0
EVERY = 1.2
"""Seconds between calls: one post, or one of the 50 calls a minute of tier 3, which is the
strictest tier of the methods that are used here."""
LONGEST = 3.0
"""Seconds that a call waits here; one that would wait longer gives its row back meanwhile."""
CONTENT = 300.0
"""Seconds without a 429 after which a limit is forgotten."""
MOST = 1000
"""Limits that are kept; the oldest makes room."""


@dataclass(slots=True)
class _Bucket:
    """A bucket of one token: when the next call may go. Times are the clock's monotonic ones.

    `later` is the last moment that a call was told to come back at: each is told another.
    """

    every: float
    refused_at: float
    shut_until: float = 0.0
    next_at: float = 0.0
    later: float = 0.0


class Pacing:
    """Lets calls pass, one by one where Slack has said that there were too many."""

    def __init__(self, clock: Clock) -> None:
        """Slack is content."""
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    async def turn(self, method: str, channel: str = "", *, patience: float = LONGEST) -> None:
        """Wait until a call may be made, for at most `patience` seconds.

        Raises:
            DeliveryRetry: it would take longer, or Slack said 429 meanwhile.
        """
        if not self._buckets:
            return
        key = _key(method, channel)
        bucket = self._buckets.get(key)
        if bucket is None:
            return
        now = self._clock.monotonic()
        if now - bucket.refused_at >= CONTENT:
            del self._buckets[key]
            return
        at = max(bucket.next_at, now)
        if at - now > patience:
            bucket.later = max(bucket.later + bucket.every, at)
            raise DeliveryRetry("Slack's rate limit", bucket.later - now)
        bucket.next_at = at + bucket.every
        if at > now:
            await self._clock.sleep(at - now)
            shut = bucket.shut_until - self._clock.monotonic()
            if shut > 0:
                raise DeliveryRetry("Slack's rate limit", shut)

    def refused(self, method: str, channel: str, seconds: float | None) -> None:
        """Slack said 429, and to wait so long (None: it did not say)."""
        now = self._clock.monotonic()
        key = _key(method, channel)
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MOST:
                del self._buckets[next(iter(self._buckets))]
            bucket = _Bucket(POST_EVERY if method == POST else EVERY, now)
            self._buckets[key] = bucket
        bucket.refused_at = now
        wait = bucket.every if seconds is None else seconds
        bucket.shut_until = max(bucket.shut_until, now + wait)
        bucket.next_at = max(bucket.next_at, bucket.shut_until)


def _key(method: str, channel: str) -> tuple[str, str]:
    return method, channel if method == POST else ""
