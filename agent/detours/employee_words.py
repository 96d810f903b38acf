"""The employee's words: what an employee said to the people who have the case, and was not
delivered, goes to where the card is now; then the employee is told, with their words.

The card of an incident is not theirs to move: the incident hears of it, and the words wait for
where it goes, once. What Frontdesk itself said under a card is let go.
"""

from __future__ import annotations

from dataclasses import replace

from agent import texts
from agent.cases import Case
from agent.desk import cards, which_card
from agent.desk.joining import arrival, is_joined, stirring
from agent.desk.place import DeskPlace
from agent.desk.relay import keep
from agent.detours.case_cards import CaseCards
from agent.detours.sending import QUOTED, is_elsewhere, is_shut, now_in, send
from agent.draft import Draft
from agent.journal import Line
from agent.messages import OutgoingMessage, Tone
from agent.state import Event
from agent.text import one_line


class EmployeeWords:
    """The ways of words that were to stand under a card; holds no state between turns."""

    def __init__(self, place: DeskPlace, case_cards: CaseCards) -> None:
        """`case_cards` moves the card first, if words cannot be put under it."""
        self._place = place
        self._case_cards = case_cards

    async def find_way(self, draft: Draft, message: OutgoingMessage) -> Event | None:
        """Put words under the card that counts now, or is posted for that. Of what nobody wrote
        nothing is missed.
        """
        if message.tone is not Tone.PERSON:
            return None
        event = await self._put_card_for(draft, message)
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is not None and channel is not None and case.card_id not in ("", message.under):
            again = replace(message, conversation=channel, under=case.card_id)
            now_in(draft, message, send(draft, again))
        elif not _waits(draft, message):
            quoted = one_line(message.text, QUOTED)
            draft.notice(texts.NOT_RELAYED.format(text=quoted, contact=self._place.contact))
        return event

    async def _put_card_for(self, draft: Draft, word: OutgoingMessage) -> Event | None:
        """If the card that a word was to be under is unconfirmed, show another, but not again for
        the same word; if its channel takes nothing any more, let the case move on.
        """
        case, channel = draft.case, self._place.channel_of(draft.case)
        if case is None or channel is None:
            return None
        if which_card.is_missing(case) and case.copies and word.detours == 0:
            cards.show(draft, case, self._place.channel or channel)
        elif word.under == case.card_id and is_shut(draft):
            if not case.incident:
                return await self._case_cards.move_on(draft, case, word.detours)
            news = stirring(case, draft.claim.turn_id, word.under)
            draft.timers.append(arrival(news, draft.now))
        return None


def _waits(draft: Draft, word: OutgoingMessage) -> bool:
    """Let a word wait for the card that an incident is shown by next, but each only once: the
    channel of that may take none either.
    """
    case, name = draft.case, word.replaces or word.id
    said = draft.history.relay_of(name)
    if case is None or said is None or not _gets_another_card(draft, case, word):
        return False
    if said.messages != (name,) or _has_waited(draft, said.post):
        return False
    keep(draft, replace(said, messages=(), text=word.text))
    is_elsewhere(draft)
    return True


def _gets_another_card(draft: Draft, case: Case, word: OutgoingMessage) -> bool:
    """Whether a case is, or will be, shown on the card of an incident, and that on which a word was
    to be is not it: it was never posted, or its channel takes none any more.
    """
    if is_joined(case) and not case.incident:
        return True
    return case.incident != "" and word.under == case.card_id and is_shut(draft)


def _has_waited(draft: Draft, post: str) -> bool:
    """Whether the words of a post have waited for a card before."""
    told = (one.data for one in draft.claim.history if one.kind == Line.RELAYED)
    return any(data.get("post") == post and data.get("text") for data in told)
