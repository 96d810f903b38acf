"""The local Slack, a bot that listens, and Slack's own client, for the twin's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from tests.support.clock import TestClock
from tests.support.slack_listener import Listener


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def bot() -> AsyncIterator[Listener]:
    """A bot that only listens."""
    bot = Listener()
    await bot.start()
    yield bot
    await bot.stop()


@pytest.fixture
async def twin(clock: TestClock) -> AsyncIterator[SlackTwin]:
    """The local Slack; it tells nobody until it gets an `events_url`."""
    twin = SlackTwin(clock, signing_secret="secret")
    await twin.start()
    yield twin
    await twin.stop()


@pytest.fixture
def told(twin: SlackTwin, bot: Listener) -> Listener:
    """The bot, subscribed to the twin's events."""
    twin.events_url = bot.url
    return bot


@pytest.fixture
def client(twin: SlackTwin) -> AsyncWebClient:
    return AsyncWebClient("xoxb-test", base_url=twin.api_url, retry_handlers=[])
