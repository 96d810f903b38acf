"""The local Slack and Slack's own client, for the adapter's unit tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from tests.support.clock import TestClock


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def twin(clock: TestClock) -> AsyncIterator[SlackTwin]:
    """The local Slack; it tells nobody of anything."""
    twin = SlackTwin(clock, signing_secret="secret")
    await twin.start()
    yield twin
    await twin.stop()


@pytest.fixture
def client(twin: SlackTwin) -> AsyncWebClient:
    return AsyncWebClient("xoxb-test", base_url=twin.api_url, retry_handlers=[])
