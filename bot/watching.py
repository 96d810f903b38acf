"""Watching the desk's channels: what their platforms say is wrong with them.

Looked at when somebody wants to know, but no more often than every few minutes: a status that is
asked for again and again asks nothing of the platform.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence

from agent.desk.place import DeskPlace
from agent.platforms import Finding
from agent.ports import Adapter, Clock

LOOK_EVERY = 180.0
"""Seconds for which a look counts."""
LOOK_SECONDS = 1.0
"""For which an answer waits for a look; what comes later is there for the next one."""


def of_second(findings: Sequence[Finding]) -> list[Finding]:
    """What was found of a channel as if it were the human channel, as of the second one."""
    return [
        Finding(
            one.subject.replace("human", "second"),
            one.ok,
            one.detail.replace("FRONTDESK_HUMAN", "FRONTDESK_SECOND").replace(
                "human channel", "second channel"
            ),
        )
        for one in findings
    ]


class DeskWatch:
    """What is known of the desk's channels; at most one look is under way."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        clock: Clock,
        place: DeskPlace,
    ) -> None:
        """`place` tells where the channels are, once their platforms are connected."""
        self._adapters = adapters
        self._clock = clock
        self._place = place
        self._looked_at = -math.inf
        self._trouble = ""
        self._look: asyncio.Task[None] | None = None

    async def trouble(self) -> str:
        """What is wrong with the channels and how to mend it, '' if nothing is known to be."""
        if self._place.channel is None:
            return ""
        if self._look is None and self._clock.monotonic() >= self._looked_at + LOOK_EVERY:
            self._look = asyncio.ensure_future(self._look_at_both())
        if self._look is not None:
            try:
                async with self._clock.timeout(LOOK_SECONDS):
                    await asyncio.shield(self._look)
            except TimeoutError:
                pass  # what was known before is the best there is
        return self._trouble

    async def stop(self) -> None:
        """End a look that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)

    async def _look_at_both(self) -> None:
        human, second = self._place.channel, self._place.second
        findings: list[Finding] = []
        try:
            # Of the rest, tokens and scopes, `frontdesk check` tells.
            if human is not None:
                findings += await self._adapters[human.platform].check_channel(human.channel)
            if second is not None and second != human:
                found = await self._adapters[second.platform].check_channel(second.channel)
                findings += of_second(found)
            wrong = [one for one in findings if not one.ok]
            self._trouble = "; ".join(f"{one.subject}: {one.detail}" for one in wrong)
            self._looked_at = self._clock.monotonic()
        finally:
            self._look = None
