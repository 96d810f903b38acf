"""The local Slack as a process of its own, driven and read through its control API."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack_listener import Listener

Json = dict[str, Any]


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


@pytest.fixture
async def process(bot: Listener) -> AsyncIterator[tuple[asyncio.subprocess.Process, Json]]:
    """A running process and the addresses that it printed."""
    command = [sys.executable, "-m", "adapters.slack.twin", "--events-url", bot.url]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert running.stdout
    yield running, json.loads(await running.stdout.readline())
    if running.returncode is None:
        running.terminate()
        await running.wait()


async def test_a_process_is_driven_and_read(
    process: tuple[asyncio.subprocess.Process, Json], bot: Listener
) -> None:
    """What is said there arrives here, and the answer is found there."""
    running, addresses = process
    client = AsyncWebClient("xoxb-test", base_url=addresses["api_url"])
    async with aiohttp.ClientSession() as session:
        twin = Remote(addresses["control_url"], session)
        ada = (await twin.do("users", name="Ada"))["user"]
        channel = (await twin.do("channels", name="general", members=[ada]))["channel"]
        said = await twin.do("say", user=ada, channel=channel, text="hello")
        assert (await twin.do("idle"))["http"] == 200
        assert bot.events[0]["ts"] == said["ts"]
        await client.chat_postMessage(channel=channel, text="hi", thread_ts=said["ts"])
        seen = await twin.see("messages", channel=channel, thread_ts=said["ts"])
        assert [message["text"] for message in seen["messages"]] == ["hello", "hi"]
        assert (await twin.see("calls", method="chat.postMessage"))["calls"][0]["done"]
        await twin.do("idle")
        assert len((await twin.see("deliveries"))["deliveries"]) == 2
        assert (await twin.do("say", user=ada, text="in private"))["channel"][0] == "D"
        unknown = await twin.do("say", user="U0", text="x")
        assert (unknown["http"], unknown["error"]) == (400, "KeyError: 'U0'")
    running.send_signal(signal.SIGTERM)
    assert await running.wait() == 0
