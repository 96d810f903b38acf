"""What one person sees of the local Slack at one moment, as JSON for the page.

    {"me", "bot": {"id", "name", "models"}, "people": [{"id", "name", "role"}],
     "examples": [text], "places": [place], "desk": place, "deskPerson": id}
    place:   {"id", "kind": "im" | "channel" | "group", "name", "threads": [thread]}
    thread:  {"ts", "status", "messages": [message]}, the root first
    message: {"ts", "author", "mine", "bot", "edited", "gone", "private", "plain", "files",
              "pressed": {action_id: value}, "blocks": [shapes of `blocks.drawn`]}

The human channel is always shown as the person at the desk sees it, whoever is looking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from adapters.slack.twin import Message, SlackTwin
from bot.playground.blocks import drawn
from bot.playground.company import EXAMPLES, Company
from bot.playground.marking import Directory
from bot.playground.words import plain

Json = dict[str, Any]


@dataclass
class Sight:
    """Looks at the local Slack for one person or another.

    `pressed` holds the feedback each person gave, by (person, channel, ts, action_id): Slack's
    clients remember it themselves.
    """

    twin: SlackTwin
    company: Company
    models: Sequence[str]
    pressed: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    def people(self) -> Mapping[str, str]:
        """The names of people and the bot, by id: whom one can mention."""
        return {user.id: user.real_name for user in self.twin.users()}

    def directory(self) -> Directory:
        """Names and places for the texts of messages."""
        channels = {channel.id: channel.name for channel in self.twin.channels()}
        return Directory({**self.people(), **channels}, self._address)

    def _address(self, channel: str, ts: str) -> str:
        """A message's conversation on the page, as somebody who is in it; '' if there is none."""
        for person in self.company.people:
            if self.may_see(person.id, channel):
                thread = self.twin.messages(channel, ts)
                where = {"as": person.id, "in": channel, "thread": thread[0].ts if thread else ""}
                return f"/#{urlencode(where)}"
        return ""

    def may_see(self, user: str, channel: str) -> bool:
        """Whether this person is in this channel."""
        return any(place.id == channel and user in place.members for place in self.twin.channels())

    def seen_by(self, user: str) -> Json:
        """Everything this person sees."""
        identity = self.twin.identity
        return {
            "me": user,
            "bot": {
                "id": identity.bot_user_id,
                "name": identity.bot_name,
                "models": list(self.models),
            },
            "people": [asdict(person) for person in self.company.people],
            "examples": list(EXAMPLES),
            "places": [self._place(channel, user) for channel in self._places_of(user)],
            "desk": self._place(self.company.desk, self.company.desk_person.id),
            "deskPerson": self.company.desk_person.id,
        }

    def _places_of(self, user: str) -> list[str]:
        joined = [place for place in self.company.channels if self.may_see(user, place)]
        return [self.twin.dm(user), *joined]

    def _place(self, channel: str, user: str) -> Json:
        place = self.twin.channel(channel)
        shown = [
            *(one for one in self.twin.messages(channel) if _is_there(one)),
            *(one for one in self.twin.ephemerals(channel, user) if not one.deleted),
        ]
        # A ts has a fixed form, so its order as text is its order in time.
        shown.sort(key=lambda one: (one.thread_ts or one.ts, one.ts))
        threads = groupby(shown, lambda one: one.thread_ts or one.ts)
        return {
            "id": channel,
            "kind": place.kind,
            "name": place.name,
            "threads": [self._thread(channel, ts, user, list(group)) for ts, group in threads],
        }

    def _thread(self, channel: str, ts: str, user: str, messages: Sequence[Message]) -> Json:
        return {
            "ts": ts,
            "status": self.twin.status(channel, ts),
            "messages": [self._message(message, user) for message in messages],
        }

    def _message(self, message: Message, user: str) -> Json:
        gone, mine = message.deleted, message.user == user
        pressed = {
            action: value
            for (who, channel, ts, action), value in self.pressed.items()
            if (who, channel, ts) == (user, message.channel, message.ts)
        }
        return {
            "ts": message.ts,
            "author": message.user,
            "mine": mine,
            "bot": message.bot,
            "edited": message.edited and mine,
            "gone": gone,
            "private": bool(message.ephemeral_to),
            "plain": plain(message.text, self.people()) if mine and not gone else "",
            "files": list(message.files),
            "pressed": pressed,
            "blocks": [] if gone else drawn(message.blocks, self.directory()),
        }


def _is_there(message: Message) -> bool:
    """A deleted message is gone, unless it keeps its place as the root of a thread."""
    return not message.deleted or message.subtype == "tombstone"
