"""What a browser would find in the playground's HTML, and texts that are hard on its makers."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import strategies as st

TAGS = frozenset({"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span"})
TAGS |= {"strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
TAGS |= {f"h{level}" for level in range(1, 7)}
ATTRIBUTES = frozenset({"class", "href", "rel", "start", "target"})

# What is special to HTML, to Markdown or to a platform: the search stays among the hard cases.
PIECES = st.sampled_from(
    [
        *"<>&\"'`*_~|[]()!:/\\\n#-\u2060\ue000\ue001 a1",
        "<script>",
        "</p>",
        "<!--",
        "&lt;",
        "&#60;",
        "javascript:",
        "[x](javascript:",
        "<javascript:",
        "https://x.example/",
        "data:text/html,",
        "![x](https://x.example/y.png)",
        "<@U1>",
        "```",
        "| a | b |\n|--:|---|\n",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


class Reader(HTMLParser):
    """Collects what a browser would find."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


def found(html: str) -> Reader:
    """What is in some HTML."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def assert_safe(html: str) -> None:
    """Only known tags and attributes are in it, and links to where links may lead."""
    for tag, attributes in found(html).tags:
        assert tag in TAGS
        assert attributes.keys() <= ATTRIBUTES
        href = attributes.get("href")
        safe = ("https://", "http://", "mailto:", "/handbook/", "#", "/#")
        assert href is None or href.lower().startswith(safe)
