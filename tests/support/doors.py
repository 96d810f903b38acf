"""Doors that an adapter can be tried at without a process behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.errors import StoreUnavailable
from agent.messages import IncomingMessage
from agent.platforms import Command
from agent.records import Accepted, Recent


class Memory:
    """`References` in memory; the person is not looked at."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def keep(self, platform: str, channel: str, reference: str, *, person: str = "") -> None:
        """The newest comes last."""
        self.kept.pop((platform, channel), None)
        self.kept[platform, channel] = reference

    async def find(self, platform: str, channel: str) -> str:
        """What was kept."""
        return self.kept.get((platform, channel), "")

    async def latest(self, platform: str) -> str:
        """The last one."""
        return next((r for (p, _), r in reversed(self.kept.items()) if p == platform), "")

    async def drop(self, platform: str, channel: str) -> None:
        """Gone."""
        self.kept.pop((platform, channel), None)


@dataclass
class OpenDoor:
    """A door that takes everything, or nothing while `broken`; `known` is what it tells of, `told`
    what whoever presses a button is told, `late` what tells them later. `commands` are those that
    did not come as messages.
    """

    messages: list[IncomingMessage] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    known: Sequence[Recent] = ()
    references: Memory = field(default_factory=Memory)
    broken: bool = False
    told: str = ""
    late: Callable[[str], None] | None = None

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Take it once per key, as the store does."""
        if self.broken:
            raise StoreUnavailable
        if any(known.key == message.key for known in self.messages):
            return Accepted.DUPLICATE
        self.messages.append(message)
        return Accepted.NEW

    async def press(
        self, message: IncomingMessage, late: Callable[[str], None] | None = None
    ) -> str:
        """Take it, and tell what the test said; of what was told before, nothing."""
        self.late = late
        return self.told if await self.accept(message) is Accepted.NEW else ""

    async def command(self, command: Command) -> str:
        """Answer with the words themselves."""
        if self.broken:
            raise StoreUnavailable
        self.commands.append(command)
        return command.text

    async def recent(self, platform: str) -> Sequence[Recent]:
        """What the test said."""
        if self.broken:
            raise StoreUnavailable
        return [one for one in self.known if one.conversation.platform == platform]


class ShutDoor:
    """A door that nobody comes through."""

    references = Memory()

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Nobody should come."""
        raise AssertionError(message)

    async def press(
        self, message: IncomingMessage, late: Callable[[str], None] | None = None
    ) -> str:
        """Nobody should press."""
        raise AssertionError(message)

    async def command(self, command: Command) -> str:
        """Nobody should ask."""
        raise AssertionError(command)

    async def recent(self, platform: str) -> Sequence[Recent]:
        """Nobody was here."""
        return ()
