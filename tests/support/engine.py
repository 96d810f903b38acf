"""A turn engine over small fakes: a platform, an empty shelf, one scripted model, noted steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.desk.place import DeskPlace
from agent.desk.times import DeskTimes, expectation
from agent.errors import DeliveryError, StoreUnavailable
from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.models import Passage, Prompt
from agent.platforms import Command, EarlierMessage, Profile
from agent.policy import Policy
from agent.ports import Adapter, Clock, Knowledge, Tool, Turns
from agent.records import Approval, Entry, LaneClaim, Lease, Row, Step, TurnEnd, Unconfirmed
from agent.recovery import Ladder
from agent.state import State
from agent.turn import Engine
from tests.support.clock import START, TestClock
from tests.support.scripted import Call, Say, ScriptedProvider
from tests.support.tools import TestTool

PLACE = ConversationId("irc", "net", "#help", "1")
DESK, SECOND = ConversationId("irc", "net", "#desk"), ConversationId("irc", "net", "#second")
ADA, GRACE = Author("ada"), Author("grace")
POST = IncomingMessage(PLACE, "1", Kind.MESSAGE, ADA, "How many days?", mentions_bot=True)
CARD = CaseCard("C1", CaseState.WAITING, "Asked.", "irc:ada", "Ada", "a channel", "Leave")
CASE = Case("C1", str(PLACE), Cause.PERSON_ASKED, CaseState.WAITING, "ada", START, "", "t0.1", CARD)
LINUS, MARGARET = Author("linus"), Author("margaret")
HELD = replace(
    CASE,
    state=CaseState.CLAIMED,
    card=replace(CARD, state=CaseState.CLAIMED, owner="Linus"),
    owner="irc:linus",
    owner_name="Linus",
    claimed_at=START,
)
THREAD = replace(DESK, thread="77")
"""Under the card of the case."""
SOON = expectation(DeskTimes(), START)
"""What an employee may expect whose case is opened."""


class Platform:
    """The part of `Adapter` that a turn uses."""

    async def profile(self, author: Author, place: ConversationId) -> Profile:
        return Profile(author.id, author.id.title())

    async def earlier(self, message: IncomingMessage, limit: int) -> Sequence[EarlierMessage]:
        return ()

    async def permalink(self, message: IncomingMessage) -> str:
        return ""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.refused: dict[str, DeliveryError] = {}
        self.seconds = 0.0
        self.gone: set[str] = set()
        self.asked_for: list[tuple[ConversationId, str]] = []

    async def member(self, place: ConversationId, user_id: str) -> bool:
        self.asked_for.append((place, user_id))
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if user_id in self.refused:
            raise self.refused[user_id]
        return user_id not in self.gone

    async def direct(self, user_id: str) -> ConversationId:
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if user_id in self.refused:
            raise self.refused[user_id]
        return ConversationId("irc", "net", f"@{user_id}")


class Shelf:
    """The part of `Knowledge` that a turn uses: empty."""

    async def search(self, query: str, limit: int) -> Sequence[Passage]:
        return ()


class Notes:
    """The part of `Turns` that a turn uses: keeps its steps."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.steps: dict[int, Step] = {}
        self.commits: list[Sequence[Step]] = []
        self.down = 0
        self.seconds = 0.0

    async def step(self, lease: Lease, steps: Sequence[Step]) -> None:
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if self.down:
            self.down -= 1
            raise StoreUnavailable
        self.commits.append(steps)
        self.steps.update({step.n: step for step in steps})

    def in_order(self) -> tuple[Step, ...]:
        """All that was written, as the next claim brings it."""
        return tuple(self.steps[n] for n in sorted(self.steps))


class Rig:
    """An engine with one model."""

    def __init__(self, *tools: Tool) -> None:
        self.clock = TestClock()
        self.notes = Notes(self.clock)
        self.platform = Platform(self.clock)
        self.model = ScriptedProvider("model", self.clock)
        self.commands: list[Command] = []
        policy = Policy()
        self.engine = Engine(
            clock=self.clock,
            ladder=Ladder([self.model], self.clock, policy),
            adapters={"irc": cast(Adapter, self.platform)},
            knowledge=cast(Knowledge, Shelf()),
            turns=cast(Turns, self.notes),
            tools=tools,
            policy=policy,
            desk_place=DeskPlace(DESK),
            commands=self.command,
        )

    @classmethod
    def with_other_places(cls) -> Rig:
        """One whose cards can go on to a second channel, and to two admins."""
        rig = cls()
        rig.engine.desk_place.second = SECOND
        rig.engine.desk_place.admins = ("irc:root", "irc:ops")
        return rig

    async def command(self, command: Command) -> str:
        """What a command does: noted, and answered."""
        self.commands.append(command)
        return f"{command.text} is done"

    async def run(self, claim: LaneClaim) -> TurnEnd:
        """Run a turn."""
        return await self.engine.run(claim)


def claim(
    *messages: IncomingMessage,
    state: State = State.IDLE,
    case: Case | None = None,
    history: tuple[Entry, ...] = (),
    attempts: int = 1,
    steps: tuple[Step, ...] = (),
    approval: Approval | None = None,
    undelivered: OutgoingMessage | None = None,
    unconfirmed: tuple[Unconfirmed, ...] = (),
    lane: ConversationId = PLACE,
    case_id: str = "",
    joined: tuple[tuple[str, str], ...] = (),
) -> LaneClaim:
    """A claim of these messages; those about a `case_id` come from people of the desk."""
    rows = tuple(
        Row(7 + n, message, attempts, START, case_id) for n, message in enumerate(messages)
    )
    lease = Lease(str(lane), "test", 1)
    return LaneClaim(
        lease,
        "t7",
        state,
        rows,
        history,
        case,
        START if history else 0.0,
        steps,
        approval,
        undelivered,
        unconfirmed,
        joined,
    )


def control(kind: Kind, author: Author = ADA, **more: str) -> IncomingMessage:
    """A control of the conversation."""
    return IncomingMessage(PLACE, "c1", kind, author, **more)  # type: ignore[arg-type]


def at_desk(
    *messages: IncomingMessage,
    case: Case | None = HELD,
    state: State | None = None,
    history: tuple[Entry, ...] = (),
    attempts: int = 1,
) -> LaneClaim:
    """A claim of what people of the desk did about a case, in the state that it is in."""
    if state is None:
        held = case is not None and case.state is CaseState.CLAIMED
        state = State.WITH_HUMAN if held else State.ESCALATED
    case_id = case.id if case is not None else "C1"
    return claim(
        *messages, state=state, case=case, history=history, attempts=attempts, case_id=case_id
    )


def press(kind: Kind, author: Author = LINUS, **more: str) -> IncomingMessage:
    """A press on the card, or a form."""
    return IncomingMessage(THREAD, "p1", kind, author, **more)  # type: ignore[arg-type]


def wrote(text: str, author: Author = LINUS, n: str = "78") -> IncomingMessage:
    """Words in the thread of the card."""
    return IncomingMessage(THREAD, n, Kind.MESSAGE, author, text, in_thread=True)


def edited(message: IncomingMessage, text: str, revision: str = "2") -> IncomingMessage:
    """The edit of a post."""
    return replace(message, kind=Kind.EDIT, text=text, revision=revision)


def deleted(message: IncomingMessage) -> IncomingMessage:
    """The deletion of a post."""
    return replace(message, kind=Kind.DELETE, text="", revision="deleted")


def after(end: TurnEnd, seq: int = 1) -> tuple[Entry, ...]:
    """The journal of a turn as the next claim brings it."""
    return tuple(replace(entry, seq=seq + n) for n, entry in enumerate(end.journal))


def said(end: TurnEnd, place: ConversationId = PLACE) -> list[str]:
    """What a turn says in a place."""
    return [message.text for message in end.outbox if message.conversation == place]


def kinds(end: TurnEnd) -> list[str]:
    """The kinds of a turn's journal lines."""
    return [entry.kind for entry in end.journal]


def calls(end: TurnEnd) -> list[tuple[object, object]]:
    """Which calls a turn journals, and how they ended."""
    return [(one.data["call"], one.data["outcome"]) for one in end.journal if one.kind == "called"]


ORDER = Call(("order", {"what": "chair"}))


def result(prompt: Prompt, place: int = -1) -> str:
    """The result of a call as a model is shown it; the last one, or another one from the end."""
    return str(json.loads(prompt.messages[place].text)["result"])


def rig_with(tool: TestTool, *acts: Call | Say) -> Rig:
    """An engine with one tool and a model that asks for it."""
    rig = Rig(tool)
    tool.clock = rig.clock
    rig.model.acts = acts or (ORDER, Say())
    return rig
