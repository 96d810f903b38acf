"""The lanes that are being worked on, and whose questions are asked in them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from agent.messages import IncomingMessage, Kind
from agent.platforms import Command
from agent.records import Interruption, LaneClaim, Spend


@dataclass(slots=True)
class Running:
    """A lane at work: its task, its claim, and what happened to them meanwhile.

    `cancels` is whether cancelling the task now only ends the turn, not the work on the lane;
    `ending` that it was cancelled, and finishes what it had begun. `under_card`: a new row may be
    not in this lane but in that of a card's thread. `spent` is what models used for turns that were
    cancelled: the next one is charged.
    """

    task: asyncio.Task[object] | None = None
    claim: LaneClaim | None = None
    cancels: bool = False
    ending: bool = False
    renewed: float = 0.0
    again: bool = False
    under_card: bool = False
    interruption: Interruption | None = None
    lost: bool = False
    spent: list[Spend] = field(default_factory=list)

    @property
    def asked(self) -> IncomingMessage | None:
        """What is being worked on, if it was said by whom the conversation is with."""
        row = self.claim.rows[0] if self.claim is not None else None
        return None if row is None or row.case_id else row.message

    def misses(self, key: str) -> bool:
        """Whether the running turn is without a row. A claim that is under way finds it."""
        return self.claim is not None and all(row.message.key != key for row in self.claim.rows)


class Lanes(dict[str, Running]):
    """Those at work, by name."""

    def of_author(self, message: IncomingMessage) -> list[str]:
        """The lanes of a message's channel in which a question of its author is worked on."""
        place = message.conversation
        return [
            str(asked.conversation)
            for asked in (running.asked for running in self.values())
            if asked is not None
            and asked.author.id == message.author.id
            and replace(asked.conversation, thread=place.thread) == place
        ]

    def author_in(self, lane: str) -> str:
        """Whose question is being worked on in a lane; '' if nobody's."""
        asked = self[lane].asked if lane in self else None
        return asked.author.id if asked else ""

    def of_command(self, command: Command) -> str:
        """The lane in which a command that was written as a message is being answered; '' if it
        was not.
        """
        for lane, running in self.items():
            asked = running.asked
            if asked is None or asked.kind is not Kind.COMMAND:
                continue
            if (asked.conversation.channel, asked.id) == (command.channel, command.id):
                return lane
        return ""
