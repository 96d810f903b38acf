"""The HTTP server: routes of adapters, health, readiness, metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from agent.errors import ConfigError, StoreUnavailable
from agent.platforms import WebRequest, WebResponse
from bot.server import MAX_BODY, Server

SECRET = b"xoxb-test-of-somebody"
BEGINS = b"POST /in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


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
async def server(inside: Inside) -> AsyncIterator[Server]:
    """A server, stopped at the end if it was not before."""
    server = Server({"/in": inside.route}, ready=inside.ready, metrics=inside.metrics)
    yield server
    await server.stop()
    await server.stop()


@pytest.fixture
async def port(server: Server) -> int:
    """Where it listens."""
    return await server.start("127.0.0.1", 0)


@pytest.fixture
async def http(port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the running server."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


@pytest.fixture
def noted(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged, at every level."""
    caplog.set_level(logging.DEBUG)
    return caplog


async def sent(port: int, *pieces: bytes) -> bytes:
    """Send bytes that no client would, piece by piece, and read the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


def is_quiet(log: pytest.LogCaptureFixture) -> bool:
    """Whether nothing was wrong, and nothing was told of what was sent."""
    loud = [one for one in log.records if one.levelno > logging.INFO or one.exc_info]
    return not loud and SECRET.decode() not in log.text


@pytest.mark.parametrize("host", ["no\0host", "a" * 70 + ".example"])
async def test_a_host_that_cannot_be_one(server: Server, host: str) -> None:
    """A name that the machine does not even look for is told as any other that is none."""
    with pytest.raises(ConfigError, match="cannot listen on"):
        await server.start(host, 0)


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


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_says_it_is_compressed(
    inside: Inside, port: int, noted: pytest.LogCaptureFixture, encoding: str
) -> None:
    """No platform compresses: the adapter judges the bytes as they came."""
    head = BEGINS + f"Content-Encoding: {encoding}\r\nContent-Length: 21\r\n\r\n".encode()
    assert b" 201 " in await sent(port, head + SECRET)
    assert inside.seen[0].body == SECRET
    assert is_quiet(noted)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"Authorization: Bearer " + SECRET + b"x" * 9000, id="long"),
        pytest.param(b"Authorization " + SECRET, id="no header"),
        pytest.param(b"Authorization: " + SECRET + b"\x01", id="no text"),
        pytest.param(b"Content-Length: " + SECRET, id="length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + SECRET, id="chunk"),
    ],
)
async def test_what_is_no_request(
    inside: Inside, port: int, noted: pytest.LogCaptureFixture, head: bytes
) -> None:
    """It is answered 400; the log tells what kind of mistake it was, and quotes nothing."""
    assert b" 400 " in await sent(port, BEGINS + head + b"\r\n\r\n")
    assert inside.seen == []
    assert is_quiet(noted)
    assert "a request cannot be read: " in noted.text


async def test_a_body_that_goes_wrong(
    inside: Inside, port: int, noted: pytest.LogCaptureFixture
) -> None:
    """A body whose first half was well is the sender's mistake, not an adapter's."""
    head = BEGINS + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    assert b" 400 " in await sent(port, head, SECRET + b"\r\n\r\n")
    assert inside.seen == []
    assert is_quiet(noted)


async def test_a_sender_that_goes_away(
    inside: Inside, server: Server, port: int, noted: pytest.LogCaptureFixture
) -> None:
    """A body that never ends reaches no adapter, and is no defect."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(BEGINS + b"Content-Length: 100\r\n\r\n" + SECRET)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await server.stop()
    assert inside.seen == []
    assert is_quiet(noted)


async def test_a_page_of_its_own_that_fails(
    inside: Inside, http: aiohttp.ClientSession, noted: pytest.LogCaptureFixture
) -> None:
    """A defect is told by its kind and place, without its words."""
    inside.error = ZeroDivisionError(SECRET.decode())
    async with http.get("/metrics") as answer:
        assert answer.status == 500
    assert "the server failed: ZeroDivisionError" in noted.text
    assert SECRET.decode() not in noted.text


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
