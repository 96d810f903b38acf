"""How a local platform brings events to the bot: in order, again if need be, each attempt noted.

A platform says how one attempt is made, what an answer means, and when the next attempt is due.
"""

from __future__ import annotations

import asyncio
import json
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import aiohttp

from agent.ports import Clock
from twins.world import Settings

KEPT = 100_000
"""Of attempts and of calls, the last that are remembered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered; status 0 with a `reason` if nothing came."""

    status: int
    text: str = ""
    reason: str = ""
    seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the platform takes it as an acknowledgement."""
        return 200 <= self.status < 300

    @property
    def again(self) -> bool:
        """Whether the platform tries again."""
        return not self.ok

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object, {} if it is none."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring something to the bot; attempt 0 is the first. Times are the clock's.

    `id` is the platform's, of the event.
    """

    id: str
    type: str
    attempt: int
    status: int
    reason: str
    seconds: float
    at: float


@dataclass(slots=True)
class Parcel:
    """An event on its way: what is sent, and for the record what it is. Those of one `line` keep
    their order. `first` hears how the first attempt ended.
    """

    id: str
    type: str
    body: bytes
    line: str
    first: asyncio.Future[Any] | None = field(default=None, kw_only=True)


A = TypeVar("A", bound=Answer)
P = TypeVar("P", bound=Parcel)


class Courier(ABC, Generic[P, A]):
    """Brings parcels to the bot, each as its own task, in order within a line."""

    answers: type[A]
    """What the platform reads in an answer."""

    def __init__(self, clock: Clock, settings: Settings, rng: random.Random) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._clock = clock
        self._settings = settings
        self._rng = rng
        self._session: aiohttp.ClientSession | None = None
        self._first: set[asyncio.Task[None]] = set()
        self._later: set[asyncio.Task[None]] = set()
        self._lines: dict[str, asyncio.Lock] = {}
        self._held: list[P] | None = None
        self._duplicates = 0
        self._delays: list[float] = []

    # What a platform says

    @abstractmethod
    async def attempt(self, parcel: P, number: int, reason: str) -> A:
        """Bring a parcel once; `reason` is why there is another attempt, '' for the first."""

    @abstractmethod
    def pauses(self) -> Iterable[float]:
        """The seconds between the end of each attempt and the next."""

    @property
    def knows_the_way(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._settings.events_url)

    # What all do

    def start(self) -> None:
        """Open the connections' pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )

    async def stop(self) -> None:
        """Give up everything that is on its way."""
        tasks = [*self._first, *self._later]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    def send(self, parcel: P) -> None:
        """Send in the background, again if nobody takes it; without an address nobody is told."""
        if not self.knows_the_way:
            return
        if self._held is not None:
            self._held.append(parcel)
            return
        copies = 1
        if self._duplicates:
            self._duplicates -= 1
            copies = 2
        delay = self._delays.pop(0) if self._delays else 0.0
        for _ in range(copies):
            self._spawn(self._first, self._deliver(parcel, delay))

    async def sent(self, parcel: P) -> A:
        """Send as `send` does, and wait for the end of the first attempt."""
        if self._held is not None or not self.knows_the_way:
            self.send(parcel)
            return self.answers(0, reason="kept_back")
        parcel.first = asyncio.get_running_loop().create_future()
        self.send(parcel)
        answer: A = await parcel.first
        return answer

    def duplicate_next(self, count: int) -> None:
        """Send each of the next `count` parcels twice, with the same id."""
        self._duplicates += count

    def delay_next(self, seconds: float, count: int = 1) -> None:
        """Let the next `count` parcels set out `seconds` late; others overtake them."""
        self._delays += [seconds] * count

    def hold(self) -> None:
        """Keep back what is to be sent until `release`."""
        self._held = self._held or []

    def release(self, *, shuffle: bool = False) -> None:
        """Send what was held, in order or shuffled."""
        held, self._held = self._held or [], None
        if shuffle:
            self._rng.shuffle(held)
        for parcel in held:
            self.send(parcel)

    async def idle(self) -> None:
        """Wait until every first attempt has its answer, those begun meanwhile too."""
        while self._first:
            await asyncio.wait(self._first)

    def record(self, ident: str, kind: str, attempt: int, answer: A) -> None:
        """Note an attempt in `deliveries`."""
        at = self._clock.now() - answer.seconds
        self.deliveries.append(
            Delivery(ident, kind, attempt, answer.status, answer.reason, answer.seconds, at)
        )

    async def post(self, body: bytes, headers: Mapping[str, str], patience: float) -> A:
        """Send one request to the bot's address, and wait at most `patience` seconds for its
        answer.
        """
        began = self._clock.monotonic()
        try:
            async with self._clock.timeout(patience):
                answer = await self._exchange(body, headers)
        except TimeoutError:
            answer = self.answers(0, reason="http_timeout")
        except (aiohttp.ClientError, OSError):
            answer = self.answers(0, reason="connection_failed")
        return replace(answer, seconds=self._clock.monotonic() - began)

    async def _exchange(self, body: bytes, headers: Mapping[str, str]) -> A:
        if self._session is None:
            raise RuntimeError("start the twin before people say something")
        async with self._session.post(
            self._settings.events_url, data=body, headers=headers, allow_redirects=False
        ) as response:
            text = await response.text(errors="replace")
            reason = "" if 200 <= response.status < 300 else "http_error"
            return self.answers(response.status, text, reason, headers=response.headers)

    async def _deliver(self, parcel: P, delay: float) -> None:
        answer = await self._first_attempt(parcel, delay)
        if parcel.first and not parcel.first.done():
            parcel.first.set_result(answer)
        if answer.again:
            self._spawn(self._later, self._deliver_again(parcel, answer.reason))

    async def _first_attempt(self, parcel: P, delay: float) -> A:
        if delay:
            await self._clock.sleep(delay)
        elif self._settings.ordered and parcel.line:
            async with self._lines.setdefault(parcel.line, asyncio.Lock()):
                return await self._recorded(parcel, 0, "")
        return await self._recorded(parcel, 0, "")

    async def _deliver_again(self, parcel: P, reason: str) -> None:
        for number, pause in enumerate(self.pauses(), 1):
            await self._clock.sleep(pause)
            answer = await self._recorded(parcel, number, reason)
            if not answer.again:
                return
            reason = answer.reason

    async def _recorded(self, parcel: P, number: int, reason: str) -> A:
        answer = await self.attempt(parcel, number, reason)
        self.record(parcel.id, parcel.type, number, answer)
        return answer

    def _spawn(self, tasks: set[asyncio.Task[None]], work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
