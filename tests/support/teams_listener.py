"""What the local Teams delivers to, in its own tests; and a bot's plain calls of the connector."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from adapters.teams.twin import TeamsTwin
from tests.support import listener
from tests.support.listener import Received

Json = dict[str, Any]


class Listener(listener.Listener[Received]):
    """A bot that only listens to Teams."""

    route, status, reading = "/api/messages", 202, Received

    @property
    def activities(self) -> list[Json]:
        """The activities, in order of arrival."""
        return [received.json for received in self.received]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the connector answered."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.json["error"]["code"])

    @property
    def message(self) -> str:
        """What a refusal says."""
        return str(self.json["error"]["message"])


class Client:
    """A bot that calls the connector as its documentation tells, without any care."""

    def __init__(self, twin: TeamsTwin) -> None:
        self.twin = twin
        self.token = ""

    async def log_in(self, **changes: str) -> Reply:
        """Ask for a token; `changes` are fields of the form that differ."""
        environ = self.twin.environ()
        form = {
            "grant_type": "client_credentials",
            "client_id": environ["TEAMS_APP_ID"],
            "client_secret": environ["TEAMS_APP_PASSWORD"],
            "scope": "https://api.botframework.com/.default",
            **changes,
        }
        tenant = form.pop("tenant", environ["TEAMS_TENANT_ID"])
        url = f"{environ['TEAMS_LOGIN_URL']}/{tenant}/oauth2/v2.0/token"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
            reply = Reply(response.status, await response.json(), dict(response.headers))
        self.token = reply.json.get("access_token", self.token)
        return reply

    async def call(self, method: str, *path: str, body: object = None, raw: bytes = b"") -> Reply:
        """Call the connector."""
        if not self.token and not self.twin.unauthenticated:
            await self.log_in()
        parts = "/".join(quote(part, safe="") for part in path)
        url = f"{self.twin.service_url}v3/conversations" + (f"/{parts}" if parts else "")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = raw or (json.dumps(body).encode() if body is not None else None)
        if data is not None:
            headers["Content-Type"] = "application/json"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=data, headers=headers) as response,
        ):
            text = await response.text()
            read = json.loads(text) if text else None
            return Reply(response.status, read, dict(response.headers))

    async def post(self, conversation: str, text: str = "", **fields: Any) -> Reply:
        """Post a message."""
        body = {"type": "message", "text": text, **fields}
        return await self.call("POST", conversation, "activities", body=body)
