"""Keeping no longer than is set: what is old is erased every hour, beside everything else."""

from __future__ import annotations

import logging

from agent.defects import report
from agent.errors import StorageError
from agent.ports import Clock
from agent.tasks import Beside
from storage import Care

log = logging.getLogger(__name__)

DAY = 86_400.0
FIRST = 180.0
"""Seconds after the start: those who waited for it come first."""
EVERY = 3600.0
KNOWN_DAYS = 30
"""Days for which a post is known, so that a redelivery is a duplicate. Platforms bring events again
for hours; a week is the least that is promised."""


class Keeper:
    """Erases what is too old until it is stopped."""

    def __init__(self, care: Care, clock: Clock, days: int) -> None:
        """Content is kept for so many days, or for ever if it is 0."""
        self._care = care
        self._clock = clock
        self._days = days
        self._beside = Beside()

    def start(self) -> None:
        """Begin, in a while."""
        self._beside.run(self._keep())

    async def stop(self) -> None:
        """End at once; what is left is erased after the next start."""
        await self._beside.cancel()

    async def _keep(self) -> None:
        await self._clock.sleep(FIRST)
        while True:
            await self._erase()
            await self._clock.sleep(EVERY)

    async def _erase(self) -> None:
        now = self._clock.now()
        content_before = now - self._days * DAY if self._days else None
        try:
            erased = await self._care.erase_old(content_before, now - KNOWN_DAYS * DAY)
        except StorageError as error:
            log.warning("what is too old could not be erased: %s", error.code)
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "what is too old could not be erased", error)
        else:
            if erased:
                log.info("%d rows were too old and are erased", erased)
