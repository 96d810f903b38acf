"""What the contracts share: each database in turn, and each platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.platforms import PLATFORMS
from tests.contracts.stage import Stage
from tests.storage.databases import DATABASES, Database
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """One database, whatever stores a test opens on it; gone at its end."""
    async with request.param(tmp_path) as database:
        yield database


@pytest.fixture(params=sorted(PLATFORMS))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Each platform in turn, its adapter started and its twin delivering to it over HTTP."""
    from bot.server import Server

    clock = TestClock()
    platform = PLATFORMS[request.param](clock)
    door = OpenDoor()
    await platform.start()
    await platform.adapter.start(door)

    async def nothing() -> None:
        """Always ready."""

    async def no_metrics() -> bytes:
        return b""

    server = Server(platform.adapter.routes, ready=nothing, metrics=no_metrics)
    port = await server.start("127.0.0.1", 0)
    platform.listen(port)
    await clock.settle()
    yield Stage(platform, door, clock)
    await server.stop()
    await platform.adapter.stop()
    await platform.adapter.stop()
    await platform.stop()
