"""Which way what was not delivered goes on, by what it was."""

from __future__ import annotations

from collections.abc import Mapping

from agent.admins import Admins
from agent.cases import Case
from agent.desk.place import DeskPlace
from agent.detours import staff_words, unconfirmed, unreadable
from agent.detours.answers import Answers
from agent.detours.case_cards import CaseCards
from agent.detours.employee_words import EmployeeWords
from agent.detours.sending import is_unconfirmed, was_unconfirmed
from agent.draft import Draft
from agent.journal import Line
from agent.messages import OutgoingMessage, Tone
from agent.ports import Adapter, Clock
from agent.state import Event


class Detours:
    """The performer for what was not delivered; holds no state between turns."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Clock, place: DeskPlace) -> None:
        """`place` says where else people are."""
        admins = Admins(adapters, clock, place)
        self._place = place
        self._case_cards = CaseCards(place, admins)
        self._answers = Answers(place, admins)
        self._employee_words = EmployeeWords(place, self._case_cards)

    async def find_another_way(self, draft: Draft) -> Event | None:
        """Try the next way for the message that the turn is about."""
        message = draft.claim.undelivered
        draft.write(Line.FAILED, code=draft.first.detail, message=draft.first.about)
        if message is None:
            unreadable.find_way(draft, self._place)
            return None
        if _is_missed_by_nobody(draft, message):
            return None
        if message.card is not None:
            return await self._case_cards.find_way(draft, message)
        if is_unconfirmed(draft):
            unconfirmed.tell(draft, message, self._place)
        elif message.under:
            return await self._employee_words.find_way(draft, message)
        elif message.for_desk:
            return await self._case_cards.after_word(draft, message)
        elif message.tone is Tone.PERSON:
            staff_words.find_way(draft, message, self._place)
        elif message.to:
            return await self._answers.find_way(draft, message)
        return None

    async def move_on(self, draft: Draft, case: Case) -> Event | None:
        """Show a case elsewhere whose card people may not see where it is; what becomes of the case
        by that.
        """
        return await self._case_cards.move_on(draft, case)


def _is_missed_by_nobody(draft: Draft, message: OutgoingMessage) -> bool:
    """An edit that cannot be made changes nothing that somebody waits for, unless people see by it
    what somebody says; and what may not have arrived is unconfirmed already. Words that were taken
    back are not to be read.
    """
    taken_back = _is_taken_back(draft, message)
    is_edit = message.replaces != "" and message.tone is not Tone.PERSON
    if taken_back or (is_edit and was_unconfirmed(draft, message.replaces)):
        draft.elsewhere.append(message.id)
    return taken_back or is_edit


def _is_taken_back(draft: Draft, message: OutgoingMessage) -> bool:
    """Whether whoever wrote the words of a message has deleted them, and nobody reads them: not if
    the employee does, and it is the deletion that was lost.
    """
    said = draft.history.relay_of(message.replaces or message.id)
    if said is None or message.tone is not Tone.PERSON:
        return False
    if message.replaces and not message.for_desk and not was_unconfirmed(draft, message.replaces):
        return False
    deleted = (Line.DELETED, Line.STAFF_DELETED)
    gone = (one.data for one in draft.claim.history if one.kind in deleted)
    return any(data.get("id") == said.post and not data.get("refused") for data in gone)
