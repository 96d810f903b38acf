"""What happens in the local Slack: each change of its state together with the events it causes.

The shapes of the events are those of recorded webhooks; the facts behind the odd ones stand at
their functions. Only what the bot is a member of is told to it.
"""

from __future__ import annotations

import copy
import random

from adapters.slack import twin_blocks as blocks_of
from adapters.slack import twin_shapes as shapes
from adapters.slack.twin_events import Courier, envelope, packed
from adapters.slack.twin_socket import Sockets
from adapters.slack.twin_state import Channel, Json, Post, Settings, User, Workspace

CHANNEL_LETTERS = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}


class Platform:
    """The workspace, its ways to the bot, the settings; `revoked` is the token's end, if any."""

    def __init__(
        self,
        workspace: Workspace,
        courier: Courier,
        sockets: Sockets,
        settings: Settings,
        rng: random.Random,
    ) -> None:
        self.workspace = workspace
        self.courier = courier
        self.sockets = sockets
        self.settings = settings
        self.revoked = ""
        self._rng = rng

    @property
    def bot_user(self) -> str:
        """The id of the app's bot user."""
        return self.workspace.identity.bot_user_id

    def emit(self, event: Json, author: User | None = None) -> None:
        """Tell the bot of something in a channel it is in, or in no channel at all."""
        channel = self.workspace.channels.get(str(event.get("channel")))
        if channel and self.bot_user not in channel.members:
            return
        team_id = author.team_id if author and author.is_stranger else ""
        shared = bool(channel and channel.is_ext_shared)
        body = envelope(self.workspace, event, shared=shared, team_id=team_id)
        self.courier.send(packed(body))

    def draft(self, channel: Channel, author: User, text: str, thread_ts: str = "") -> Post:
        """A message that is not there yet: fill in what else it has, then `publish` it."""
        return Post(
            channel.id,
            self.workspace.mint_ts(),
            author.id,
            text,
            [],
            bot_id=author.bot_id,
            team_id=author.team_id,
            thread_ts=thread_ts,
        )

    def publish(self, post: Post) -> Post:
        """Put a message where it belongs and tell the bot; blocks are made of the text if none."""
        self._complete(post)
        channel = self.workspace.channels[post.channel]
        if post.ephemeral_to:
            channel.ephemerals.append(post)
            self.workspace.changed("ephemeral", channel.id, post.ts)
            return post
        self.workspace.add_post(post)
        if post.subtype == "thread_broadcast" and not post.thread_ts:
            post.subtype = ""
        self._announce(post)
        if post.user == self.bot_user:
            self.workspace.set_status(channel.id, post.thread_ts, None)
        return post

    def _complete(self, post: Post) -> None:
        if post.blocks:
            post.own_blocks = True
            post.blocks = blocks_of.filled_in(post.blocks, self.workspace.mint_short)
        else:
            post.blocks = shapes.rich_text(post.text, self.workspace.mint_short())

    def _announce(self, post: Post) -> None:
        event = self._message_event(post)
        events = [event]
        if self._is_mention(post):
            events.append(self._mention_event(event))
            order = self.settings.mention_order
            if order == "mention" or (order == "random" and self._rng.random() < 0.5):
                events.reverse()
        author = self.workspace.users[post.user]
        for each in events:
            self.emit(each, author)
        if post.thread_ts and self.settings.announce_replies:
            self.announce_reply(post.channel, post.thread_ts)

    def _message_event(self, post: Post) -> Json:
        channel = self.workspace.channels[post.channel]
        event = shapes.message(self.workspace, post)
        if post.subtype == "thread_broadcast":
            event["root"] = shapes.listed(self.workspace, channel.posts[post.thread_ts])
        if channel.is_ext_shared:
            event |= {"user_team": post.team_id, "source_team": post.team_id}
        return event | self._place(channel, post.ts)

    def _place(self, channel: Channel, ts: str) -> Json:
        return {"channel": channel.id, "event_ts": ts, "channel_type": channel.kind}

    def _is_mention(self, post: Post) -> bool:
        """Whether an `app_mention` is sent too: not in direct conversations, not for the bot's own.

        https://docs.slack.dev/reference/events/app_mention
        """
        kind = self.workspace.channels[post.channel].kind
        mark = f"<@{self.bot_user}"
        return mark in post.text and post.user != self.bot_user and kind in {"channel", "group"}

    def _mention_event(self, event: Json) -> Json:
        without = {"channel_type", "subtype", "root"}
        return {k: v for k, v in event.items() if k not in without} | {"type": "app_mention"}

    def edit(
        self,
        post: Post,
        editor: str,
        *,
        text: str | None = None,
        blocks: list[Json] | None = None,
        metadata: Json | None = None,
    ) -> None:
        """Change a message; None leaves what is there, `blocks=[]` gives those of the text back.

        Only new words or blocks mark it as edited; metadata alone is a change nobody sees.
        """
        before = copy.copy(post)
        if text is not None or blocks is not None:
            self._rewrite(post, editor, text, blocks)
        if metadata is not None:
            post.metadata = metadata
        self.announce_change(post, before)
        # https://github.com/inkeep/agents/pull/2284: an edit that leaves a mention in fires again.
        if text is not None and self._is_mention(post):
            event = self._mention_event(self._message_event(post))
            self.emit(event | {"event_ts": self.workspace.mint_ts()})

    def _rewrite(
        self, post: Post, editor: str, text: str | None, blocks: list[Json] | None
    ) -> None:
        post.edited = {"user": editor, "ts": f"{int(self.workspace.clock.now())}.000000"}
        if text is not None:
            post.text = text
        if blocks is not None:
            post.own_blocks = bool(blocks)
            post.blocks = blocks_of.filled_in(blocks, self.workspace.mint_short)
        if not post.own_blocks:
            post.blocks = shapes.rich_text(post.text, self.workspace.mint_short())

    def announce_change(self, post: Post, before: Post) -> None:
        """Send `message_changed`; the two versions are as Slack's histories would show them."""
        if post.ephemeral_to:
            self.workspace.changed("ephemeral", post.channel, post.ts)
            return
        channel = self.workspace.channels[post.channel]
        after = shapes.listed(self.workspace, post, metadata=True)
        team = {"source_team": post.team_id, "user_team": post.team_id}
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": after | team,
            "previous_message": shapes.listed(self.workspace, before, metadata=True),
            "hidden": True,
        }
        ts = self.workspace.mint_ts()
        self.emit(event | {"ts": ts} | self._place(channel, ts))
        self.workspace.changed("edited", post.channel, post.ts)

    def delete(self, post: Post) -> None:
        """Delete a message: `message_deleted`, or a tombstone if there are replies."""
        channel = self.workspace.channels[post.channel]
        before = copy.copy(post)
        if self.workspace.remove_post(post):
            self.announce_change(post, before)
            return
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": shapes.listed(self.workspace, before, metadata=True),
            "hidden": True,
            "deleted_ts": post.ts,
        }
        ts = self.workspace.mint_ts()
        self.emit(event | {"ts": ts} | self._place(channel, ts))

    def announce_reply(self, channel_id: str, thread_ts: str) -> None:
        """Send the root's update after a reply: `message_replied`, which lacks its subtype.

        https://docs.slack.dev/reference/events/message/message_replied ("Bug alert!")
        """
        channel = self.workspace.channels[channel_id]
        root = channel.posts[thread_ts]
        replies = [{"user": channel.posts[ts].user, "ts": ts} for ts in root.replies]
        ts = self.workspace.mint_ts()
        body = shapes.listed(self.workspace, root) | {"replies": replies}
        event = {"type": "message", "message": body, "hidden": True, "ts": ts}
        self.emit(event | self._place(channel, ts))

    def join(self, channel: Channel, user: str, inviter: str = "") -> None:
        """Make somebody a member: a `channel_join` message and `member_joined_channel`."""
        channel.members[user] = None
        subtype = "group_join" if channel.kind == "group" else "channel_join"
        person = self.workspace.users[user]
        post = self.draft(channel, person, f"<@{user}> has joined the channel")
        post.subtype = subtype
        self.publish(post)
        self._membership("member_joined_channel", channel, user, inviter)

    def leave(self, channel: Channel, user: str) -> None:
        """End a membership; the bot hears of it while it is a member, of its own end at last."""
        self._membership("member_left_channel", channel, user, "")
        channel.members.pop(user, None)

    def _membership(self, kind: str, channel: Channel, user: str, inviter: str) -> None:
        event = {
            "type": kind,
            "user": user,
            "channel": channel.id,
            "channel_type": CHANNEL_LETTERS[channel.kind],
            "team": self.workspace.identity.team_id,
            "event_ts": self.workspace.mint_ts(),
        }
        self.emit(event | ({"inviter": inviter} if inviter else {}))

    def archive(self, channel: Channel, user: str, *, archived: bool) -> None:
        """Close or reopen a channel."""
        channel.is_archived = archived
        kind = "channel_archive" if archived else "channel_unarchive"
        ts = self.workspace.mint_ts()
        self.emit({"type": kind, "channel": channel.id, "user": user, "event_ts": ts})
        self.workspace.changed("channel", channel.id)

    def deactivate(self, user: User) -> None:
        """End somebody's account: `user_change`. They stay in the lists of their channels."""
        user.deleted = True
        self.emit(
            {
                "type": "user_change",
                "user": shapes.user(self.workspace, user, locale=False, email=False),
                "event_ts": self.workspace.mint_ts(),
            }
        )
        self.workspace.changed("user")

    def react(self, post: Post, user: str, name: str) -> bool:
        """Add a reaction; False if this person gave it before."""
        users = post.reactions.setdefault(name, [])
        if user in users:
            return False
        users.append(user)
        item = {"type": "message", "channel": post.channel, "ts": post.ts}
        event = {
            "type": "reaction_added",
            "user": user,
            "reaction": name,
            "item": item,
            "item_user": post.user,
            "event_ts": self.workspace.mint_ts(),
        }
        if self.bot_user in self.workspace.channels[post.channel].members:
            self.emit(event)
        self.workspace.changed("reaction", post.channel, post.ts)
        return True
