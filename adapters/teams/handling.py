"""What happened in Teams, by kind: each hook of the SDK's handler ends at the door.

The hooks read the activity's raw JSON, which the receiver puts into the turn's state: the SDK's
models lose fields. Where a conversation is reached is kept before what was said there is accepted,
so that after a crash in between the answer still finds its way.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from botbuilder.core import InvokeResponse, TurnContext  # type: ignore[import-untyped]
from botbuilder.core.teams import TeamsActivityHandler  # type: ignore[import-untyped]

from adapters.teams import payloads
from adapters.teams.payloads import Payload
from adapters.teams.places import Note, Places
from agent.errors import StorageError
from agent.messages import IncomingMessage, Kind
from agent.ports import Door
from agent.records import Accepted

RAW = "frontdesk.raw"
"""The key of an activity's JSON in the state of its turn."""
MESSAGE_ANSWER = "application/vnd.microsoft.activity.message"
ERROR_ANSWER = "application/vnd.microsoft.error"
"""What an answer to a press on a card may be, beside a new card
(https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model)."""
NOTED = "Got it."
NOT_USED = "Nobody reads this any more."


class Handler(TeamsActivityHandler):  # type: ignore[misc]
    """Brings what Teams tells to the door; what nobody reads has no hook here and does nothing.

    Every hook lets StorageError through: nothing was committed then.
    """

    def __init__(self, tenant: str, door: Door, places: Places) -> None:
        """`tenant` is the adapter's own."""
        super().__init__()
        self._tenant = tenant
        self._door = door
        self._places = places

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Words, a command, or what a card sent."""
        body = _raw(turn_context)
        await self._take(body, payloads.read_message(body, self._tenant))

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        """An edit, or what was deleted returns."""
        body = _raw(turn_context)
        await self._take(body, payloads.read_update(body, self._tenant))

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        """A deletion."""
        body = _raw(turn_context)
        await self._take(body, payloads.read_deletion(body, self._tenant))

    async def on_message_reaction_activity(self, turn_context: TurnContext) -> None:
        """A thumb or a heart at a message of ours."""
        body = _raw(turn_context)
        await self._take(body, payloads.read_reaction(body, self._tenant))

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Somebody is new; the SDK's own hook would ask Teams for each of them who they are."""
        body = _raw(turn_context)
        if payloads.adds_somebody(body):
            await self._begin(body)

    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        """The app was installed, or updated."""
        await self._begin(_raw(turn_context))

    async def on_installation_update_remove(self, turn_context: TurnContext) -> None:
        """The app was taken away; an update takes the old version away and is no farewell."""
        channel = payloads.channel_of(_raw(turn_context))
        if channel and turn_context.activity.action == "remove":
            await self._places.drop(channel)

    async def on_event_activity(self, turn_context: TurnContext) -> None:
        """Read receipts and meetings are nothing to us; the SDK would parse them first."""

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """What a person waits for: a thumb, a button. Everything else is not implemented (501)."""
        body = _raw(turn_context)
        match turn_context.activity.name:
            case "message/submitAction":
                message = payloads.read_feedback(body, self._tenant)
                await self._take(body, message)
                return InvokeResponse(status=200 if message is not None else 400, body={})
            case "adaptiveCard/action":
                return InvokeResponse(status=200, body=await self._pressed(body))
        return InvokeResponse(status=501)

    async def _pressed(self, body: Payload) -> dict[str, Any]:
        """Answer a press on a card, with words that are shown to whom pressed alone."""
        message = payloads.read_action(body, self._tenant)
        if message is None:
            error = {"code": "BadRequest", "message": NOT_USED}
            return {"statusCode": 400, "type": ERROR_ANSWER, "value": error}
        accepted = await self._take(body, message)
        value = NOT_USED if accepted is Accepted.NOT_FOR_US else NOTED
        return {"statusCode": 200, "type": MESSAGE_ANSWER, "value": value}

    async def _take(self, body: Payload, message: IncomingMessage | None) -> Accepted:
        if message is None:
            return Accepted.NOT_FOR_US
        certain = message.kind.is_control or message.direct or message.mentions_bot
        if certain:
            await self._places.keep(message.conversation.channel, payloads.reference(body))
        accepted = await self._door.accept(message)
        if accepted is not Accepted.NOT_FOR_US:
            known = self._places.people.get(message.author.id) or Note()
            self._places.people.put(message.author.id, payloads.note(body, known))
        if not certain:
            await self._overheard(body, message, accepted)
        return accepted

    async def _overheard(self, body: Payload, message: IncomingMessage, accepted: Accepted) -> None:
        """Keep what words tell that were not said to the bot: that it hears all there. What is not
        for the bot leaves nothing else behind, and nothing at all where the bot is not known.
        """
        channel = message.conversation.channel
        hears_all = message.kind is Kind.MESSAGE and not body.get("value")
        if accepted is not Accepted.NOT_FOR_US:
            told = payloads.reference(body).model_copy(update={"hears_all": hears_all})
            await self._places.keep(channel, told)
        elif hears_all:
            with suppress(StorageError):  # not worth that Teams tells it once more
                known = await self._places.find(channel)
                if known is not None:
                    told = known.model_copy(update={"hears_all": True})
                    await self._places.keep(channel, told)

    async def _begin(self, body: Payload) -> None:
        """The bot is new in a conversation: keep how it is reached, and welcome a person once."""
        channel = payloads.channel_of(body)
        if not channel:
            return
        reference = payloads.reference(body)
        joined = payloads.read_joined(body, self._tenant)
        if joined is not None:  # whoever is named as doing it may be the bot
            reference = reference.model_copy(update={"person": joined.author.id})
        await self._places.keep(channel, reference)
        known = await self._places.find(channel)
        if joined is None or (known is not None and known.welcomed):
            return
        await self._door.accept(joined)
        await self._places.keep(channel, reference.model_copy(update={"welcomed": True}))


def _raw(turn_context: TurnContext) -> Payload:
    body: Payload = turn_context.turn_state[RAW]
    return body
