"""Losing a process without killing one: nothing of an app runs, writes or sends any more."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.app import App
from tests.support.crashing import Crash

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("agent", "adapters", "bot", "storage")
ROUNDS = 5
"""Of cancelling: what ends may begin something to clean up after itself, as no dead process can."""


_held: list[socket.socket] = []


@functools.cache
def closed_port() -> int:
    """A port of the loopback interface on which nobody listens and nobody else can. That of a dead
    process may be given to the next one that asks for any, and tests run beside each other.
    """
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    _held.append(held)
    port: int = held.getsockname()[1]
    return port


async def abandon(app: App) -> None:
    """Drop an app where it stands; only what it had committed is left.

    The database goes first, so that whatever the tasks still try as they are torn down changes
    nothing. What was already on the wire stays there, as in a real crash.
    """
    await app.store.close()
    for _ in range(ROUNDS):
        tasks = [task for task in asyncio.all_tasks() if _is_product(task)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await _stopped(app.server.stop)
    for adapter in app.adapters.values():
        await _stopped(adapter.stop)


async def _stopped(stop: Callable[[], Awaitable[None]]) -> None:
    """Stop a part; a request that is just dying (see `crashing`) may come out of it."""
    for _ in range(ROUNDS):
        with suppress(Crash):
            await stop()
            return


def _is_product(task: asyncio.Task[Any]) -> bool:
    """Whether a task runs our own code; the twins are the world and live on."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and _is_product_file(code.co_filename)


@functools.cache
def _is_product_file(name: str) -> bool:
    path = Path(name)
    if not path.is_relative_to(ROOT):
        return False
    ours = path.relative_to(ROOT).parts[0] in PRODUCT
    return ours and not path.name.startswith("twin")
