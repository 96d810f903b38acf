"""What happened in Teams, by kind: each hook of the SDK's handler ends at the door.

The hooks read the activity's raw JSON, which the receiver puts into the turn's state: the SDK's
models lose fields. Where a conversation is reached is kept before what was said there is accepted,
so that after a crash in between the answer still finds its way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from botbuilder.core import InvokeResponse, TurnContext  # type: ignore[import-untyped]
from botbuilder.core.teams import TeamsActivityHandler  # type: ignore[import-untyped]

from adapters.teams import payloads, presses
from adapters.teams.fields import Payload
from adapters.teams.places import Note, Places, deep_link
from agent.errors import StorageError
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.ports import Door
from agent.records import Accepted

RAW = "frontdesk.raw"
"""The key of an activity's JSON in the state of its turn."""
MESSAGE_ANSWER = "application/vnd.microsoft.activity.message"
ERROR_ANSWER = "application/vnd.microsoft.error"
"""What an answer to a press on a card may be, beside a new card
(https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model)."""
SENT = "Sent."
"""To whoever used a card's reply box: Teams leaves their words standing in it."""
MENTIONED = re.compile(r"<@(29:[^<>]+)>")
MOST_NAMED = 3
"""People that a command can mean."""
Ident = Callable[[ConversationId, str], Awaitable[str]]
NOT_USED = "Nobody reads this any more."


class Handler(TeamsActivityHandler):  # type: ignore[misc]
    """Brings what Teams tells to the door; what nobody reads has no hook here and does nothing.

    Every hook lets StorageError through: nothing was committed then.
    """

    def __init__(
        self, tenant: str, door: Door, places: Places, *, web_host: str, ident: Ident
    ) -> None:
        """`tenant` is the adapter's own, `web_host` where people open Teams in a browser; `ident`
        tells by which id everybody knows whom a mention names in a place.
        """
        super().__init__()
        self._tenant = tenant
        self._web_host = web_host
        self._ident = ident
        self._door = door
        self._places = places

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Words, a command, or what a card sent."""
        body = _raw(turn_context)
        sent = presses.read_submitted(body, self._tenant)
        await self._take(body, sent or payloads.read_message(body, self._tenant))

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
        await self._take(body, presses.read_reaction(body, self._tenant))

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
                message = presses.read_feedback(body, self._tenant)
                await self._take(body, message)
                return InvokeResponse(status=200 if message is not None else 400, body={})
            case "adaptiveCard/action":
                return InvokeResponse(status=200, body=await self._pressed(body))
        return InvokeResponse(status=501)

    async def _pressed(self, body: Payload) -> dict[str, Any]:
        """Answer a press on a card, with words that are shown to whom pressed alone; '' shows
        nothing.
        """
        message = presses.read_action(body, self._tenant)
        if message is not None:
            return _answer(await self._press(body, message))
        if missing := presses.lacks(body):
            return _answer(missing)
        error = {"code": "BadRequest", "message": NOT_USED}
        return {"statusCode": 400, "type": ERROR_ANSWER, "value": error}

    async def _press(self, body: Payload, message: IncomingMessage) -> str:
        await self._places.keep(message.conversation.channel, payloads.reference(body))
        self._note(body, message)
        told = await self._door.press(message)
        return told or (SENT if message.kind is Kind.MESSAGE else "")

    async def _take(self, body: Payload, message: IncomingMessage | None) -> Accepted:
        if message is None:
            return Accepted.NOT_FOR_US
        message = await self._named(self._linked(body, message))
        certain = message.kind.is_control or message.direct or message.mentions_bot
        if certain:
            await self._places.keep(message.conversation.channel, payloads.reference(body))
            self._note(body, message)  # its turn may begin before `accept` returns
        accepted = await self._door.accept(message)
        if not certain:
            if accepted is not Accepted.NOT_FOR_US:
                self._note(body, message)
            await self._overheard(body, message, accepted)
        return accepted

    def _note(self, body: Payload, message: IncomingMessage) -> None:
        """Keep what is told of who is answered."""
        known = self._places.people.get(message.author.id) or Note()
        self._places.people[message.author.id] = payloads.note(body, known)

    def _linked(self, body: Payload, message: IncomingMessage) -> IncomingMessage:
        """With the way to each file: where Teams does not tell it, that is the message itself."""
        if all(message.file_links):
            return message
        told = payloads.reference(body)
        place = deep_link(self._web_host, message.conversation, message.id, told)
        return replace(message, file_links=tuple(link or place for link in message.file_links))

    async def _named(self, message: IncomingMessage) -> IncomingMessage:
        """A command with those whom it mentions by the ids that everybody knows them by."""
        if message.kind is not Kind.COMMAND:
            return message
        text = message.text
        for teams_id in MENTIONED.findall(text)[:MOST_NAMED]:
            ident = await self._ident(message.conversation, teams_id)
            text = text.replace(f"<@{teams_id}>", f"<@{ident}>")
        return replace(message, text=text)

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


def _answer(words: str) -> dict[str, Any]:
    return {"statusCode": 200, "type": MESSAGE_ANSWER, "value": words}


def _raw(turn_context: TurnContext) -> Payload:
    body: Payload = turn_context.turn_state[RAW]
    return body
