"""The local Slack's way to the bot: signed requests, retries, and a record of every attempt.

Schedule, headers and time limit: https://docs.slack.dev/apis/events-api ("Error handling"). The
signature: https://docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from adapters.slack.twin_state import Identity, Json, Settings, Workspace
from agent.ports import Clock

ACK_SECONDS = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)
KEPT = 100_000
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered; status 0 with a `reason` if nothing came."""

    status: int
    text: str = ""
    reason: str = ""
    seconds: float = 0.0
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        """Whether Slack takes it as an acknowledgement."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Json:
        """The body as an object, {} if it is none."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to bring something to the bot; attempt 0 is the first. Times are the clock's."""

    event_id: str
    type: str
    attempt: int
    status: int
    reason: str
    seconds: float
    at: float


Deliver = Callable[[str, Any, int, str], Awaitable[Answer]]
"""Sends an envelope: its type and payload, which attempt it is, and why there is another."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The `X-Slack-Signature` of a request."""
    mac = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return "v0=" + mac.hexdigest()


def envelope(workspace: Workspace, event: Json, *, shared: bool, team_id: str) -> Json:
    """The outer event: https://docs.slack.dev/apis/events-api (`event_callback`).

    In a channel shared with another company, `team_id` is the author's workspace; who the bot is
    stands in `authorizations` alone.
    """
    identity = workspace.identity
    context = {
        "et": event.get("type"),
        "tid": identity.team_id,
        "aid": identity.app_id,
        "cid": event.get("channel"),
    }
    own: Json = {"context_team_id": identity.team_id, "context_enterprise_id": None}
    return {
        "token": identity.verification_token,
        "team_id": team_id or identity.team_id,
        # Of the recorded events, messages alone carry these two.
        **(own if event.get("type") == "message" else {}),
        "api_app_id": identity.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.mint("Ev"),
        "event_time": int(workspace.clock.now()),
        "authorizations": [authorization(identity)],
        "is_ext_shared_channel": shared,
        "event_context": "4-" + base64.b64encode(json.dumps(context).encode()).decode().rstrip("="),
    }


def authorization(identity: Identity) -> Json:
    """For whom the event was sent: the bot user of this workspace."""
    return {
        "enterprise_id": None,
        "team_id": identity.team_id,
        "user_id": identity.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }


@dataclass(slots=True)
class Parcel:
    """An event on its way: what is sent, and for the record what it is."""

    event_id: str
    type: str
    body: bytes
    line: str


class Courier:
    """Brings events to the bot, each as its own task, in order within a channel.

    In Socket Mode `through_socket` brings them, else they go to the bot's address.
    """

    def __init__(
        self,
        clock: Clock,
        secret: str,
        settings: Settings,
        rng: random.Random,
    ) -> None:
        self.through_socket: Deliver | None = None
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self.interactions: deque[Json] = deque(maxlen=KEPT)
        self._clock = clock
        self._secret = secret
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

    def send(self, body: Json) -> None:
        """Send an envelope in the background, as the rules say; retried like Slack does."""
        event = body.get("event") or {}
        event_id = str(body.get("event_id", ""))
        kind = str(event.get("type") or body.get("type", ""))
        line = str(event.get("channel") or "")
        self.send_raw(Parcel(event_id, kind, json.dumps(body).encode(), line))

    def send_raw(self, parcel: Parcel) -> None:
        """Send these bytes in the background; without an address there is nobody to tell."""
        if not (self._settings.events_url or self._settings.socket_mode):
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
        """Send each of the next `count` events twice, with the same event_id."""
        self._duplicates += count

    def delay_next(self, seconds: float, count: int = 1) -> None:
        """Let the next `count` events set out `seconds` late; others overtake them."""
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
            self.send_raw(parcel)

    async def idle(self) -> None:
        """Wait until every first attempt has its answer, those begun meanwhile too."""
        while self._first:
            await asyncio.wait(self._first)

    async def _deliver(self, parcel: Parcel, delay: float) -> None:
        if delay:
            await self._clock.sleep(delay)
            answer = await self._attempt(parcel, 0, "")
        elif self._settings.ordered and parcel.line:
            async with self._lines.setdefault(parcel.line, asyncio.Lock()):
                answer = await self._attempt(parcel, 0, "")
        else:
            answer = await self._attempt(parcel, 0, "")
        if not answer.ok and not answer.no_retry:
            self._spawn(self._later, self._retry(parcel, answer.reason))

    async def _retry(self, parcel: Parcel, reason: str) -> None:
        for attempt, delay in enumerate(RETRY_DELAYS, 1):
            await self._clock.sleep(delay)
            answer = await self._attempt(parcel, attempt, reason)
            if answer.ok or answer.no_retry:
                return
            reason = answer.reason

    async def _attempt(self, parcel: Parcel, attempt: int, reason: str) -> Answer:
        headers = {}
        if attempt:
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        if self._settings.socket_mode and self.through_socket:
            payload = json.loads(parcel.body)
            answer = await self.through_socket("events_api", payload, attempt, reason)
        else:
            answer = await self.post(parcel.body, JSON_TYPE, headers)
        self.record(parcel.event_id, parcel.type, attempt, answer)
        return answer

    async def interact(self, body: Json, event_id: str = "") -> Answer:
        """Send a press, a form or the fields of a command once; what the bot answered."""
        self.interactions.append(body)
        is_command = "command" in body
        kind = "slash_command" if is_command else str(body.get("type", ""))
        if self._settings.socket_mode and self.through_socket:
            name = "slash_commands" if is_command else "interactive"
            answer = await self.through_socket(name, body, 0, "")
        else:
            fields = body if is_command else {"payload": json.dumps(body)}
            answer = await self.post(urlencode(fields).encode(), FORM_TYPE)
        self.record(event_id, kind, 0, answer)
        return answer

    def record(self, event_id: str, kind: str, attempt: int, answer: Answer) -> None:
        """Note an attempt in `deliveries`."""
        at = self._clock.now() - answer.seconds
        self.deliveries.append(
            Delivery(event_id, kind, attempt, answer.status, answer.reason, answer.seconds, at)
        )

    async def post(
        self, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one signed request and wait at most 3 seconds for its answer."""
        began = self._clock.monotonic()
        try:
            async with self._clock.timeout(ACK_SECONDS):
                answer = await self._exchange(body, content_type, headers or {})
        except TimeoutError:
            answer = Answer(0, reason="http_timeout")
        except (aiohttp.ClientError, OSError):
            answer = Answer(0, reason="connection_failed")
        seconds = self._clock.monotonic() - began
        return Answer(answer.status, answer.text, answer.reason, seconds, answer.no_retry)

    async def _exchange(self, body: bytes, content_type: str, extra: Mapping[str, str]) -> Answer:
        if self._session is None:
            raise RuntimeError("start the twin before people say something")
        stamp = str(int(self._clock.now()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self._secret, stamp, body),
            **extra,
        }
        async with self._session.post(
            self._settings.events_url, data=body, headers=headers, allow_redirects=False
        ) as response:
            text = await response.text()
            ok = 200 <= response.status < 300
            return Answer(
                response.status,
                text,
                "" if ok else "http_error",
                no_retry=response.headers.get("X-Slack-No-Retry") == "1",
            )

    def _spawn(self, tasks: set[asyncio.Task[None]], work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
