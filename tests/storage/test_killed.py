"""A process that is killed while it accepts loses nothing that it acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.records import Accepted, Arrival
from tests.storage.databases import DATABASES, Database, said
from tests.storage.processes import go, start


@pytest.mark.parametrize("make_database", DATABASES)
async def test_no_acknowledged_message_is_lost(
    make_database: Callable[[Path], Database], tmp_path: Path
) -> None:
    """What a process said was committed is there after a SIGKILL, round after round, and the next
    process takes over at once.
    """
    async with make_database(tmp_path) as database:
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
