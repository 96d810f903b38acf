"""A restart after a crash with 1 000 accepted messages that nobody answered yet.

The model takes for ever while they are accepted, then the process is killed (SIGKILL) and started
again on its database, with a model that answers. Twice: with the model `echo:`, which costs
nothing, and with the one asked before, whose SDK the new process has to import first.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fake_slack import FakeSlack, Place
from benchmarks.load import NotAnsweredOnce, event, next_ts, signed
from benchmarks.models import ANSWER, ends, environ
from benchmarks.processes import Child, frontdesk
from benchmarks.table import Judged, Row
from benchmarks.wire import connect
from tests.support.fake_models import Answer, FakeModels, hang

MODEL = "openai:bench"
AT_ONCE = 50
ANSWER_SECONDS = 120.0
QUIET_SECONDS = 1.0
"""After the last answer: time for a second one to show up."""


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Restart with each of the two models, as often as is worth it."""
    waiting, repetitions = (200, 1) if quick else (1000, 3)
    rows = []
    async with ends() as (slack, models):
        for model in ("echo:", MODEL):
            told = f"restart with {waiting} waiting, {model.partition(':')[0]}"
            first = Row(f"{told}: first answer after ready", "s", Judged.OURS, 1.0)
            last = Row(f"{told}: last answer", "s", Judged.OURS, None)
            wrong = Row(f"{told}: lost or doubled", "", Judged.OURS, 0.0, places=0)
            for _ in range(repetitions):
                figures = await _restarted(folder, slack, models, model, waiting)
                for row, figure in zip((first, last, wrong), figures, strict=True):
                    row.add(ours=figure)
            rows += [first, last, wrong]
    return rows


async def _restarted(
    folder: Path, slack: FakeSlack, models: FakeModels, model: str, waiting: int
) -> tuple[float, float, int]:
    """Seconds from ready to the first and to the last answer; messages not answered once."""
    database = folder / f"restart-{time.monotonic_ns()}.db"
    settings = environ(models) | {"frontdesk_database_url": f"sqlite:///{database}"}
    models.otherwise = hang()
    async with frontdesk(folder, slack, **settings, frontdesk_models=MODEL) as child:
        places = await _accepted(child, waiting)
        child.process.kill()
        await child.process.wait()
    if slack.posts:
        raise NotAnsweredOnce("a message was answered before the crash")
    models.otherwise = Answer(ANSWER)
    answered: list[float] = []
    complete = asyncio.Event()

    def note() -> None:
        answered.append(time.perf_counter())
        if len(answered) == waiting:
            complete.set()

    slack.waiting.update(dict.fromkeys(places, note))
    async with frontdesk(folder, slack, **settings, frontdesk_models=model):
        ready = time.perf_counter()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(complete.wait(), ANSWER_SECONDS)
        await asyncio.sleep(QUIET_SECONDS)
        wrong = sum(len(slack.posts.get(place, ())) != 1 for place in places)
    slack.forget()
    return max(min(answered) - ready, 0.0), max(answered) - ready, wrong


async def _accepted(child: Child, count: int) -> Sequence[Place]:
    """Messages that begin as many conversations, all acknowledged."""
    places = []
    for number in range(count):
        place = Place(f"D0BENCH{number % AT_ONCE:03d}", next_ts()[1])
        places.append(place)
    todo = iter(places)

    async def write() -> None:
        connection = await connect(child.port)
        for place in todo:
            body = event(place, place.thread, "How do I reset the token of my laptop?")
            response = await connection.send(signed(body, child.port))
            if response.status != 200:
                raise NotAnsweredOnce(f"a message was answered with status {response.status}")
        connection.close()

    await asyncio.gather(*(write() for _ in range(AT_ONCE)))
    return places
