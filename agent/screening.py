"""Screening: what came in becomes something that may be worked on, or is refused with a reason.

Texts are cut, cleaned and masked before they are stored; people and messages that may not be worked
on are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent import texts
from agent.errors import (
    InputRejected,
    NotAllowed,
    NothingToRead,
    NotKnown,
    OnlyFiles,
    TooLong,
)
from agent.masking import mask
from agent.messages import IncomingMessage
from agent.platforms import EarlierMessage, Profile
from agent.policy import Policy
from agent.text import clean, has_words, plain_name

MOST_AT_ONCE = 4
"""Times the longest message that a whole burst may have."""


def readable(message: IncomingMessage, policy: Policy) -> IncomingMessage:
    """The message with its text cut to what is read at all, cleaned and masked.

    Done at the door, before anything is stored: a secret never reaches the disk.
    """
    if not message.text:
        return message
    limit = policy.max_input
    text = mask(clean(message.text[:limit]))
    if len(message.text) > limit:
        text = text.ljust(limit + 1, "…")  # still seen to be too long
    return message if text == message.text else replace(message, text=text)


def check_person(asked: Sequence[IncomingMessage], profile: Profile, policy: Policy) -> None:
    """Refuse people who may not use the assistant here, whatever they want of it.

    Raises:
        NotAllowed: a setting refuses them.
        NotKnown: a setting needs to know who they are, and the platform does not tell.
    """
    external = profile.external or any(message.author.external for message in asked)
    if external and policy.external == "refuse":
        raise NotAllowed("external people are refused by setting")
    if profile.guest and policy.guests == "refuse":
        raise NotAllowed("guests are refused by setting")
    if not profile.known and policy.guests == "refuse":
        raise NotKnown()


def check(asked: Sequence[IncomingMessage], profile: Profile, policy: Policy) -> None:
    """Refuse what cannot or may not be worked on.

    Raises:
        InputRejected: the leaf that says why.
    """
    check_person(asked, profile, policy)
    lengths = [len(message.text) for message in asked]
    if max(lengths) > policy.max_input or sum(lengths) > MOST_AT_ONCE * policy.max_input:
        raise TooLong(f"longer than {policy.max_input} characters")
    if not any(has_words(message.text) for message in asked):
        raise OnlyFiles() if files_of(asked) else NothingToRead()


def files_of(asked: Sequence[IncomingMessage]) -> str:
    """The names of all files that came along, for a sentence."""
    names = [plain_name(name, 60) for message in asked for name in message.files]
    return ", ".join(names)


def words_for(error: InputRejected, asked: Sequence[IncomingMessage], policy: Policy) -> str:
    """What the author of a rejected message is told."""
    return texts.refusal(error, files=files_of(asked), limit=f"{policy.max_input:,}")


def as_data(earlier: Sequence[EarlierMessage]) -> list[dict[str, Any]]:
    """Messages of a thread as typed, untrusted data for the journal and the prompt."""
    return [
        {
            "from": "bot" if message.from_bot else plain_name(message.author_name),
            "text": mask(clean(message.text))[:2000],
        }
        for message in earlier
    ]
