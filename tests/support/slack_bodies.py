"""Bodies as Slack sends them to an app, written by hand after its documentation.

Each function gives a fresh, valid one for the twin's workspace; tests bend them.
https://docs.slack.dev/apis/events-api, https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]

TEAM, BOT, APP = "T0FRONTDESK", "U0FRONTBOT", "A0FRONTAPP"
FORM = "application/x-www-form-urlencoded"


def event(inner: Json, **outer: Any) -> Json:
    """An Events API envelope around an inner event."""
    return {
        "token": "deprecated",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev0TEST",
        "event_time": 1790000000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-test",
        **outer,
    }


def message(**changes: Any) -> Json:
    """A message in the direct conversation."""
    return {
        "type": "message",
        "user": "U0ADA",
        "ts": "1790000000.000100",
        "client_msg_id": "8ec1f4ae-0000-4000-8000-000000000000",
        "text": "How many days of leave?",
        "team": TEAM,
        "blocks": [
            {
                "type": "rich_text",
                "block_id": "b1",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": "How many days of leave?"}],
                    }
                ],
            }
        ],
        "channel": "D0ADA",
        "event_ts": "1790000000.000100",
        "channel_type": "im",
        **changes,
    }


def mention() -> Json:
    """An `app_mention` in a thread."""
    inner = message(
        type="app_mention", text=f"<@{BOT}> leave?", channel="C0GENERAL", thread_ts="1789.000100"
    )
    inner.pop("channel_type")
    return inner


def changed(**changes: Any) -> Json:
    """An edit."""
    before = message()
    after = message(text="How many days off?", edited={"user": "U0ADA", "ts": "1790000001.000000"})
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": after,
        "previous_message": before,
        "channel": "D0ADA",
        "hidden": True,
        "ts": "1790000001.000200",
        "event_ts": "1790000001.000200",
        "channel_type": "im",
        **changes,
    }


def deleted() -> Json:
    """A deletion."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": message(),
        "channel": "D0ADA",
        "hidden": True,
        "deleted_ts": "1790000000.000100",
        "ts": "1790000002.000300",
        "event_ts": "1790000002.000300",
        "channel_type": "im",
    }


def uploaded() -> Json:
    """A message with a file."""
    file = {"id": "F1", "name": "plan.pdf", "title": "Plan", "mimetype": "application/pdf"}
    return message(subtype="file_share", files=[file], upload=False)


def stopped() -> Json:
    """Slack's Stop button."""
    return {
        "type": "agent_session_stopped",
        "channel": "D0ADA",
        "user": "U0ADA",
        "thread_ts": "1790000000.000100",
        "streaming_message_ts": [],
        "event_ts": "1790000003.000400",
    }


def press(action_id: str = "frontdesk_feedback", value: str = "up|t1.1") -> Json:
    """A press of a button under one of our messages."""
    return {
        "type": "block_actions",
        "user": {"id": "U0ADA", "username": "ada", "name": "ada", "team_id": TEAM},
        "api_app_id": APP,
        "token": "deprecated",
        "container": {
            "type": "message",
            "message_ts": "1790000000.000200",
            "channel_id": "D0ADA",
            "is_ephemeral": False,
            "thread_ts": "1790000000.000100",
        },
        "trigger_id": "1.2.3",
        "team": {"id": TEAM, "domain": "example"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": "D0ADA", "name": "directmessage"},
        "message": {
            "type": "message",
            "user": BOT,
            "ts": "1790000000.000200",
            "thread_ts": "1790000000.000100",
            "bot_id": "B0FRONTBOT",
            "text": "An answer.",
        },
        "state": {"values": {}},
        "response_url": "https://hooks.example/1",
        "actions": [
            {
                "type": "feedback_buttons",
                "action_id": action_id,
                "block_id": "b2",
                "value": value,
                "action_ts": "1790000004.000500",
            }
        ],
    }


def command(**changes: str) -> dict[str, str]:
    """The fields of a slash command."""
    return {
        "token": "deprecated",
        "team_id": TEAM,
        "team_domain": "example",
        "channel_id": "C0GENERAL",
        "channel_name": "general",
        "user_id": "U0ADA",
        "user_name": "ada",
        "command": "/frontdesk",
        "text": "help",
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": "https://hooks.example/2",
        "trigger_id": "4.5.6",
        **changes,
    }


def as_json(body: object) -> bytes:
    """A body of JSON."""
    return json.dumps(body).encode()


def as_payload(body: object) -> bytes:
    """An interaction's body: a form whose field `payload` is JSON."""
    return urlencode({"payload": json.dumps(body)}).encode()


EVENTS = {
    "message": event(message()),
    "reply": event(message(thread_ts="1789999999.000100", parent_user_id="U0ADA")),
    "mention": event(mention()),
    "changed": event(changed()),
    "deleted": event(deleted()),
    "uploaded": event(uploaded()),
    "stopped": event(stopped()),
    "shared": event(message(user_team="T9", source_team="T9"), is_ext_shared_channel=True),
}
