"""Slack's Web API as cheaply as possible: takes every post, remembers it, answers at once.

It is no twin: it knows no rules of Slack and is there only to be called. What a bot posts is kept
by its place, so that a measurement can prove that each message was answered exactly once.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from benchmarks.wire import Message, ServerConnection

TEAM, BOT_USER, BOT, APP = "T0BENCH", "U0BENCHBOT", "B0BENCHBOT", "A0BENCH"
TOKEN = "xoxb-bench"  # noqa: S105 - this Slack takes any
SIGNING_SECRET = "bench-signing-secret"  # noqa: S105

AUTH = {
    "ok": True,
    "url": "https://bench.slack.example/",
    "team": "Bench",
    "user": "frontdesk",
    "team_id": TEAM,
    "user_id": BOT_USER,
    "bot_id": BOT,
    "is_enterprise_install": False,
}


class Place(NamedTuple):
    """Where a post stands: channel, and the ts of the thread's root."""

    channel: str
    thread: str


class FakeSlack:
    """The server; `start` and `stop` it."""

    def __init__(self) -> None:
        """Nothing listens yet."""
        self.port = 0
        self.calls: Counter[str] = Counter()
        self.posts: dict[Place, list[str]] = {}
        self.waiting: dict[Place, Callable[[], None]] = {}
        """Told, once, of the first post in a place."""
        self._server: asyncio.Server | None = None
        self._numbered = 0

    @property
    def api_url(self) -> str:
        """The base URL for a bot's SDK."""
        return f"http://127.0.0.1:{self.port}/api/"

    async def start(self) -> None:
        """Listen on a port that the system chooses."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ServerConnection(self._answer), "127.0.0.1", 0
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def forget(self) -> None:
        """Drop what was posted and counted; verified runs need it no more."""
        self.posts.clear()
        self.waiting.clear()
        self.calls.clear()

    def _answer(self, request: Message) -> bytes:
        path, query = request.target
        method = path.removeprefix("/api/")
        self.calls[method] += 1
        match method:
            case "chat.postMessage":
                return self._post(_arguments(request))
            case "assistant.threads.setStatus":
                return b'{"ok":true}'
            case "users.info":
                asked = dict(parse_qsl(query)) or _arguments(request)
                return json.dumps(_profile(asked["user"])).encode()
            case "auth.test":
                return json.dumps(AUTH).encode()
        return b'{"ok":false,"error":"unknown_method"}'

    def _post(self, post: dict[str, Any]) -> bytes:
        place = Place(post["channel"], post.get("thread_ts") or "")
        self.posts.setdefault(place, []).append(post["text"])
        if tell := self.waiting.pop(place, None):
            tell()
        self._numbered += 1
        ts = f"1790000000.{self._numbered:06d}"
        # Slack repeats the message as it shows it; here it is as long for every bot.
        message = {"type": "message", "subtype": "bot_message", "text": "", "ts": ts}
        message |= {"thread_ts": place.thread, "bot_id": BOT, "app_id": APP}
        told = {"ok": True, "channel": place.channel, "ts": ts, "message": message}
        return json.dumps(told).encode()


def _arguments(request: Message) -> dict[str, Any]:
    """What a method is called with: JSON, or the form that Slack's own SDK for Node sends."""
    if request.body.startswith(b"{"):
        told: dict[str, Any] = json.loads(request.body)
        return told
    return dict(parse_qsl(request.body.decode()))


def _profile(user: str) -> dict[str, Any]:
    profile = {"real_name": f"Person {user}", "display_name": user}
    told = {"id": user, "team_id": TEAM, "locale": "en-GB", "tz": "Europe/London"}
    return {"ok": True, "user": {**told, "profile": profile}}
