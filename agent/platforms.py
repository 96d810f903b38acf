"""What platforms tell and are told beside messages: the records of the ports Adapter and Door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.messages import Author


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What differs between platforms for whoever sends, shows a sign of life or speaks of commands:
    this is asked, and never which platform it is.
    """

    can_be_asked: bool = False
    """Whether `find` can tell after an ambiguous send if the message arrived."""
    sign_seconds: float = 60.0
    """How long a sign of life stays before it must be shown again."""
    command: str = "/frontdesk "
    """What people type before a command's words."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a platform tells about a person. `locale` is like 'en-GB'; `time_zone` an IANA name."""

    id: str
    name: str = ""
    locale: str = ""
    time_zone: str = ""
    guest: bool = False
    external: bool = False
    bot: bool = False
    known: bool = True
    """False if the platform could not be asked: then guest and external say nothing."""


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """A message of a thread that was there before the bot was called into it."""

    author_id: str
    author_name: str
    text: str
    from_bot: bool
    sent_at: float


@dataclass(frozen=True, slots=True)
class WebRequest:
    """An HTTP request as an adapter sees it; header names are lower-case."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WebResponse:
    """An HTTP response of an adapter."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """An admin or help command typed in a chat.

    `text` is the words after the command's name; a person who is mentioned in them stands there as
    `<@ID>`, by the platform's id, since names are not unique.
    """

    platform: str
    tenant: str
    channel: str
    author: Author
    text: str
    id: str
    direct: bool = False
    """Whether it was typed in the direct conversation with the bot."""
    thread: str = ""
    """The thread of the channel in which it was typed, if the platform tells."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `frontdesk check`: what was looked at, whether it is fine, and how to mend it."""

    subject: str
    ok: bool
    detail: str
