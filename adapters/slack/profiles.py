"""Who people are, as users.info tells it: their profiles, kept for a day, and the names of those
whom somebody mentions.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cachetools import TTLCache

from adapters.slack import mrkdwn, payloads
from adapters.slack.calls import part
from adapters.slack.payloads import Identity, Payload
from adapters.slack.web import Web
from agent.errors import DeliveryError
from agent.messages import Author, IncomingMessage
from agent.platforms import Profile
from agent.ports import Clock
from agent.tasks import together
from agent.text import plain_name

log = logging.getLogger(__name__)

Read = Callable[[Payload], Awaitable[IncomingMessage | None]]
"""How an event becomes a message of ours, or nothing."""

PROFILE_SECONDS = 24 * 3600.0
PROFILES = 10_000
MOST_NAMED = 5
"""People whom one message can mention by name: each may cost a call."""
UNTOLD_SECONDS = 300.0
NAMING_SECONDS = 1.0
"""That a message waits for the names in it: Slack gives each event three seconds."""


class Profiles:
    """Asks Slack who people are, and remembers what it said."""

    def __init__(self, web: Web, clock: Clock) -> None:
        """Nothing is asked before somebody is asked for."""
        self._web = web
        self._clock = clock
        self._known: TTLCache[str, Profile, float]
        self._known = TTLCache(PROFILES, PROFILE_SECONDS, clock.monotonic)
        self._untold: TTLCache[str, bool, float]
        self._untold = TTLCache(PROFILES, UNTOLD_SECONDS, clock.monotonic)
        """Whose names Slack did not tell, or not in time: it is not asked again so soon."""

    async def of(self, author: Author, tenant: str) -> Profile:
        """A person of the workspace `tenant`; the id alone if Slack does not tell. Never raises."""
        known = self._known.get(author.id)
        if known is not None:
            return replace(known, external=True) if author.external else known
        try:
            answer = await self._web.call("users.info", user=author.id, include_locale=True)
        except DeliveryError as error:
            log.info("no profile: %s", error.code)
            return Profile(author.id, author.name, external=author.external, known=False)
        user = part(answer, "user")
        if not user:
            return Profile(author.id, author.name, external=author.external, known=False)
        profile = _profile(author, user, tenant)
        self._known[author.id] = profile
        return profile

    async def names(self, ids: Iterable[str], tenant: str) -> Mapping[str, str]:
        """The names of people by their ids, as far as they are known in time; the first few."""
        wanted = list(dict.fromkeys(ids))[:MOST_NAMED]
        missing = [one for one in wanted if one not in self._known and one not in self._untold]
        if missing:
            with suppress(TimeoutError):
                async with self._clock.timeout(NAMING_SECONDS):
                    await together(*(self._learn(one, tenant) for one in missing))
        found = {one: self._known.get(one) for one in wanted}
        named = {one: plain_name(profile.name) for one, profile in found.items() if profile}
        return {one: name for one, name in named.items() if name}

    async def _learn(self, user_id: str, tenant: str) -> None:
        self._untold[user_id] = True
        profile = await self.of(Author(user_id), tenant)
        if profile.known:
            self._untold.pop(user_id, None)


class Reader:
    """Reads what was said with the names of those who are mentioned in it: whoever reads it may be
    where their ids mean nothing.
    """

    def __init__(self, identity: Identity, profiles: Profiles) -> None:
        """`identity` is who we are."""
        self._identity = identity
        self._profiles = profiles

    async def read(self, body: Payload) -> IncomingMessage | None:
        """An event as `payloads.read_event` reads it, with names. Never raises."""
        message = payloads.read_event(body, self._identity)
        if message is None or not (ids := self.mentioned(message, body)):
            return message
        return await self.named(message, body, ids)

    def mentioned(self, message: IncomingMessage, body: Payload) -> Sequence[str]:
        """Whose names are missing in what an event says. Only what may be for us is worth a call:
        what is said directly, in a thread, or to the bot.
        """
        if not (message.direct or message.in_thread or message.mentions_bot):
            return ()
        return mrkdwn.unnamed(payloads.raw_text(body), self._identity.bot_user_id)

    async def named(
        self, message: IncomingMessage, body: Payload, ids: Sequence[str]
    ) -> IncomingMessage:
        """The message of an event with the names of those it mentions, as far as Slack tells them
        in time. Never raises.
        """
        names = await self._profiles.names(ids, self._identity.team_id)
        raw, bot = payloads.raw_text(body), self._identity.bot_user_id
        return replace(message, text=mrkdwn.read(raw, bot, names)) if names else message


def _profile(author: Author, user: Mapping[str, Any], tenant: str) -> Profile:
    card = part(user, "profile")
    names = (card.get("real_name"), user.get("real_name"), card.get("display_name"))
    home = user.get("team_id") or tenant
    enterprise = bool(user.get("enterprise_user"))
    return Profile(
        id=author.id,
        name=next((str(name) for name in (*names, user.get("name")) if name), author.name),
        locale=str(user.get("locale") or ""),
        time_zone=str(user.get("tz") or ""),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        external=bool(
            author.external or user.get("is_stranger") or (home != tenant and not enterprise)
        ),
        bot=bool(user.get("is_bot")),
    )
