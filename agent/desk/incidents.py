"""Incidents: very many cases of one cause have one card, and what people do there reaches all.

An incident is a case in a lane of its own, in which nobody talks. Cases join it as rows GATHER.
Each is told by a row SHOWN which card it is on, and answers with another GATHER: so a case that
joins while somebody claims the incident is claimed, too. It sends one whenever time brings somebody
to look at it: if its incident is over by then, another begins. Whatever people do on the card
happens to the incident and is accepted once more for each joined case, in its own lane, where it is
worked off like any press or post of the desk, but that nobody asks once more who may.

If no place took the incident's card, or nobody knows whether it arrived, those who joined know it:
their words wait. There is another card when somebody joins or writes, or people are reminded. If
the card's channel takes the words of one of them no more, all move on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from agent import texts
from agent.cases import Case, CaseCard, CaseState, Cause
from agent.desk import cards, joining, which_card
from agent.desk.desk import Desk
from agent.desk.joining import Gathered, Shown, Stirred
from agent.desk.place import DeskPlace
from agent.desk.relay import Relay, keep
from agent.desk.waiting import Waiting
from agent.detours.detours import Detours
from agent.draft import Draft
from agent.journal import TO_EMPLOYEE, Line, Relayed
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import MOST_JOINED, Arrival
from agent.state import Event

NAMED = 10
"""Employees that an incident's card names, with what they asked."""
UNREACHED = "unreached"
"""The receipt, by case, for that no place took the card of its incident."""
TRY_AGAIN = 60.0
"""Seconds after a card failed in which another is not tried for those who join or write."""


class Incidents:
    """The performers in the lane of an incident, as far as they are others than in the lane of an
    employee; and what a joined case needs of them. Holds no state between turns.
    """

    def __init__(
        self, place: DeskPlace, desk: Desk, relay: Relay, detours: Detours, waiting: Waiting
    ) -> None:
        """`desk`, `detours` and `waiting` do with an incident what they do with any case."""
        self._place = place
        self._desk = desk
        self._relay = relay
        self._detours = detours
        self._waiting = waiting

    def first_event(self, draft: Draft) -> Event:
        """What the row means with which cases join an incident, or learn by which card."""
        case = draft.case
        if draft.first.kind is Kind.GATHER:
            is_over = case is None and not _gathered(draft)
            return Event.VANISHED if is_over else Event.GATHERED
        if case is None or not case.state.is_open or not joining.is_joined(case):
            return Event.VANISHED
        known = Shown(case.incident, case.card_id, case.channel)
        return Event.VANISHED if joining.shown(draft.first) == known else Event.SHOWN

    async def keep_card(self, draft: Draft) -> None:
        """Keep by which card the case is shown, and relay what was said until then; if no place
        took that card, tell the employee, once: it may be tried many times.
        """
        case, told = draft.case, joining.shown(draft.first)
        if case is None:
            return
        draft.timers_over.append(joining.gathering(case).key)
        case = replace(case, incident=told.incident, card_id=told.card_id, channel=told.channel)
        draft.put(case)
        draft.write(Line.SHOWN, case=case.id, incident=told.incident)
        if told.card_id:
            draft.timers.append(joining.arrival(joining.gathering(case), draft.now))
            await self._relay.catch_up(draft)
        once = f"{UNREACHED}-{case.id}"
        if not told.channel and once not in draft.history.receipts:
            words = texts.NOBODY_REACHED.format(contact=self._place.contact, case=case.id)
            draft.notice(words, receipt=once)

    # In the lane of an incident

    async def open_case(self, draft: Draft) -> None:
        """Open an incident and post its card, which counts the cases that join it."""
        channel, newly = self._place.channel, _gathered(draft)
        if channel is None:
            return  # their timers bring them back
        case = _new_incident(draft, channel, newly)
        card = cards.card_message(case, channel, draft.next_id())
        draft.outbox.append(card)
        case = replace(case, card_id=card.id)
        draft.keep(case)
        _show(draft, case, [(one.lane, one.case_id) for one in newly])

    async def update_card(self, draft: Draft) -> Event | None:
        """Count those that wait; what those that join missed meanwhile happens to them as well. The
        incident is over with the last who waits, and without its owner if that one is gone.
        """
        case, gathered = draft.case, _gathered(draft)
        if case is None:
            await self.open_case(draft)
            return None
        known = {case_id for _, case_id in draft.claim.joined}
        strangers = [one for one in gathered if not _knows(one, case, known)]
        newly = [one for one in strangers if one.case_id not in known]
        if not known and not gathered:
            return Event.LEFT_QUEUE
        before = case.card_id
        case, event = await self._moved(draft, case)
        case = self._show_count(draft, case, newly)
        if case.card_id == before:
            case = self._shown_again(draft, case, gathered)
        joined = [(one.lane, one.case_id) for one in strangers]
        if case.card_id != before:
            joined += [one for one in draft.claim.joined if one not in joined]
        _show(draft, case, joined)
        if event is not None:
            return event
        settled = [(one.lane, one.case_id) for one in gathered if one not in strangers]
        if case.state is CaseState.CLAIMED and settled:
            if await self._waiting.owner_is_gone(case):
                return Event.OWNER_GONE
            _let_owner(draft, case, Kind.CLAIM, f"joined-{case.id}-{case.owner}", settled)
        return None

    def _show_count(self, draft: Draft, case: Case, newly: Sequence[Gathered]) -> Case:
        """The case with as many on its card as wait for people now, which its cards show."""
        # If somebody wanted to be forgotten, nobody knows any more what the card has shown.
        card = _recounted(draft, case.card, newly) if case.card else None
        if card == case.card:
            return case
        case = replace(case, card=card)
        draft.put(case)
        cards.edit_cards(draft, case, self._place.channel_of(case))
        return case

    async def take_case(self, draft: Draft) -> None:
        """Somebody takes the incident, and with it every case that joined."""
        before = draft.case
        await self._desk.take_case(draft)
        self._show_where_it_is(draft, before)
        _share(draft)

    async def release_case(self, draft: Draft) -> None:
        """It goes back to the channel, with every case that joined."""
        before = draft.case
        await self._desk.release_case(draft)
        if before is not None and not draft.claim.rows[0].case_id:  # it went by itself
            name = f"gone-{draft.claim.turn_id}"
            _let_owner(draft, before, Kind.RELEASE, name, draft.claim.joined)
        _share(draft)

    async def close_case(self, draft: Draft) -> None:
        """It is over, and so is every case that joined, if somebody ended it."""
        await self._desk.close_case(draft)
        _share(draft)

    async def say_left(self, draft: Draft) -> None:
        """Tell who has the incident that nobody waits for it any more."""
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is not None and channel is not None and case.owner and case.card_id:
            draft.post(channel, texts.LEFT_BY_ALL, under=case.card_id)

    async def remind_desk(self, draft: Draft) -> None:
        """Remind people of it; if that takes another card, those who joined learn where it is."""
        before = draft.case
        await self._waiting.remind_desk(draft)
        self._show_where_it_is(draft, before)

    async def relay_to_employee(self, draft: Draft) -> None:
        """Relay what people wrote, and changed, to everybody who waits. The journal says so as it
        does of any words that were relayed, but for where they are now.
        """
        case = draft.case
        if case is not None:
            for one in (*draft.asked, *draft.edited):
                keep(draft, Relayed(one.id, case.id, TO_EMPLOYEE, (), case.channel, case.card_id))
        _share(draft)

    async def relay_to_desk(self, draft: Draft) -> None:
        """Nobody talks here: the words of those who joined come from their own lanes."""

    async def find_another_way(self, draft: Draft) -> Event | None:
        """Try the next way for the incident's card, or for what cannot be said of it; those who
        joined learn where the card is, or that it is nowhere.
        """
        before = draft.case
        event = await self._detours.find_another_way(draft)
        self._show_where_it_is(draft, before)
        return event

    async def _moved(self, draft: Draft, case: Case) -> tuple[Case, Event | None]:
        """The incident where it goes on if the channel of its card takes no words any more, and
        what becomes of it by that.
        """
        if not case.card_id or case.card_id not in [one.unseen for one in _stirred(draft)]:
            return case, None
        event = await self._detours.move_on(draft, case)
        return draft.case or case, event

    def _shown_again(self, draft: Draft, case: Case, gathered: Sequence[Gathered]) -> Case:
        """The incident with another card if maybe nobody sees the last, and somebody joins, or has
        words that wait for one. If the last failed a moment ago, that is done a little later.
        """
        waits = bool(_stirred(draft)) or any(not one.card_id for one in gathered)
        if not waits or not which_card.is_missing(case):
            return case
        names = [one.card_id for one in case.copies]
        failed = (
            entry.at
            for entry in draft.claim.history
            if entry.kind == Line.FAILED and (not names or entry.data.get("message") in names)
        )
        due = max(failed, default=0.0) + TRY_AGAIN
        if due > draft.now:
            news = joining.stirring(case, draft.claim.turn_id)
            draft.timers.append(Arrival(news, not_before=due))
            return case
        here = self._place.channel or ConversationId.parse(case.channel)
        return cards.show(draft, case, here)[0]

    def _show_where_it_is(self, draft: Draft, before: Case | None) -> None:
        """If another card counts now, those who joined must know: their words go under it."""
        now = draft.case
        if before is not None and now is not None and now.card_id != before.card_id:
            _show(draft, now, draft.claim.joined)


def _gathered(draft: Draft) -> list[Gathered]:
    """What the cases of this turn tell of themselves, each the last."""
    rows = (row.message for row in draft.claim.rows if row.message.kind is Kind.GATHER)
    told = {one.case_id: one for one in map(joining.gathered, rows) if one is not None}
    return [*told.values()]


def _stirred(draft: Draft) -> list[Stirred]:
    """What cases tell that are known: they have left, or have words that wait for a card."""
    rows = (row.message for row in draft.claim.rows if row.message.kind is Kind.GATHER)
    return [one for one in map(joining.stirred, rows) if one is not None]


def _knows(one: Gathered, case: Case, known: Collection[str]) -> bool:
    """Whether a case knows that it is shown on the incident's card; while that is unconfirmed there
    is no card to be known by.
    """
    return one.card_id == case.card_id and (one.card_id != "" or one.case_id in known)


def _new_incident(draft: Draft, channel: ConversationId, newly: Sequence[Gathered]) -> Case:
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
        card=_counted(card, newly),
        channel=str(channel),
    )


def _recounted(draft: Draft, card: CaseCard, newly: Sequence[Gathered]) -> CaseCard:
    """The card with those that wait. Those that were told by which card they are shown, and have
    not read it yet, are counted though they are not known; not while somebody leaves.
    """
    known = len(draft.claim.joined)
    leaves = _stirred(draft) and known < MOST_JOINED
    return _counted(replace(card, joined=known if leaves else max(known, card.joined)), newly)


def _counted(card: CaseCard, newly: Sequence[Gathered]) -> CaseCard:
    """The card with so many more cases; it names the first of their employees."""
    asked = (one.asked for one in newly if one.asked)
    lines = (*card.transcript, *asked)[:NAMED]
    return replace(card, joined=card.joined + len(newly), transcript=lines)


def _show(draft: Draft, incident: Case, joined: Sequence[tuple[str, str]]) -> None:
    """Tell cases (lane, case id) on which card they are, and where."""
    for lane, case_id in joined:
        draft.timers.append(joining.showing(incident, lane, case_id, draft.claim.turn_id))


def _let_owner(
    draft: Draft, case: Case, kind: Kind, name: str, joined: Sequence[tuple[str, str]]
) -> None:
    """Let whoever has an incident do to cases (lane, case id) what they missed, or cannot do any
    more.
    """
    owner = Author(case.owner.partition(":")[2], case.owner_name)
    press = IncomingMessage(ConversationId.parse(case.channel), name, kind, owner, about=case.id)
    draft.timers += [Arrival(press, lane=lane, case_id=case_id) for lane, case_id in joined]


def _share(draft: Draft) -> None:
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
