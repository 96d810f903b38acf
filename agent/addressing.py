"""Is this for the bot? A pure decision from facts, before anything is stored.

What is not for the bot is neither stored nor answered. A follow-up in a thread that the bot may or
may not take part in cannot be decided without the database: it is accepted only if its lane is
known there, and what nobody says to a bot (a thumb, a picture) only if people have a case of that
lane, or may have one in a moment. Whatever is said in a thread of the desk is accepted: which case
it is about, if any, is found out later.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

from agent.messages import DESK_KINDS, IncomingMessage, Kind
from agent.text import has_words

STOP_WORDS = frozenset({"stop", "cancel", "abort"})
COMMAND_WORDS = frozenset(
    {"help", "status", "human", "pause", "resume", "queue", "forget me", "cases"}
)
"""Commands that need no slash if they are all that is said: with more words behind them most
could begin a question ('human resources', 'forget it')."""
UNMISTAKABLE = re.compile(
    r"assign\s+[@<]\S.*|channel\s+(?:sla|hours|timezone|stale)(?:\s+[^\s?]+){0,2}",
    re.IGNORECASE | re.DOTALL,
)
"""Commands that need no slash either: nobody asks a question so."""
SLASH = re.compile(
    r"/(?:frontdesk(?:\s+(?P<named>.*))?|(?P<words>[a-z]+(?:\s.*)?))?", re.IGNORECASE | re.DOTALL
)
"""A path ('/usr/bin/vpn says no') is none: the first word is letters alone."""
LEAVE_WORDS = frozenset({"never mind", "nevermind", "no longer needed", "solved"})
PERSON_WISH = re.compile(
    r"(please )?((can|could|may) i (please )?|i (want|need|would like|'d like) to |let me )?"
    r"((talk|speak|chat) (to|with)|get|ask|i need) "
    r"(an? |some)?(real )?(human|person|agent|body|someone|somebody|colleague)( please)?"
)

REPEAT_WISH = re.compile(
    r"(please )?((can|could) you (please )?)?"
    r"((repeat|resend)( (it|that|this))?|(say|send) (it|that|this) again)(,? please)?"
)


class Verdict(StrEnum):
    """Whether a message is accepted: always, never, only in a lane that is known, only in one whose
    case people have (IF_WITH_PEOPLE), or for the DESK, whatever it is about.
    """

    ACCEPT = "accept"
    IGNORE = "ignore"
    IF_KNOWN = "if_known"
    IF_WITH_PEOPLE = "if_held"
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


def as_control(message: IncomingMessage) -> IncomingMessage:
    """Turn an utterance that is nothing but a control word into that control."""
    if message.kind is not Kind.MESSAGE or len(message.text) > 80:
        return message
    words = spoken(message.text)
    if words in STOP_WORDS:
        return replace(message, kind=Kind.STOP)
    if PERSON_WISH.fullmatch(words):
        return replace(message, kind=Kind.ASK_PERSON)
    return message


def asks_for_person(text: str) -> bool:
    """Whether somebody says nothing but that they want a person."""
    return PERSON_WISH.fullmatch(spoken(text)) is not None


def as_command(text: str) -> str | None:
    """The words of the command that a message to the bot is ('/status', '/frontdesk status', or
    'status' alone), for platforms without slash commands; None if it is none.
    """
    if match := SLASH.fullmatch(text.strip()):
        return match["named"] or match["words"] or "help"
    if UNMISTAKABLE.fullmatch(text.strip()):
        return text.strip()
    words = spoken(text)
    return words if words in COMMAND_WORDS else None


def wants_to_leave(text: str) -> bool:
    """Whether an employee who waits for a person says that none is needed any more."""
    return spoken(text) in LEAVE_WORDS


def wants_repeat(text: str) -> bool:
    """Whether an employee wants to be told once more what they were told before."""
    return REPEAT_WISH.fullmatch(spoken(text)) is not None


def spoken(text: str) -> str:
    """Lower case, single spaces, no punctuation at the ends: for comparing whole phrases."""
    return " ".join(text.lower().split()).strip(" .!?,")
