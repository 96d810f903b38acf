"""The baseline: the best echo that one would reasonably write with slack-bolt and nothing else.

Own aiohttp route, one shared client session, one listener, no storage: what it acknowledged and
did not answer before it dies is lost. Run as a process of its own: `python -m benchmarks.bare_bolt`
with SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and SLACK_API_URL.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def echo(event: dict[str, Any], client: AsyncWebClient) -> None:
    """Answer a message with itself, in its thread."""
    thread = event.get("thread_ts") or event["ts"]
    await client.chat_postMessage(channel=event["channel"], thread_ts=thread, text=event["text"])


async def main() -> None:
    """Serve until SIGTERM."""
    token = os.environ["SLACK_BOT_TOKEN"]
    connector = aiohttp.TCPConnector(limit=100, keepalive_timeout=60)
    timeout = aiohttp.ClientTimeout(total=10, connect=3)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        client = AsyncWebClient(token=token, base_url=os.environ["SLACK_API_URL"], session=session)
        app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
        app.event("message")(echo)

        async def receive(request: web.Request) -> web.Response:
            answer = await app.async_dispatch(await to_bolt_request(request))
            return await to_aiohttp_response(answer)

        server = web.Application()
        server.router.add_post("/slack/events", receive)
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
