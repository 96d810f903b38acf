"""A room of the page over a local platform, as far as it is the same on every one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from bot.playground.orders import Delete, Edit, Press, Refused, as_clients_allow
from bot.playground.rooms import Json, Person, place_on_page
from twins.twin import Twin

T = TypeVar("T", bound=Twin)
M = TypeVar("M")
"""The platform's messages."""


@dataclass(frozen=True, slots=True)
class Company:
    """Who is there, and the ids of the open places and of the channel for people who help."""

    people: tuple[Person, ...]
    places: tuple[str, ...]
    desk: str


class View(Protocol):
    """Looks at the local platform for one person or another."""

    def people(self) -> Mapping[str, str]:
        """The names of people and the bot, by id: whom one can mention."""

    def place(self, channel: str, user: str) -> Json:
        """A place as this person sees it."""


class LocalRoom(ABC, Generic[T, M]):
    """Most of a `Room`. `company` and what is in it are there after `start`."""

    route: str
    """The path under which Frontdesk listens to this platform."""
    twin: T
    company: Company
    _view: View

    # What each platform has in a way of its own

    @abstractmethod
    def _look(self, look_up: Callable[[str], str | None]) -> View:
        """What people see; `look_up` says where on the page a permalink leads."""

    @abstractmethod
    def _typed(self, text: str) -> str:
        """What a person typed, as the platform takes it."""

    @abstractmethod
    def _shown(self, channel: str, user: str) -> Mapping[str, M]:
        """The messages that this person sees there, by id; deleted ones are not among them."""

    @abstractmethod
    def _thread(self, channel: str, message: str) -> str:
        """The thread that a message belongs to, '' if it is not there."""

    # What all do

    @property
    def people(self) -> Sequence[Person]:
        return self.company.people

    @property
    def desk(self) -> str:
        return self.company.desk

    def connect(self, port: int, look_up: Callable[[str], str | None]) -> None:
        self.twin.events_url = f"http://127.0.0.1:{port}{self.route}"
        self._view = self._look(look_up)

    async def stop(self) -> None:
        await self.twin.stop()

    def on_change(self, callback: Callable[[], None]) -> None:
        self.twin.on_change(lambda _: callback())

    def may_see(self, user: str, channel: str) -> bool:
        return any(place.id == channel and user in place.members for place in self.twin.channels())

    def places(self, user: str) -> Sequence[str]:
        others = (*self.company.places, self.desk)
        return [self.twin.dm(user), *(one for one in others if self.may_see(user, one))]

    def place(self, channel: str, user: str) -> Json:
        return self._view.place(channel, user)

    def _where(self, channel: str, message: str) -> str:
        """A message's conversation on the page, as somebody who is in it; '' if nobody is."""
        for person in self.people:
            if self.may_see(person.id, channel):
                return place_on_page(person, channel, self._thread(channel, message))
        return ""

    async def edit(self, order: Edit) -> Json:
        text = self._typed(order.text.strip())
        if not text:
            raise Refused("There is nothing left of the message; delete it instead.")
        self._find(order)
        with as_clients_allow():
            await self.twin.edit(order.user, order.channel, order.ts, text)
        return {}

    async def delete(self, order: Delete) -> Json:
        self._find(order)
        with as_clients_allow():
            await self.twin.delete(order.user, order.channel, order.ts)
        return {}

    def _find(self, order: Edit | Delete | Press) -> M:
        """The message of the platform that is meant."""
        message = self._shown(order.channel, order.user).get(order.ts)
        if message is None:
            raise Refused("This message is not there any more.")
        return message
