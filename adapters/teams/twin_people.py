"""What people do in the local Teams: talk, edit, delete, react, add and remove the app.

What the bot gets to know of it follows Teams: everything in its personal chats; elsewhere what
mentions it, and all the rest only with resource-specific consent (RSC).
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/channel-messages-for-bots-and-agents
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.teams.twin_events import Answer, Courier, packed
from adapters.teams.twin_shapes import Activities, mentions
from adapters.teams.twin_state import CHANNEL, PERSONAL, Json, Place, Post, User, World

HTML = "text/html"
FILE = "application/vnd.microsoft.teams.file.download.info"


class People:
    """Everybody but the bot."""

    def __init__(self, world: World, activities: Activities, courier: Courier) -> None:
        self.world = world
        self.activities = activities
        self.courier = courier

    def author(self, user: str, place: Place) -> User:
        """A person who may write there.

        Raises:
            ValueError: they are not in that conversation, or nowhere any more.
        """
        if user not in place.members:
            raise ValueError(f"{user} is not a member of {place.id}")
        if not self.world.users[user].active:
            raise ValueError(f"{user} is deactivated")
        return self.world.users[user]

    def say(
        self,
        user: str,
        place: Place,
        typed: str,
        thread: str,
        *,
        file: str = "",
        **more: object,
    ) -> Post:
        """Post what a person typed, with a file or without, and tell the bot."""
        post = self.write(user, place, typed, thread, file, more)
        self._tell(place, post, post.activity)
        return post

    def write(
        self, user: str, place: Place, typed: str, thread: str, file: str, more: Mapping[str, Any]
    ) -> Post:
        """Post what a person typed, without telling."""
        author = self.author(user, place)
        self._must_be_open(place)
        if thread and (place.kind != CHANNEL or not self._is_root(place, thread)):
            raise ValueError(f"there is no thread {thread} in {place.id}")
        words = self.activities.words(author, typed)
        if file:
            words["attachments"] = [self._file(place, file), *words["attachments"]]
        ident = self.world.mint()
        root = thread or (ident if place.kind == CHANNEL else "")
        activity = self.activities.activity(
            "message", author, place, root, ident, **{**words, **more}
        )
        post = Post(ident, place.id, user, root, activity)
        self.world.add_post(post)
        return post

    async def click(self, user: str, place: Place, words: str) -> Answer:
        """Say what a button says for the person; how the first delivery ended."""
        post = self.write(user, place, words, "", "", {})
        post.heard = True
        return await self.courier.sent(packed(post.activity))

    def _is_root(self, place: Place, ident: str) -> bool:
        post = place.posts.get(ident)
        return post is not None and post.thread == ident

    def _file(self, place: Place, name: str) -> Json:
        url = f"https://files.{self.world.identity.domain}/{quote(name)}"
        if place.kind != PERSONAL:  # there, bots only learn that something is attached
            link = f'<attachment id="{self.world.guid()}"></attachment>'
            return {"contentType": HTML, "content": link}
        kind = name.rpartition(".")[2]
        content = {"downloadUrl": url, "uniqueId": self.world.guid(), "fileType": kind}
        return {"contentType": FILE, "contentUrl": url, "name": name, "content": content}

    def _tell(self, place: Place, post: Post, activity: Json) -> None:
        """Bring an activity about a post to the bot, if it may hear it."""
        bot_id = self.world.identity.bot_id
        hears = place.kind == PERSONAL or place.rsc or post.heard or mentions(activity, bot_id)
        if place.bot and hears:
            post.heard = True
            self.courier.send(packed(activity))

    def edit(self, user: str, post: Post, typed: str) -> None:
        """Change what one wrote."""
        self._own(user, post)
        place, author = self.world.places[post.place], self.world.users[user]
        words = self.activities.words(author, typed)
        new = {**post.activity, **words, "timestamp": self.world.stamp()}
        self.world.rewrite(post, new)
        self._tell(place, post, self._changed("messageUpdate", "editMessage", place, new))

    def delete(self, user: str, post: Post) -> None:
        """Take back what one wrote."""
        self._own(user, post)
        self._show(user, post, "messageDelete", "softDeleteMessage")

    def undelete(self, user: str, post: Post) -> None:
        """Bring back what one took back."""
        if post.user != user or not post.deleted:
            raise ValueError(f"{user} has deleted no message {post.id} in {post.place}")
        self._show(user, post, "messageUpdate", "undeleteMessage")

    def _show(self, user: str, post: Post, kind: str, event: str) -> None:
        place = self.world.places[post.place]
        post.deleted = kind == "messageDelete"
        self.world.changed("deleted" if post.deleted else "message", place.id, post.id)
        gone = ("text", "textFormat", "attachments", "entities") if post.deleted else ()
        now = {"timestamp": self.world.stamp()}
        told = {name: value for name, value in post.activity.items() if name not in gone} | now
        self._tell(place, post, self._changed(kind, event, place, told))

    def _changed(self, kind: str, event: str, place: Place, activity: Json) -> Json:
        data = {**activity["channelData"], "eventType": event}
        return {**activity, "type": kind, "channelData": data}

    def _own(self, user: str, post: Post) -> None:
        if post.user != user or post.deleted:
            raise ValueError(f"{user} has no message {post.id} in {post.place}")
        self._must_be_open(self.world.places[post.place])

    def _must_be_open(self, place: Place) -> None:
        if place.archived:
            raise ValueError(f"{place.id} is archived")

    def react(self, user: str, post: Post, kind: str, *, on: bool) -> None:
        """Add or take away a reaction; the bot hears of those to its own messages."""
        place = self.world.places[post.place]
        author = self.author(user, place)
        users = post.reactions.setdefault(kind, [])
        if on == (user in users):
            return
        if on:
            users.append(user)
        else:
            users.remove(user)
        self.world.changed("message", place.id, post.id)
        field = "reactionsAdded" if on else "reactionsRemoved"
        activity = self.activities.activity(
            "messageReaction", author, place, post.thread, post.id, replyToId=post.id
        )
        if place.bot and post.bot:
            self.courier.send(packed({**activity, field: [{"type": kind}]}))

    def begin_typing(self, user: str, place: Place) -> None:
        """Type without sending; told in personal chats."""
        activity = self.activities.activity("typing", self.author(user, place), place, "")
        if place.bot and place.kind == PERSONAL:
            self.courier.send(packed(activity))

    def deactivate(self, user: User) -> None:
        """End an account; its place in teams and chats stays empty."""
        user.active = False
        self.world.changed("user")

    def archive(self, place: Place, *, archived: bool) -> None:
        """Close a place for writing, or reopen it."""
        place.archived = archived
        self.world.changed("channel", place.id)

    def install(self, user: str, place: Place, action: str) -> None:
        """Add the app to a chat or to a channel's team, or remove it, with Teams' events.

        `action` is Teams': 'add', 'remove', or 'add-upgrade' for a new version.
        """
        there = action != "remove"
        for one in self.world.neighbours(place):
            one.bot = there
        if place.kind == PERSONAL:
            self.world.users[user].installed = there
        author = self.world.users[user]
        source = {"source": {"name": "message"}}
        self._send_about(author, place, "installationUpdate", source, action=action)
        if action != "add-upgrade":
            field = "membersAdded" if there else "membersRemoved"
            self._members(author, place, field, [self.world.identity.bot_id])

    def members(self, user: str, place: Place, field: str, users: Iterable[str]) -> None:
        """Let people join ('membersAdded') or leave ('membersRemoved')."""
        for one in users:
            if field == "membersAdded":
                place.members[self.world.users[one].id] = None
            else:
                del place.members[one]
        self.world.changed("channel", place.id)
        if place.bot:
            ids = [self.world.users[one].teams_id for one in users]
            self._members(self.world.users[user], place, field, ids)

    def _members(self, author: User, place: Place, field: str, ids: list[str]) -> None:
        event = {"membersAdded": "teamMemberAdded", "membersRemoved": "teamMemberRemoved"}[field]
        data = {"eventType": event} if place.kind == CHANNEL else {}
        added = [{"id": one} for one in ids]
        self._send_about(author, place, "conversationUpdate", data, **{field: added})

    def _send_about(
        self, author: User, place: Place, kind: str, data: Json, **more: object
    ) -> None:
        """An event about a place itself: no thread, and the team told in full."""
        activity = self.activities.activity(kind, author, place, "", "", **more)
        tenant = activity["channelData"]["tenant"]
        activity["channelData"] = {**self.activities.team(place), **data, "tenant": tenant}
        self.courier.send(packed(activity))
