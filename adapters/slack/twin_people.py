"""What people do in the local Slack: talk, edit, upload, press, type commands.

Their events are signed and delivered like Slack's. Presses and commands are sent once and not
repeated unless a test says so (https://docs.slack.dev/interactivity); what the bot answered is
returned. Forms are in `twin_forms`.
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import replace

from adapters.slack import twin_shapes as shapes
from adapters.slack.twin_api import ApiError, Args
from adapters.slack.twin_blocks import elements
from adapters.slack.twin_events import Answer
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_respond import mint_url, show
from adapters.slack.twin_state import Channel, Json, Post, Workspace


class People:
    """Everybody but the bot."""

    def __init__(self, platform: Platform) -> None:
        self.base_url = ""
        self._platform = platform
        self._workspace = platform.workspace

    def say(
        self, user: str, channel: Channel, text: str, thread_ts: str, *, broadcast: bool
    ) -> Post:
        """Post what a person typed."""
        post = self._typed(user, channel, text, thread_ts)
        post.subtype = "thread_broadcast" if broadcast else ""
        return self._platform.publish(post)

    def upload(
        self, user: str, channel: Channel, name: str, text: str, size: int, thread_ts: str
    ) -> Post:
        """Share a file, with words or without."""
        post = self._typed(user, channel, text, thread_ts)
        post.subtype = "file_share"
        post.files = [shapes.file(self._workspace, user, name, size, self.base_url)]
        return self._platform.publish(post)

    def _typed(self, user: str, channel: Channel, text: str, thread_ts: str) -> Post:
        author = self._workspace.users[user]
        if user not in channel.members:
            raise ValueError(f"{user} is not a member of {channel.id}")
        if thread_ts and self._workspace.root(channel, thread_ts) is None:
            raise ValueError(f"there is no message {thread_ts} in {channel.id}")
        post = self._platform.draft(channel, author, shapes.typed(text), thread_ts)
        if not author.is_bot:
            post.client_msg_id = str(uuid.UUID(int=int(post.ts.replace(".", ""))))
        return post

    def edit(self, user: str, post: Post, text: str) -> None:
        """Change what one wrote."""
        self._own(user, post)
        self._platform.edit(post, user, text=shapes.typed(text))

    def delete(self, user: str, post: Post) -> None:
        """Take back what one wrote."""
        self._own(user, post)
        self._platform.delete(post)

    def _own(self, user: str, post: Post) -> None:
        if post.user != user or post.deleted:
            raise ValueError(f"{user} has no message {post.ts} in {post.channel}")

    def unfurl(self, post: Post, url: str) -> None:
        """Let Slack add a link's preview: `message_changed` with the words as they were."""
        before = copy.copy(post)
        preview = {"id": 1, "from_url": url, "original_url": url, "fallback": url, "title": url}
        post.attachments = [*post.attachments, preview]
        self._platform.announce_change(post, before)

    def open_home(self, user: str, channel: Channel, tab: str) -> None:
        """Open the app: its messages, or its home tab."""
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": tab,
            "event_ts": self._workspace.mint_ts(),
        }
        views = self._workspace.views.values()
        mine = [v.body for v in views if v.user == user and v.body["type"] == "home"]
        if tab == "home" and mine:
            event["view"] = mine[0]
        if tab == "messages":
            event["context"] = {}
        self._platform.emit(event)

    def stop(self, user: str, channel: Channel, thread_ts: str) -> None:
        """Press Stop while the bot works: `agent_session_stopped`."""
        now = self._workspace.clock.now()
        thread = self._workspace.thread(channel, thread_ts)
        event = {
            "type": "agent_session_stopped",
            "channel": channel.id,
            "user": user,
            "thread_ts": thread_ts,
            "streaming_message_ts": [post.ts for post in thread if post.streaming_until > now],
            "event_ts": self._workspace.mint_ts(),
        }
        self._platform.emit(event)

    async def command(self, user: str, channel: Channel, line: str) -> Answer:
        """Type a slash command; an answer with text is shown to whom it says.

        If Slack would not show it, the answer's `reason` says why.
        """
        word, _, text = line.partition(" ")
        identity = self._workspace.identity
        url = mint_url(self._platform, user, channel.id, None)
        fields = {
            "token": identity.verification_token,
            "team_id": identity.team_id,
            "team_domain": identity.domain,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.kind == "im" else channel.name,
            "user_id": user,
            "user_name": self._workspace.users[user].name,
            "command": word,
            "text": text.strip(),
            "api_app_id": identity.app_id,
            "is_enterprise_install": "false",
            "response_url": f"{self.base_url}response/{url}",
            "trigger_id": self._workspace.mint_trigger(user),
        }
        answer = await self._platform.courier.interact(fields, url)
        if answer.ok and answer.text.strip():
            body = answer.json or {"text": answer.text}
            if body.get("text") or body.get("blocks"):
                return self._shown(answer, url, Args(body))
        return answer

    def _shown(self, answer: Answer, url: str, args: Args) -> Answer:
        try:
            show(self._platform, self._workspace.response_urls[url], args)
        except ApiError as error:
            return replace(answer, reason=str(error))
        return answer

    async def press(
        self, user: str, post: Post, blocks: list[Json], action_id: str, value: str | None
    ) -> Answer:
        """Press an element of `blocks`, which is what the person sees of the message."""
        block_id, element = find(blocks, action_id, value)
        channel = self._workspace.channels[post.channel]
        if user not in channel.members:
            raise ValueError(f"{user} cannot see {post.ts} in {channel.id}")
        url = mint_url(self._platform, user, channel.id, post)
        container = {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": channel.id,
            "is_ephemeral": bool(post.ephemeral_to),
        }
        if post.thread_ts:
            container["thread_ts"] = post.thread_ts
        action = {
            "block_id": block_id,
            "action_ts": self._workspace.mint_ts(),
            **chosen(element, value),
        }
        body = interaction(self._workspace, "block_actions", user) | {
            "container": container,
            "channel": {"id": channel.id, "name": channel.name or "directmessage"},
            "state": {"values": {}},
            "response_url": f"{self.base_url}response/{url}",
            "actions": [action],
        }
        if not post.ephemeral_to:
            body["message"] = shapes.message(self._workspace, post)
        return await self._platform.courier.interact(body, url)


def interaction(workspace: Workspace, kind: str, user_id: str) -> Json:
    """What every press and every form carries: who, where, and a trigger for a form."""
    identity, user = workspace.identity, workspace.users[user_id]
    return {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": identity.app_id,
        "token": identity.verification_token,
        "trigger_id": workspace.mint_trigger(user.id),
        "team": {"id": identity.team_id, "domain": identity.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def find(blocks: list[Json], action_id: str, value: str | None) -> tuple[str, Json]:
    """The element to press and the id of its block; `value` tells buttons of one name apart."""
    fitting = [pair for pair in elements(blocks) if pair[1]["action_id"] == action_id]
    if not fitting:
        names = ", ".join(element["action_id"] for _, element in elements(blocks))
        raise ValueError(f"nothing to press is called {action_id}; there is: {names or 'nothing'}")
    exact = [pair for pair in fitting if value is not None and pair[1].get("value") == value]
    return (exact or fitting)[0]


def chosen(element: Json, value: str | None) -> Json:
    """The action of pressing an element: its type, name and value.

    `value` names an option of a menu, and 'positive' or 'negative' (or its value) for feedback.
    """
    kind = element["type"]
    action: Json = {"type": kind, "action_id": element["action_id"]}
    if kind == "feedback_buttons":
        name = "negative_button" if value in _names(element, "negative") else "positive_button"
        button = element[name]
        return action | {"text": button["text"], "value": button["value"]}
    if "options" in element:
        options = [option for option in element["options"] if value in {None, option["value"]}]
        if not options:
            raise ValueError(f"{element['action_id']} has no option {value}")
        return action | {"selected_option": options[0]}
    if kind == "users_select":
        return action | {"selected_user": value}
    return action | {name: element[name] for name in ("text", "value") if name in element}


def _names(element: Json, side: str) -> set[str]:
    return {side, element[f"{side}_button"]["value"]}
