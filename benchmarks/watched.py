"""`frontdesk run` with a watch on its event loop: how long would whatever is due have had to wait?

Run as a process of its own: `python -m benchmarks.watched`. Each line on its standard input is
answered with the 99th percentile and the longest of these waits since the last one, in
milliseconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from bot.running import serve
from bot.settings import FILE, load

TICK = 0.001
"""Seconds between looks."""


class Watch:
    """Notes how late the loop is, for every moment and not for every look: a stall of a second is
    one late look, but a thousand moments at which something could have been due.
    """

    def __init__(self) -> None:
        """Nothing was late yet."""
        self._waits: list[float] = []

    async def run(self) -> None:
        """Look for ever."""
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            late = time.perf_counter() - due
            while late > 0:
                self._waits.append(late)
                late -= TICK

    def told(self) -> str:
        """What was noted so far, as a line; begins anew."""
        waits = sorted(self._waits) or [0.0]
        self._waits = []
        return f"{waits[int(len(waits) * 0.99)] * 1000:.3f} {waits[-1] * 1000:.3f}"


async def main() -> None:
    """Serve until SIGTERM."""
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    async def answer() -> None:
        while await lines.readline():
            print(watch.told(), flush=True)

    answering = asyncio.create_task(answer())
    configuration = load(os.environ, Path(FILE))
    await serve(configuration, announce=lambda line: print(line, flush=True))
    for task in (watching, answering):
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
