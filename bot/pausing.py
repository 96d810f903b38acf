"""Pausing: an admin tells the assistant not to answer, until it is told to go on.

What runs at that moment begins again, and so is refused like whatever comes after it: everybody is
told. People who have a case go on as before, and a person can still be asked for. The setting is in
the database and survives a restart.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.ports import Settings

SCOPE, NAME = "", "paused"


class Pause:
    """Whether the assistant is paused (`on`); `tell` learns of every change, and once at start."""

    def __init__(self, settings: Settings, tell: Callable[[bool], None]) -> None:
        """Nothing is read before `load`."""
        self.on = False
        self._settings = settings
        self._tell = tell

    async def load(self) -> None:
        """Go on as the last process was told.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        values = await self._settings.read()
        self._change((SCOPE, NAME) in values)

    async def change(self, paused: bool, *, by: str) -> None:
        """Pause or go on, for good; `by` is the person, as 'platform:user'.

        Raises:
            StoreUnavailable: nothing has changed.
        """
        await self._settings.write(SCOPE, NAME, "on" if paused else "", by=by)
        self._change(paused)

    def _change(self, paused: bool) -> None:
        self.on = paused
        self._tell(paused)
