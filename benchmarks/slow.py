"""How soon an employee is answered when the first model is slow, or down.

Slow: every sample meets a closed breaker, because three slow turns open it and a process makes no
more than three; models and connections are warm. Down: the breaker is open by then (three slow
turns did it) and the first model is not asked at all, which is checked. Beside each sample runs
one of a bot that has the second model alone.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.load import Load, loaded
from benchmarks.models import ANSWER, ends, environ
from benchmarks.processes import frontdesk
from benchmarks.table import Judged, Row
from tests.support.fake_models import Act, Answer, Asked, Fail, Slow

FIRST, SECOND = "anthropic:first", "openai:second"
FIRST_TOKEN = 0.3
SLOW_SECONDS = 3.0
SLOW_TURNS = 3
"""Of one process: agent/breaker.py opens after three in a row."""
WARM_UP = 5


class FirstModel:
    """What the first model does now; the second always answers at once."""

    def __init__(self) -> None:
        """Well, to begin with."""
        self.act: Act = Answer(ANSWER)
        self.asked = 0

    def __call__(self, asked: Asked) -> Act:
        """The act for a question, as `FakeModels.otherwise`."""
        if asked.model != FIRST.partition(":")[2]:
            return Answer(ANSWER)
        self.asked += 1
        return self.act


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Both measurements, in processes of their own for each repetition."""
    repetitions, down_turns = (1, 5) if quick else (3, 15)
    rows = [
        Row("answer, first model takes 3 s", "ms", Judged.OURS, 400.0, places=0),
        Row("answer, first model down, breaker open", "ms", Judged.DIFFERENCE, 10.0, places=1),
    ]
    async with ends() as (slack, models):
        for _ in range(repetitions):
            first = models.otherwise = FirstModel()
            settings = environ(models) | {"frontdesk_first_token_seconds": str(FIRST_TOKEN)}
            async with (
                frontdesk(folder, slack, **settings, frontdesk_models=f"{FIRST},{SECOND}") as both,
                frontdesk(folder, slack, **settings, frontdesk_models=SECOND) as alone,
                loaded(slack, both.port, expect=ANSWER) as ours,
                loaded(slack, alone.port, expect=ANSWER) as baseline,
            ):
                await _warm_up(first, ours, baseline)
                await _slow(first, ours, baseline, rows[0])
                await _down(first, ours, baseline, rows[1], down_turns)
    return rows


async def _warm_up(first: FirstModel, ours: Load, baseline: Load) -> None:
    """Open connections to both models; the last turn of the first is a success."""
    # A request that it calls malformed says nothing about its health and leaves its breaker alone.
    for act in (Fail(400), Answer(ANSWER)):
        first.act = act
        await ours.closed(WARM_UP, 1)
    await baseline.closed(WARM_UP, 1)


async def _slow(first: FirstModel, ours: Load, baseline: Load, row: Row) -> None:
    first.act = Slow(SLOW_SECONDS, Answer(ANSWER))
    for _ in range(SLOW_TURNS):
        row.add(ours=await _answer(ours), baseline=await _answer(baseline))


async def _down(first: FirstModel, ours: Load, baseline: Load, row: Row, turns: int) -> None:
    first.act = Fail(503)
    asked = first.asked
    samples = [(await _answer(ours), await _answer(baseline)) for _ in range(turns)]
    row.add(
        ours=median(sample[0] for sample in samples),
        baseline=median(sample[1] for sample in samples),
    )
    assert first.asked == asked, "the breaker was not open: the first model was asked"


async def _answer(load: Load) -> float:
    """Milliseconds from one message's event to its answer's post."""
    (turn,) = await load.closed(1, 1)
    return turn.answer * 1000
