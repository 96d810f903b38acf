"""One question to a fake model, from the act that was scripted for it to bytes on the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aiohttp import web

from agent.models import Usage
from agent.ports import Clock
from tests.support.model_acts import (
    USAGE,
    Act,
    Answer,
    BadChunk,
    Cut,
    Drip,
    DropConnection,
    EarlyEnd,
    Events,
    Fail,
    InStreamError,
    Raw,
    Refusal,
    Slow,
    ToolUse,
)
from tests.support.model_dialects import CHAT, Dialect, Event

PIECE = 24
"""Characters of one delta of an ordinary answer."""
STREAM_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}

Scripted = Cut | Refusal | ToolUse | InStreamError | DropConnection | BadChunk | EarlyEnd | Events


@dataclass(slots=True)
class Asked:
    """One request as it came. `headers` have lower-case names, `body` is {} for a GET, `peer` is
    the client's end of the connection.

    `disconnected`: the client went away before the answer was complete. `over` is set when the
    server has nothing more to do with it.
    """

    path: str
    model: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    peer: str = ""
    disconnected: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


def failed(dialect: Dialect, act: Fail) -> web.Response:
    """An HTTP error in the vendor's shape."""
    body = dialect.failure(act) if act.body is None else act.body
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    headers = {"Content-Type": kind, **act.headers}
    return web.Response(status=act.status, body=text.encode(), headers=headers)


def events_of(act: Scripted, dialect: Dialect, model: str) -> list[Event]:
    """The events of an act that are sent without waiting in between."""
    match act:
        case ToolUse():
            return dialect.tools(model, act)
        case Refusal():
            return dialect.refuse(model, act.text, USAGE)
        case Events():
            return list(act.events)
        case Cut():
            begun = [*dialect.begin(model, USAGE), dialect.delta(act.text)]
            return begun + dialect.finish(model, act.text, act.reason or dialect.cut, USAGE)
    events = [*dialect.begin(model, USAGE), dialect.delta(act.after)] if act.after else []
    if isinstance(act, InStreamError):
        events.append(dialect.trouble(act))
    if isinstance(act, DropConnection) and act.finished:
        events.extend(dialect.finish(model, act.after, "", USAGE))
    return events


@lru_cache(maxsize=256)
def whole_answer(dialect: Dialect, model: str, text: str, usage: Usage) -> bytes:
    """The body of an ordinary answer; a benchmark asks for the same one again and again."""
    deltas = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    events = [
        *dialect.begin(model, usage),
        *map(dialect.delta, deltas),
        *dialect.finish(model, text, "", usage),
    ]
    return b"".join(map(dialect.frame, events)) + dialect.last


class Talk:
    """One question being answered."""

    def __init__(self, request: web.Request, dialect: Dialect, clock: Clock, asked: Asked) -> None:
        """Nothing is sent yet."""
        self._request = request
        self._dialect = dialect
        self._clock = clock
        self._asked = asked
        self._response: web.StreamResponse | None = None

    async def perform(self, act: Act) -> web.StreamResponse:
        """Do as told; what the client did meanwhile is noted in the `Asked`."""
        try:
            return await self._perform(act)
        except (asyncio.CancelledError, ConnectionError):
            self._asked.disconnected = True
            raise
        finally:
            self._asked.over.set()

    async def _perform(self, act: Act) -> web.StreamResponse:
        match act:
            case Slow():
                if act.head_first:
                    await self._head()
                await self._clock.sleep(act.seconds)
                return await self._perform(act.then)
            case Fail():
                return failed(self._dialect, act)
            case Answer() | Raw() if not self._asked.body.get("stream"):
                # A client that did not ask for a stream only looks at the status here.
                return web.json_response({"id": "1", "type": "message", "text": act.text})
            case Answer() | Raw():
                model = self._asked.model
                return await self._send(whole_answer(self._dialect, model, act.text, act.usage))
            case Drip():
                return await self._drip(act)
        return await self._follow(act)

    async def _follow(self, act: Scripted) -> web.StreamResponse:
        await self._say(*events_of(act, self._dialect, self._asked.model))
        match act:
            case DropConnection():
                return self._drop(reset=act.reset)
            case BadChunk():
                name = b"" if self._dialect is CHAT else b"event: message_delta\n"
                return await self._send(name + b"data: " + act.data + b"\n\n")
            case EarlyEnd():
                return await self._head()
        return await self._send(self._dialect.last)

    async def _drip(self, act: Drip) -> web.StreamResponse:
        dialect, model = self._dialect, self._asked.model
        await self._say(*dialect.begin(model, act.usage))
        for at in range(0, len(act.text), act.characters):
            await self._clock.sleep(act.seconds)
            await self._say(dialect.delta(act.text[at : at + act.characters]))
        await self._say(*dialect.finish(model, act.text, "", act.usage))
        return await self._send(dialect.last)

    def _drop(self, *, reset: bool) -> web.StreamResponse:
        transport = self._request.transport
        if transport is not None:
            if reset:
                # Lingering for no time at all makes the system send a reset.
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.close()
        return self._response or web.Response()

    async def _head(self) -> web.StreamResponse:
        if self._response is None:
            self._response = web.StreamResponse(headers=STREAM_HEADERS)
            await self._response.prepare(self._request)
        return self._response

    async def _say(self, *events: Event) -> None:
        if events:
            await self._send(b"".join(map(self._dialect.frame, events)))

    async def _send(self, data: bytes) -> web.StreamResponse:
        response = await self._head()
        if data:
            await response.write(data)
        return response
