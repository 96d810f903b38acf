"""The commands of the desk over a platform in memory and cases that a test chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn, cast

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.desk.place import DeskPlace
from agent.messages import Author, ConversationId
from agent.platforms import Command
from agent.ports import Adapter, Records
from agent.ports import Settings as Chosen
from agent.records import Arrival
from bot.commands_desk import DeskCommands, DeskInside
from bot.desk_times import TimesByChannel
from bot.settings import Settings
from bot.watching import DeskWatch
from tests.support.clock import START, TestClock
from tests.support.memory_platform import MemoryPlatform

DESK = ConversationId("irc", "net", "#desk")
CARD = CaseCard("C7", CaseState.WAITING, "Asked.", "irc:ada", "Ada Byron", "a channel", "My leave")
CASE = Case(
    "C7",
    "irc:net:%40ada:",
    Cause.PERSON_ASKED,
    CaseState.WAITING,
    "ada",
    START - 300,
    card=CARD,
    channel=str(DESK),
)
OTHER = replace(
    CASE,
    id="C9",
    lane="irc:net:%40joan:",
    opened_at=START - 60,
    card=replace(CARD, case_id="C9", employee_name="Joan Clarke", summary="My screen"),
)


def taken(case: Case, owner: str, name: str) -> Case:
    """The case when somebody has it."""
    return replace(case, state=CaseState.CLAIMED, owner=owner, owner_name=name)


def slow(clock: TestClock, platform: MemoryPlatform, *methods: str) -> None:
    """Let a platform take half a minute to answer."""
    for method in methods:

        async def answer(*_: object) -> NoReturn:
            await clock.sleep(30)
            raise AssertionError("nobody waits so long")

        setattr(platform, method, answer)


class Chalkboard:
    """`Settings` in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    async def read(self) -> Mapping[tuple[str, str], str]:
        return dict(self.values)

    async def write(self, scope: str, name: str, value: str, *, by: str) -> None:
        assert by == "irc:linus"
        self.values[scope, name] = value
        if not value:
            del self.values[scope, name]


class Rig:
    """The commands over a platform in memory; `open` are the cases, `wishes` what was wanted of
    them, `told` what comes of it at once.
    """

    def __init__(self) -> None:
        self.clock = TestClock()
        self.irc = MemoryPlatform("irc")
        self.irc.members = {"#desk": {"linus", "grace"}}
        self.place = DeskPlace(DESK)
        self.open: list[Case] = []
        self.wishes: list[Arrival] = []
        self.told = ""
        self.board = Chalkboard()
        adapters = {"irc": cast(Adapter, self.irc)}
        self.times = TimesByChannel(cast(Chosen, self.board), Settings())
        self.inside = DeskInside(
            records=cast(Records, self),
            adapters=adapters,
            clock=self.clock,
            place=self.place,
            times=self.times,
            watch=DeskWatch(adapters, self.clock, self.place),
            act=self.act,
        )
        self.desk = DeskCommands(self.inside)

    # What the commands act through

    async def open_cases(self) -> Sequence[Case]:
        return [one for one in self.open if one.state.is_open]

    async def case(self, case_id: str) -> Case | None:
        return next((one for one in self.open if one.id == case_id), None)

    async def act(self, arrival: Arrival) -> str:
        """What the kernel does: refuse, or give the case to whom it is to be given."""
        self.wishes.append(arrival)
        if not self.told:
            owner = arrival.message.detail
            name = owner.partition(":")[2].title()
            self.open = [
                taken(one, owner, name) if one.id == arrival.case_id else one for one in self.open
            ]
        return self.told

    # What people do

    def command(self, who: str = "linus", channel: str = "#all", platform: str = "irc") -> Command:
        """A command of somebody."""
        return Command(platform, "net", channel, Author(who, who.title()), "", "c1")

    async def cases(self, who: str = "linus", *, is_admin: bool = False) -> str:
        """`cases`."""
        return await self.desk.cases(self.command(who), is_admin=is_admin)

    async def assign(self, words: str, who: str = "linus") -> str:
        """`assign …`."""
        return await self.desk.assign(self.command(who), words, is_admin=False)

    async def channel(self, words: str = "", channel: str = "#all") -> str:
        """`channel …`."""
        return await self.desk.channel(self.command(channel=channel), words)
