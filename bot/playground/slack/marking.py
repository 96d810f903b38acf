"""Slack's own markup, and what a person typed there, become HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.marking import link, mention

EMOJI = {
    "hourglass_flowing_sand": "⏳",
    "leftwards_arrow_with_hook": "↩️",
    "raised_hand": "✋",
    "rotating_light": "🚨",
    "white_check_mark": "✅",
    "zzz": "💤",
}
"""The short codes that Frontdesk's own messages use; others are shown as they are."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The names of users and channels by id, and where on the page a permalink leads: '' if
    nowhere, None if an address is no permalink.
    """

    names: Mapping[str, str]
    look_up: Callable[[str], str | None]

    def name(self, id_: str) -> str:
        """The name, or the id itself if it has none."""
        return self.names.get(id_, id_)

    def address(self, url: str) -> str:
        """Where a link leads: permalinks to the page, all others where they say."""
        here = self.look_up(url)
        return url if here is None else here


# Slack's markup: code first, because nothing inside it is special; then what is in brackets.
SPECIAL = re.compile(r"```\n?(?P<pre>.*?)```|`(?P<code>[^`\n]+)`|<(?P<bracket>[^<>\n]+)>", re.S)
STYLES = (
    (re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])"), r"<em>\1</em>"),
    (re.compile(r"(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])"), r"<s>\1</s>"),
)
QUOTE = re.compile(r"(?:^&gt; ?.*(?:\n|$))+", re.M)
HELD = re.compile("\ue000(\\d+)\ue001")
"""Stands for something finished that styles must not touch; private characters, never typed."""


def mrkdwn(text: str, directory: Directory) -> str:
    """Slack's markup as HTML."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(_special(match, directory))
        return f"\ue000{len(held) - 1}\ue001"

    marked = SPECIAL.sub(hold, re.sub("[\ue000\ue001]", "", text))
    shown = _escaped(marked)
    for pattern, replacement in STYLES:
        shown = pattern.sub(replacement, shown)
    shown = re.sub(r":(\w+):", lambda match: EMOJI.get(match[1], match[0]), shown)
    shown = QUOTE.sub(lambda match: _quote(match[0]), shown)
    return HELD.sub(lambda match: held[int(match[1])], shown)


def _special(match: re.Match[str], directory: Directory) -> str:
    if match["pre"] is not None:
        return f"<pre>{_escaped(match['pre'])}</pre>"
    if match["code"] is not None:
        return f"<code>{_escaped(match['code'])}</code>"
    target, _, label = match["bracket"].partition("|")
    if target.startswith(("@", "#", "!")):
        name = label.lstrip("@#") or directory.name(target[1:])
        return mention(("#" if target[0] == "#" else "@") + _unescaped(name))
    return link(directory.address(_unescaped(target)), _unescaped(label or target))


def _escaped(text: str) -> str:
    return html.escape(_unescaped(text))


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _quote(lines: str) -> str:
    inner = re.sub(r"^&gt; ?", "", lines.rstrip("\n"), flags=re.M)
    return f"<blockquote>{inner}</blockquote>"


def rich_text(block: Mapping[str, Any], directory: Directory) -> str:
    """What a person typed, as Slack keeps it: a `rich_text` block of sections."""
    sections = (section.get("elements") or () for section in block.get("elements") or ())
    return "\n".join("".join(_element(one, directory) for one in section) for section in sections)


def _element(element: Mapping[str, Any], directory: Directory) -> str:
    def value(name: str) -> str:
        return str(element.get(name, ""))

    match element.get("type"):
        case "user":
            return mention("@" + directory.name(value("user_id")))
        case "channel":
            return mention("#" + directory.name(value("channel_id")))
        case "broadcast":
            return mention("@" + value("range"))
        case "link":
            return link(directory.address(value("url")), value("text") or value("url"))
    return html.escape(value("text"))
