"""Admins: where they are reached directly, and what they are told once a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from agent.desk.place import DeskPlace
from agent.draft import Draft
from agent.errors import DeliveryError
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.ports import Adapter, Clock
from agent.records import Arrival
from agent.tasks import together

DIRECT_SECONDS = 5.0
"""For finding or beginning a direct conversation."""


class Admins:
    """The people who keep the assistant going; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` names them."""
        self._adapters = adapters
        self._clock = clock
        self._place = place

    async def places(self) -> dict[str, ConversationId]:
        """The direct conversation with each of them, by 'platform:user' in the order in which they
        are named; who cannot be reached now is left out.
        """
        found: dict[str, ConversationId] = {}

        async def find(admin: str) -> None:
            platform, _, user = admin.partition(":")
            if (place := await self.direct_with(platform, user)) is not None:
                found[admin] = place

        await together(*(find(admin) for admin in self._place.admins))
        return {admin: found[admin] for admin in self._place.admins if admin in found}

    async def direct_with(self, platform: str, user_id: str) -> ConversationId | None:
        """The direct conversation with a person; None if there is none, or not now."""
        adapter = self._adapters.get(platform)
        if adapter is None or not user_id:
            return None
        try:
            async with self._clock.timeout(DIRECT_SECONDS):
                return await adapter.direct(user_id)
        except (DeliveryError, TimeoutError):
            return None

    async def miss_desk(self, draft: Draft) -> None:
        """Let each of them be told, once a day, that somebody wanted a person in vain: in a turn of
        their own conversation, whose row is known by the day.
        """
        day = datetime.fromtimestamp(draft.now, UTC).date()
        for admin, place in (await self.places()).items():
            author = Author(admin.partition(":")[2])
            told = IncomingMessage(place, f"no-desk-{day}", Kind.NO_DESK, author, direct=True)
            draft.timers.append(Arrival(told))
