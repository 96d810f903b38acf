"""Short words for what happens at the desk: cases, their cards, and what people do under these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.records import (
    Accepted,
    Arrival,
    Committed,
    DeliveryState,
    LaneClaim,
    Routed,
    Settlement,
    desk_lane,
)
from agent.state import State
from storage import Store
from tests.storage.databases import LANE, claim_new, end, place, reply, said

DESK = "C9"
PATIENCE = 60.0


def card_of(case_id: str, **more: Any) -> CaseCard:
    """What the desk sees of a case."""
    shown = CaseCard(case_id, CaseState.WAITING, "why", "slack:ada", "Ada", "here", "about")
    return replace(shown, **more)


def a_case(case_id: str, lane: str = LANE, **more: Any) -> Case:
    """A case that waits, with its card in the human channel."""
    waits = Case(case_id, lane, Cause.PERSON_ASKED, CaseState.WAITING, "ada", 0.0)
    shown = {"card_id": f"{case_id}.card", "card": card_of(case_id), "channel": str(place(DESK))}
    return replace(waits, **{**shown, **more})


async def opened(
    store: Store, n: int, *, channel: str = "D1", desk: str = DESK, platform: str = "slack"
) -> tuple[Case, Committed]:
    """A turn that opens a case named after it; its card is on its way."""
    lane = str(place(channel))
    claimed = await claim_new(store, said(n, channel=channel), lane=lane)
    case = a_case(f"C{n}", lane, opened_at=claimed.rows[0].accepted_at)
    case = replace(case, channel=str(place(desk, platform)))
    card = reply(case.card_id, desk, platform, card=case.card)
    return case, await end(store, claimed, card, state=State.ESCALATED, cases=(case,))


async def post(store: Store, committed: Committed, *refs: str) -> None:
    """What is on its way arrives, and gets these ids of the platform."""
    for delivery, ref in zip(committed.deliveries, refs, strict=True):
        await store.turns.settle(delivery, Settlement(DeliveryState.SENT, ref=ref))


async def shown(store: Store, n: int, ref: str, **more: str) -> Case:
    """A case whose card is posted under the platform's id `ref`."""
    case, committed = await opened(store, n, **more)
    await post(store, committed, ref)
    return case


def thread(ref: str, channel: str = DESK, platform: str = "slack") -> ConversationId:
    """The thread under a post."""
    return replace(place(channel, platform), thread=ref)


def under(
    ref: str,
    n: int,
    kind: Kind = Kind.MESSAGE,
    *,
    by: str = "bob",
    channel: str = DESK,
    platform: str = "slack",
    **more: Any,
) -> IncomingMessage:
    """Post or press number `n` in a thread of the desk."""
    where = thread(ref, channel, platform)
    return replace(said(n, kind, by=by), conversation=where, in_thread=True, **more)


async def happened(store: Store, *messages: IncomingMessage) -> list[Accepted]:
    """What people of the desk do comes in."""
    return [
        await store.turns.accept(Arrival(one, lane=desk_lane(one.conversation))) for one in messages
    ]


async def routed(store: Store, message: IncomingMessage, patience: float = PATIENCE) -> Routed:
    """The thread of a message is looked at."""
    return await store.turns.route(desk_lane(message.conversation), patience)


async def at_desk(store: Store, *messages: IncomingMessage) -> Routed:
    """What people do in one thread comes in and is passed on."""
    await happened(store, *messages)
    return await routed(store, messages[0])


def told(claimed: LaneClaim) -> list[tuple[int, str]]:
    """The posts of a claim and the cases they are about."""
    return [(int(row.message.id.removeprefix("17.")), row.case_id) for row in claimed.rows]
