"""An office for the tests in which a real process is killed: a twin in a process of its own, people
who write to the bot and to each other through the desk, and a bot that dies again and again.
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
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp

from adapters.teams.twin import APP
from agent.messages import load_outgoing
from bot.clock import SystemClock
from storage import open_store
from tests.chaos.network import BadNetwork
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
    and a thread, how one mentions the bot; how many people write at least how many messages, and
    how many more do so to somebody of the desk, who writes back as much; kills at a COMMIT (on
    which side of it, and which one it is since the start), and from outside.
    """

    name: str
    route: str
    ident: str
    thread: str
    mention: str
    people: int
    cases: int
    messages: int
    by_commit: tuple[tuple[str, int], ...]
    from_outside: int
    heard: Mapping[str, Any] = field(default_factory=dict)
    """What makes the bot hear everything that is said in a new channel."""

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
    people=16,
    cases=3,
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
    people=6,
    cases=2,
    messages=6,
    by_commit=(("before", 13), ("within", 8), ("within", 21), ("after", 10)),
    from_outside=3,
    heard={"rsc": True},
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that somebody wrote, with a word that nobody else writes, and where the bot shows
    that word in the end ('' for `thread`: anywhere in the channel).
    """

    channel: str
    thread: str
    ident: str
    word: str


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
    sent: list[Sent] = field(default_factory=list)
    desk: str = ""
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
            "FRONTDESK_HUMAN_CHANNEL": f"{self.side.name}:{self.desk}",
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
        """One person writes message after message to the bot, in one thread."""
        mention = f"{self.side.mention} " if channel else ""
        thread = ""
        async for word in self.words(user):
            where, ident = await self.say(user, channel, f"{mention}{word}", thread)
            if channel or self.side.name == "slack":
                thread = thread or ident
            self.sent.append(Sent(where, thread, ident, word))

    async def open_case(self, employee: str, name: str) -> tuple[tuple[str, str], tuple[str, str]]:
        """Somebody asks for a person; where they did, and the thread of the card that came."""
        where, wish = await self.say(employee, "", "I want to talk to a person", "")
        thread = wish if self.side.name == "slack" else ""
        return (where, thread), (self.desk, await self.card(name))

    async def talk(self, user: str, here: tuple[str, str], there: tuple[str, str]) -> None:
        """One person writes message after message here that are shown there."""
        async for word in self.words(user):
            _, ident = await self.say(user, here[0], word, here[1])
            self.sent.append(Sent(*there, ident, word))

    async def words(self, user: str) -> AsyncIterator[str]:
        """What somebody has to say, until nobody is killed any more: on a slow machine that takes
        longer.
        """
        for number in itertools.count():
            if number >= self.side.messages and self.over:
                return
            await self.clock.sleep(self.rng.uniform(0, PAUSE))
            yield f"m{user[-2:]}n{number}x"

    async def say(self, user: str, channel: str, text: str, thread: str) -> tuple[str, str]:
        """Write, directly to the bot if no channel is given; the channel and the message's id."""
        given = {"channel": channel, self.side.thread: thread}
        where = {name: value for name, value in given.items() if value}
        said = await self.ask("say", user=user, text=text, **where)
        return said["channel"], said[self.side.ident]

    async def posts(self, channel: str, thread: str = "") -> list[dict[str, Any]]:
        """What the bot shows in a thread, or anywhere in a channel."""
        where = {"channel": channel} | ({self.side.thread: thread} if thread else {})
        address = f"{self.twin['control_url']}messages"
        async with self.session.get(address, params=where) as response:
            return [post for post in (await response.json())["messages"] if post["bot"]]

    async def card(self, name: str) -> str:
        """The id of the card of somebody's case, once it is there."""
        while True:
            for post in await self.posts(self.desk):
                if name in json.dumps(post):
                    return str(post[self.side.ident])
            await self.clock.sleep(0.1)

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
            self.network.bot = ""  # its port may be somebody else's next
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
        """The words in what the bot has said, by the channel and thread where they belong: those
        that are quoted to their own author, because nobody knows whether they arrived, do not.
        """
        belong: dict[tuple[str, str], set[str]] = {}
        for one in self.sent:
            belong.setdefault((one.channel, one.thread), set()).add(one.word)
        shown: dict[tuple[str, str], list[str]] = {}
        for place, words in belong.items():
            said = " ".join(post["text"] for post in await self.posts(*place))
            shown[place] = [word for word in re.findall(WORD, said) if word in words]
        return shown

    async def tally(self) -> Tally:
        """What the twin shows of answers to all that was sent."""
        shown = await self.shown()
        counts = [shown[one.channel, one.thread].count(one.word) for one in self.sent]
        return Tally(
            sent=len(self.sent),
            answered=sum(count > 0 for count in counts),
            lost=sum(count == 0 for count in counts),
            doubled=sum(count > 1 for count in counts),
            out_of_order=self._disorder(shown),
        )

    def _disorder(self, shown: dict[tuple[str, str], list[str]]) -> int:
        place = {ts: number for number, ts in enumerate(self.accepted())}
        mine = [one for one in self.sent if one.word not in self.resent]
        order = {one.word: place[one.ident] for one in mine}
        return sum(
            order[later] < order[earlier]
            for words in shown.values()
            for earlier, later in pairwise([word for word in words if word in order])
        )

    async def ask_again(self) -> None:
        """Have sent again what is in doubt and did not arrive (`frontdesk queue retry`).

        Words that are quoted to their author, because they are in doubt, have not arrived by that.
        """
        with closing(sqlite3.connect(self.folder / "frontdesk.db")) as database:
            doubtful = database.execute(DOUBTFUL).fetchall()
        url = f"sqlite:///{self.folder / 'frontdesk.db'}"
        store = open_store(url, self.clock, owner="queue", exclusive=False)
        shown = await self.shown()
        missing = {one.word for one in self.sent if one.word not in shown[one.channel, one.thread]}
        for row, payload in doubtful:
            words = missing.intersection(re.findall(WORD, load_outgoing(payload).text))
            if words:
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
