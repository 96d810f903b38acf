"""Real processes of ours that a test starts, races and kills.

Run as `python -m tests.storage.processes accept URL` or `… migrate URL`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from agent.records import Arrival
from bot.clock import SystemClock
from storage import migrate, open_store
from tests.storage.databases import said

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 20


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start one; it says 'ready' and begins when it is sent a line."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    """Let a process begin."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


async def _accept_for_ever(url: str) -> None:
    """Accept messages, many at once, and print the number of each when it is committed."""
    store = open_store(url, SystemClock(), owner="doomed")
    numbers = iter(range(1_000_000))

    async def one_after_the_other() -> None:
        for n in numbers:
            await store.turns.accept(Arrival(said(n, channel=f"D{n % 7}")))
            sys.stdout.write(f"{n}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


def main(job: str, url: str) -> None:
    """Do a job when told to."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if job == "accept":
        asyncio.run(_accept_for_ever(url))
    else:
        sys.stdout.write(" ".join(migrate(url)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
