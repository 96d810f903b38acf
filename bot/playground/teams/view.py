"""What one person sees of the local Teams at one moment, in the shapes that `rooms` tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import groupby, pairwise
from typing import Any

from adapters.teams.twin import Message, TeamsTwin
from bot.playground import marking, shapes
from bot.playground.rooms import Json
from bot.playground.shapes import Shape
from bot.playground.teams import cards, words
from bot.playground.teams.company import TEAMS

KINDS = {"personal": "chat", "groupChat": "groupchat", "channel": "teamchannel"}
"""What the page calls Teams' kinds of conversations."""
FEEDBACK = "feedback"
"""The page's name for what is pressed with a thumb; Teams has none."""
BY_AI = "AI generated"


@dataclass
class View:
    """Looks at the local Teams for one person or another.

    `look_up` says where on the page a permalink leads. `pressed` holds the feedback each person
    gave, by (person, channel, message): Teams' clients remember it themselves.
    """

    twin: TeamsTwin
    look_up: Callable[[str], str | None]
    pressed: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def people(self) -> Mapping[str, str]:
        """The names of people and the bot, by id: whom one can mention."""
        identity = self.twin.identity
        names = {user.id: user.name for user in self.twin.users()}
        return {**names, identity.bot_id: identity.bot_name}

    def place(self, channel: str, user: str) -> Json:
        """A chat or a channel as this person sees it."""
        place = self.twin.channel(channel)
        shown = self.twin.messages(channel)
        shown.sort(key=lambda one: (int(one.thread or 0), int(one.id)))
        threads = [(ts, list(group)) for ts, group in groupby(shown, lambda one: one.thread)]
        return {
            "id": channel,
            "kind": KINDS[place.kind],
            "platform": TEAMS,
            "name": f"{place.team.name} · {place.name}" if place.team else place.name,
            "threads": [self._thread(channel, ts, user, group) for ts, group in threads],
        }

    def _thread(self, channel: str, ts: str, user: str, messages: Sequence[Message]) -> Json:
        last = messages[-1]
        shown = [self._message(one, user, is_last=one is last) for one in messages]
        for (above, one), it in zip(pairwise(messages), shown[1:], strict=True):
            it["follows"] = above.bot and _is_buttons(one)
        return {
            "ts": ts,
            "status": "is typing…" if self.twin.typing(channel, ts) else "",
            "messages": shown,
        }

    def _message(self, message: Message, user: str, *, is_last: bool) -> Json:
        gone, mine = message.deleted, message.user == user
        chosen = self.pressed.get((user, message.channel, message.id))
        return {
            "ts": message.id,
            "at": int(message.id) / 1000,
            "author": message.user,
            "mine": mine,
            "bot": message.bot,
            "follows": False,
            "label": BY_AI if message.labelled else "",
            "edited": message.edited and mine,
            "gone": gone,
            "private": False,
            "plain": words.plain(message.activity) if mine and not gone else "",
            "files": list(_files(message)),
            "pressed": {FEEDBACK: chosen} if chosen else {},
            "blocks": [] if gone else list(self._blocks(message, is_last=is_last)),
        }

    def _blocks(self, message: Message, *, is_last: bool) -> Iterator[Shape]:
        if not message.bot:
            yield shapes.html("typed", words.shown(message.activity))
            return
        if message.text:
            shown = marking.led(marking.markdown(message.text), self.look_up)
            yield shapes.html("markdown", shown)
        yield from _sources(message)
        for card in message.cards:
            yield cards.drawn(card, self.look_up)
        if message.feedback_loop:
            yield shapes.feedback(FEEDBACK, positive="Like", negative="Dislike")
        if message.suggested and is_last:  # Teams takes them away as soon as somebody writes
            yield shapes.prompts([(one["title"], one["value"]) for one in message.suggested])


def _is_buttons(message: Message) -> bool:
    """Whether a message is nothing but buttons, as those of an answer are in Teams."""
    cards = message.cards
    return (
        message.bot and not message.text and bool(cards) and not any(c.get("body") for c in cards)
    )


def _sources(message: Message) -> Iterator[Shape]:
    """What the text cites, by number; what it lists itself is not told twice."""
    found = [(one["position"], one["appearance"]) for one in message.citations]
    items = [
        f"{position}. {marking.link(str(cited.get('url') or ''), cited['name'])}"
        for position, cited in found
        if f"]({cited.get('url')})" not in message.text
    ]
    if items:
        yield shapes.context(["<strong>Sources</strong>", *items])


def _files(message: Message) -> Iterator[str]:
    """The names of what is attached; outside of personal chats Teams tells none."""
    attached: Sequence[Mapping[str, Any]] = message.activity.get("attachments") or ()
    for one in attached:
        if name := one.get("name"):
            yield escape(str(name))
        elif "<attachment " in str(one.get("content") or ""):
            yield "a file"
