"""A real process is killed again and again while people write to it: all are answered once.

In Slack twenty times; in Teams a few times, for what is different there: who dies between marking a
message and learning what became of it leaves it in doubt, and people have to ask for it.
"""

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
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.teams.twin import APP
from agent.messages import load_outgoing
from bot.clock import SystemClock
from storage import open_store
from tests.chaos.network import BadNetwork
from tests.chaos.report import record
from tests.chaos.verdict import Tally
from tests.chaos.world import DOUBTFUL

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
PAUSE = 2.4
"""Seconds at most between two messages of one person."""
LIVES = 0.6
"""Seconds at most that a process lives that is killed from outside, once it is ready."""
PATIENCE = 40.0
WORD = r"\bm\w+x\b"
AT_REST = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting' AND class = 'utterance')
    + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending'))
"""


@dataclass(frozen=True, slots=True)
class Side:
    """A platform, and how much of it: its route in the bot, what its twin calls the id of a message
    and a thread, how one mentions the bot; how many people write at least how many messages; kills
    at a COMMIT (on which side of it, and which one it is since the start), and from outside.
    """

    name: str
    route: str
    ident: str
    thread: str
    mention: str
    people: int
    messages: int
    by_commit: tuple[tuple[str, int], ...]
    from_outside: int

    def environ(self, twin: Mapping[str, Any]) -> Mapping[str, str]:
        """What leads the bot to its twin."""
        if self.name == "teams":
            given: Mapping[str, str] = twin["environ"]
            return given
        secret = {"SLACK_SIGNING_SECRET": "twin-signing-secret", "SLACK_BOT_TOKEN": "xoxb-test"}
        return {"SLACK_API_URL": twin["api_url"], **secret}


SLACK = Side(
    "slack",
    "/slack/events",
    "ts",
    "thread_ts",
    "<@U0FRONTBOT>",
    people=20,
    messages=10,
    by_commit=(
        *[("before", number) for number in (8, 21)],
        *[("within", number) for number in (6, 11, 16, 22, 29, 37)],
        *[("after", number) for number in (9, 24)],
    ),
    from_outside=10,
)
TEAMS = Side(
    "teams",
    "/api/messages",
    "id",
    "thread",
    f"<@28:{APP}>",
    people=8,
    messages=6,
    by_commit=(("before", 13), ("within", 8), ("within", 21), ("after", 10)),
    from_outside=3,
)


@dataclass
class Office:
    """The twin in a process of its own, people in it, and a bot that keeps dying."""

    side: Side
    folder: Path
    clock: SystemClock
    network: BadNetwork
    session: aiohttp.ClientSession
    twin: dict[str, Any]
    rng: random.Random
    sent: list[tuple[str, str, str, str]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    over: bool = False
    resent: set[str] = field(default_factory=set)

    async def ask(self, path: str, **fields: Any) -> dict[str, Any]:
        """A request to the twin's control API."""
        async with self.session.post(self.twin["control_url"] + path, json=fields) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def begin(self, when: str = "never", number: int = 0) -> asyncio.subprocess.Process:
        """Start the bot; it is ready, or has died on the way there."""
        environ = {
            **os.environ,
            **self.side.environ(self.twin),
            "FRONTDESK_PORT": "0",
            "FRONTDESK_MODELS": "echo:",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{self.folder / 'frontdesk.db'}",
        }
        process = await started(["tests.chaos.doomed", when, str(number)], environ)
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"ready on (http://\S+)", line):
                self.network.bot = found[1] + self.side.route
                break
        return process

    async def write(self, user: str, channel: str) -> None:
        """One person writes message after message, in one thread, until nobody is killed any more:
        on a slow machine that takes longer.
        """
        side, thread = self.side, None
        for number in itertools.count():
            if number >= side.messages and self.over:
                return
            await self.clock.sleep(self.rng.uniform(0, PAUSE))
            word = f"m{user[-2:]}n{number}x"
            text = f"{side.mention} {word}" if channel else word
            where = {side.thread: thread, **({"channel": channel} if channel else {})}
            said = await self.ask("say", user=user, text=text, **where)
            ident = said[side.ident]
            if channel or side.name == "slack":
                thread = thread or ident
            self.sent.append((said["channel"], thread or "", ident, word))

    async def kill(self) -> None:
        """Processes one after the other, and each dies of something else."""
        ends = [*self.side.by_commit, *[("outside", 0)] * self.side.from_outside]
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

    async def shown(self) -> dict[tuple[str, str], list[str]]:
        """The words in what the bot has said, by channel and thread."""
        shown: dict[tuple[str, str], list[str]] = {}
        for channel, thread in {(channel, thread) for channel, thread, _, _ in self.sent}:
            address = f"{self.twin['control_url']}messages"
            where = {"channel": channel, self.side.thread: thread}
            async with self.session.get(address, params=where) as response:
                posts = (await response.json())["messages"]
            said = " ".join(post["text"] for post in posts if post["bot"])
            shown[channel, thread] = re.findall(WORD, said)
        return shown

    async def tally(self) -> Tally:
        """What the twin shows of answers to all that was sent."""
        shown = await self.shown()
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
        order = {word: place[ts] for _, _, ts, word in self.sent if word not in self.resent}
        return sum(
            order[later] < order[earlier]
            for words in shown.values()
            for earlier, later in pairwise([word for word in words if word in order])
        )

    async def ask_again(self) -> None:
        """Have sent again what is in doubt and did not arrive (`frontdesk queue retry`)."""
        with closing(sqlite3.connect(self.folder / "frontdesk.db")) as database:
            doubtful = database.execute(DOUBTFUL).fetchall()
        url = f"sqlite:///{self.folder / 'frontdesk.db'}"
        store = open_store(url, self.clock, owner="queue", exclusive=False)
        shown = await self.shown()
        there = {word for words in shown.values() for word in words}
        for row, payload in doubtful:
            words = re.findall(WORD, load_outgoing(payload).text)
            if not there.intersection(words):
                self.resent.update(words)
                assert await store.care.retry(row, by="command line") == ""
        await store.close()


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
async def office(side: Side, folder: Path) -> AsyncIterator[Office]:
    """An office whose bot is not started yet."""
    clock, rng = SystemClock(), random.Random(SEED)
    network = BadNetwork(clock, rng)
    await network.start()
    module = f"adapters.{side.name}.twin"
    twin = await started([module, "--events-url", network.url], dict(os.environ))
    assert twin.stdout is not None
    addresses = json.loads(await twin.stdout.readline())
    async with aiohttp.ClientSession() as session:
        try:
            yield Office(side, folder, clock, network, session, addresses, rng)
        finally:
            await network.stop()
            twin.terminate()
            await twin.wait()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("side", [SLACK, TEAMS], ids=lambda side: side.name)
async def test_kills(
    side: Side, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Hundreds of messages, brought late, twice and in any order, while the process dies again and
    again, often just before, in the middle of or after a COMMIT.
    """
    async with office(side, tmp_path) as one:
        users = [(await one.ask("users", name=f"Person {n}"))["user"] for n in range(side.people)]
        general = (await one.ask("channels", name="general", members=users))["channel"]
        places = [general if number % 4 == 0 else "" for number in range(side.people)]
        writing = [one.write(user, place) for user, place in zip(users, places, strict=True)]
        await asyncio.gather(one.kill(), *writing)
        last = await one.begin()
        await one.network.idle()
        found = await one.tally()
        with suppress(TimeoutError):
            async with one.clock.timeout(PATIENCE):
                while not (one.rest() and found.answered == found.sent):
                    await one.clock.sleep(0.5)
                    if one.rest():
                        await one.ask_again()
                    found = await one.tally()
        last.terminate()
        await last.wait()
        found = await one.tally()
        row = (f"{one.kills.total()} SIGKILLs ({side.name})", one.kills.total(), 1, found)
        record(record_property, [*map(str, row[:3]), *str(found).split(" / ")])
        assert one.network.refused > 0
        assert one.network.brought > len(one.sent)
        assert one.network.taken >= {ts for _, _, ts, _ in one.sent}
        assert len(one.sent) >= side.people * side.messages
        assert found == Tally(len(one.sent), len(one.sent))
        assert one.kills["within"] == [when for when, _ in side.by_commit].count("within")
        assert last.returncode == 0
