"""The local Teams' HTTP side: connector, tokens and keys, with the faults that are set."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.teams.twin_connector import Ask, Connector, Refusal, operation_of
from adapters.teams.twin_faults import RateLimits
from adapters.teams.twin_keys import ENTRA_ISSUER
from adapters.teams.twin_login import Done, Login
from adapters.teams.twin_state import Json, Settings, World
from twins.courier import KEPT
from twins.faults import Fault, Faults

DENIED: Json = {"message": "Authorization has been denied for this request."}
LIMITED = frozenset({"post", "typing", "stream", "update", "create"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: what was asked, when (the clock's time), and the outcome.

    Operations are post, typing, stream, update, delete, create, member, members, pagedmembers;
    token, openid, keys, entra_openid, entra_keys. `body` is the activity or the form's fields;
    `error` is '' for a success, else the code or the name of the fault; `done` tells whether it had
    its effect, whatever the client was told.
    """

    operation: str
    conversation: str
    activity: str
    body: Mapping[str, Any]
    at: float
    status: int
    error: str
    done: bool


class Server:
    """Answers HTTP for the platform."""

    def __init__(
        self, world: World, settings: Settings, connector: Connector, login: Login
    ) -> None:
        self.faults = Faults(world.clock)
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self._clock = world.clock
        self._settings = settings
        self._connector = connector
        self._login = login
        self._limits = RateLimits(world.clock)

    def routes(self) -> list[web.RouteDef]:
        """What an aiohttp application needs to be this server."""
        base = "/amer/{tenant}/v3/conversations"
        one = base + "/{conversation}"
        paths = {
            base: ("POST",),
            one + "/{tail:activities}": ("POST",),
            one + "/{tail:activities}/{activity}": ("POST", "PUT", "DELETE"),
            one + "/{tail:members|pagedmembers}": ("GET",),
            one + "/{tail:member}s/{member}": ("GET",),
        }
        known = [
            web.route(method, path, self._connect)
            for path, methods in paths.items()
            for method in methods
        ]
        return [*known, *self._login_routes()]

    def _login_routes(self) -> list[web.RouteDef]:
        connector, entra = "/v1/.well-known/", "/login/common/discovery/v2.0/keys"
        entra_metadata = "/login/{tenant}/v2.0/.well-known/openid-configuration"
        return [
            web.post("/login/{tenant}/oauth2/v2.0/token", self._token),
            web.get("/msi/token", self._managed),
            web.get(connector + "openidconfiguration", self._openid),
            web.get(connector + "keys", self._keys),
            web.get(entra_metadata, self._entra_openid),
            web.get(entra, self._entra_keys),
        ]

    # The connector

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        ask = _ask(request, raw)
        return await self._serve(request, ask, lambda: self._asked(request, ask))

    def _asked(self, request: web.Request, ask: Ask) -> tuple[int, Any, dict[str, str]]:
        authorization = request.headers.get("Authorization", "")
        if not (self._settings.unauthenticated or self._login.accepts(authorization)):
            return 401, DENIED, {}
        limited = self._settings.rate_limits and ask.operation in LIMITED
        if limited and (seconds := self._limits.wait(ask.channel)):
            refused = Refusal(429, "Throttled", "Too many requests.")
            return 429, refused.body, {"Retry-After": str(seconds)}
        try:
            status, body = self._connector.run(ask)
        except Refusal as error:
            return error.status, error.body, {}
        return status, body, {}

    # Tokens and keys

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = dict(parse_qsl((await request.read()).decode(errors="replace")))
        tenant = request.match_info["tenant"]
        return await self._give(request, "token", form, lambda: self._login.token(tenant, form))

    async def _managed(self, request: web.Request) -> web.StreamResponse:
        header = request.headers.get("X-IDENTITY-HEADER", "")
        query = dict(request.query)
        return await self._give(request, "token", query, lambda: self._login.managed(query, header))

    async def _openid(self, request: web.Request) -> web.StreamResponse:
        keys = str(request.url.origin()) + "/v1/.well-known/keys"
        return await self._told(request, "openid", lambda: self._login.metadata(keys))

    async def _keys(self, request: web.Request) -> web.StreamResponse:
        return await self._told(request, "keys", lambda: self._login.keys("connector"))

    async def _entra_openid(self, request: web.Request) -> web.StreamResponse:
        keys = str(request.url.origin()) + "/login/common/discovery/v2.0/keys"
        return await self._told(
            request, "entra_openid", lambda: self._login.metadata(keys, ENTRA_ISSUER)
        )

    async def _entra_keys(self, request: web.Request) -> web.StreamResponse:
        return await self._told(request, "entra_keys", lambda: self._login.keys("entra"))

    async def _told(
        self, request: web.Request, operation: str, act: Callable[[], Done]
    ) -> web.StreamResponse:
        return await self._give(request, operation, {}, act)

    async def _give(
        self,
        request: web.Request,
        operation: str,
        body: Mapping[str, Any],
        act: Callable[[], Done],
    ) -> web.StreamResponse:
        return await self._serve(request, Ask(operation, body=body), lambda: (*act(), {}))

    # Both

    async def _serve(
        self,
        request: web.Request,
        ask: Ask,
        act: Callable[[], tuple[int, Any, dict[str, str]]],
    ) -> web.StreamResponse:
        """Answer, unless something is to go wrong with this call."""

        def note(fault: Fault) -> None:
            self._note(ask, fault.status, fault.kind.name.lower(), done=False)

        return await self.faults.serve(
            request, ask.operation, ask.channel, lambda: self._answer(ask, act()), note
        )

    def _answer(self, ask: Ask, done: tuple[int, Any, dict[str, str]]) -> web.Response:
        status, body, headers = done
        error = ""
        if status >= 400:
            told = body.get("error", "denied")
            error = str(told.get("code") if isinstance(told, dict) else told)
        self._note(ask, status, error, done=not error)
        if body is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    def _note(self, ask: Ask, status: int, error: str, *, done: bool) -> None:
        self.calls.append(
            Call(
                ask.operation,
                ask.conversation,
                ask.activity,
                ask.body or {},
                self._clock.now(),
                status,
                error,
                done,
            )
        )


def _ask(request: web.Request, raw: bytes) -> Ask:
    """What a request to the connector asks for."""
    parts = request.match_info
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = None
    operation = operation_of(request.method, parts["tail"], body) if "tail" in parts else "create"
    conversation = parts.get("conversation", "")
    if operation == "create" and isinstance(body, dict):
        data = body.get("channelData")
        channel = data.get("channel") if isinstance(data, dict) else None
        conversation = str(channel.get("id", "")) if isinstance(channel, dict) else ""
    return Ask(
        operation, conversation, parts.get("activity", ""), parts.get("member", ""), body, len(raw)
    )
