"""Slack's own markup, read and written.

Slack's `text` is not Markdown: `&`, `<` and `>` are escaped, and everything special stands in angle
brackets (https://docs.slack.dev/messaging/formatting-message-text). Reading turns it into what a
person sees; writing makes sure that nothing a model wrote can become special.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SPECIAL = re.compile(r"<([^<>]*)>")
PING = re.compile(r"<(?=[!@#])")
MENTION = re.compile(r"<@([^<>|]+)(?:\|[^<>]*)?>")
UNNAMED = re.compile(r"<@([^<>|]+)\|?>")
BOLD = re.compile(r"(?<![\w*])\*\*(\S(?:[^\n]*?\S)?)\*\*(?![\w*])")
CUT_BOLD = re.compile(r"(?<![\w*])\*\*(?=\S[^\n]*…$)")
"""The beginning of what was bold before its end was cut off."""
LINK = re.compile(
    r"\[(?P<label>[^\[\]\n]+)\]\((?P<to>https?://[^\s()<>|]+)\)"
    r"|(?P<bare>https?://[^\s()<>|*]*[^\s()<>|*.,;:!?…])"
)
WORD_JOINER = "\u2060"
"""Invisible; put behind '<' it keeps Slack from reading a mention, in text, blocks and code."""


NOBODY: Mapping[str, str] = {}
SOMEBODY = "somebody"
"""Whoever is mentioned whose name is not known: their id means nothing to anybody."""


def read(text: str, bot_user_id: str, names: Mapping[str, str] = NOBODY) -> str:
    """What a person sees of a Slack text; mentions of the bot itself are left out. `names` are
    those of people whom it mentions, by id: Slack tells no names in what it sends.
    """
    return _unmarked(text, bot_user_id, names).strip()


def unnamed(text: str, bot_user_id: str = "") -> list[str]:
    """The ids of those whom a Slack text mentions without a name, but for the bot itself."""
    ids = UNNAMED.findall(text)
    return [one for one in ids if one != bot_user_id]


def read_command(text: str) -> str:
    """What a person sees of a command's words, but for whom they mention: these stay '<@U1>', so
    that it can be told who is meant.
    """
    parts = MENTION.split(text)  # words, an id, words, an id, …
    return "".join(f"<@{one}>" if n % 2 else _unmarked(one) for n, one in enumerate(parts)).strip()


def mentions(text: str, user_id: str) -> bool:
    """Whether a Slack text mentions the user: '<@U1>' or '<@U1|name>'."""
    return f"<@{user_id}>" in text or f"<@{user_id}|" in text


def defuse(markdown: str) -> str:
    """Markdown that mentions nobody and no channel, whatever it says."""
    return PING.sub("<" + WORD_JOINER, markdown)


def escape(text: str) -> str:
    """Plain text for a mrkdwn field: nothing in it is special."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write(markdown: str) -> str:
    """Markdown for a mrkdwn field: what is bold there and the links look the same, and everything
    else stands as it was written; nothing mentions anybody.
    """
    written, end = "", 0
    for found in LINK.finditer(markdown):
        url = found["to"] or found["bare"]
        written += escape(markdown[end : found.start()]) + link(url, found["label"] or url)
        end = found.end()
    written += escape(markdown[end:])
    return CUT_BOLD.sub("", BOLD.sub(r"*\1*", written))


def bare(markdown: str) -> str:
    """Markdown for a field in which nothing is special: the words without their marks."""
    words = LINK.sub(lambda found: found["label"] or found["bare"], markdown)
    return escape(CUT_BOLD.sub("", BOLD.sub(r"\1", words)))


def link(url: str, label: str) -> str:
    """A link in a mrkdwn field; the label alone if the address is not one a client may open."""
    shown = escape(label).replace("|", "¦")
    if not re.match(r"(https?|slack)://[^\s<>|]+$", url):
        return shown
    return f"<{url}|{shown}>"


def _unmarked(text: str, bot_user_id: str = "", names: Mapping[str, str] = NOBODY) -> str:
    if "<" in text:
        text = SPECIAL.sub(lambda match: _seen(match[1], bot_user_id, names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _seen(inside: str, bot_user_id: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        name = label.lstrip("@") or names.get(target[1:])
        return "" if target[1:] == bot_user_id else f"@{name}" if name else SOMEBODY
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!"):
        command = target[1:].partition("^")[0]
        return label or "@" + command
    if target.startswith("mailto:"):
        return label or target.removeprefix("mailto:")
    return f"[{label}]({target})" if label and label != target else target
