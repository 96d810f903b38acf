"""Which card: where the cards of a case are, which of them may be read, and which one is meant."""

from __future__ import annotations

from dataclasses import replace

from agent import texts
from agent.cases import Case, Copy
from agent.draft import Draft
from agent.journal import Line
from agent.messages import ConversationId


def is_missing(case: Case) -> bool:
    """Whether a case has a card that maybe nobody sees: no place took it, or it is unconfirmed."""
    return case.card is not None and not case.card_id and not case.incident


def is_nowhere(case: Case) -> bool:
    """Whether a case has a card that certainly nobody sees."""
    return is_missing(case) and not case.copies


def every_card(case: Case) -> tuple[Copy, ...]:
    """The cards of a case that are or may be somewhere, the main one first."""
    main = Copy(case.card_id, case.channel)
    return tuple(one for one in (main, *case.copies) if one.card_id)


def acted_on(draft: Draft, case: Case) -> Copy | None:
    """The card that the press of this turn was on, or in whose thread somebody wrote; None if it
    was at no card. Two are in one channel only if one of them may not have arrived; a press tells
    which it was on, and of a card that arrived it is known what its thread is called.
    """
    first = draft.first
    here = [one for one in every_card(case) if _is_in(first.conversation, one)]
    known = _message_at(draft, first.about_ref or first.conversation.thread)
    meant = [one for name in (first.about, known) for one in here if one.card_id == name]
    if known and not meant:  # the case was shown elsewhere since
        return Copy(known, str(replace(first.conversation, thread="")))
    sure = [one for one in here if not is_unconfirmed(draft, one.card_id)]
    return next(iter([*meant, *sure]), None)


def is_unconfirmed(draft: Draft, message_id: str) -> bool:
    """Whether nobody can tell yet whether one of our messages arrived."""
    told = (
        one.kind
        for one in reversed(draft.claim.history)
        if one.kind in (Line.DELIVERED, Line.UNCONFIRMED) and one.data.get("message") == message_id
    )
    return next(told, "") == Line.UNCONFIRMED


def ref_of(draft: Draft, message_id: str) -> str:
    """The platform's id of one of our messages, '' if it is not known."""
    told = (one.data for one in draft.claim.history if one.kind == Line.DELIVERED)
    return next((str(one["ref"]) for one in told if one.get("message") == message_id), "")


def _message_at(draft: Draft, ref: str) -> str:
    """The one of our messages with the platform's id, '' if it is not known."""
    told = (one.data for one in draft.claim.history if one.kind == Line.DELIVERED and ref)
    return next((str(one["message"]) for one in told if one.get("ref") == ref), "")


def _is_in(place: ConversationId, card: Copy) -> bool:
    there = ConversationId.parse(card.channel) if card.channel else None
    return there is not None and (there.platform, there.channel) == (place.platform, place.channel)


def seen_from(here: ConversationId | None, there: ConversationId) -> str:
    """Where a card is, in words for those who read in the channel of another."""
    return texts.IN_THIS_CHANNEL if here == there else texts.IN_ANOTHER_CHANNEL
