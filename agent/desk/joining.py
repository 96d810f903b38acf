"""Joining: how very many cases of one cause join an incident, and what they tell each other.

They tell it by rows like any other, so `Gathered`, `Stirred` and `Shown` travel as messages. In
which fields is known here alone, and cannot change, because databases hold them so: the id of a
card is in `revision`, so that what is told of another card is another row; a lane, or a card's
channel, in `detail`; the id of a case, or of an incident, in `about`.

Whether a case is one of very many is decided by the commit that opens it, because only there all of
them are known (docs/adr/0013-an-incident-has-a-lane-of-its-own.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.cases import Case, Cause
from agent.draft import Draft
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import INCIDENT, Arrival, Joining
from agent.text import one_line

MOST = 5
"""Cases of one cause that have cards of their own …"""
WITHIN = 600.0
"""… within so many seconds."""
TOGETHER = 10.0
"""Seconds in which cases are gathered before they are shown: fewer edits of the incident's card."""
ASKED_CHARACTERS = 240
"""Of what an employee asked, on the incident's card."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an incident is told of a case: its id and lane, the card that the case takes for its own
    (an outgoing id; '' before it is shown anywhere), and what its employee asked.
    """

    case_id: str
    lane: str
    card_id: str
    asked: str


@dataclass(frozen=True, slots=True)
class Stirred:
    """What an incident is told of a case that it knows: that there is something new for its card.
    `unseen` is a card whose channel took words of the case no more ('' if none refused any).
    """

    case_id: str
    unseen: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a case is told of its incident: its id, which of its cards counts, and where that is. If
    nobody knows whether that card arrived `card_id` is '', if no place took it `channel` is, too.
    """

    incident: str
    card_id: str
    channel: str


def joining_of(draft: Draft, case: Case) -> Joining | None:
    """What the commit does with this new case if it is one of very many; None if somebody decided
    that it is opened.
    """
    if not case.cause.automatic:
        return None
    instead = replace(case, card=None, card_id="")
    joins = gathering(replace(case, looks=1))  # as it is called when the turn has set its timer
    news = arrival(joins, draft.now)
    return Joining(most=MOST, since=draft.now - WITHIN, instead=instead, arrival=news)


def arrival(news: IncomingMessage, now: float) -> Arrival:
    """Due together with what other cases send to the incident at about the same time."""
    return Arrival(news, not_before=(now // TOGETHER + 1) * TOGETHER)


def place_of(cause: Cause) -> ConversationId:
    """Where the incident of a cause is: in no platform, in a lane of its own."""
    return ConversationId(INCIDENT, "", cause.value)


def is_incident(place: ConversationId) -> bool:
    """Whether nobody talks in this lane: it is that of an incident."""
    return place.platform == INCIDENT


def is_joined(case: Case) -> bool:
    """Whether a case has no card of its own: it is shown on that of an incident, or will be. One
    whose card no place took, or of whose card nobody knows whether it arrived, has one.
    """
    return bool(case.incident) or (case.card is None and not case.card_id)


def gathering(case: Case) -> IncomingMessage:
    """What an incident is told of a case (see `Gathered`): that it joins, by which card it is shown
    now, or, whenever somebody has looked at it, that it is still there. Named so that a case which
    is closed can take it back, and that nothing is told twice.
    """
    asked = ""
    if case.card is not None:
        asked = one_line(f"{case.card.employee_name}: {case.card.summary}", ASKED_CHARACTERS)
    return IncomingMessage(
        place_of(case.cause),
        f"gather-{case.id}-{case.looks}",
        Kind.GATHER,
        Author(""),
        asked,
        revision=case.card_id,
        detail=case.lane,
        about=case.id,
    )


def stirring(case: Case, turn_id: str, unseen: str = "") -> IncomingMessage:
    """What an incident is told of a case (see `Stirred`) that is over for itself alone, or has
    words that wait for a card to be put under. Unlike `gathering` it says no lane, so that nobody
    joins by it.
    """
    return IncomingMessage(
        place_of(case.cause),
        f"stir-{turn_id}",
        Kind.GATHER,
        Author(""),
        revision=unseen,
        about=case.id,
    )


def gathered(news: IncomingMessage) -> Gathered | None:
    """Read a GATHER; None if it is from a case that is known already (see `stirred`)."""
    if not news.detail:
        return None
    return Gathered(news.about, news.detail, news.revision, news.text)


def stirred(news: IncomingMessage) -> Stirred | None:
    """Read a GATHER; None if it is from a case that joins or is still there (see `gathered`)."""
    return None if news.detail else Stirred(news.about, news.revision)


def showing(incident: Case, lane: str, case_id: str, turn_id: str) -> Arrival:
    """What a case is told of its incident (see `Shown`), once for each turn that tells it."""
    is_somewhere = bool(incident.card_id or incident.copies)
    news = IncomingMessage(
        ConversationId.parse(lane),
        f"shown-{case_id}-{turn_id}",
        Kind.SHOWN,
        Author(""),
        revision=incident.card_id,
        detail=incident.channel if is_somewhere else "",
        about=incident.id,
    )
    return Arrival(news, lane=lane, case_id=case_id)


def shown(news: IncomingMessage) -> Shown:
    """Read a SHOWN."""
    return Shown(news.about, news.revision, news.detail)


def comes_from_incident(draft: Draft) -> bool:
    """Whether what people did about the case of a turn comes from its incident, whose turn has
    asked who may. A payload cannot claim it: whatever it says it is about, only a turn of the
    incident brings it into the lane of a case that has no card.
    """
    case = draft.case
    return case is not None and case.incident != "" and draft.first.about == case.incident
