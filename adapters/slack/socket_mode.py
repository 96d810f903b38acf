"""Socket Mode: we connect out to Slack, and what happens there comes in through a websocket.

Why this is not slack_sdk's client: docs/adr/0007-our-own-socket-mode.md. The protocol is
https://docs.slack.dev/apis/events-api/using-socket-mode: an address is asked for with the app token
and good for one connection; Slack says hello, then sends envelopes, each of which is sent again
unless it is acknowledged by its id; before Slack ends a connection it says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import Enum, auto
from random import SystemRandom
from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.backfill import Backfill
from adapters.slack.calls import call, string
from adapters.slack.web import Web
from agent.defects import report
from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown
from agent.platforms import WebResponse
from agent.ports import Clock
from agent.tasks import Beside

log = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
"""For the handshake and Slack's hello."""
PING_EVERY = 10.0
SILENCE = 30.0
"""Seconds without a sign of life, three pings of ours among them, after which nobody is there."""
CLOSE_SECONDS = 1.0
"""Slack does not close the connection after the farewell (github.com/slackapi/node-slack-sdk,
issue 2752): there is nothing to wait for."""
FINISH_SECONDS = 5.0
"""For what was taken to be committed and acknowledged before a connection is given up."""
AT_ONCE = 500
"""Envelopes that are worked on; while there are so many, no more are read."""
STEADY = 60.0
"""A connection that lasted so many seconds was a good one: the next is tried at once."""
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the next connection, by how many failed in a row; the last one for good."""
CROWDED = 30.0
"""Seconds to wait while Slack counts too many connections: those that a network lost without
telling Slack are among them for a while (github.com/slackapi/python-slack-sdk, issue 1940)."""

Take = Callable[[dict[str, Any]], Awaitable[WebResponse]]
_chance = SystemRandom()


class End(Enum):
    """Why a connection needs a successor."""

    OVER = auto()
    """It is closed, broken or silent."""
    REFRESH = auto()
    """Slack will close it soon, and it works until then."""
    CROWDED = auto()
    """Slack counts too many; this one has to go before another may come."""


REASONS = {
    "warning": End.REFRESH,
    "refresh_requested": End.REFRESH,
    "too_many_websockets": End.CROWDED,
}
"""What the reasons of a `disconnect` ask for; all others (link_disabled) end the connection."""


class Line:
    """One websocket from its hello to its end; acknowledges envelopes that were taken."""

    def __init__(self, socket: ClientWebSocketResponse, clock: Clock, take: Take) -> None:
        """Begins to read at once."""
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._socket = socket
        self._clock = clock
        self._take = take
        self._heard = clock.monotonic()
        self._open = True
        self._at_work: set[asyncio.Task[None]] = set()
        self._own = asyncio.create_task(self._read()), asyncio.create_task(self._watch())

    async def finish(self, *, taking: bool) -> None:
        """Let what was taken be acknowledged, then hang up; `taking`: take more until then."""
        self._open = taking
        with suppress(TimeoutError):
            async with self._clock.timeout(FINISH_SECONDS):
                while self._at_work:
                    await asyncio.wait(self._at_work)
        await self._socket.close()
        tasks = [*self._own, *self._at_work]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while (message := await _next(self._socket, self._alive)) is not None:
                if message.get("type") == "disconnect":
                    self._disconnect(string(message, "reason"))
                elif self._open:
                    self._begin(message)
                if len(self._at_work) >= AT_ONCE:
                    await asyncio.wait(self._at_work, return_when=asyncio.FIRST_COMPLETED)
        except (aiohttp.ClientError, OSError) as error:
            log.debug("a connection to Slack broke: %s", type(error).__name__)
        finally:
            self._end(End.OVER)

    def _alive(self) -> None:
        self._heard = self._clock.monotonic()

    def _disconnect(self, reason: str) -> None:
        log.info("Slack asks for another connection: %s", reason)
        self._end(REASONS.get(reason, End.OVER))

    def _end(self, end: End) -> None:
        if not self.ended.done():
            self.ended.set_result(end)

    async def _watch(self) -> None:
        try:
            while self._clock.monotonic() - self._heard < SILENCE:
                await self._socket.ping()
                await self._clock.sleep(PING_EVERY)
            log.warning("the connection to Slack is silent")
        except (aiohttp.ClientError, OSError) as error:
            log.debug("a connection to Slack broke: %s", type(error).__name__)
        self._end(End.OVER)

    def _begin(self, message: Mapping[str, Any]) -> None:
        envelope_id, body = string(message, "envelope_id"), message.get("payload")
        if envelope_id and isinstance(body, dict):
            wants_payload = message.get("accepts_response_payload") is True
            task = asyncio.create_task(self._work(envelope_id, body, wants_payload))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _work(self, envelope_id: str, body: dict[str, Any], wants_payload: bool) -> None:
        """Take what is in an envelope, and acknowledge it only if it was taken."""
        try:
            answer = await self._take(body)
            if answer.status != 200:
                return  # Slack sends it again
            ack: dict[str, Any] = {"envelope_id": envelope_id}
            if wants_payload and answer.body:
                ack["payload"] = _payload(answer.body)
            await self._socket.send_str(json.dumps(ack))
        except (aiohttp.ClientError, OSError):
            log.info("an acknowledgement did not get through; Slack will send again")
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "an envelope could not be taken", error)


class SocketMode:
    """Keeps one line to Slack open until it is stopped."""

    def __init__(
        self, web: Web, *, app_token: str, clock: Clock, take: Take, backfill: Backfill
    ) -> None:
        """`take` is given each body and answers 200 if it is committed; `backfill` looks for what
        was said while there was no line.
        """
        self._web = web
        self._app_token = app_token
        self._clock = clock
        self._take = take
        self._backfill = backfill
        self._failures = 0
        self._line: Line | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing = Beside()

    async def address(self) -> str:
        """Where to connect to, once.

        Raises:
            DeliveryError: Slack does not say.
        """
        return await open_address(self._web.client, self._app_token)

    def start(self, address: str) -> None:
        """Begin to connect; `address` is for the first line."""
        self._keeping = asyncio.create_task(self._keep(address))

    async def stop(self) -> None:
        """Take nothing new, acknowledge what was taken, hang up; idempotent."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._line is not None:
            self._hang_up(self._line, taking=False)
            self._line = None
        await self._closing.join()

    async def _keep(self, address: str) -> None:
        while True:
            try:
                await self._next_line(address)
            except Exception as error:  # noqa: BLE001 the top of a task
                report(log, "a line to Slack could not be kept", error)
                self._failures += 1
            address = ""

    async def _next_line(self, address: str) -> None:
        """Connect, put the new line in the place of the old one, and wait until it ends."""
        # Asked before anything comes through the new line, which would hide what is missing.
        seen = await self._backfill.remember()
        line = await self._connect(address)
        self._backfill.begin(seen)
        if self._line is not None:
            self._hang_up(self._line, taking=True)
        self._line = line
        began = self._clock.monotonic()
        end = await line.ended
        lasted = self._clock.monotonic() - began
        self._failures = 0 if lasted >= STEADY else self._failures + 1
        if end is not End.REFRESH:
            self._line = None
            self._hang_up(line, taking=False)
        if end is End.CROWDED:
            await self._clock.sleep(CROWDED)

    def _hang_up(self, line: Line, *, taking: bool) -> None:
        """Give up a line, beside whatever else happens."""
        self._closing.run(line.finish(taking=taking))

    async def _connect(self, address: str) -> Line:
        """The next line, however long it takes."""
        await self._clock.sleep(self._pause())
        while True:
            try:
                return await self._greeted(address or await self.address())
            except DeliveryError as error:
                self._failures += 1
                asked = error.retry_after if isinstance(error, DeliveryRetry) else None
                wait = max(asked or 0.0, self._pause())
                log.warning("no line to Slack: %s; next try in %.1f s", error, wait)
            address = ""
            await self._clock.sleep(wait)

    def _pause(self) -> float:
        longest = PAUSES[min(self._failures, len(PAUSES) - 1)]
        return longest * _chance.uniform(0.5, 1.0)

    async def _greeted(self, address: str) -> Line:
        """Connect and wait for the hello.

        Raises:
            DeliveryRetry: there is no connection, or Slack does not want it.
        """
        try:
            async with self._clock.timeout(HELLO_SECONDS):
                socket = await self._web.session.ws_connect(
                    address, autoping=False, timeout=ClientWSTimeout(ws_close=CLOSE_SECONDS)
                )
                try:
                    hello = await _next(socket, lambda: None) or {}
                except BaseException:
                    await socket.close()
                    raise
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Not its message: the address is a secret while it is good.
            raise DeliveryRetry(f"it cannot be opened ({type(error).__name__})") from None
        if hello.get("type") == "hello":
            return Line(socket, self._clock, self._take)
        await socket.close()
        reason = string(hello, "reason") or "no hello"
        crowded = REASONS.get(reason) is End.CROWDED
        raise DeliveryRetry(reason, CROWDED if crowded else None)


async def open_address(client: AsyncWebClient, app_token: str) -> str:
    """Ask Slack for the address of one websocket (apps.connections.open).

    Raises:
        DeliveryError: Slack does not say.
    """
    answer = await call(client.apps_connections_open(app_token=app_token))
    if not (address := string(answer, "url")):
        raise DeliveryUnknown("Slack opens a connection without saying where")
    return address


async def _next(
    socket: ClientWebSocketResponse, alive: Callable[[], None]
) -> dict[str, Any] | None:
    """The next message that is an object, None at the end; whatever comes is a sign of life."""
    while True:
        frame = await socket.receive()
        alive()
        if frame.type is WSMsgType.PING:
            await socket.pong(frame.data)
        elif frame.type is WSMsgType.TEXT:
            if (message := _object(frame.data)) is not None:
                return message
        elif frame.type not in (WSMsgType.PONG, WSMsgType.BINARY):
            return None


def _object(text: str) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        log.warning("Slack sent something that is no JSON")
        return None
    return message if isinstance(message, dict) else None


def _payload(body: bytes) -> dict[str, Any]:
    """What an acknowledgement carries: JSON as it is, words as a message."""
    return _object(body.decode()) or {"text": body.decode()}
