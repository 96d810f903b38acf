"""The desk: cases are opened, taken, given back and closed, and everybody is told."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from agent import output, texts
from agent.admins import Admins
from agent.cases import NOTE_CHARACTERS, OUTCOMES, Case, CaseState, Cause, Outcome
from agent.desk import cards, which_card
from agent.desk.joining import arrival, comes_from_incident, joining_of, stirring
from agent.desk.place import DeskPlace, person_of
from agent.desk.relay import pass_files
from agent.desk.times import expectation
from agent.desk.waiting import pending
from agent.draft import Draft
from agent.journal import Line
from agent.messages import Button, IncomingMessage, Kind
from agent.ports import Adapter, Clock
from agent.state import Event
from agent.text import plain_name, without_notes

PERMALINK_SECONDS = 2.0
CLOSED_BY: Mapping[Event, CaseState] = {
    Event.RESOLVED: CaseState.RESOLVED,
    Event.HANDED_BACK: CaseState.HANDED_BACK,
    Event.LEFT_QUEUE: CaseState.WITHDRAWN,
    Event.WENT_STALE: CaseState.STALE,
}


class Desk:
    """The performers of everything about cases; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` may change while it is used."""
        self._adapters = adapters
        self._clock = clock
        self._place = place
        self._admins = Admins(adapters, clock, place)

    # A case begins

    async def open_case(self, draft: Draft) -> None:
        """Open a case and post its card; the commit does otherwise if it is one of very many."""
        channel = self._place.channel
        if channel is None:
            return
        case = cards.new_case(draft, channel, await self.link_to(draft.first))
        draft.joining = joining_of(draft, case)
        draft.outbox.append(cards.card_message(case, channel, draft.next_id()))
        case = replace(case, card_id=draft.outbox[-1].id)
        draft.keep(case)
        pass_files(draft, case, channel)

    async def link_to(self, message: IncomingMessage) -> str:
        """An address that leads to a message, '' if there is none that can be had in time: people
        wait to be told, and find it without a link too.
        """
        adapter = self._adapters.get(message.conversation.platform)
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(PERMALINK_SECONDS):
                return await adapter.permalink(message) if adapter else ""
        return ""

    async def say_escalated(self, draft: Draft) -> None:
        """Tell the employee that people have it now, and what to expect."""
        case = draft.case
        if case is None:
            return
        words = {Cause.DEAD_LETTER: texts.DEAD_LETTER, Cause.HALF_DONE: texts.HALF_DONE}
        text = texts.ESCALATED if draft.cause is None else words.get(draft.cause, texts.ESCALATED)
        told = text.format(case=case.id, expectation=self._expectation(draft, case))
        draft.notice(texts.done(draft.written()) + told, buttons=(Button.LEAVE_QUEUE,))

    async def say_waiting(self, draft: Draft) -> None:
        """Tell the employee that people have it already, or whoever else spoke in that case's
        conversation that it is taken.
        """
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is None:
            return
        if case.owner:
            name = self._place.signed(case.owner_name, case)
            text = texts.WITH_OWNER if draft.is_theirs else texts.WITH_OWNER_BESIDE
            draft.notice(text.format(case=case.id, name=name), invites=True)
            return
        if channel is not None and which_card.is_nowhere(case):
            cards.show(draft, case, self._place.channel or channel)
        if draft.is_theirs:
            text = texts.WAITING.format(case=case.id)
            draft.notice(text, buttons=(Button.LEAVE_QUEUE,))
        else:
            draft.notice(texts.WAITING_BESIDE.format(case=case.id))

    async def say_nobody(self, draft: Draft) -> None:
        """Tell the employee whom to turn to, because nobody can be called from here; and admins."""
        half_done = draft.cause is Cause.HALF_DONE
        text = texts.HALF_DONE_NOBODY if half_done else texts.NOBODY
        draft.notice(texts.done(draft.written()) + text.format(contact=self._place.contact))
        await self._admins.miss_desk(draft)

    # Somebody has it

    async def take_case(self, draft: Draft) -> None:
        """Give the case to whoever takes it. The card they take it from becomes the main one."""
        case, taker = draft.case, draft.taker
        if case is None or taker is None:
            return
        taken = replace(
            cards.taken_from(draft, case),
            state=CaseState.CLAIMED,
            owner=f"{draft.first.conversation.platform}:{taker.id}",
            owner_name=taker.name,
            claimed_at=case.claimed_at or draft.now,
        )
        self._move(draft, taken)

    async def say_claimed(self, draft: Draft) -> None:
        """Tell the employee who has their case, and its people if it was given to somebody."""
        case = draft.case
        if case is None:
            return
        again = draft.events[-1] is Event.TRANSFERRED
        text = texts.TRANSFERRED if again else texts.CLAIMED
        name = self._place.signed(case.owner_name, case)
        draft.notice(text.format(case=case.id, name=name), invites=True)
        self._tell_former_thread(draft, case)
        if draft.staff is None or draft.taker is None or draft.claim.case is None:
            return
        if draft.taker.id != draft.staff.id:
            words = texts.GIVEN_TO.format(name=case.owner_name, by=draft.staff.name)
            self._tell_thread(draft, case, words)
        elif again:
            before = draft.claim.case.owner_name
            words = texts.TAKEN_OVER.format(name=case.owner_name, before=before)
            self._tell_thread(draft, case, words)

    async def release_case(self, draft: Draft) -> None:
        """Nobody has the case any more; it waits again, and people are reminded of it again."""
        if draft.case is not None:
            waiting = replace(draft.case, state=CaseState.WAITING, released_at=draft.now)
            self._move(draft, replace(waiting, owner="", owner_name="", reminders=0))

    async def say_released(self, draft: Draft) -> None:
        """Tell the employee that somebody else will take their case, and people if its owner cannot
        act any more.
        """
        case, before = draft.case, draft.claim.case
        if case is None or before is None:
            return
        if draft.claim.undelivered is not None and which_card.is_nowhere(case):
            return  # they were told that nobody can be reached
        name = before.owner_name
        text = texts.RELEASED.format(
            case=case.id,
            name=self._place.signed(name, case),
            expectation=self._expectation(draft, case),
        )
        draft.notice(text, buttons=(Button.LEAVE_QUEUE,))
        if draft.events[-1] is Event.OWNER_GONE:
            is_moved = case.card_id != before.card_id
            words = texts.OWNER_CUT_OFF if is_moved else texts.OWNER_GONE
            self._tell_thread(draft, case, words.format(name=name))

    # It is over

    async def close_case(self, draft: Draft) -> None:
        """Close the case, on its cards too, in the way that the event says."""
        case, event = draft.case, draft.events[-1]
        if case is None:
            return
        draft.timers_over += pending(case)
        if case.incident and not comes_from_incident(draft):
            draft.timers.append(arrival(stirring(case, draft.claim.turn_id), draft.now))
        case = replace(case, state=CLOSED_BY[event], closed_at=draft.now)
        if draft.staff is not None:  # whoever closes it has it in the end
            owner = person_of(draft.first)
            case = replace(case, owner=owner, owner_name=draft.staff.name)
        if event is Event.RESOLVED:
            note = output.harmless(draft.first.text)[:NOTE_CHARACTERS]
            case = replace(case, outcome=draft.first.detail, note=note)
        self._move(draft, case)

    async def say_left(self, draft: Draft) -> None:
        """Tell the employee that nobody waits for them any more, and who has worked on it."""
        case, channel = draft.case, self._place.channel_of(draft.case)
        draft.notice(texts.LEFT)
        if case is None or case.incident:
            return  # on the card of many their number tells it
        if channel is not None and case.owner and case.card_id:
            name = plain_name(case.card.employee_name if case.card else "") or texts.SOMEBODY
            draft.post(channel, texts.LEFT_OWNER.format(name=name), under=case.card_id)

    async def say_resolved(self, draft: Draft) -> None:
        """Tell the employee how their case was resolved, and ask whether it helped."""
        case = draft.case
        if case is None:
            return
        text = texts.RESOLVED.format(
            case=case.id,
            name=self._place.signed(case.owner_name, case),
            outcome=OUTCOMES[Outcome(case.outcome)],
        )
        quoted = without_notes(case.note).splitlines()
        note = "".join(f"\n> {line}" for line in quoted)
        draft.notice(f"{text}{note}", feedback=True)

    async def mark_hand_back(self, draft: Draft) -> None:
        """Mark in the conversation that the bot goes on from here."""
        if draft.case is not None:
            name = draft.staff.name if draft.staff else ""
            draft.write(Line.HANDED_BACK, case=draft.case.id, name=name)

    async def say_handed_back(self, draft: Draft) -> None:
        """Tell the employee that the bot answers again."""
        case = draft.case
        if case is not None:
            name = self._place.signed(case.owner_name, case)
            draft.notice(texts.HANDED_BACK.format(case=case.id, name=name))

    # People are told

    async def tell_staff(self, draft: Draft) -> None:
        """Tell a person of the desk why what they want is not possible. Whoever pressed a button
        reads it at once; words are answered in their thread, once for each case, person and reason.
        """
        first, case = draft.first, draft.case
        if first.kind is Kind.NO_CASE:
            message = draft.post(first.conversation, draft.told)
            draft.write(Line.ASIDE, message=message, text=draft.told)
        if first.kind.is_control or (case is not None and case.incident):
            return
        asked_about, person = draft.claim.rows[0].case_id, person_of(first)
        text = f"{draft.told} {texts.NOT_PASSED_ON}"
        if (asked_about, person, text) in draft.history.told:
            return
        message = draft.post(first.conversation, text)
        draft.write(Line.ASIDE, message=message, text=text, case=asked_about, staff=person)

    def _tell_thread(self, draft: Draft, case: Case, text: str) -> None:
        """A word in the thread of the case's own card."""
        channel = self._place.channel_of(case)
        if channel is not None and case.card_id and not case.incident:
            draft.post(channel, text, under=case.card_id)

    def _tell_former_thread(self, draft: Draft, case: Case) -> None:
        """A word in the thread of the card under which somebody has talked with the employee, if
        the talk goes on under another: an edited card tells nobody.
        """
        before = draft.claim.case
        if before is None or not before.claimed_at or before.card_id in ("", case.card_id):
            return
        former, here = self._place.channel_of(before), self._place.channel_of(case)
        if former is not None and case.card_id and not case.incident:
            where = which_card.seen_from(here, former)
            words = texts.TALK_MOVED.format(name=case.owner_name, where=where)
            draft.post(former, words, under=before.card_id)

    def _move(self, draft: Draft, case: Case) -> None:
        """Keep the case as it is now, and show it so."""
        case = cards.shown(case)
        draft.keep(case)
        cards.edit_cards(draft, case, self._place.channel_of(case))

    def _expectation(self, draft: Draft, case: Case) -> str:
        return expectation(self._place.times_of(case), draft.now)
