"""Who may speak for the desk: whoever Teams' own roster of the channel names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cachetools import TTLCache

from adapters.teams.connector import Connector
from adapters.teams.fields import Payload, string
from adapters.teams.places import Reference
from agent.errors import DeliveryError, DeliveryRetry, PlaceFatal, RowFatal
from agent.messages import ConversationId
from agent.ports import Clock

MEMBERS = 10_000
PATIENCE = 5.0
"""Seconds for all attempts to ask; whoever pressed has been told by then that it is worked on."""
MEMBER_SECONDS = 60.0 - PATIENCE
"""For so long somebody who was a member is taken for one: a minute, with the asking. Who was none
is asked for again: they may have been let in because they were refused."""
PATIENCE_FOR_A_NAME = 2.0
"""Seconds that a command waits for whom it names."""
NOBODY, NO_CHANNEL = "404", "404 ConversationNotFound"
"""How the errors begin that say that the channel is there and the person is not in it, or that the
channel is not there
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context)."""


class Members:
    """Asks Teams whether people are in a channel, and remembers for a moment that they are."""

    def __init__(
        self,
        connector: Connector,
        reach: Callable[[ConversationId], Awaitable[Reference]],
        clock: Clock,
        known_as: Callable[[str], str],
    ) -> None:
        """`reach` tells how a conversation is reached, or raises DeliveryError; `known_as` by which
        other id this bot knows a person, '' if by none.
        """
        self._connector = connector
        self._reach = reach
        self._clock = clock
        self._known_as = known_as
        self._known: TTLCache[tuple[str, str], bool, float]
        self._known = TTLCache(MEMBERS, MEMBER_SECONDS, clock.monotonic)
        """Who is taken for a member, by channel and user id."""

    async def has(self, place: ConversationId, user_id: str) -> bool:
        """Whether somebody is in the channel of `place`; who is deactivated is in none.

        Raises:
            DeliveryError: Teams could not be asked, or the channel is not to be seen.
        """
        key = (place.channel, user_id)
        if key in self._known:
            return True
        is_member = await self._ask(place, user_id)
        if is_member:
            self._known[key] = True
        return is_member

    async def ident(self, place: ConversationId, teams_id: str) -> str:
        """The id by which everybody knows whom a mention names ('29:…' is this bot's alone); the
        same if Teams does not tell. Never raises.
        """
        try:
            member = await self._entry(place, teams_id, PATIENCE_FOR_A_NAME)
        except (DeliveryError, TimeoutError):
            return teams_id
        return string(member, "aadObjectId") or string(member, "objectId") or teams_id

    async def _entry(self, place: ConversationId, user_id: str, patience: float) -> Payload:
        async with self._clock.timeout(patience):
            service_url = (await self._reach(place)).service_url
            return await self._connector.member(service_url, place.channel, user_id)

    async def _ask(self, place: ConversationId, user_id: str) -> bool:
        # Teams finds people by either id, the Agents Playground only by its own.
        other = self._known_as(user_id)
        ids = [user_id, other] if other not in ("", user_id) else [user_id]
        for ident in ids:
            if await self._names(place, ident):
                return True
        return False

    async def _names(self, place: ConversationId, user_id: str) -> bool:
        """Whether the roster names somebody by this id."""
        try:
            member = await self._entry(place, user_id, PATIENCE)
        except PlaceFatal as error:
            if not str(error).startswith(NOBODY) or str(error).startswith(NO_CHANNEL):
                raise
            return False
        except RowFatal:
            return False  # it is the id of nobody
        except TimeoutError:
            raise DeliveryRetry("Teams did not tell in time who is in the channel") from None
        if not string(member, "id"):
            raise DeliveryRetry("Teams did not tell who is in the channel")
        return True
