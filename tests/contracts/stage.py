"""One platform under the adapter contract, connected, and what is sent there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.messages import OutgoingMessage
from agent.records import Delivery
from tests.contracts.platform import Platform
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor


@dataclass
class Stage:
    """One platform, connected."""

    platform: Platform
    door: OpenDoor
    clock: TestClock


def delivery(stage: Stage, text: str = "Hello", number: int = 1, **changes: Any) -> Delivery:
    """An outbox row taken for sending."""
    message = OutgoingMessage(f"t{number}.1", stage.platform.place(), text, **changes)
    now = stage.clock.now()
    return Delivery(number, str(message.conversation), message, sending_since=now)
