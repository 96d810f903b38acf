"""`frontdesk run`: the process from its first line to its drain."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable

from agent.providers import preload_models
from bot.app import App, build
from bot.settings import Configuration

COLLECT_AFTER = (20_000, 50, 100)
"""A turn makes a few hundred objects and nearly no cycles: looking for them every 700 (the default)
costs a twentieth of a turn."""

log = logging.getLogger(__name__)


async def serve(configuration: Configuration, *, announce: Callable[[str], None]) -> None:
    """Start, say where it listens, and stop in order at SIGTERM or SIGINT.

    Raises:
        ConfigError: something is missing or wrong, or the address is taken.
        StorageError: the database cannot be opened.
    """
    app = build(configuration)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        if not await _started(app, stopping):
            return
        # Everything alive now lives as long as the process: the collector need not look at it
        # again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        announce(f"Frontdesk is ready on {address_of(configuration.settings.host, app.port)}")
        # A vendor's SDK takes up to two seconds to import: not on the way to ready, and not on
        # the way of the first message either.
        warming = asyncio.create_task(
            asyncio.to_thread(preload_models, configuration.settings.models)
        )
        await stopping.wait()
        log.info("stopping: running turns are finished first")
        with contextlib.suppress(asyncio.CancelledError):
            await warming
    finally:
        await app.stop()


def address_of(host: str, port: int) -> str:
    """Where a browser finds the server; an IPv6 address stands in brackets (RFC 3986 §3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _started(app: App, stopping: asyncio.Event) -> bool:
    """Start, for as long as a platform that is out takes; False if told to stop before that."""
    starting = asyncio.ensure_future(app.start())
    told = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({starting, told}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            return True
        log.info("stopping before it was ready")
        return False
    finally:
        for task in (starting, told):
            task.cancel()
        await asyncio.wait({starting, told})
