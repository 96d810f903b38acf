"""What a turn adds to the call of a model: CPU of the bot against the bare SDK.

Both ask the same local fake model the same thing with as many requests at once, and get the same
answer in the same pieces. The difference is everything that Frontdesk does for a message: check
its signature, keep it, prompt, ladder, policy, post the answer, keep what happened.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fake_slack import FakeSlack
from benchmarks.load import loaded
from benchmarks.processes import Child, ChildFailed, frontdesk, running
from benchmarks.table import Judged, Row
from bot.clock import SystemClock
from tests.support.fake_models import Answer, FakeModels

AT_ONCE = 8
ANSWER = (
    "A new token for the VPN is on the self-service page, under *Devices*. Choose your laptop, "
    "then *Renew*: the code arrives on your phone within a minute and is valid for ten.\n\n"
    "If the page says that the device is unknown, it was not enrolled after the last repair. "
    "Bring it to the service point on the second floor, or write here and a colleague will "
    "enrol it from afar. Your old token stops working as soon as the new one is active."
)
"""Of an ordinary length: it comes in about twenty pieces."""
VENDORS = ("openai", "anthropic")


@dataclass(frozen=True, slots=True)
class Size:
    """Repetitions, and turns of one measurement and of its warm-up."""

    repetitions: int
    turns: int
    warm_up: int


FULL = Size(repetitions=3, turns=500, warm_up=100)
QUICK = Size(repetitions=1, turns=150, warm_up=60)


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Measure each vendor's SDK with and without Frontdesk around it."""
    size = QUICK if quick else FULL
    rows = []
    async with ends() as (slack, models):
        for vendor in VENDORS:
            row = Row(f"turn with {vendor} over the raw SDK: CPU", "ms", Judged.DIFFERENCE, 2.5)
            for _ in range(size.repetitions):
                ours = await _turn(folder, slack, models, vendor, size)
                raw = await _raw(folder, models, vendor, size)
                row.add(ours=ours, baseline=raw)
            rows.append(row)
    return rows


@asynccontextmanager
async def ends() -> AsyncIterator[tuple[FakeSlack, FakeModels]]:
    """A Slack and models, both served by this process."""
    slack = FakeSlack()
    await slack.start()
    try:
        async with FakeModels(SystemClock()) as models:
            models.otherwise = Answer(ANSWER)
            yield slack, models
    finally:
        await slack.stop()


def environ(models: FakeModels) -> dict[str, str]:
    """The settings of a bot that asks these models."""
    return {name.lower(): value for name, value in models.environ.items()}


async def _turn(
    folder: Path, slack: FakeSlack, models: FakeModels, vendor: str, size: Size
) -> float:
    """Milliseconds of CPU per turn."""
    settings = environ(models) | {"frontdesk_models": f"{vendor}:bench"}
    async with (
        frontdesk(folder, slack, **settings) as child,
        loaded(slack, child.port, expect=ANSWER) as load,
    ):
        await load.closed(size.warm_up, AT_ONCE)
        spent = child.cpu()
        await load.closed(size.turns, AT_ONCE)
        return (child.cpu() - spent) / size.turns * 1000


async def _raw(folder: Path, models: FakeModels, vendor: str, size: Size) -> float:
    """Milliseconds of CPU per call, for the request that the bot made last."""
    request = folder / "request.json"
    request.write_text(json.dumps(models.requests[-1].body))
    models.requests.clear()
    command = (sys.executable, "-m", "benchmarks.raw_sdk", vendor, str(request))
    async with running(folder, *command, environ=models.environ) as child:
        await _calls(child, size.warm_up)
        spent = child.cpu()
        await _calls(child, size.turns)
        return (child.cpu() - spent) / size.turns * 1000


async def _calls(child: Child, calls: int) -> None:
    if await child.told(f"{calls} {AT_ONCE}") != "done":
        raise ChildFailed("the raw SDK's calls failed")
