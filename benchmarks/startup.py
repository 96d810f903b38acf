"""What it takes to be ready: CPU until /readyz says so, memory then and after real use."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fake_slack import FakeSlack
from benchmarks.load import loaded
from benchmarks.models import ANSWER, VENDORS, ends, environ
from benchmarks.processes import Child, bare_bolt, frontdesk
from benchmarks.table import Judged, Row
from benchmarks.wire import get
from tests.support.fake_models import FakeModels

TURNS = 20
"""Before the memory in use is read: the SDK is imported, connected and warm."""
CPU_LIMIT, MEMORY_LIMIT = 2.5, 120.0


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Start the bot with each vendor, and the baseline, as often as is worth it."""
    cpu = Row("ready: CPU", "s", Judged.OURS, CPU_LIMIT)
    ready = Row("ready: memory", "MB", Judged.OURS, MEMORY_LIMIT, places=0)
    used = {
        vendor: Row(
            f"after {TURNS} turns with {vendor}: memory", "MB", Judged.OURS, MEMORY_LIMIT, places=0
        )
        for vendor in VENDORS
    }
    warm = {
        vendor: Row(f"{vendor} imported, {TURNS} turns done: CPU", "s", Judged.OURS, None)
        for vendor in VENDORS
    }
    async with ends() as (slack, models):
        for repetition in range(1 if quick else 4):
            for vendor in VENDORS:
                figures = await _started(folder, slack, models, vendor)
                baseline = await _baseline(folder, slack)
                if repetition == 0 and not quick:
                    continue  # it may have compiled what it imported
                for row, ours, bare in zip(
                    (cpu, ready, used[vendor], warm[vendor]), figures, baseline, strict=True
                ):
                    row.add(ours=ours, baseline=bare)
    return [cpu, ready, *used.values(), *warm.values()]


async def _started(
    folder: Path, slack: FakeSlack, models: FakeModels, vendor: str
) -> tuple[float, float, float, float]:
    """CPU and memory when ready, memory and CPU when in use."""
    settings = environ(models) | {"frontdesk_models": f"{vendor}:bench"}
    async with frontdesk(folder, slack, **settings) as child:
        status = await get(child.port, "/readyz")
        assert status == 200, f"/readyz answered {status}"
        cpu, memory = child.cpu(), child.memory()
        return cpu, memory, *await _used(child, slack, ANSWER)


async def _baseline(folder: Path, slack: FakeSlack) -> tuple[float, float, float, float]:
    async with bare_bolt(folder, slack) as child:
        cpu, memory = child.cpu(), child.memory()
        return cpu, memory, *await _used(child, slack, "")


async def _used(child: Child, slack: FakeSlack, expect: str) -> tuple[float, float]:
    async with loaded(slack, child.port, expect=expect) as load:
        await load.closed(TURNS, 1)
    return child.memory(), child.cpu()
