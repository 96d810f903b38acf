"""Teams' connector service over one shared session: paced, and with errors of ours.

The framework's own client makes a new connection and a new token for every turn and blocks on both;
this one speaks the same protocol over connections that stay
(bot-framework-rest-connector-api-reference in https://learn.microsoft.com/azure/bot-service/).
Posts always go to …/activities: what thread they belong to is told by the conversation's id, not by
the activity they reply to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
from pydantic_core import to_json
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from yarl import URL

from adapters.teams.calls import BROKEN, PATIENCE, REFUSED, answer, ident, meaning, trouble
from adapters.teams.keys import Session
from adapters.teams.pacing import LONGEST, Pacing
from adapters.teams.places import Trust, parted
from agent.errors import DeliveryRetry, PlaceFatal
from agent.ports import Clock

CALL_SECONDS = 15
CONNECT_SECONDS = 5
CONNECTIONS = 100
KEEP_ALIVE_SECONDS = 60
JSON = "application/json; charset=utf-8"
ASKS = 3
"""How often a question is asked before its answer is given up: nobody else repeats questions."""
BETWEEN_ASKS = 0.5
"""Seconds, doubled for the next one."""
LONGEST_BETWEEN = 2.0
"""Seconds; if Teams wants more patience than this, the question is given up."""
CREATE = "/v3/conversations"
"""New conversations are counted like a conversation of their own."""


class Tokens(Protocol):
    """What the connector needs of a provider of tokens."""

    async def token(self) -> str:
        """A token for the connector, '' to send none.

        Raises:
            DeliveryRetry: none is to be had now.
            InstallationFatal: the credentials are refused.
        """

    def refused(self, token: str) -> None:
        """The connector does not take this one: the next call must get another."""


@dataclass(frozen=True, slots=True)
class Created:
    """A new conversation: its id, and that of the activity it began with; '' for what Teams did not
    tell.
    """

    conversation: str
    activity: str


class SharedSession:
    """The session that everything about Teams goes over; opened when it is first needed."""

    def __init__(self) -> None:
        """Nothing is opened yet."""
        self._session: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        """The session, open."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS),
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections; idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class Connector:
    """Calls the connector services that are trusted, each by the address a place is served at."""

    def __init__(
        self,
        session: Session,
        tokens: Tokens,
        clock: Clock,
        trust: Trust,
    ) -> None:
        """`session` gives the shared one, opened when it is first needed."""
        self._session = session
        self._tokens = tokens
        self._clock = clock
        self._trust = trust
        self._pacing = Pacing(clock)

    async def post(
        self,
        service_url: str,
        conversation: str,
        activity: Mapping[str, Any],
        *,
        patience: float = LONGEST,
    ) -> str:
        """Put an activity at the end of a conversation and return its id ('' if Teams said none);
        it may wait `patience` seconds for its turn.

        Raises:
            DeliveryError: the leaf that says what may be done next.
        """
        await self._pacing.turn(conversation, patience=patience)
        url = self._url(service_url, conversation, "activities")
        return ident(await self._call("POST", url, conversation, activity), "id")

    async def update(
        self, service_url: str, conversation: str, activity_id: str, activity: Mapping[str, Any]
    ) -> str:
        """Put an activity in place of one of ours and return its id.

        Raises:
            DeliveryError: the leaf that says what may be done next; never DeliveryUnknown.
        """
        await self._pacing.turn(conversation)
        url = self._url(service_url, conversation, "activities", activity_id)
        return ident(await self._call("PUT", url, conversation, activity), "id") or activity_id

    async def delete(self, service_url: str, conversation: str, activity_id: str) -> None:
        """Take one of our activities away.

        Raises:
            DeliveryError: the leaf that says what may be done next; never DeliveryUnknown.
        """
        await self._pacing.turn(conversation)
        url = self._url(service_url, conversation, "activities", activity_id)
        await self._call("DELETE", url, conversation)

    async def create(self, service_url: str, parameters: Mapping[str, Any]) -> Created:
        """Begin a conversation: a thread in a channel, or the chat with a person (the same one
        however often).

        Raises:
            DeliveryError: the leaf that says what may be done next.
        """
        await self._pacing.turn(CREATE)
        said = await self._call("POST", self._url(service_url), CREATE, parameters)
        conversation = ident(said, "id")
        return Created(conversation, ident(said, "activityId") or parted(conversation)[1])

    async def member(self, service_url: str, conversation: str, user_id: str) -> Mapping[str, Any]:
        """Who somebody in a conversation is; asked again if Teams is out for a moment.

        Raises:
            DeliveryError: the leaf that says why not; never DeliveryUnknown.
        """
        url = self._url(service_url, conversation, "members", user_id)
        return await self._ask(url, conversation)

    async def members(self, service_url: str, conversation: str) -> Mapping[str, Any]:
        """The first of those who are in a conversation.

        Raises:
            DeliveryError: the leaf that says why not; never DeliveryUnknown.
        """
        url = self._url(service_url, conversation, "pagedmembers")
        return await self._ask(url, conversation)

    async def _ask(self, url: URL, conversation: str) -> Mapping[str, Any]:
        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(ASKS),
            retry=retry_if_exception(_soon),
            wait=_between,
            reraise=True,
        )
        return await retrying(self._ask_once, url, conversation)

    async def _ask_once(self, url: URL, conversation: str) -> Mapping[str, Any]:
        await self._pacing.turn(conversation)
        return await self._call("GET", url, conversation)

    async def _call(
        self, method: str, url: URL, conversation: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """One call; a token that Teams does not take (any more) is replaced once."""
        token = await self._tokens.token()
        status, headers, raw = await self._send(method, url, body, token)
        if status == REFUSED and token:
            self._tokens.refused(token)
            fresh = await self._tokens.token()
            if fresh != token:
                status, headers, raw = await self._send(method, url, body, fresh)
        if 200 <= status < 300:
            return answer(raw)
        error = meaning(status, headers, raw, repeatable=method != "POST")
        if status in PATIENCE and isinstance(error, DeliveryRetry):
            self._pacing.refused(conversation, error.retry_after)
        raise error

    async def _send(
        self, method: str, url: URL, body: Mapping[str, Any] | None, token: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request and the whole of its answer."""
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None
        if body is not None:
            headers["Content-Type"] = JSON
            data = to_json(body)
        try:
            # A redirect is not followed: it could lead the token to somebody else.
            async with self._session().request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                return response.status, response.headers, await response.read()
        except BROKEN as error:
            raise trouble(error, repeatable=method != "POST") from None

    def _url(self, service_url: str, *path: str) -> URL:
        """An address below a service that is trusted; each part of the path is quoted once."""
        if not self._trust.allowed(service_url):
            raise PlaceFatal("its service is not one of Teams' (see TEAMS_SERVICE_URLS)")
        return _below(service_url, path)


@lru_cache(maxsize=1024)
def _below(service_url: str, path: tuple[str, ...]) -> URL:
    quoted = "".join(f"/{quote(one, safe='')}" for one in path)
    return URL(service_url.rstrip("/") + CREATE + quoted, encoded=True)


def _soon(error: BaseException) -> bool:
    """Whether a question may be asked again within a moment."""
    return isinstance(error, DeliveryRetry) and (error.retry_after or 0.0) <= LONGEST_BETWEEN


def _between(state: RetryCallState) -> float:
    """Seconds before a question is asked again: as Teams wishes, else twice as long each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, DeliveryRetry) else None
    return BETWEEN_ASKS * 2 ** (state.attempt_number - 1) if asked is None else asked
