"""A durable turn against a bare bolt echo: CPU, throughput, and how soon events are acknowledged.

Ours verifies, commits each message with an fsync before it acknowledges it, runs the whole turn
with the model `echo:` (no network), commits the answer, posts it and records that it was posted.
The baseline keeps nothing. Both get the same messages from the same load on the same cores.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.disk import fsyncs
from benchmarks.fake_slack import FakeSlack
from benchmarks.load import Load, loaded
from benchmarks.processes import Child, bare_bolt, frontdesk
from benchmarks.table import Judged, Row

IN_FLIGHT = 50
RATE = 50.0
"""Events a second of the open loop; Slack's own cap is 8.3 for a workspace."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long it takes.

    Each repetition has two new processes. They take turns: `rounds` closed loops of `turns` turns
    each, then one open loop of `seconds` each.
    """

    repetitions: int
    rounds: int
    turns: int
    warm_up: int
    seconds: float


FULL = Size(repetitions=5, rounds=5, turns=400, warm_up=400, seconds=6.0)
QUICK = Size(repetitions=2, rounds=2, turns=250, warm_up=150, seconds=3.0)


class Measured:
    """One of the two bots in one repetition, and what its closed loops took."""

    def __init__(self, child: Child, load: Load, in_flight: int = IN_FLIGHT) -> None:
        """Nothing was measured yet; the closed loops keep so many messages unanswered."""
        self._child = child
        self._load = load
        self._in_flight = in_flight
        self._turns = 0
        self._cpu = 0.0
        self._seconds = 0.0

    async def warm_up(self, turns: int) -> None:
        """Open connections, fill caches; not measured."""
        await self._load.closed(turns, self._in_flight)

    async def closed(self, turns: int) -> None:
        """One closed loop; the bot is at rest before it and after it."""
        before, begun = self._child.cpu(), time.perf_counter()
        done = await self._load.closed(turns, self._in_flight)
        self._seconds += max(turn.answered for turn in done) - begun
        self._cpu += self._child.cpu() - before
        self._turns += turns

    async def paced(self, seconds: float) -> tuple[float, float]:
        """One open loop: the 99th percentile of acks and the median answer, in milliseconds."""
        done = await self._load.paced(RATE, seconds)
        return p99([turn.ack for turn in done]), median(turn.answer * 1000 for turn in done)

    @property
    def cpu(self) -> float:
        """Milliseconds of CPU per turn."""
        return self._cpu / self._turns * 1000

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self._turns / self._seconds


def p99(seconds: Sequence[float]) -> float:
    """The slowest hundredth begins here, in milliseconds."""
    return quantiles(seconds, n=100)[98] * 1000


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Run both, turn and turn about, as often as the size says."""
    size = QUICK if quick else FULL
    cpu = Row("echo turn: CPU", "ms", Judged.RATIO, 1.7)
    rate = Row("echo turn: answers/s, 50 in flight", "/s", Judged.RATIO, 0.55, True, places=0)
    ack = Row("echo turn: ack p99 at 50/s", "ms", Judged.OURS, 30.0, places=1)
    disk = Row("  fsync p99 at 50/s, by itself", "ms", Judged.OURS, None, places=1)
    answer = Row("echo turn: answer p50 at 50/s", "ms", Judged.OURS, None, places=1)
    slack = FakeSlack()
    await slack.start()
    try:
        for _ in range(size.repetitions):
            async with _both(folder, slack) as (ours, baseline):
                await _closed_loops(ours, baseline, size)
                ours_open = await ours.paced(size.seconds)
                # The baseline does not use the disk, so its time is good for a look at the disk.
                probe = asyncio.create_task(fsyncs(folder, RATE, size.seconds))
                baseline_open = await baseline.paced(size.seconds)
                disk.add(ours=p99(await probe))
            cpu.add(ours=ours.cpu, baseline=baseline.cpu)
            rate.add(ours=ours.rate, baseline=baseline.rate)
            ack.add(ours=ours_open[0], baseline=baseline_open[0])
            answer.add(ours=ours_open[1], baseline=baseline_open[1])
    finally:
        await slack.stop()
    return [cpu, rate, ack, disk, answer]


@asynccontextmanager
async def _both(folder: Path, slack: FakeSlack) -> AsyncIterator[tuple[Measured, Measured]]:
    """Frontdesk and the baseline, each with a load of its own."""
    async with (
        frontdesk(folder, slack, frontdesk_models="echo:") as ours,
        bare_bolt(folder, slack) as baseline,
        loaded(slack, ours.port) as load_ours,
        loaded(slack, baseline.port) as load_baseline,
    ):
        yield Measured(ours, load_ours), Measured(baseline, load_baseline)


async def _closed_loops(ours: Measured, baseline: Measured, size: Size) -> None:
    for one in (ours, baseline):
        await one.warm_up(size.warm_up)
    for _ in range(size.rounds):
        for one in (baseline, ours):
            await one.closed(size.turns)
