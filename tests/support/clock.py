"""A clock that moves only when a test says so.

`await clock.advance(s)` first waits until everything is at rest: the loop has nothing ready, and
neither a watched worker (a store's writer thread) nor a thread of `asyncio.to_thread` has work.
Twins and fake models run on the same loop, so one that has a request in flight then waits for time
itself, or for somebody who does. Then time moves from one sleeper to the next, at rest again after
each.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

START = 1_790_000_000.0
QUIET_ROUNDS = 12
"""Looks at the loop in a row that find nothing to do; what was sent over the loopback interface is
there by then."""
WATCHED_SECONDS = 0.0005
"""Of the machine's own time between looks while a watched worker is busy."""
PATIENCE_SECONDS = 60.0


class TestClock:
    """`Clock` whose time stands still between calls of `advance`."""

    __test__ = False

    def __init__(self, start: float = START) -> None:
        """Begin at `start` seconds since the epoch."""
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._watched: list[Callable[[], bool]] = []
        self._looking = 0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """The same as `now`: it never goes back."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until a test has moved the time that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    @asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncIterator[None]:
        """Cancel the block once a test has moved the time that far."""
        if seconds is None:
            yield
            return
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as scope:
            alarm = asyncio.ensure_future(self._alarm(seconds, scope, loop))
            try:
                yield
            finally:
                alarm.cancel()

    async def _alarm(
        self, seconds: float, scope: asyncio.Timeout, loop: asyncio.AbstractEventLoop
    ) -> None:
        await self.sleep(seconds)
        scope.reschedule(loop.time())

    def watch(self, busy: Callable[[], bool]) -> None:
        """Do not move the time while `busy()`."""
        self._watched.append(busy)

    async def settle(self) -> None:
        """Wait until everything is at rest.

        Raises:
            AssertionError: something never comes to rest.
        """
        loop = asyncio.get_running_loop()
        ready = getattr(loop, "_ready", ())
        patience = loop.time() + PATIENCE_SECONDS
        quiet, pause = 0, 0.0
        self._looking += 1
        try:
            while loop.time() < patience:
                await asyncio.sleep(pause)
                at_work = _threads_at_work(loop) or any(busy() for busy in self._watched)
                # Whoever else looks is ready all the time.
                quiet = 0 if at_work or len(ready) >= self._looking else quiet + 1
                pause = WATCHED_SECONDS if at_work else 0.0
                if quiet >= QUIET_ROUNDS:
                    return
        finally:
            self._looking -= 1
        raise AssertionError("never at rest")

    async def until(self, done: Callable[[], bool], *, at_most: float = 300.0) -> None:
        """Move the time from sleeper to sleeper until `done()`.

        Raises:
            AssertionError: it is not done after `at_most` seconds, or nothing waits any more.
        """
        await self.settle()
        end = self._now + at_most
        while not done():
            while self._sleepers and self._sleepers[0][2].done():
                heapq.heappop(self._sleepers)
            assert self._sleepers, "nothing waits for time, and it is still not done"
            assert self._sleepers[0][0] <= end, f"not done within {at_most} seconds"
            await self.advance(self._sleepers[0][0] - self._now)

    def jump(self, seconds: float) -> None:
        """Let time pass at once, as on a machine that was asleep: whoever slept is late."""
        self._now += seconds

    async def advance(self, seconds: float) -> None:
        """Move the time, waking every sleeper at its moment."""
        await self.settle()
        target = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            moment, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now = max(self._now, moment)
            future.set_result(None)
            await self.settle()
        self._now = target
        await self.settle()


def _threads_at_work(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether something that `asyncio.to_thread` was given is not done yet: an SDK's first look at
    its machine, a file that is read.
    """
    executor = getattr(loop, "_default_executor", None)
    if executor is None:
        return False
    idle: int = executor._idle_semaphore._value
    return idle < len(executor._threads)
