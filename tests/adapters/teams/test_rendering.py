"""Messages of ours as activities: always what Teams takes, never a ping, never too large."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams import cards, markup, rendering
from adapters.teams.places import Reference
from adapters.teams.twin_checks import refusals
from adapters.teams.twin_connector import split
from agent.cases import CaseCard, CaseState, Outcome
from agent.messages import Button, Citation, OutgoingMessage, Tone
from tests.support.teams_cards import (
    CHANNEL,
    GROUP,
    HEARD,
    PERSONAL,
    PLACE,
    content,
    message,
    size,
)

LEAVE = Citation("Annual leave", "How many", "https://handbook.example/leave")
WORDS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["", "<at>Ann</at>", "a < b", "`<div>`", "```\n<at>x</at>\n```", "[1, 2]", "<!-- -->"]
    ),
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
    permalink=st.sampled_from(["", "https://teams.microsoft.com/l/message/a/1"]),
    owner=st.text(max_size=200),
    outcome=st.sampled_from(["", *Outcome]) | WORDS,
    note=WORDS,
    joined=st.integers(0, 300),
)
MESSAGES = st.builds(
    OutgoingMessage,
    id=st.from_regex(r"t\d{1,12}\.\d{1,3}", fullmatch=True),
    conversation=st.just(PLACE),
    text=(st.text(min_size=1, max_size=200) | WORDS).filter(lambda text: bool(text.strip())),
    tone=st.sampled_from(Tone),
    citations=st.lists(CITATIONS, max_size=12).map(tuple),
    buttons=st.lists(st.sampled_from(Button), unique=True).map(tuple),
    prompts=st.lists(st.text(min_size=1, max_size=200).filter(str.strip), max_size=8).map(tuple),
    feedback=st.booleans(),
    card=st.none() | CARDS,
    under=st.sampled_from(["", "t1.1"]),
)
PLACES = st.sampled_from([PERSONAL, GROUP, CHANNEL, HEARD])


def activities(message: OutgoingMessage, place: Reference) -> list[dict[str, Any]]:
    """Everything that may go out for a message."""
    shown = [rendering.render(message, place), rendering.plain(message, place)]
    under = rendering.below(message)
    return shown if under is None else [*shown, under]


# Laws


@given(MESSAGES, PLACES)
@settings(deadline=None)
def test_teams_takes_everything(message: OutgoingMessage, place: Reference) -> None:
    """By the rules of the local Teams, which is stricter than the real one."""
    for activity in activities(message, place):
        assert refusals(activity, place.kind) == []
        assert len(split(activity)) == 1, "Teams would make two messages of it"


@given(MESSAGES, PLACES)
@settings(deadline=None)
def test_everything_fits(message: OutgoingMessage, place: Reference) -> None:
    """The text into what the adapter promises, the card and the whole into Teams' limits."""
    for activity in activities(message, place):
        assert len(activity.get("text", "")) <= rendering.MAX_TEXT
        assert size(activity) <= 100 * 1024
        for one in activity.get("attachments", ()):
            assert size(one["content"]) <= cards.MAX_CARD


@given(MESSAGES, PLACES)
@settings(deadline=None)
def test_nothing_rendered_pings(message: OutgoingMessage, place: Reference) -> None:
    """No text has a mention, and no entity says who would be meant; where Markdown is read, that
    is: the words of people on a card stand in runs.
    """
    for activity in activities(message, place):
        read = [activity.get("text", "")]
        for one in activity.get("attachments", ()):
            read += [block.get("text", "") for block in one["content"]["body"]]
        assert not any(re.search(r"</?at\b", text, re.IGNORECASE) for text in read)
        assert all(one["type"] != "mention" for one in activity.get("entities", ()))


@given(MESSAGES, PLACES)
@settings(deadline=None)
def test_there_is_always_something_to_notify_with(
    message: OutgoingMessage, place: Reference
) -> None:
    """A text or a summary, for banners and screen readers."""
    for activity in activities(message, place):
        assert activity.get("text") or activity.get("summary")


@given(st.text())
def test_outside_of_code_nothing_is_a_tag(text: str) -> None:
    """Whatever was written between them."""
    for piece in markup.CODE.split(markup.defuse(text))[::2]:
        assert not re.search(r"<[A-Za-z/!?]", piece)


@given(st.text(alphabet="ab* \n", max_size=30))
def test_bold_words_are_all_there(text: str) -> None:
    """However the stars stand: only they may go, and what is shown is never nothing."""
    parts = [words for words, _ in markup.spans(text)]
    assert "".join(parts).replace("*", "") == text.replace("*", "")
    assert all(parts) or parts == [text]


# Examples


def test_an_answer() -> None:
    """The label, a source for each number in the text, the thumbs and a button."""
    answer = message(
        "Thirty days [1].", citations=(LEAVE,), buttons=(Button.ASK_PERSON,), feedback=True
    )
    activity = rendering.render(answer, PERSONAL)
    assert activity["text"] == "Thirty days [1]."
    assert activity["textFormat"] == "markdown"
    assert activity["channelData"] == {"feedbackLoop": {"type": "default"}}
    (entity,) = activity["entities"]
    assert entity["additionalType"] == ["AIGeneratedContent"]
    assert entity["citation"] == [
        {
            "@type": "Claim",
            "position": 1,
            "appearance": {
                "@type": "DigitalDocument",
                "name": "Annual leave · How many",
                "abstract": "How many",
                "url": "https://handbook.example/leave",
            },
        }
    ]
    under = rendering.below(answer)
    assert under is not None
    assert under["summary"] == "Ask a person"
    assert content(under)["actions"] == [
        {
            "type": "Action.Execute",
            "title": "Ask a person",
            "verb": "frontdesk.ask_person",
            "data": {"about": "t1.1"},
        }
    ]


def test_a_source_that_the_text_does_not_point_at() -> None:
    """Teams would not show it, so it stands under the words with its number."""
    activity = rendering.render(message("Thirty days.", citations=(LEAVE,)), PERSONAL)
    assert activity["text"] == (
        "Thirty days.\n\nSources:\n- [1] [Annual leave · How many](https://handbook.example/leave)"
    )
    assert activity["entities"][0]["citation"][0]["position"] == 1


def test_numbers_that_stand_together() -> None:
    """Teams makes a source of '[1]' alone; lists in code are no sources."""
    two = message("Both [1, 2]; not [1, 7] or `[1, 2]`.", citations=(LEAVE, LEAVE))
    activity = rendering.render(two, PERSONAL)
    assert activity["text"] == "Both [1] [2]; not [1, 7] or `[1, 2]`."
    assert [one["position"] for one in activity["entities"][0]["citation"]] == [1, 2]


def test_more_sources_than_teams_takes() -> None:
    """The rest is told in words."""
    many = message(" ".join(f"[{n}]" for n in range(1, 13)), citations=(LEAVE,) * 12)
    activity = rendering.render(many, PERSONAL)
    assert len(activity["entities"][0]["citation"]) == 10
    assert "- [11] " in activity["text"]
    assert "- [12] " in activity["text"]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc", "https://x y", "https://x)"]
)
def test_addresses_that_no_client_should_open(link: str) -> None:
    """The source is named without them."""
    cited = message("See [1] and more.", citations=(Citation("T", "", link),) * 2)
    activity = rendering.render(cited, PERSONAL)
    assert link not in json.dumps(activity)


@pytest.mark.parametrize("tone", [Tone.DEGRADED, Tone.NOTICE])
def test_what_no_model_wrote(tone: Tone) -> None:
    """It carries no AI label; sources are shown all the same."""
    assert "entities" not in rendering.render(message(tone=tone), PERSONAL)
    activity = rendering.render(message("Found [1]", tone=tone, citations=(LEAVE,)), PERSONAL)
    assert "additionalType" not in activity["entities"][0]
    assert activity["entities"][0]["citation"]


def test_questions_to_press() -> None:
    """Chips in a personal chat, a list elsewhere, and beside a card, where there are no chips."""
    welcome = message("Hello.", tone=Tone.NOTICE, prompts=("How many days?", "Who helps?"))
    chips = rendering.render(welcome, PERSONAL)["suggestedActions"]["actions"]
    assert [(one["type"], one["value"]) for one in chips] == [
        ("imBack", "How many days?"),
        ("imBack", "Who helps?"),
    ]
    listed = "Hello.\n\n- How many days?\n- Who helps?"
    assert rendering.render(welcome, GROUP)["text"] == listed
    with_button = replace(welcome, buttons=(Button.ASK_PERSON,))
    assert rendering.render(with_button, PERSONAL)["text"] == listed


def test_markup_of_a_model() -> None:
    """Tags are shown as they were written; code stays what it was, but calls nobody."""
    text = "<at>Ann</at> <b>x</b> 1 < 2 `<div>` ```\n<at>Ann</at>\n```"
    shown = rendering.render(message(text), PERSONAL)["text"]
    assert shown == (
        "&lt;at>Ann&lt;/at> &lt;b>x&lt;/b> 1 < 2 `<div>` ```\n<\u2060at>Ann<\u2060/at>\n```"
    )


def test_what_is_too_long() -> None:
    """It is cut with an ellipsis, and its sources are still there."""
    text = rendering.render(message("x" * 20_000, citations=(LEAVE,)), PERSONAL)["text"]
    assert "x…\n\nSources:\n- [1] " in text
    assert rendering.render(message("x" * 12_001), PERSONAL)["text"].endswith("x…")
    assert rendering.render(message("x" * 8_000), CHANNEL)["text"] == "x" * 8_000


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        (CHANNEL, rendering.HOW_TO_ANSWER),
        (GROUP, rendering.HOW_TO_ANSWER_IN_A_CHAT),
        (GROUP.model_copy(update={"hears_all": True}), rendering.HOW_TO_ANSWER_IN_A_CHAT),
        (PERSONAL, rendering.HOW_TO_ANSWER_IN_A_CHAT),
        (HEARD, ""),
    ],
)
def test_words_for_people_say_how_to_answer(place: Reference, hint: str) -> None:
    """Where the bot does not hear what is written under a card; elsewhere it would only disturb."""
    relayed = message("**Ada:** help", tone=Tone.PERSON, under="t0.1")
    text = "**Ada:** help" + (f"\n\n{hint}" if hint else "")
    assert rendering.render(relayed, place)["text"] == text
    assert rendering.render(replace(relayed, under=""), place)["text"] == "**Ada:** help"
    long = rendering.render(replace(relayed, text="x" * 12_000), place)["text"]
    assert long.endswith(hint or "x")


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        (CHANNEL, rendering.HOW_TO_ANSWER_PEOPLE),
        (GROUP, rendering.HOW_TO_ANSWER_PEOPLE),
        (GROUP.model_copy(update={"hears_all": True}), rendering.HOW_TO_ANSWER_PEOPLE),
        (PERSONAL, ""),
        (HEARD, ""),
    ],
)
@pytest.mark.parametrize("tone", [Tone.PERSON, Tone.NOTICE])
def test_an_employee_reads_how_to_answer(place: Reference, hint: str, tone: Tone) -> None:
    """Where the bot does not hear them, whoever tells them that people read what they write."""
    told = message("**Bob:** which floor?", tone=tone, invites=True)
    text = "**Bob:** which floor?" + (f"\n\n{hint}" if hint else "")
    assert rendering.render(told, place)["text"] == text


@pytest.mark.parametrize("place", [PERSONAL, GROUP, CHANNEL])
def test_words_of_people(place: Reference) -> None:
    """A person answers, not a machine: no label, no thumbs, and a message like any other."""
    said = message("**Ada (IT):** <b>done</b>", tone=Tone.PERSON, buttons=(Button.LEAVE_QUEUE,))
    activity = rendering.render(said, place)
    assert activity["text"] == "**Ada (IT):** &lt;b>done&lt;/b>"
    assert activity.keys() == {"type", "text", "textFormat", "summary"}
    assert activity["summary"] == "Ada (IT): <b>done</b>"
    assert rendering.below(said) is not None


def test_a_question_that_only_a_button_answers() -> None:
    """Words and buttons are one message, so that an edit can take the buttons away; markup of the
    arguments stays what it was, but calls nobody.
    """
    asked = message(
        "**Order** `<b>` <at>Ann</at>?",
        tone=Tone.NOTICE,
        buttons=(Button.APPROVE, Button.DENY),
    )
    activity = rendering.render(asked, PERSONAL)
    assert rendering.below(asked) is None
    card = content(activity)
    assert [block["text"] for block in card["body"]] == [
        "**Order** `<b>` <\u2060at>Ann<\u2060/at>?"
    ]
    assert [one["style"] for one in card["actions"]] == ["positive", "destructive"]
    settled = rendering.render(replace(asked, buttons=(), replaces="t1.1"), PERSONAL)
    assert settled["text"].startswith("**Order**")


def test_a_long_notice_with_buttons() -> None:
    """What would make the card too large stands before it."""
    long = message("x" * 7000, tone=Tone.NOTICE, buttons=(Button.LEAVE_QUEUE,))
    assert rendering.render(long, PERSONAL)["text"] == "x" * 7000
    under = rendering.below(long)
    assert under is not None
    assert content(under)["body"] == []
