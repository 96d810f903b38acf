"""The baseline: the best echo that one would reasonably write with slack-bolt and nothing else.

Own aiohttp route, one shared client session, one listener, no storage: what it acknowledged and
did not answer before it dies is lost. Run as a process of its own: `python -m benchmarks.bare_bolt`
with SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and SLACK_API_URL.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.bolt_server import serve


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
        await serve(app)


if __name__ == "__main__":
    asyncio.run(main())
