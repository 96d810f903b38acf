"""What the local Slack knows: people, channels, messages, threads, statuses, views.

Plain data and the operations that keep it consistent. Nothing here speaks HTTP or tells the bot of
a change; `twin_platform` does that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent.ports import Clock
from twins import world

Json = dict[str, Any]

KINDS = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}
"""Kinds of channels as `channel_type` names them, with the first letter of their ids."""
STATUS_SECONDS = 120.0
"""https://docs.slack.dev/reference/methods/assistant.threads.setStatus: a two minute timeout."""
TRIGGER_SECONDS = 3.0
"""https://docs.slack.dev/interactivity/handling-user-interaction: a trigger_id lives 3 seconds."""
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "reactions:write",
        "users:read",
        "users:read.email",
    }
)


@dataclass
class Settings(world.Settings):
    """What a test may change at any time.

    `scopes` is what the installation may do; `socket_mode` sends everything through websockets
    instead, of which there may be `most_sockets`; `mention_order` ('random', 'message', 'mention')
    says which of the two events of a mention comes first; `announce_replies` adds, per reply, the
    root's update that Slack documents as `message_replied` and sends without its subtype.
    """

    scopes: set[str] = field(default_factory=lambda: set(DEFAULT_SCOPES))
    socket_mode: bool = False
    most_sockets: int = 10
    mention_order: str = "random"
    announce_replies: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """The workspace, and the app that is installed in it."""

    team_id: str
    bot_user_id: str
    bot_id: str
    app_id: str
    bot_name: str = "Frontdesk"
    domain: str = "example"
    verification_token: str = "twin-verification-token"  # noqa: S105 (bodies carry it; no secret)


@dataclass(slots=True)
class User:
    """A person or a bot; `team_id` differs from the workspace's for people of other companies."""

    id: str
    name: str
    real_name: str
    team_id: str
    email: str = ""
    tz: str = "Europe/London"
    locale: str = "en-US"
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_bot: bool = False
    deleted: bool = False
    bot_id: str = ""


@dataclass(slots=True)
class Post:
    """One message. `own_blocks` tells blocks that were sent from those made out of the text."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json]
    own_blocks: bool = False
    bot_id: str = ""
    team_id: str = ""
    subtype: str = ""
    thread_ts: str = ""
    parent_user_id: str = ""
    client_msg_id: str = ""
    metadata: Json | None = None
    edited: Json | None = None
    files: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    deleted: bool = False
    ephemeral_to: str = ""
    streaming_until: float = 0.0


@dataclass(slots=True)
class Channel:
    """A place to talk; `posts` are in order of their ts, deleted ones included."""

    id: str
    kind: str
    name: str
    created: int
    members: dict[str, None]
    is_archived: bool = False
    is_ext_shared: bool = False
    posts: dict[str, Post] = field(default_factory=dict)
    ephemerals: list[Post] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Status:
    """The line beside 'Frontdesk …' under a thread, until it runs out."""

    text: str
    until: float
    loading_messages: tuple[str, ...] = ()


@dataclass(slots=True)
class View:
    """An open modal or a published home tab; `entered` is the state of what was filled in by
    action_id, `errors` what the bot said is wrong with it by block_id.
    """

    id: str
    user: str
    body: Json
    hash: str
    external_id: str = ""
    open: bool = True
    entered: dict[str, Json] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Trigger:
    """What a press or command allows for 3 seconds: to open one form for its user."""

    user: str
    until: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """What a press or command allows for 30 minutes: to answer in its channel, 5 times."""

    user: str
    channel: str
    until: float
    left: int
    message: Post | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as people see it at one moment; `bot` tells whether the app wrote it."""

    channel: str
    ts: str
    user: str
    bot: bool
    text: str
    blocks: tuple[Json, ...]
    metadata: Json | None
    edited: bool
    deleted: bool
    thread_ts: str
    subtype: str = ""
    ephemeral_to: str = ""
    files: tuple[str, ...] = ()


class Workspace(world.World):
    """Everything of one workspace, and the clock that stamps it."""

    def __init__(self, clock: Clock, identity: Identity) -> None:
        super().__init__(clock)
        self.identity = identity
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.statuses: dict[tuple[str, str], Status] = {}
        self.sessions: dict[tuple[str, str], str] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[str, list[Json]] = {}
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._directs: dict[frozenset[str], Channel] = {}
        self._last_ts = 0
        self._numbers = itertools.count(1)
        bot = User(
            identity.bot_user_id, "frontdesk", identity.bot_name, identity.team_id, is_bot=True
        )
        bot.bot_id = identity.bot_id
        self.users[bot.id] = bot

    def mint(self, prefix: str) -> str:
        """A new id like Slack's: a letter or two and ten digits of base 36."""
        number, digits = next(self._numbers), ""
        while number:
            number, digit = divmod(number, 36)
            digits = DIGITS[digit] + digits
        return prefix + digits.rjust(10, "0")

    def mint_short(self) -> str:
        """A new id of a block or action: five digits."""
        return self.mint("")[-5:]

    def mint_ts(self) -> str:
        """A ts never given before, later than all others, and close to the clock's time."""
        self._last_ts = max(int(self.clock.now() * 10_000) * 100, self._last_ts) + 100
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_channel(self, kind: str, name: str, members: Iterable[str], *, shared: bool) -> Channel:
        """A new channel of one of KINDS."""
        channel = Channel(
            self.mint(KINDS[kind]),
            kind,
            name,
            int(self.clock.now()),
            dict.fromkeys(members),
            is_ext_shared=shared,
        )
        self.channels[channel.id] = channel
        self.changed("channel", channel.id)
        return channel

    def direct(self, *users: str) -> Channel:
        """The direct conversation of exactly these people and the bot, opened if need be."""
        key = frozenset(users)
        if (known := self._directs.get(key)) is not None:
            return known
        kind = "im" if len(key) == 1 else "mpim"
        name = "" if kind == "im" else "mpdm-" + "--".join(sorted(users)) + "-1"
        members = [*users, self.identity.bot_user_id]
        channel = self.add_channel(kind, name, members, shared=self.any_stranger(users))
        self._directs[key] = channel
        return channel

    def any_stranger(self, users: Iterable[str]) -> bool:
        """Whether one of these is of another company."""
        return any(self.users[user].is_stranger for user in users)

    def add_post(self, post: Post) -> None:
        """Put a new message into its channel and thread; a root that is gone is no thread."""
        channel = self.channels[post.channel]
        root = self.root(channel, post.thread_ts)
        if root is None:
            post.thread_ts = ""
        else:
            post.thread_ts = root.thread_ts = root.ts
            post.parent_user_id = root.user
            root.replies.append(post.ts)
        channel.posts[post.ts] = post
        self.changed("message", post.channel, post.ts)

    def root(self, channel: Channel, thread_ts: str) -> Post | None:
        """The message a thread hangs on, also found by the ts of one of its replies."""
        post = channel.posts.get(thread_ts)
        if post and post.thread_ts and post.thread_ts != post.ts:
            post = channel.posts.get(post.thread_ts)
        return None if post is None or post.deleted else post

    def remove_post(self, post: Post) -> bool:
        """Delete a message; True if replies keep its place as a tombstone.

        https://docs.slack.dev/reference/events/message/message_deleted and the tombstones shown in
        github.com/slack-edge/slack-edge/pull/10 and github.com/42wim/matterbridge/issues/600.
        """
        if post.replies:
            post.subtype, post.user, post.bot_id = "tombstone", "USLACKBOT", ""
            post.text, post.blocks, post.metadata = "This message was deleted.", [], None
        else:
            post.deleted = True
            self._forget_reply(post)
        self.changed("deleted", post.channel, post.ts)
        return not post.deleted

    def _forget_reply(self, post: Post) -> None:
        root = self.channels[post.channel].posts.get(post.thread_ts)
        if root is not None and post.ts in root.replies:
            root.replies.remove(post.ts)

    def thread(self, channel: Channel, thread_ts: str) -> list[Post]:
        """The root and its replies, oldest first; [] if there is no such message."""
        root = self.root(channel, thread_ts)
        return [root, *(channel.posts[ts] for ts in root.replies)] if root else []

    def seen(self, post: Post) -> Message:
        """The message as it is now."""
        return Message(
            channel=post.channel,
            ts=post.ts,
            user=post.user,
            bot=post.bot_id == self.identity.bot_id,
            text=post.text,
            blocks=tuple(post.blocks),
            metadata=post.metadata,
            edited=bool(post.edited),
            deleted=post.deleted or post.subtype == "tombstone",
            thread_ts=post.thread_ts,
            subtype=post.subtype,
            ephemeral_to=post.ephemeral_to,
            files=tuple(file["name"] for file in post.files),
        )

    def set_status(self, channel: str, thread_ts: str, status: Status | None) -> None:
        """Show or clear a thread's status."""
        if status is not None:
            self.statuses[channel, thread_ts] = status
        elif self.statuses.pop((channel, thread_ts), None) is None:
            return
        self.changed("status", channel, thread_ts)

    def status(self, channel: str, thread_ts: str) -> str:
        """The status shown now, '' if none is."""
        status = self.statuses.get((channel, thread_ts))
        return status.text if status and self.clock.now() < status.until else ""

    def mint_trigger(self, user: str) -> str:
        """A trigger_id for `user`, good for one form within 3 seconds."""
        trigger = f"{next(self._numbers)}.{self.identity.team_id}.{self._last_ts}"
        self.triggers[trigger] = Trigger(user, self.clock.now() + TRIGGER_SECONDS)
        return trigger
