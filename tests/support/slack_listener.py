"""What the local Slack delivers to, in its own tests: it keeps each request and answers as told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """One request: its headers, its bytes, and what they say."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The JSON body, or the form's `payload`."""
        if self.headers["Content-Type"] == "application/json":
            text = self.body.decode()
        else:
            text = self.form["payload"]
        parsed: Json = json.loads(text)
        return parsed

    @property
    def event(self) -> Json:
        """The inner event."""
        event: Json = self.json["event"]
        return event

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Listener:
    """A bot that only listens. `answers` are used up first, then every request gets a 200.

    While `silent` it takes requests and never answers.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[web.Response] = deque()
        self.silent = False
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        app = web.Application()
        app.router.add_post("/slack/events", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/slack/events"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner:
            await self._runner.cleanup()

    @property
    def events(self) -> list[Json]:
        """The inner events, in order of arrival."""
        return [received.event for received in self.received]

    def of(self, kind: str) -> list[Json]:
        """The inner events of one type or subtype."""
        return [e for e in self.events if kind in {e.get("type"), e.get("subtype")}]

    async def _handle(self, request: web.Request) -> web.Response:
        self.received.append(Received(dict(request.headers), await request.read()))
        if self.silent:
            await asyncio.Event().wait()
        return self.answers.popleft() if self.answers else web.Response()


async def refusal(call: Awaitable[object]) -> Json:
    """The answer of a call of the Web API that Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        await call
    answer: Json = caught.value.response.data
    return answer


def section(text: str) -> Json:
    """A block with this text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
