"""An incident of two cases over the small engine: what joins it, and what Hedy of the desk does."""

from __future__ import annotations

from dataclasses import replace

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.desk.joining import place_of
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import TurnEnd
from agent.state import State
from tests.support.clock import START
from tests.support.engine import CASE, DESK, Rig, claim

CAUSE = Cause.NOTHING_TO_OFFER
HERE = place_of(CAUSE)
HEDY = Author("hedy", "Hedy")
CARD = CaseCard("C90", CaseState.WAITING, CAUSE.words, "", "", "", "Several", joined=2)
INCIDENT = Case(
    "C90", str(HERE), CAUSE, CaseState.WAITING, "", START, "", "t90.1", CARD, str(DESK), looks=1
)
TAKEN = replace(INCIDENT, state=CaseState.CLAIMED, owner="irc:hedy", owner_name="Hedy")
NEW = replace(CASE, cause=CAUSE, card=None, card_id="", channel=str(DESK), looks=1)
SHOWN = replace(NEW, card_id="t90.1", incident="C90")
JOINED = (("irc:net:@ada:", "C1"), ("irc:net:@grace:", "C2"))


def joining(n: int = 1, *, revision: str = "") -> IncomingMessage:
    """The news that a case joins, or (`revision`) by which card it is shown."""
    words = "" if revision else f"Employee {n}: Leave?"
    lane = str(ConversationId("irc", "net", f"@{n}"))
    return IncomingMessage(
        HERE,
        f"gather-C{n}",
        Kind.GATHER,
        Author(""),
        words,
        revision=revision,
        detail=lane,
        about=f"C{n}",
    )


def by_hedy(kind: Kind, text: str = "", **more: str) -> IncomingMessage:
    """What Hedy of the desk does about the incident."""
    place = replace(DESK, thread="90")
    return IncomingMessage(place, "d1", kind, HEDY, text, in_thread=True, **more)  # type: ignore[arg-type]


async def gather(
    rig: Rig, *messages: IncomingMessage, case: Case | None = None, state: State = State.IDLE
) -> TurnEnd:
    """A turn in which cases join."""
    return await rig.run(claim(*messages, state=state, case=case, lane=HERE))


async def act(
    rig: Rig, *messages: IncomingMessage, case: Case = INCIDENT, **more: object
) -> TurnEnd:
    """A turn of the desk in the incident's lane."""
    state = State.WITH_HUMAN if case.state is CaseState.CLAIMED else State.ESCALATED
    told = claim(*messages, state=state, case=case, lane=HERE, case_id="C90", joined=JOINED, **more)  # type: ignore[arg-type]
    return await rig.run(told)


async def on_case(rig: Rig, message: IncomingMessage, case: Case) -> TurnEnd:
    """A turn of the desk in the lane of a case."""
    state = State.WITH_HUMAN if case.state is CaseState.CLAIMED else State.ESCALATED
    return await rig.run(claim(message, state=state, case=case, case_id=case.id))


def shared(end: TurnEnd) -> list[tuple[str, str, str]]:
    """Lane, case and id of what people did, as it is accepted for each joined case."""
    kinds_by_time = (Kind.LOOK, Kind.SHOWN, Kind.GATHER)
    return [
        (one.lane, one.case_id, one.message.id)
        for one in end.timers
        if one.message.kind not in kinds_by_time
    ]
