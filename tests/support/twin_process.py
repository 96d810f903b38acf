"""A local platform as a process of its own, and its control API, for its own tests."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Json = dict[str, Any]
Running = tuple[asyncio.subprocess.Process, Json]
"""A process, and the addresses that it printed."""


class Remote:
    """The control API of a process."""

    def __init__(self, control_url: str, session: aiohttp.ClientSession) -> None:
        self._url = control_url
        self._session = session

    async def do(self, act: str, **body: Any) -> Json:
        async with self._session.post(self._url + act, json=body) as response:
            return dict(await response.json(), http=response.status)

    async def see(self, view: str, **query: str) -> Json:
        async with self._session.get(self._url + view, params=query) as response:
            seen: Json = await response.json()
            return seen


@asynccontextmanager
async def running(module: str, events_url: str) -> AsyncIterator[Running]:
    """A running process and the addresses that it printed."""
    command = [sys.executable, "-m", module, "--events-url", events_url]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    yield process, json.loads(await process.stdout.readline())
    if process.returncode is None:
        process.terminate()
        await process.wait()
