"""Messages of ours as blocks: always valid, always within Slack's limits, never a ping."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from adapters.slack import rendering, twin_blocks
from agent.cases import CaseCard, CaseState, Outcome
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
    owner=st.text(max_size=80),
    outcome=st.sampled_from(["", *Outcome]) | WORDS,
    note=WORDS,
    joined=st.integers(0, 300),
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


def test_words_of_a_person() -> None:
    """As they were written, under the person's name; nobody is asked whether they helped."""
    words = "**Ada (IT):** 2 * 3\n*not* bold & <@U1>, see https://x.example/a_b.\n[plan](https://y.example)"
    message = OutgoingMessage("t1.1", PLACE, words, Tone.PERSON, feedback=True)
    content = rendering.render(message)
    (block,) = content["blocks"]
    assert block["text"]["text"] == (
        "*Ada (IT):* 2 * 3\n*not* bold &amp; &lt;@U1&gt;, see "
        "<https://x.example/a_b|https://x.example/a_b>.\n<https://y.example|plan>"
    )
    assert rendering.plain(message)["text"] == block["text"]["text"]


@pytest.mark.parametrize("tone", Tone)
def test_what_a_telephone_shows(tone: Tone) -> None:
    """A notification shows the words alone; without blocks what was bold still is."""
    words = "**Bob (IT)** has 2 * 3 <@U1>, see [the plan](https://x.example) or https://y.example."
    message = OutgoingMessage("t1.1", PLACE, words, tone)
    shown = "Bob (IT) has 2 * 3 &lt;@U1&gt;, see the plan or https://y.example."
    assert rendering.render(message)["text"] == shown
    assert rendering.plain(message)["text"].startswith("*Bob (IT)* has 2 * 3")
    cut = OutgoingMessage("t1.1", PLACE, "see **what was cut…", tone)
    assert rendering.render(cut)["text"] == "see what was cut…"


@given(st.text(alphabet="ab&<* \n", min_size=1, max_size=9).map(lambda text: text * 900))
@settings(deadline=None)
def test_no_word_of_a_person_is_lost(words: str) -> None:
    """However much there is, and however much of it must be escaped."""
    message = OutgoingMessage("t1.1", PLACE, words, Tone.PERSON)
    blocks = rendering.render(message)["blocks"]
    shown = "".join(block["text"]["text"] for block in blocks)
    for mark, special in (("&lt;", "<"), ("&amp;", "&"), ("…", "")):
        shown = shown.replace(mark, special)
    for letter in "ab&<":
        assert shown.count(letter) == words.count(letter)


def card(**changes: Any) -> dict[str, Any]:
    """A card, rendered."""
    whole = CaseCard("C7", CaseState.WAITING, "Asked.", "slack:U1", "Ada", "a channel", "")
    changed = replace(whole, **changes)
    return rendering.render(OutgoingMessage("t1.1", PLACE, "Case C7", card=changed))


def texts_of(content: dict[str, Any]) -> list[str]:
    """The texts of the blocks."""
    return [block["text"]["text"] for block in content["blocks"]]


def test_a_card() -> None:
    """Who, where, why, what about, what was said, and what the bot would have said."""
    content = card(
        state=CaseState.CLAIMED,
        owner="Grace <!here>",
        reason="They <asked>.",
        employee_name="Ada & Co",
        summary="Leave, *now*",
        transcript=("Ada: hello", "Frontdesk: **hi**, see [leave](https://x.example/leave)"),
        draft="27 **days**\nor so",
        confidence=0.3,
        permalink="https://x.example/p1",
    )
    assert texts_of(content) == [
        "Case C7",
        ":raised_hand: claimed by Grace &lt;!here&gt;\n*Ada &amp; Co* in a channel"
        " · <https://x.example/p1|open the conversation>",
        "*Why:* They &lt;asked&gt;.",
        "*About:* Leave, *now*",
        "*So far*\n> Ada: hello\n> Frontdesk: *hi*, see <https://x.example/leave|leave>",
        "*The assistant would have said (confidence 0.30)*\n> 27 *days*\n> or so",
    ]
    told = "Case C7 from Ada &amp; Co (claimed by Grace &lt;!here&gt;): Leave, *now*"
    assert content["text"] == told


def test_a_card_about_nothing() -> None:
    """What is not known is left out; without a name there is the id."""
    assert texts_of(card()) == [
        "Case C7",
        ":hourglass_flowing_sand: waiting\n*Ada* in a channel",
        "*Why:* Asked.",
    ]
    assert card()["text"] == "Case C7 from Ada"
    assert texts_of(card(employee_name=" "))[1].endswith("*U1* in a channel")
    nobody = card(employee_name="", employee_ref="", place="")
    assert texts_of(nobody)[1] == ":hourglass_flowing_sand: waiting"
    assert nobody["text"] == "Case C7"
    somewhere = card(employee_name="", employee_ref="", permalink="https://x.example")
    assert texts_of(somewhere)[1].endswith("a channel · <https://x.example|open the conversation>")


@pytest.mark.parametrize(
    ("outcome", "words"), [("wont_do", "Won't do"), ("as it says", "as it says"), ("", None)]
)
def test_a_card_of_a_case_that_is_over(outcome: str, words: str | None) -> None:
    """By whom, how, and what they noted."""
    content = card(state=CaseState.RESOLVED, owner="Grace", outcome=outcome, note="See *memo* <5>")
    state = texts_of(content)[1].splitlines()[0]
    assert state == ":white_check_mark: resolved by Grace" + (f": {words}" if words else "")
    assert texts_of(content)[2] == "*Note:* See *memo* &lt;5&gt;"


def test_a_card_of_an_incident() -> None:
    """It says for how many it stands."""
    assert ":rotating_light: this card is for 12 cases" in texts_of(card(joined=12))[1]
    assert "this card is for 1 case of" in texts_of(card(joined=1))[1]


def test_a_long_card_keeps_what_was_said_last() -> None:
    """The end of the transcript, the beginning of everything else, within Slack's limit."""
    long = "word " * 2000
    content = card(
        reason=long,
        summary=long,
        note=long,
        draft="first " + long,
        transcript=("first", long, "Ada: last"),
    )
    assert twin_blocks.total_text(content["blocks"]) < twin_blocks.TOTAL_TEXT
    texts = texts_of(content)
    assert texts[5].endswith("> Ada: last")
    assert texts[6].splitlines()[1].startswith("> first")


def test_every_edit_of_a_card_is_about_the_same_message() -> None:
    """A press on an edited card names the card; elsewhere the message itself."""
    whole = CaseCard("C7", CaseState.WAITING, "Asked.", "slack:U1", "Ada", "a channel", "")
    posted = OutgoingMessage("t1.1", PLACE, "Case C7", buttons=(Button.CLAIM,), card=whole)
    for message in (posted, replace(posted, id="t2.1", replaces="t1.1")):
        (button,) = rendering.render(message)["blocks"][-1]["elements"]
        assert button["value"] == "claim|t1.1"
        assert button["style"] == "primary"
    answer = OutgoingMessage("t2.1", PLACE, "Hi", buttons=(Button.APPROVE,), replaces="t1.1")
    assert rendering.render(answer)["blocks"][-1]["elements"][0]["value"] == "approve|t2.1"
