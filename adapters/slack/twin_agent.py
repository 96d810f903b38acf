"""The local Web API's agent features (`assistant.threads.*`, `agents.sessions.*`) and `views.*`.

https://docs.slack.dev/ai and https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

from adapters.slack import twin_blocks
from adapters.slack.twin_api import (
    ApiError,
    Args,
    Method,
    invalid,
    joined_channel,
    known_user,
)
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_state import STATUS_SECONDS, Channel, Json, Status, View

SESSION_STATES = frozenset({"active", "processing", "suspended", "closed"})
TITLE_LENGTH = 24
PRIVATE_METADATA_LENGTH = 3000


def _thread(platform: Platform, args: Args) -> tuple[Channel, str]:
    """The channel and the ts of a thread's root, which must be there."""
    channel = joined_channel(platform, args.text("channel_id"))
    root = platform.workspace.root(channel, args.text("thread_ts"))
    if root is None:
        raise ApiError("invalid_thread_ts")
    return channel, root.ts


def set_status(platform: Platform, args: Args) -> Json:
    """assistant.threads.setStatus: until the bot posts, it is cleared, or 2 minutes are over."""
    channel, thread_ts = _thread(platform, args)
    loading = args.json("loading_messages") or []
    if len(loading) > 10:
        raise invalid("no more than 10 items allowed [json-pointer:/loading_messages]")
    until = platform.workspace.clock.now() + STATUS_SECONDS
    status = Status(args.text("status"), until, tuple(loading)) if args.text("status") else None
    platform.workspace.set_status(channel.id, thread_ts, status)
    return {}


def set_suggested_prompts(platform: Platform, args: Args) -> Json:
    """assistant.threads.setSuggestedPrompts: with a `thread_ts` it does nothing, silently.

    https://docs.slack.dev/ai/migrating-to-agent-messaging: the prompts belong to the whole tab.
    """
    channel = joined_channel(platform, args.text("channel_id"))
    prompts = args.json("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise invalid("1 to 4 items allowed [json-pointer:/prompts]")
    if any(not {"title", "message"} <= prompt.keys() for prompt in prompts):
        raise invalid("missing required field: title [json-pointer:/prompts]")
    if "thread_ts" not in args:
        platform.workspace.prompts[channel.id] = prompts
        platform.workspace.changed("prompts", channel.id)
    return {}


def set_title(platform: Platform, args: Args) -> Json:
    """assistant.threads.setTitle."""
    channel, thread_ts = _thread(platform, args)
    platform.workspace.titles[channel.id, thread_ts] = args.text("title")
    platform.workspace.changed("title", channel.id, thread_ts)
    return {}


def set_session(platform: Platform, args: Args) -> Json:
    """agents.sessions.setStatus."""
    channel = joined_channel(platform, args.text("channel_id"))
    if args.text("status") not in SESSION_STATES:
        raise invalid("must be one of the session states [json-pointer:/status]")
    thread_ts = args.text("thread_ts")
    platform.workspace.sessions[channel.id, thread_ts] = args.text("status")
    platform.workspace.changed("session", channel.id, thread_ts)
    return {}


def _body(args: Args, kind: str) -> Json:
    """The view of a call, if Slack would take it."""
    body = args.json("view")
    if not isinstance(body, dict) or body.get("type") != kind:
        raise invalid(f"must be a view of type {kind} [json-pointer:/view]")
    wrong = twin_blocks.refusals(body.get("blocks"), most=twin_blocks.VIEW_BLOCKS)
    title = (body.get("title") or {}).get("text", "")
    if kind == "modal" and not 1 <= len(title) <= TITLE_LENGTH:
        wrong.append(f"must be less than {TITLE_LENGTH + 1} characters [json-pointer:/title/text]")
    if len(body.get("private_metadata", "")) > PRIVATE_METADATA_LENGTH:
        wrong.append("must be less than 3001 characters [json-pointer:/private_metadata]")
    has_input = any(block.get("type") == "input" for block in body.get("blocks") or [])
    if kind == "modal" and has_input and not body.get("submit"):
        wrong.append("missing required field: submit [json-pointer:/submit]")
    if wrong:
        raise invalid(*(message.replace("pointer:/", "pointer:/view/", 1) for message in wrong))
    return body


def _complete(platform: Platform, view: View, body: Json) -> None:
    """Fill a view in as Slack keeps it, under a new hash."""
    workspace, identity = platform.workspace, platform.workspace.identity
    blocks = twin_blocks.filled_in(body["blocks"], workspace.mint_short)
    view.hash = f"{int(workspace.clock.now())}.{workspace.mint_short()}"
    view.body = {
        "title": None,
        "submit": None,
        "close": None,
        "callback_id": "",
        "private_metadata": "",
        "external_id": view.external_id,
        "clear_on_close": False,
        "notify_on_close": False,
        "previous_view_id": None,
        "state": {"values": {}},
        **twin_blocks.with_defaults({**body, "blocks": []}, workspace.mint_short),
        "blocks": blocks,
        "id": view.id,
        "root_view_id": view.id,
        "team_id": identity.team_id,
        "app_id": identity.app_id,
        "app_installed_team_id": identity.team_id,
        "bot_id": identity.bot_id,
        "hash": view.hash,
    }
    workspace.changed("view", view.user, view.id)


def views_open(platform: Platform, args: Args) -> Json:
    """views.open: once per trigger, within 3 seconds of the press."""
    trigger = platform.workspace.triggers.get(args.text("trigger_id"))
    if trigger is None:
        raise invalid("invalid `trigger_id`")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if platform.workspace.clock.now() >= trigger.until:
        raise ApiError("expired_trigger_id")
    body = _body(args, "modal")
    trigger.used = True
    external = str(body.get("external_id", ""))
    view = View(platform.workspace.mint("V"), trigger.user, {}, "", external)
    platform.workspace.views[view.id] = view
    _complete(platform, view, body)
    return {"view": view.body}


def views_publish(platform: Platform, args: Args) -> Json:
    """views.publish: the home tab of one person."""
    user = known_user(platform, args.text("user_id"))
    body = _body(args, "home")
    views = platform.workspace.views
    mine = [v for v in views.values() if v.user == user.id and v.body.get("type") == "home"]
    view = mine[0] if mine else View(platform.workspace.mint("V"), user.id, {}, "")
    _check_hash(view, args)
    views[view.id] = view
    _complete(platform, view, body)
    return {"view": view.body}


def _check_hash(view: View, args: Args) -> None:
    if "hash" in args and view.hash and args.text("hash") != view.hash:
        raise ApiError("hash_conflict")


def views_update(platform: Platform, args: Args) -> Json:
    """views.update: by id or external id, of a modal that is still open."""
    wanted, external = args.text("view_id"), args.text("external_id")
    for view in platform.workspace.views.values():
        if view.open and (view.id == wanted or (external and view.external_id == external)):
            _check_hash(view, args)
            _complete(platform, view, _body(args, "modal"))
            return {"view": view.body}
    raise ApiError("not_found")


def replace_view(platform: Platform, view: View, body: Json) -> None:
    """What `response_action: update` does to the form that was submitted.

    Raises:
        ApiError: Slack would not take this view.
    """
    _complete(platform, view, _body(Args({"view": body}), "modal"))


METHODS = {
    "assistant.threads.setStatus": Method(
        set_status, "chat:write", ("channel_id", "thread_ts", "status"), tier=5
    ),
    "assistant.threads.setSuggestedPrompts": Method(
        set_suggested_prompts, "assistant:write", ("channel_id", "prompts")
    ),
    "assistant.threads.setTitle": Method(
        set_title, "assistant:write", ("channel_id", "thread_ts", "title")
    ),
    "agents.sessions.setStatus": Method(set_session, "chat:write", ("channel_id", "status")),
    "views.open": Method(views_open, "", ("view",), tier=4),
    "views.publish": Method(views_publish, "", ("user_id", "view"), tier=4),
    "views.update": Method(views_update, "", ("view",), tier=4),
}
