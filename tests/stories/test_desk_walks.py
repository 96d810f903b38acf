"""Whatever people do in whatever order: everything that is said arrives once, where it belongs.

Two employees and two people of the desk do things at random, while the platforms have trouble and
the process dies now and then. A small model says who has which case and who must have read what.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from tests.stories.conftest import OpenCompany, four_ways
from tests.support.chats import Said, Shown
from tests.support.company import Company
from tests.support.desk import Desk, wish

ACTS = 30
SEEDS = range(2)


@dataclass
class Matter:
    """A case as the model has it: the words that each side must have read, in order."""

    employee: str
    name: str
    asked: Said
    card: Shown
    owner: str = ""
    is_open: bool = True
    to_desk: list[str] = field(default_factory=list)
    to_employee: list[str] = field(default_factory=list)


class Walk:
    """What people do, one thing after the other."""

    def __init__(self, one: Company, desk: Desk, staff: dict[str, str], rng: random.Random) -> None:
        self.one, self.desk, self.staff, self.rng = one, desk, staff, rng
        self.matters: dict[str, Matter] = {}
        self.over: list[Matter] = []
        self.number = 0

    async def step(self) -> None:
        """Somebody does something."""
        one = self.one
        employee, name = self.rng.choice([(one.ada, "Ada Byron"), (one.grace, "Grace Hopper")])
        matter = self.matters.get(employee)
        if matter is None:
            before = len(self.desk.cards())
            asked = await wish(one, employee)
            await one.clock.until(lambda: len(self.desk.cards()) > before)
            await one.clock.advance(10)
            self.matters[employee] = Matter(employee, name, asked, self.desk.cards()[-1])
            return
        acts = [self.employee_writes, self.staff_writes, self.staff_notes, self.claims]
        acts += [self.employee_writes, self.staff_writes, self.takes_over, self.releases]
        acts += [self.crashes, self.trouble, self.ends]
        await self.rng.choice(acts)(matter)
        await one.clock.advance(self.rng.choice([0, 0, 1, 10]))

    def word(self) -> str:
        """Something that nobody has said before."""
        self.number += 1
        return f"word number {self.number}"

    def somebody(self) -> str:
        """Somebody of the desk."""
        return self.rng.choice(list(self.staff))

    async def employee_writes(self, matter: Matter) -> None:
        word = self.word()
        await self.one.dm(matter.employee, word, matter.asked)
        matter.to_desk.append(f"{matter.name}: {word}")

    async def staff_writes(self, matter: Matter) -> None:
        word, person = self.word(), self.somebody()
        await self.desk.write(person, matter.card, word)
        matter.to_employee.append(f"{self.staff[person]}: {word}")
        matter.owner = matter.owner or person

    async def staff_notes(self, matter: Matter) -> None:
        await self.desk.write(self.somebody(), matter.card, f"// {self.word()}")

    async def claims(self, matter: Matter) -> None:
        person = self.somebody()
        await self.desk.press(person, matter.card, "Claim")
        matter.owner = matter.owner or person

    async def takes_over(self, matter: Matter) -> None:
        await self.one.clock.advance(10)
        person, card = self.somebody(), self.now(matter)
        if "Take over" in card.buttons:
            await self.desk.press(person, card, "Take over")
            matter.owner = person

    async def releases(self, matter: Matter) -> None:
        await self.one.clock.advance(10)
        card = self.now(matter)
        if "Release" in card.buttons:
            await self.desk.press(self.somebody(), card, "Release")
            matter.owner = ""

    async def crashes(self, matter: Matter) -> None:
        await self.one.crash()
        await self.one.open()

    async def trouble(self, matter: Matter) -> None:
        self.rng.choice(self.one.chats).refuse(self.rng.randint(1, 2), seconds=3)

    async def ends(self, matter: Matter) -> None:
        if self.rng.random() < 0.5:
            return
        await self.one.clock.advance(10)
        if self.rng.random() < 0.5:
            await self.desk.resolve(self.somebody(), self.now(matter))
        else:
            await self.desk.press(self.somebody(), self.now(matter), "Hand back")
        matter.is_open = False
        self.over.append(self.matters.pop(matter.employee))

    def now(self, matter: Matter) -> Shown:
        """Its card as it is now."""
        (card,) = [card for card in self.desk.cards() if card.id == matter.card.id]
        return card

    def check(self) -> None:
        """Everybody has read what was for them, and each case is whose it is."""
        matters = [*self.over, *self.matters.values()]
        for matter in matters:
            passed_on = [text for text in self.desk.relayed(matter.card) if ": word" in text]
            assert passed_on == matter.to_desk
            card = self.now(matter)
            assert (card.buttons != ()) == matter.is_open
            if matter.is_open:
                owner = self.staff.get(matter.owner, "")
                assert ("Claim" in card.buttons) == (not owner)
                assert owner in card.text
        for employee in (self.one.ada, self.one.grace):
            theirs = [matter for matter in matters if matter.employee == employee]
            told = self.one.told_directly(employee)
            said = [text for text in told if ": word number" in text]
            assert said == [text for matter in theirs for text in matter.to_employee]


@four_ways
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_walk(opened: OpenCompany, seed: int) -> None:
    """Thirty things happen at random, and nothing is lost, doubled or in the wrong place."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    staff = {one.linus: "Linus Berg", margaret: "Margaret Hill"}
    walk = Walk(one, desk, staff, random.Random(seed))
    for _ in range(ACTS):
        await walk.step()
    for chat in one.chats:
        chat.heal()
    await one.clock.advance(120)
    walk.check()
