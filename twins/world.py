"""What a local platform knows is its world; here is what all worlds have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.ports import Clock


@dataclass
class Settings:
    """What a test may change at any time; a platform adds its own.

    `events_url` is where the bot listens ('' sends nothing); `ordered` lets first attempts of one
    conversation wait for each other; `rate_limits` switches the platform's own on.
    """

    events_url: str = ""
    ordered: bool = True
    rate_limits: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a subscriber hears: the kind of change, and where."""

    kind: str
    channel: str = ""
    message: str = ""


class Place(Protocol):
    """A conversation, as far as it is the same everywhere: its id, its name if it has one, and the
    ids of who is in it.
    """

    id: str
    name: str
    members: dict[str, None]


class World:
    """The state of a local platform: the clock that stamps it, and who hears of its changes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.listeners: list[Callable[[Change], None]] = []

    def changed(self, kind: str, channel: str = "", message: str = "") -> None:
        """Tell the subscribers."""
        for listener in self.listeners:
            listener(Change(kind, channel, message))
