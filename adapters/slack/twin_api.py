"""What every method of the local Web API shares: arguments, errors, rights, finding a channel.

Codes and messages of the errors are those of https://docs.slack.dev/reference/methods and of real
refusals; the JSON examples Slack publishes give the shapes.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.slack import twin_blocks
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_state import Channel, Json, Post, User

T = TypeVar("T")

FAMILIES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
"""The first half of the scopes that a kind of channel needs."""
TEXT_LIMIT = 40_000
"""Characters of `text` in a post."""
UPDATE_LIMIT = 4_000
"""Bytes of `text` in an update: gitlab.com/gitlab-org/gitlab/-/merge_requests/258898."""
MARKDOWN_LIMIT = 12_000
"""Characters of `markdown_text`: https://docs.slack.dev/reference/methods/chat.postMessage."""
METADATA_LIMIT = 16_000


class ApiError(Exception):
    """An `ok: false` answer: its code, and what else stands in it."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.body: Json = {"ok": False, "error": code, **more}


def invalid(*messages: str, code: str = "invalid_arguments") -> ApiError:
    """An error that says in `response_metadata.messages` what is wrong."""
    return ApiError(code, response_metadata={"messages": [f"[ERROR] {text}" for text in messages]})


class Args:
    """The arguments of one call, of a JSON body or of form fields, where all values are strings."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """A boolean: `true` and `1` in all their spellings."""
        return str(self.values.get(name, "")).lower() in {"true", "1"}

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            ApiError: invalid_arguments.
        """
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise invalid(f"must be an integer [json-pointer:/{name}]") from None

    def json(self, name: str, error: str = "invalid_arguments") -> Any:
        """An object or list, also when it came as a string; None if absent.

        Raises:
            ApiError: `error`.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise ApiError(error) from None


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what it does, the scope and arguments it needs, its rate limit's tier, and
    whether it is called with the app's token instead of the bot's.
    """

    run: Callable[[Platform, Args], Json]
    scope: str = ""
    needs: tuple[str, ...] = ()
    tier: int = 3
    for_app: bool = False


def run(platform: Platform, method: Method, args: Args) -> Json:
    """Answer one call.

    Raises:
        ApiError: what Slack would say.
    """
    if platform.revoked:
        raise ApiError(platform.revoked)
    if method.scope:
        need_scope(platform, method.scope)
    missing = [name for name in method.needs if name not in args]
    if missing:
        raise invalid(*(f"missing required field: {name}" for name in missing))
    return {"ok": True, **method.run(platform, args)}


def need_scope(platform: Platform, scope: str) -> None:
    """Refuse what the installation has no right to."""
    if scope not in platform.settings.scopes:
        provided = ",".join(sorted(platform.settings.scopes))
        raise ApiError("missing_scope", needed=scope, provided=provided)


def visible_channel(platform: Platform, channel_id: str, right: str = "") -> Channel:
    """A channel that the bot may know of; private ones only as a member.

    Raises:
        ApiError: channel_not_found; missing_scope if `right` ('read' or 'history') is not given.
    """
    channel = platform.workspace.channels.get(channel_id)
    if channel is None:
        raise ApiError("channel_not_found")
    if channel.kind != "channel" and platform.bot_user not in channel.members:
        raise ApiError("channel_not_found")
    if right:
        need_scope(platform, f"{FAMILIES[channel.kind]}:{right}")
    return channel


def joined_channel(platform: Platform, channel_id: str, right: str = "") -> Channel:
    """A channel that the bot is a member of.

    Raises:
        ApiError: also not_in_channel.
    """
    channel = visible_channel(platform, channel_id, right)
    if platform.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def known_user(platform: Platform, user_id: str) -> User:
    """A user.

    Raises:
        ApiError: user_not_found.
    """
    user = platform.workspace.users.get(user_id)
    if user is None:
        raise ApiError("user_not_found")
    return user


def existing_post(channel: Channel, ts: str) -> Post:
    """A message that is still there.

    Raises:
        ApiError: message_not_found.
    """
    post = channel.posts.get(ts)
    if post is None or post.deleted:
        raise ApiError("message_not_found")
    return post


def blocks_of(args: Args) -> list[Json] | None:
    """Blocks that Slack would take; None if none were given.

    Raises:
        ApiError: invalid_blocks_format, invalid_blocks or msg_blocks_too_long.
    """
    blocks = args.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    if refusals := twin_blocks.refusals(blocks):
        error = invalid(*refusals, code="invalid_blocks")
        error.body["errors"] = refusals
        raise error
    if twin_blocks.total_text(blocks) > twin_blocks.TOTAL_TEXT:
        raise ApiError("msg_blocks_too_long")
    return blocks


def metadata_of(args: Args) -> Json | None:
    """Message metadata: https://docs.slack.dev/messaging/message-metadata.

    Raises:
        ApiError: invalid_metadata_format or metadata_too_large.
    """
    metadata = args.json("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    good = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not good:
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise ApiError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def page(items: Sequence[T], args: Args, default: int = 100) -> tuple[Sequence[T], str]:
    """One page by `cursor` and `limit`, and the next cursor ('' on the last page).

    Raises:
        ApiError: invalid_cursor.
    """
    limit = max(1, min(args.number("limit", default), 1000))
    start = _start(args.text("cursor"))
    end = start + limit
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], cursor


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise ApiError("invalid_cursor") from None
