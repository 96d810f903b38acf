"""A durable turn against a bare bolt echo: CPU, throughput, and how soon events are acknowledged.

Ours verifies, commits each message with an fsync before it acknowledges it, runs the whole turn
with the model `echo:` (no network), commits the answer, posts it and records that it was posted.
The baseline keeps nothing. Both get the same messages from the same load on the same cores.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.fake_slack import FakeSlack
from benchmarks.load import loaded
from benchmarks.processes import Child, bare_bolt, frontdesk
from benchmarks.table import Judged, Row

IN_FLIGHT = 50
RATE = 50.0
"""Events a second of the open loop; Slack's own cap is 8.3 for a workspace."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long it takes: repetitions, turns of a closed loop, seconds of an open one."""

    repetitions: int
    turns: int
    warm_up: int
    seconds: float


FULL = Size(repetitions=5, turns=1500, warm_up=400, seconds=6.0)
QUICK = Size(repetitions=2, turns=400, warm_up=150, seconds=2.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one repetition: milliseconds of CPU per turn, answers a second, milliseconds."""

    cpu: float
    answers: float
    ack_p99: float
    answer_p50: float


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Run both, one after the other, as often as the size says."""
    size = QUICK if quick else FULL
    rows = [
        Row("echo turn: CPU", "ms", Judged.RATIO, 1.7),
        Row("echo turn: answers/s, 50 in flight", "/s", Judged.RATIO, 0.55, True, places=0),
        Row("echo turn: ack p99 at 50/s", "ms", Judged.OURS, 30.0, places=1),
        Row("echo turn: answer p50 at 50/s", "ms", Judged.OURS, None, places=1),
    ]
    slack = FakeSlack()
    await slack.start()
    try:
        for _ in range(size.repetitions):
            baseline = await _bare_bolt(folder, slack, size)
            ours = await _ours(folder, slack, size)
            rows[0].add(ours=ours.cpu, baseline=baseline.cpu)
            rows[1].add(ours=ours.answers, baseline=baseline.answers)
            rows[2].add(ours=ours.ack_p99, baseline=baseline.ack_p99)
            rows[3].add(ours=ours.answer_p50, baseline=baseline.answer_p50)
    finally:
        await slack.stop()
    return rows


async def _bare_bolt(folder: Path, slack: FakeSlack, size: Size) -> Figures:
    async with bare_bolt(folder, slack) as child:
        return await _figures(child, slack, size)


async def _ours(folder: Path, slack: FakeSlack, size: Size) -> Figures:
    async with frontdesk(folder, slack, frontdesk_models="echo:") as child:
        return await _figures(child, slack, size)


async def _figures(child: Child, slack: FakeSlack, size: Size) -> Figures:
    async with loaded(slack, child.port) as load:
        await load.closed(size.warm_up, IN_FLIGHT)
        spent, begun = child.cpu(), time.perf_counter()
        turns = await load.closed(size.turns, IN_FLIGHT)
        spent = child.cpu() - spent
        lasted = max(turn.answered for turn in turns) - begun
        paced = await load.paced(RATE, size.seconds)
    return Figures(
        cpu=spent / size.turns * 1000,
        answers=size.turns / lasted,
        ack_p99=quantiles([one.ack * 1000 for one in paced], n=100)[98],
        answer_p50=median(one.answer * 1000 for one in paced),
    )
