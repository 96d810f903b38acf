"""Slack's markup: what a person sees of it, and that nothing of ours becomes special in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import mrkdwn

BOT = "U0FRONTBOT"
MARKUP = st.text(
    alphabet=st.sampled_from("<>!@#|&;^amplgt U1Cxhereurl:/.\u200b\u2060"), max_size=40
)
ANY = st.one_of(st.text(max_size=60), MARKUP)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("plain", "plain"),
        ("a &amp; b &lt; c &gt; d", "a & b < c > d"),
        (f"<@{BOT}> leave?", "leave?"),
        (f"leave <@{BOT}|frontdesk>?", "leave ?"),
        ("<@U1> and <@U2|ada> and <@U3|@ada>", "somebody and @ada and @ada"),
        ("<#C1> and <#C2|general>", "#C1 and #general"),
        (
            "<!here> <!channel|@channel> <!subteam^S1|@it> <!subteam^S2>",
            "@here @channel @it @subteam",
        ),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<mailto:it@x.example|it@x.example> <mailto:b@x.example>", "it@x.example b@x.example"),
        ("<https://x.example>", "https://x.example"),
        ("<https://x.example|https://x.example>", "https://x.example"),
        ("<https://x.example|the page>", "[the page](https://x.example)"),
        ("  spaces  ", "spaces"),
        ("&amp;lt;", "&lt;"),
        ("<", "<"),
        ("<>", ""),
    ],
)
def test_what_a_person_sees(written: str, seen: str) -> None:
    """Reading turns Slack's markup into what its client would show."""
    assert mrkdwn.read(written, BOT) == seen


def test_mentions() -> None:
    """A mention is the whole id, with a label or without."""
    assert mrkdwn.mentions(f"hello <@{BOT}>", BOT)
    assert mrkdwn.mentions(f"hello <@{BOT}|frontdesk>", BOT)
    assert not mrkdwn.mentions(f"hello <@{BOT}2>", BOT)
    assert not mrkdwn.mentions(f"hello {BOT}", BOT)


@given(ANY)
def test_defused_markdown_pings_nobody(text: str) -> None:
    """Whatever the Markdown says, no mention, channel or command is left in it."""
    defused = mrkdwn.defuse(text)
    assert not re.search(r"<[!@#]", defused)
    assert defused.replace("<" + mrkdwn.WORD_JOINER, "<") == text.replace(
        "<" + mrkdwn.WORD_JOINER, "<"
    )


@given(ANY)
def test_escaped_text_is_nothing_but_text(text: str) -> None:
    """Escaping leaves no angle bracket, and reading gives the text back."""
    escaped = mrkdwn.escape(text)
    assert not re.search(r"[<>]", escaped)
    assert mrkdwn.read(escaped, BOT) == text.strip()


@given(ANY, ANY)
def test_a_link_is_a_link_or_its_label(url: str, label: str) -> None:
    """No address and no label can end the link early or begin a mention."""
    written = mrkdwn.link(url, label)
    assert re.fullmatch(r"<(https?|slack)://[^\s<>|]+\|[^<>|]*>|[^<>]*", written)


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://x", "https://x|y", "https://x>", "https://a b", "/x"]
)
def test_an_address_that_no_client_should_open(url: str) -> None:
    """The label stands alone."""
    assert mrkdwn.link(url, "a <b> | c") == "a &lt;b&gt; ¦ c"


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("plain & <b>", "plain &amp; &lt;b&gt;"),
        ("**bold** and **more of it**.", "*bold* and *more of it*."),
        ("*as it is* _and so_ `on` ~~here~~", "*as it is* _and so_ `on` ~~here~~"),
        ("2 * 3 ** 4, 2**3, f(**kwargs)", "2 * 3 ** 4, 2**3, f(**kwargs)"),
        ("**first line\nsecond** line", "**first line\nsecond** line"),
        ("Frontdesk: You get **27 da…", "Frontdesk: You get 27 da…"),
        ("[the page](https://x.example/a?b=1&c)", "<https://x.example/a?b=1&c|the page>"),
        ("[**bold** page](https://x.example)", "<https://x.example|*bold* page>"),
        ("[no](javascript:alert)", "[no](javascript:alert)"),
        ("see https://x.example/a_b.", "see <https://x.example/a_b|https://x.example/a_b>."),
        ("(https://x.example)", "(<https://x.example|https://x.example>)"),
        ("<!here> <@U1>", "&lt;!here&gt; &lt;@U1&gt;"),
        ("", ""),
    ],
)
def test_markdown_in_a_mrkdwn_field(markdown: str, written: str) -> None:
    """Bold and links look the same, everything else stands as it was written."""
    assert mrkdwn.write(markdown) == written


@given(ANY | st.text(alphabet="*[]()<>!@#|ab :/.…\n", max_size=60).map("[a](https://b)".join))
def test_written_markdown_pings_nobody(text: str) -> None:
    """The only thing in angle brackets is a link."""
    for inside in re.findall(r"<([^>]*)>?", mrkdwn.write(text)):
        assert re.match(r"https?://", inside)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("assign <@U1|ada> C7", "assign <@U1> C7"),
        ("<@U1> and <@W2|w|x>", "<@U1> and <@W2>"),
        ("human a &lt; b &amp; <https://x.example|c>", "human a < b & [c](https://x.example)"),
        ("<!channel> <#C1|general>", "@channel #general"),
        ("&lt;@U1&gt;", "<@U1>"),
        ("", ""),
    ],
)
def test_the_words_of_a_command(given: str, seen: str) -> None:
    """As a person sees them, but whom they mention can still be told."""
    assert mrkdwn.read_command(given) == seen
