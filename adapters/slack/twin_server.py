"""The local Slack's HTTP side: the Web API and the response URLs, with the faults that are set."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.slack import twin_agent, twin_chat, twin_reads
from adapters.slack.twin_api import ApiError, Args, Method, run
from adapters.slack.twin_faults import RateLimits
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_respond import respond
from adapters.slack.twin_state import Json
from twins.courier import KEPT
from twins.faults import Fault, Faults

METHODS: dict[str, Method] = {**twin_chat.METHODS, **twin_reads.METHODS, **twin_agent.METHODS}
Answerer = Callable[[web.Request, str, Mapping[str, Any]], web.Response]
JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API: what was asked, when (the clock's time), and the outcome.

    `error` is '' for `ok: true`, else the code or the name of the fault; `done` tells whether the
    call had its effect, whatever the client was told.
    """

    method: str
    args: Mapping[str, Any]
    at: float
    error: str
    done: bool


class Server:
    """Answers HTTP for the platform."""

    def __init__(self, platform: Platform, token: str, app_token: str) -> None:
        self._clock = platform.workspace.clock
        self.faults = Faults(self._clock)
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self._platform = platform
        self._token = token
        self._app_token = app_token
        self._limits = RateLimits(self._clock)

    def routes(self) -> list[web.RouteDef]:
        """What an aiohttp application needs to be this server."""
        return [
            web.route("*", "/api/{method}", self._api),
            web.post("/response/{id}", self._response_url),
        ]

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        values = _values(request, await request.read())
        return await self._serve(request, method, values, self._answer)

    async def _response_url(self, request: web.Request) -> web.Response:
        values = _values(request, await request.read())
        return await self._serve(request, "response_url", values, self._respond)

    async def _serve(
        self, request: web.Request, method: str, values: Mapping[str, Any], answer: Answerer
    ) -> web.Response:
        """Answer, unless something is to go wrong with this call."""
        channel = str(values.get("channel") or values.get("channel_id") or "")

        def note(fault: Fault) -> None:
            self._note(method, values, fault.kind.name.lower(), done=False)

        return await self.faults.serve(
            request, method, channel, lambda: answer(request, method, values), note
        )

    def _answer(self, request: web.Request, method: str, values: Mapping[str, Any]) -> web.Response:
        known = METHODS.get(method)
        body, headers = self._limited(method, known, values)
        if body is None:
            body = self._run(request, method, known, values)
        self._note(method, values, body.get("error", ""), done=bool(body["ok"]))
        headers["X-OAuth-Scopes"] = ",".join(sorted(self._platform.settings.scopes))
        if known and known.scope:
            headers["X-Accepted-OAuth-Scopes"] = known.scope
        status = 429 if "Retry-After" in headers else 200
        return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)

    def _limited(
        self, method: str, known: Method | None, values: Mapping[str, Any]
    ) -> tuple[Json | None, dict[str, str]]:
        headers = dict(JSON_HEADERS)
        if not self._platform.settings.rate_limits or known is None:
            return None, headers
        channel = str(values.get("channel") or "")
        if not (seconds := self._limits.wait(method, known.tier, channel)):
            return None, headers
        headers["Retry-After"] = str(seconds)
        return {"ok": False, "error": "ratelimited"}, headers

    def _run(
        self,
        request: web.Request,
        method: str,
        known: Method | None,
        values: Mapping[str, Any],
    ) -> Json:
        try:
            if known is None:
                raise ApiError("unknown_method", req_method=method)
            self._authenticate(request, values, known)
            return run(self._platform, known, Args(values))
        except ApiError as error:
            return error.body

    def _authenticate(
        self, request: web.Request, values: Mapping[str, Any], method: Method
    ) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = str(values.get("token", ""))
        if not token:
            raise ApiError("not_authed")
        wanted, other = self._token, self._app_token
        if method.for_app:
            wanted, other = other, wanted
        if token.strip() == other:
            raise ApiError("not_allowed_token_type")
        if token.strip() != wanted:
            raise ApiError("invalid_auth")

    def _note(self, method: str, values: Mapping[str, Any], error: str, *, done: bool) -> None:
        self.calls.append(Call(method, values, self._clock.now(), error, done))

    def _respond(
        self, request: web.Request, method: str, values: Mapping[str, Any]
    ) -> web.Response:
        """Answer a POST to a response URL: 'ok', or what is wrong."""
        try:
            respond(self._platform, request.match_info["id"], Args(values))
        except ApiError as error:
            self._note(method, values, str(error), done=False)
            gone = str(error) in {"used_url", "expired_url"}
            return web.json_response(error.body, status=404 if gone else 400)
        self._note(method, values, "", done=True)
        return web.Response(text="ok")


def _values(request: web.Request, body: bytes) -> dict[str, Any]:
    """The arguments of a call, from its JSON or form body, or from its query."""
    if request.content_type == "application/json":
        try:
            values = json.loads(body or b"{}")
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}
    if body:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return dict(request.query)
