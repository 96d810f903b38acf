"""Markdown becomes HTML; what is made of it everywhere on the page: links and mentions.

Together with `slack.marking` this is the only place where HTML is made, so it is the only place
that must be right about it: everything is escaped, tags come from a fixed list, and links lead to
the web, to the handbook or to the page itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, MutableMapping, Sequence
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
    r"(https?://|mailto:)[^\s]+|/handbook/" + PAGE.pattern + r"|/files/[\w.~%-]+|/?#[\w.=&%-]*",
    re.I,
)
"""The web, a page of the handbook, the page for a file, or a place on this page."""
LINK = re.compile(r'<a href="([^"]*)"([^>]*)>')
BARE_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]'\"]")
NEW_TAB = {"target": "_blank", "rel": "noopener noreferrer"}


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


def led(shown: str, look_up: Callable[[str], str | None]) -> str:
    """HTML of `markdown` with permalinks that lead to the page: `look_up` says where, '' if
    nowhere, None if an address is no permalink.
    """

    def lead(match: re.Match[str]) -> str:
        here = look_up(html.unescape(match[1]))
        if here is None:
            return match[0]
        return f"<a{_attributes(here)}>" if here else "<a>"

    return LINK.sub(lead, shown)


def page(text: str) -> str:
    """A handbook page's Markdown as HTML."""
    return str(_PAGE.render(text))


def words(text: str) -> str:
    """Plain text as HTML, its addresses as links."""
    parts, end = [], 0
    for match in BARE_LINK.finditer(text):
        parts += [html.escape(text[end : match.start()]), link(match[0], match[0])]
        end = match.end()
    return "".join([*parts, html.escape(text[end:])])


def mention(name: str) -> str:
    """A highlighted name, '@' or '#' included."""
    return f'<span class="mention">{html.escape(name)}</span>'


def link(url: str, label: str) -> str:
    """A link, or the label alone if its address is of no safe kind."""
    shown = html.escape(label)
    if not SAFE_LINK.fullmatch(url):
        return shown
    return f"<a{_attributes(url)}>{shown}</a>"


def _attributes(url: str) -> str:
    more = {} if url.startswith("/#") else NEW_TAB
    found = {"href": html.escape(url), **more}
    return "".join(f' {name}="{value}"' for name, value in found.items())
