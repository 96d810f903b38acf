"""What the page needs of a platform: one `Room` each, and everybody on the page is in one of them.

Every platform is shown in the same few shapes:

    place:   {"id", "kind", "platform", "name", "threads": [thread]}
    form:    {"id", "title", "submit", "close", "items": [shape]}, open in front of one person
    thread:  {"ts", "status", "messages": [message]}, the root first
    message: {"ts", "at": seconds since the epoch, "author", "mine", "bot", "follows", "label",
              "edited", "gone", "private", "plain", "files", "pressed": {action_id: value},
              "blocks": [shapes]}

`page/places.js` says which kinds of places there are, `shapes` what a message is drawn with. Where
everything is one conversation (a chat in Teams), it is the only thread, and its ts is ''. What
`follows` is drawn together with the message above it: the buttons of an answer in Teams.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from agent.messages import ConversationId
from bot.playground.orders import Close, Delete, Edit, Press, Say, Submit

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody one can be on the page: the platform's user id, the name, what they are here, the
    platform's name, and whether they are of the desk.
    """

    id: str
    name: str
    role: str
    platform: str
    helps: bool = False


def place_on_page(person: Person, channel: str, thread: str) -> str:
    """The address that shows a conversation as this person sees it, on their side of the page."""
    words = ("desk", "desk-in", "desk-thread") if person.helps else ("as", "in", "thread")
    return f"/#{urlencode(dict(zip(words, (person.id, channel, thread), strict=True)))}"


def file_on_page(name: str) -> str:
    """Where the link to a file leads: to a page that says that there are only names here."""
    return f"/files/{quote(name, safe='')}"


class Room(Protocol):
    """One local platform with invented people, and Frontdesk in it.

    `say`, `edit`, `delete`, `press`, `submit` and `close` raise `orders.Refused`; that the person
    may see the place has been looked at before.
    """

    platform: str
    """As in a `ConversationId`."""

    @property
    def people(self) -> Sequence[Person]:
        """Everybody one can be here; there from `start` on, as is `desk`."""

    @property
    def desk(self) -> str:
        """The id of the channel for people who help."""

    async def start(self) -> Mapping[str, str]:
        """Open the doors; the environment that connects Frontdesk with this platform."""

    def connect(self, port: int, look_up: Callable[[str], str | None]) -> None:
        """Frontdesk listens on this port of the loopback interface. `look_up` is `address` of
        whichever room knows.
        """

    async def stop(self) -> None:
        """Close; idempotent."""

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` at every change of what people can see."""

    async def enter(self, user: str) -> None:
        """Somebody opens the page as this person."""

    def may_see(self, user: str, channel: str) -> bool:
        """Whether this person is in this place."""

    def places(self, user: str) -> Sequence[str]:
        """The ids of the places where this person writes, the conversation with the bot first, the
        channel for people who help last.
        """

    def place(self, channel: str, user: str) -> Json:
        """A place as this person sees it."""

    def conversation(self, channel: str, thread: str) -> ConversationId:
        """The conversation that a thread of the page is."""

    def address(self, url: str) -> str | None:
        """Where on the page a permalink of this platform leads, to a message or a file; '' if
        nowhere, None for all other addresses.
        """

    async def say(self, order: Say) -> Json:
        """Post or command; {"ts"} of a post that can be replied to."""

    async def edit(self, order: Edit) -> Json:
        """Change a message."""

    async def delete(self, order: Delete) -> Json:
        """Take a message back."""

    async def press(self, order: Press) -> Json:
        """Press a button, or send what was filled in on a card; keep what was chosen, if it is
        feedback. {"told"} if the press itself is answered with words.
        """

    def form(self, user: str) -> Json | None:
        """The form that is open in front of this person."""

    async def submit(self, order: Submit) -> Json:
        """Send a form off; it stays open, with what is wrong, if it is not taken."""

    async def close(self, order: Close) -> Json:
        """Close a form without sending it."""
