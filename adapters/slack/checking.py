"""What `frontdesk check` looks at in Slack: the tokens, the scopes, the human channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.calls import Answer, call, part, string
from adapters.slack.socket_mode import open_address
from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown, InstallationFatal
from agent.platforms import Finding

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "users:read",
)
"""The bot scopes this adapter needs; manifest.json asks for exactly these."""

NO_APP = (
    "make an app-level token (xapp-…) with the scope connections:write under Basic Information, "
    "put it into SLACK_APP_TOKEN, and switch Socket Mode on"
)
"""How to mend an app token that Slack refuses."""


async def check(client: AsyncWebClient, app_token: str = "") -> list[Finding]:
    """Look at the credentials."""
    try:
        me = await call(client.auth_test())
    except (DeliveryRetry, DeliveryUnknown) as error:
        return [Finding("Slack token", False, f"{error}: try again in a minute")]
    except DeliveryError as error:
        detail = f"{error}: reinstall the app and copy its bot token into SLACK_BOT_TOKEN"
        return [Finding("Slack token", False, detail)]
    who = f"{me.get('user')} in {me.get('team')} ({me.get('team_id')})"
    wrong = nobody(me)
    findings = [Finding("Slack token", not wrong, wrong or who), _scopes(dict(me.headers))]
    if app_token:
        findings.append(await _app(client, app_token))
    return findings


def nobody(me: Answer) -> str:
    """What is wrong with an answer of auth.test that does not say who we are; '' if it does."""
    missing = " and ".join(name for name in ("team_id", "user_id") if not string(me, name))
    if not missing:
        return ""
    return f"Slack's auth.test answers without {missing}: is SLACK_BOT_TOKEN a bot token (xoxb-…)?"


async def _app(client: AsyncWebClient, app_token: str) -> Finding:
    subject = "Slack app token"
    try:
        await open_address(client, app_token)
    except (DeliveryRetry, DeliveryUnknown) as error:
        return Finding(subject, False, f"{error}: try again in a minute")
    except DeliveryError as error:
        return Finding(subject, False, f"{error}: {NO_APP}")
    return Finding(subject, True, "Socket Mode: events come through a websocket")


def _scopes(headers: dict[str, str]) -> Finding:
    granted = next((v for n, v in headers.items() if n.lower() == "x-oauth-scopes"), None)
    if granted is None:
        return Finding("Slack scopes", True, "Slack did not say which scopes the token has")
    missing = sorted(set(SCOPES) - {scope.strip() for scope in granted.split(",")})
    if missing:
        detail = f"missing {', '.join(missing)}: update the app from manifest.json and reinstall it"
        return Finding("Slack scopes", False, detail)
    return Finding("Slack scopes", True, f"all {len(SCOPES)} scopes")


async def check_channel(client: AsyncWebClient, channel: str) -> Finding:
    """Whether cases can be posted there, and whether anybody is there to take them."""
    subject = f"Slack human channel {channel}"
    try:
        info = part(await call(client.conversations_info(channel=channel)), "channel")
        wrong = _unfit(info)
        if not wrong and not await _has_people(client, channel):
            wrong = "nobody but the bot is in it: invite the people who are to take cases"
    except (DeliveryRetry, DeliveryUnknown) as error:
        return Finding(subject, False, f"{error}: try again in a minute")
    except InstallationFatal as error:
        detail = f"{error}: nothing can be told of it before the token is right"
        return Finding(subject, False, detail)
    except DeliveryError as error:
        detail = (
            f"{error}: is the id right (C…, at the end of the channel's About), and is the app "
            "invited (/invite @Frontdesk)?"
        )
        return Finding(subject, False, detail)
    if wrong:
        return Finding(subject, False, wrong)
    shared = " (shared with another company, whose people see every case)"
    name = f"#{info.get('name', channel)}"
    return Finding(subject, True, name + (shared if info.get("is_ext_shared") else ""))


def _unfit(info: Mapping[str, Any]) -> str:
    """Why a channel cannot be the desk, and how to mend it; '' if it can."""
    if info.get("is_im") or info.get("is_mpim"):
        return "it is no channel: choose one in which the people are who are to take cases"
    if info.get("is_archived"):
        return "it is archived: unarchive it, or choose another FRONTDESK_HUMAN_CHANNEL"
    if not info.get("is_member"):
        return "the bot is not a member: /invite @Frontdesk there"
    return ""


async def _has_people(client: AsyncWebClient, channel: str) -> bool:
    answer = await call(client.conversations_members(channel=channel, limit=10))
    members = answer.get("members")
    return isinstance(members, list) and len(members) > 1
