"""A baseline that loses nothing it acknowledged: bolt with an inbox in SQLite, simply written.

Each message is committed by itself before bolt acknowledges it, a task of its own answers it, and
what was not done when the process died is done at the next start. An answer that was posted just
before that is posted again. Run as a process of its own: `python -m benchmarks.naive_bolt` with
SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, SLACK_API_URL, DATABASE (a path) and HANDLER_SECONDS.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.bolt_server import serve

TABLE = """
CREATE TABLE IF NOT EXISTS inbox (
    channel TEXT, ts TEXT, thread TEXT, text TEXT, done INTEGER DEFAULT 0,
    PRIMARY KEY (channel, ts)
)
"""


class Bot:
    """Keeps messages and answers each with itself, in its thread."""

    def __init__(self, db: sqlite3.Connection, client: AsyncWebClient, seconds: float) -> None:
        self._db = db
        self._client = client
        self._seconds = seconds
        self._tasks: set[asyncio.Task[None]] = set()

    async def keep(self, body: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:
        """Commit a message before it is acknowledged; its repetitions change nothing."""
        event = body["event"]
        row = (event["channel"], event["ts"], event.get("thread_ts") or event["ts"], event["text"])
        with self._db:
            query = "INSERT OR IGNORE INTO inbox (channel, ts, thread, text) VALUES (?, ?, ?, ?)"
            new = self._db.execute(query, row).rowcount
        if new:
            self._begin(row)
        await next()

    def begin_again(self) -> None:
        """Answer what a process before this one left."""
        query = "SELECT channel, ts, thread, text FROM inbox WHERE done = 0 ORDER BY rowid"
        for row in self._db.execute(query).fetchall():
            self._begin(row)

    def _begin(self, row: tuple[str, str, str, str]) -> None:
        task = asyncio.create_task(self._answer(*row))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, channel: str, ts: str, thread: str, text: str) -> None:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        await self._client.chat_postMessage(channel=channel, thread_ts=thread, text=text)
        with self._db:
            query = "UPDATE inbox SET done = 1 WHERE channel = ? AND ts = ?"
            self._db.execute(query, (channel, ts))


async def heard() -> None:
    """The event's listener: everything is done by then, but bolt wants one."""


async def main() -> None:
    """Serve until SIGTERM."""
    db = sqlite3.connect(os.environ["DATABASE"])
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(TABLE)
    connector = aiohttp.TCPConnector(limit=100, keepalive_timeout=60)
    async with aiohttp.ClientSession(connector=connector) as session:
        token, address = os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_API_URL"]
        client = AsyncWebClient(token=token, base_url=address, session=session)
        bot = Bot(db, client, float(os.environ.get("HANDLER_SECONDS", "0")))
        app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
        app.use(bot.keep)
        app.event("message")(heard)
        await serve(app, bot.begin_again)


if __name__ == "__main__":
    asyncio.run(main())
