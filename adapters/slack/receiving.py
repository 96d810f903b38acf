"""What Slack sends us, over HTTP or through a websocket: verified, parsed, and to the door.

Bolt parses before it verifies, and acknowledges an event before its listener has run; so the
signature of a request is checked here first, on its raw bytes, and an event is committed and
answered here. Bolt routes what a person is waiting for, presses and commands, and answers Slack's
own questions (docs/adr/0004-events-do-not-pass-through-bolt.md). Whichever way a body came, it ends
in `Receiver.take`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import mrkdwn, payloads
from agent.errors import StorageError
from agent.messages import Author
from agent.platforms import Command, WebRequest, WebResponse
from agent.ports import Clock, Door

log = logging.getLogger(__name__)

COMMAND = "/frontdesk"
MAX_BODY = 1_000_000
"""Bytes; Slack's largest documented payloads (views, 40 000 character messages) stay far below."""

Next = Callable[[], Awaitable[BoltResponse]]


class _SignedAt:
    """Our clock for slack_sdk's verifier, which refuses what is over five minutes off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now()


class Receiver:
    """Turns one body of Slack's into at most one call of the door."""

    def __init__(
        self,
        client: AsyncWebClient,
        identity: payloads.Identity,
        *,
        signing_secret: str,
        clock: Clock,
        door: Door,
    ) -> None:
        """Without a signing secret no request is ever taken for Slack's."""
        self._identity = identity
        self._door = door
        self._verifier = _verifier(signing_secret, clock)
        self._app = self._bolt(client)

    async def handle(self, request: WebRequest) -> WebResponse:
        """Answer one POST to /slack/events; never raises, never answers 500."""
        if len(request.body) > MAX_BODY:
            return WebResponse(413)
        if not self._is_signed(request):
            return WebResponse(401)
        body = parse(request)
        return WebResponse(400) if body is None else await self.take(body)

    async def take(self, body: dict[str, Any]) -> WebResponse:
        """Answer one body that is known to be Slack's; 200 only if what it says is committed.

        Never raises. Its body and type are for whoever pressed or commanded.
        """
        if body.get("type") == "event_callback":
            return await self._event(body)
        try:
            # The body is verified and parsed; this mode hands it to bolt as it is.
            asked = AsyncBoltRequest(body=body, mode="socket_mode")
            return _to_web(await self._app.async_dispatch(asked))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Bolt takes the shape of a payload for granted.
            log.warning("a payload is not as Slack documents it: %s", type(error).__name__)
            return WebResponse(400)

    def _is_signed(self, request: WebRequest) -> bool:
        if self._verifier is None:
            return False
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not (timestamp.isdecimal() and len(timestamp) <= 12 and signature.isascii()):
            return False
        try:
            return bool(self._verifier.is_valid(request.body, timestamp, signature))
        except UnicodeDecodeError:
            return False  # Slack signs UTF-8 and nothing else

    def _bolt(self, client: AsyncWebClient) -> AsyncApp:
        identity = self._identity

        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=identity.enterprise_id or None,
                team_id=identity.team_id,
                bot_user_id=identity.bot_user_id,
                bot_id=identity.bot_id,
                bot_token=client.token,
            )

        # Its warnings are about choices made here on purpose, and may quote payloads.
        quiet = logging.getLogger("frontdesk.bolt")
        quiet.setLevel(logging.ERROR)
        app = AsyncApp(
            name="frontdesk",
            logger=quiet,
            client=client,
            authorize=authorize,
            before_authorize=self._only_ours,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        for action_id in payloads.BUTTONS:
            app.action(action_id)(self._pressed)
        app.command(COMMAND)(self._commanded)
        app.error(self._failed)
        return app

    async def _event(self, body: dict[str, Any]) -> WebResponse:
        message = payloads.read_event(body, self._identity)
        if message is None:
            return WebResponse(200)
        try:
            await self._door.accept(message)
        except StorageError as error:
            log.warning("an event was not accepted: %s", error.code)
            return WebResponse(503)
        return WebResponse(200)

    async def _only_ours(self, body: dict[str, Any], next: Next) -> BoltResponse:
        if body.get("type") == "url_verification":
            return await next()
        is_press = payloads.read_action(body, self._identity) is not None
        is_command = body.get("command") == COMMAND and payloads.is_ours(body, self._identity)
        if is_press or is_command:
            return await next()
        return BoltResponse(status=200)  # of another workspace, or never asked for

    async def _pressed(self, ack: Callable[..., Awaitable[Any]], body: dict[str, Any]) -> None:
        message = payloads.read_action(body, self._identity)
        if message is not None:
            await self._door.accept(message)
        await ack()

    async def _commanded(self, ack: Callable[..., Awaitable[Any]], body: dict[str, Any]) -> None:
        command = Command(
            platform="slack",
            tenant=self._identity.team_id,
            channel=str(body.get("channel_id", "")),
            author=Author(str(body.get("user_id", "")), str(body.get("user_name", ""))),
            text=str(body.get("text", "")),
            id=str(body.get("trigger_id", "")),
            direct=str(body.get("channel_id", "")).startswith("D"),
        )
        text = await self._door.command(command)
        blocks = [{"type": "markdown", "text": mrkdwn.defuse(text)}]
        await ack(text=mrkdwn.escape(text), blocks=blocks, response_type="ephemeral")

    async def _failed(self, error: Exception) -> BoltResponse:
        log.error("a press or command failed: %s", type(error).__name__)
        return BoltResponse(status=503)


def _verifier(signing_secret: str, clock: Clock) -> SignatureVerifier | None:
    if not signing_secret:
        return None
    return SignatureVerifier(signing_secret, clock=_SignedAt(clock))  # type: ignore[arg-type]


def parse(request: WebRequest) -> dict[str, Any] | None:
    """The payload of a verified request as a dict, None if it is not one.

    Events are JSON; commands are a form; presses are a form whose field `payload` is JSON.
    """
    try:
        text = request.body.decode()
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = dict(parse_qsl(text, keep_blank_values=True))
            body = json.loads(form["payload"]) if "payload" in form else form
        else:
            body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _to_web(answer: BoltResponse) -> WebResponse:
    headers = {name: values[0] for name, values in answer.headers.items() if values}
    return WebResponse(answer.status, answer.body.encode(), headers)
