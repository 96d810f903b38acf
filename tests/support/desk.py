"""The people of the human channel: what they do about cases, and what they see.

They may be on another platform than the employees. Everything here is said in the words of the
clients: buttons by their labels, outcomes by what the choice is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from tests.support.chats import Chat, Said, Shown
from tests.support.company import Company

LONGEST_PRESS = 12.0
"""Seconds of the clock in which a platform gives up on a press."""


@dataclass(frozen=True)
class Desk:
    """The human channel of a company."""

    one: Company
    place: str = ""
    """A channel if it is not the company's human channel: the second one, an admin's direct one."""

    @property
    def chat(self) -> Chat:
        """The platform it is on."""
        return self.one.desk_chat

    @property
    def channel(self) -> str:
        """Its id."""
        return self.place or self.one.desk

    async def hire(self, name: str) -> str:
        """Somebody new at the desk; their id."""
        person = self.chat.add_person(name)
        await self.chat.join(person, self.channel)
        await self.one.rest()
        return person

    # What they do; each waits until everything that follows at once has happened

    async def press(self, person: str, shown: Shown, label: str) -> str:
        """Press a button of a card as it was when `shown` was read; what that person alone is told
        by it, '' for nothing.
        """
        return await self._told(person, self.chat.press(person, shown, label))

    async def resolve(
        self, person: str, shown: Shown, outcome: str = "Done", note: str = ""
    ) -> str:
        """Fill in the form for a case and send it off; what that person alone is told."""
        return await self._told(person, self.chat.resolve(person, shown, outcome, note))

    async def press_from_outside(self, person: str, shown: Shown, label: str) -> str:
        """A press of somebody who is not in the channel, as a forged event would bring it."""
        with self.chat.slip_in(person, shown.channel):
            pressing = asyncio.ensure_future(self.chat.press(person, shown, label))
            await self.one.clock.sleep(0)  # it is on its way
        return await self._told(person, pressing)

    async def _told(self, person: str, pressing: Awaitable[bool]) -> str:
        before = len(self.chat.alone(person))
        task = asyncio.ensure_future(pressing)
        await self.one.clock.until(task.done, at_most=LONGEST_PRESS)
        await self.one.rest()
        task.result()
        return "\n".join(self.chat.alone(person)[before:])

    async def write(self, person: str, card: Shown, text: str) -> Said:
        """Write in the thread of a card."""
        said = await self.chat.say(person, card.channel, text, card.id)
        await self.one.rest()
        return said

    async def write_from_outside(self, person: str, card: Shown, text: str) -> Said:
        """Words of somebody who is not in the channel any more when they are read."""
        with self.chat.slip_in(person, card.channel):
            said = await self.chat.say(person, card.channel, text, card.id)
        await self.one.rest()
        return said

    async def edit(self, person: str, said: Said, text: str) -> None:
        """Change what one wrote."""
        await self.chat.edit(person, said, text)
        await self.one.rest()

    async def delete(self, person: str, said: Said) -> None:
        """Take back what one wrote."""
        await self.chat.delete(person, said)
        await self.one.rest()

    async def attach(self, person: str, card: Shown, name: str, text: str = "") -> Said:
        """Write with a file in the thread of a card."""
        said = await self.chat.upload(person, card.channel, name, text, card.id)
        await self.one.rest()
        return said

    async def command(self, person: str, words: str) -> str:
        """Give the bot a command in the channel; what that person alone reads."""
        asking = asyncio.ensure_future(self.chat.command(person, self.channel, words))
        await self.one.clock.until(asking.done, at_most=LONGEST_PRESS)
        await self.one.rest()
        return asking.result() or ""

    # What there is to see

    def posts(self) -> list[Shown]:
        """What the bot has posted at the top level, oldest first."""
        return self.one.cards(self.channel)

    def cards(self) -> list[Shown]:
        """The cards, as they are now."""
        return [one for one in self.posts() if one.text.startswith("Case ")]

    def card(self) -> Shown:
        """The only card there is, as it is now."""
        (card,) = self.cards()
        return card

    def buttons(self) -> list[str]:
        """What can be pressed on the only card, but for its reply box, which only Teams has."""
        return [label for label in self.card().buttons if not label.startswith("Send to ")]

    def thread(self, card: Shown) -> list[Shown]:
        """Everything under a card, whoever wrote it."""
        _, *found = self.chat.messages(card.channel, card.id)
        return found

    def relayed(self, card: Shown) -> list[str]:
        """The words of what the bot shows under a card."""
        return self.one.under(card)


async def wish(one: Company, person: str, text: str = "I want to talk to a person") -> Said:
    """Somebody asks for a person in a direct conversation, without more ado."""
    return await one.dm(person, text)
