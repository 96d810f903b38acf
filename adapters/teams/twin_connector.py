"""What a bot can do in the local Teams: the operations of the connector service.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference;
what is refused, and how: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages
("Status codes from agent conversational APIs").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.teams.twin_checks import refusals
from adapters.teams.twin_shapes import member
from adapters.teams.twin_state import (
    CHANNEL,
    THREAD,
    TYPING_SECONDS,
    Json,
    Place,
    Post,
    Settings,
    World,
)
from adapters.teams.twin_streams import Streams, stream_info

# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
MOST_BYTES = 100 * 1024
NOT_THERE = "The bot is not part of the conversation roster."
ARCHIVED = "The team or channel is archived."
WRITES = frozenset({"post", "typing", "stream", "update", "delete", "create"})


class Refusal(Exception):
    """An answer of the connector that is an error: its status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def body(self) -> Json:
        """The answer's JSON."""
        return {"error": {"code": self.code, "message": str(self)}}


@dataclass(frozen=True, slots=True)
class Ask:
    """A call of the connector: of which operation, about what, with which body."""

    operation: str
    conversation: str = ""
    activity: str = ""
    member: str = ""
    body: Mapping[str, Any] | None = None
    size: int = 0

    @property
    def channel(self) -> str:
        """The conversation without its thread."""
        return self.conversation.partition(THREAD)[0]

    @property
    def thread(self) -> str:
        """The root that the conversation's id names, '' if none."""
        return self.conversation.partition(THREAD)[2]

    @property
    def given(self) -> Json:
        """The body, which must be an object."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "BadSyntax", "The request body is not a JSON object.")
        return self.body


Done = tuple[int, Any]
"""A status and a JSON body."""


class Connector:
    """Does what the bot asks for. All operations raise `Refusal`."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._settings = settings
        self.streams = Streams(world, settings, Refusal)

    def run(self, ask: Ask) -> Done:
        """Do it; the status and the body of the answer."""
        if ask.size > MOST_BYTES:
            raise Refusal(413, "MessageSizeTooBig", "Message size too large.")
        operations: dict[str, Callable[[Ask], Done]] = {
            "post": self._post,
            "typing": self._typing,
            "stream": self._stream,
            "update": self._update,
            "delete": self._delete,
            "create": self._create,
            "members": self._members,
            "pagedmembers": self._pages,
            "member": self._member,
        }
        return operations[ask.operation](ask)

    def _place(self, ask: Ask) -> Place:
        place = self._world.places.get(ask.channel)
        if place is None or (ask.thread and not self._is_root(place, ask.thread)):
            raise Refusal(404, "ConversationNotFound", "Conversation not found.")
        if not place.bot:
            raise Refusal(403, "BotNotInConversationRoster", NOT_THERE)
        if place.archived and ask.operation in WRITES:
            # Not documented: that it is forbidden is certain, the code for it is not.
            raise Refusal(403, "NotEnoughPermissions", ARCHIVED)
        return place

    def _is_root(self, place: Place, ident: str) -> bool:
        post = place.posts.get(ident)
        return place.kind == CHANNEL and post is not None and post.thread == ident

    def _post(self, ask: Ask) -> Done:
        place = self._place(ask)
        if stream_info(ask.given):
            return self.streams.end(place, checked(ask.given, place))
        posts = [self._publish(place, ask.thread, one) for one in split(ask.given)]
        return (201, {"id": posts[0].id}) if len(posts) == 1 else (202, None)

    def _publish(self, place: Place, thread: str, body: Json) -> Post:
        activity = checked(body, place)
        post = Post(self._world.mint(), place.id, "", thread, activity, bot=True)
        self._world.add_post(post)
        return post

    def _typing(self, ask: Ask) -> Done:
        place = self._place(ask)
        place.typing[ask.thread] = self._world.clock.now() + TYPING_SECONDS
        self._world.changed("typing", place.id)
        return 202, {"id": self._world.mint()}

    def _stream(self, ask: Ask) -> Done:
        return self.streams.piece(self._place(ask), ask.given)

    def _own(self, ask: Ask) -> Post:
        post = self._place(ask).posts.get(ask.activity)
        if post is None or post.deleted:
            raise Refusal(404, "ActivityNotFoundInConversation", "The activity is not found.")
        if not post.bot:
            raise Refusal(403, "MessageWritesBlocked", "The bot is not this message's author.")
        return post

    def _update(self, ask: Ask) -> Done:
        post = self._own(ask)
        if len(split(ask.given)) > 1:
            raise Refusal(400, "BadArgument", "Activity resulted into multiple skype activities")
        self._world.rewrite(post, checked(ask.given, self._world.places[post.place]))
        return 200, {"id": post.id}

    def _delete(self, ask: Ask) -> Done:
        post = self._own(ask)
        post.deleted = True
        self._world.changed("deleted", post.place, post.id)
        return 200, None

    def _create(self, ask: Ask) -> Done:
        body = ask.given
        data = body.get("channelData") or {}
        channel = (data.get("channel") or {}).get("id") or data.get("teamsChannelId")
        if channel:
            return self._begin_thread(Ask("create", str(channel)), body)
        return self._begin_chat(body, data)

    def _begin_thread(self, ask: Ask, body: Json) -> Done:
        place = self._place(ask)
        if place.kind != CHANNEL or not isinstance(body.get("activity"), dict):
            raise Refusal(400, "BadSyntax", "A thread begins with an activity in a channel.")
        post = self._publish(place, "", body["activity"])
        return 201, {"id": f"{place.id}{THREAD}{post.id}", "activityId": post.id}

    def _begin_chat(self, body: Json, data: Json) -> Done:
        members = body.get("members") or []
        tenant = (data.get("tenant") or {}).get("id") or body.get("tenantId")
        if body.get("isGroup") or len(members) != 1:
            raise Refusal(400, "BadSyntax", "Incorrect conversation creation parameters.")
        if tenant != self._world.identity.tenant_id:
            raise Refusal(400, "BadSyntax", "Bot is not allowed in this tenant.")
        person = self._world.person(str(members[0].get("id", "")))
        if person is None:
            raise Refusal(400, "BadSyntax", "Failed to decrypt pairwise id")
        if not person.installed:
            raise Refusal(403, "ForbiddenOperationException", "The app is not installed there.")
        place = self._world.personal(person.id)
        answer = {"id": place.id}
        if isinstance(body.get("activity"), dict):
            answer["activityId"] = self._publish(place, "", body["activity"]).id
        return 201, answer

    def _people(self, ask: Ask) -> list[Json]:
        place = self._place(ask)
        users = [self._world.users[user] for user in place.members]
        return [member(user) for user in users if user.active]

    def _members(self, ask: Ask) -> Done:
        return 200, self._people(ask)

    def _pages(self, ask: Ask) -> Done:
        return 200, {"members": self._people(ask)}

    def _member(self, ask: Ask) -> Done:
        wanted = [one for one in self._people(ask) if ask.member in {one["id"], one["objectId"]}]
        if not wanted:
            raise Refusal(
                404, "MemberNotFoundInConversation", "Member not found in the conversation."
            )
        return 200, wanted[0]


def checked(activity: Json, place: Place) -> Json:
    """A message that Teams would show, as it is kept.

    Raises:
        Refusal: what is wrong with it.
    """
    if wrong := refusals(activity, place.kind):
        raise Refusal(400, "BadSyntax", "; ".join(wrong))
    kept: Json = json.loads(json.dumps(activity))
    return kept


def split(activity: Json) -> list[Json]:
    """Words and cards of one activity become messages of their own, and no id is told
    (https://github.com/OfficeDev/BotBuilder-MicrosoftTeams/issues/125).
    """
    if not activity.get("attachments") or not str(activity.get("text") or "").strip():
        return [activity]
    on_text = ("text", "textFormat", "entities", "channelData", "suggestedActions")
    words = {name: value for name, value in activity.items() if name != "attachments"}
    card = {name: value for name, value in activity.items() if name not in on_text}
    return [words, card]


def operation_of(method: str, tail: str, body: object) -> str:
    """The name of a call by its method and the part of its path behind the conversation."""
    if tail in {"members", "pagedmembers"}:
        return tail
    if tail == "activities" and method == "POST":
        typing = isinstance(body, dict) and body.get("type") == "typing"
        return ("stream" if stream_info(body) else "typing") if typing else "post"
    return {"PUT": "update", "DELETE": "delete", "GET": "member"}.get(method, "")
