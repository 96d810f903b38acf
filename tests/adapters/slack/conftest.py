"""The local Slack and Slack's own client, for the adapter's unit tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.adapter import SlackAdapter
from adapters.slack.twin import SlackTwin
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.socket_slack import Connect


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


@pytest.fixture
async def connect(twin: SlackTwin, clock: TestClock) -> AsyncIterator[Connect]:
    """Starts the adapter in Socket Mode with a door."""
    twin.socket_mode = True
    started: list[SlackAdapter] = []

    async def start(door: OpenDoor) -> SlackAdapter:
        one = SlackAdapter(
            token="xoxb-test", app_token="xapp-test", api_url=twin.api_url, clock=clock
        )
        started.append(one)
        await one.start(door)
        await clock.settle()
        return one

    yield start
    for one in started:
        stopping = asyncio.create_task(one.stop())
        await clock.until(stopping.done)
        await stopping
