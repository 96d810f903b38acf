"""What one person sees of the local Slack at one moment, in the shapes that `rooms` tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from adapters.slack.twin import Message, SlackTwin
from bot.playground.rooms import Json
from bot.playground.slack import forms
from bot.playground.slack.blocks import drawn
from bot.playground.slack.company import SLACK
from bot.playground.slack.marking import Directory
from bot.playground.slack.words import plain


@dataclass
class View:
    """Looks at the local Slack for one person or another.

    `look_up` says where on the page a permalink leads. `pressed` holds the feedback each person
    gave, by (person, channel, ts, action_id): Slack's clients remember it themselves.
    """

    twin: SlackTwin
    look_up: Callable[[str], str | None]
    pressed: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    def people(self) -> Mapping[str, str]:
        """The names of people and the bot, by id: whom one can mention."""
        return {user.id: user.real_name for user in self.twin.users()}

    def place(self, channel: str, user: str) -> Json:
        """A channel as this person sees it."""
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
            "platform": SLACK,
            "name": place.name,
            "threads": [self._thread(channel, ts, user, list(group)) for ts, group in threads],
        }

    def form(self, user: str) -> Json | None:
        """The form that is open in front of this person."""
        shown = [one for one in self.twin.views(user) if one.body["type"] == "modal"]
        return forms.form(shown[-1], self._directory()) if shown else None

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
            "at": float(message.ts),
            "author": message.user,
            "mine": mine,
            "bot": message.bot,
            "follows": False,
            "label": "",
            "edited": message.edited and mine,
            "gone": gone,
            "private": bool(message.ephemeral_to),
            "plain": plain(message.text, self.people()) if mine and not gone else "",
            "files": list(message.files),
            "pressed": pressed,
            "blocks": [] if gone else drawn(message.blocks, self._directory()),
        }

    def _directory(self) -> Directory:
        channels = {channel.id: channel.name for channel in self.twin.channels()}
        return Directory({**self.people(), **channels}, self.look_up)


def _is_there(message: Message) -> bool:
    """A deleted message is gone, unless it keeps its place as the root of a thread."""
    return not message.deleted or message.subtype == "tombstone"
