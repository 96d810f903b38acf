"""Staff's words: what somebody of the desk said to an employee and was not delivered goes in pieces
if it was too long; otherwise it comes back to where it was written.
"""

from __future__ import annotations

from agent import texts
from agent.desk.place import DeskPlace
from agent.detours.sending import is_too_long, send_in_pieces, whom
from agent.draft import Draft
from agent.messages import ConversationId, OutgoingMessage


def find_way(draft: Draft, message: OutgoingMessage, place: DeskPlace) -> None:
    """It is not moved to another conversation: an answer to it would not reach the desk."""
    if is_too_long(draft, message) and not message.replaces:
        send_in_pieces(draft, message)
        return
    told = texts.NOT_DELIVERED.format(whom=whom(draft))
    if tell_author(draft, message, f"{told}\n{message.text}", place):
        draft.elsewhere.append(message.id)


def tell_author(draft: Draft, message: OutgoingMessage, text: str, place: DeskPlace) -> bool:
    """Post where somebody at the desk wrote what one of our messages relayed; whether it is known
    where that is.
    """
    said = draft.history.relay_of(message.replaces or message.id)
    channel, under = place.channel_of(draft.case), draft.case.card_id if draft.case else ""
    if said is not None and (draft.case is None or draft.case.id != said.case):
        channel, under = ConversationId.parse(said.place), said.under  # that case is over
    if channel is None or not under:
        return False
    draft.post(channel, text, under=under)
    return True
