"""A platform under the adapter contract, over its twin: what is the same over every twin."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Mapping
from importlib import import_module
from typing import ClassVar, TypeVar

from agent.messages import ConversationId, IncomingMessage
from agent.platforms import WebRequest
from agent.ports import Adapter
from agent.surroundings import Surroundings
from tests.contracts.platform import LONGEST_PRESS, Platform
from tests.support.clock import TestClock
from twins.twin import Twin

A = TypeVar("A")


class OverTwin(Platform):
    """An organisation with Ada and one channel that she is in. `name` is the package in `adapters`,
    `wrong` what makes of its settings some that the platform refuses.
    """

    name: ClassVar[str]
    wrong: ClassVar[Mapping[str, str]]
    tells_earlier = True
    shows_signs = True
    tells_late = True
    patience = ""

    def __init__(self, clock: TestClock, twin: Twin) -> None:
        """Everybody is there before anything runs."""
        self.clock = clock
        self.ada = twin.add_user("Ada Byron")
        self.general = twin.add_channel("general", [self.ada])
        self._twin = twin

    @property
    @abstractmethod
    def tenant(self) -> str:
        """The platform's id of the organisation."""

    @abstractmethod
    def environ(self) -> Mapping[str, str]:
        """The settings that lead the adapter to the twin."""

    async def start(self) -> None:
        await self._twin.start()
        adapter = self.opened()
        assert adapter is not None
        self.adapter = adapter

    async def stop(self) -> None:
        await self._twin.stop()

    def opened(self, environ: Mapping[str, str] | None = None) -> Adapter | None:
        settings = self.environ() if environ is None else environ
        module = import_module(f"adapters.{self.name}")
        adapter: Adapter | None = module.open_adapter(Surroundings(settings, self.clock))
        return adapter

    def refused(self) -> Mapping[str, str]:
        return {**self.environ(), **self.wrong}

    def listen(self, port: int) -> None:
        for path in self.adapter.routes:
            self._twin.events_url = f"http://127.0.0.1:{port}{path}"

    def acknowledged(self) -> list[bool]:
        """Only a status of success is one."""
        return [200 <= delivery.status < 300 for delivery in self._twin.deliveries]

    async def edit(self, message: IncomingMessage, text: str) -> None:
        place = message.conversation
        await self._twin.edit(message.author.id, place.channel, message.id, text)
        await self.clock.settle()

    async def delete(self, message: IncomingMessage) -> None:
        place = message.conversation
        await self._twin.delete(message.author.id, place.channel, message.id)
        await self.clock.settle()

    async def redeliver(self) -> None:
        self._twin.duplicate_next()

    def forged(self) -> WebRequest | None:
        return None

    def hears_all(self) -> None:
        """It does anyway."""

    def archive(self) -> None:
        self._twin.archive(self.general)

    def heal(self) -> None:
        self._twin.heal()

    def told_alone(self, person: str, conversation: ConversationId) -> list[str]:
        return []

    def person(self) -> str:
        return self.ada

    def add_person(self, name: str) -> str:
        return self._twin.add_user(name)

    async def join(self, person: str) -> None:
        """Nobody tells the bot."""
        self._twin.channel(self.general).members[person] = None

    async def leave(self, person: str) -> None:
        """Nobody tells the bot."""
        del self._twin.channel(self.general).members[person]

    def deactivate(self, person: str) -> None:
        self._twin.deactivate(person)

    async def _done(self, acting: Awaitable[A]) -> A:
        """What came of something that somebody did, who waits for the answer."""
        task = asyncio.ensure_future(acting)
        await self.clock.until(task.done, at_most=LONGEST_PRESS)
        await self.clock.settle()
        return task.result()

    def _id(self, channel: str, thread: str) -> ConversationId:
        return ConversationId(self.name, self.tenant, channel, thread)
