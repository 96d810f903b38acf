"""A real process is killed twenty times while people write to it: all of them are answered once."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.clock import SystemClock
from tests.chaos.network import BadNetwork
from tests.chaos.report import record
from tests.chaos.verdict import Tally

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
PEOPLE, MESSAGES = 20, 10
PAUSE = 2.4
"""Seconds at most between two messages of one person."""
BY_COMMIT = [
    *[("before", number) for number in (8, 21)],
    *[("within", number) for number in (6, 11, 16, 22, 29, 37)],
    *[("after", number) for number in (9, 24)],
]
"""Kills at a COMMIT: on which side of it, and which one it is since the start."""
FROM_OUTSIDE = 10
LIVES = 0.6
"""Seconds at most that a process lives that is killed from outside, once it is ready."""
PATIENCE = 40.0
AT_REST = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting' AND class = 'utterance')
    + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending'))
"""


@dataclass
class Office:
    """The twin in a process of its own, people in it, and a bot that keeps dying."""

    folder: Path
    clock: SystemClock
    network: BadNetwork
    session: aiohttp.ClientSession
    twin: dict[str, str]
    rng: random.Random
    sent: list[tuple[str, str, str, str]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    over: bool = False

    async def ask(self, path: str, **fields: Any) -> dict[str, Any]:
        """A request to the twin's control API."""
        async with self.session.post(self.twin["control_url"] + path, json=fields) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def begin(self, when: str = "never", number: int = 0) -> asyncio.subprocess.Process:
        """Start the bot; it is ready, or has died on the way there."""
        environ = {
            **os.environ,
            "SLACK_API_URL": self.twin["api_url"],
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_SIGNING_SECRET": "twin-signing-secret",
            "FRONTDESK_PORT": "0",
            "FRONTDESK_MODELS": "echo:",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{self.folder / 'frontdesk.db'}",
        }
        process = await started(["tests.chaos.doomed", when, str(number)], environ)
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"ready on (http://\S+)", line):
                self.network.bot = f"{found[1]}/slack/events"
                break
        return process

    async def write(self, user: str, channel: str) -> None:
        """One person writes message after message, in one thread, until nobody is killed any more:
        on a slow machine that takes longer.
        """
        thread = None
        for number in itertools.count():
            if number >= MESSAGES and self.over:
                return
            await self.clock.sleep(self.rng.uniform(0, PAUSE))
            word = f"m{user[-2:]}n{number}x"
            text = f"<@U0FRONTBOT> {word}" if channel else word
            said = await self.ask("say", user=user, channel=channel, text=text, thread_ts=thread)
            thread = thread or said["ts"]
            self.sent.append((said["channel"], thread, said["ts"], word))

    async def kill(self) -> None:
        """Twenty processes one after the other, and each dies of something else."""
        ends: list[tuple[str, int]] = [*BY_COMMIT, *[("outside", 0)] * FROM_OUTSIDE]
        self.rng.shuffle(ends)
        for when, number in ends:
            process = await self.begin("never" if when == "outside" else when, number)
            if when == "outside":
                await self.clock.sleep(self.rng.uniform(0, LIVES))
                process.kill()
            await process.wait()
            assert process.returncode == -9
            self.kills[when] += 1
        self.over = True

    def rest(self) -> bool:
        """Whether the database has nothing left to do."""
        with closing(sqlite3.connect(self.folder / "frontdesk.db")) as database:
            count: int = database.execute(AT_REST).fetchone()[0]
            return count == 0

    def accepted(self) -> list[str]:
        """The ids of the messages in the order of their acceptance."""
        with closing(sqlite3.connect(self.folder / "frontdesk.db")) as database:
            return [row[0] for row in database.execute("SELECT message_id FROM inbox ORDER BY id")]

    async def tally(self) -> Tally:
        """What the twin shows of answers to all that was sent."""
        shown: dict[tuple[str, str], list[str]] = {}
        for channel, thread in {(channel, thread) for channel, thread, _, _ in self.sent}:
            address = f"{self.twin['control_url']}messages?channel={channel}&thread_ts={thread}"
            async with self.session.get(address) as response:
                posts = (await response.json())["messages"]
            said = " ".join(post["text"] for post in posts if post["bot"])
            shown[channel, thread] = re.findall(r"\bm\w+x\b", said)
        counts = [shown[channel, thread].count(word) for channel, thread, _, word in self.sent]
        return Tally(
            sent=len(self.sent),
            answered=sum(count > 0 for count in counts),
            lost=sum(count == 0 for count in counts),
            doubled=sum(count > 1 for count in counts),
            out_of_order=self._disorder(shown),
        )

    def _disorder(self, shown: dict[tuple[str, str], list[str]]) -> int:
        place = {ts: number for number, ts in enumerate(self.accepted())}
        order = {word: place[ts] for _, _, ts, word in self.sent}
        return sum(
            order[later] < order[earlier]
            for words in shown.values()
            for earlier, later in pairwise(words)
        )


async def started(module: Sequence[str], environ: dict[str, str]) -> asyncio.subprocess.Process:
    """A process of ours that runs a module."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *module,
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    """An office whose bot is not started yet."""
    clock, rng = SystemClock(), random.Random(SEED)
    network = BadNetwork(clock, rng)
    await network.start()
    twin = await started(["adapters.slack.twin", "--events-url", network.url], dict(os.environ))
    assert twin.stdout is not None
    addresses = json.loads(await twin.stdout.readline())
    async with aiohttp.ClientSession() as session:
        try:
            yield Office(folder, clock, network, session, addresses, rng)
        finally:
            await network.stop()
            twin.terminate()
            await twin.wait()


@pytest.mark.timeout(180)
async def test_twenty_kills(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """At least 200 messages of twenty people, brought late, twice and in any order, while the
    process dies twenty times, ten of them just before, in the middle of or after a COMMIT.
    """
    async with office(tmp_path) as one:
        users = [(await one.ask("users", name=f"Person {n}"))["user"] for n in range(PEOPLE)]
        general = (await one.ask("channels", name="general", members=users))["channel"]
        places = [general if number % 4 == 0 else "" for number in range(PEOPLE)]
        writing = [one.write(user, place) for user, place in zip(users, places, strict=True)]
        await asyncio.gather(one.kill(), *writing)
        last = await one.begin()
        await one.network.idle()
        found = await one.tally()
        with suppress(TimeoutError):
            async with one.clock.timeout(PATIENCE):
                while not (one.rest() and found.answered == found.sent):
                    await one.clock.sleep(0.5)
                    found = await one.tally()
        last.terminate()
        await last.wait()
        found = await one.tally()
        row = (f"{one.kills.total()} SIGKILLs", one.kills.total(), 1, found)
        record(record_property, [*map(str, row[:3]), *str(found).split(" / ")])
        assert one.network.refused > 0
        assert one.network.brought > len(one.sent)
        assert one.network.taken >= {ts for _, _, ts, _ in one.sent}
        assert len(one.sent) >= PEOPLE * MESSAGES
        assert found == Tally(len(one.sent), len(one.sent))
        assert one.kills["within"] >= 5
        assert last.returncode == 0
