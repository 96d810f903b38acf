"""The baseline: Microsoft's own echo bot, CloudAdapter behind aiohttp, as its samples have it.

No authentication (no app id is set), no storage, no card: what comes in goes out again. Run as a
process of its own with botbuilder-integration-aiohttp in its path: `python -m
benchmarks.stock_teams`. https://github.com/microsoft/BotBuilder-Samples/tree/main/samples/python
"""

from __future__ import annotations

import asyncio
import signal
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler  # type: ignore[import-untyped]
from botbuilder.integration.aiohttp import (  # type: ignore[import-untyped]
    CloudAdapter,
    ConfigurationBotFrameworkAuthentication,
)

CONFIGURATION = SimpleNamespace(APP_ID="", APP_PASSWORD="", APP_TYPE="MultiTenant", APP_TENANTID="")


class Echo(ActivityHandler):  # type: ignore[misc]
    """Answers a message with itself."""

    async def on_message_activity(self, turn_context: Any) -> None:
        await turn_context.send_activity(turn_context.activity.text)


async def main() -> None:
    """Serve until SIGTERM."""
    adapter, bot = CloudAdapter(ConfigurationBotFrameworkAuthentication(CONFIGURATION)), Echo()

    async def messages(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await adapter.process(request, bot)
        return answer

    server = web.Application()
    server.router.add_post("/api/messages", messages)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ready on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await stopping.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
