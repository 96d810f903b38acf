"""What the page needs of a platform: one `Room` each, and everybody on the page is in one of them.

Every platform is shown in the same few shapes:

    place:   {"id", "kind", "platform", "name", "threads": [thread]}
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
from urllib.parse import urlencode

from agent.messages import ConversationId
from bot.playground.orders import Delete, Edit, Press, Say

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody one can be on the page: the platform's user id, the name, what they are here, and
    the platform's name.
    """

    id: str
    name: str
    role: str
    platform: str


def place_on_page(user: str, channel: str, thread: str) -> str:
    """The address that shows a conversation as this person sees it."""
    return f"/#{urlencode({'as': user, 'in': channel, 'thread': thread})}"


class Room(Protocol):
    """One local platform with invented people, and Frontdesk in it.

    `say`, `edit`, `delete` and `press` raise `orders.Refused`; that the person may see the place
    has been looked at before.
    """

    platform: str
    """As in a `ConversationId`."""

    @property
    def people(self) -> Sequence[Person]:
        """Everybody one can be here; there from `start` on, as are `desk` and `desk_person`."""

    @property
    def desk(self) -> str:
        """The id of the channel for people who help."""

    @property
    def desk_person(self) -> Person:
        """Somebody who helps there."""

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
        """The ids of the places where this person writes, the conversation with the bot first."""

    def place(self, channel: str, user: str) -> Json:
        """A place as this person sees it."""

    def conversation(self, channel: str, thread: str) -> ConversationId:
        """The conversation that a thread of the page is."""

    def address(self, url: str) -> str | None:
        """Where on the page a permalink of this platform leads, '' if nowhere; None for all other
        addresses.
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
