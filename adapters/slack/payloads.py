"""Slack's JSON becomes messages of ours, or None for what is deliberately not read.

Pure functions over parsed payloads; nothing in a payload is trusted to have the shape it should
have. The shapes are those of https://docs.slack.dev/reference/events and the bodies in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adapters.slack import mrkdwn
from agent.cases import NOTE_CHARACTERS, Outcome
from agent.messages import Author, Button, ConversationId, IncomingMessage, Kind

Payload = Mapping[str, Any]

SPOKEN = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Subtypes of `message` that a person wrote; every other one is the channel's housekeeping."""
SYSTEM = frozenset({"USLACK", "USLACKBOT"})
"""Users that are Slack itself: what it tells in a direct conversation is no question."""
EVENTS = frozenset(
    {
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "agent_session_stopped",
    }
)
"""The event subscriptions that this module reads; the manifest lists exactly these."""
ACTION = "frontdesk_"
"""What the action ids of all our buttons begin with; the value of the button follows."""
BUTTONS = {
    **{ACTION + button.value: Kind(button.value) for button in Button},
    f"{ACTION}feedback": Kind.FEEDBACK,
}
"""The action ids of our own buttons and the controls they are."""
VERDICTS = ("up", "down")
"""What the feedback buttons may say."""
RESOLVE_FORM = f"{ACTION}resolve_form"
"""What Slack calls the form in which a case is resolved."""
OUTCOME = "outcome"
NOTE = "note"
"""What the blocks and the elements of that form are called."""
LAST = "9"
"""As text, this is later than any time that Slack tells."""
LINK = re.compile(r"https?://[^\s<>|()]+")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in this workspace, as auth.test said."""

    team_id: str
    bot_user_id: str
    bot_id: str = ""
    enterprise_id: str = ""


class Origin(BaseModel):
    """What a form remembers of the card it was opened from."""

    model_config = ConfigDict(frozen=True, strict=True)

    channel: str = Field(min_length=1)
    thread: str = Field(min_length=1)
    about: str


def is_ours(body: Payload, identity: Identity) -> bool:
    """Whether a payload belongs to the organisation this deployment serves."""
    ours = {identity.team_id, identity.enterprise_id} - {""}
    named = {_text(body, "team_id"), _text(_map(body, "team"), "id"), _text(body, "enterprise_id")}
    named.add(_text(_map(body, "enterprise"), "id"))
    for authorization in _maps(body, "authorizations"):
        named.add(_text(authorization, "team_id"))
        named.add(_text(authorization, "enterprise_id"))
    return bool(named & ours)


def read_event(body: Payload, identity: Identity) -> IncomingMessage | None:
    """Read an Events API envelope; None for everything that is not an utterance or a stop."""
    event = _map(body, "event")
    if not is_ours(body, identity):
        return None
    match _text(event, "type"):
        case "app_mention":
            return _spoken(body, event, identity)
        case "message":
            return _message(body, event, identity)
        case "agent_session_stopped":
            return _stopped(event, identity)
    return None


def raw_text(body: Payload) -> str:
    """What was said or edited in an event, in Slack's own words."""
    event = _map(body, "event")
    return _text(_map(event, "message") or event, "text")


def as_event(item: Payload, channel: str, identity: Identity, *, shared: bool) -> Payload:
    """A message of a history in the envelope in which its event would have come.

    `shared`: whether the channel is shared with another company.
    """
    event = {**item, "type": "message", "channel": channel}
    return {"team_id": identity.team_id, "is_ext_shared_channel": shared, "event": event}


def as_edit(item: Payload, channel: str, identity: Identity, *, shared: bool) -> Payload:
    """The same for the last edit of a message, of which only the result is known."""
    event = {"subtype": "message_changed", "message": item}
    return as_event(event, channel, identity, shared=shared)


def read_action(body: Payload, identity: Identity) -> IncomingMessage | None:
    """Read a press of one of our buttons (block_actions)."""
    action = next(iter(_maps(body, "actions")), None)
    if body.get("type") != "block_actions" or action is None or not is_ours(body, identity):
        return None
    kind = BUTTONS.get(_text(action, "action_id"))
    message = _map(body, "message")
    channel = _text(_map(body, "channel"), "id") or _text(_map(body, "container"), "channel_id")
    ts = _text(message, "ts") or _text(_map(body, "container"), "message_ts")
    user = _text(_map(body, "user"), "id")
    if kind is None or not (channel and ts and user):
        return None
    detail, _, about = _text(action, "value").partition("|")
    if kind is Kind.FEEDBACK and detail not in VERDICTS:
        return None
    thread = _text(message, "thread_ts") or ts
    press = _text(action, "action_ts") or _text(body, "trigger_id")
    return IncomingMessage(
        conversation=ConversationId("slack", identity.team_id, channel, thread),
        id=f"{ts}.{user}.{press}",
        kind=kind,
        author=Author(user, _text(_map(body, "user"), "name")),
        sent_at=seconds(press),
        direct=channel.startswith("D"),
        in_thread=True,
        detail=detail,
        about=about,
    )


def is_form(body: Payload, identity: Identity) -> bool:
    """Whether a payload is a form of ours that was sent off (view_submission)."""
    view = _map(body, "view")
    is_sent = body.get("type") == "view_submission" and is_ours(body, identity)
    from_us = _text(view, "bot_id") in ("", identity.bot_id)
    return is_sent and from_us and _text(view, "callback_id") == RESOLVE_FORM


def read_form(body: Payload, identity: Identity, now: float) -> IncomingMessage | None:
    """Read the form in which a case is resolved; None if it is not as we have made it.

    Its id is that of the submission, not of the form: a form that was refused may be sent again.
    """
    view = _map(body, "view")
    user, view_id, sent = (
        _text(_map(body, "user"), "id"),
        _text(view, "id"),
        _text(body, "trigger_id"),
    )
    values = _map(_map(view, "state"), "values")
    outcome = _text(_map(_entered(values, OUTCOME), "selected_option"), "value")
    note = _text(_entered(values, NOTE), "value").strip()
    try:
        origin = Origin.model_validate_json(_text(view, "private_metadata"))
        outcome = Outcome(outcome)
    except ValueError:
        return None
    if not (is_form(body, identity) and user and view_id and sent):
        return None
    return IncomingMessage(
        conversation=ConversationId("slack", identity.team_id, origin.channel, origin.thread),
        id=f"{view_id}.{sent}",
        kind=Kind.RESOLVE,
        author=Author(user, _text(_map(body, "user"), "name")),
        text=note[:NOTE_CHARACTERS],
        sent_at=now,
        direct=origin.channel.startswith("D"),
        in_thread=True,
        detail=outcome,
        about=origin.about,
    )


def _entered(values: Payload, name: str) -> Payload:
    """What somebody has chosen or written in a form's element."""
    return _map(_map(values, name), name)


def _message(body: Payload, event: Payload, identity: Identity) -> IncomingMessage | None:
    subtype = _text(event, "subtype")
    if subtype == "message_changed":
        return _changed(body, event, identity)
    if subtype == "message_deleted":
        return _deleted(event, identity)
    return _spoken(body, event, identity) if subtype in SPOKEN else None


def _spoken(
    body: Payload,
    event: Payload,
    identity: Identity,
    *,
    kind: Kind = Kind.MESSAGE,
    revision: str = "",
    around: Payload | None = None,
) -> IncomingMessage | None:
    """An utterance from a message object; `around` is the event that carries the channel when the
    message is nested in it.
    """
    outer = around if around is not None else event
    channel, ts, user = _text(outer, "channel"), _text(event, "ts"), _text(event, "user")
    from_bot = event.get("bot_id") or event.get("bot_profile") or user == identity.bot_user_id
    if not (channel and ts and user) or from_bot or user in SYSTEM:
        return None
    raw = _text(event, "text")
    thread = _text(event, "thread_ts")
    return IncomingMessage(
        conversation=ConversationId("slack", identity.team_id, channel, thread or ts),
        id=ts,
        kind=kind,
        author=Author(user, external=_external(body, event, identity)),
        text=mrkdwn.read(raw, identity.bot_user_id),
        revision=revision,
        sent_at=seconds(ts),
        mentions_bot=mrkdwn.mentions(raw, identity.bot_user_id),
        direct=_text(outer, "channel_type") == "im" or channel.startswith("D"),
        in_thread=bool(thread) and thread != ts,
        thread_at=seconds(thread),
        files=tuple(_file_name(one) for one in _maps(event, "files")),
        file_links=tuple(_file_link(one) for one in _maps(event, "files")),
    )


def _changed(body: Payload, event: Payload, identity: Identity) -> IncomingMessage | None:
    message, before = _map(event, "message"), _map(event, "previous_message")
    if _text(message, "subtype") == "tombstone":
        # The root of a thread leaves a tombstone when it is deleted while replies remain.
        return _gone(event, before or message, identity)
    edited = _text(_map(message, "edited"), "ts")
    unchanged = bool(before) and before.get("text") == message.get("text")
    if not edited or unchanged or _text(message, "subtype") not in SPOKEN:
        return None  # a link was unfolded, a reply was counted, a file was renamed
    # Edits have whole seconds. Which of two in one second came later, only their events tell; a
    # history shows the last. But both tell the words, and a redelivery tells the same.
    revision = f"{edited}-{_text(event, 'ts') or LAST}"
    edit = _spoken(body, message, identity, kind=Kind.EDIT, revision=revision, around=event)
    edit = edit and replace(edit, version=f"{edited}-{_digest(_text(message, 'text'))}")
    if edit is not None and mrkdwn.mentions(_text(before, "text"), identity.bot_user_id):
        return replace(edit, mentions_bot=False)  # it was for the bot before, as a message
    return edit


def _digest(text: str) -> str:
    """Tells texts apart without telling what they say, for it outlives them: two bytes."""
    return blake2b(text.encode(), digest_size=2).hexdigest()


def _deleted(event: Payload, identity: Identity) -> IncomingMessage | None:
    return _gone(event, _map(event, "previous_message"), identity)


def _gone(event: Payload, before: Payload, identity: Identity) -> IncomingMessage | None:
    channel = _text(event, "channel")
    ts = _text(event, "deleted_ts") or _text(before, "ts")
    user = _text(before, "user")
    if not (channel and ts) or before.get("bot_id") or user == identity.bot_user_id:
        return None
    thread = _text(before, "thread_ts")
    return IncomingMessage(
        conversation=ConversationId("slack", identity.team_id, channel, thread or ts),
        id=ts,
        kind=Kind.DELETE,
        author=Author(user),
        revision="deleted",
        sent_at=seconds(_text(event, "ts")),
        direct=_text(event, "channel_type") == "im" or channel.startswith("D"),
        in_thread=bool(thread) and thread != ts,
    )


def _stopped(event: Payload, identity: Identity) -> IncomingMessage | None:
    channel, thread, user = (_text(event, name) for name in ("channel", "thread_ts", "user"))
    if not (channel and thread and user):
        return None
    when = _text(event, "event_ts") or thread
    return IncomingMessage(
        conversation=ConversationId("slack", identity.team_id, channel, thread),
        id=when,
        kind=Kind.STOP,
        author=Author(user),
        sent_at=seconds(when),
        direct=channel.startswith("D"),
        in_thread=True,
    )


def _external(body: Payload, event: Payload, identity: Identity) -> bool:
    if not body.get("is_ext_shared_channel"):
        return False
    home = _text(event, "user_team") or _text(event, "source_team") or _text(event, "team")
    return home not in ("", identity.team_id, identity.enterprise_id)


def _file_name(file: Payload) -> str:
    return _text(file, "name") or _text(file, "title") or "a file"


def _file_link(file: Payload) -> str:
    """Where people who may see the file can open it; Slack asks them who they are."""
    link = _text(file, "permalink")
    return link if LINK.fullmatch(link) else ""


def _map(payload: Payload, name: str) -> Payload:
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def _maps(payload: Payload, name: str) -> list[Payload]:
    value = payload.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _text(payload: Payload, name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str):
        return ""
    # Half an emoji, left by a cut, can be written in JSON but not stored as UTF-8.
    return value if value.isascii() else value.encode(errors="replace").decode()


def seconds(ts: str) -> float:
    """A ts as seconds since the epoch; 0 if it is none."""
    try:
        seconds = float(ts)
    except ValueError:
        return 0.0
    return seconds if isfinite(seconds) else 0.0
