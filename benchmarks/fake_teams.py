"""Teams as cheaply as possible: a connector that takes every post, and an identity provider.

The connector is no twin: it knows no rules of Teams and is there only to be called. The identity
provider counts its calls and takes as long as it is told; the load shares a process with both.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from adapters.teams.twin_keys import Signer
from adapters.teams.twin_state import Identity, Settings
from benchmarks.fake_slack import Place
from benchmarks.wire import Message, ServerConnection
from bot.clock import SystemClock

APP = "0b0b0b0b-0000-4000-8000-00000000be9c"
TENANT = "7e7e7e7e-0000-4000-8000-00000000be9c"
PASSWORD = "bench-password"  # noqa: S105 - this identity provider takes any
LIFE = 3600
"""Seconds that a token for the connector lives; Entra's live for 60 to 90 minutes."""


class FakeTeams:
    """The connector, the identity provider, and the signature under what Teams sends."""

    def __init__(self) -> None:
        """Nothing listens yet."""
        self.posts: dict[Place, list[str]] = {}
        self.waiting: dict[Place, Callable[[], None]] = {}
        self.identity_calls: Counter[str] = Counter()
        self.identity_seconds = 0.0
        """How long the identity provider takes."""
        self.token_life = LIFE
        self.service_url = ""
        self._settings = Settings()
        self._signer = Signer(SystemClock(), Identity(TENANT, APP), self._settings)
        self._identity_url = ""
        self._numbered = 0

    def environ(self) -> dict[str, str]:
        """The settings that lead Frontdesk to this Teams, with authentication on."""
        return {
            "TEAMS_APP_ID": APP,
            "TEAMS_APP_PASSWORD": PASSWORD,
            "TEAMS_TENANT_ID": TENANT,
            "TEAMS_SERVICE_URLS": self.service_url,
            "TEAMS_OPENID_URL": f"{self._identity_url}/openid",
            "TEAMS_LOGIN_URL": f"{self._identity_url}/login",
        }

    def authorization(self) -> str:
        """The header of what Teams sends; the same token for a while, as Teams does."""
        return self._signer.header()

    def answer(self, request: Message) -> bytes:
        """The connector's answer to one request."""
        path, _ = request.target
        parts = [unquote(part) for part in path.split("/") if part]
        if "members" in parts:
            person = parts[-1]
            return json.dumps({"id": f"29:{person}", "name": person, "tenantId": TENANT}).encode()
        if request.body.startswith(b"{"):
            self._post(parts[parts.index("conversations") + 1], json.loads(request.body))
        self._numbered += 1
        return b'{"id":"%d"}' % (1_790_000_000_000 + self._numbered)

    def _post(self, conversation: str, activity: dict[str, Any]) -> None:
        """Keep the words; a card or a typing sign by itself has none."""
        if text := activity.get("text"):
            place = Place(conversation, text)
            self.posts.setdefault(place, []).append(text)
            if tell := self.waiting.pop(place, None):
                tell()

    async def identity(self, request: web.Request) -> web.Response:
        """The identity provider's answer to one request."""
        what = request.path.rpartition("/")[2]
        self.identity_calls[what] += 1
        await asyncio.sleep(self.identity_seconds)
        if what == "openid":
            told: Any = {
                "issuer": "https://api.botframework.com",
                "jwks_uri": f"{self._identity_url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        elif what == "keys":
            told = self._signer.rings["connector"].published()
        else:
            token = f"token-{self.identity_calls.total()}"
            told = {"token_type": "Bearer", "expires_in": self.token_life, "access_token": token}
        return web.json_response(told)

    def listening(self, connector_port: int, identity_port: int) -> None:
        """Both listen now."""
        self.service_url = self._settings.service_url = f"http://127.0.0.1:{connector_port}/teams/"
        self._identity_url = f"http://127.0.0.1:{identity_port}"


@asynccontextmanager
async def fake_teams() -> AsyncIterator[FakeTeams]:
    """Both servers, on ports that the system chooses."""
    teams = FakeTeams()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ServerConnection(teams.answer), "127.0.0.1", 0)
    provider = web.Application()
    provider.router.add_route("*", "/{path:.*}", teams.identity)
    runner = web.AppRunner(provider, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    teams.listening(server.sockets[0].getsockname()[1], runner.addresses[0][1])
    try:
        yield teams
    finally:
        server.close()
        await runner.cleanup()
