"""Members: who is in a channel of people, by the word of its platform, asked for not too long."""

from __future__ import annotations

from collections.abc import Mapping

from agent.errors import DeliveryRetry
from agent.messages import ConversationId
from agent.ports import Adapter, Clock

MEMBER_SECONDS = 5.0
"""For asking a platform whether somebody is there."""


class Members:
    """Asks the platforms who is there; holds no state."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock) -> None:
        """By the names of the platforms."""
        self._adapters = adapters
        self._clock = clock

    async def has(self, channel: ConversationId, user: str) -> bool:
        """Whether somebody with this id on the channel's platform is in the channel now.

        Raises:
            DeliveryError: the platform cannot be asked, or does not tell in time.
        """
        adapter = self._adapters.get(channel.platform)
        if adapter is None:
            raise DeliveryRetry("the platform is not connected")
        try:
            async with self._clock.timeout(MEMBER_SECONDS):
                return await adapter.member(channel, user)
        except TimeoutError:
            raise DeliveryRetry("nobody could tell in time who is in the channel") from None
