"""Mentions by name in what a person types on the page, made into mentions by id."""

from __future__ import annotations

import re
from collections.abc import Mapping


def mentioned(text: str, names: Mapping[str, str], *, never_after: str = "") -> str:
    """The text with '@Name' of somebody in `names` (by id) as '<@id>', which is how the local
    platforms take a mention; nothing else becomes one.

    What stands behind a word, '.', '@' or one of the characters in `never_after` is none either.
    """
    ids = {name.lower(): id_ for id_, name in names.items()}
    # The longest name first: one may begin with another.
    anybody = "|".join(re.escape(name) for name in sorted(ids, key=len, reverse=True))
    before = rf"(?<![\w.@{re.escape(never_after)}])"
    mention = re.compile(rf"{before}@({anybody})(?!\w)", re.IGNORECASE)
    return mention.sub(lambda match: f"<@{ids[match[1].lower()]}>", text)
