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
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
WORD = re.compile(r"[^\W_]")
EMOJI_CODE = re.compile(r":[a-z0-9_+'-]+:(:skin-tone-\d:)?")


def clean(text: str) -> str:
    """Normalise to NFKC and drop invisible and control characters."""
    return visible(text if text.isascii() else unicodedata.normalize("NFKC", text))


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


def one_line(text: str, limit: int) -> str:
    """Fold white space and cut to `limit` characters, with an ellipsis where something is cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
