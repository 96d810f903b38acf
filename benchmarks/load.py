"""Messages of employees, signed as Slack signs them, and the proof that each was answered once.

Another platform's load is a subclass (teams.py): its places, its requests, the status it expects.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from benchmarks.fake_slack import APP, BOT_USER, SIGNING_SECRET, TEAM, FakeSlack, Place
from benchmarks.wire import ClientConnection, connect

PEOPLE = 50
"""Employees; each writes in a direct channel of their own, every message in a new thread."""
RUN_SECONDS = 60.0
"""The longest run; a message that is never answered ends the measurement by then."""
QUIET_SECONDS = 0.3
"""After the last answer: time for a second one to show up, and for the bot to come to rest."""

_numbers = itertools.count(1)


class NotAnsweredOnce(Exception):
    """A bot lost a message, answered it twice or in the wrong thread, or refused it."""


@dataclass(slots=True)
class Exchange:
    """One message and its fate; moments are in seconds of `time.perf_counter`."""

    place: Place
    text: str
    sent: float = 0.0
    acked: float = 0.0
    answered: float = 0.0

    @property
    def ack(self) -> float:
        """Seconds until the platform was told that the message arrived."""
        return self.acked - self.sent

    @property
    def answer(self) -> float:
        """Seconds until the answer was posted."""
        return self.answered - self.sent


class Posts(Protocol):
    """What bots have posted, by place; `waiting` are told, once, of the first post in a place."""

    posts: dict[Place, list[str]]
    waiting: dict[Place, Callable[[], None]]


class Load:
    """Sends messages to one bot; `open` it, use it, `close` it."""

    accepted = 200
    """The status of an acknowledgement."""

    def __init__(self, slack: Posts, port: int, *, expect: str = "") -> None:
        """`expect` is the text of every answer; '' if the message itself must come back."""
        self._slack = slack
        self._port = port
        self._expect = expect
        self._connections: list[ClientConnection] = []

    async def open(self, connections: int) -> None:
        """Connect as often as messages are to be in flight at most."""
        while len(self._connections) < connections:
            self._connections.append(await connect(self._port))

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    async def closed(
        self, turns: int, in_flight: int, threads: Sequence[Place] = ()
    ) -> list[Exchange]:
        """Send `turns` messages, always `in_flight` of them unanswered; verified. Each begins a
        thread, or with `threads` (as many as turns) goes on in one of them.

        Raises:
            NotAnsweredOnce: one of them was not answered exactly once in its thread.
        """
        await self.open(in_flight)
        places = iter(threads or itertools.repeat(None, turns))
        done: list[Exchange] = []

        async def slot(connection: ClientConnection) -> None:
            done.extend([await self._exchange(connection, place) for place in places])

        await _all(slot(connection) for connection in self._connections[:in_flight])
        await self._verify(done)
        return done

    async def paced(self, rate: float, seconds: float) -> list[Exchange]:
        """Send `rate` messages a second whatever happens to them; verified.

        Raises:
            NotAnsweredOnce: one of them was not answered exactly once in its thread.
        """
        await self.open(PEOPLE)
        begun = time.perf_counter()
        running = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(begun + number / rate - time.perf_counter())
            connection = self._connections[number % PEOPLE]
            running.append(asyncio.ensure_future(self._exchange(connection)))
        done: list[Exchange] = []

        async def finish(task: asyncio.Future[Exchange]) -> None:
            done.append(await task)

        await _all(finish(task) for task in running)
        await self._verify(done)
        return done

    async def _exchange(
        self, connection: ClientConnection, thread: Place | None = None
    ) -> Exchange:
        number, ts = next_ts()
        text = f"How do I reset the token of laptop {number}?"
        place = thread or self.place(number, ts, text)
        exchange = Exchange(place, text)
        request = self.request(place, ts, text)
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def note() -> None:
            exchange.answered = time.perf_counter()
            answered.set_result(None)

        self._slack.waiting[place] = note
        exchange.sent = time.perf_counter()
        response = await connection.send(request)
        exchange.acked = time.perf_counter()
        if response.status != self.accepted:
            raise NotAnsweredOnce(f"the bot answered an event with status {response.status}")
        await answered
        return exchange

    def place(self, number: int, ts: str, text: str) -> Place:
        """Where the message with this number is written and its answer must stand."""
        return Place(f"D0BENCH{number % PEOPLE:03d}", ts)

    def request(self, place: Place, ts: str, text: str) -> bytes:
        """The HTTP request that brings a message to the bot."""
        return signed(event(place, ts, text), self._port)

    async def _verify(self, done: Sequence[Exchange]) -> None:
        await asyncio.sleep(QUIET_SECONDS)
        posts = self._slack.posts
        expected = {one.place: [self._expect or one.text] for one in done}
        strange = sum(posts.get(place) != texts for place, texts in expected.items())
        strange += sum(place not in expected for place in posts)
        self._slack.posts.clear()
        if strange:
            raise NotAnsweredOnce(f"{strange} of {len(done)} messages were not answered as asked")


@asynccontextmanager
async def loaded(slack: FakeSlack, port: int, *, expect: str = "") -> AsyncIterator[Load]:
    """A load for the bot on `port`; see `Load`."""
    load = Load(slack, port, expect=expect)
    try:
        yield load
    finally:
        load.close()


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Run coroutines together; the first that fails ends all, as does a missing answer."""
    try:
        async with asyncio.timeout(RUN_SECONDS), asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    except TimeoutError:
        raise NotAnsweredOnce(f"some messages had no answer after {RUN_SECONDS:.0f} s") from None


def next_ts() -> tuple[int, str]:
    """The number of a new message, and the ts that Slack would give it."""
    number = next(_numbers)
    return number, f"{int(time.time())}.{number:06d}"


def event(place: Place, ts: str, text: str) -> bytes:
    """The body of a direct message's event, from the person whose channel it is:
    https://docs.slack.dev/reference/events/message.im.
    """
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    blocks = [{"type": "rich_text", "block_id": "b1", "elements": [section]}]
    message = {
        "type": "message",
        "user": place.channel.replace("D", "U", 1),
        "ts": ts,
        "client_msg_id": f"6c1f7a2e-0000-4000-8000-{ts[-6:]:0>12}",
        "text": text,
        "team": TEAM,
        "blocks": blocks,
        "channel": place.channel,
        "event_ts": ts,
        "channel_type": "im",
    }
    if ts != place.thread:
        message["thread_ts"] = place.thread
    authorization = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    envelope = {
        "token": "verification-token",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": message,
        "type": "event_callback",
        "event_id": f"Ev0BENCH{ts[-6:]}",
        "event_time": int(ts.partition(".")[0]),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": "4-bench",
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def signed(body: bytes, port: int) -> bytes:
    """A whole HTTP request, signed: https://docs.slack.dev/authentication/verifying-requests."""
    now = str(int(time.time())).encode()
    secret = SIGNING_SECRET.encode()
    signature = hmac.new(secret, b"v0:%b:%b" % (now, body), hashlib.sha256).hexdigest()
    return (
        b"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n"
        b"User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        b"Content-Type: application/json\r\nX-Slack-Request-Timestamp: %b\r\n"
        b"X-Slack-Signature: v0=%b\r\nContent-Length: %d\r\n\r\n%b"
        % (port, now, signature.encode(), len(body), body)
    )
