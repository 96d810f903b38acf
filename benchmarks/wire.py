"""As little HTTP/1.1 as both ends of the load need, on bare asyncio protocols.

The load generator and the fake Slack share a core and must not become what is measured. A full
server or client spends more on one request than the bot under test does on its whole turn, so
these speak only what the bots use: keep-alive connections and bodies with a Content-Length.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
GET_SECONDS = 10.0
CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)


class Message(NamedTuple):
    """A request or a response: everything before the blank line, and the body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status of a response."""
        return int(self.head[9:12])

    @property
    def target(self) -> tuple[str, str]:
        """The path and the query of a request."""
        path, _, query = self.head.split(b" ", 2)[1].decode().partition("?")
        return path, query


class Framing:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        """Nothing has arrived yet."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes.

        Raises:
            ValueError: a chunked body, which none of the bots sends.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end])
            if CHUNKED.search(head):
                raise ValueError("this end of the wire reads no chunked bodies")
            length = LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            body = bytes(self._buffer[end + 4 : whole])
            del self._buffer[:whole]
            yield Message(head, body)


class ServerConnection(asyncio.Protocol):
    """Answers each request at once with the JSON that `answer` makes of it."""

    def __init__(self, answer: Callable[[Message], bytes]) -> None:
        """`answer` gives the body of the response."""
        self._answer = answer
        self._framing = Framing()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        for request in self._framing.feed(data):
            body = self._answer(request)
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )


class ClientConnection(asyncio.Protocol):
    """Sends requests on one keep-alive connection and waits for their responses, in order."""

    def __init__(self) -> None:
        """Made by `connect`."""
        self._framing = Framing()
        self._transport: asyncio.Transport | None = None
        self._asked: deque[asyncio.Future[Message]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for response in self._framing.feed(data):
            self._asked.popleft().set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(exc or ConnectionError("the bot closed the connection"))
        self._asked.clear()

    def send(self, data: bytes) -> asyncio.Future[Message]:
        """Send a whole request; the response comes as the future's result."""
        assert self._transport is not None
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked.append(future)
        self._transport.write(data)
        return future

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


async def connect(port: int) -> ClientConnection:
    """A connection to 127.0.0.1."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(ClientConnection, "127.0.0.1", port)
    return connection


async def get(port: int, path: str) -> int:
    """The status of one GET."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    connection = await connect(port)
    try:
        async with asyncio.timeout(GET_SECONDS):
            return (await connection.send(request)).status
    finally:
        connection.close()
