"""Text as it comes from people: cleaned, measured, and made harmless to show."""

from __future__ import annotations

import re
import unicodedata

# Characters nobody sees but a model or a filter may stumble over: zero-width, bidirectional
# controls, soft hyphen, variation of the byte order mark, and the invisible 'tag' block. The
# zero-width joiner U+200D stays: emoji and several scripts need it between letters.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
COMBINING = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
PILED_UP = re.compile(f"({COMBINING}{{8}}){COMBINING}+")
"""More marks on one letter than any script has: normalising a long pile takes quadratic time."""
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
WORD = re.compile(r"[^\W_]")
MARKUP = re.compile(r"[\[\]<>`|@#\\]|://")
NOTE_MARK = "//"
"""A line that begins so stays among the people of the desk."""
BEFORE_NOTE = " \t\u00a0\u200b\ufeff>*_~`•-"
"""Marks of a quotation, a list or emphasis, and what cannot be seen: a note is one behind them,
too."""
EMOJI_CODE = re.compile(r":[a-z0-9_+'-]+:(:skin-tone-\d:)?")


def clean(text: str) -> str:
    """Normalise to NFKC and drop invisible and control characters."""
    if text.isascii():
        return visible(text)
    return visible(unicodedata.normalize("NFKC", PILED_UP.sub(r"\1", text)))


def visible(text: str) -> str:
    """Drop invisible and control characters and leave the others as they are."""
    if text.isascii():
        return CONTROL.sub("", text).strip()
    kept = CONTROL.sub("", INVISIBLE.sub("", text)).strip()
    return "" if not kept.strip("\u200d \n\t") else kept


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter or a digit outside of emoji codes."""
    seen = clean(text)
    return bool(WORD.search(EMOJI_CODE.sub("", seen) if ":" in seen else seen))


def is_only_notes(text: str) -> bool:
    """Whether a person of the desk wrote nothing but notes, which are not for the employee."""
    return bool(text.strip()) and not without_notes(text)


def without_notes(text: str) -> str:
    """What a person of the desk wrote without the lines that are notes."""
    if NOTE_MARK not in text:
        return text
    lines = (
        line for line in text.splitlines() if not line.lstrip(BEFORE_NOTE).startswith(NOTE_MARK)
    )
    return "\n".join(lines).strip()


def plain_name(text: str, limit: int = 80) -> str:
    """A name as people chose it, without anything that a chat could take for markup or a ping."""
    return one_line(MARKUP.sub("", clean(text)), limit)


def one_line(text: str, limit: int) -> str:
    """Fold white space and cut to `limit` characters, with an ellipsis where something is cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def pieces(text: str, limit: int) -> list[str]:
    """A text in pieces of at most `limit` characters, cut at the end of a line or word if it can
    be.
    """
    cut = []
    while len(text) > limit:
        at = max(text.rfind("\n", 1, limit), text.rfind(" ", 1, limit))
        at = at if at > limit // 2 else limit
        cut.append(text[:at])
        text = text[at:].lstrip()
    return [*cut, text]
