"""What a person typed, as Slack stores it, and back: mentions by name are mentions by id there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.playground.mentions import mentioned

SPECIAL = re.compile(r"<(?=[@#!]|https?:|mailto:)|&(?=(?:amp|lt|gt);)")
ESCAPES = {"<": "&lt;", "&": "&amp;"}


def typed(text: str, names: Mapping[str, str]) -> str:
    """The stored form: '@Name' of somebody in `names` (by id) becomes a mention, nothing else does.

    A person cannot type Slack's own markup: its clients escape what looks like it.
    """
    text = SPECIAL.sub(lambda match: ESCAPES[match[0]], text)
    return mentioned(text, names)


def plain(text: str, names: Mapping[str, str]) -> str:
    """The typed form of a stored text, for changing it."""
    text = re.sub(r"<@(\w+)>", lambda match: "@" + names.get(match[1], match[1]), text)
    text = re.sub(r"<(\w+:[^<>|]+)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
