"""Intake: what the claimed rows of a turn mean, as the one event that the turn begins with.

Utterances are folded, their author is looked up, what a thread held before the bot came in is read
once, and everything that was said is journalled, whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from agent import screening, texts
from agent.addressing import Verdict, verdict
from agent.asides import BESIDE, wants_again
from agent.cases import Case, Cause
from agent.draft import Draft
from agent.errors import InputRejected, NothingToRead, OnlyFiles, Paused
from agent.folding import Folded, fold
from agent.journal import Line
from agent.messages import Author, IncomingMessage, Kind
from agent.phrases import as_control, asks_for_person, wants_repeat, wants_to_leave
from agent.platforms import Profile
from agent.policy import Policy
from agent.ports import Adapter
from agent.state import WITH_PEOPLE, Event, State
from agent.text import plain_name

CONTROL_EVENTS: Mapping[Kind, Event] = {
    Kind.STOP: Event.STOPPED,
    Kind.LEAVE_QUEUE: Event.LEFT_QUEUE,
    Kind.FEEDBACK: Event.RATED,
    Kind.UNDELIVERABLE: Event.NOT_DELIVERED,
    Kind.NEWCOMER: Event.NEWCOMER,
    Kind.COMMAND: Event.COMMANDED,
    Kind.NO_DESK: Event.DESK_MISSING,
}
"""What the other controls mean depends on who sent them, and when."""

DECISIONS = frozenset({Kind.APPROVE, Kind.DENY, Kind.EXPIRE})


class Intake:
    """Reads claimed rows; holds no state between turns.

    `paused`: an admin has told the assistant not to answer for now.
    """

    paused = False

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        policy: Policy,
        owner_is_gone: Callable[[Case], Awaitable[bool]],
    ) -> None:
        """The platforms tell who wrote, the policy who may; `owner_is_gone` whether who has a case
        cannot act any more.
        """
        self._adapters = adapters
        self._policy = policy
        self._owner_is_gone = owner_is_gone

    async def first_event(self, draft: Draft) -> Event:
        """Which event the claimed rows are; what they say is in the draft afterwards."""
        event = await self._event(draft)
        held = event is Event.WROTE and draft.state is State.WITH_HUMAN
        if held and draft.case is not None and await self._owner_is_gone(draft.case):
            return Event.OWNER_GONE
        return event

    async def _event(self, draft: Draft) -> Event:
        message = draft.first
        if message.kind.is_control:
            taken_over = await self._take_in_control(draft, message)
            return self._control_event(draft, message, taken_over=taken_over)
        # While people have the case, what is changed is for them, also if it is not known any more.
        every_edit = draft.case is not None and message.direct
        folded = fold(draft.claim.rows, draft.history, every_edit=every_edit)
        folded = self._without_words_for_people(draft, folded)
        await self._get_to_know(draft, folded)
        self.keep_said(draft, folded)
        if not draft.asked:
            return self._changed(draft)
        if spoken := self._control_words(draft):
            return spoken
        if wants_again(draft) and all(wants_repeat(one.text) for one in draft.asked):
            return Event.REPEAT_ASKED
        try:
            self._check(draft)
        except InputRejected as error:
            draft.rejected = error
            return Event.REJECTED
        last = draft.asked[-1]
        if wants_to_leave(last.text) and draft.case is not None and self._is_theirs(draft, last):
            return Event.LEFT_QUEUE
        return Event.WROTE if self._may_decide(draft, last.author) else Event.INTERJECTED

    def _without_words_for_people(self, draft: Draft, folded: Folded) -> Folded:
        """If people have no case, what was accepted for them alone is no part of what the bot is
        asked, and not kept, unless the turn brings one.
        """
        if draft.case is not None:
            return folded
        rows = draft.claim.rows
        meant = {row.message.id for row in rows if self._is_for_bot(row.message)}
        draft.for_people = tuple(one for one in folded.asked if one.id not in meant)
        return replace(folded, asked=tuple(one for one in folded.asked if one.id in meant))

    def _is_for_bot(self, message: IncomingMessage) -> bool:
        """Whether it was accepted for the bot itself. That a post is changed does not tell whom the
        post is for, unless the change mentions the bot.
        """
        follow = self._policy.follow_threads
        decided = verdict(message, follow_threads=follow, human_channels=())
        elsewhere = Verdict.IF_WITH_PEOPLE if message.kind is Kind.MESSAGE else Verdict.IF_KNOWN
        return decided is not elsewhere

    def _may_decide(self, draft: Draft, author: Author) -> bool:
        """Whether nothing waits for the decision of somebody else."""
        approval = draft.claim.approval
        return approval is None or author.id in approval.approvers

    def _changed(self, draft: Draft) -> Event:
        """Nothing is asked any more: what was relayed may be changed, and what the open approval
        is about may be gone.
        """
        if draft.case is not None and draft.state in WITH_PEOPLE:
            return Event.CORRECTED if _is_relayed(draft) else Event.VANISHED
        approval = draft.claim.approval
        if approval is None:
            return Event.VANISHED
        gone = {message.id for message in draft.deleted}
        asked = (
            entry.data.get("id")
            for entry in draft.claim.history
            if entry.kind == Line.SAID and entry.turn_id == approval.turn_id
        )
        return Event.RETRACTED if gone.intersection(asked) else Event.VANISHED

    def _check(self, draft: Draft) -> None:
        try:
            screening.check(draft.asked, draft.profile, self._policy)
        except (OnlyFiles, NothingToRead):
            # People who have the case can read what a model cannot: a picture, a thumb.
            if draft.case is None:
                raise
        if self.paused and draft.case is None:
            raise Paused

    async def _take_in_control(self, draft: Draft, message: IncomingMessage) -> bool:
        """Journal what came with a control; whether it takes over something that was asked."""
        before = fold(draft.claim.rows[1:], draft.history)
        if message.kind is Kind.STOP:  # by a wish for a person they get a case
            before = self._without_words_for_people(draft, before)
        beside = message.kind in BESIDE or message.kind is Kind.FEEDBACK
        if message.author.id and not beside:
            draft.profile = await self.who(message)
        self.keep_said(draft, before)
        if before.asked:
            draft.write(Line.INTERRUPTED, messages=[one.id for one in before.asked])
        if message.text and not beside:
            self.keep_said(draft, Folded((message,)))
        draft.asked = (*before.asked, message)
        draft.edited, draft.deleted = before.edited, before.deleted
        return bool(before.asked) or (draft.case is not None and _is_relayed(draft))

    def _control_event(self, draft: Draft, message: IncomingMessage, *, taken_over: bool) -> Event:
        stops = message.kind is Kind.STOP
        if draft.case is not None and (taken_over or (stops and message.text)):
            return Event.WROTE  # to the people who have the case, not to the bot
        if message.kind is Kind.ASK_PERSON:
            return self._person_asked(draft)
        if message.kind is Kind.LEAVE_QUEUE and not self._is_theirs(draft, message):
            draft.told = texts.NOT_YOUR_CASE
            return Event.VANISHED  # somebody else in the thread pressed it
        if message.kind is Kind.LEAVE_QUEUE and draft.state not in WITH_PEOPLE:
            draft.told = texts.NO_CASE
        if message.kind is Kind.FEEDBACK and not message.about:
            return Event.VANISHED  # on something that is not known to be ours
        if stops and not self._may_decide(draft, message.author):
            return Event.INTERJECTED
        if message.kind in DECISIONS:
            return self._decided(draft, message)
        return CONTROL_EVENTS[message.kind]

    def _decided(self, draft: Draft, message: IncomingMessage) -> Event:
        """What a press on an approval means, or the end of its time; late or strange ones nothing.

        Only the button counts, and only from one who may press it: the platform says who it was.
        """
        approval = draft.claim.approval
        if message.kind is Kind.EXPIRE:
            due = approval is not None and message.about == approval.id
            return Event.EXPIRED if due else Event.VANISHED
        if approval is None or message.about != approval.message_id:
            draft.told = texts.DECIDED_ALREADY
            return Event.VANISHED
        if message.author.id not in approval.approvers:
            draft.told = texts.NOT_YOURS_TO_DECIDE
            return Event.VANISHED
        if self.paused:
            draft.rejected = Paused()
            return Event.REJECTED
        draft.go_on()
        if message.kind is Kind.DENY:
            draft.denied = approval.id
            return Event.DENIED
        draft.approved = approval.id
        return Event.APPROVED

    def _person_asked(self, draft: Draft) -> Event:
        try:
            screening.check_person(draft.asked, draft.profile, self._policy)
        except InputRejected as error:
            draft.rejected = error
            return Event.REJECTED
        words = draft.asked[-1].text
        has_case = draft.case is not None and self._is_theirs(draft, draft.asked[-1])
        if has_case and words and not asks_for_person(words):
            return Event.WROTE  # they have people already, who read what it is about
        draft.cause = Cause.PERSON_ASKED
        return Event.PERSON_ASKED

    def _control_words(self, draft: Draft) -> Event | None:
        """The event if one who takes part says nothing but a control word; for the door it was not
        clear that it was for the bot, or about something of their own.
        """
        last = draft.asked[-1]
        said = as_control(last).kind
        if said is Kind.MESSAGE:
            return None
        takes_part = any(one.author == last.author.id for one in draft.history.said)
        if said is Kind.ASK_PERSON and takes_part:
            return self._person_asked(draft)
        meant = last.mentions_bot or last.direct or takes_part
        if said is Kind.STOP and meant and draft.case is None:
            return Event.STOPPED if self._may_decide(draft, last.author) else Event.INTERJECTED
        return None

    def _is_theirs(self, draft: Draft, message: IncomingMessage) -> bool:
        return draft.case is None or draft.case.employee_id == message.author.id

    async def who(self, message: IncomingMessage) -> Profile:
        """The author's profile, the name in it fit to be shown anywhere."""
        adapter = self._adapters[message.conversation.platform]
        profile = await adapter.profile(message.author, message.conversation)
        name = plain_name(profile.name)
        return profile if name == profile.name else replace(profile, name=name)

    async def _get_to_know(self, draft: Draft, folded: Folded) -> None:
        draft.asked, draft.edited, draft.deleted = folded.asked, folded.edited, folded.deleted
        if not folded.asked:
            return
        message = folded.asked[0]
        adapter = self._adapters[message.conversation.platform]
        draft.profile = await self.who(message)
        new_here = not draft.claim.history and draft.claim.last_at == 0
        if new_here and message.in_thread:
            earlier = await adapter.earlier(message, self._policy.earlier_messages)
            if earlier:
                shown = screening.as_data(earlier)
                draft.write(Line.EARLIER, messages=shown)
                draft.history = replace(draft.history, earlier=tuple(shown))

    def keep_said(self, draft: Draft, folded: Folded) -> None:
        """Journal what the employee said, changed and took back."""
        unknown = [one for one in folded.edited if not draft.history.has(one.id)]
        for message in (*folded.asked, *unknown):
            name = draft.profile.name or message.author.name
            text = message.text[: self._policy.max_input]
            said = {"id": message.id, "author": message.author.id, "name": name, "text": text}
            if message.revision:
                said["revision"] = message.revision
            draft.write(Line.SAID, **said)
        for message in (one for one in folded.edited if one not in unknown):
            text = message.text[: self._policy.max_input]
            draft.write(Line.EDITED, id=message.id, text=text, revision=message.revision)
        for message in folded.deleted:
            draft.write(Line.DELETED, id=message.id)


def _is_relayed(draft: Draft) -> bool:
    """Whether people who have the case get to know what was changed."""
    relays = draft.history.relays
    return bool(draft.edited) or any(one.id in relays for one in draft.deleted)
