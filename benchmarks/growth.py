"""What a turn costs after years: CPU with a million messages in the database against none.

Three bots run beside each other and take turns. New conversations are begun with the large database
and with an empty one; and conversations of the large one are continued, against another bot that
has only those. All the same messages, the model is `echo:`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.echo import IN_FLIGHT
from benchmarks.fake_slack import FakeSlack, Place
from benchmarks.history import EACH, newest, write_history
from benchmarks.load import Load, loaded
from benchmarks.processes import Child, frontdesk
from benchmarks.table import Judged, Row

LIMIT = 1.25


@dataclass(frozen=True, slots=True)
class Size:
    """How many conversations there are before, and how often so many turns are measured."""

    conversations: int
    rounds: int
    turns: int
    warm_up: int


FULL = Size(conversations=100_000, rounds=7, turns=600, warm_up=400)
QUICK = Size(conversations=5_000, rounds=3, turns=300, warm_up=150)


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Fill the databases, run the bots, and take the large database away again."""
    size = QUICK if quick else FULL
    large, few = folder / "large.db", folder / "few.db"
    continued = size.rounds * size.turns
    await asyncio.to_thread(write_history, large, size.conversations)
    await asyncio.to_thread(write_history, few, continued)
    try:
        return await _measured(folder, large, few, size)
    finally:
        await asyncio.to_thread(_remove, large)


def _remove(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()


async def _measured(folder: Path, large: Path, few: Path, size: Size) -> list[Row]:
    messages = f"{size.conversations * EACH:,}".replace(",", " ")
    new = Row(f"turn with {messages} messages before: CPU", "ms", Judged.RATIO, LIMIT)
    known = Row("  the same, in a conversation of before", "ms", Judged.RATIO, LIMIT)
    async with AsyncExitStack() as stack:
        slack = FakeSlack()
        await slack.start()
        stack.push_async_callback(slack.stop)
        ours, empty, only = [
            await stack.enter_async_context(_bot(folder, slack, database))
            for database in (large, folder / "empty.db", few)
        ]
        for one in (ours, empty, only):
            await one.cpu(size.warm_up)
        continued = size.rounds * size.turns
        old, same = newest(large, continued), newest(few, continued)
        for begin in range(0, continued, size.turns):
            part = slice(begin, begin + size.turns)
            new.add(baseline=await empty.cpu(size.turns), ours=await ours.cpu(size.turns))
            known.add(
                baseline=await only.cpu(size.turns, same[part]),
                ours=await ours.cpu(size.turns, old[part]),
            )
    return [new, known]


class _Bot:
    """A bot with a database and a load of its own."""

    def __init__(self, child: Child, load: Load) -> None:
        self._child = child
        self._load = load

    async def cpu(self, turns: int, threads: Sequence[Place] = ()) -> float:
        """Milliseconds of CPU per turn of a closed loop."""
        before = self._child.cpu()
        await self._load.closed(turns, IN_FLIGHT, threads)
        return (self._child.cpu() - before) / turns * 1000


@asynccontextmanager
async def _bot(folder: Path, slack: FakeSlack, database: Path) -> AsyncIterator[_Bot]:
    settings = {"frontdesk_models": "echo:", "frontdesk_database_url": f"sqlite:///{database}"}
    async with (
        frontdesk(folder, slack, **settings) as child,
        loaded(slack, child.port) as load,
    ):
        yield _Bot(child, load)
