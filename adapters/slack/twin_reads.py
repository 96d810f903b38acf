"""The local Web API's `conversations.*`, `users.*`, `team.*`, `auth.*`, `apps.*`, reactions.

https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from adapters.slack import twin_shapes as shapes
from adapters.slack.twin_api import (
    FAMILIES,
    ApiError,
    Args,
    Method,
    existing_post,
    joined_channel,
    known_user,
    need_scope,
    page,
    visible_channel,
)
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_state import Json, Post

TYPES = {
    "public_channel": "channel",
    "private_channel": "group",
    "im": "im",
    "mpim": "mpim",
}


def api_test(_platform: Platform, args: Args) -> Json:
    """api.test: an echo, or the error that was asked for."""
    values = {name: value for name, value in args.values.items() if name != "token"}
    if "error" in args:
        raise ApiError(args.text("error"), args=values)
    return {"args": values} if values else {}


def auth_test(platform: Platform, _args: Args) -> Json:
    """auth.test."""
    identity = platform.workspace.identity
    return {
        "url": f"https://{identity.domain}.slack.com/",
        "team": identity.domain.title(),
        "user": platform.workspace.users[identity.bot_user_id].name,
        "team_id": identity.team_id,
        "user_id": identity.bot_user_id,
        "bot_id": identity.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(platform: Platform, _args: Args) -> Json:
    """apps.connections.open."""
    return {"url": platform.sockets.ticket()}


def team_info(platform: Platform, _args: Args) -> Json:
    """team.info."""
    identity = platform.workspace.identity
    icons = {f"image_{size}": f"https://twin.invalid/team_{size}.png" for size in (34, 68, 132)}
    team = {
        "id": identity.team_id,
        "name": identity.domain.title(),
        "url": f"https://{identity.domain}.slack.com/",
        "domain": identity.domain,
        "email_domain": f"{identity.domain}.com",
        "icon": {**icons, "image_default": True},
        "avatar_base_url": "https://twin.invalid/",
        "is_verified": False,
    }
    return {"team": team}


def bots_info(platform: Platform, args: Args) -> Json:
    """bots.info."""
    wanted = args.text("bot")
    for user in platform.workspace.users.values():
        if user.bot_id and user.bot_id == wanted:
            own = wanted == platform.workspace.identity.bot_id
            bot = {
                "id": wanted,
                "deleted": user.deleted,
                "name": user.real_name,
                "updated": 1700000000,
                "app_id": platform.workspace.identity.app_id if own else f"A{wanted[1:]}",
                "user_id": user.id,
                "icons": shapes.bot_icons(),
            }
            return {"bot": bot}
    raise ApiError("bot_not_found")


def users_info(platform: Platform, args: Args) -> Json:
    """users.info: the locale on request, the address only with its scope."""
    user = known_user(platform, args.text("user"))
    email = "users:read.email" in platform.settings.scopes
    locale = args.flag("include_locale")
    return {"user": shapes.user(platform.workspace, user, locale=locale, email=email)}


def users_conversations(platform: Platform, args: Args) -> Json:
    """users.conversations: where the bot is a member."""
    kinds = [_kind(name.strip()) for name in args.text("types", "public_channel").split(",")]
    for kind in kinds:
        need_scope(platform, f"{FAMILIES[kind]}:read")
    open_only = args.flag("exclude_archived")
    member = args.text("user") or platform.bot_user
    found = [
        channel
        for channel in platform.workspace.channels.values()
        if channel.kind in kinds
        and {member, platform.bot_user} <= channel.members.keys()
        and not (open_only and channel.is_archived)
    ]
    part, cursor = page(found, args)
    channels = [shapes.channel(platform.workspace, channel) for channel in part]
    for body in channels:
        body.pop("is_member", None)
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


def _kind(name: str) -> str:
    if name not in TYPES:
        raise ApiError("invalid_types")
    return TYPES[name]


def info(platform: Platform, args: Args) -> Json:
    """conversations.info."""
    channel = visible_channel(platform, args.text("channel"), "read")
    members = args.flag("include_num_members")
    body = shapes.channel(platform.workspace, channel, members=members)
    if args.flag("include_locale"):
        body["locale"] = "en-US"
    return {"channel": body}


def members(platform: Platform, args: Args) -> Json:
    """conversations.members."""
    channel = visible_channel(platform, args.text("channel"), "read")
    part, cursor = page(list(channel.members), args)
    return {"members": part, "response_metadata": {"next_cursor": cursor}}


def open_direct(platform: Platform, args: Args) -> Json:
    """conversations.open: of people, or of a direct conversation's id."""
    if "channel" in args:
        channel = visible_channel(platform, args.text("channel"))
    else:
        names = [name for name in args.text("users").split(",") if name]
        if not names:
            raise ApiError("users_list_not_supplied")
        users = [known_user(platform, name) for name in names]
        if any(user.deleted for user in users):
            raise ApiError("user_disabled")
        if any(user.is_bot for user in users):
            raise ApiError("cannot_dm_bot")
        channel = platform.workspace.direct(*names)
    if args.flag("return_im"):
        return {"channel": shapes.channel(platform.workspace, channel)}
    return {"channel": {"id": channel.id}}


def join(platform: Platform, args: Args) -> Json:
    """conversations.join: public channels only."""
    channel = visible_channel(platform, args.text("channel"))
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    if platform.bot_user not in channel.members:
        platform.join(channel, platform.bot_user)
        return {"channel": shapes.channel(platform.workspace, channel)}
    return {
        "channel": shapes.channel(platform.workspace, channel),
        "warning": "already_in_channel",
        "response_metadata": {"warnings": ["already_in_channel"]},
    }


def _within(args: Args, ts: str) -> bool:
    """Whether a ts is between `oldest` and `latest`; the ends only with `inclusive`."""
    oldest, latest = args.text("oldest", "0"), args.text("latest")
    if args.flag("inclusive") and ts in {oldest, latest}:
        return True
    return float(ts) > float(oldest) and (not latest or float(ts) < float(latest))


def replies(platform: Platform, args: Args) -> Json:
    """conversations.replies: oldest first; the root leads the first page."""
    channel = joined_channel(platform, args.text("channel"), "history")
    thread = platform.workspace.thread(channel, args.text("ts"))
    if not thread:
        raise ApiError("thread_not_found")
    root, rest = thread[0], [post for post in thread[1:] if _within(args, post.ts)]
    part, cursor = page([root, *rest], args, default=1000)
    return _history(platform, part, cursor, args)


def history(platform: Platform, args: Args) -> Json:
    """conversations.history: newest first; of replies only those sent to the channel as well.

    With `oldest` and without `latest` the pages begin with what is closest to `oldest`, each page
    newest first: https://api.slack.com/methods/channels.history had it so, and clients rely on it.
    """
    channel = joined_channel(platform, args.text("channel"), "history")
    oldest = args.text("oldest", "0")
    newest_first = itertools.takewhile(
        lambda post: float(post.ts) >= float(oldest), reversed(channel.posts.values())
    )
    shown = [post for post in newest_first if _is_top(post) and _within(args, post.ts)]
    forward = "oldest" in args and "latest" not in args
    part, cursor = page(shown[::-1] if forward else shown, args)
    part = part[::-1] if forward else part
    return {**_history(platform, part, cursor, args), "pin_count": 0}


def _is_top(post: Post) -> bool:
    reply = post.thread_ts not in {"", post.ts} and post.subtype != "thread_broadcast"
    return not post.deleted and not reply


def _history(platform: Platform, posts: Sequence[Post], cursor: str, args: Args) -> Json:
    metadata = args.flag("include_all_metadata")
    body: Json = {
        "messages": [shapes.listed(platform.workspace, post, metadata=metadata) for post in posts],
        "has_more": bool(cursor),
    }
    if cursor:
        body["response_metadata"] = {"next_cursor": cursor}
    return body


def add_reaction(platform: Platform, args: Args) -> Json:
    """reactions.add."""
    channel = joined_channel(platform, args.text("channel"))
    post = existing_post(channel, args.text("timestamp"))
    name = args.text("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise ApiError("invalid_name")
    if not platform.react(post, platform.bot_user, name):
        raise ApiError("already_reacted")
    return {}


METHODS = {
    "api.test": Method(api_test, tier=4),
    "auth.test": Method(auth_test, tier=5),
    "apps.connections.open": Method(open_connection, tier=1, for_app=True),
    "team.info": Method(team_info, "team:read"),
    "bots.info": Method(bots_info, "users:read", ("bot",)),
    "users.info": Method(users_info, "users:read", ("user",), tier=4),
    "users.conversations": Method(users_conversations),
    "conversations.info": Method(info, "", ("channel",)),
    "conversations.members": Method(members, "", ("channel",), tier=4),
    "conversations.open": Method(open_direct, "im:write"),
    "conversations.join": Method(join, "channels:join", ("channel",)),
    "conversations.replies": Method(replies, "", ("channel", "ts")),
    "conversations.history": Method(history, "", ("channel",)),
    "reactions.add": Method(add_reaction, "reactions:write", ("channel", "timestamp", "name")),
}
