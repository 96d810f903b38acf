"""What all detours have in common: why a message did not arrive, and sending it anew."""

from __future__ import annotations

from dataclasses import replace

from agent import texts
from agent.desk.relay import keep
from agent.draft import Draft
from agent.errors import PlaceFatal, RowFatal
from agent.journal import Line
from agent.messages import OutgoingMessage
from agent.settling import UNCONFIRMED
from agent.text import pieces, plain_name

PIECE = 1500
"""Characters of one message that was refused as too long: half of the least limit we know."""
QUOTED = 300
"""Of words that come back to their author."""


def is_unconfirmed(draft: Draft) -> bool:
    """Whether the message that the turn is about may have arrived."""
    return _code(draft) == UNCONFIRMED


def is_shut(draft: Draft) -> bool:
    """Whether the place of the message that the turn is about takes none any more."""
    return _code(draft) == PlaceFatal.__name__


def is_too_long(draft: Draft, message: OutgoingMessage) -> bool:
    """Whether the message was refused as it is, and pieces of it may not be."""
    return _code(draft) == RowFatal.__name__ and len(message.text) > PIECE


def _code(draft: Draft) -> str:
    return draft.first.detail.partition(":")[0]


def was_unconfirmed(draft: Draft, message_id: str) -> bool:
    """Whether nobody could tell whether one of our messages arrived."""
    told = (one.data for one in draft.claim.history if one.kind == Line.UNCONFIRMED)
    return any(data.get("message") == message_id for data in told)


def whom(draft: Draft) -> str:
    """Who did not get something, for people who may have to do with many at once."""
    case = draft.case
    is_alone = case is not None and not case.incident
    return texts.THE_EMPLOYEE if is_alone else plain_name(draft.employee.name) or texts.THE_EMPLOYEE


def is_elsewhere(draft: Draft) -> None:
    """Keep of the message that the turn is about, if it is about one, that it is told elsewhere."""
    if draft.claim.undelivered is not None:
        draft.elsewhere.append(draft.claim.undelivered.id)


def send(draft: Draft, message: OutgoingMessage) -> str:
    """Send a message by one detour more; its new id."""
    is_elsewhere(draft)
    sent = replace(message, id=draft.next_id(), detours=message.detours + 1, replaces="")
    draft.outbox.append(sent)
    return sent.id


def send_in_pieces(draft: Draft, message: OutgoingMessage) -> None:
    """Send what was too long as several messages, the last with what belongs to the whole."""
    *others, last = pieces(message.text, PIECE)
    sent = [send(draft, replace(message, text=text, citations=(), buttons=())) for text in others]
    now_in(draft, message, *sent, send(draft, replace(message, text=last)))


def now_in(draft: Draft, message: OutgoingMessage, *sent: str) -> None:
    """If words were relayed in this message, keep in which ones they are now."""
    said = draft.history.relay_of(message.replaces or message.id)
    if said is None:
        return
    at = said.messages.index(message.replaces or message.id)
    messages = (*said.messages[:at], *sent, *said.messages[at + 1 :])
    place, under = said.place, said.under
    if message.under:
        place, under = str(draft.outbox[-1].conversation), draft.outbox[-1].under
    keep(draft, replace(said, messages=messages, place=place, under=under))
