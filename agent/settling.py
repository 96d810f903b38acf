"""Settling: what a lane is told of the end of a delivery, in the commit that records it.

What died is found another way (`agent/detours/`), so its lane always hears of it. What nobody knows
of is told to its reader at their next turn (`asides.mention_unconfirmed`); the lane itself hears
only of what it alone can look after: a card, and words that somebody must know did not arrive.
"""

from __future__ import annotations

from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage, Tone
from agent.records import DeliveryState, Settlement

UNCONFIRMED = "Unconfirmed"
"""Why a message comes back as UNDELIVERABLE of which nobody knows whether it arrived. What else is
unconfirmed comes to a turn in `LaneClaim.unconfirmed`."""
UNREADABLE = Settlement(DeliveryState.DEAD, reason="Unreadable")
"""The end of an outbox row that cannot be read."""


def why_told(message: OutgoingMessage | None, settlement: Settlement) -> str | None:
    """Why the lane of a message is told of its end, an error's code or UNCONFIRMED; None if it is
    not. `message` is None if it cannot be read.
    """
    if settlement.state is DeliveryState.DEAD:
        return settlement.reason
    if settlement.state is not DeliveryState.UNCONFIRMED or message is None or message.replaces:
        return None  # of an edit: the post that it changes is what matters
    matters = message.card is not None or message.tone is Tone.PERSON
    return UNCONFIRMED if matters else None


def undeliverable(
    lane: str, message_id: str, attempts: int, reason: str, now: float
) -> IncomingMessage:
    """The control that tells a lane of a message that will never arrive, or may not have.

    A row that was put back by hand may die again: the attempt makes its key a new one.
    """
    return IncomingMessage(
        conversation=ConversationId.parse(lane),
        id=message_id,
        kind=Kind.UNDELIVERABLE,
        author=Author(""),
        revision=str(attempts + 1),
        sent_at=now,
        detail=reason,
        about=message_id,
    )
