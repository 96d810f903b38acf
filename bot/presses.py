"""Presses: whoever presses a button or sends a form waits a moment for what comes of it.

Kept in memory alone, by the key of the press: what it did is in the database, and on the card. All
that a new process does not know is that somebody is waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from agent import texts
from agent.ports import Clock
from agent.records import Accepted

WAIT_SECONDS = 2.0
"""From the press on, its commit included: Slack shows an error after 3 s
(https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response)."""
MOST_OPEN = 1000
"""Presses of which nothing was heard yet; the oldest is forgotten for one more. Some are never
heard of: what another process works off, say."""


class Presses:
    """Who waits for what."""

    def __init__(self, clock: Clock) -> None:
        """Nobody waits yet."""
        self._clock = clock
        self._open: dict[str, asyncio.Future[str]] = {}

    async def outcome(
        self,
        key: str,
        accept: Callable[[], Awaitable[Accepted]],
        *,
        meanwhile: str = texts.WORKING_ON_IT,
        late: Callable[[str], None] | None = None,
    ) -> str:
        """Accept the press of this key, and return what whoever pressed is told by it.

        '' if there is nothing to tell, as of one that was worked off before; one that is brought
        again while it is worked on waits as the first one does. `meanwhile` if it takes longer than
        anybody can wait: `late` is called with what is told once that is known, if it is anything.

        Raises:
            StoreUnavailable: it was not accepted.
        """
        until = self._clock.monotonic() + WAIT_SECONDS
        known = key in self._open
        told = self._begin(key)  # before it is accepted: its turn may be over by then
        if await accept() is not Accepted.NEW and not known:
            self.told(key, "")
        try:
            async with self._clock.timeout(max(0.0, until - self._clock.monotonic())):
                return await asyncio.shield(told)
        except TimeoutError:
            if late is not None and not known:
                told.add_done_callback(partial(_tell, late=late))
            return meanwhile

    def told(self, key: str, text: str) -> None:
        """What came of it is known; of most keys nobody wants to hear."""
        told = self._open.pop(key, None)
        if told is not None:
            told.set_result(text)

    def _begin(self, key: str) -> asyncio.Future[str]:
        if key not in self._open:
            if len(self._open) >= MOST_OPEN:
                del self._open[next(iter(self._open))]
            self._open[key] = asyncio.get_running_loop().create_future()
        return self._open[key]


def _tell(told: asyncio.Future[str], *, late: Callable[[str], None]) -> None:
    if told.result():
        late(told.result())
