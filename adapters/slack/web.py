"""Slack's Web API over one session: paced, and with errors of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.calls import call
from adapters.slack.pacing import LONGEST, POST, Pacing
from adapters.slack.posting import Posted, Poster
from agent.ports import Clock

CALL_SECONDS = 10
CONNECT_SECONDS = 3
CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class _Connected:
    """The session, and the two that call over it."""

    session: aiohttp.ClientSession
    client: AsyncWebClient
    poster: Poster


class Web:
    """The Web API of one Slack, called with one token; connections are made when first needed."""

    def __init__(self, *, token: str, api_url: str, clock: Clock) -> None:
        """`api_url` ends in '/'."""
        self._token = token
        self._api_url = api_url
        self._pacing = Pacing(clock)
        self._open: _Connected | None = None

    async def call(
        self, method: str, *, patience: float = LONGEST, **arguments: Any
    ) -> AsyncSlackResponse:
        """Call a method by Slack's name for it; it may wait `patience` seconds for its turn.

        Raises:
            DeliveryError: the leaf that says what may be done next.
        """
        channel = str(arguments.get("channel", ""))
        await self._pacing.turn(method, channel, patience=patience)
        request = getattr(self.client, method.replace(".", "_"))
        refused = partial(self._pacing.refused, method, channel)
        answer: AsyncSlackResponse = await call(request(**arguments), refused=refused)
        return answer

    async def post(self, arguments: Mapping[str, Any]) -> Posted:
        """Call chat.postMessage; arguments that are None are left out.

        Raises:
            DeliveryError: the leaf that says what may be done next.
        """
        channel = str(arguments["channel"])
        await self._pacing.turn(POST, channel)
        refused = partial(self._pacing.refused, POST, channel)
        return await call(self._connected.poster.post(arguments), refused=refused)

    async def respond(self, url: str, arguments: Mapping[str, Any]) -> None:
        """Answer a press or a command at the address that came with it.

        Raises:
            DeliveryError: nobody was told.
        """
        await call(self._connected.poster.respond(url, arguments))

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's client, for calls that nobody paces."""
        return self._connected.client

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session that everything goes over."""
        return self._connected.session

    async def close(self) -> None:
        """Close the connections; idempotent."""
        if self._open is not None:
            await self._open.session.close()
            self._open = None

    @property
    def _connected(self) -> _Connected:
        if self._open is None:
            session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=60),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # The SDK's own retry repeats a post whose answer was lost; ours asks first.
            client = AsyncWebClient(
                token=self._token, base_url=self._api_url, session=session, retry_handlers=[]
            )
            self._open = _Connected(session, client, Poster(session, self._api_url, self._token))
        return self._open
