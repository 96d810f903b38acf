"""Frontdesk broken on purpose, in the ways in which such programs usually are.

Each of these does well as long as nothing dies. None of them is in the product: they are put into
a run in place of a healthy part, so that the harness shows that it would notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from sqlite3 import connect
from typing import Any

from agent.messages import IncomingMessage
from agent.records import Accepted, Committed, Delivery, Due, Lease, Settlement, Step, TurnEnd
from bot.app import App
from bot.door import FrontDoor
from tests.chaos.world import Breakage, World
from tests.support.outage import FailingStore

UNMARK = "UPDATE outbox SET state = 'pending', owner = '', sending_since = 0 WHERE id = ?"
MARK = "UPDATE outbox SET state = 'sending', owner = 'test', sending_since = ? WHERE id = ?"


class BrokenDoor(FrontDoor):
    """A door made out of the healthy one of an app."""

    world: World

    @classmethod
    def instead_of(cls, door: FrontDoor, world: World) -> BrokenDoor:
        """This door, wired as the other one was."""
        broken = cls.__new__(cls)
        broken.__dict__.update(door.__dict__)
        broken.world = world
        return broken


class AckFirst(BrokenDoor):
    """Says that it has accepted a message, and then does."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        self.world.beside.append(asyncio.create_task(super().accept(message)))
        return Accepted.NEW


class SeenFlag(BrokenDoor):
    """Notes that it has seen a message, in a place of its own, and then accepts it."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        if message.key in self.world.notes:
            return Accepted.DUPLICATE
        self.world.notes.add(message.key)
        return await super().accept(message)


class AnswersRetries(BrokenDoor):
    """Takes what is brought again for something new."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        if message.key in self.world.notes:
            message = replace(message, id=f"{message.id}1")
        self.world.notes.add(message.key)
        return await super().accept(message)


class MarkAfterSend:
    """`Turns` whose deliveries are marked as being sent in memory alone: what a dead process was
    sending looks as if nobody had ever tried.
    """

    def __init__(self, turns: Any, world: World) -> None:
        self._turns = turns
        self._file = world.folder / "frontdesk.db"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._turns, name)

    async def commit(self, lease: Lease, end: TurnEnd) -> Committed:
        committed: Committed = await self._turns.commit(lease, end)
        self._write(UNMARK, [(one.id,) for one in committed.deliveries])
        return committed

    async def due(self, room: int = 100, without: Collection[str] = ()) -> Due:
        due: Due = await self._turns.due(room, without)
        self._write(UNMARK, [(one.id,) for one in due.deliveries])
        return due

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        self._write(MARK, [(delivery.sending_since, delivery.id)])
        settled: Committed = await self._turns.settle(delivery, settlement)
        self._write(UNMARK, [(one.id,) for one in settled.deliveries])
        return settled

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with closing(connect(self._file)) as database, database:
            database.executemany(statement, rows)


class ForgetsSteps:
    """`Turns` that notes nowhere what a turn has done so far."""

    def __init__(self, turns: Any) -> None:
        self._turns = turns

    def __getattr__(self, name: str) -> Any:
        return getattr(self._turns, name)

    async def step(self, lease: Lease, steps: Sequence[Step]) -> None:
        """Nothing is written."""


class BrokenAt(Breakage):
    """The app with another door."""

    def __init__(self, door: type[BrokenDoor]) -> None:
        self._door = door

    def app(self, app: App, world: World) -> None:
        app.door = self._door.instead_of(app.door, world)


class MarksLate(Breakage):
    """Deliveries are marked too late."""

    def store(self, store: FailingStore, world: World) -> FailingStore:
        store.turns = MarkAfterSend(store.turns, world)  # type: ignore[assignment]
        return store


class WritesUnnoted(Breakage):
    """What a tool does is noted with the end of the turn, if at all."""

    def store(self, store: FailingStore, world: World) -> FailingStore:
        store.turns = ForgetsSteps(store.turns)  # type: ignore[assignment]
        return store
