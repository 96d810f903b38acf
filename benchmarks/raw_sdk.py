"""The baseline of a model turn: the same request through the vendor's SDK, and nothing else.

A process of its own, `python -m benchmarks.raw_sdk VENDOR REQUEST` with the vendor's variables: it
says `ready`, and then for each line `CALLS AT_ONCE` on its standard input makes so many streaming
calls with the body in the file REQUEST, gathers the text, validates it as a decision, and says
`done`. It uses the SDK as its documentation shows it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from agent.decision import parse_decision

Ask = Callable[[], Awaitable[str]]


def anthropic(request: dict[str, Any]) -> Ask:
    """One streaming call of `messages`."""
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(max_retries=0)

    async def ask() -> str:
        events = await client.messages.create(**request)
        deltas = [one.delta async for one in events if one.type == "content_block_delta"]
        return "".join(delta.text for delta in deltas if delta.type == "text_delta")

    return ask


def openai(request: dict[str, Any]) -> Ask:
    """One streaming call of `chat.completions`."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(max_retries=0)

    async def ask() -> str:
        chunks = await client.chat.completions.create(**request)
        deltas = [chunk.choices[0].delta async for chunk in chunks if chunk.choices]
        return "".join(delta.content or "" for delta in deltas)

    return ask


VENDORS: dict[str, Callable[[dict[str, Any]], Ask]] = {"anthropic": anthropic, "openai": openai}


async def make_calls(ask: Ask, calls: int, at_once: int) -> None:
    """Make so many calls, `at_once` of them at any time, and validate each answer."""
    numbers = iter(range(calls))

    async def slot() -> None:
        for _ in numbers:
            parse_decision(await ask(), ())

    await asyncio.gather(*(slot() for _ in range(at_once)))


async def main() -> None:
    """Make calls as told until standard input ends."""
    vendor, file = sys.argv[1:]
    ask = VENDORS[vendor](json.loads(Path(file).read_text()))  # noqa: ASYNC240 - nothing runs yet
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        calls, at_once = map(int, line.split())
        await make_calls(ask, calls, at_once)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
