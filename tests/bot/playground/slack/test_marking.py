"""Whatever a text in Slack says, only known tags and safe links come out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from bot.playground.marking import link
from bot.playground.slack.marking import Directory, mrkdwn, rich_text
from tests.support.html import TEXTS, assert_safe


def look_up(url: str) -> str | None:
    """Only one message has a permalink."""
    return "/#in=C1" if url.startswith("https://y.slack.com/archives/C1/") else None


DIRECTORY = Directory({"U1": "Ada Byron", "C1": "general"}, look_up)


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


@pytest.mark.parametrize("render", [lambda text: mrkdwn(text, DIRECTORY), typed])
@given(TEXTS)
def test_only_known_tags_and_safe_links_come_out(render: Callable[[str], str], text: str) -> None:
    """No text of an employee, a model or a page can bring a tag, an attribute or a script."""
    assert_safe(render(text))


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


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//x.example", "/say"]
)
def test_unsafe_links_stay_text(target: str) -> None:
    """A link may lead to the web and to the handbook, and nowhere else."""
    typed_link = {"elements": [{"elements": [{"type": "link", "url": target}]}]}
    assert "<a" not in mrkdwn(f"<{target}|x>", DIRECTORY)
    assert "<a" not in rich_text(typed_link, DIRECTORY)
