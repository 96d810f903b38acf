"""Mentions: the bot's own goes, everybody's words stay, and nothing raises."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams import mentions
from tests.support.teams_bodies import BOT, tag

ANN = tag("29:ann", "Ann")
OURS = tag(BOT, "Ask")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
FIELD = st.one_of(JSON, st.just(BOT), st.sampled_from(["<at>Ask</at>", "@", "<at", "Ask", ""]))
ENTITY = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.just("mention"), JSON),
        "text": FIELD,
        "mentioned": st.one_of(
            JSON, st.fixed_dictionaries({}, optional={"id": FIELD, "name": FIELD})
        ),
    },
)
ENTITIES = st.one_of(JSON, st.lists(st.one_of(ENTITY, JSON), max_size=5))
MARKUP = st.text(alphabet=st.sampled_from("<>/at @Ask&;nbsp#x19\u00a0\r\n"), max_size=40)
WORD = st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "entities", "seen"),
    [
        ("plain", [], "plain"),
        ("<at>Ask</at> leave?", [OURS], "leave?"),
        ("<at>Ask</at> Ask HR to ask", [OURS], "Ask HR to ask"),
        ("hi <at>Ask</at> there", [OURS], "hi there"),
        ("<at>Ask</at>&nbsp;leave?", [OURS], "leave?"),
        ('<at id="0">Ask</at> leave?', [OURS], "leave?"),
        (
            '<at id="0">Ask</at> leave?',
            [tag(BOT, "Ask") | {"text": '<at id="0">Ask</at>'}],
            "leave?",
        ),
        ("<at>Ask</at> <at>Ask</at> x", [OURS, OURS], "x"),
        ("<at>Ask</at> and <at>Ask</at>", [OURS], "and @Ask"),
        ("<at>Ask</at> to <at>Ask</at>", [tag("29:ask", "Ask"), OURS], "@Ask to"),
        ("<at>Ann</at> and <at>Ask</at>", [ANN, OURS], "@Ann and"),
        ("<at>R&amp;D</at> x", [tag(BOT, "R&amp;D")], "x"),
        ("<at>R&amp;D</at> x", [{"type": "mention", "mentioned": {"id": BOT, "name": "R&D"}}], "x"),
        ("@Ask Ask HR", [OURS | {"text": "@Ask"}], "Ask HR"),
        ("<at><b>Ask</b></at> x", [OURS | {"text": "<at><b>Ask</b></at>"}], "x"),
        ("Ask HR", [OURS | {"text": "Ask"}], "Ask HR"),
        ("<at>Ann</at> x", [], "@Ann x"),
        ("a &lt; b &amp;&amp; c&#39;s &quot;d&quot;", [], 'a < b && c\'s "d"'),
        ("&amp;lt;", [], "&lt;"),
        ("https://x.example?a=1&copy=2&reg=3", [], "https://x.example?a=1&copy=2&reg=3"),
        ("&nosuch; &#0; &#99999999999999999999;", [], "&nosuch; \ufffd &#99999999999999999999;"),
        ("one\r\ntwo\rthree\nfour", [], "one\ntwo\nthree\nfour"),
        ("a&nbsp;b\u00a0c", [], "a b c"),
        ("if a < b:\n    x = <at\n", [], "if a < b:\n    x = <at"),
        ("", [OURS], ""),
    ],
)
def test_reading(text: str, entities: list[Any], seen: str) -> None:
    """Every form in which a text comes, as its author saw it."""
    assert mentions.read(text, entities, BOT) == seen


@given(st.lists(st.one_of(WORD, st.sampled_from(["<at>Ask</at>", "<at>Ann</at>"])), max_size=12))
def test_the_authors_words_stay(pieces: list[str]) -> None:
    """Between any mentions every word survives, in its order, the bot's name among them."""
    entities = [OURS if piece == "<at>Ask</at>" else ANN for piece in pieces if "<" in piece]
    expected = [
        piece.replace("<at>Ann</at>", "@Ann") for piece in pieces if "Ask</at>" not in piece
    ]
    assert mentions.read(" ".join(pieces), entities, BOT).split() == expected


@given(st.text(max_size=60))
def test_what_teams_escapes_is_what_was_written(text: str) -> None:
    """Escaping a text and reading it gives the text, but for its ends and its kinds of lines."""
    written = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").strip()
    assert mentions.read(escape(text), [], BOT) == written


@given(st.one_of(st.text(max_size=60), MARKUP), ENTITIES, st.sampled_from([BOT, ""]))
def test_nothing_raises(text: str, entities: object, bot_id: str) -> None:
    """Whatever the entities are, there is a text, and whether it mentions the bot."""
    assert isinstance(mentions.read(text, entities, bot_id), str)
    assert isinstance(mentions.mentions(entities, bot_id), bool)


@given(MARKUP.filter(lambda text: "&" not in text))
def test_a_text_that_was_read_stays(text: str) -> None:
    """Without escapes and entities, reading again changes nothing."""
    once = mentions.read(text, [], BOT)
    if "<at" not in once:
        assert mentions.read(once, [], BOT) == once


@pytest.mark.parametrize(
    ("entities", "mentioned"),
    [
        ([OURS], True),
        ([ANN, OURS], True),
        ([{"type": "mention", "mentioned": {"id": BOT}}], True),
        ([ANN], False),
        ([OURS | {"type": "clientInfo"}], False),
        ([OURS | {"mentioned": BOT}], False),
        ([OURS | {"mentioned": None}], False),
        ({"type": "mention"}, False),
        ([None, 5, "x"], False),
        (None, False),
    ],
)
def test_whether_the_bot_is_mentioned(entities: object, mentioned: bool) -> None:
    """Only an entity tells, never the text."""
    assert mentions.mentions(entities, BOT) is mentioned


def test_nobody_is_mentioned_by_an_empty_id() -> None:
    """An entity without an id does not mention a bot without one."""
    nobody = [{"type": "mention", "mentioned": {"name": "Ask"}, "text": "<at>Ask</at>"}]
    assert not mentions.mentions(nobody, "")
    assert mentions.read("<at>Ask</at> x", nobody, "") == "@Ask x"


def test_more_mentions_than_anybody_writes() -> None:
    """The work is bounded: the rest stays as people's."""
    text = mentions.read("<at>Ask</at>" * 1000, [OURS] * 1000, BOT)
    assert text == "@Ask" * (1000 - mentions.MOST)


def test_people_by_their_ids() -> None:
    """As commands want them; who is mentioned by nothing that says who, by name."""
    text = "<at>Frontdesk</at> /assign <at>Ann</at> <at>Bob</at> <at>Eve</at>"
    entities = [tag(), tag("29:1ann", "Ann"), tag("29:1 b>", "Bob")]
    assert mentions.read(text, entities, BOT, by_id=True) == "/assign <@29:1ann> @Bob @Eve"
