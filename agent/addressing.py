"""Is this for the bot? A pure decision from facts, before anything is stored.

What is not for the bot is neither stored nor answered. A follow-up in a thread that the bot may or
may not take part in cannot be decided without the database: it is accepted only if its lane is
known there, and what nobody says to a bot (a thumb, a picture) only if people have a case of that
lane, or may have one in a moment. Whatever is said in a thread of the desk is accepted: which case
it is about, if any, is found out later.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from agent.messages import DESK_KINDS, IncomingMessage, Kind
from agent.text import has_words


class Verdict(StrEnum):
    """Whether a message is accepted: always, never, only in a lane that is known, only in one whose
    case people have (IF_WITH_PEOPLE), or for the DESK, whatever it is about.
    """

    ACCEPT = "accept"
    IGNORE = "ignore"
    IF_KNOWN = "if_known"
    IF_WITH_PEOPLE = "if_with_people"
    DESK = "desk"


def verdict(
    message: IncomingMessage, *, follow_threads: bool, human_channels: Collection[tuple[str, str]]
) -> Verdict:
    """Decide from what the message itself says.

    Args:
        message: as the adapter read it.
        follow_threads: whether follow-ups in a thread of the bot need no new mention.
        human_channels: platform and channel of each of the desk's; what is said in a thread there
            is about a case, unless the thread is a conversation already.
    """
    if message.kind in DESK_KINDS:
        return Verdict.DESK
    if message.kind.is_control:
        return Verdict.ACCEPT
    place = message.conversation
    if message.in_thread and (place.platform, place.channel) in human_channels:
        return Verdict.DESK
    if message.kind is Kind.MESSAGE and message.about_ref:
        return Verdict.DESK  # written into the box of a card, wherever that is
    if message.kind is Kind.DELETE:
        # Where everything is for the bot, the post may come after its deletion.
        return Verdict.ACCEPT if message.direct else Verdict.IF_KNOWN
    if message.direct or message.mentions_bot:
        return Verdict.ACCEPT
    if message.kind is Kind.EDIT:
        return Verdict.IF_KNOWN
    if not message.in_thread:
        return Verdict.IGNORE
    # An emoji among colleagues is not a question; answering it would only disturb. But people who
    # have a case can read it.
    return (
        Verdict.IF_KNOWN if follow_threads and has_words(message.text) else Verdict.IF_WITH_PEOPLE
    )
