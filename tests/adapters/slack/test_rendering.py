"""Messages of ours as blocks: always valid, always within Slack's limits, never a ping."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from adapters.slack import rendering, twin_blocks
from agent.cases import CaseCard, CaseState
from agent.messages import Button, Citation, ConversationId, OutgoingMessage, Tone

PLACE = ConversationId("slack", "T1", "C1", "1.2")
WORDS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["", "<!channel>", "<@U1> & co", "```\ncode\n```", "&lt;!here&gt;", "a|b"]),
    st.builds(lambda text, times: text * times, st.text(max_size=9), st.integers(0, 3000)),
)
CITATIONS = st.builds(Citation, WORDS, WORDS, st.sampled_from(["", "https://x.example/a"]) | WORDS)
CARDS = st.builds(
    CaseCard,
    case_id=st.from_regex(r"C\d{1,9}", fullmatch=True),
    state=st.sampled_from(CaseState),
    reason=WORDS,
    employee_ref=st.sampled_from(["slack:U1", "teams:29:abc"]),
    employee_name=st.text(max_size=80),
    place=st.sampled_from(["a channel", "a direct message"]),
    summary=WORDS,
    transcript=st.lists(WORDS, max_size=6).map(tuple),
    draft=WORDS,
    confidence=st.none() | st.floats(0, 1),
    permalink=st.sampled_from(["", "https://example.slack.com/archives/D1/p1"]),
)
MESSAGES = st.builds(
    OutgoingMessage,
    id=st.from_regex(r"t\d{1,12}\.\d{1,3}", fullmatch=True),
    conversation=st.just(PLACE),
    text=st.text(min_size=1, max_size=200) | WORDS.filter(lambda text: bool(text)),
    tone=st.sampled_from(Tone),
    citations=st.lists(CITATIONS, max_size=12).map(tuple),
    buttons=st.lists(st.sampled_from(Button), unique=True).map(tuple),
    prompts=st.lists(WORDS, max_size=4).map(tuple),
    feedback=st.booleans(),
    card=st.none() | CARDS,
)


def pings(content: dict[str, Any]) -> list[str]:
    """What in text or blocks would mention somebody."""
    return re.findall(r"<[!@#][^>]*>?", json.dumps(content, ensure_ascii=False))


@given(MESSAGES)
@settings(deadline=None)
def test_blocks_are_always_valid(message: OutgoingMessage) -> None:
    """By slack_sdk's own validation, and by the rules of Slack's server."""
    blocks = rendering.render(message)["blocks"]
    assert 1 <= len(blocks) <= 50
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None, block
        parsed.validate_json()
    assert twin_blocks.refusals(blocks) == []


@given(MESSAGES)
@settings(deadline=None)
def test_nothing_rendered_pings(message: OutgoingMessage) -> None:
    """Neither the blocks nor the fallback text mention anybody."""
    assert pings(rendering.render(message)) == []
    assert pings(rendering.plain(message)) == []


@given(MESSAGES)
@settings(deadline=None)
def test_the_fallback_fits(message: OutgoingMessage) -> None:
    """The plain text is there, short enough to be posted, and unfolds no link."""
    content = rendering.plain(message)
    assert content["text"]
    assert len(content["text"]) <= 12_000
    assert content["unfurl_links"] is content["unfurl_media"] is False


def test_an_answer() -> None:
    """Words, sources, button and feedback, in this order."""
    message = OutgoingMessage(
        "t1.1",
        PLACE,
        "You get **27 days** [1].",
        citations=(Citation("Leave", "Days", "https://x.example"), Citation("Forms")),
        buttons=(Button.ASK_PERSON,),
        feedback=True,
    )
    words, sources, actions, feedback = rendering.render(message)["blocks"]
    assert words == {"type": "markdown", "text": "You get **27 days** [1]."}
    assert [one["text"] for one in sources["elements"]] == [
        "*Sources*",
        "1. <https://x.example|Leave · Days>",
        "2. Forms",
    ]
    assert actions["elements"][0]["value"] == "ask_person|t1.1"
    assert feedback["elements"][0]["negative_button"]["value"] == "down|t1.1"


def test_a_question_that_only_a_button_answers() -> None:
    """Approve and Deny stand out, and name the message that they are under."""
    buttons = (Button.APPROVE, Button.DENY)
    message = OutgoingMessage("t1.1", PLACE, "Shall I?", buttons=buttons)
    _, actions = rendering.render(message)["blocks"]
    told = [(one["action_id"], one["style"], one["value"]) for one in actions["elements"]]
    assert told == [
        ("frontdesk_approve", "primary", "approve|t1.1"),
        ("frontdesk_deny", "danger", "deny|t1.1"),
    ]
    assert [one["text"]["text"] for one in actions["elements"]] == ["Approve", "Deny"]


def test_a_notice() -> None:
    """A notice is words and nothing else."""
    (block,) = rendering.render(OutgoingMessage("t1.1", PLACE, "Stopped.", Tone.NOTICE))["blocks"]
    assert block == {"type": "markdown", "text": "Stopped."}


def test_questions_to_begin_with() -> None:
    """They are read, not pressed; the fallback has them too."""
    message = OutgoingMessage("t1.1", PLACE, "Hello!", prompts=("VPN & Wi-Fi?", "Leave?"))
    shown = rendering.render(message)
    assert shown["blocks"][1] == {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "text": "For example:\n• VPN &amp; Wi-Fi?\n• Leave?",
            "verbatim": True,
        },
    }
    assert shown["text"] == "Hello!\nFor example:\n• VPN &amp; Wi-Fi?\n• Leave?"


def test_a_card() -> None:
    """Who, where, why, what about, what was said, and what the bot would have said."""
    card = CaseCard(
        "C7",
        CaseState.CLAIMED,
        "They <asked>.",
        "slack:U1",
        "Ada & Co",
        "a channel",
        "Leave",
        ("Ada: hello", "Frontdesk: hi"),
        "27 days\nor so",
        0.3,
        "https://x.example/p1",
    )
    content = rendering.render(OutgoingMessage("t1.1", PLACE, "Case C7", card=card))
    texts = [block["text"]["text"] for block in content["blocks"]]
    assert texts == [
        "Case C7",
        ":raised_hand: claimed\n*Ada &amp; Co* (U1) in a channel"
        " · <https://x.example/p1|open the conversation>",
        "*Why:* They &lt;asked&gt;.",
        "*About:* Leave",
        "*So far*\n> Ada: hello\n> Frontdesk: hi",
        "*The assistant would have said (confidence 0.30)*\n> 27 days\n> or so",
    ]
    assert content["text"] == "Case C7 from Ada &amp; Co: Leave"


def test_a_card_about_nothing() -> None:
    """What is not known is left out."""
    card = CaseCard("C7", CaseState.WAITING, "Asked.", "slack:U1", "Ada", "a channel", "")
    content = rendering.render(OutgoingMessage("t1.1", PLACE, "Case C7", card=card))
    assert len(content["blocks"]) == 3
    assert content["text"] == "Case C7 from Ada"
