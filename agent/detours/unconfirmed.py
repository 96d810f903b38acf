"""Unconfirmed words: what an employee or staff wrote, and may have arrived, is not tried another
way, since it may be there. Its author is told, once, and decides.

Of an answer of the bot that may have arrived `asides.mention_unconfirmed` tells.
"""

from __future__ import annotations

from agent import texts
from agent.desk.place import DeskPlace
from agent.detours.sending import QUOTED, whom
from agent.detours.staff_words import tell_author
from agent.draft import Draft
from agent.journal import Line
from agent.messages import OutgoingMessage, Tone
from agent.settling import UNCONFIRMED
from agent.text import one_line


def tell(draft: Draft, message: OutgoingMessage, place: DeskPlace) -> None:
    """Tell whoever wrote words that may not have arrived. Who had them sent again knows."""
    if message.tone is not Tone.PERSON or _was_told(draft, message.id):
        return
    quoted = one_line(message.text, QUOTED)
    if message.for_desk:
        draft.notice(texts.MAY_NOT_BE_RELAYED.format(text=quoted))
    else:
        told = texts.MAY_NOT_BE_DELIVERED.format(whom=whom(draft), text=quoted)
        tell_author(draft, message, told, place)


def _was_told(draft: Draft, message_id: str) -> bool:
    """Whether a turn before this one was about the same message."""
    data = (one.data for one in draft.claim.history if one.kind == Line.FAILED)
    return any((one.get("code"), one.get("message")) == (UNCONFIRMED, message_id) for one in data)
