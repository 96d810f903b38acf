"""The local Slack's way to the bot: signed requests, retries, and a record of every attempt.

Schedule, headers and time limit: https://docs.slack.dev/apis/events-api ("Error handling"). The
signature: https://docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from adapters.slack.twin_state import Identity, Json, Settings, Workspace
from agent.ports import Clock
from twins import courier
from twins.courier import KEPT, Parcel

ACK_SECONDS = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer(courier.Answer):
    """What the bot answered; status 0 with a `reason` if nothing came."""

    @property
    def again(self) -> bool:
        """Whether Slack tries again: nobody took it, and nobody asked for an end."""
        return not self.ok and self.headers.get("X-Slack-No-Retry") != "1"


Deliver = Callable[[str, Any, int, str], Awaitable[Answer]]
"""Sends an envelope: its type and payload, which attempt it is, and why there is another."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The `X-Slack-Signature` of a request."""
    mac = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return "v0=" + mac.hexdigest()


def envelope(workspace: Workspace, event: Json, *, shared: bool, team_id: str) -> Json:
    """The outer event: https://docs.slack.dev/apis/events-api (`event_callback`).

    In a channel shared with another company, `team_id` is the author's workspace; who the bot is
    stands in `authorizations` alone.
    """
    identity = workspace.identity
    context = {
        "et": event.get("type"),
        "tid": identity.team_id,
        "aid": identity.app_id,
        "cid": event.get("channel"),
    }
    own: Json = {"context_team_id": identity.team_id, "context_enterprise_id": None}
    return {
        "token": identity.verification_token,
        "team_id": team_id or identity.team_id,
        # Of the recorded events, messages alone carry these two.
        **(own if event.get("type") == "message" else {}),
        "api_app_id": identity.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.mint("Ev"),
        "event_time": int(workspace.clock.now()),
        "authorizations": [authorization(identity)],
        "is_ext_shared_channel": shared,
        "event_context": "4-" + base64.b64encode(json.dumps(context).encode()).decode().rstrip("="),
    }


def authorization(identity: Identity) -> Json:
    """For whom the event was sent: the bot user of this workspace."""
    return {
        "enterprise_id": None,
        "team_id": identity.team_id,
        "user_id": identity.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }


def packed(body: Json) -> Parcel:
    """An envelope, ready to be sent; events of one channel are in one line."""
    event = body.get("event") or {}
    kind = str(event.get("type") or body.get("type", ""))
    line = str(event.get("channel") or "")
    return Parcel(str(body.get("event_id", "")), kind, json.dumps(body).encode(), line)


class Courier(courier.Courier[Parcel, Answer]):
    """Brings events to the bot. In Socket Mode `through_socket` brings them, else they go to the
    bot's address.
    """

    answers = Answer
    _settings: Settings

    def __init__(self, clock: Clock, secret: str, settings: Settings, rng: random.Random) -> None:
        super().__init__(clock, settings, rng)
        self.through_socket: Deliver | None = None
        self.interactions: deque[Json] = deque(maxlen=KEPT)
        self._secret = secret

    @property
    def knows_the_way(self) -> bool:
        return super().knows_the_way or self._settings.socket_mode

    def pauses(self) -> Sequence[float]:
        return RETRY_DELAYS

    async def attempt(self, parcel: Parcel, number: int, reason: str) -> Answer:
        if self._settings.socket_mode and self.through_socket:
            payload = json.loads(parcel.body)
            return await self.through_socket("events_api", payload, number, reason)
        again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        return await self.ask(parcel.body, JSON_TYPE, again if number else {})

    async def interact(self, body: Json, event_id: str = "") -> Answer:
        """Send a press, a form or the fields of a command once; what the bot answered."""
        self.interactions.append(body)
        is_command = "command" in body
        kind = "slash_command" if is_command else str(body.get("type", ""))
        if self._settings.socket_mode and self.through_socket:
            name = "slash_commands" if is_command else "interactive"
            answer = await self.through_socket(name, body, 0, "")
        else:
            fields = body if is_command else {"payload": json.dumps(body)}
            answer = await self.ask(urlencode(fields).encode(), FORM_TYPE)
        self.record(event_id, kind, 0, answer)
        return answer

    async def ask(
        self, body: bytes, content_type: str, extra: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one signed request and wait at most 3 seconds for its answer."""
        stamp = str(int(self._clock.now()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self._secret, stamp, body),
            **(extra or {}),
        }
        return await self.post(body, headers, ACK_SECONDS)
