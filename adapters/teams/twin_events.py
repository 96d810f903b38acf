"""The local Teams' way to the bot: signed activities, redelivery, and a record of every attempt.

An activity that nobody took within 15 seconds comes again with the same id, two to four times:
github.com/MicrosoftDocs/msteams-docs/issues/6084 and microsoft/botbuilder-dotnet/issues/5005.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass

import aiohttp

from adapters.teams.twin_keys import Signer
from adapters.teams.twin_state import Json, Settings
from agent.ports import Clock

ANSWER_SECONDS = 15.0
# How long a person looks at a card that answers nothing; the project promises five.
INVOKE_SECONDS = 10.0
# Between the end of an attempt and the next; not documented. The last one is repeated.
REDELIVERY_DELAYS = (1.0, 5.0, 15.0, 30.0)
KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered; status 0 with a `reason` if nothing came."""

    status: int
    text: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether Teams takes it as an acknowledgement."""
        return 200 <= self.status < 300

    @property
    def again(self) -> bool:
        """Whether Teams tries again: no answer, or trouble that may pass."""
        return self.status in {0, 408, 412, 429} or self.status >= 500

    @property
    def json(self) -> Json:
        """The body as an object, {} if it is none."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def toast(self) -> str:
        """What an answer to a press shows to whom pressed, without changing the card; '' if
        nothing. https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards
        """
        value = self.json.get("value")
        if self.json.get("type") == "application/vnd.microsoft.activity.message":
            return str(value)
        failed = str(self.json.get("type", "")).startswith("application/vnd.microsoft.error")
        return str(value.get("message", "")) if failed and isinstance(value, dict) else ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring something to the bot; attempt 0 is the first. Times are the clock's."""

    activity_id: str
    type: str
    attempt: int
    status: int
    reason: str
    seconds: float
    at: float


@dataclass(slots=True)
class Parcel:
    """An activity on its way: what is sent, and for the record what it is.

    `authorization` None: the twin signs each attempt. `first` hears how the first attempt ended.
    """

    activity_id: str
    type: str
    body: bytes
    line: str
    authorization: str | None = None
    first: asyncio.Future[Answer] | None = None


def packed(activity: Json, authorization: str | None = None) -> Parcel:
    """An activity, ready to be sent; activities of one conversation are in one line."""
    kind = str(activity.get("name") or activity.get("type", ""))
    conversation = activity.get("conversation")
    line = str(conversation.get("id", "")) if isinstance(conversation, dict) else ""
    body = json.dumps(activity).encode()
    return Parcel(str(activity.get("id", "")), kind, body, line, authorization)


class Courier:
    """Brings activities to the bot, each as its own task, in order within a conversation."""

    def __init__(
        self, clock: Clock, signer: Signer, settings: Settings, rng: random.Random
    ) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._clock = clock
        self._signer = signer
        self._settings = settings
        self._rng = rng
        self._session: aiohttp.ClientSession | None = None
        self._first: set[asyncio.Task[None]] = set()
        self._later: set[asyncio.Task[None]] = set()
        self._lines: dict[str, asyncio.Lock] = {}
        self._held: list[Parcel] | None = None
        self._duplicates = 0
        self._delays: list[float] = []

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

    def send(self, parcel: Parcel) -> None:
        """Send in the background, again if nobody takes it; without an address nobody is told."""
        if not self._settings.events_url:
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

    def duplicate_next(self, count: int) -> None:
        """Send each of the next `count` activities twice, with the same id."""
        self._duplicates += count

    def delay_next(self, seconds: float, count: int = 1) -> None:
        """Let the next `count` activities set out `seconds` late; others overtake them."""
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

    async def ask(self, parcel: Parcel) -> Answer:
        """Send an invoke once and wait for its answer: Teams does not repeat them."""
        answer = await self._post(parcel, INVOKE_SECONDS)
        self._record(parcel, 0, answer)
        return answer

    async def sent(self, parcel: Parcel) -> Answer:
        """Send as `send` does, and wait for the end of the first attempt."""
        if self._held is not None or not self._settings.events_url:
            self.send(parcel)
            return Answer(0, reason="kept_back")
        parcel.first = asyncio.get_running_loop().create_future()
        self.send(parcel)
        return await parcel.first

    async def _deliver(self, parcel: Parcel, delay: float) -> None:
        answer = await self._first_attempt(parcel, delay)
        if parcel.first and not parcel.first.done():
            parcel.first.set_result(answer)
        if answer.again:
            self._spawn(self._later, self._redeliver(parcel))

    async def _first_attempt(self, parcel: Parcel, delay: float) -> Answer:
        if delay:
            await self._clock.sleep(delay)
        elif self._settings.ordered and parcel.line:
            async with self._lines.setdefault(parcel.line, asyncio.Lock()):
                return await self._attempt(parcel, 0)
        return await self._attempt(parcel, 0)

    async def _redeliver(self, parcel: Parcel) -> None:
        for attempt in range(1, self._settings.redeliveries + 1):
            delays = REDELIVERY_DELAYS
            await self._clock.sleep(delays[min(attempt, len(delays)) - 1])
            if not (await self._attempt(parcel, attempt)).again:
                return

    async def _attempt(self, parcel: Parcel, attempt: int) -> Answer:
        answer = await self._post(parcel, ANSWER_SECONDS)
        self._record(parcel, attempt, answer)
        return answer

    def _record(self, parcel: Parcel, attempt: int, answer: Answer) -> None:
        at = self._clock.now() - answer.seconds
        self.deliveries.append(
            Delivery(
                parcel.activity_id,
                parcel.type,
                attempt,
                answer.status,
                answer.reason,
                answer.seconds,
                at,
            )
        )

    async def _post(self, parcel: Parcel, patience: float) -> Answer:
        began = self._clock.monotonic()
        try:
            async with self._clock.timeout(patience):
                answer = await self._exchange(parcel)
        except TimeoutError:
            answer = Answer(0, reason="http_timeout")
        except (aiohttp.ClientError, OSError):
            answer = Answer(0, reason="connection_failed")
        seconds = self._clock.monotonic() - began
        return Answer(answer.status, answer.text, answer.reason, seconds)

    async def _exchange(self, parcel: Parcel) -> Answer:
        if self._session is None:
            raise RuntimeError("start the twin before people say something")
        authorization = parcel.authorization
        if authorization is None:
            authorization = self._signer.header()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)",
            **({"Authorization": authorization} if authorization else {}),
        }
        async with self._session.post(
            self._settings.events_url, data=parcel.body, headers=headers, allow_redirects=False
        ) as response:
            text = await response.text(errors="replace")
            ok = 200 <= response.status < 300
            return Answer(response.status, text, "" if ok else "http_error")

    def _spawn(self, tasks: set[asyncio.Task[None]], work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
