"""Incidents: very many cases of one cause have one card, and what people do there reaches all.

An incident is a case in a lane of its own, in which nobody talks. Cases join it as rows GATHER.
Each is told by a row SHOWN which card it is on, and answers with another GATHER: so a case that
joins while somebody claims the incident is claimed, too. It sends one whenever time brings somebody
to look at it: if its incident is over by then, another begins. Whatever people do on the card
happens to the incident and is accepted once more for each joined case, in its own lane, where it is
worked off like any press or post of the desk, but that nobody asks once more who may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent import cards, flooding, texts
from agent.cases import Case, CaseCard, CaseState, Cause
from agent.desk import Desk
from agent.desk_place import DeskPlace
from agent.detours import Detours
from agent.draft import Draft
from agent.flooding import Gathered
from agent.journal import TO_EMPLOYEE, Line, Relayed
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import Arrival
from agent.relay import Relay, keep
from agent.state import Event

NAMED = 10
"""Employees that an incident's card names, with what they asked."""


class Incidents:
    """The performers in the lane of an incident, as far as they are others than in the lane of an
    employee; and what a joined case needs of them. Holds no state between turns.
    """

    def __init__(self, place: DeskPlace, desk: Desk, relay: Relay, detours: Detours) -> None:
        """`desk` and `detours` do with an incident what they do with any case."""
        self._place = place
        self._desk = desk
        self._relay = relay
        self._detours = detours

    def first_event(self, draft: Draft) -> Event:
        """What the row means with which cases join an incident, or learn by which card."""
        if draft.first.kind is Kind.GATHER:
            return Event.GATHERED
        case = draft.case
        if case is None or not case.state.is_open or not flooding.is_joined(case):
            return Event.VANISHED
        known = case.card_id == flooding.shown(draft.first).card_id
        return Event.VANISHED if known else Event.SHOWN

    async def keep_card(self, draft: Draft) -> None:
        """Keep by which card the case is shown, and pass on what was said until then."""
        case, told = draft.case, flooding.shown(draft.first)
        if case is None:
            return
        draft.timers_over.append(flooding.gathering(case).key)
        case = replace(case, incident=told.incident, card_id=told.card_id, channel=told.channel)
        draft.put(case)
        draft.write(Line.SHOWN, case=case.id, incident=told.incident)
        draft.timers.append(flooding.arrival(flooding.gathering(case), draft.now))
        await self._relay.catch_up(draft)

    # In the lane of an incident

    async def open_case(self, draft: Draft) -> None:
        """Open an incident and post its card, which counts the cases that join it."""
        channel, joining = self._place.channel, _gathered(draft)
        if channel is None:
            return  # their timers bring them back
        case = _new_incident(draft, channel, joining)
        card = cards.card_message(case, channel, draft.next_id())
        draft.outbox.append(card)
        case = replace(case, card_id=card.id)
        draft.keep(case)
        _show(draft, case, [(one.lane, one.case_id) for one in joining])

    async def update_card(self, draft: Draft) -> None:
        """Count those that join, too; what they missed meanwhile happens to them as well."""
        case = draft.case
        if case is None:
            await self.open_case(draft)
            return
        known = {case_id for _, case_id in draft.claim.joined}
        gathered = _gathered(draft)
        strangers = [one for one in gathered if one.card_id != case.card_id]
        joining = [one for one in strangers if one.case_id not in known]
        if joining:
            # If somebody wanted to be forgotten, nobody knows any more what the card has shown.
            card = _counted(case.card, joining) if case.card else None
            case = replace(case, card=card)
            draft.put(case)
            cards.edit_cards(draft, case, self._place.channel_of(case))
        _show(draft, case, [(one.lane, one.case_id) for one in strangers])
        if case.state is CaseState.CLAIMED:
            claim = _claim_of(case)
            draft.timers += [
                Arrival(claim, lane=one.lane, case_id=one.case_id)
                for one in gathered
                if one not in strangers
            ]

    async def take_case(self, draft: Draft) -> None:
        """Somebody takes the incident, and with it every case that joined."""
        before = draft.case
        await self._desk.take_case(draft)
        self._show_where_it_is(draft, before)
        _pass_on(draft)

    async def release_case(self, draft: Draft) -> None:
        """It goes back to the channel, with every case that joined."""
        await self._desk.release_case(draft)
        _pass_on(draft)

    async def close_case(self, draft: Draft) -> None:
        """It is over, and so is every case that joined, if somebody ended it."""
        await self._desk.close_case(draft)
        _pass_on(draft)

    async def relay_to_employee(self, draft: Draft) -> None:
        """Pass on what people wrote, and changed, to everybody who waits. The journal says so as it
        does of any words that were passed on, but for where they are now.
        """
        case = draft.case
        if case is not None:
            for one in (*draft.asked, *draft.edited):
                keep(draft, Relayed(one.id, case.id, TO_EMPLOYEE, (), case.channel, case.card_id))
        _pass_on(draft)

    async def relay_to_desk(self, draft: Draft) -> None:
        """Nobody talks here: the words of those who joined come from their own lanes."""

    async def find_another_way(self, draft: Draft) -> Event | None:
        """Try the next way for the incident's card, or for what cannot be said of it; those who
        joined learn where the card is, or that nobody could be reached.
        """
        before, lost = draft.case, draft.claim.undelivered
        await self._detours.find_another_way(draft)
        self._show_where_it_is(draft, before)
        if before is None or draft.case is not before or lost is None:
            return None
        if not self._detours.is_sign(before, lost):
            return None
        for lane, _ in draft.claim.joined:
            news = replace(draft.first, conversation=ConversationId.parse(lane))
            draft.timers.append(Arrival(news))
        return None

    def _show_where_it_is(self, draft: Draft, before: Case | None) -> None:
        """If another card counts now, those who joined must know: their words go under it."""
        now = draft.case
        if before is not None and now is not None and now.card_id != before.card_id:
            _show(draft, now, draft.claim.joined)


def _gathered(draft: Draft) -> list[Gathered]:
    """What the cases of this turn tell of themselves, each the last."""
    rows = (row.message for row in draft.claim.rows if row.message.kind is Kind.GATHER)
    told = {message.about: flooding.gathered(message) for message in rows}
    return [*told.values()]


def _new_incident(draft: Draft, channel: ConversationId, joining: Sequence[Gathered]) -> Case:
    cause = Cause(draft.conversation.channel)
    case_id = "C" + draft.claim.turn_id.lstrip("t")
    card = CaseCard(
        case_id=case_id,
        state=CaseState.WAITING,
        reason=cause.words,
        employee_ref="",
        employee_name="",
        place="",
        summary=texts.INCIDENT,
    )
    return Case(
        id=case_id,
        lane=str(draft.conversation),
        cause=cause,
        state=CaseState.WAITING,
        employee_id="",
        opened_at=draft.now,
        card=_counted(card, joining),
        channel=str(channel),
    )


def _counted(card: CaseCard, joining: Sequence[Gathered]) -> CaseCard:
    """The card with so many more cases; it names the first of their employees."""
    asked = (one.asked for one in joining if one.asked)
    lines = (*card.transcript, *asked)[:NAMED]
    return replace(card, joined=card.joined + len(joining), transcript=lines)


def _show(draft: Draft, incident: Case, joined: Sequence[tuple[str, str]]) -> None:
    """Tell cases (lane, case id) on which card they are, and where."""
    for lane, case_id in joined:
        draft.timers.append(flooding.showing(incident, lane, case_id, draft.claim.turn_id))


def _claim_of(case: Case) -> IncomingMessage:
    """The claim of whoever has an incident, for a case that joins it later."""
    return IncomingMessage(
        ConversationId.parse(case.channel),
        f"joined-{case.id}-{case.owner}",
        Kind.CLAIM,
        Author(case.owner.partition(":")[2], case.owner_name),
        about=case.id,
    )


def _pass_on(draft: Draft) -> None:
    """Let what people did happen to each case that joined, once. What happened by itself does so to
    each of them by itself.
    """
    done = [replace(row.message, about=row.case_id) for row in draft.claim.rows if row.case_id]
    known = {(one.message.key, one.case_id) for one in draft.timers}
    for lane, case_id in draft.claim.joined:
        draft.timers += [
            Arrival(message, lane=lane, case_id=case_id)
            for message in done
            if (message.key, case_id) not in known
        ]
