"""What a story needs of a chat platform: how people act there, and what they see.

There is one small class for each platform (`slack_chat.py`, `teams_chat.py`), over its twin.
Stories speak only to `Company` and through it to a `Chat`; what one platform alone has is no part
of this, and the stories about it go to its twin themselves (`slack`, `teams`).
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from markdown_it import MarkdownIt

from agent.messages import ConversationId
from tests.support.clock import TestClock


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person wrote: the platform's id of it, and the conversation it belongs to, which
    is where its answers stand.
    """

    place: ConversationId
    id: str

    @property
    def channel(self) -> str:
        """The channel it stands in."""
        return self.place.channel

    @property
    def thread(self) -> str:
        """The thread, '' where the platform has none."""
        return self.place.thread


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as people see it at one moment.

    `text` is all its words in order, without markup and without the addresses of its `links`, which
    are (label, address). `buttons` are the labels of what can be pressed. `author` is '' for the
    bot. `given` is everything that the platform was given to show it, for what must not be in
    there. `post` is the platform's own record of it.
    """

    id: str
    channel: str
    thread: str
    author: str
    text: str
    links: tuple[tuple[str, str], ...]
    buttons: tuple[str, ...]
    edited: bool
    deleted: bool
    given: str
    post: Any = field(repr=False)

    @property
    def bot(self) -> bool:
        """Whether the bot wrote it."""
        return not self.author


class Chat(Protocol):
    """One platform's twin with a company in it. People and channels are the platform's ids.

    What people do comes back at once, its events are delivered in the background; `Company` waits.
    """

    platform: str
    route: str
    """The path under which the process takes what the platform brings."""
    adapter: type[Any]
    """The class of the adapter."""
    clock: TestClock
    sign_stays: float
    """Seconds that people see a sign of life after the bot has ended without taking it away."""
    direct_has_threads: bool
    """Whether each message at the top level of a direct conversation begins one of its own."""

    @property
    def tenant(self) -> str:
        """The platform's organisation."""

    async def start(self) -> None:
        """Start the twin."""

    async def stop(self) -> None:
        """Stop it."""

    def environ(self) -> Mapping[str, str]:
        """The variables that lead Frontdesk there."""

    def listen(self, port: int) -> None:
        """Frontdesk listens on this port of the loopback interface, 0 for nowhere."""

    # Who and what there is

    def add_person(self, name: str, *, guest: bool = False, stranger: bool = False) -> str:
        """Somebody new, as a guest or of another company; the id."""

    def add_channel(self, name: str, members: Iterable[str], *, private: bool = False) -> str:
        """A new channel with these people and the bot; the id."""

    async def join(self, person: str, channel: str) -> None:
        """Make somebody a member."""

    async def leave(self, person: str, channel: str) -> None:
        """End a membership."""

    def move(self, person: str, *, locale: str, time_zone: str) -> None:
        """Change what somebody's profile says."""

    def deactivate(self, person: str) -> None:
        """End somebody's account: they are nowhere any more."""

    def slip_in(self, person: str, channel: str) -> AbstractContextManager[None]:
        """What somebody does inside, they do as if they were in a channel, but whoever asks
        afterwards is told that they are not: as in forged events, and in those that come late.
        """

    def forge(self, shown: Shown, card: Shown) -> Shown:
        """One message with what another shows, for what is pressed where it is not."""

    def archive(self, channel: str) -> None:
        """Let a channel take no more posts, for good."""

    async def remove_bot(self, person: str, channel: str) -> None:
        """Somebody takes the bot out of a channel."""

    def direct(self, person: str) -> str:
        """The channel of the direct conversation between a person and the bot."""

    def group(self, *people: str) -> str:
        """The channel of a conversation of the bot and several people."""

    def channels(self) -> Sequence[str]:
        """Every channel there is."""

    def title(self, channel: str) -> str:
        """How people call a channel, 'direct' if it has no name."""

    def called(self, person: str) -> str:
        """How somebody is called."""

    def place(self, channel: str, thread: str = "") -> ConversationId:
        """The conversation with this id, or the top level of the channel."""

    # What people do

    def mention(self, text: str) -> str:
        """The text with a mention of the bot in front, to be said."""

    async def say(self, person: str, channel: str, text: str, thread: str = "") -> Said:
        """Write, at the top level or in a thread."""

    async def edit(self, person: str, said: Said, text: str) -> None:
        """Change what one wrote."""

    async def delete(self, person: str, said: Said) -> None:
        """Take back what one wrote."""

    async def upload(
        self, person: str, channel: str, name: str, text: str, thread: str = ""
    ) -> Said:
        """Write with a file."""

    async def press(self, person: str, shown: Shown, label: str) -> bool:
        """Press a button by its label; whether the platform shows that it worked."""

    async def rate(self, person: str, shown: Shown, *, helpful: bool) -> bool:
        """Say whether an answer helped; whether the platform shows that it worked."""

    async def resolve(self, person: str, shown: Shown, outcome: str, note: str = "") -> bool:
        """Press Resolve on a card, fill in its form (`outcome` is what the choice is called) and
        send it off; whether the platform shows that it worked.
        """

    async def command(self, person: str, channel: str, words: str) -> str | None:
        """Give the bot a command; what that person alone reads as the answer, None if nothing."""

    # What there is to see

    def messages(self, channel: str, thread: str | None = None) -> list[Shown]:
        """Everything in a channel or one of its threads, oldest first, deleted ones too."""

    def alone(self, person: str) -> list[str]:
        """What the bot ever showed to this person alone where others are, oldest first."""

    def thinking(self, place: ConversationId) -> bool:
        """Whether people see that the bot is at work."""

    def thought(self) -> bool:
        """Whether people were ever shown that the bot is at work."""

    def pings(self, shown: Shown) -> list[str]:
        """What in a message calls somebody."""

    # How what people do is brought to the bot

    def acknowledged(self) -> list[bool]:
        """Of each attempt to bring something, oldest first, whether the bot took it."""

    def brought(self) -> bool:
        """Whether everything was taken, or will not be brought again."""

    def brought_late(self) -> bool:
        """Whether something had to be brought again later than at once."""

    async def idle(self) -> None:
        """Wait for the first attempt of everything."""

    def duplicate_next(self, count: int = 1) -> None:
        """Bring the next events twice."""

    def delay_next(self, seconds: float, count: int = 1) -> None:
        """Bring the next events later; others overtake them."""

    def hold(self) -> None:
        """Keep events back."""

    def release(self, *, shuffle: bool = False) -> None:
        """Bring what was kept back."""

    # What can go wrong with what the bot sends; `times` None is for ever

    def posts(self, channel: str = "") -> list[float]:
        """When each request came that was to post something (in a channel), oldest first."""

    def refuse(self, times: int | None = 1, *, seconds: float = 1.0, channel: str = "") -> None:
        """The next posts are refused for now: come back in so many seconds."""

    def out(self, times: int | None = None) -> None:
        """The platform is out: whatever the bot wants of it ends in an error on its side."""

    def forbid(self, times: int | None = 1, *, channel: str = "") -> None:
        """The next posts are refused for good: their place takes none."""

    def lose(
        self, times: int | None = 1, *, arrived: bool, channel: str = "", silent: bool = False
    ) -> None:
        """The answers to the next posts are lost, whether the post arrived or not; `silent`: the
        connection stays open and nothing ever comes.
        """

    def slow(self, seconds: float, *, channel: str) -> None:
        """The next post in a channel is shown at once, but the bot learns that late."""

    def edits(self) -> list[float]:
        """When each request came that was to change a post, oldest first."""

    def lose_edits(self, times: int | None = 1) -> None:
        """The answers to the next changes of posts are lost after their effect."""

    def profiles_read(self) -> int:
        """How often the bot has asked who somebody is."""

    def hide_people(self, times: int | None = 1) -> None:
        """The platform cannot tell who somebody is the next times it is asked."""

    def hide_members(self, times: int | None = None) -> None:
        """The platform cannot tell who is in a channel."""

    def revoke(self) -> None:
        """The bot's credentials are refused, whatever it wants."""

    def limit(self) -> None:
        """The platform's own limits of speed are in force."""

    def hiccup(self, rng: random.Random) -> None:
        """Trouble with the next posts, by chance, over which nothing may be lost or doubled."""

    def heal(self) -> None:
        """Take back everything that goes wrong."""


MARKDOWN = MarkdownIt("commonmark", {"html": False})
BREAKS = frozenset({"softbreak", "hardbreak"})


@functools.lru_cache(maxsize=1024)
def read_markdown(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What a client shows of Markdown: its words, a line for each block or break, and its links."""
    lines: list[str] = []
    links: list[tuple[str, str]] = []
    for block in MARKDOWN.parse(text):
        if block.type == "inline":
            lines.append(_inline(block.children or [], links))
        elif block.content:
            lines.append(block.content.rstrip("\n"))
    return "\n".join(lines), tuple(links)


def _inline(tokens: Iterable[Any], links: list[tuple[str, str]]) -> str:
    shown, opened = "", [("", 0)]
    for token in tokens:
        if token.type in BREAKS:
            shown += "\n"
        elif token.type == "link_open":
            opened.append((str(token.attrs["href"]), len(shown)))
        elif token.type == "link_close":
            address, start = opened.pop()
            links.append((shown[start:], address))
        else:
            shown += str(token.content)
    return shown
