"""What the local Teams knows: people, teams, chats, channels, and the messages in them.

Plain data and the operations that keep it consistent. Nothing here speaks HTTP or tells the bot of
a change.
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from agent.ports import Clock
from twins import world

Json = dict[str, Any]

PERSONAL, GROUP, CHANNEL = "personal", "groupChat", "channel"
"""The kinds of conversations, as `conversationType` names them."""
CARD = "application/vnd.microsoft.card.adaptive"
THREAD = ";messageid="
TYPING_SECONDS = 10.0
"""How long clients show that somebody types; measured by others as 3 to 10 seconds."""
STRANGERS = "00000000-0000-4000-8000-00000000f5e7"
"""The organisation of people of other companies."""
NAMESPACE = uuid.UUID("00000000-0000-0000-0000-0000000f0de5")


@dataclass
class Settings(world.Settings):
    """What a test may change at any time.

    `service_url` is what activities name as the connector; `start` sets it to the twin itself.
    `unauthenticated` sends no token and asks for none. `signed_by` is whose token comes with
    activities: 'connector', or 'entra' as from Microsoft's own services. `redeliveries` is how
    often an activity comes again that nobody took. `streaming` tells whether the organisation
    allows streamed messages.
    """

    service_url: str = ""
    unauthenticated: bool = False
    signed_by: str = "connector"
    redeliveries: int = 3
    streaming: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """The organisation, and the app that is installed in it."""

    tenant_id: str
    app_id: str
    bot_name: str = "Frontdesk"
    domain: str = "example.com"

    @property
    def bot_id(self) -> str:
        """How activities name the bot."""
        return f"28:{self.app_id}"


@dataclass(slots=True)
class User:
    """A person. `id` is the object id in Entra; `teams_id` is how this bot sees them.

    `installed` tells whether they have the app, so that it may begin a chat with them. `tenant_id`
    differs from the organisation's for people of other companies. `active` ends with the account.
    """

    id: str
    name: str
    teams_id: str
    tenant_id: str
    email: str = ""
    locale: str = "en-GB"
    country: str = "GB"
    timezone: str = "Europe/London"
    platform: str = "Web"
    role: str = "user"
    installed: bool = True
    active: bool = True


@dataclass(frozen=True, slots=True)
class Team:
    """A team: its id is that of its first channel, its group's that of Entra."""

    id: str
    name: str
    group_id: str


@dataclass(slots=True)
class Post:
    """One message. `activity` is what its author sent; `heard` tells whether the bot knows it."""

    id: str
    place: str
    user: str
    thread: str
    activity: Json
    bot: bool = False
    heard: bool = False
    deleted: bool = False
    streaming: bool = False
    versions: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Place:
    """A personal chat, a group chat or a channel; `posts` are in order of their ids.

    `bot` tells whether the app is there, `rsc` whether it was granted to hear everything. An
    `archived` one can be read, and nobody can write there.
    """

    id: str
    kind: str
    name: str
    members: dict[str, None]
    bot: bool = True
    rsc: bool = False
    archived: bool = False
    team: Team | None = None
    posts: dict[str, Post] = field(default_factory=dict)
    typing: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Toast:
    """What the bot answered to a press, as who pressed alone reads it."""

    channel: str
    user: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message as people see it at one moment; `bot` tells whether the app wrote it.

    `thread` is the id of the root in a channel (its own, if it is one), '' in chats. `versions` are
    the activities it was before, oldest first.
    """

    channel: str
    id: str
    user: str
    bot: bool
    text: str
    thread: str
    activity: Mapping[str, Any]
    versions: tuple[Mapping[str, Any], ...]
    deleted: bool
    streaming: bool
    reactions: Mapping[str, tuple[str, ...]]

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was sent."""
        return bool(self.versions) and not self.streaming

    @property
    def cards(self) -> tuple[Json, ...]:
        """Its Adaptive Cards."""
        found = self.activity.get("attachments") or []
        return tuple(one["content"] for one in found if one.get("contentType") == CARD)

    @property
    def suggested(self) -> tuple[Json, ...]:
        """The actions suggested under it."""
        return tuple((self.activity.get("suggestedActions") or {}).get("actions") or ())

    @property
    def labelled(self) -> bool:
        """Whether it is marked as made by AI."""
        return "AIGeneratedContent" in (self._said_by_ai().get("additionalType") or [])

    @property
    def citations(self) -> tuple[Json, ...]:
        """Its sources, by their positions."""
        found = self._said_by_ai().get("citation") or []
        return tuple(sorted(found, key=lambda one: one["position"]))

    @property
    def feedback_loop(self) -> str:
        """'default' or 'custom' if it asks for feedback, else ''."""
        data = self.activity.get("channelData") or {}
        kind = (data.get("feedbackLoop") or {}).get("type", "")
        return str(kind) or ("default" if data.get("feedbackLoopEnabled") else "")

    def _said_by_ai(self) -> Json:
        entities: list[Json] = self.activity.get("entities") or []
        marked = [one for one in entities if one.get("type") == "https://schema.org/Message"]
        return marked[0] if marked else {}


class World(world.World):
    """Everything of one organisation, and the clock that stamps it."""

    def __init__(self, clock: Clock, identity: Identity) -> None:
        super().__init__(clock)
        self.identity = identity
        self.users: dict[str, User] = {}
        self.places: dict[str, Place] = {}
        self.teams: dict[str, Team] = {}
        self._personal: dict[str, Place] = {}
        self._numbers = itertools.count(1)
        self._last_id = 0

    def guid(self) -> str:
        """A new id like Entra's; the same in every world that began alike."""
        return str(uuid.uuid5(NAMESPACE, str(next(self._numbers))))

    def token(self, length: int) -> str:
        """A new unreadable text like those in Teams' ids."""
        digest = hashlib.sha512(self.guid().encode()).digest() * 2
        return base64.urlsafe_b64encode(digest).decode()[:length]

    def mint(self) -> str:
        """A new id of a message: the clock's milliseconds, later than all before."""
        self._last_id = max(int(self.clock.now() * 1000), self._last_id + 1)
        return str(self._last_id)

    def stamp(self) -> str:
        """The clock's time as activities write it."""
        return iso(self.clock.now())

    def add_user(
        self, name: str, *, is_stranger: bool = False, is_guest: bool = False, **fields: Any
    ) -> User:
        """A new person, with fields of `User`."""
        handle = name.lower().replace(" ", ".")
        defaults = {
            "tenant_id": STRANGERS if is_stranger else self.identity.tenant_id,
            "email": f"{handle}@{self.identity.domain}",
            "role": "guest" if is_guest else "user",
        }
        user = User(self.guid(), name, teams_id=f"29:1{self.token(79)}", **{**defaults, **fields})
        self.users[user.id] = user
        self.changed("user")
        return user

    def add_team(self, name: str) -> Team:
        """A new team, without channels."""
        team = Team(f"19:{self.token(43)}1@thread.tacv2", name, self.guid())
        self.teams[team.id] = team
        return team

    def team(self, ident: str = "") -> Team:
        """The team of this id; the first one if none is named, made if there is none."""
        if ident:
            return self.teams[ident]
        return next(iter(self.teams.values()), None) or self.add_team("Example")

    def add_place(self, kind: str, name: str, members: Iterable[str], **fields: Any) -> Place:
        """A new conversation of one of the kinds."""
        people = dict.fromkeys(self.users[user].id for user in members)
        ident = {
            PERSONAL: lambda: f"a:1{self.token(108)}",
            GROUP: lambda: f"19:{uuid.UUID(self.guid()).hex}@thread.v2",
            CHANNEL: lambda: f"19:{uuid.UUID(self.guid()).hex}@thread.tacv2",
        }[kind]()
        place = Place(ident, kind, name, people, **fields)
        self.places[place.id] = place
        self.changed("channel", place.id)
        return place

    def personal(self, user: str) -> Place:
        """The personal chat of the bot with a person."""
        if user not in self._personal:
            person = self.users[user]
            self._personal[user] = self.add_place(PERSONAL, "", [user], bot=person.installed)
        return self._personal[user]

    def person(self, ident: str) -> User | None:
        """The person with this object id or Teams id."""
        found = [user for user in self.users.values() if ident in {user.id, user.teams_id}]
        return found[0] if found else None

    def neighbours(self, place: Place) -> list[Place]:
        """The channels of a channel's team, or the chat itself: where an app is or is not."""
        if place.team is None:
            return [place]
        return [other for other in self.places.values() if other.team == place.team]

    def add_post(self, post: Post) -> None:
        """Put a new message into its place; in channels without a thread it begins one."""
        place = self.places[post.place]
        if place.kind == CHANNEL:
            post.thread = post.thread or post.id
        place.posts[post.id] = post
        if post.bot:
            place.typing.pop(post.thread, None)
        self.changed("message", post.place, post.id)

    def rewrite(self, post: Post, activity: Json) -> None:
        """Put a new version in place of a message's last one."""
        post.versions.append(post.activity)
        post.activity = activity
        self.changed("message", post.place, post.id)

    def thread(self, place: Place, root: str) -> list[Post]:
        """The root and its replies, oldest first; all of a chat, which has no threads."""
        return [post for post in place.posts.values() if not root or post.thread == root]

    def seen(self, post: Post) -> Message:
        """The message as it is now."""
        return Message(
            channel=post.place,
            id=post.id,
            user=post.user,
            bot=post.bot,
            text=str(post.activity.get("text") or "") if post.bot else shown(post.activity),
            thread=post.thread,
            activity=post.activity,
            versions=tuple(post.versions),
            deleted=post.deleted,
            streaming=post.streaming,
            reactions={kind: tuple(users) for kind, users in post.reactions.items() if users},
        )


def iso(seconds: float) -> str:
    """A time in UTC as activities write it, e.g. '2026-09-21T14:13:20.0590000Z'."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def shown(activity: Json) -> str:
    """The words of a person's message as people read them: mentions as names, nothing escaped."""
    text = str(activity.get("text") or "")
    for entity in activity.get("entities") or []:
        if entity.get("type") == "mention":
            text = text.replace(entity["text"], "@" + entity["mentioned"]["name"], 1)
    return html.unescape(text)
