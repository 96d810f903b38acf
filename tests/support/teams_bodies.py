"""Activities as Teams sends them to a bot, written by hand after its documentation.

Each function gives a fresh, valid one; tests bend them.
https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability
"""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

TENANT = "7e4a0000-0000-4000-8000-000000000001"
APP = "7e4a0000-0000-4000-8000-0000000000b0"
BOT = f"28:{APP}"
ADA = "7e4a0000-0000-4000-8000-0000000000ad"
SERVICE = "https://smba.trafficmanager.net/emea/"
PERSONAL = "a:1adaandthebot"
GROUP = "19:colleagues@thread.v2"
CHANNEL = "19:general@thread.tacv2"
ROOT = "1790000000000"
ANSWER = "1790000005000"


def activity(kind: str, conversation: Json | None = None, **changes: Any) -> Json:
    """What all activities have, in the personal chat unless another conversation is given."""
    return {
        "type": kind,
        "id": "1790000001000",
        "timestamp": "2026-09-21T14:13:21.1234567Z",
        "localTimestamp": "2026-09-21T16:13:21.1234567+02:00",
        "localTimezone": "Europe/Berlin",
        "locale": "en-GB",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": "29:1ada", "name": "Ada Byron", "aadObjectId": ADA},
        "recipient": {"id": BOT, "name": "Frontdesk"},
        "conversation": conversation or personal(),
        "channelData": {"tenant": {"id": TENANT}},
        **changes,
    }


def personal() -> Json:
    """The chat of a person with the bot."""
    return {"id": PERSONAL, "conversationType": "personal", "tenantId": TENANT}


def group() -> Json:
    """A chat of several people."""
    return {"id": GROUP, "conversationType": "groupChat", "tenantId": TENANT, "isGroup": True}


def channel(root: str = ROOT) -> Json:
    """A thread in a channel, or with '' the channel itself."""
    name = f"{CHANNEL};messageid={root}" if root else CHANNEL
    return {"id": name, "conversationType": "channel", "tenantId": TENANT, "isGroup": True}


def in_channel(kind: str, root: str = ROOT, **changes: Any) -> Json:
    """An activity in a thread of a channel."""
    data = {
        "tenant": {"id": TENANT},
        "channel": {"id": CHANNEL},
        "team": {"id": "19:team@thread.tacv2", "aadGroupId": "7e4a-group", "name": "Everybody"},
    }
    return activity(kind, channel(root), **{"channelData": data, **changes})


def message(**changes: Any) -> Json:
    """A question in the personal chat."""
    html = {"contentType": "text/html", "content": "<p>How many days of leave?</p>"}
    told = {"text": "How many days of leave?", "textFormat": "plain", "attachments": [html]}
    return activity("message", **{**told, **changes})


def tag(who: str = BOT, name: str = "Frontdesk") -> Json:
    """The entity of a mention."""
    shown = f"<at>{name}</at>"
    return {"type": "mention", "mentioned": {"id": who, "name": name}, "text": shown}


def mention(root: str = ROOT, **changes: Any) -> Json:
    """A question to the bot that begins a thread, or stands in the thread of another `root`."""
    told: Json = {
        "id": ROOT,
        "text": "<at>Frontdesk</at>&nbsp;leave?",
        "entities": [tag(), {"type": "clientInfo", "platform": "Web"}],
    }
    return in_channel("message", root, **{**told, **changes})


def chatter(**changes: Any) -> Json:
    """A reply among colleagues, which only a bot with consent to read all is told."""
    return in_channel(
        "message", **{"id": "1790000002000", "text": "And the carry-over?", **changes}
    )


def edited(**changes: Any) -> Json:
    """The question changes."""
    told = {"text": "How many days off?", "timestamp": "2026-09-21T14:14:00.5Z"}
    data = {"tenant": {"id": TENANT}, "eventType": "editMessage"}
    return activity("messageUpdate", **{**told, "channelData": data, **changes})


def deleted(**changes: Any) -> Json:
    """The question is taken back."""
    data = {"tenant": {"id": TENANT}, "eventType": "softDeleteMessage"}
    return activity("messageDelete", **{"channelData": data, **changes})


def restored(**changes: Any) -> Json:
    """What was taken back returns."""
    data = {"tenant": {"id": TENANT}, "eventType": "undeleteMessage"}
    told = {"text": "How many days of leave?", "timestamp": "2026-09-21T14:15:00Z"}
    return activity("messageUpdate", **{**told, "channelData": data, **changes})


def reaction(kind: str = "like", **changes: Any) -> Json:
    """Somebody reacts to an answer of the bot."""
    told = {"id": ANSWER, "replyToId": ANSWER, "reactionsAdded": [{"type": kind}]}
    return activity("messageReaction", **{**told, **changes})


def feedback(verdict: str = "like", **changes: Any) -> Json:
    """A press on a thumb under an answer, with the dialog's words."""
    chosen = {"reaction": verdict, "feedback": '{"feedbackText":"nice"}'}
    value = {"actionName": "feedback", "actionValue": chosen}
    told = {"id": "f:press-1", "name": "message/submitAction", "replyToId": ANSWER, "value": value}
    return activity("invoke", **{**told, **changes})


def press(verb: str = "frontdesk.ask_person", data: object = None, **changes: Any) -> Json:
    """A press on a card of ours."""
    action = {
        "type": "Action.Execute",
        "verb": verb,
        "data": {"about": "t1.1"} if data is None else data,
    }
    told = {
        "id": "f:press-2",
        "name": "adaptiveCard/action",
        "replyToId": ANSWER,
        "value": {"action": action, "trigger": "manual"},
    }
    return activity("invoke", **{**told, **changes})


def installed(conversation: Json | None = None, action: str = "add", **changes: Any) -> Json:
    """The app was added, or removed."""
    return activity(
        "installationUpdate", conversation, **{"id": "f:install", "action": action, **changes}
    )


def added(conversation: Json | None = None, *who: str) -> Json:
    """Somebody is new in a conversation: the bot unless others are named."""
    members = [{"id": one} for one in who or (BOT,)]
    return activity("conversationUpdate", conversation, id="f:added", membersAdded=members)


def as_json(body: object) -> bytes:
    """The body of a request."""
    return json.dumps(body).encode()


ACTIVITIES = {
    "message": message(),
    "group": activity("message", group(), text="<at>Frontdesk</at> leave?", entities=[tag()]),
    "mention": mention(),
    "chatter": chatter(),
    "edited": edited(),
    "deleted": deleted(),
    "restored": restored(),
    "reaction": reaction(),
    "feedback": feedback(),
    "press": press(),
    "reply": press("frontdesk.reply", {"about": "t1.1", "reply": "Twenty-five."}),
    "form": press("frontdesk.resolve", {"about": "t1.1", "outcome": "done", "note": "Reset."}),
    "unknown press": press("frontdesk.unknown", {"about": "t1.1"}),
    "installed": installed(),
    "in a team": installed(channel("")),
    "added": added(),
    "typing": activity("typing"),
    "read": activity("event", name="application/vnd.microsoft.readReceipt", value={"x": "1"}),
}
"""One of each."""
