"""Waiting: what happens to a case when time passes and nobody does anything.

An open case has one timer at a time, a row LOOK in its own lane. When its time has come the case is
looked at as it is then, and one of four things is the matter: it waits for too long, nobody says
anything about it any more, whoever has it is gone, or nothing. Whatever moves the case sets the
next timer in place of the last.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

from agent import output, texts
from agent.cases import Case, CaseState
from agent.desk import cards, joining, which_card
from agent.desk.members import Members
from agent.desk.place import DeskPlace
from agent.desk.times import DAY, DeskTimes, age, expectation, length
from agent.draft import Draft
from agent.errors import DeliveryError
from agent.journal import Line
from agent.messages import Author, Button, ConversationId, IncomingMessage, Kind
from agent.ports import Adapter, Clock
from agent.records import Arrival
from agent.state import Event

REMINDERS = 2
"""Of a case that nobody claims: one where its card is, one in the second channel."""
ACTIVITY = frozenset(
    {
        *(Event.WROTE, Event.CORRECTED, Event.PERSON_ASKED, Event.GAVE_UP, Event.GATHERED),
        *(Event.CLAIMED, Event.TRANSFERRED, Event.RELEASED, Event.NOTED),
        *(Event.STAFF_WROTE, Event.STAFF_CORRECTED),
    }
)
"""Somebody says or does something about a case; what only time brings is none."""


class Waiting:
    """The performers of everything that time brings about; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` says how long things take, and where else people are."""
        self._members = Members(adapters, clock)
        self._place = place

    async def look(self, draft: Draft) -> Event:
        """What is the matter with the case of the turn, whose timer has run out."""
        case = draft.case
        if case is None or not case.state.is_open or draft.first.id != timer(case).id:
            return Event.VANISHED
        times = self._place.times_of(case)
        if self._is_overdue(case, times, draft.now):
            return Event.OVERDUE
        if draft.now - last_activity(draft, case) >= times.stale and not draft.claim.joined:
            return Event.WENT_STALE  # an incident lasts as long as one of its cases
        return Event.OWNER_GONE if await self.owner_is_gone(case) else Event.LOOKED

    async def owner_is_gone(self, case: Case) -> bool:
        """Whether the platform says that whoever has the case is not in its channel any more, or
        has no account. Nobody is taken to be gone because a platform cannot be asked.
        """
        platform, _, user = case.owner.partition(":")
        channel = self._place.channel_of(case)
        if channel is None or channel.platform != platform:
            return False
        try:
            return not await self._members.has(channel, user)
        except DeliveryError:
            return False

    async def watch_case(self, draft: Draft) -> None:
        """Set the case's next timer in place of the last. Whenever a case without a card of its own
        was looked at, it joins its incident once more: that may be over, or never have heard of it.
        """
        case = draft.case
        if case is None or not case.state.is_open:
            return
        due = next_look(
            case,
            self._place.times_of(case),
            draft.now,
            active_at=last_activity(draft, case),
            reminders=self._reminders(case),
        )
        case = _look_at(draft, case, due)
        looked = draft.first.kind is Kind.LOOK or Event.OWNER_GONE in draft.events
        if looked and joining.is_joined(case):
            draft.timers.append(joining.arrival(joining.gathering(case), draft.now))

    def look_later(self, draft: Draft) -> None:
        """Set the next timer of a case that could not be looked at."""
        case = draft.case
        if case is not None and case.state.is_open and draft.first.id == timer(case).id:
            _look_at(draft, case, draft.now + DAY)

    async def remind_desk(self, draft: Draft) -> None:
        """Tell people that the case still waits: where its card is, then in the second channel."""
        case = draft.case
        channel, second = self._place.channel_of(case), self._place.second
        if case is None:
            return
        first = case.reminders == 0
        case = replace(case, reminders=case.reminders + 1)
        draft.put(case)
        if case.card is None or channel is None:
            return  # the card of its incident has a timer of its own
        name = f"{case.card.employee_name}: " if case.card.employee_name else ""
        about = name + output.harmless(case.card.summary)
        facts = {"case": case.id, "time": age(draft.now - case.waiting_since), "about": about}
        if which_card.is_missing(case):
            cards.show(draft, case, self._place.channel or channel)
        elif first:
            draft.post(channel, texts.REMINDER.format(**facts))
        elif second is not None and any(one.channel == str(second) for one in case.copies):
            draft.post(second, texts.REMINDER.format(**facts))  # its card is there already
        elif second is not None:
            copy = cards.show_too(draft, case, second)
            draft.post(second, texts.REMINDER_ELSEWHERE.format(**facts), under=copy)

    async def say_overdue(self, draft: Draft) -> None:
        """Tell the employee honestly that it takes longer, and what was done about it."""
        case = draft.case
        if case is None:
            return
        again = case.reminders > 1
        text = texts.OVERDUE_AGAIN if again else texts.OVERDUE
        if joining.is_joined(case):
            text = texts.OVERDUE_TOGETHER  # people are reminded of its incident, in its own time
        other = texts.OTHER if case.released_at else ""
        expected = expectation(self._place.times_of(case), draft.now)
        facts = {"case": case.id, "expectation": expected, "contact": self._place.contact}
        words = text.format(other=other, **facts)
        draft.notice(words, buttons=(Button.LEAVE_QUEUE,))

    async def say_stale(self, draft: Draft) -> None:
        """Tell the employee that their case is closed because nobody said anything for long."""
        case = draft.case
        if case is not None:
            time = length(self._place.times_of(case).stale)
            text = texts.STALE.format(case=case.id, time=time)
            draft.notice(text, buttons=(Button.ASK_PERSON,))

    def _is_overdue(self, case: Case, times: DeskTimes, now: float) -> bool:
        due = reminder_due(case, times) if case.reminders < self._reminders(case) else math.inf
        return case.state is CaseState.WAITING and due <= now

    def _reminders(self, case: Case) -> int:
        """How many people can be given of a case, as long as nobody claims it."""
        second = self._place.second
        return REMINDERS if second is not None and str(second) != case.channel else 1


def next_look(
    case: Case, times: DeskTimes, now: float, *, active_at: float, reminders: int
) -> float:
    """When to look at an open case again.

    Args:
        case: as it is now.
        times: of the desk.
        now: seconds since the epoch, as all moments.
        active_at: when somebody last said or did something about it.
        reminders: how many there may be, as far as can be told now.
    """
    stale = active_at + times.stale
    soon = now + times.owner_look
    if case.state is CaseState.CLAIMED:
        return min(stale, soon) if stale > now else soon
    # Of what nobody looked at for long, people were reminded only now: they have a day.
    look = min(stale, soon) if stale > now else now + min(DAY, times.stale)
    if case.reminders >= REMINDERS:
        return look
    due = reminder_due(case, times)
    if due <= now and case.reminders >= reminders:
        return look  # nobody can be reminded now; who is not there may be by then
    # Who gives a case back, or starts after a long pause, gets the time that others get.
    return min(look, due if due > now else times.hours.after(now, times.sla))


def reminder_due(case: Case, times: DeskTimes) -> float:
    """When people are to be reminded of a case that nobody has claimed until then: a promise, which
    `times.expectation` words for the employee, and of which `next_look` makes the timer.
    """
    return times.hours.after(case.waiting_since, times.sla * (case.reminders + 1))


def last_activity(draft: Draft, case: Case) -> float:
    """When somebody last said or did something about the case of a turn."""
    if _is_activity(draft.events, spoken=bool(draft.asked or draft.edited)):
        return draft.now
    history = draft.claim.history
    spoken = {entry.turn_id for entry in history if entry.kind in (Line.SAID, Line.EDITED)}
    found = (
        entry.at
        for entry in reversed(history)
        if entry.kind == Line.TURN
        and _is_activity(entry.data.get("events", ()), spoken=entry.turn_id in spoken)
    )
    return max(next(found, 0.0), case.opened_at, case.claimed_at)


def _is_activity(events: Collection[str], *, spoken: bool) -> bool:
    """Whether a turn was somebody's doing. That an owner is gone is found by time alone, or by the
    words of an employee.
    """
    return bool(ACTIVITY.intersection(events)) or (spoken and Event.OWNER_GONE in events)


def timer(case: Case) -> IncomingMessage:
    """The row that lets the case be looked at; of its earlier timers each had a name of its own."""
    return IncomingMessage(
        ConversationId.parse(case.lane),
        f"look-{case.id}-{case.looks}",
        Kind.LOOK,
        Author(""),
        about=case.id,
    )


def pending(case: Case) -> list[str]:
    """The keys of what a case has set in motion and may not be over yet: its timer, and what it
    tells its incident of itself.
    """
    told = [joining.gathering(case).key] if joining.is_joined(case) else []
    return [timer(case).key, *told]


def _look_at(draft: Draft, case: Case, due: float) -> Case:
    """The case with its next timer set in place of the last."""
    if draft.claim.case is not None:
        draft.timers_over += pending(case)
    case = replace(case, looks=case.looks + 1)
    draft.put(case)
    draft.timers.append(Arrival(timer(case), not_before=due))
    return case
