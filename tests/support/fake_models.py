"""Fake models: one local server that speaks the wire protocols of all vendors, and does as told.

    async with FakeModels(clock) as fake:
        fake.script("claude-x", [Fail(529), Slow(3, Answer("Hello."))])
        provider = open_provider("claude-x", Surroundings(fake.environ, clock))

A question takes the next act scripted for its model, else the next one scripted for any model
(None), else `fake.otherwise`: a valid decision, unless set to another act or to a function of the
question. `fake.requests` keeps every question as it came over the wire; one that the vendor would
refuse is refused, see `model_rules`. Waiting is done on the clock; with the tests' clock a request
in flight holds time still.

Anthropic's messages are at /anthropic, OpenAI's responses and chat completions and what is
compatible with them at /openai/v1; `fake.environ` has the variables that lead there.

In a process of its own, with real time: `python -m tests.support.fake_models --port 0` prints the
address and serves until it is told to stop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from aiohttp import web

from agent.ports import Clock
from agent.providers import variables_of, vendors
from bot.clock import SystemClock
from tests.support.model_acts import (
    Act,
    Answer,
    BadChunk,
    Cut,
    Drip,
    DropConnection,
    EarlyEnd,
    Events,
    Fail,
    InStreamError,
    Raw,
    Refusal,
    Slow,
    ToolUse,
    decision,
    hang,
)
from tests.support.model_dialects import CHAT, MESSAGES, RESPONSES, Dialect
from tests.support.model_rules import refused
from tests.support.model_talk import Asked, Talk, failed

__all__ = [
    "LOOK_UP",
    "Act",
    "Answer",
    "Asked",
    "BadChunk",
    "Cut",
    "Drip",
    "DropConnection",
    "EarlyEnd",
    "Events",
    "Fail",
    "FakeModels",
    "InStreamError",
    "Raw",
    "Refusal",
    "Slow",
    "ToolUse",
    "decision",
    "hang",
]

LOOK_UP = "/models"
"""Scripts under this name instead of a model's are for requests to the list of models."""

PREFIXES = {"anthropic": "/anthropic", "openai": "/openai/v1"}
"""Where the vendors' APIs are."""
Otherwise = Act | Callable[[Asked], Act]


class FakeModels:
    """The server; start it with `async with`, or `start` and `stop`."""

    def __init__(self, clock: Clock) -> None:
        """Nothing listens yet."""
        self.clock = clock
        self.address = ""
        self.requests: list[Asked] = []
        self.otherwise: Otherwise = Answer()
        self.offered: set[str] | None = None
        """The models there are; None: any name is served, and there is no list of them."""
        self.key: str | None = None
        """The only key that is accepted; None for any."""
        self.client_key = "sk-test"
        """The key in `environ`."""
        self._scripts: defaultdict[str | None, deque[Act]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables of a product that talks to this server: every vendor's, led to
        the API of its name, or to OpenAI's where there is none.
        """
        told: dict[str, str] = {}
        for vendor in vendors():
            api = PREFIXES.get(vendor, PREFIXES["openai"])
            for name in variables_of(vendor):
                if name.endswith("_API_KEY"):
                    told[name] = self.client_key
                elif name.endswith("_BASE_URL"):
                    told[name] = self.address + api
        return told

    def script(self, model: str | None, acts: Iterable[Act]) -> None:
        """Add to what the next questions to `model` meet, in order; None: to any model."""
        self._scripts[model].extend(acts)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the address."""
        app = web.Application()
        app.router.add_post("/anthropic/v1/messages", self._answering(MESSAGES))
        app.router.add_post("/openai/v1/responses", self._answering(RESPONSES))
        app.router.add_post("/openai/v1/chat/completions", self._answering(CHAT))
        for prefix, dialect in (("/anthropic", MESSAGES), ("/openai", CHAT)):
            app.router.add_get(f"{prefix}/v1/models", self._listing(dialect))
            app.router.add_get(f"{prefix}/v1/models/{{model:.+}}", self._listing(dialect))
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.01
        )
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        self._runner = runner
        bound_host, bound_port = runner.addresses[0][:2]
        self.address = f"http://{bound_host}:{bound_port}"
        return self.address

    async def stop(self) -> None:
        """Stop listening and end every request."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> FakeModels:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _next(self, asked: Asked, name: str) -> Act:
        for script in (self._scripts[name], self._scripts[None]):
            if script:
                return script.popleft()
        return self.otherwise(asked) if callable(self.otherwise) else self.otherwise

    def _answering(self, dialect: Dialect) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            asked = self._record(request, json.loads(await request.read()))
            refusal = self._refusal(asked, dialect)
            if refusal is not None:
                asked.over.set()
                return refusal
            talk = Talk(request, dialect, self.clock, asked)
            return await talk.perform(self._next(asked, asked.model))

        return answer

    def _listing(self, dialect: Dialect) -> Callable[[web.Request], Any]:
        async def listing(request: web.Request) -> web.StreamResponse:
            asked = self._record(request, {})
            if self._scripts[LOOK_UP]:
                talk = Talk(request, dialect, self.clock, asked)
                return await talk.perform(self._scripts[LOOK_UP].popleft())
            asked.over.set()
            refusal = self._refusal(asked, dialect)
            if refusal is not None:
                return refusal
            if asked.model:
                return web.json_response(dialect.model(asked.model))
            if self.offered is None:
                return failed(dialect, Fail(404, message="There is no list."))
            names = sorted(self.offered)
            data = [dialect.model(name) for name in names]
            return web.json_response({"object": "list", "data": data, "has_more": False})

        return listing

    def _record(self, request: web.Request, body: Mapping[str, Any]) -> Asked:
        model = str(body.get("model", request.match_info.get("model", "")))
        headers = {name.lower(): value for name, value in request.headers.items()}
        transport = request.transport
        peer = str(transport.get_extra_info("peername")) if transport else ""
        asked = Asked(request.path, model, headers, body, peer)
        self.requests.append(asked)
        return asked

    def _refusal(self, asked: Asked, dialect: Dialect) -> web.StreamResponse | None:
        key = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key is not None and key != self.key:
            # Vendors quote parts of the key; quoting all of it shows whether anybody repeats it.
            told = f"Incorrect API key provided: {key}."
            return failed(dialect, Fail(401, "authentication_error", "invalid_api_key", told))
        if asked.model and self.offered is not None and asked.model not in self.offered:
            told = f"The model {asked.model} does not exist."
            return failed(dialect, Fail(404, "not_found_error", "model_not_found", told))
        broken = refused(asked.path, asked.body) if asked.body else None
        return failed(dialect, broken) if broken else None


async def serve(host: str, port: int, seconds: float) -> None:
    """Run in this process until it is told to stop."""
    fake = FakeModels(SystemClock())
    if seconds:
        fake.otherwise = Slow(seconds)
    address = await fake.start(host, port)
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await fake.stop()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Fake models on a local port.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--seconds", type=float, default=0.0, help="to wait before each answer")
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port, options.seconds))


if __name__ == "__main__":
    main()
