"""What a Teams message says, without the mention of the bot.

A mention stands in the text as '<at>Name</at>', and an entity beside the text tells who is meant.
The SDK's own stripping takes the bot's name out of the author's words too, and raises for entities
without the fields it expects; here an entity takes away exactly one tag, and nothing raises.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

TAG = re.compile(r"<at(?:\s[^<>]*)?>([^<>]*)</at>(\s|&nbsp;)?", re.IGNORECASE)
"""A mention, with one space behind it."""
ESCAPE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
"""Only what ends in ';': in an address '&copy=1' is no copyright sign."""
NEW_LINE = re.compile(r"\r\n?")
ID = re.compile(r"[^|<>&\s]+")
"""An id that can stand in '<@id>'."""
SIGNS = ("@", "<at")
"""What begins a mention; a bare name could as well be one of the author's words."""
MOST = 200
"""Mentions that are looked at; people put a handful into a message."""


def read(text: str, entities: object, bot_id: str, *, by_id: bool = False) -> str:
    """The words of a message: without mentions of the bot, those of people as '@Name', HTML's
    escapes resolved.

    Args:
        text: the activity's `text`.
        entities: the activity's `entities`, of whatever shape.
        bot_id: the activity's `recipient.id`.
        by_id: people are mentioned as '<@id>' instead, as commands want them.
    """
    text = _without_bot(text, entities, bot_id, by_id=by_id)
    return NEW_LINE.sub("\n", _unescaped(text)).replace("\u00a0", " ").strip()


def mentions(entities: object, bot_id: str) -> bool:
    """Whether one of the entities is a mention of the bot."""
    return any(who == bot_id for who, _ in _mentioned(entities)) if bot_id else False


def _without_bot(text: str, entities: object, bot_id: str, *, by_id: bool) -> str:
    waiting: defaultdict[str, deque[str]] = defaultdict(deque)
    for who, shown in _mentioned(entities):
        is_bot = bool(bot_id) and who == bot_id
        if is_bot and len(shown) > 1 and shown.startswith(SIGNS) and not TAG.fullmatch(shown):
            text = text.replace(shown, "", 1)  # shown in another way than Teams does
        waiting[_name(shown)].append(who)

    def seen(match: re.Match[str]) -> str:
        meant = waiting.get(_name(match[0]))
        # People and the bot may have one name: the tags and the entities are in the same order.
        who = meant.popleft() if meant else ""
        if bot_id and who == bot_id:
            return ""
        name = f"<@{who}>" if by_id and ID.fullmatch(who) else f"@{match[1].strip()}"
        return name + (match[2] or "")

    return TAG.sub(seen, text)


def _name(shown: str) -> str:
    match = TAG.fullmatch(shown)
    return _unescaped(match[1] if match else shown).strip()


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda match: unescape(match[0]), text)


def _mentioned(entities: object) -> Iterator[tuple[str, str]]:
    """Who is mentioned and how that is shown, for each mention."""
    if not isinstance(entities, list):
        return
    for entity in entities[:MOST]:
        if not isinstance(entity, Mapping) or entity.get("type") != "mention":
            continue
        who = entity.get("mentioned")
        if isinstance(who, Mapping):
            yield _string(who, "id"), _string(entity, "text") or _string(who, "name")


def _string(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
