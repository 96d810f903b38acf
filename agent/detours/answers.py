"""Answers: what Frontdesk said to an employee and could not deliver goes there in pieces if it was
too long; to their direct conversation; then, if it is an answer, to the desk.
"""

from __future__ import annotations

from dataclasses import replace

from agent import texts
from agent.admins import Admins
from agent.cases import Cause
from agent.desk.place import DeskPlace
from agent.detours.sending import is_too_long, send, send_in_pieces, whom
from agent.draft import Draft
from agent.messages import Button, ConversationId, OutgoingMessage, Tone
from agent.state import WITH_PEOPLE, Event


class Answers:
    """The ways of what Frontdesk said; holds no state between turns."""

    def __init__(self, place: DeskPlace, admins: Admins) -> None:
        """`place` says where people are; `admins` also finds anybody's direct conversation."""
        self._place = place
        self._admins = admins

    async def find_way(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        """Try the next way; the event if only people are left."""
        # A press on an approval only counts where, and on what, it was asked for.
        question = Button.APPROVE in message.buttons
        if is_too_long(draft, message) and not question:
            send_in_pieces(draft, message)
            return None
        if message.detours == 0 and not question:
            place = await self._direct(message.conversation, draft.employee.id)
            if place is not None:
                _move(draft, message, place)
                return None
        if message.tone is Tone.NOTICE and not question:
            return None
        draft.unsaid = message.text
        draft.cause = Cause.UNDELIVERABLE
        if draft.state not in WITH_PEOPLE:
            draft.elsewhere.append(message.id)
            return Event.GAVE_UP
        self._tell_people(draft, message)
        return None

    def _tell_people(self, draft: Draft, message: OutgoingMessage) -> None:
        channel = self._place.channel_of(draft.case)
        if draft.case is not None and draft.case.card_id and channel is not None:
            told = texts.NOT_DELIVERED.format(whom=whom(draft))
            draft.post(channel, f"{told}\n{message.text}", under=draft.case.card_id)
            draft.elsewhere.append(draft.first.about)

    async def _direct(self, failed: ConversationId, user_id: str) -> ConversationId | None:
        """The direct conversation with an employee; None if that is where it failed."""
        place = await self._admins.direct_with(failed.platform, user_id)
        return place if place is not None and place.channel != failed.channel else None


def _move(draft: Draft, message: OutgoingMessage, place: ConversationId) -> None:
    text = f"_{texts.ELSEWHERE}_\n\n{message.text}"
    # What a case is waited for in is another conversation.
    buttons = tuple(one for one in message.buttons if one is Button.ASK_PERSON)
    send(draft, replace(message, conversation=place, text=text, buttons=buttons))
