"""What one would use instead: vercel's Chat SDK, and bolt with an inbox in SQLite, beside ours.

All three answer the same messages from the same load in the same run: how fast, how soon each is
acknowledged, and how many of 100 acknowledged messages are answered in the end if the process is
killed (SIGKILL) while it works on them and started again. An answer takes half a second then: the
others wait so long, ours asks a model that does.

The Chat SDK needs Node and npm, which fetches it into the scratch folder; without them its rows
say so.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.echo import IN_FLIGHT, p99
from benchmarks.fake_slack import FakeSlack, Place
from benchmarks.load import NotAnsweredOnce, event, loaded, next_ts, signed
from benchmarks.models import ANSWER, ends, environ
from benchmarks.processes import LOG, Child, frontdesk, running, slack_environ
from benchmarks.table import Judged, Row
from benchmarks.wire import connect
from tests.support.fake_models import Answer, FakeModels, Slow

PACKAGES = {
    "chat": "4.41.1",
    "@chat-adapter/slack": "4.41.1",
    "@chat-adapter/state-memory": "4.41.0",
}
SCRIPT = Path(__file__).with_name("chat_sdk.mjs")
INSTALL_SECONDS = 180.0

HANDLER_SECONDS = 0.5
ACKNOWLEDGED = 100
PATIENCE_SECONDS = 5.0
"""Without a further answer after the restart; then nothing more will come."""

Open = Callable[[float], AbstractAsyncContextManager[Child]]
"""Starts a bot whose answers take so many seconds; always on the same database, if it has one."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one repetition brought of one bot."""

    rate: float
    ack_median: float
    ack_p99: float
    answered: int
    doubled: int


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Each bot in turn, as often as is worth it."""
    turns, repetitions = (300, 1) if quick else (1000, 3)
    why_not = await asyncio.to_thread(_install, folder)
    rows = {"Chat SDK": _rows("Chat SDK", why_not), "naive bolt": _rows("naive bolt", "")}
    async with ends() as (slack, models):
        models.otherwise = Slow(HANDLER_SECONDS, Answer(ANSWER))
        for number in range(repetitions):
            bots: dict[str, Open] = {
                "ours": partial(_ours, folder, slack, models, number),
                "naive bolt": partial(_naive_bolt, folder, slack, number),
            }
            if not why_not:
                bots["Chat SDK"] = partial(_chat_sdk, folder, slack)
            found = {name: await _figures(slack, bot, turns) for name, bot in bots.items()}
            for name, figures in found.items():
                if name != "ours":
                    _add(rows[name], found["ours"], figures)
    return [row for told in rows.values() for row in told]


def _rows(name: str, why_not: str) -> list[Row]:
    after = f"  of {ACKNOWLEDGED} acknowledged, after SIGKILL"
    return [
        Row(
            f"{name}: answers/s, {IN_FLIGHT} in flight",
            "/s",
            Judged.RATIO,
            None,
            places=0,
            skipped=why_not,
        ),
        Row("  ack p50 meanwhile", "ms", Judged.RATIO, None, places=0, skipped=why_not),
        Row("  ack p99 meanwhile", "ms", Judged.RATIO, None, places=0, skipped=why_not),
        Row(f"{after}: answered", "", Judged.OURS, ACKNOWLEDGED, True, 0, skipped=why_not),
        Row(f"{after}: twice", "", Judged.OURS, 0.0, places=0, skipped=why_not),
    ]


def _add(rows: list[Row], ours: Figures, other: Figures) -> None:
    for row, name in zip(rows, Figures.__slots__, strict=True):
        row.add(ours=getattr(ours, name), baseline=getattr(other, name))


async def _figures(slack: FakeSlack, bot: Open, turns: int) -> Figures:
    """Speed in one process, then a crash in two more."""
    async with bot(0.0) as child, loaded(slack, child.port) as load:
        await load.closed(turns // 2, IN_FLIGHT)
        begun = time.perf_counter()
        done = await load.closed(turns, IN_FLIGHT)
        rate = turns / (max(turn.answered for turn in done) - begun)
        acks = [turn.ack for turn in done]
    return Figures(rate, median(acks) * 1000, p99(acks), *await _crash(slack, bot))


async def _crash(slack: FakeSlack, bot: Open) -> tuple[int, int]:
    """How many acknowledged messages were answered in the end, and how many of them twice."""
    async with bot(HANDLER_SECONDS) as child:
        await _acknowledged(child, [_place("WARM", number) for number in range(4)])
        await asyncio.sleep(4 * HANDLER_SECONDS)
        slack.forget()
        places = [_place("KILL", number) for number in range(ACKNOWLEDGED)]
        await _acknowledged(child, places)
        child.process.kill()
        await child.process.wait()
    async with bot(HANDLER_SECONDS):
        await _quiet(slack)
    answers = [len(slack.posts.get(place, ())) for place in places]
    slack.forget()
    return sum(count > 0 for count in answers), sum(count > 1 for count in answers)


def _place(name: str, number: int) -> Place:
    return Place(f"D0{name}{number:03d}", next_ts()[1])


async def _acknowledged(child: Child, places: list[Place]) -> None:
    """Write one message in each place, all at once."""

    async def write(place: Place) -> None:
        connection = await connect(child.port)
        body = event(place, place.thread, "How do I reset the token of my laptop?")
        response = await connection.send(signed(body, child.port))
        connection.close()
        if response.status != 200:
            raise NotAnsweredOnce(f"a message was answered with status {response.status}")

    await asyncio.gather(*map(write, places))


async def _quiet(slack: FakeSlack) -> None:
    """Wait until nothing has been posted for a while."""
    seen, since = -1, time.perf_counter()
    while time.perf_counter() - since < PATIENCE_SECONDS:
        count = sum(map(len, slack.posts.values()))
        if count != seen:
            seen, since = count, time.perf_counter()
        await asyncio.sleep(0.1)


def _ours(
    folder: Path, slack: FakeSlack, models: FakeModels, number: int, seconds: float
) -> AbstractAsyncContextManager[Child]:
    database = folder / f"others-{number}.db"
    settings = environ(models) | {"frontdesk_database_url": f"sqlite:///{database}"}
    return frontdesk(
        folder, slack, **settings, frontdesk_models="openai:bench" if seconds else "echo:"
    )


def _naive_bolt(
    folder: Path, slack: FakeSlack, number: int, seconds: float
) -> AbstractAsyncContextManager[Child]:
    settings = {"DATABASE": str(folder / f"naive-{number}.db"), "HANDLER_SECONDS": str(seconds)}
    command = (sys.executable, "-m", "benchmarks.naive_bolt")
    return running(folder, *command, environ=settings | slack_environ(slack))


def _chat_sdk(folder: Path, slack: FakeSlack, seconds: float) -> AbstractAsyncContextManager[Child]:
    settings = {"HANDLER_SECONDS": str(seconds), "NODE_ENV": "production"}
    command = ("node", str(folder / "chat_sdk" / SCRIPT.name))
    return running(folder, *command, environ=settings | slack_environ(slack))


def _install(folder: Path) -> str:
    """Fetch the Chat SDK into the scratch folder; '' or why there is none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "no node"
    place = folder / "chat_sdk"
    place.mkdir()
    shutil.copy(SCRIPT, place)
    (place / "package.json").write_text(json.dumps({"private": True, "dependencies": PACKAGES}))
    command = ("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    with (folder / LOG).open("ab") as log:
        try:
            subprocess.run(
                command, cwd=place, stdout=log, stderr=log, check=True, timeout=INSTALL_SECONDS
            )
        except (OSError, subprocess.SubprocessError):
            return "npm could not fetch it"
    return ""
