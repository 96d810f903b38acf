"""What Slack sends us, over HTTP or through a websocket: verified, parsed, and to the door.

Bolt parses before it verifies, and acknowledges an event before its listener has run; so the
signature of a request is checked here first, on its raw bytes, and an event is committed and
answered here. Bolt routes what a person is waiting for, presses, forms and commands, and answers
Slack's own questions (docs/adr/0004-events-do-not-pass-through-bolt.md). Whichever way a body came,
it ends in `Receiver.take`. Slack gives each of them three seconds.
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

from adapters.slack import forms, mrkdwn, payloads
from adapters.slack.backfill import Backfill
from adapters.slack.calls import part, string
from adapters.slack.profiles import Reader
from adapters.slack.web import Web
from agent.errors import DeliveryError, StorageError
from agent.lines import Lines
from agent.messages import Author, IncomingMessage, Kind
from agent.platforms import Command, WebRequest, WebResponse
from agent.ports import Clock, Door
from agent.tasks import Beside
from agent.text import one_line

log = logging.getLogger(__name__)

COMMAND = "/frontdesk"
MAX_BODY = 1_000_000
"""Bytes; Slack's largest documented payloads (views, 40 000 character messages) stay far below."""
OPEN_SECONDS = 2.0
"""For opening a form: what allows it is good for three seconds after the press
(https://docs.slack.dev/interactivity/handling-user-interaction)."""
URL_SECONDS = 30 * 60.0
"""In which Slack shows what is sent to the address that came with a press
(https://docs.slack.dev/interactivity/handling-user-interaction#message_responses)."""
LEFT_OUT_SECONDS = 60.0
"""For which Slack leaves events out before it says so again
(https://docs.slack.dev/apis/events-api/#rate-limiting)."""
OPENED_BEFORE = "exchanged_trigger_id"
"""Slack's word for a second form on one press: the press came twice."""

Next = Callable[[], Awaitable[BoltResponse]]
Ack = Callable[..., Awaitable[Any]]


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
        web: Web,
        identity: payloads.Identity,
        *,
        signing_secret: str,
        clock: Clock,
        door: Door,
        reader: Reader,
        backfill: Backfill,
    ) -> None:
        """`reader` knows names, `backfill` looks for what Slack left out. Without a signing secret
        no request is ever taken for Slack's.
        """
        self._reader = reader
        self._backfill = backfill
        self._lines = Lines()
        self._web = web
        self._identity = identity
        self._clock = clock
        self._door = door
        self._verifier = _verifier(signing_secret, clock)
        self._app = self._bolt()
        self._beside = Beside()

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
        match body.get("type"):
            case "event_callback":
                return await self._event(body)
            case "app_rate_limited" if payloads.is_ours(body, self._identity):
                log.warning("Slack leaves events out: there were too many within an hour")
                self._beside.run(self._look_for_what_is_left_out())
                return WebResponse(200)
        try:
            # The body is verified and parsed; this mode hands it to bolt as it is.
            asked = AsyncBoltRequest(body=body, mode="socket_mode")
            return _to_web(await self._app.async_dispatch(asked))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Bolt takes the shape of a payload for granted.
            log.warning("a payload is not as Slack documents it: %s", type(error).__name__)
            return WebResponse(400)

    async def stop(self) -> None:
        """Tell nobody any more what came of a press; idempotent."""
        await self._beside.cancel()

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

    def _bolt(self) -> AsyncApp:
        identity, client = self._identity, self._web.client

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
            # What is acknowledged is what came of it: nothing goes on behind the answer but in
            # tasks of our own, and bolt need not look every 10 ms whether there is one.
            process_before_response=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        for action_id in payloads.BUTTONS:
            app.action(action_id)(self._pressed)
        app.view(payloads.RESOLVE_FORM)(self._submitted)
        app.command(COMMAND)(self._commanded)
        app.error(self._failed)
        return app

    async def _event(self, body: dict[str, Any]) -> WebResponse:
        message = payloads.read_event(body, self._identity)
        if message is None:
            return WebResponse(200)
        ids = self._reader.mentioned(message, body)
        try:
            async with self._lines.behind(message.conversation.channel, waits=bool(ids)):
                if ids:
                    message = await self._reader.named(message, body, ids)
                await self._door.accept(message)
        except StorageError as error:
            log.warning("an event was not accepted: %s", error.code)
            return WebResponse(503)
        return WebResponse(200)

    async def _look_for_what_is_left_out(self) -> None:
        seen = await self._backfill.remember()
        await self._clock.sleep(LEFT_OUT_SECONDS)
        self._backfill.begin(seen)

    async def _only_ours(self, body: dict[str, Any], next: Next) -> BoltResponse:
        if body.get("type") == "url_verification":
            return await next()
        is_press = payloads.read_action(body, self._identity) is not None
        is_form = payloads.is_form(body, self._identity)
        is_command = body.get("command") == COMMAND and payloads.is_ours(body, self._identity)
        if is_press or is_form or is_command:
            return await next()
        return BoltResponse(status=200)  # of another workspace, or never asked for

    async def _pressed(self, ack: Ack, body: dict[str, Any]) -> None:
        message = payloads.read_action(body, self._identity)
        told = await self._acted(message, body) if message is not None else ""
        await ack()
        if told:
            self._beside.run(self._tell(body, told))

    async def _acted(self, message: IncomingMessage, body: dict[str, Any]) -> str:
        """Do what a press asks for; what whoever pressed is told."""
        if message.kind is Kind.RESOLVE:
            return await self._open(forms.resolve(message), body)
        await self._lines.through(message.conversation.channel)
        if message.kind is Kind.FEEDBACK:
            await self._door.accept(message)  # nobody waits for what comes of a thumb
            return ""
        until = self._clock.monotonic() + URL_SECONDS

        def late(text: str) -> None:
            if self._clock.monotonic() < until:
                self._beside.run(self._tell(body, text))

        return await self._door.press(message, late)

    async def _open(self, form: dict[str, Any], body: dict[str, Any]) -> str:
        """Open a form for whoever pressed; what they are told if it did not open."""
        trigger = string(body, "trigger_id")
        try:
            async with self._clock.timeout(OPEN_SECONDS):
                await self._web.call("views.open", patience=0.0, trigger_id=trigger, view=form)
        except (DeliveryError, TimeoutError) as error:
            if str(error) == OPENED_BEFORE:
                return ""
            log.warning("a form did not open: %s", error)
            return forms.NOT_OPENED
        return ""

    async def _submitted(self, ack: Ack, body: dict[str, Any]) -> None:
        message = payloads.read_form(body, self._identity, self._clock.now())
        told = forms.NOT_READABLE
        if message is not None:
            await self._lines.through(message.conversation.channel)
            told = await self._door.press(
                message, lambda text: self._beside.run(self._tell_beside(message, text))
            )
        if not told:
            await ack()
            return
        errors = {payloads.OUTCOME: one_line(told, forms.MAX_ERROR)}
        await ack(response_action="errors", errors=errors)

    async def _tell(self, body: dict[str, Any], text: str) -> None:
        """Show a text to whoever pressed and nobody else, where the button is."""
        shown = {**_private(text), "replace_original": False}
        message = part(body, "message")
        if string(message, "thread_ts") not in ("", string(message, "ts")):
            shown["thread_ts"] = string(message, "thread_ts")
        try:
            await self._web.respond(string(body, "response_url"), shown)
        except DeliveryError as error:
            log.info("who pressed a button was not told what came of it: %s", error)

    async def _tell_beside(self, form: IncomingMessage, text: str) -> None:
        """Show a text to whoever sent a form, and nobody else: it has no address for that of its
        own. In a thread that has no replies yet Slack would show it to nobody.
        """
        shown = {"channel": form.conversation.channel, "user": form.author.id, **_private(text)}
        del shown["response_type"]
        try:
            await self._web.call("chat.postEphemeral", **shown)
        except DeliveryError as error:
            log.info("who sent a form was not told what came of it: %s", error)

    async def _commanded(self, ack: Ack, body: dict[str, Any]) -> None:
        command = Command(
            platform="slack",
            tenant=self._identity.team_id,
            channel=str(body.get("channel_id", "")),
            author=Author(str(body.get("user_id", "")), str(body.get("user_name", ""))),
            text=mrkdwn.read_command(str(body.get("text", ""))),
            id=str(body.get("trigger_id", "")),
            direct=str(body.get("channel_id", "")).startswith("D"),
        )
        await ack(**_private(await self._door.command(command)))

    async def _failed(self, error: Exception) -> BoltResponse:
        log.error("a press, form or command failed: %s", type(error).__name__)
        return BoltResponse(status=503)


def _private(text: str) -> dict[str, Any]:
    """A text that only whoever pressed or commanded sees."""
    blocks = [{"type": "markdown", "text": mrkdwn.defuse(text)}]
    return {"text": mrkdwn.bare(text), "blocks": blocks, "response_type": "ephemeral"}


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
