"""A process that is killed while it works loses nothing that it said was committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.records import Accepted, Arrival
from bot.clock import SystemClock
from storage import open_store
from tests.storage.databases import DATABASES, Database, claim, said
from tests.storage.processes import go, start


@pytest.mark.parametrize("make_database", DATABASES)
async def test_no_acknowledged_message_is_lost(
    make_database: Callable[[Path], Database], disk: Path
) -> None:
    """What a process said was committed is there after a SIGKILL, round after round, and the next
    process takes over at once.
    """
    async with make_database(disk) as database:
        acknowledged = 0
        for _ in range(3):
            process = start("accept", database.url)
            go(process)
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(acknowledged + 150)]
            process.kill()
            rest, _ = process.communicate()
            numbers = [int(line) for line in (*lines, *rest.splitlines(keepends=True))]
            acknowledged = len(set(numbers))
            store = database.open(exclusive=True)
            for n in numbers:
                arrival = Arrival(said(n, channel=f"D{n % 7}"))
                assert await store.turns.accept(arrival) is Accepted.DUPLICATE
            await store.close()


@pytest.mark.parametrize("make_database", DATABASES)
async def test_no_committed_step_is_lost(
    make_database: Callable[[Path], Database], disk: Path
) -> None:
    """A turn that runs again after a SIGKILL knows every step that was committed, in order and
    without a gap, and goes on behind them.
    """
    async with make_database(disk) as database:
        for attempt in range(1, 4):
            process = start("step", database.url)
            go(process)
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(50)]
            process.kill()
            rest, _ = process.communicate()
            committed = [int(line) for line in (*lines, *rest.splitlines())]
            store = open_store(database.url, SystemClock(), owner="next")
            claimed = await claim(store)
            known = [step.n for step in claimed.steps]
            assert known == list(range(1, len(known) + 1))
            assert known[committed[0] - 1 : committed[-1]] == committed
            assert claimed.rows[0].attempts == 2 * attempt
            await store.close()
