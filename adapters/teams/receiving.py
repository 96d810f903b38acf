"""What Teams sends us: measured, parsed, verified, and through the SDK's pipeline to the door.

The SDK's own endpoint reads an activity before it authenticates it, answers 500 to everything bad,
and fails for each invoke that is answered with a body; so the request is taken in here, and only
the middle of the way is the SDK's: the turn and the dispatch by kind
(docs/adr/0010-the-bot-framework-stays-in-its-rim.md).
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Annotated, Any

from botbuilder.core import (  # type: ignore[import-untyped]
    InvokeResponse,
    TurnContext,
)
from botbuilder.core.cloud_adapter_base import (  # type: ignore[import-untyped]
    CloudAdapterBase,
)
from botbuilder.schema import Activity  # type: ignore[import-untyped]
from pydantic import AfterValidator, BaseModel, Field, StrictStr, ValidationError
from pydantic_core import from_json

from adapters.teams import payloads
from adapters.teams.authentication import (
    KeysUnavailable,
    TeamsAuthentication,
    Unauthenticated,
    Unchecked,
    Verifier,
)
from adapters.teams.handling import RAW, Handler, Ident
from adapters.teams.places import Places, Trust
from agent import defects
from agent.errors import StorageError
from agent.platforms import WebRequest, WebResponse
from agent.ports import Clock, Door

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024
"""Bytes; Teams' messages end at about 100 KB
(https://learn.microsoft.com/microsoftteams/limits-specifications-teams)."""
INVOKE_SECONDS = 5.0
"""How long a person waits for the answer to a press before Teams shows an error."""
ACCEPTED = WebResponse(202)
JSON = {"content-type": "application/json; charset=utf-8"}


class Receiver:
    """Turns one activity of Teams' into at most one call of the door."""

    def __init__(
        self,
        *,
        tenant: str,
        verifier: Verifier,
        authentication: TeamsAuthentication,
        trust: Trust,
        places: Places,
        door: Door,
        clock: Clock,
        web_host: str,
        ident: Ident,
    ) -> None:
        """Only activities of `tenant` that `verifier` passes are taken, and only from services
        that `trust` allows; `authentication` makes the SDK's turns. `web_host` and `ident` are for
        the `Handler`.
        """
        self._tenant = tenant
        self._verifier = verifier
        self._authentication = authentication
        self._trust = trust
        self._clock = clock
        self._handler = Handler(tenant, door, places, web_host=web_host, ident=ident)
        self._adapter = CloudAdapterBase(authentication)
        is_open = isinstance(verifier, Unchecked)
        self._channels = {"msteams", "emulator"} if is_open else {"msteams"}

    async def handle(self, request: WebRequest) -> WebResponse:
        """Answer one POST to /api/messages; never raises, never answers 500."""
        try:
            return await self._answer(request)
        except Unauthenticated as error:
            log.warning("an activity was refused: %s", error)
            return WebResponse(401)
        except KeysUnavailable:
            log.warning("an activity could not be verified: the signing keys are not available")
            return WebResponse(503)
        except StorageError as error:
            log.warning("an activity was not accepted: %s", error.code)
            return WebResponse(503)
        except TimeoutError:
            log.warning("an invoke was not answered in time")
            return WebResponse(503)
        except Exception as error:  # noqa: BLE001 the top of a task
            defects.report(log, "an activity failed", error)
            return WebResponse(503)

    async def _answer(self, request: WebRequest) -> WebResponse:
        if len(request.body) > MAX_BODY:
            return WebResponse(413)
        body = parse(request.body)
        if body is None:
            return WebResponse(400)
        await self._verifier.verify(request.headers.get("authorization", ""), body)
        if not self._is_welcome(body):
            return WebResponse(403)
        activity = _activity(body)
        if activity is None:
            return WebResponse(400)
        is_invoke = activity.type == "invoke"
        async with self._clock.timeout(INVOKE_SECONDS if is_invoke else None):
            response = await self._turn(activity, body)
        return _to_web(response) if is_invoke else ACCEPTED

    def _is_welcome(self, body: dict[str, Any]) -> bool:
        """Whether an authenticated activity is of our organisation, of Teams, and tells of a place
        that our token may be sent to.
        """
        if not payloads.is_ours(body, self._tenant):
            log.warning("an activity was refused: it is of another tenant")
            return False
        service_url, channel = body.get("serviceUrl"), body.get("channelId")
        if not isinstance(service_url, str) or not self._trust.allowed(service_url):
            log.warning("an activity was refused: its serviceUrl is not trusted")
            return False
        return isinstance(channel, str) and channel in self._channels

    async def _turn(self, activity: Activity, body: dict[str, Any]) -> InvokeResponse | None:
        """Take an activity through the SDK's pipeline to our hooks."""

        async def logic(turn_context: TurnContext) -> None:
            turn_context.turn_state[RAW] = body
            await self._handler.on_turn(turn_context)

        verified = self._authentication.verified()
        return await self._adapter.process_activity(verified, activity, logic)


def parse(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a request's body, None if it is not one."""
    try:
        # NaN and the infinities are JavaScript's, not JSON's.
        parsed = from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Moment = Annotated[StrictStr, AfterValidator(_moment)]


class _Wire(BaseModel):
    """What an activity must look like to be one; what it tells is read from its JSON (`payloads`).

    The SDK's model checks the same in forty times the time, and may quote what people wrote.
    """

    type: StrictStr
    id: StrictStr | None = None
    name: Any = None
    action: Any = None
    timestamp: Moment | None = None
    local_timestamp: Moment | None = Field(default=None, alias="localTimestamp")
    sender: dict[str, Any] | None = Field(default=None, alias="from")
    recipient: dict[str, Any] | None = None
    conversation: dict[str, Any] | None = None
    entities: list[Any] | None = None
    attachments: list[Any] | None = None


def _activity(body: dict[str, Any]) -> Activity | None:
    """What the SDK dispatches by; None for what is no activity."""
    try:
        wire = _Wire.model_validate(body)
    except ValidationError as error:
        wrong = ", ".join(str(one["loc"][0]) for one in error.errors(include_input=False))
        log.warning("an activity is not as Teams documents it: %s", wrong)
        return None
    return Activity(
        type=wire.type,
        id=wire.id,
        name=wire.name,
        action=wire.action,
        channel_id=body["channelId"],
        service_url=body["serviceUrl"],
    )


def _to_web(response: InvokeResponse | None) -> WebResponse:
    if response is None or response.status is None:
        return WebResponse(501)
    if response.body is None:
        return WebResponse(int(response.status))
    return WebResponse(int(response.status), json.dumps(response.body).encode(), JSON)
