"""Whatever a text says, only known tags and safe links come out of it."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.marking import Directory, link, markdown, mrkdwn, page, rich_text

TAGS = frozenset({"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "span"})
TAGS |= {"strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
TAGS |= {f"h{level}" for level in range(1, 7)}
ATTRIBUTES = frozenset({"class", "href", "rel", "start", "target"})
DIRECTORY = Directory({"U1": "Ada Byron", "C1": "general"}, lambda channel, _: f"/#in={channel}")

# What is special to HTML, to Markdown or to Slack, so that the search stays among the hard cases.
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


def typed(text: str) -> str:
    """The text as one element of each kind in a rich text block."""
    kinds = [
        {"type": "text", "text": text},
        {"type": "link", "url": text},
        {"type": "link", "url": "https://x.example", "text": text},
        {"type": "user", "user_id": text},
        {"type": "broadcast", "range": text},
    ]
    return rich_text({"elements": [{"elements": kinds}]}, DIRECTORY)


@pytest.mark.parametrize(
    "render",
    [markdown, page, lambda text: mrkdwn(text, DIRECTORY), typed],
    ids=["markdown", "page", "mrkdwn", "typed"],
)
@given(TEXTS)
def test_only_known_tags_and_safe_links_come_out(render: Callable[[str], str], text: str) -> None:
    """No text of an employee, a model or a page can bring a tag, an attribute or a script."""
    for tag, attributes in found(render(text)).tags:
        assert tag in TAGS
        assert attributes.keys() <= ATTRIBUTES
        href = attributes.get("href")
        safe = ("https://", "http://", "mailto:", "/handbook/", "#", "/#")
        assert href is None or href.lower().startswith(safe)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _soft_ ~gone~", "<strong>bold</strong> <em>soft</em> <s>gone</s>"),
        ("2*3*4 snake_case_name ~/a ~/b", "2*3*4 snake_case_name ~/a ~/b"),
        ("a &amp;&lt;b&gt; & c", "a &amp;&lt;b&gt; &amp; c"),
        ("`*x*` ```\n<y>```", "<code>*x*</code> <pre>&lt;y&gt;</pre>"),
        ("<@U1> <#C1> <!here> <@U9>", "@Ada Byron #general @here @U9"),
        ("> one\n> two\nthree", "<blockquote>one\ntwo</blockquote>three"),
        (":hourglass_flowing_sand: at 10:30:00", "⏳ at 10:30:00"),
        ("<javascript:x|click>", "click"),
        ("a <|> b", "a  b"),
    ],
)
def test_slack_markup(text: str, html: str) -> None:
    """Slack's own markup looks as it does in Slack."""
    plain = mrkdwn(text, DIRECTORY).replace('<span class="mention">', "").replace("</span>", "")
    assert plain == html


def test_links_in_slack_markup() -> None:
    """Links open in a new tab; a permalink of the local Slack leads to the page itself."""
    web = mrkdwn("*<https://x.example/?a=1&amp;b=2|a &amp; b>*", DIRECTORY)
    assert 'href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener' in web
    assert ">a &amp; b</a></strong>" in web
    here = mrkdwn("<https://y.slack.com/archives/C1/p1790000000000100?cid=C1|here>", DIRECTORY)
    assert here == '<a href="/#in=C1">here</a>'
    assert link("ftp://x", "<b>") == "&lt;b&gt;"


def test_markdown_of_an_answer() -> None:
    """Line breaks stay, bare addresses become links, relative ones lead to the handbook."""
    html = markdown(
        "one\ntwo https://x.example/a. [page](expenses.md#limits)\n\n`https://no.example`"
    )
    assert "one<br />\ntwo" in html
    links = [attributes["href"] for tag, attributes in found(html).tags if tag == "a"]
    assert links == ["https://x.example/a", "/handbook/expenses.md#limits"]
    assert markdown("[x](https://x.example)").count("<a ") == 1


def test_tables_keep_their_alignment_without_styles() -> None:
    """The page's policy forbids styles in elements, so it is said with a class."""
    html = markdown("| a |\n|--:|\n| 1 |")
    assert '<td class="right">1</td>' in html


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//x.example", "/say"]
)
def test_unsafe_links_stay_text(target: str) -> None:
    """A link may lead to the web and to the handbook, and nowhere else."""
    for html in (
        markdown(f"[x]({target}) <{target}>"),
        mrkdwn(f"<{target}|x>", DIRECTORY),
        rich_text({"elements": [{"elements": [{"type": "link", "url": target}]}]}, DIRECTORY),
    ):
        assert "<a" not in html
