"""A durable turn in Teams against Microsoft's own echo bot: CPU, throughput, and the event loop.

Ours checks the token of every activity, commits the message with an fsync before it acknowledges
it, runs the whole turn with the model `echo:`, commits the answer, posts it with a token of its own
and records that it was posted. The baseline (stock_teams.py) has authentication switched off and
keeps nothing. Both get the same activities from the same load on the same cores.

The baseline's package is fetched by pip into the scratch folder, without what it depends on: that
is here already. Where pip cannot, the rows say so.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.echo import Measured
from benchmarks.fake_slack import Place
from benchmarks.fake_teams import APP, TENANT, FakeTeams, fake_teams
from benchmarks.load import Load
from benchmarks.processes import LOG, ROOT, Child, running
from benchmarks.table import Judged, Row

PACKAGE = "botbuilder-integration-aiohttp==4.17.1"
INSTALL_SECONDS = 180.0
IN_FLIGHT = 8
PEOPLE = 300
"""Employees. A personal chat has no threads, so each message of one person would be in a longer
conversation than the last; with many people a turn is one of a short conversation, as in Slack."""
RATE = 50.0
"""Activities a second while the identity provider is slow: as many as Teams lets a bot answer."""
SLOW_SECONDS = 1.0
SHORT_LIFE = 4
"""Seconds that tokens live then, so that the provider is asked again and again."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long it takes: in each repetition `rounds` closed loops of `turns` turns, then `seconds`
    with a slow identity provider.
    """

    repetitions: int
    rounds: int
    turns: int
    warm_up: int
    seconds: float


FULL = Size(repetitions=5, rounds=4, turns=300, warm_up=PEOPLE, seconds=12.0)
QUICK = Size(repetitions=2, rounds=2, turns=300, warm_up=PEOPLE, seconds=6.0)


class TeamsLoad(Load):
    """Employees write in their personal chats."""

    def __init__(self, teams: FakeTeams, port: int, *, stock: bool = False) -> None:
        """The stock bot gets no tokens, and acknowledges with 201."""
        super().__init__(teams, port)
        self._teams = teams
        self._stock = stock
        self.accepted = 201 if stock else 202

    def place(self, number: int, ts: str, text: str) -> Place:
        """A chat is one conversation for ever; every text is another, so it tells them apart."""
        return Place(f"a:bench{number % PEOPLE:03d}", text)

    def request(self, place: Place, ts: str, text: str) -> bytes:
        body = activity(place.channel, ts, text, self._teams.service_url)
        token = "" if self._stock else f"Authorization: {self._teams.authorization()}\r\n"
        return (
            b"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n"
            b"User-Agent: Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)\r\n"
            b"Content-Type: application/json; charset=utf-8\r\n%bContent-Length: %d\r\n\r\n%b"
            % (self._port, token.encode(), len(body), body)
        )


def activity(conversation: str, ts: str, text: str, service_url: str) -> bytes:
    """A message in a personal chat, as Teams sends it:
    https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability.
    """
    person = conversation.partition(":")[2]
    second = int(ts.partition(".")[0]) % 60
    told = {
        "text": text,
        "textFormat": "plain",
        "type": "message",
        "timestamp": f"2026-09-21T14:13:{second:02d}.{ts[-6:]}Z",
        "localTimestamp": f"2026-09-21T15:13:{second:02d}.{ts[-6:]}+01:00",
        "id": ts.replace(".", ""),
        "channelId": "msteams",
        "serviceUrl": service_url,
        "from": {"id": f"29:{person}", "name": f"Person {person}", "aadObjectId": person},
        "conversation": {
            "conversationType": "personal",
            "tenantId": TENANT,
            "id": conversation,
        },
        "recipient": {"id": f"28:{APP}", "name": "Frontdesk"},
        "entities": [
            {
                "locale": "en-GB",
                "country": "GB",
                "platform": "Windows",
                "timezone": "Europe/London",
                "type": "clientInfo",
            }
        ],
        "channelData": {"tenant": {"id": TENANT}},
        "locale": "en-GB",
        "localTimezone": "Europe/London",
    }
    return json.dumps(told, separators=(",", ":")).encode()


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """Run both, turn and turn about, as often as the size says."""
    size = QUICK if quick else FULL
    why_not = await asyncio.to_thread(_install, folder)
    cpu = Row("Teams echo turn: CPU", "ms", Judged.RATIO, 0.35, skipped=why_not)
    rate = Row(
        f"Teams echo turn: answers/s, {IN_FLIGHT} in flight",
        "/s",
        Judged.RATIO,
        4.0,
        True,
        0,
        skipped=why_not,
    )
    asked = Row("  calls to the identity provider meanwhile", "", Judged.OURS, 0.0, places=0)
    stall = Row("Teams: loop stall p99, slow identity", "ms", Judged.OURS, 10.0, places=1)
    longest = Row("  the longest", "ms", Judged.OURS, None, places=1)
    slow = Row("  tokens fetched meanwhile", "", Judged.OURS, 1.0, True, places=0)
    for _ in range(size.repetitions):
        async with fake_teams() as teams:
            await _speed(folder, teams, size, [cpu, rate, asked])
        async with fake_teams() as teams:
            await _stalls(folder, teams, size, [stall, longest, slow])
    return [cpu, rate, asked, stall, longest, slow]


async def _speed(folder: Path, teams: FakeTeams, size: Size, rows: list[Row]) -> None:
    """Closed loops of both; ours must not need the identity provider while it runs."""
    cpu, rate, asked = rows
    async with _frontdesk(folder, teams) as child, _loaded(teams, child) as load:
        ours = Measured(child, load, IN_FLIGHT)
        if cpu.skipped:
            calls = await _closed_loops(teams, [ours], size)
        else:
            async with _stock(folder) as other, _loaded(teams, other, stock=True) as load_stock:
                stock = Measured(other, load_stock, IN_FLIGHT)
                calls = await _closed_loops(teams, [stock, ours], size)
            cpu.add(ours=ours.cpu, baseline=stock.cpu)
            rate.add(ours=ours.rate, baseline=stock.rate)
        asked.add(ours=calls)


async def _closed_loops(teams: FakeTeams, bots: list[Measured], size: Size) -> int:
    """Measure; how often the identity provider was called after the warm-up."""
    for one in bots:
        await one.warm_up(size.warm_up)
    teams.identity_calls.clear()
    for _ in range(size.rounds):
        for one in bots:
            await one.closed(size.turns)
    return teams.identity_calls.total()


async def _stalls(folder: Path, teams: FakeTeams, size: Size, rows: list[Row]) -> None:
    """An open loop, while the identity provider is slow and asked for one token after the other."""
    stall, longest, slow = rows
    teams.identity_seconds, teams.token_life = SLOW_SECONDS, SHORT_LIFE
    command = (sys.executable, "-m", "benchmarks.watched")
    environ = _environ(folder, teams)
    async with (
        running(folder, *command, environ=environ) as child,
        _loaded(teams, child) as load,
    ):
        await load.paced(RATE, 2.0)
        await child.told("begin anew")
        teams.identity_calls.clear()
        await load.paced(RATE, size.seconds)
        told = await child.told("how late?")
    p99, most = map(float, told.split())
    stall.add(ours=p99)
    longest.add(ours=most)
    slow.add(ours=teams.identity_calls["token"])


@asynccontextmanager
async def _loaded(
    teams: FakeTeams, child: Child, *, stock: bool = False
) -> AsyncIterator[TeamsLoad]:
    load = TeamsLoad(teams, child.port, stock=stock)
    try:
        yield load
    finally:
        load.close()


@asynccontextmanager
async def _frontdesk(folder: Path, teams: FakeTeams) -> AsyncIterator[Child]:
    command = str(Path(sys.executable).with_name("frontdesk"))
    async with running(folder, command, "run", environ=_environ(folder, teams)) as child:
        yield child


@asynccontextmanager
async def _stock(folder: Path) -> AsyncIterator[Child]:
    path = os.pathsep.join([str(ROOT), str(_packages(folder))])
    command = (sys.executable, "-m", "benchmarks.stock_teams")
    async with running(folder, *command, environ={"PYTHONPATH": path}) as child:
        yield child


def _environ(folder: Path, teams: FakeTeams) -> dict[str, str]:
    database = folder / f"{os.urandom(4).hex()}.db"
    return {
        "FRONTDESK_PORT": "0",
        "FRONTDESK_DATABASE_URL": f"sqlite:///{database}",
        "FRONTDESK_MODELS": "echo:",
        **teams.environ(),
    }


def _packages(folder: Path) -> Path:
    return folder / "stock_teams"


def _install(folder: Path) -> str:
    """Fetch the baseline's package into the scratch folder; '' or why there is none."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    command = (*pip, "--no-deps", "--target", str(_packages(folder)), PACKAGE)
    with (folder / LOG).open("ab") as log:
        try:
            subprocess.run(command, stdout=log, stderr=log, check=True, timeout=INSTALL_SECONDS)
        except (OSError, subprocess.SubprocessError):
            return "pip could not fetch it"
    return ""
