"""Texts become HTML: Markdown, Slack's own markup, and what a person typed.

This is the only place where HTML is made, so it is the only place that must be right about it:
everything is escaped, tags come from a fixed list, and links lead to the web or to the handbook.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

HANDBOOK = "/handbook/"
PAGE = re.compile(r"[A-Za-z0-9_-]+\.md(#[\w-]*)?")
SAFE_LINK = re.compile(
    r"(https?://|mailto:)[^\s]+|/handbook/" + PAGE.pattern + r"|/?#[\w.=&-]*", re.I
)
PERMALINK = re.compile(r"https://[\w-]+\.slack\.com/archives/(\w+)/p(\d+)(\d{6})")
BARE_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]'\"]")
"""The web, a page of the handbook, or a place on this page."""
NEW_TAB = {"target": "_blank", "rel": "noopener noreferrer"}
EMOJI = {
    "hourglass_flowing_sand": "⏳",
    "leftwards_arrow_with_hook": "↩️",
    "raised_hand": "✋",
    "white_check_mark": "✅",
}
"""The short codes that Frontdesk's own messages use; others are shown as they are."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The names of users and channels by id, and where on the page a message (channel, ts) is."""

    names: Mapping[str, str]
    place: Callable[[str, str], str]

    def name(self, id_: str) -> str:
        """The name, or the id itself if it has none."""
        return self.names.get(id_, id_)

    def address(self, url: str) -> str:
        """Where a link leads: permalinks of Slack to the page, all others where they say."""
        match = PERMALINK.match(url)
        return self.place(match[1], f"{match[2]}.{match[3]}") if match else url


class _Markdown(MarkdownIt):
    """CommonMark with tables, without raw HTML and pictures, and with our idea of a safe link."""

    def __init__(self, *, breaks: bool) -> None:
        super().__init__("commonmark", {"html": False, "breaks": breaks})
        self.enable(["table", "strikethrough"]).disable("image")
        self.core.ruler.push("bare_links", _bare_links)
        self.core.ruler.push("no_styles", _no_styles)
        self.add_render_rule("link_open", _link_open)

    def validateLink(self, url: str) -> bool:
        return bool(SAFE_LINK.fullmatch(url))

    def normalizeLink(self, url: str) -> str:
        return HANDBOOK + url if PAGE.fullmatch(url) else super().normalizeLink(url)


def _link_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    tokens[index].attrs.update(NEW_TAB)
    return self.renderToken(tokens, index, options, env)


def _bare_links(state: StateCore) -> None:
    """Make links of addresses in the text, as chat clients do."""
    for block in state.tokens:
        inside, children = 0, []
        for token in block.children or ():
            inside += token.nesting if token.type.startswith("link_") else 0
            plain = token.type == "text" and not inside
            children += _split(token) if plain else [token]
        if block.children is not None:
            block.children = children


def _no_styles(state: StateCore) -> None:
    """Say with a class how a table's column is aligned: the page allows no styles in elements."""
    for token in state.tokens:
        if style := token.attrs.pop("style", ""):
            token.attrs["class"] = str(style).removeprefix("text-align:")


def _split(token: Token) -> list[Token]:
    pieces, end = [], 0
    for match in BARE_LINK.finditer(token.content):
        opening = Token("link_open", "a", 1, attrs={"href": match[0]})
        pieces += [_text(token.content[end : match.start()]), opening, _text(match[0])]
        pieces.append(Token("link_close", "a", -1))
        end = match.end()
    return [*pieces, _text(token.content[end:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


_MESSAGE = _Markdown(breaks=True)
_PAGE = _Markdown(breaks=False)


@lru_cache(maxsize=2048)
def markdown(text: str) -> str:
    """A message's Markdown as HTML."""
    return str(_MESSAGE.render(text))


def page(text: str) -> str:
    """A handbook page's Markdown as HTML."""
    return str(_PAGE.render(text))


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


def mention(name: str) -> str:
    """A highlighted name, '@' or '#' included."""
    return f'<span class="mention">{html.escape(name)}</span>'


def link(url: str, label: str) -> str:
    """A link, or the label alone if its address is of no safe kind."""
    shown = html.escape(label)
    if not SAFE_LINK.fullmatch(url):
        return shown
    attributes = {} if url.startswith("/#") else NEW_TAB
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<a href="{html.escape(url)}"{more}>{shown}</a>'


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
