"""Real processes of ours that a test starts, races and kills.

Run as `python -m tests.storage.processes JOB URL`; the jobs are at the end.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import ConfigError
from agent.records import Arrival, Step, StepKind, StepState
from bot.clock import SystemClock
from storage import migrate, open_store
from tests.storage.databases import claim, said

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


def answers(processes: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Let processes begin at once; the line that each prints before any of them ends."""
    for process in processes:
        go(process)
    lines = [process.stdout.readline().strip() for process in processes if process.stdout]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    return lines


def _tell(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _accept_for_ever(url: str) -> None:
    """Accept messages, many at once, and print the number of each when it is committed."""
    store = open_store(url, SystemClock(), owner="doomed")
    numbers = iter(range(1_000_000))

    async def one_after_the_other() -> None:
        for n in numbers:
            await store.turns.accept(Arrival(said(n, channel=f"D{n % 7}")))
            _tell(n)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _step_for_ever(url: str) -> None:
    """Work on one turn and print the number of each of its steps when it is committed."""
    store = open_store(url, SystemClock(), owner="doomed")
    await store.turns.accept(Arrival(said(1)))
    claimed = await claim(store)
    for n in range(len(claimed.steps) + 1, 1_000_000):
        done = Step(claimed.turn_id, n, StepKind.CALL, StepState.DONE, 0.0, {"n": n})
        await store.turns.step(claimed.lease, [done])
        _tell(n)


async def _work(url: str) -> None:
    """Have the database for this process alone until nobody listens any more."""
    try:
        store = open_store(url, SystemClock(), owner="worker")
    except ConfigError as error:
        _tell(error)
        return
    _tell("has it")
    sys.stdin.read()
    await store.close()


async def _migrate(url: str) -> None:
    _tell(" ".join(migrate(url)))


JOBS = {"accept": _accept_for_ever, "step": _step_for_ever, "work": _work, "migrate": _migrate}


def main(job: str, url: str) -> None:
    """Do a job when told to."""
    _tell("ready")
    sys.stdin.readline()
    asyncio.run(JOBS[job](url))


if __name__ == "__main__":
    main(*sys.argv[1:])
