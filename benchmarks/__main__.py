"""`python -m benchmarks [SUITE …] [--quick]`: run the suites, print the table, fail on a miss.

Every figure is measured beside its baseline, in the same run on the same cores; what is promised
is a ratio or a difference wherever there is something to compare with. The machine's speed drops
out, its noise does not: look at the spread before believing a figure.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Mapping
from pathlib import Path
from statistics import median
from typing import Protocol

from benchmarks import burst, echo, growth, models, others, restart, slow, startup, teams
from benchmarks.disk import fsync
from benchmarks.load import NotAnsweredOnce
from benchmarks.processes import CORES, ROOT, ChildFailed, last_words, pin_load
from benchmarks.table import Row, printed

SCRATCH = ROOT / "build"
"""Beside the sources, because a system's own folder for temporary files may be in memory."""


class Suite(Protocol):
    """Some measurements that belong together."""

    def __call__(self, folder: Path, *, quick: bool) -> Awaitable[list[Row]]:
        """Measure, with scratch files in `folder`; `quick` for fewer and shorter runs."""


SUITES: Mapping[str, Suite] = {
    "echo": echo.measure,
    "models": models.measure,
    "slow": slow.measure,
    "startup": startup.measure,
    "growth": growth.measure,
    "burst": burst.measure,
    "restart": restart.measure,
    "teams": teams.measure,
    "others": others.measure,
}


async def run(suites: list[str], folder: Path, *, quick: bool) -> list[Row]:
    """Run suites one after the other; a SIGTERM ends them in order."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    rows: list[Row] = []
    for name in suites:
        begun = time.perf_counter()
        rows += await SUITES[name](folder, quick=quick)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return rows


def machine(folder: Path) -> str:
    """A line about where this is measured: a figure without it says little."""
    with (folder / "fsync").open("wb") as file:
        took = [fsync(file) for _ in range(50)]
    facts = [
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        "bot and load on a core each" if len(CORES) > 1 else "bot and load share one core",
        f"fsync {median(took) * 1000:.2f} ms",
        f"load average before {os.getloadavg()[0]:.1f}",
    ]
    return "; ".join(facts)


def main() -> None:
    """Read the command line, measure, print, and leave with status 1 if a limit was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure against baselines.")
    parser.add_argument("suites", nargs="*", help=f"some of {', '.join(SUITES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer, shorter repetitions")
    parser.add_argument(
        "--folder", type=Path, default=SCRATCH, help="for the databases; must be on a real disk"
    )
    options = parser.parse_args()
    suites = options.suites or list(SUITES)
    if unknown := set(suites) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    if not Path("/proc/self/stat").exists():
        sys.exit("The benchmarks read CPU times and memory in /proc, which only Linux has.")
    pin_load()
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name:
        folder = Path(name).resolve()
        print(machine(folder), flush=True)
        try:
            rows = asyncio.run(run(suites, folder, quick=options.quick))
        except (ChildFailed, NotAnsweredOnce, ConnectionError) as error:
            sys.exit("\n".join([*last_words(folder), f"benchmarks: {error}"]))
    print(f"\n{printed(rows)}")
    sys.exit(any(row.missed for row in rows))


if __name__ == "__main__":
    main()
