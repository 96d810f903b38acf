"""Phrases: messages that as a whole mean something of their own: stop, a wish for a person, none is
needed any more, once more what was said, a command.
"""

from __future__ import annotations

import re
from dataclasses import replace

from agent.messages import IncomingMessage, Kind

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
