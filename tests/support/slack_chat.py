"""Slack for the stories that are told on every platform, and the way to its twin for the others."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.slack.adapter import SlackAdapter
from adapters.slack.twin import Answer, Fault, Message, SlackTwin
from adapters.slack.twin_events import JSON_TYPE, RETRY_DELAYS, signature
from agent.messages import ConversationId
from tests.support.chats import Said, Shown, read_markdown
from tests.support.clock import TestClock
from tests.support.twin_chat import TwinChat

SECRET = "test-signing-secret"
BY_HTTP = {"SLACK_SIGNING_SECRET": SECRET}
BY_SOCKET = {"SLACK_APP_TOKEN": "xapp-test"}
RATING = "frontdesk_feedback"
PRESSED = frozenset({"actions", "context_actions"})
SPECIAL = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
MARKUP = re.compile(r"(?<!\w)([*_`])(\S|\S.*?\S)\1(?!\w)")


class SlackChat(TwinChat):
    """A workspace; `socket`: Slack talks to the bot through a websocket."""

    twin: SlackTwin
    platform = "slack"
    route = "/slack/events"
    adapter = SlackAdapter
    posting = "chat.postMessage"
    editing = "chat.update"
    sign_stays = 0.0
    direct_has_threads = True

    def __init__(self, clock: TestClock, *, socket: bool = False) -> None:
        """Nothing is served before `start`."""
        self.clock = clock
        self.twin = SlackTwin(clock, signing_secret=SECRET)
        self.twin.socket_mode = socket
        self._complaints: dict[str, list[str]] = {}

    @property
    def tenant(self) -> str:
        return self.twin.identity.team_id

    def environ(self) -> Mapping[str, str]:
        way = BY_SOCKET if self.twin.socket_mode else BY_HTTP
        return {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_API_URL": self.twin.api_url, **way}

    def add_person(self, name: str, *, guest: bool = False, stranger: bool = False) -> str:
        return self.twin.add_user(name, is_restricted=guest, is_stranger=stranger)

    def add_channel(self, name: str, members: Iterable[str], *, private: bool = False) -> str:
        return self.twin.add_channel(name, members, private=private)

    async def join(self, person: str, channel: str) -> None:
        self.twin.join(person, channel)

    async def leave(self, person: str, channel: str) -> None:
        self.twin.leave(person, channel)

    def move(self, person: str, *, locale: str, time_zone: str) -> None:
        user = self.twin.user(person)
        user.locale, user.tz = locale, time_zone

    def forge(self, shown: Shown, card: Shown) -> Shown:
        return as_shown(replace(shown.post, blocks=card.post.blocks))

    def archive(self, channel: str) -> None:
        self.twin.archive(channel)

    async def remove_bot(self, person: str, channel: str) -> None:
        self.twin.leave(self.twin.identity.bot_user_id, channel)

    def group(self, *people: str) -> str:
        return self.twin.dm(*people)

    def called(self, person: str) -> str:
        return self.twin.user(person).real_name

    def mention(self, text: str) -> str:
        return f"<@{self.twin.identity.bot_user_id}> {text}"

    async def say(self, person: str, channel: str, text: str, thread: str = "") -> Said:
        ts = await self.twin.say(person, channel, text, thread or None)
        return Said(self.place(channel, thread or ts), ts)

    async def upload(
        self, person: str, channel: str, name: str, text: str, thread: str = ""
    ) -> Said:
        ts = await self.twin.upload(person, channel, name, text, thread_ts=thread)
        return Said(self.place(channel, thread or ts), ts)

    async def press(self, person: str, shown: Shown, label: str) -> bool:
        return (await self.answer_to_press(person, shown, label)).ok

    async def answer_to_press(self, person: str, shown: Shown, label: str) -> Answer:
        """Press a button as it was when `shown` was read; what the bot answered."""
        action = _actions(shown.post)[label]
        return await self.twin.press(person, shown.post, action_id=action)

    async def rate(self, person: str, shown: Shown, *, helpful: bool) -> bool:
        value = "positive" if helpful else "negative"
        answer = await self.twin.press(person, shown.post, action_id=RATING, value=value)
        return answer.ok

    async def resolve(self, person: str, shown: Shown, outcome: str, note: str = "") -> bool:
        """The form opens over the conversation; what is wrong with it stands in the form."""
        if not await self.press(person, shown, "Resolve") or not self.twin.views(person):
            return False
        form = self.twin.views(person)[-1]
        answer = await self.twin.submit(form, _filled(form.body["blocks"], outcome, note))
        errors = answer.json.get("errors", {})
        self._complaints.setdefault(person, []).extend(errors.values())
        if form.open:
            self.twin.close(form)  # whoever has read what is wrong
        return answer.ok and not errors

    async def command(self, person: str, channel: str, words: str) -> str | None:
        answer = await self.twin.command(person, channel, f"/frontdesk {words}")
        return _read_blocks(answer.json.get("blocks", []))[0] if answer.ok else None

    def messages(self, channel: str, thread: str | None = None) -> list[Shown]:
        return [as_shown(one) for one in self.twin.messages(channel, thread)]

    def alone(self, person: str) -> list[str]:
        places = [channel.id for channel in self.twin.channels()]
        posts = [post for place in places for post in self.twin.ephemerals(place, person)]
        told = [as_shown(one).text for one in sorted(posts, key=lambda one: one.ts)]
        return told + self._complaints.get(person, [])

    def thinking(self, place: ConversationId) -> bool:
        return bool(self.twin.status(place.channel, place.thread))

    def thought(self) -> bool:
        return bool(self.twin.calls("assistant.threads.setStatus"))

    def pings(self, shown: Shown) -> list[str]:
        return re.findall(r"<[!@#]", shown.given)

    def brought(self) -> bool:
        last = {one.id: one for one in self.twin.deliveries if one.id[:2] == "Ev"}
        return all(200 <= d.status < 300 or d.attempt == len(RETRY_DELAYS) for d in last.values())

    def brought_late(self) -> bool:
        return any(one.attempt > 1 for one in self.twin.deliveries)

    def posts(self, channel: str = "") -> list[float]:
        calls = self.twin.calls(self.posting)
        return [one.at for one in calls if channel in {"", one.args["channel"]}]

    def refuse(self, times: int | None = 1, *, seconds: float = 1.0, channel: str = "") -> None:
        self.twin.fault(self.posting, Fault.rate_limited(seconds), times, channel=channel)

    def out(self, times: int | None = None) -> None:
        self.twin.fault("*", Fault.unavailable(), times)

    def forbid(self, times: int | None = 1, *, channel: str = "") -> None:
        self.twin.fault(self.posting, Fault.error("is_archived"), times, channel=channel)

    def edits(self) -> list[float]:
        return [one.at for one in self.twin.calls(self.editing)]

    def profiles_read(self) -> int:
        return len(self.twin.calls("users.info"))

    def hide_people(self, times: int | None = 1) -> None:
        self.twin.fault("users.info", Fault.unavailable(500), times)

    def hide_members(self, times: int | None = None) -> None:
        self.twin.fault("conversations.members", Fault.unavailable(), times)

    def revoke(self) -> None:
        self.twin.fault("*", Fault.error("token_revoked"), None)

    def hiccup(self, rng: random.Random) -> None:
        """Slack refuses, or breaks with or without the effect, or cannot tell which it was."""
        fault = rng.choice(
            [
                Fault.rate_limited(rng.choice([1, 2.5, 7])),
                Fault.bad_gateway(),
                Fault.unavailable(rng.choice([500, 503])),
                Fault.reset(after_effect=rng.random() < 0.5),
                replace(Fault.bad_gateway(), after_effect=True),
            ]
        )
        self.twin.fault(self.posting, fault, rng.randint(1, 3))
        if rng.random() < 0.3:
            self.twin.fault("conversations.replies", Fault.unavailable(), rng.randint(1, 3))


def as_shown(message: Message) -> Shown:
    """A message of the twin as people see it: its blocks, or without any its text."""
    given = message.text + "\n" + "\n".join(_strings(message.blocks))
    text, links = _read_blocks(message.blocks) if message.blocks else _read_mrkdwn(message.text)
    return Shown(
        id=message.ts,
        channel=message.channel,
        thread=message.thread_ts,
        author="" if message.bot else message.user,
        text=text,
        links=tuple(links),
        buttons=tuple(_actions(message)),
        edited=message.edited,
        deleted=message.deleted,
        given=given,
        post=message,
    )


def _filled(blocks: Sequence[Mapping[str, Any]], outcome: str, note: str) -> dict[str, str]:
    """The values of a form's elements, by their action ids."""
    values: dict[str, str] = {}
    for element in (block["element"] for block in blocks if "element" in block):
        options = {one["text"]["text"]: one["value"] for one in element.get("options", ())}
        if options:
            values[element["action_id"]] = options[outcome]
        elif note:
            values[element["action_id"]] = note
    return values


def _actions(message: Message) -> dict[str, str]:
    """Of each button the label, and the action id under which it is pressed."""
    elements = [one for block in message.blocks for one in block.get("elements", ())]
    return {
        one["text"]["text"]: one["action_id"] for one in elements if one.get("type") == "button"
    }


def _strings(part: Any) -> list[str]:
    """Every text anywhere in blocks."""
    if isinstance(part, str):
        return [part]
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, Sequence) else ()
    return [text for one in inside for text in _strings(one)]


def _read_blocks(part: Any) -> tuple[str, Sequence[tuple[str, str]]]:
    """What a client shows of blocks or a part of them, but for what can be pressed."""
    if isinstance(part, dict) and part.get("type") in PRESSED:
        return "", []
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        match part["type"]:
            case "markdown":
                return read_markdown(part["text"])
            case "mrkdwn":
                return _read_mrkdwn(part["text"])
            case _:
                return part["text"], []
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, Sequence) else ()
    read = [_read_blocks(one) for one in inside if isinstance(one, dict | list | tuple)]
    texts = [text for text, _ in read if text]
    return "\n".join(texts), [link for _, links in read for link in links]


def _read_mrkdwn(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What a client shows of Slack's own markup."""
    links = [(label or url, url) for url, label in SPECIAL.findall(text)]
    shown = SPECIAL.sub(lambda found: found[2] or found[1], text)
    shown = MARKUP.sub(r"\2", re.sub(r"(?m)^> ?", "", shown))
    return _unescaped(shown), [(_unescaped(label), url) for label, url in links]


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def signed(
    body: bytes, at: float | str, *, content_type: str = JSON_TYPE, secret: str = SECRET
) -> dict[str, str]:
    """The headers that Slack sends with a body at a time (seconds since the epoch)."""
    stamp = at if isinstance(at, str) else str(int(at))
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(secret, stamp, body),
    }
