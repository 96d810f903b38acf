"""Intake: what the claimed rows of a turn mean, as the one event that the turn begins with.

Utterances are folded, their author is looked up, what a thread held before the bot came in is read
once, and everything that was said is journalled, whatever becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent import screening
from agent.addressing import as_control, wants_to_leave
from agent.cases import Cause
from agent.draft import Draft
from agent.errors import InputRejected, NothingToRead, OnlyFiles
from agent.journal import Line
from agent.messages import IncomingMessage, Kind
from agent.policy import Policy
from agent.ports import Adapter, Profile
from agent.state import Event
from agent.text import plain_name

CONTROL_EVENTS: Mapping[Kind, Event] = {
    Kind.STOP: Event.STOPPED,
    Kind.ASK_PERSON: Event.PERSON_ASKED,
    Kind.LEAVE_QUEUE: Event.LEFT_QUEUE,
    Kind.FEEDBACK: Event.RATED,
    Kind.UNDELIVERABLE: Event.NOT_DELIVERED,
}


class Intake:
    """Reads claimed rows; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], policy: Policy) -> None:
        """The platforms tell who wrote; the policy who may."""
        self._adapters = adapters
        self._policy = policy

    async def first_event(self, draft: Draft) -> Event:
        """Which event the claimed rows are; what they say is in the draft afterwards."""
        message = draft.first
        if message.kind.is_control:
            return await self._control_event(draft, message)
        folded = screening.fold(draft.claim.rows, draft.history)
        await self._get_to_know(draft, folded)
        self.keep_said(draft, folded)
        if not draft.asked:
            return Event.VANISHED
        if self._wishes_person(draft):
            return self._person_asked(draft)
        try:
            screening.check(draft.asked, draft.profile, self._policy)
        except InputRejected as error:
            # People who have the case can read what a model cannot: a picture, a thumb.
            if draft.case is None or not isinstance(error, (OnlyFiles, NothingToRead)):
                draft.rejected = error
                return Event.REJECTED
        last = draft.asked[-1]
        if wants_to_leave(last.text) and draft.case is not None and self._is_theirs(draft, last):
            return Event.LEFT_QUEUE
        return Event.WROTE

    async def _control_event(self, draft: Draft, message: IncomingMessage) -> Event:
        draft.asked = (message,)
        if message.kind is Kind.ASK_PERSON or message.text:
            draft.profile = await self.who(message)
        if message.text:
            self.keep_said(draft, screening.Folded((message,)))
        if message.kind is Kind.STOP and message.text and draft.case is not None:
            return Event.WROTE  # spoken to the people who have the case, not to the bot
        if message.kind is Kind.ASK_PERSON:
            return self._person_asked(draft)
        if message.kind is Kind.LEAVE_QUEUE and not self._is_theirs(draft, message):
            return Event.VANISHED  # somebody else in the thread pressed it
        return CONTROL_EVENTS[message.kind]

    def _person_asked(self, draft: Draft) -> Event:
        try:
            screening.check_person(draft.asked, draft.profile, self._policy)
        except InputRejected as error:
            draft.rejected = error
            return Event.REJECTED
        draft.cause = Cause.PERSON_ASKED
        return Event.PERSON_ASKED

    def _wishes_person(self, draft: Draft) -> bool:
        """Whether one who takes part says nothing but that; for the door it was not clear that
        the words were for the bot.
        """
        last = draft.asked[-1]
        takes_part = any(one.author == last.author.id for one in draft.history.said)
        return takes_part and as_control(last).kind is Kind.ASK_PERSON

    def _is_theirs(self, draft: Draft, message: IncomingMessage) -> bool:
        return draft.case is None or draft.case.employee_id == message.author.id

    async def who(self, message: IncomingMessage) -> Profile:
        """The author's profile, the name in it fit to be shown anywhere."""
        adapter = self._adapters[message.conversation.platform]
        profile = await adapter.profile(message.author, message.conversation.tenant)
        return replace(profile, name=plain_name(profile.name))

    async def _get_to_know(self, draft: Draft, folded: screening.Folded) -> None:
        draft.asked = folded.asked
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

    def keep_said(self, draft: Draft, folded: screening.Folded) -> None:
        """Journal what the employee said, changed and took back."""
        for message in folded.asked:
            name = draft.profile.name or message.author.name
            text = message.text[: self._policy.max_input]
            draft.write(Line.SAID, id=message.id, author=message.author.id, name=name, text=text)
        for message in folded.edited:
            draft.write(Line.EDITED, id=message.id, text=message.text[: self._policy.max_input])
        for message in folded.deleted:
            draft.write(Line.DELETED, id=message.id)
