"""Signs of life: Slack's status, Teams' typing, while a model is asked. Best effort, never awaited
by a turn, and never left standing after it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from agent.messages import ConversationId
from agent.ports import Adapter, Clock
from agent.records import LaneClaim, TurnEnd
from agent.tasks import Beside
from agent.text import has_words


class Sign:
    """The sign of one turn."""

    def __init__(self, conversation: ConversationId, adapter: Adapter, clock: Clock) -> None:
        """Not shown yet."""
        self._conversation = conversation
        self._adapter = adapter
        self._clock = clock
        self._shown_at = 0.0
        self._on_its_way = 0
        self._over = False

    async def show(self) -> None:
        """Show it, and take it away again if the turn ended while it was on its way."""
        self._shown_at = self._clock.monotonic()
        self._on_its_way += 1
        await self._adapter.thinking(self._conversation, True)
        self._on_its_way -= 1
        if self._over:
            await self._adapter.thinking(self._conversation, False)

    def fades(self, within: float) -> bool:
        """Whether it must be shown again to stay for so many seconds."""
        lasts = self._shown_at + self._adapter.capabilities.sign_seconds
        return self._clock.monotonic() + within > lasts

    def end(self) -> bool:
        """The turn is over; True if nothing is on its way that would take the sign away."""
        self._over = True
        return not self._on_its_way


class Signs:
    """The signs of all running turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, *, thinks: bool) -> None:
        """`thinks`: whether a turn takes long enough (a model is asked) to show anything."""
        self._adapters = adapters
        self._clock = clock
        self._thinks = thinks
        self._beside = Beside()
        self._shown: dict[str, Sign] = {}

    def begin(self, claim: LaneClaim) -> None:
        """A turn begins; shown if a model is going to be asked for it."""
        first = claim.rows[0].message
        if not self._thinks or first.kind.is_control or claim.case is not None:
            return
        if not any(has_words(row.message.text) for row in claim.rows):
            return  # a model is asked for nothing
        place = first.conversation
        adapter = self._adapters.get(place.platform)
        if adapter is None:
            return  # nobody is there to see it: an incident has a conversation with nobody
        sign = Sign(place, adapter, self._clock)
        self._shown[claim.lease.lane] = sign
        self._beside.run(sign.show())

    def end(self, claim: LaneClaim, end: TurnEnd | None) -> None:
        """A turn ended; a post takes its sign away by itself."""
        sign = self._shown.pop(claim.lease.lane, None)
        if sign is None:
            return
        place = claim.rows[0].message.conversation
        posted = end is not None and any(one.conversation == place for one in end.outbox)
        if sign.end() and not posted:
            self._beside.run(self._adapters[place.platform].thinking(place, False))

    @property
    def shortest(self) -> float:
        """Seconds that the sign stays which fades first, of all platforms."""
        stay = (one.capabilities.sign_seconds for one in self._adapters.values())
        return min(stay, default=math.inf)

    def refresh(self, within: float) -> None:
        """Show again what would fade within so many seconds."""
        for sign in self._shown.values():
            if sign.fades(within):
                self._beside.run(sign.show())

    async def stop(self) -> None:
        """Nothing more is shown."""
        await self._beside.cancel()
