"""Where a message to Teams goes: which service has a conversation, and under which address.

Teams tells with each activity under which address (`serviceUrl`) its conversation is served; there
is no other way to learn it. What was told is kept, and our token is sent there, so only activities
that were authenticated may tell it, and only hosts of Microsoft's are believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, urlencode

from cachetools import LRUCache
from pydantic import BaseModel, ConfigDict, ValidationError
from yarl import URL

from adapters.teams.clouds import is_loopback
from agent.errors import ConfigError
from agent.messages import ConversationId
from agent.ports import References

PLATFORM = "teams"
PLACES = 10_000
UNKNOWN_PLACES = 10_000
PEOPLE = 10_000
"""How many are remembered in memory; the places themselves are in the database."""
THREAD = ";messageid="
"""What joins a channel and the root of a thread into the id of a conversation
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations)."""


class PlaceKind(StrEnum):
    """Teams' `conversationType`. Only a CHANNEL has threads."""

    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"

    @classmethod
    def of(cls, channel: str) -> PlaceKind:
        """The kind of a conversation never heard of, by the form of its id: channels end in
        '@thread.tacv2' (older ones in '@thread.skype'), group chats in '@thread.v2'.
        """
        if channel.endswith(("@thread.tacv2", "@thread.skype")):
            return cls.CHANNEL
        return cls.GROUP if channel.endswith("@thread.v2") else cls.PERSONAL


class Reference(BaseModel):
    """What is kept about a conversation, in the database too: how it is reached, and what is known
    of it.

    `bot_id` is who we are there ('28:…'), `person` the author id of whom a personal chat is with,
    `team` and `group` the team's ids of a channel (its thread id, its Entra group). `hears_all`:
    a message that does not mention the bot came from there, so consent to read all was given.
    `welcomed`: the person was told what the bot is for.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    service_url: str
    kind: PlaceKind = PlaceKind.PERSONAL
    bot_id: str = ""
    person: str = ""
    team: str = ""
    group: str = ""
    hears_all: bool = False
    welcomed: bool = False

    def after(self, earlier: Reference) -> Reference:
        """This one, with what an earlier one of the same conversation knew and it does not tell."""
        return self.model_copy(
            update={
                "bot_id": self.bot_id or earlier.bot_id,
                "person": self.person or earlier.person,
                "team": self.team or earlier.team,
                "group": self.group or earlier.group,
                "hears_all": self.hears_all or earlier.hears_all,
                "welcomed": self.welcomed or earlier.welcomed,
            }
        )


def address(place: ConversationId, root_ref: str = "", kind: PlaceKind | None = None) -> str:
    """The id under which Teams takes messages for a place: made here and nowhere else.

    `root_ref` is the activity that begins the thread, if it is not the place's own. A chat has no
    threads: whatever belongs under a message stands at its end. `kind` None: see `PlaceKind.of`.
    """
    root = root_ref or place.thread
    if not root or (kind or PlaceKind.of(place.channel)) is not PlaceKind.CHANNEL:
        return place.channel
    return f"{place.channel}{THREAD}{root}"


def parted(conversation_id: str) -> tuple[str, str]:
    """Teams' id of a conversation as channel and root of the thread ('' without one)."""
    channel, _, root = conversation_id.partition(THREAD)
    return channel, root


def deep_link(
    web_host: str, place: ConversationId, message_id: str, reference: Reference | None
) -> str:
    """Where people open a message in Teams; '' where nobody but the two in it could, and for a
    place that nothing is known of.

    The forms are those of
    https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams.
    """
    if reference is None or reference.kind is PlaceKind.PERSONAL or not message_id:
        return ""
    if reference.kind is PlaceKind.GROUP:
        query = {"context": '{"contextType":"chat"}'}
    else:
        query = {
            "tenantId": place.tenant,
            "groupId": reference.group,
            "parentMessageId": place.thread or message_id,
        }
    told = urlencode({name: value for name, value in query.items() if value}, quote_via=quote)
    channel, message = quote(place.channel, safe=""), quote(message_id, safe="")
    return f"https://{web_host}/l/message/{channel}/{message}?{told}"


@dataclass(frozen=True, slots=True)
class Note:
    """What the last activity of a person told beside its words. Teams' roster has neither language
    nor time zone; `bot_knows_as` is the id by which this bot alone knows them ('29:…').
    """

    name: str = ""
    locale: str = ""
    time_zone: str = ""
    bot_knows_as: str = ""


class Places:
    """The conversations we were told of: in memory those of late, all of them in the database."""

    def __init__(self, references: References) -> None:
        """Nothing is read before it is asked for."""
        self._references = references
        self._places: LRUCache[str, Reference] = LRUCache(PLACES)
        self._unknown: LRUCache[str, bool] = LRUCache(UNKNOWN_PLACES)
        """The database has nothing of these: colleagues talk there, and the bot only overhears."""
        self._at_work = asyncio.Lock()
        self.people: LRUCache[str, Note] = LRUCache(PEOPLE)
        """By author id."""

    async def find(self, channel: str) -> Reference | None:
        """What is known of a conversation.

        Raises:
            StoreUnavailable: the database could not be asked.
        """
        known = self._places.get(channel)
        if known is not None or self._unknown.get(channel):
            return known
        async with self._at_work:  # whoever asks at the same time gets the same answer
            known = self._places.get(channel)
            if known is not None or self._unknown.get(channel):
                return known
            found = _read(await self._references.find(PLATFORM, channel))
            if found is not None:
                self._places[channel] = found
            else:
                self._unknown[channel] = True
            return found

    async def keep(self, channel: str, reference: Reference) -> None:
        """Remember a conversation; costs nothing if there is nothing new. What an earlier
        reference knew and this one does not tell stays known (`Reference.after`).

        Raises:
            StoreUnavailable: nothing was written.
        """
        known = await self.find(channel)
        if known is not None and reference.after(known) == known:
            return
        async with self._at_work:  # of two at once neither undoes what the other has learnt
            known = self._places.get(channel) or known
            if known is not None:
                reference = reference.after(known)
            written = reference.model_dump_json(exclude_defaults=True)
            await self._references.keep(PLATFORM, channel, written, person=reference.person)
            self._places[channel] = reference
            self._unknown.pop(channel, None)

    async def latest(self) -> Reference | None:
        """What was kept last: where a place never heard of most likely is served too.

        Raises:
            StoreUnavailable: the database could not be asked.
        """
        return _read(await self._references.latest(PLATFORM))

    async def drop(self, channel: str) -> None:
        """Forget a conversation; idempotent.

        Raises:
            StoreUnavailable: nothing was written.
        """
        async with self._at_work:
            await self._references.drop(PLATFORM, channel)
            self._places.pop(channel, None)


def _read(text: str) -> Reference | None:
    """A reference as it was written; None if it is none, or not one of ours."""
    try:
        return Reference.model_validate_json(text) if text else None
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Trust:
    """The services that our token may be sent to.

    `hosts` are the cloud's: a name, or with a leading dot every name below it. `origins` are those
    of TEAMS_SERVICE_URLS: scheme, host, port. `default` serves places nobody told us of.
    `loopback`: everything on this machine is trusted too (for a bot without authentication).
    """

    hosts: tuple[str, ...]
    default: str
    origins: frozenset[tuple[str, str, int]] = field(default_factory=frozenset)
    loopback: bool = False

    @classmethod
    def of(
        cls, hosts: Iterable[str], default: str, extra: str = "", *, loopback: bool = False
    ) -> Trust:
        """Trust the hosts of a cloud, and a comma list of hosts or addresses; the first address
        in it is the default.

        Raises:
            ConfigError: something in the list is no host, or not https where it must be.
        """
        listed = [one.strip() for one in extra.split(",") if one.strip()]
        addresses = [one for one in listed if "://" in one]
        return cls(
            hosts=tuple(hosts),
            default=addresses[0] if addresses else default,
            origins=frozenset(_origin(one) for one in listed),
            loopback=loopback,
        )

    def allowed(self, service_url: str) -> bool:
        """Whether this is an address of a service that our token may be sent to."""
        url = _parsed(service_url)
        if url is None:
            return False
        origin = _origin_of(url)
        if origin in self.origins:
            return True
        scheme, host, port = origin
        if self.loopback and is_loopback(host):
            return True
        return (scheme, port) == ("https", 443) and any(_within(host, one) for one in self.hosts)


def _within(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


@lru_cache(maxsize=256)
def _parsed(service_url: str) -> URL | None:
    """The address as the client that will call it reads it; None for all that is not plain."""
    try:
        url = URL(service_url)
        plain = url.scheme in ("https", "http") and url.host and url.port
    except (ValueError, TypeError):
        return None
    odd = url.user or url.password or url.query_string or url.fragment
    return url if plain and not odd and "\\" not in service_url else None


def _origin_of(url: URL) -> tuple[str, str, int]:
    return url.scheme, (url.host or "").lower().rstrip("."), url.port or 0


def _origin(listed: str) -> tuple[str, str, int]:
    """One entry of TEAMS_SERVICE_URLS."""
    url = _parsed(listed if "://" in listed else f"https://{listed}")
    if url is None:
        raise ConfigError(
            f"TEAMS_SERVICE_URLS: {listed!r} is neither a host nor an address; write "
            "smba.example.com or https://smba.example.com/teams/, with commas between them"
        )
    if url.scheme != "https" and not is_loopback(url.host or ""):
        raise ConfigError(f"TEAMS_SERVICE_URLS: {listed!r} must begin with https://")
    return _origin_of(url)
