"""Rows of ours on their way to Teams, and what the adapter knows of the places they go to."""

from __future__ import annotations

from typing import Any

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.places import PlaceKind, Reference
from adapters.teams.twin import TeamsTwin
from agent.errors import StoreUnavailable
from agent.messages import ConversationId, OutgoingMessage
from agent.records import Delivery
from tests.support.doors import Memory


class SickMemory(Memory):
    """References that may fail."""

    broken = False

    async def find(self, platform: str, channel: str) -> str:
        """Not while it is broken."""
        if self.broken:
            raise StoreUnavailable
        return await super().find(platform, channel)

    async def latest(self, platform: str) -> str:
        """Not while it is broken."""
        if self.broken:
            raise StoreUnavailable
        return await super().latest(platform)


def place(twin: TeamsTwin, channel: str, thread: str = "") -> ConversationId:
    """A conversation of the organisation."""
    return ConversationId("teams", twin.identity.tenant_id, channel, thread)


def delivery(where: ConversationId, *, under: str = "", **fields: Any) -> Delivery:
    """A message of ours on its way."""
    message = OutgoingMessage(**{"id": "t1.1", "conversation": where, "text": "Words.", **fields})
    return Delivery(1, str(where), message, under_ref=under)


async def heard_of(adapter: TeamsAdapter, channel: str, **fields: Any) -> None:
    """What an activity from there would have told."""
    assert adapter._places is not None
    default = {"service_url": adapter._trust.default, "kind": PlaceKind.of(channel)}
    await adapter._places.keep(channel, Reference(**{**default, **fields}))
