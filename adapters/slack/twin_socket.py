"""The local Slack's websockets: addresses, hello, envelopes and what was acknowledged.

https://docs.slack.dev/apis/events-api/using-socket-mode: at most ten connections, an envelope goes
to one of them, an address is good for one connection.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from adapters.slack.twin_events import ACK_SECONDS, Answer
from adapters.slack.twin_state import Identity, Json, Settings
from agent.ports import Clock
from twins.faults import reset

HOST = "applink-twin"
CONNECTION_SECONDS = 18_060
"""How long Slack says that a connection will last, about."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that was sent: through which socket, what, and whether it was acknowledged."""

    id: str
    socket: int
    body: Json
    acks: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class _Socket:
    number: int
    request: web.Request
    wire: web.WebSocketResponse
    is_mute: bool = False


class Sockets:
    """The open websockets, numbered from 1 in the order in which they came."""

    def __init__(self, clock: Clock, identity: Identity, settings: Settings) -> None:
        self.base_url = ""
        self.pongs = 0
        self._clock = clock
        self._identity = identity
        self._settings = settings
        self._open: dict[int, _Socket] = {}
        self._sent: dict[str, Envelope] = {}
        self._tickets: set[str] = set()
        self._waiting: dict[str, tuple[int, asyncio.Future[Json | None]]] = {}
        self._numbers = itertools.count(1)
        self._turns = itertools.count()

    def routes(self) -> list[web.RouteDef]:
        """What the twin's server needs."""
        return [web.get("/link/", self._serve)]

    def ticket(self) -> str:
        """The address of one connection that may be made."""
        ticket = f"ticket-{next(self._numbers)}"
        self._tickets.add(ticket)
        address = self.base_url.replace("http", "ws", 1)
        return f"{address}link/?ticket={ticket}&app_id={self._identity.app_id}"

    @property
    def envelopes(self) -> list[Envelope]:
        """All that were sent, oldest first."""
        return list(self._sent.values())

    @property
    def open(self) -> list[int]:
        """The numbers of the open sockets, oldest first."""
        return list(self._open)

    async def disconnect(self, reason: str = "refresh_requested", number: int = 0) -> None:
        """Announce the end of a socket (0: of all); it goes on until it is closed."""
        body = {"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}}
        for socket in self._chosen(number):
            await socket.wire.send_str(json.dumps(body))

    async def close(self, number: int = 0) -> None:
        """Close a socket in order (0: all)."""
        for socket in self._chosen(number):
            await socket.wire.close()

    def kill(self, number: int = 0) -> None:
        """Reset the connection of a socket (0: of all)."""
        for socket in self._chosen(number):
            reset(socket.request)

    def mute(self, number: int = 0) -> None:
        """Let a socket (0: all) neither answer nor end, as when a network forgets a connection."""
        for socket in self._chosen(number):
            socket.is_mute = True

    async def ping(self) -> None:
        """Ask every socket for a sign of life; `pongs` counts those that came."""
        for socket in self._chosen(0):
            await socket.wire.ping()

    async def write(self, text: str) -> None:
        """Send anything through every socket."""
        for socket in self._chosen(0):
            await socket.wire.send_str(text)

    def _chosen(self, number: int) -> list[_Socket]:
        return [socket for socket in self._open.values() if number in (0, socket.number)]

    async def deliver(self, kind: str, payload: Any, attempt: int = 0, reason: str = "") -> Answer:
        """Send an envelope through the socket whose turn it is; how it was acknowledged."""
        socket = self._next()
        if socket is None:
            return Answer(0, reason="no_connection")
        envelope_id = str(uuid.UUID(int=len(self._sent) + 1))
        body = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            body |= {"retry_attempt": attempt, "retry_reason": reason}
        self._sent[envelope_id] = Envelope(envelope_id, socket.number, body)
        began = self._clock.monotonic()
        answer = await self._exchange(socket, envelope_id, json.dumps(body))
        seconds = self._clock.monotonic() - began
        return Answer(answer.status, answer.text, answer.reason, seconds)

    def _next(self) -> _Socket | None:
        sockets = [one for one in self._open.values() if not one.wire.closed]
        return sockets[next(self._turns) % len(sockets)] if sockets else None

    async def _exchange(self, socket: _Socket, envelope_id: str, text: str) -> Answer:
        acked: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = socket.number, acked
        try:
            async with self._clock.timeout(ACK_SECONDS):
                if not socket.is_mute:
                    await socket.wire.send_str(text)
                ack = await acked
        except TimeoutError:
            return Answer(0, reason="timeout")
        except OSError:
            ack = None
        finally:
            del self._waiting[envelope_id]
        if ack is None:
            return Answer(0, reason="connection_closed")
        return Answer(200, json.dumps(ack["payload"]) if "payload" in ack else "")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403)
        self._tickets.remove(ticket)
        wire = web.WebSocketResponse(autoping=False)
        await wire.prepare(request)
        if len(self._open) >= self._settings.most_sockets:
            body = {"type": "disconnect", "reason": "too_many_websockets"}
            await wire.send_str(json.dumps(body))
            await wire.close()
            return wire
        socket = _Socket(int(ticket.removeprefix("ticket-")), request, wire)
        self._open[socket.number] = socket
        try:
            await wire.send_str(json.dumps(self._hello()))
            await self._listen(socket)
        finally:
            del self._open[socket.number]
            for number, acked in list(self._waiting.values()):
                if number == socket.number and not acked.done():
                    acked.set_result(None)
        return wire

    def _hello(self) -> Json:
        about = {"host": HOST, "approximate_connection_time": CONNECTION_SECONDS}
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": self._identity.app_id},
            "debug_info": about,
        }

    async def _listen(self, socket: _Socket) -> None:
        async for frame in socket.wire:
            if socket.is_mute:
                continue
            if frame.type is WSMsgType.PING:
                await socket.wire.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._acknowledge(json.loads(frame.data))
            self.pongs += frame.type is WSMsgType.PONG

    def _acknowledge(self, ack: Json) -> None:
        envelope_id = ack["envelope_id"]
        if envelope := self._sent.get(envelope_id):
            envelope.acks.append(ack)
        _, acked = self._waiting.get(envelope_id, (0, None))
        if acked is not None and not acked.done():
            acked.set_result(ack)
