"""10 000 messages at once: how soon each is accepted, how much memory it takes, what comes of them.

500 employees write 20 messages each into a thread of their own, the next one as soon as the last is
acknowledged, so that 500 are under way all the time. What one wrote before the bot came to it
becomes one turn: then the model `echo:` repeats all of it, a line for a message. So the answers
of a thread, one under the other, must be its messages, each once and in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.echo import p99
from benchmarks.fake_slack import FakeSlack, Place
from benchmarks.load import NotAnsweredOnce, event, next_ts, signed
from benchmarks.processes import Child, frontdesk
from benchmarks.table import Judged, Row
from benchmarks.wire import ClientConnection, connect

EACH = 20
"""Messages of one conversation."""
ANSWER_SECONDS = 120.0
"""Until everything must be answered."""
LOOK_SECONDS = 0.05
QUIET_SECONDS = 1.0
"""After the last answer: time for a second one to show up."""


async def measure(folder: Path, *, quick: bool) -> list[Row]:
    """One burst to a new bot each time."""
    conversations, repetitions = (100, 1) if quick else (500, 3)
    messages = conversations * EACH
    told = f"burst of {messages:,}".replace(",", " ")
    rows = (
        Row(f"{told}: accept p99", "ms", Judged.OURS, 1000.0, places=0),
        Row(f"{told}: accepted/s", "/s", Judged.OURS, None, places=0),
        Row(f"{told}: all answered after", "s", Judged.OURS, None, places=1),
        Row(f"{told}: memory, highest over before", "MB", Judged.OURS, 64.0, places=0),
        Row(f"{told}: lost, doubled, out of order", "", Judged.OURS, 0.0, places=0),
    )
    slack = FakeSlack()
    await slack.start()
    try:
        for _ in range(repetitions):
            async with frontdesk(folder, slack, frontdesk_models="echo:") as child:
                figures = await _burst(slack, child, conversations)
            for row, figure in zip(rows, figures, strict=True):
                row.add(ours=figure)
    finally:
        await slack.stop()
    return list(rows)


async def _burst(slack: FakeSlack, child: Child, conversations: int) -> tuple[float, ...]:
    """Accept p99 in ms, accepted a second, seconds until all is answered, MB, wrong messages."""
    warm, people = {}, {}
    for number in range(conversations):
        place = Place(f"D0BURST{number:03d}", next_ts()[1])
        people[place] = [f"Line {n} of employee {number}" for n in range(EACH)]
        if number < conversations // 10:
            warm[place._replace(thread=next_ts()[1])] = ["Hello"]
    await _said(child, warm)
    await _settled(slack, warm)
    slack.forget()
    before = child.memory()
    child.watch_memory()
    begun = time.perf_counter()
    acks = await _said(child, people)
    accepted = time.perf_counter()
    answered = await _settled(slack, people)
    wrong = _wrong(slack, people)
    slack.forget()
    return (
        p99(acks),
        len(acks) / (accepted - begun),
        answered - begun,
        child.highest_memory() - before,
        wrong,
    )


async def _said(child: Child, people: Mapping[Place, list[str]]) -> list[float]:
    """Everybody writes; the seconds that each message took to be accepted."""
    connections = [await connect(child.port) for _ in people]
    acks: list[float] = []

    async def write(connection: ClientConnection, place: Place, texts: list[str]) -> None:
        ts = place.thread
        for text in texts:
            sent = time.perf_counter()
            response = await connection.send(signed(event(place, ts, text), child.port))
            acks.append(time.perf_counter() - sent)
            if response.status != 200:
                raise NotAnsweredOnce(f"a message was answered with status {response.status}")
            _, ts = next_ts()

    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            pairs = zip(connections, people.items(), strict=True)
            await asyncio.gather(*(write(one, *written) for one, written in pairs))
    finally:
        for connection in connections:
            connection.close()
    return acks


async def _settled(slack: FakeSlack, people: Mapping[Place, list[str]]) -> float:
    """Wait for the answers; the moment of the last, or the end of patience."""
    expected = sum(map(len, people.values()))
    end = time.perf_counter() + ANSWER_SECONDS
    while sum(map(len, map(_lines, slack.posts.values()))) < expected:
        if time.perf_counter() > end:
            break
        await asyncio.sleep(LOOK_SECONDS)
    answered = time.perf_counter()
    await asyncio.sleep(QUIET_SECONDS)
    return answered


def _wrong(slack: FakeSlack, people: Mapping[Place, list[str]]) -> int:
    """How many messages are not where they belong among the answers of their thread."""
    wrong = 0
    for place in people.keys() | slack.posts.keys():
        written, answered = people.get(place, []), _lines(slack.posts.get(place, []))
        if written != answered:
            same = sum(one == other for one, other in zip(written, answered, strict=False))
            wrong += max(len(written), len(answered)) - same
    return wrong


def _lines(posts: list[str]) -> list[str]:
    return [line for post in posts for line in post.split("\n") if line]
