"""Burying: what whoever wrote a row is told if it can never be worked off, for it cannot be read.

The store asks this when it puts such a row aside: no turn can be made of it, so none can tell.
"""

from __future__ import annotations

from dataclasses import replace

from agent import texts
from agent.cases import Case
from agent.desk.which_card import every_card
from agent.messages import ConversationId, OutgoingMessage, Tone


def apology(
    turn_id: str, place: ConversationId, author: str, *, by_staff: bool, case: Case | None
) -> OutgoingMessage:
    """What is said where the row was written: to its author (the platform's user id), or among
    people of the desk under the card there of the `case` that it is about, if it has one.
    """
    text = texts.BROKEN.format(contact=texts.NOBODY_CONTACT)
    sorry = OutgoingMessage(f"{turn_id}.1", place, text, tone=Tone.NOTICE, to=author)
    if not by_staff:
        return sorry
    under = "" if case is None or place.thread else _card_in(case, place)
    return replace(sorry, text=texts.STAFF_BROKEN, under=under, to="", for_desk=True)


def _card_in(case: Case, place: ConversationId) -> str:
    """The card of a case in a channel, '' if it has none there."""
    here = (one.card_id for one in every_card(case) if one.channel in ("", str(place)))
    return next(here, "")
