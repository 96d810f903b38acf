"""Markdown for Teams: what may stand in a text that somebody else wrote.

Teams turns Markdown into HTML and lets some HTML through
(https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages). A person
is called by '<at>Name</at>' together with an entity that says who is meant; no such entity is ever
made here. Still, nothing outside of code may become a tag: it would not be shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)
"""Blocks and spans of code: people copy from them, so nothing in them is changed."""
TAG = re.compile(r"<(?=[A-Za-z/!?])")
MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
SEVERAL = re.compile(r"\[(\d{1,2}(?:, ?\d{1,2})+)\]")
"""'[1, 2]': Teams makes a citation of '[1]' alone."""
WORD_JOINER = "\u2060"
"""Invisible; put behind '<' it keeps Teams from reading a mention even in code."""
LINK = re.compile(r"https?://[^\s<>()\[\]\"\\]+")
MAX_LINK = 2000
"""Characters; longer addresses do not work in every client."""
SPECIAL = re.compile(r"([\\`*_\[\]#~|])")
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
HALF_BOLD = re.compile(r"(?<!\S)\*\*(?=\S)")
"""Where something bold begins that was cut off before its end."""


def defuse(markdown: str) -> str:
    """Markdown without tags and mentions, whatever it says."""
    if "<" not in markdown:
        return markdown
    return unmentioned(_outside_code(markdown, partial(TAG.sub, "&lt;")))


def unmentioned(markdown: str) -> str:
    """Markdown without mentions, for a card: there, tags are shown as they were written."""
    return MENTION.sub("<" + WORD_JOINER, markdown)


def numbered(markdown: str, sources: int) -> str:
    """Markdown in which every number of one of so many sources has brackets of its own."""

    def apart(match: re.Match[str]) -> str:
        numbers = [int(number) for number in match[1].split(",")]
        if not all(1 <= number <= sources for number in numbers):
            return match[0]
        return " ".join(f"[{number}]" for number in numbers)

    return _outside_code(markdown, partial(SEVERAL.sub, apart))


def escape(text: str) -> str:
    """Plain text for a place that takes Markdown: nothing in it is special."""
    return TAG.sub("&lt;", SPECIAL.sub(r"\\\1", text))


def spans(markdown: str) -> list[tuple[str, bool]]:
    """Words in parts, each with whether it is bold, for a place that reads no Markdown. Other
    marks stay as they were written: people read over them.
    """
    pieces = BOLD.split(markdown)
    pieces[::2] = [HALF_BOLD.sub("", piece) for piece in pieces[::2]]
    parts = [(piece, bool(n % 2)) for n, piece in enumerate(pieces) if piece]
    return parts or [(markdown, False)]


def is_link(url: str) -> bool:
    """Whether an address is one that a client may open."""
    return len(url) <= MAX_LINK and bool(LINK.fullmatch(url))


def link(url: str, label: str) -> str:
    """A link; the label alone if the address is not one a client may open."""
    return f"[{escape(label)}]({url})" if is_link(url) else escape(label)


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    pieces = CODE.split(markdown)
    pieces[::2] = [change(piece) for piece in pieces[::2]]
    return "".join(pieces)
