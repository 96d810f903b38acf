"""Conversations for tests of what is kept and what is erased: whole turns, told in a few words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.journal import Line, read
from agent.records import (
    Approval,
    ApprovalState,
    Committed,
    DeliveryState,
    Entry,
    LaneClaim,
    Settlement,
    Step,
    StepKind,
    StepState,
)
from agent.state import State
from storage import Store
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    place,
    reply,
    said,
)

T = TypeVar("T")

SENT = Settlement(DeliveryState.SENT, ref="99.1")


async def done(database: Database, work: Awaitable[T], at_most: float = 120.0) -> T:
    """The result of something that pauses in between."""
    task = asyncio.ensure_future(work)
    await database.clock.until(task.done, at_most=at_most)
    return task.result()


def line(kind: str, claimed: LaneClaim, **data: object) -> Entry:
    """A journal line of a turn."""
    return Entry(kind, data, claimed.rows[0].accepted_at, claimed.turn_id)


def spoken(claimed: LaneClaim) -> tuple[Entry, ...]:
    """The journal of a turn: what was said, and what was answered."""
    told = [
        line(
            Line.SAID,
            claimed,
            id=row.message.id,
            author=row.message.author.id,
            name=row.message.author.id.title(),
            text=row.message.text,
        )
        for row in claimed.rows
    ]
    answer = line(Line.ANSWERED, claimed, message=f"{claimed.turn_id}.1", text="Answer")
    return (*told, answer, line(Line.TURN, claimed, outcome="answered"))


async def converse(
    store: Store, n: int, *, by: str = "ada", channel: str = "D1", text: str = "", **rest: object
) -> LaneClaim:
    """A turn from the question to the delivered answer."""
    message = said(n, by=by, channel=channel, text=text)
    claimed = await claim_new(store, message, lane=str(place(channel)))
    await deliver(store, await answer(store, claimed, channel, **rest))
    return claimed


async def answer(
    store: Store, claimed: LaneClaim, channel: str = "D1", **rest: object
) -> Committed:
    """End a turn with an answer, which is on its way afterwards."""
    message = reply(f"{claimed.turn_id}.1", channel=channel)
    return await end(store, claimed, message, **{"journal": spoken(claimed), **rest})


async def deliver(store: Store, committed: Committed) -> None:
    """Let everything that is on its way arrive, and what stands behind it."""
    following = [*committed.deliveries]
    while following:
        following += (await store.turns.settle(following.pop(), SENT)).deliveries


async def texts(store: Store, channel: str = "D1") -> list[str]:
    """What the next turn of a conversation would read of it."""
    await accept(store, said(10**5, channel=channel))
    claimed = await claim(store, str(place(channel)))
    await store.turns.release(claimed.lease)
    return [one.text for one in read(claimed.history).said]


async def left(store: Store, channel: str = "D1") -> list[str]:
    """The kinds of journal lines that still say something."""
    timeline = await store.records.timeline(str(place(channel)))
    return [item.kind for item in timeline if item.data]


CARD = CaseCard("C1", CaseState.WAITING, "why", "slack:ada", "Ada", "here", "about", ("Ada: x",))
CASE = Case("C1", LANE, Cause.PERSON_ASKED, CaseState.WAITING, "ada", 0.0, card=CARD)


def a_case(claimed: LaneClaim, state: CaseState = CaseState.WAITING) -> Case:
    """A case that a turn opens."""
    lease, at = claimed.lease, claimed.rows[0].accepted_at
    name = f"C{claimed.turn_id}"
    return replace(CASE, id=name, lane=lease.lane, state=state, opened_at=at)


async def escalated(store: Store, n: int, *, by: str = "ada", channel: str = "D1") -> LaneClaim:
    """A turn that opens a case."""
    claimed = await claim_new(store, said(n, by=by, channel=channel), lane=str(place(channel)))
    card = reply(f"{claimed.turn_id}.2", channel="desk", card=CARD)
    case = replace(a_case(claimed), card_id=card.id)
    outbox = (reply(f"{claimed.turn_id}.1", channel=channel), card)
    journal = spoken(claimed)
    committed = await end(
        store, claimed, *outbox, state=State.ESCALATED, cases=(case,), journal=journal
    )
    await deliver(store, committed)
    return claimed


def a_step(claimed: LaneClaim) -> Step:
    """A write that a turn began."""
    at = claimed.rows[0].accepted_at
    return Step(claimed.turn_id, 1, StepKind.CALL, StepState.STARTED, at, {"writes": True})


def an_approval(claimed: LaneClaim, state: ApprovalState) -> Approval:
    """What a turn asks a yes for."""
    return Approval(
        id=f"{claimed.turn_id}:1",
        turn_id=claimed.turn_id,
        tool="reset",
        arguments='{"whose":"secret"}',
        approvers=("ada",),
        state=state,
        asked_at=claimed.rows[0].accepted_at,
        expires_at=claimed.rows[0].accepted_at + 60,
        message_id=f"{claimed.turn_id}.1",
    )
