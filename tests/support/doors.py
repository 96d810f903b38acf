"""Doors that an adapter can be tried at without a process behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.errors import StoreUnavailable
from agent.messages import IncomingMessage
from agent.platforms import Command
from agent.records import Accepted, Recent


@dataclass
class OpenDoor:
    """A door that takes everything, or nothing while `broken`; `known` is what it tells of."""

    messages: list[IncomingMessage] = field(default_factory=list)
    known: Sequence[Recent] = ()
    broken: bool = False

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Take it once per key, as the store does."""
        if self.broken:
            raise StoreUnavailable
        if any(known.key == message.key for known in self.messages):
            return Accepted.DUPLICATE
        self.messages.append(message)
        return Accepted.NEW

    async def command(self, command: Command) -> str:
        """Answer with the words themselves."""
        return command.text

    async def recent(self, platform: str) -> Sequence[Recent]:
        """What the test said."""
        if self.broken:
            raise StoreUnavailable
        return self.known


class ShutDoor:
    """A door that nobody comes through."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Nobody should come."""
        raise AssertionError(message)

    async def command(self, command: Command) -> str:
        """Nobody should ask."""
        raise AssertionError(command)

    async def recent(self, platform: str) -> Sequence[Recent]:
        """Nobody was here."""
        return ()
