"""A platform's way to the bot on a bad day: late, twice, out of order, and again until taken."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping

import aiohttp
from aiohttp import web

from agent.ports import Clock

HEADERS = ("Content-Type", "X-Slack-Request-Timestamp", "X-Slack-Signature", "Authorization")
AGAIN = 0.25
"""Seconds before what was not taken is brought again; the platforms take their time with that."""
USUAL = 0.2
LATE = 3.0
"""Seconds at most that an event is on its way, usually and on every tenth way."""
DUPLICATES = 0.3
PATIENCE = 3.0


class BadNetwork:
    """Stands between the twin and the bot. `taken` are the ids of the messages that were taken."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.url = ""
        self.bot = ""
        self.taken: set[str] = set()
        self.refused = 0
        self.brought = 0
        self._clock = clock
        self._rng = rng
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Listen for the twin on a free port of the loopback interface."""
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}/".format(*self._runner.addresses[0][:2])
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))

    async def stop(self) -> None:
        """Lose what is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None and self._session is not None:
            await self._runner.cleanup()
            await self._session.close()

    async def idle(self) -> None:
        """Wait until everything was brought."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
        copies = 1 + (self._rng.random() < DUPLICATES)
        for _ in range(copies):
            task = asyncio.create_task(self._bring(body, headers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.Response()

    async def _bring(self, body: bytes, headers: Mapping[str, str]) -> None:
        longest = LATE if self._rng.random() < 0.1 else USUAL
        await self._clock.sleep(self._rng.uniform(0, longest))
        while not await self._post(body, headers):
            self.refused += 1
            await self._clock.sleep(AGAIN)
        self.brought += 1
        told = json.loads(body)
        self.taken.add(told["event"]["ts"] if "event" in told else told["id"])

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> bool:
        assert self._session is not None
        try:
            async with self._session.post(self.bot, data=body, headers=headers) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
