"""What a local platform delivers to, in its own tests: it keeps requests and answers as told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiohttp import web

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """One request: its headers, its bytes, and what they say."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The JSON body."""
        parsed: Json = json.loads(self.body)
        return parsed


R = TypeVar("R", bound=Received)


class Listener(Generic[R]):
    """A bot that only listens. `answers` are used up first, then every request gets `status`.

    While `silent` it takes requests and never answers.
    """

    route: str
    status: int
    reading: type[R]

    def __init__(self) -> None:
        self.received: list[R] = []
        self.answers: deque[web.Response] = deque()
        self.silent = False
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        app = web.Application()
        app.router.add_post(self.route, self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}{self.route}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        self.received.append(self.reading(dict(request.headers), await request.read()))
        if self.silent:
            await asyncio.Event().wait()
        return self.answers.popleft() if self.answers else web.Response(status=self.status)
