"""What the tests of Socket Mode share: how the adapter is connected, and a door that hesitates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from adapters.slack.adapter import SlackAdapter
from adapters.slack.twin import SlackTwin
from agent.messages import IncomingMessage
from agent.records import Accepted
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor

Connect = Callable[[OpenDoor], Awaitable[SlackAdapter]]
"""Starts the adapter with a door, and waits until it is connected if it can be."""


class SlowDoor(OpenDoor):
    """A door that takes what comes when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.now = asyncio.Event()

    async def accept(self, message: IncomingMessage) -> Accepted:
        await self.now.wait()
        return await super().accept(message)


async def write(twin: SlackTwin, clock: TestClock, text: str = "hello") -> str:
    """Somebody writes a direct message."""
    ts = await twin.say(twin.add_user(), text=text)
    await clock.settle()
    return ts
