"""Activities as Teams sends them: who, where, and what people typed in the forms bots get it in.

https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability and
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/subscribe-to-conversation-events.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.teams.twin_state import (
    CHANNEL,
    GROUP,
    PERSONAL,
    THREAD,
    Json,
    Place,
    Settings,
    User,
    World,
)

MENTION = re.compile(r"<@([^<>@\s]+)>")
SPAN = '<span itemtype="http://schema.skype.com/Mention" itemscope="" itemid="{}">{}</span>'


class Activities:
    """Writes activities of one organisation for its bot."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._settings = settings

    def activity(
        self, kind: str, user: User, place: Place, thread: str, ident: str = "", **more: object
    ) -> Json:
        """An activity of a kind, by a person at a place; `more` are its further fields."""
        now = self._world.clock.now()
        identity = self._world.identity
        return {
            "type": kind,
            "id": ident or f"f:{self._world.guid()}",
            "timestamp": self._world.stamp(),
            "channelId": "msteams",
            "serviceUrl": self._settings.service_url,
            "from": {"id": user.teams_id, "name": user.name, "aadObjectId": user.id},
            "conversation": self.conversation(user, place, thread),
            "recipient": {"id": identity.bot_id, "name": identity.bot_name},
            "channelData": self.channel_data(user, place),
            "locale": user.locale,
            **({} if not ident else local(now, user.timezone)),
            **more,
        }

    def conversation(self, user: User, place: Place, thread: str) -> Json:
        """The conversation; in a channel its id names the thread too."""
        shape: Json = {"conversationType": place.kind, "tenantId": user.tenant_id}
        if place.kind != PERSONAL:
            shape["isGroup"] = True
        if place.name and place.kind == GROUP:
            shape["name"] = place.name
        shape["id"] = place.id + (f"{THREAD}{thread}" if thread else "")
        return shape

    def channel_data(self, user: User, place: Place) -> Json:
        """What Teams alone knows: organisation, team and channel."""
        data: Json = {"tenant": {"id": user.tenant_id}}
        if place.kind == CHANNEL and place.team is not None:
            data = {
                "teamsChannelId": place.id,
                "teamsTeamId": place.team.id,
                "channel": {"id": place.id},
                "team": {"id": place.team.id},
                **data,
            }
        return data

    def team(self, place: Place) -> Json:
        """A team as events about its membership tell it."""
        if place.team is None:
            return {}
        team = place.team
        return {
            "team": {"id": team.id, "name": team.name, "aadGroupId": team.group_id},
            "channel": {"id": place.id},
            "settings": {"selectedChannel": {"id": place.id}},
        }

    def words(self, user: User, typed: str) -> Json:
        """What a person typed: text, HTML and mentions. '<@id>' mentions a person or the bot."""
        mentions: list[Json] = []

        def text(match: re.Match[str]) -> str:
            mentions.append(self._mention(match[1]))
            return str(mentions[-1]["text"])

        def span(match: re.Match[str]) -> str:
            number = next(numbers)
            return SPAN.format(number, html.escape(self._named(match[1])[1], quote=False))

        numbers = iter(range(len(MENTION.findall(typed))))
        plain = _replaced(typed, text)
        rich = _replaced(typed, span).replace("</span> ", "</span>&nbsp;").replace("\n", "<br>\n")
        client = {
            "locale": user.locale,
            "country": user.country,
            "platform": user.platform,
            "timezone": user.timezone,
            "type": "clientInfo",
        }
        return {
            "text": plain,
            "textFormat": "plain",
            "attachments": [{"contentType": "text/html", "content": f"<p>{rich}</p>"}],
            "entities": [*mentions, client],
        }

    def _mention(self, ident: str) -> Json:
        teams_id, name = self._named(ident)
        return {
            "mentioned": {"id": teams_id, "name": name},
            "text": f"<at>{html.escape(name, quote=False)}</at>",
            "type": "mention",
        }

    def _named(self, ident: str) -> tuple[str, str]:
        identity = self._world.identity
        if ident in {identity.bot_id, identity.app_id}:
            return identity.bot_id, identity.bot_name
        person = self._world.users[ident]
        return person.teams_id, person.name


def _replaced(typed: str, replacement: Callable[[re.Match[str]], str]) -> str:
    """The text with its mentions replaced, and all else escaped as Teams does."""
    parts, begin = [], 0
    for match in MENTION.finditer(typed):
        parts += [html.escape(typed[begin : match.start()], quote=False), replacement(match)]
        begin = match.end()
    return "".join([*parts, html.escape(typed[begin:], quote=False)])


def local(seconds: float, timezone: str) -> Json:
    """The time as the person's client tells it."""
    moment = datetime.fromtimestamp(seconds, ZoneInfo(timezone))
    return {"localTimestamp": moment.isoformat(), "localTimezone": timezone}


def mentions(activity: Json, bot_id: str) -> bool:
    """Whether an activity mentions the bot."""
    found = activity.get("entities") or []
    return any(
        one.get("type") == "mention" and (one.get("mentioned") or {}).get("id") == bot_id
        for one in found
    )


def member(user: User) -> Json:
    """A person as the connector describes them."""
    given, _, surname = user.name.partition(" ")
    return {
        "id": user.teams_id,
        "name": user.name,
        "givenName": given,
        "surname": surname,
        "email": user.email,
        "userPrincipalName": user.email,
        "tenantId": user.tenant_id,
        "userRole": user.role,
        "aadObjectId": user.id,
        "objectId": user.id,
    }
