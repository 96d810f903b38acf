"""What a person typed, as the local Teams takes it, and what there is to see of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from bot.playground import marking
from bot.playground.mentions import mentioned

WORD_JOINER = "\u2060"
"""Invisible; keeps what somebody typed from being the twin's way to write a mention."""


def typed(text: str, names: Mapping[str, str]) -> str:
    """The twin's form: '@Name' of somebody in `names` (by id) becomes a mention, nothing else."""
    text = text.replace("<@", f"<{WORD_JOINER}@")
    return mentioned(text, names, never_after=WORD_JOINER)


def plain(activity: Mapping[str, Any]) -> str:
    """The words of a person's message as they were typed, for changing them."""
    return "".join(f"@{words}" if named else words for named, words in _pieces(activity))


def shown(activity: Mapping[str, Any]) -> str:
    """The words of a person's message as HTML."""
    return "".join(
        marking.mention(f"@{words}") if named else marking.words(words)
        for named, words in _pieces(activity)
    )


def _pieces(activity: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """The text in pieces, and whether each is the name of somebody who is mentioned."""
    rest = str(activity.get("text") or "")
    for entity in activity.get("entities") or ():
        if entity.get("type") == "mention":
            before, _, rest = rest.partition(entity["text"])
            yield False, _typed(before)
            yield True, entity["mentioned"]["name"]
    yield False, _typed(rest)


def _typed(text: str) -> str:
    return unescape(text).replace(WORD_JOINER, "")
