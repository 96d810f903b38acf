"""Unreadable: what was to be sent, and cannot be read any more, is said again as far as it is known
otherwise: a card as its case has it, an answer as the journal has it; of words that were relayed
their author is told.
"""

from __future__ import annotations

from agent import texts
from agent.desk import cards
from agent.desk.place import DeskPlace
from agent.detours.sending import QUOTED, whom
from agent.draft import Draft
from agent.journal import TO_DESK, TO_EMPLOYEE, Relayed
from agent.messages import ConversationId
from agent.settling import UNREADABLE
from agent.text import one_line


def find_way(draft: Draft, place: DeskPlace) -> None:
    """Say it again, or tell its author. Of an edit, or what was said beside, nothing is missed."""
    name, case, channel = draft.first.about, draft.case, place.channel_of(draft.case)
    if draft.first.detail != UNREADABLE.reason:
        return  # it was erased: nobody is to read it
    said, relayed = draft.history.find(name), draft.history.relay_of(name)
    if case is not None and case.card_id == name and not case.incident and channel is not None:
        cards.show(draft, case, channel)
    elif relayed is not None:
        _tell_author(draft, relayed, place)
    elif said is not None:
        draft.say(said.text)


def _tell_author(draft: Draft, relayed: Relayed, place: DeskPlace) -> None:
    """Tell whoever wrote words, which the journal has as they were written."""
    words = draft.history.find(relayed.post)
    quoted = one_line(words.text, QUOTED) if words is not None else "…"
    if relayed.to == TO_DESK:
        draft.notice(texts.NOT_RELAYED.format(text=quoted, contact=place.contact))
    elif relayed.to == TO_EMPLOYEE:
        told = texts.NOT_DELIVERED.format(whom=whom(draft))
        draft.post(ConversationId.parse(relayed.place), f"{told}\n{quoted}", under=relayed.under)
