"""Who somebody is: an entry of a conversation's roster, and what their activities told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from cachetools import TTLCache

from adapters.teams.connector import Connector
from adapters.teams.fields import string
from adapters.teams.payloads import LOCAL
from adapters.teams.places import Note, Reference
from agent.errors import DeliveryError
from agent.messages import Author, ConversationId
from agent.platforms import Profile
from agent.ports import Clock

log = logging.getLogger(__name__)

PROFILE_SECONDS = 24 * 3600.0
PROFILES = 10_000
PROFILE_PATIENCE = 2.0
"""Seconds that an answer waits for a name, however often that has to be asked for."""
UNTOLD_SECONDS = 60.0
"""For so long nobody is asked for again who was not told: all they write would wait for it."""


class Roster:
    """Asks Teams who people are, and remembers what it said."""

    def __init__(
        self,
        connector: Connector,
        reach: Callable[[ConversationId], Awaitable[Reference]],
        clock: Clock,
        tenant: str,
    ) -> None:
        """`reach` tells how a conversation is reached, or raises DeliveryError."""
        self._connector = connector
        self._reach = reach
        self._clock = clock
        self._tenant = tenant
        self._profiles: TTLCache[str, Profile, float]
        self._profiles = TTLCache(PROFILES, PROFILE_SECONDS, clock.monotonic)
        self._untold: TTLCache[tuple[str, str], bool, float]
        self._untold = TTLCache(PROFILES, UNTOLD_SECONDS, clock.monotonic)
        """Who was not told and is not asked for, by author id and channel."""

    async def find(self, author: Author, place: ConversationId) -> Profile | None:
        """Whom a conversation's roster names, kept for a day; None if it does not tell."""
        if (known := self._profiles.get(author.id)) is not None:
            return known
        nobody = (author.id, place.channel)
        if nobody in self._untold:
            return None
        found = await self._ask(author, place)
        if found is None:
            self._untold[nobody] = True
        else:
            self._profiles[author.id] = found
        return found

    async def _ask(self, author: Author, place: ConversationId) -> Profile | None:
        try:
            async with self._clock.timeout(PROFILE_PATIENCE):
                service_url = (await self._reach(place)).service_url
                member = await self._connector.member(service_url, place.channel, author.id)
        except (DeliveryError, TimeoutError) as error:
            log.info("no profile: %s", type(error).__name__)
            return None
        return read_profile(author.id, member, self._tenant)


def read_profile(author_id: str, member: Mapping[str, Any], tenant: str) -> Profile | None:
    """A member of a roster, None if it is nobody."""
    name = string(member, "name") or string(member, "givenName")
    if not (name or string(member, "id")):
        return None
    role = string(member, "userRole").lower()
    home = string(member, "tenantId")
    is_elsewhere = tenant != LOCAL and home.lower() not in ("", tenant.lower())
    return Profile(
        id=author_id,
        name=name,
        guest=role == "guest",
        external=is_elsewhere or role == "anonymous",
        bot=role == "bot",
    )


def as_noted(profile: Profile, author: Author, note: Note) -> Profile:
    """A profile with what the person's activities told."""
    return replace(
        profile,
        name=profile.name or note.name or author.name,
        locale=note.locale,
        time_zone=note.time_zone,
        external=profile.external or author.external,
    )
