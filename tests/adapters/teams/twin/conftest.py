"""A bot that listens to the local Teams, and a bot that calls it, for the twin's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.teams.twin import TeamsTwin
from tests.support.teams_listener import Client, Listener


@pytest.fixture
async def bot() -> AsyncIterator[Listener]:
    """A bot that only listens."""
    bot = Listener()
    await bot.start()
    yield bot
    await bot.stop()


@pytest.fixture
def told(twin: TeamsTwin, bot: Listener) -> Listener:
    """The bot, subscribed to the twin's activities."""
    twin.events_url = bot.url
    return bot


@pytest.fixture
def client(twin: TeamsTwin) -> Client:
    return Client(twin)
