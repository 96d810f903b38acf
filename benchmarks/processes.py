"""The processes that are measured: started on a core of their own, watched in /proc, always reaped.

A child says where it listens in a line that ends with its address; it gets a clean environment, so
that nothing of the one who runs the benchmark reaches it, and a scratch folder as its place.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import fake_slack
from benchmarks.fake_slack import FakeSlack

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 20.0
TOLD_SECONDS = 120.0
LOG = "children.log"
"""In the scratch folder: what all children said on standard error."""
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The cores we may use; the first is for the children, the others for the load."""
TICKS = os.sysconf("SC_CLK_TCK")
ADDRESS = re.compile(rb"http://[^\s:]+:(\d+)\s*$")


class ChildFailed(Exception):
    """A child did not get ready, or did not do as it was told."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process under test that listens on `port` of 127.0.0.1 (0 if it does not listen)."""

    process: asyncio.subprocess.Process
    port: int

    def cpu(self) -> float:
        """Seconds of CPU, user and system, that it and its children have used."""
        return sum(_cpu(pid) for pid in _tree(self.process.pid))

    def memory(self) -> float:
        """Megabytes of its and its children's memory that are resident."""
        return sum(_memory(pid) for pid in _tree(self.process.pid))

    def watch_memory(self) -> None:
        """Forget the highest memory so far; see clear_refs in proc(5)."""
        for pid in _tree(self.process.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def highest_memory(self) -> float:
        """Megabytes that were resident at the most since `watch_memory`."""
        return sum(_memory(pid, "VmHWM") for pid in _tree(self.process.pid))

    async def told(self, line: str) -> str:
        """Say a line on its standard input and return the line that it answers with."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(TOLD_SECONDS):
            return (await self.process.stdout.readline()).decode().strip()


def pin_load() -> None:
    """Keep this process off the core that is left to what is measured."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, set(CORES[1:]))


@asynccontextmanager
async def frontdesk(folder: Path, slack: FakeSlack, **settings: str) -> AsyncIterator[Child]:
    """`frontdesk run` on a new database; `settings` are more of its environment, in lower case."""
    database = folder / f"{os.urandom(4).hex()}.db"
    environ = {
        "FRONTDESK_PORT": "0",
        "FRONTDESK_DATABASE_URL": f"sqlite:///{database}",
        **{name.upper(): value for name, value in settings.items()},
    }
    command = Path(sys.executable).with_name("frontdesk")
    async with running(
        folder, str(command), "run", environ=environ | slack_environ(slack)
    ) as child:
        yield child


@asynccontextmanager
async def bare_bolt(folder: Path, slack: FakeSlack) -> AsyncIterator[Child]:
    """The baseline's process."""
    command = (sys.executable, "-m", "benchmarks.bare_bolt")
    async with running(folder, *command, environ=slack_environ(slack)) as child:
        yield child


@asynccontextmanager
async def running(folder: Path, *command: str, environ: Mapping[str, str]) -> AsyncIterator[Child]:
    """A child that has said that it is ready; it is gone when the block ends.

    Raises:
        ChildFailed: it was not ready in time.
    """
    with (folder / LOG).open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        _pin(process.pid)
        yield Child(process, await _announced(process))
    finally:
        await _end(process)


async def _announced(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            while line := await process.stdout.readline():
                if found := ADDRESS.search(line):
                    return int(found[1])
                if line == b"ready\n":
                    return 0
    except TimeoutError:
        pass
    raise ChildFailed("a process under test did not get ready")


def last_words(folder: Path) -> list[str]:
    """What the children said last on standard error."""
    log = folder / LOG
    return log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to stop, and insist."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()


def slack_environ(slack: FakeSlack) -> dict[str, str]:
    """The settings that lead a bot to this Slack."""
    return {
        "SLACK_BOT_TOKEN": fake_slack.TOKEN,
        "SLACK_SIGNING_SECRET": fake_slack.SIGNING_SECRET,
        "SLACK_API_URL": slack.api_url,
    }


def _pin(pid: int) -> None:
    """Leave the first core to the children."""
    if len(CORES) > 1:
        os.sched_setaffinity(pid, {CORES[0]})


def _tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _cpu(pid: int) -> float:
    """Own time and that of ended children: fields 14 to 17 of proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _memory(pid: int, name: str = "VmRSS") -> float:
    """A figure of proc_pid_status(5) in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
