"""The HTTP server: routes of adapters, health, readiness, metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from agent.errors import StoreUnavailable
from agent.platforms import WebRequest, WebResponse
from bot.server import MAX_BODY, Server


class Inside:
    """What the server is over: a route that does as told, readiness, metrics."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.seen: list[WebRequest] = []

    async def route(self, request: WebRequest) -> WebResponse:
        self.seen.append(request)
        self._fail()
        return WebResponse(201, b"made", {"X-Own": "1"})

    async def ready(self) -> None:
        self._fail()

    async def metrics(self) -> bytes:
        self._fail()
        return b"metric 1\n"

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
async def http(inside: Inside) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a running server."""
    server = Server({"/in": inside.route}, ready=inside.ready, metrics=inside.metrics)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session
    await server.stop()
    await server.stop()


async def test_a_route(inside: Inside, http: aiohttp.ClientSession) -> None:
    """The adapter sees the raw body and header names whatever their case, and answers itself."""
    async with http.post("/in", data=b"body", headers={"X-Thing": "1"}) as answer:
        assert (answer.status, await answer.read(), answer.headers["X-Own"]) == (201, b"made", "1")
    assert inside.seen[0].body == b"body"
    assert inside.seen[0].headers["x-thing"] == "1"


async def test_a_route_that_breaks_its_promise(
    inside: Inside, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect in an adapter is a 503, so that the platform comes again, and is logged."""
    inside.error = ZeroDivisionError()
    async with http.post("/in") as answer:
        assert answer.status == 503
    assert "broke its promise" in caplog.text


async def test_too_much(inside: Inside, http: aiohttp.ClientSession) -> None:
    """A body over the limit reaches no adapter."""
    async with http.post("/in", data=b"x" * (MAX_BODY + 1)) as answer:
        assert answer.status == 413
    assert inside.seen == []


@pytest.mark.parametrize(
    ("path", "well", "ill"),
    [
        ("/healthz", (200, "ok\n"), (200, "ok\n")),
        ("/readyz", (200, "ready\n"), (503, "not ready: no disk\n")),
        ("/metrics", (200, "metric 1\n"), (503, "no disk\n")),
        ("/nowhere", (404, "404: Not Found"), (404, "404: Not Found")),
    ],
)
async def test_its_own_pages(
    inside: Inside,
    http: aiohttp.ClientSession,
    path: str,
    well: tuple[int, str],
    ill: tuple[int, str],
) -> None:
    """Alive is alive; ready and metrics need the database."""
    for error, expected in ((None, well), (StoreUnavailable("no disk"), ill)):
        inside.error = error
        async with http.get(path) as answer:
            assert (answer.status, await answer.text()) == expected
