"""How Slack writes its things as JSON: users, channels, messages, files, and text as blocks.

Field sets follow Slack's published examples and recorded webhooks; what no client of ours could
use (avatars in ten sizes, hosting details) is left out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.slack.twin_state import Channel, Identity, Json, Post, User, Workspace

# What a person's client leaves as it is: mentions, links and entities.
MARKED_UP = re.compile(r"<(?:[@#!][^<>]+|(?:https?|mailto):[^<>]+)>|&(?:amp|lt|gt);")
BARE_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]'\"]")
ELEMENT = re.compile(r"<@(\w+)(?:\|[^>]*)?>|<#(\w+)(?:\|[^>]*)?>|<!(\w+)[^>]*>|<(http[^|>]+)[^>]*>")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def typed(text: str) -> str:
    """Text as Slack stores what a person typed: links in <…>, bare `&`, `<` and `>` escaped.

    https://docs.slack.dev/messaging/formatting-message-text: escaping; mentions are given as
    `<@U…>` already.
    """
    parts, end = [], 0
    for match in MARKED_UP.finditer(text):
        parts += [_escaped(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    if not any(mark in text for mark in ("&", "<", ">", "://")):
        return text
    safe = re.sub("[&<>]", lambda match: ENTITIES[match.group()], text)
    return BARE_LINK.sub(lambda match: f"<{match.group()}>", safe)


def unescaped(text: str) -> str:
    """Text as a person reads it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def rich_text(text: str, block_id: str) -> list[Json]:
    """The one block that Slack makes of a plain text, [] of none."""
    if not text:
        return []
    elements: list[Json] = []
    end = 0
    for match in ELEMENT.finditer(text):
        elements += _words(text[end : match.start()])
        elements.append(_element(match))
        end = match.end()
    elements += _words(text[end:])
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _words(text: str) -> list[Json]:
    return [{"type": "text", "text": unescaped(text)}] if text else []


def _element(match: re.Match[str]) -> Json:
    user, channel, broadcast, url = match.groups()
    if user:
        return {"type": "user", "user_id": user}
    if channel:
        return {"type": "channel", "channel_id": channel}
    if broadcast:
        return {"type": "broadcast", "range": broadcast}
    return {"type": "link", "url": url}


def bot_profile(identity: Identity) -> Json:
    """The profile that every message of the app carries."""
    return {
        "id": identity.bot_id,
        "app_id": identity.app_id,
        "user_id": identity.bot_user_id,
        "name": identity.bot_name,
        "icons": bot_icons(),
        "deleted": False,
        "updated": 1700000000,
        "team_id": identity.team_id,
    }


def bot_icons() -> Json:
    """Where an app's pictures would be."""
    return {f"image_{size}": f"https://twin.invalid/bot_{size}.png" for size in (36, 48, 72)}


def message(workspace: Workspace, post: Post, *, metadata: bool = True) -> Json:
    """A message as in events, in answers to posting, and in histories."""
    body: Json = {"type": "message", "user": post.user, "ts": post.ts, "text": post.text}
    if post.subtype:
        body["subtype"] = post.subtype
    if post.team_id and not post.files:  # real file shares do not say the team
        body["team"] = post.team_id
    _add_bot(workspace, post, body)
    if post.thread_ts:
        body["thread_ts"] = post.thread_ts
    if post.parent_user_id:
        body["parent_user_id"] = post.parent_user_id
    for name in ("client_msg_id", "edited", "blocks", "files", "attachments"):
        if value := getattr(post, name):
            body[name] = value
    if post.files:
        body |= {"upload": False, "display_as_bot": False}
    if post.metadata and metadata:
        body["metadata"] = post.metadata
    if post.reactions:
        body["reactions"] = [
            {"name": name, "users": users, "count": len(users)}
            for name, users in post.reactions.items()
        ]
    return body


def _add_bot(workspace: Workspace, post: Post, body: Json) -> None:
    if not post.bot_id:
        return
    identity = workspace.identity
    body["bot_id"] = post.bot_id
    if post.bot_id == identity.bot_id:
        body |= {"app_id": identity.app_id, "bot_profile": bot_profile(identity)}


def listed(workspace: Workspace, post: Post, *, metadata: bool = False) -> Json:
    """A message as in a history: roots tell about their threads, metadata only on request."""
    body = message(workspace, post, metadata=metadata)
    if post.subtype == "tombstone":
        body["hidden"] = True
    if post.replies:
        posts = workspace.channels[post.channel].posts
        users = list(dict.fromkeys(posts[ts].user for ts in post.replies))
        body |= {
            "thread_ts": post.ts,
            "reply_count": len(post.replies),
            "reply_users_count": len(users),
            "latest_reply": post.replies[-1],
            "reply_users": users[:5],
            "is_locked": False,
            "subscribed": any(posts[ts].bot_id for ts in post.replies),
        }
    return body


def user(workspace: Workspace, person: User, *, locale: bool, email: bool) -> Json:
    """A user as users.info tells; the address and the locale only to those who may and ask."""
    profile: Json = {
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "avatar_hash": "g0000000000",
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "image_72": "https://twin.invalid/avatar_72.png",
        "team": person.team_id,
    }
    if email and person.email:
        profile["email"] = person.email
    if person.is_bot:
        profile |= {"bot_id": person.bot_id, "api_app_id": workspace.identity.app_id}
    body: Json = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "profile": profile,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 1700000000,
    }
    if person.deleted:
        return body
    body |= {
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": _offset(person.tz, workspace.clock.now()),
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_email_confirmed": True,
        "who_can_share_contact_card": "EVERYONE",
    }
    if person.is_stranger:
        body["is_stranger"] = True
    if locale:
        body["locale"] = person.locale
    return body


def _offset(zone: str, now: float) -> int:
    try:
        offset = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        return 0
    return int(offset.total_seconds()) if offset else 0


def channel(workspace: Workspace, place: Channel, *, members: bool = False) -> Json:
    """A channel as conversations.info tells."""
    identity, kind = workspace.identity, place.kind
    body: Json = {
        "id": place.id,
        "created": place.created,
        "is_archived": place.is_archived,
        "is_im": kind == "im",
        "is_org_shared": False,
        "context_team_id": identity.team_id,
        "updated": place.created * 1000,
    }
    if kind == "im":
        others = [member for member in place.members if member != identity.bot_user_id]
        peer = others[0] if others else identity.bot_user_id
        return body | {"user": peer, "is_user_deleted": workspace.users[peer].deleted}
    body |= {
        "name": place.name,
        "name_normalized": place.name,
        "is_channel": kind == "channel",
        "is_group": kind == "group",
        "is_mpim": kind == "mpim",
        "is_private": kind != "channel",
        "is_general": False,
        "is_shared": place.is_ext_shared,
        "is_ext_shared": place.is_ext_shared,
        "is_pending_ext_shared": False,
        "is_member": identity.bot_user_id in place.members,
        "unlinked": 0,
        "creator": next(iter(place.members), ""),
        "shared_team_ids": [identity.team_id],
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "previous_names": [],
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    if members:
        body["num_members"] = len(place.members)
    return body


def file(workspace: Workspace, owner: str, name: str, size: int, base: str) -> Json:
    """An uploaded file; `base` is the address that it would be fetched from."""
    id_, now = workspace.mint("F"), int(workspace.clock.now())
    extension = name.rpartition(".")[2].lower()
    path = f"{base}files-pri/{workspace.identity.team_id}-{id_}"
    slug = re.sub(r"[^a-z0-9._-]+", "_", name.lower())
    return {
        "id": id_,
        "created": now,
        "timestamp": now,
        "name": name,
        "title": name,
        "mimetype": MIME_TYPES.get(extension, "application/octet-stream"),
        "filetype": extension,
        "pretty_type": extension.upper(),
        "user": owner,
        "user_team": workspace.identity.team_id,
        "editable": False,
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{path}/{slug}",
        "url_private_download": f"{path}/download/{slug}",
        "media_display_type": "unknown",
        "permalink": f"https://{workspace.identity.domain}.slack.com/files/{owner}/{id_}/{slug}",
        "has_rich_preview": False,
        "file_access": "visible",
    }


MIME_TYPES = {
    "csv": "text/csv",
    "jpg": "image/jpeg",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
}
