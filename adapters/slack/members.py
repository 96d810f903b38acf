"""Who is in a channel, as Slack itself says now, or said at most a minute ago.

Only a yes is remembered: who has just been invited is asked about again, and is in at once.
"""

from __future__ import annotations

from collections.abc import Collection

from cachetools import TTLCache

from adapters.slack.calls import part, string
from adapters.slack.payloads import SYSTEM
from adapters.slack.web import Web
from agent.errors import DeliveryUnknown, PlaceFatal
from agent.ports import Clock

FRESH = 60.0
"""Seconds."""
PAGE = 1000
PAGES = 50
"""Of one channel, in which the desk would not be found by people either."""
CHANNELS = 1000
PEOPLE = 10_000


class Members:
    """Asks Slack for the members of channels, and whether people still have an account."""

    def __init__(self, web: Web, clock: Clock) -> None:
        """Nothing is known yet."""
        self._web = web
        self._in: TTLCache[str, Collection[str], float]
        self._in = TTLCache(CHANNELS, FRESH, clock.monotonic)
        self._active: TTLCache[str, bool, float] = TTLCache(PEOPLE, FRESH, clock.monotonic)

    async def has(self, channel: str, user_id: str) -> bool:
        """Whether a person, no bot, with an account that is not deactivated is in a channel.

        Raises:
            DeliveryError: Slack could not be asked, or the channel is not to be seen.
        """
        return await self._is_in(channel, user_id) and await self._is_active(user_id)

    async def _is_in(self, channel: str, user_id: str) -> bool:
        if user_id in self._in.get(channel, ()):
            return True
        people = self._in[channel] = await self._read(channel, user_id)
        return user_id in people

    async def _read(self, channel: str, user_id: str) -> Collection[str]:
        """The members of a channel, as far as the page that tells what was asked."""
        people: set[str] = set()
        cursor = ""
        for _ in range(PAGES):
            page = await self._web.call(
                "conversations.members", channel=channel, limit=PAGE, cursor=cursor or None
            )
            members = page.get("members")
            if not isinstance(members, list):
                raise DeliveryUnknown("Slack answers without the members")
            people.update(one for one in members if isinstance(one, str))
            cursor = string(part(page, "response_metadata"), "next_cursor")
            if user_id in people or not cursor:
                break
        return people

    async def _is_active(self, user_id: str) -> bool:
        if user_id in self._active:
            return True
        if user_id in SYSTEM:
            return False
        try:
            user = part(await self._web.call("users.info", user=user_id), "user")
        except PlaceFatal:
            return False  # there is no such person, or none that we may know of
        if not user:
            raise DeliveryUnknown("Slack answers without the person")
        if user.get("deleted") or user.get("is_bot"):
            return False
        self._active[user_id] = True
        return True
