"""Lines: what comes later from the same place or person is done later, also if what came first has
to wait for something outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    standing: int = 0


class Lines:
    """The names behind which somebody waits just now; elsewhere nobody has to."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def behind(self, name: str, *, waits: bool = False) -> AsyncIterator[None]:
        """Go on when everything is through that came before and had to wait, or came behind such;
        `waits`: this has to, so what comes next stands behind it until the block is left.
        """
        line = self._lines.get(name)
        if line is None:
            if not waits:
                yield
                return
            line = self._lines[name] = _Line()
        line.standing += 1
        try:
            async with line.lock:  # first come, first served
                yield
        finally:
            line.standing -= 1
            if not line.standing:
                del self._lines[name]

    async def through(self, name: str) -> None:
        """Go on when everything that came before is through."""
        async with self.behind(name):
            pass
