"""Routing: what was said or pressed at the desk is moved to the lane of the case it is about.

It waits in a lane of its thread (`desk_lane`), which nobody claims: the store alone knows which
card the thread is under, and may not know it yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent import texts
from agent.errors import StorageError
from agent.ports import Clock, Turns
from agent.tasks import Beside

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds for which words in a thread wait for a card that is still being sent."""
ROUTE_AGAIN = 0.5
"""Seconds before the next try if the database could not be written."""
SHORTEST = 0.01


class Routing:
    """Has the store route lanes of the desk, and tells which lanes have more to do by it."""

    def __init__(
        self,
        turns: Turns,
        clock: Clock,
        more_in: Callable[[str], object],
        told: Callable[[str, str], None],
    ) -> None:
        """`more_in` is told of lanes that have more to do: of cases, or of the desk once more;
        `told` what whoever pressed where there is no case is told at once, by the press's key.
        """
        self._turns = turns
        self._clock = clock
        self._more_in = more_in
        self._told = told
        self._later: set[str] = set()
        self._beside = Beside()

    async def route(self, lane: str) -> None:
        """Route what waits in a lane of the desk, and look again for what has to wait longer."""
        try:
            routed = await self._turns.route(lane, PATIENCE)
        except StorageError as error:
            log.warning("what was said at the desk could not be routed: %s", error.code)
            self._look_again(lane, ROUTE_AGAIN)
            return
        for key in routed.dropped:
            self._told(key, texts.CASE_UNKNOWN)
        for found in routed.lanes:
            self._more_in(found)
        if routed.again_at is not None:
            self._look_again(lane, routed.again_at - self._clock.now())

    async def stop(self) -> None:
        """Look at nothing more; what waits is found again."""
        await self._beside.cancel()

    def _look_again(self, lane: str, seconds: float) -> None:
        if lane not in self._later:
            self._later.add(lane)
            self._beside.run(self._wait(lane, seconds))

    async def _wait(self, lane: str, seconds: float) -> None:
        await self._clock.sleep(max(SHORTEST, seconds))
        self._later.discard(lane)
        self._more_in(lane)
