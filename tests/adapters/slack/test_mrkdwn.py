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
        ("<@U1> and <@U2|ada> and <@U3|@ada>", "@U1 and @ada and @ada"),
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
