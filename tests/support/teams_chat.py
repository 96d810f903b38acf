"""Teams for the stories that are told on every platform, and the way to its twin for the others."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.twin import Answer, Fault, Message, TeamsTwin
from adapters.teams.twin_state import CHANNEL, TYPING_SECONDS
from agent.messages import ConversationId
from tests.support.chats import Said, Shown, read_markdown
from tests.support.clock import TestClock
from tests.support.twin_chat import TwinChat

POSTS = "post|create"
"""Into a thread or a chat, and what begins a thread."""
CREDENTIALS = "post|create|update|delete|typing|member|token"
"""Everything that needs them."""
LOOK_EVERY, LOOKS = 0.1, 100
"""How often whoever gave a command looks for its answer, and how many times."""


class TeamsChat(TwinChat):
    """An organisation, with each channel in a team of its own. The bot may hear everything (RSC),
    as it does in Slack; without that there are stories of Teams' own.
    """

    twin: TeamsTwin
    platform = "teams"
    route = "/api/messages"
    adapter = TeamsAdapter
    posting = POSTS
    editing = "update"
    sign_stays = TYPING_SECONDS
    direct_has_threads = False

    def __init__(self, clock: TestClock) -> None:
        """Nothing is served before `start`."""
        self.clock = clock
        self.twin = TeamsTwin(clock)
        self._toasts: dict[str, list[str]] = {}

    @property
    def tenant(self) -> str:
        return self.twin.identity.tenant_id

    def environ(self) -> Mapping[str, str]:
        return self.twin.environ()

    def add_person(self, name: str, *, guest: bool = False, stranger: bool = False) -> str:
        return self.twin.add_user(name, is_guest=guest, is_stranger=stranger)

    def add_channel(self, name: str, members: Iterable[str], *, private: bool = False) -> str:
        return self.twin.add_channel(name, members, team=self.twin.add_team(name), rsc=True)

    async def join(self, person: str, channel: str) -> None:
        await self.twin.join(person, channel)

    async def leave(self, person: str, channel: str) -> None:
        await self.twin.leave(person, channel)

    def move(self, person: str, *, locale: str, time_zone: str) -> None:
        user = self.twin.user(person)
        user.locale, user.timezone = locale, time_zone

    def forge(self, shown: Shown, card: Shown) -> Shown:
        return as_shown(replace(shown.post, activity=card.post.activity))

    def archive(self, channel: str) -> None:
        """The bot is in there no more, and nobody has told it so."""
        place = self.twin.channel(channel)
        place.bot = False
        if place.kind != CHANNEL:
            for person in place.members:
                self.twin.user(person).installed = False

    async def remove_bot(self, person: str, channel: str) -> None:
        await self.twin.uninstall(person, channel)

    def group(self, *people: str) -> str:
        return self.twin.add_group(people, rsc=True)

    def called(self, person: str) -> str:
        return self.twin.user(person).name

    def mention(self, text: str) -> str:
        return f"{self.twin.mention()} {text}"

    async def say(self, person: str, channel: str, text: str, thread: str = "") -> Said:
        ident = await self.twin.say(person, channel, text, thread or None)
        return self._said(channel, ident)

    async def upload(
        self, person: str, channel: str, name: str, text: str, thread: str = ""
    ) -> Said:
        ident = await self.twin.say(person, channel, text, thread or None, file=name)
        return self._said(channel, ident)

    def _said(self, channel: str, ident: str) -> Said:
        return Said(self.place(channel, self.twin.message(channel, ident).thread), ident)

    async def press(self, person: str, shown: Shown, label: str) -> bool:
        return self._worked(person, await self.twin.press(person, self.holder(shown, label), label))

    async def resolve(self, person: str, shown: Shown, outcome: str, note: str = "") -> bool:
        """The form opens below the card; what its answer says is shown to whom pressed."""
        (form,) = _forms(shown.post, "Resolve")
        (action,) = form["actions"]
        filled = _filled(form["body"], outcome, note)
        answer = await self.twin.press(person, shown.post, action["title"], filled=filled)
        return self._worked(person, answer)

    def _worked(self, person: str, answer: Answer) -> bool:
        if answer.toast:
            self._toasts.setdefault(person, []).append(answer.toast)
        return answer.ok and answer.json.get("statusCode") == 200

    def holder(self, shown: Shown, label: str) -> Message:
        """The message that has this button: the answer, or the one that followed it."""
        posts: list[Message] = self.twin.messages(shown.channel, shown.thread or None)
        behind = [one for one in posts if one.bot and int(one.id) > int(shown.id)]
        holders = [one for one in (shown.post, *behind) if label in as_shown(one).buttons]
        holder: Message = holders[0] if holders else shown.post
        return holder

    async def rate(self, person: str, shown: Shown, *, helpful: bool) -> bool:
        reaction = "like" if helpful else "dislike"
        return (await self.twin.feedback(person, shown.post, reaction)).ok

    async def command(self, person: str, channel: str, words: str) -> str | None:
        """The command is a message, and its answer is one in the personal chat."""
        direct = self.direct(person)
        before = len(self.messages(direct))
        line = f"/{words}" if channel == direct else self.mention(f"/{words}")
        await self.say(person, channel, line)
        for _ in range(LOOKS):
            await self.clock.sleep(LOOK_EVERY)
            if said := [one.text for one in self.messages(direct)[before:] if one.bot]:
                return "\n".join(said)
        return None

    def messages(self, channel: str, thread: str | None = None) -> list[Shown]:
        shown: list[Shown] = []
        for one in map(as_shown, self.twin.messages(channel, thread)):
            if not one.bot or not _is_below(one.post.activity):
                shown.append(one)
                continue
            # Teams shows an answer's buttons as a message of their own; here they are one.
            last = max(n for n, it in enumerate(shown) if it.bot and it.thread == one.thread)
            shown[last] = replace(shown[last], buttons=(*shown[last].buttons, *one.buttons))
        return shown

    def alone(self, person: str) -> list[str]:
        return self._toasts.get(person, [])

    def thinking(self, place: ConversationId) -> bool:
        return self.twin.typing(place.channel, place.thread)

    def thought(self) -> bool:
        return bool(self.twin.calls("typing"))

    def pings(self, shown: Shown) -> list[str]:
        called = [
            str(entity.get("text"))
            for entity in shown.post.activity.get("entities") or ()
            if entity.get("type") == "mention"
        ]
        return [*called, *re.findall(r"(?i)<at\b", shown.given)]

    def brought(self) -> bool:
        last = {(one.id, one.type): one for one in self.twin.deliveries}
        return all(
            0 < one.status < 500 or one.attempt == self.twin.redeliveries or _is_invoke(one.type)
            for one in last.values()
        )

    def brought_late(self) -> bool:
        return any(one.attempt > 0 for one in self.twin.deliveries)

    def posts(self, channel: str = "") -> list[float]:
        calls = [one for one in self.twin.calls() if one.operation in self.posting.split("|")]
        calls = [one for one in calls if not _is_below(one.body)]
        places = [(one.at, one.conversation.partition(";")[0]) for one in calls]
        return [at for at, place in places if (place == channel if channel else place)]

    def edits(self) -> list[float]:
        return [one.at for one in self.twin.calls(self.editing)]

    def profiles_read(self) -> int:
        return len(self.twin.calls("member"))

    def refuse(self, times: int | None = 1, *, seconds: float = 1.0, channel: str = "") -> None:
        self.twin.fault(self.posting, Fault.rate_limited(seconds), times, channel=channel)

    def out(self, times: int | None = None) -> None:
        """Teams says so: what leaves open whether a post arrived leaves it open for good."""
        self.twin.fault("*", Fault.rate_limited(None), times)

    def forbid(self, times: int | None = 1, *, channel: str = "") -> None:
        self.twin.fault(
            self.posting, Fault.error(403, "BotDisabledByAdmin"), times, channel=channel
        )

    def hide_people(self, times: int | None = 1) -> None:
        self.twin.fault("member", Fault.error(403, "BotNotInConversationRoster"), times)

    def hide_members(self, times: int | None = None) -> None:
        self.twin.fault("member", Fault.unavailable(), times)

    def revoke(self) -> None:
        self.twin.fault(CREDENTIALS, Fault.error(401, "Unauthorized"), None)

    def hiccup(self, rng: random.Random) -> None:
        """Teams asks for patience. (Whatever leaves open whether a post arrived would leave it open
        for good; about that there are stories of Teams' own.)
        """
        patience = [None, 1, 2.5, 7]
        faults = [Fault.precondition(), *map(Fault.rate_limited, patience)]
        self.twin.fault(self.posting, rng.choice(faults), rng.randint(1, 3))


def _is_below(activity: Mapping[str, Any]) -> bool:
    """Whether an activity is the buttons of the one before it, and nothing else."""
    found = [one.get("content", {}) for one in activity.get("attachments") or ()]
    return not activity.get("text") and any(
        one.get("actions") and not one.get("body") for one in found
    )


def as_shown(message: Message) -> Shown:
    """A message of the twin as people see it: its words, then its cards."""
    text, found = read_markdown(message.text) if message.bot else (message.text, ())
    links = [*found]
    cards = [part for card in message.cards for part in _parts(card)]
    texts = [text, *(_words(part, links) for part in cards)]
    actions = [one for card in message.cards for one in card.get("actions", ())]
    links += [(one["title"], one["url"]) for one in actions if one["type"] == "Action.OpenUrl"]
    for source in message.citations:
        links.append((source["appearance"]["name"], source["appearance"].get("url", "")))
    pressed = [one["title"] for one in actions if one["type"] != "Action.OpenUrl"]
    return Shown(
        id=message.id,
        channel=message.channel,
        thread=message.thread,
        author="" if message.bot else message.user,
        text="\n".join(one for one in texts if one),
        links=tuple((label, address) for label, address in links if address),
        buttons=(*pressed, *(one["title"] for one in message.suggested)),
        edited=message.edited,
        deleted=message.deleted,
        given=json.dumps(message.activity, ensure_ascii=False),
        post=message,
    )


def _forms(message: Message, title: str) -> list[Mapping[str, Any]]:
    """The cards that open below a message's cards under this title."""
    actions = [one for card in message.cards for one in card.get("actions", ())]
    return [one["card"] for one in actions if one.get("card") and one["title"] == title]


def _filled(inputs: Iterable[Mapping[str, Any]], outcome: str, note: str) -> dict[str, str]:
    """The values of a form's inputs, by their ids."""
    filled: dict[str, str] = {}
    for one in inputs:
        if one["type"] == "Input.ChoiceSet":
            (filled[one["id"]],) = [o["value"] for o in one["choices"] if o["title"] == outcome]
        elif one["type"] == "Input.Text" and note:
            filled[one["id"]] = note
    return filled


def _parts(element: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Everything in a card that has words, in its order."""
    for name in ("body", "items", "columns"):
        for inside in element.get(name, ()):
            yield from _parts(inside)
    if element.get("type") in {"TextBlock", "RichTextBlock"}:
        yield element


def _words(part: Mapping[str, Any], links: list[tuple[str, str]]) -> str:
    """The words of a part; a text block is Markdown, the runs of a rich one are not."""
    if part["type"] == "RichTextBlock":
        return "".join(run if isinstance(run, str) else run["text"] for run in part["inlines"])
    text, found = read_markdown(part["text"])
    links += found
    return text


def _is_invoke(kind: str) -> bool:
    """Whether a delivery was an invoke, which is brought once."""
    return "/" in kind
