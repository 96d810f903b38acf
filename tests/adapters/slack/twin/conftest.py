"""A bot that listens to the local Slack, for the twin's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.twin import SlackTwin
from tests.support.slack_listener import Listener


@pytest.fixture
async def bot() -> AsyncIterator[Listener]:
    """A bot that only listens."""
    bot = Listener()
    await bot.start()
    yield bot
    await bot.stop()


@pytest.fixture
def told(twin: SlackTwin, bot: Listener) -> Listener:
    """The bot, subscribed to the twin's events."""
    twin.events_url = bot.url
    return bot
