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
from adapters.teams.places import PlaceKind, Reference
from adapters.teams.twin_checks import refusals
from adapters.teams.twin_connector import split
from agent.cases import CaseCard, CaseState
from agent.messages import Button, Citation, ConversationId, OutgoingMessage, Tone

SERVICE = "https://smba.trafficmanager.net/teams"
PERSONAL = Reference(service_url=SERVICE)
GROUP = Reference(service_url=SERVICE, kind=PlaceKind.GROUP)
CHANNEL = Reference(service_url=SERVICE, kind=PlaceKind.CHANNEL)
HEARD = CHANNEL.model_copy(update={"hears_all": True})
PLACE = ConversationId("teams", "T", "19:a@thread.tacv2", "17")
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
)
MESSAGES = st.builds(
    OutgoingMessage,
    id=st.from_regex(r"t\d{1,12}\.\d{1,3}", fullmatch=True),
    conversation=st.just(PLACE),
    text=(st.text(min_size=1, max_size=200) | WORDS).filter(lambda text: bool(text.strip())),
    tone=st.sampled_from(Tone),
    citations=st.lists(CITATIONS, max_size=12).map(tuple),
    buttons=st.lists(st.sampled_from(Button), unique=True).map(tuple),
    prompts=st.lists(st.text(min_size=1, max_size=200), max_size=8).map(tuple),
    feedback=st.booleans(),
    card=st.none() | CARDS,
    under=st.sampled_from(["", "t1.1"]),
)
PLACES = st.sampled_from([PERSONAL, GROUP, CHANNEL, HEARD])


def message(text: str = "Words.", **fields: Any) -> OutgoingMessage:
    """Something that we have to say."""
    return OutgoingMessage("t1.1", PLACE, text, **fields)


def size(activity: dict[str, Any]) -> int:
    """Bytes as they go out."""
    return len(json.dumps(activity, ensure_ascii=False).encode())


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


@pytest.mark.parametrize("place", [PERSONAL, GROUP, CHANNEL, HEARD])
def test_words_for_people_are_all_there_is(place: Reference) -> None:
    """Nothing below them promises that an answer under the card would reach the employee."""
    relayed = message("**Ada:** help", tone=Tone.NOTICE, under="t0.1")
    assert rendering.render(relayed, place)["text"] == "**Ada:** help"


# Cards


CARD = CaseCard(
    case_id="C7",
    state=CaseState.WAITING,
    reason="The employee asked for a person.",
    employee_ref="teams:aad-ada",
    employee_name="Ada Byron",
    place="a direct message",
    summary="My *laptop* [melts](https://evil.example)",
    transcript=("Ada: it melts", "Frontdesk: Oh"),
    draft="Use water.\n\nOr sand.",
    confidence=0.31,
    permalink="https://teams.microsoft.com/l/message/a/1",
)


def content(activity: dict[str, Any]) -> dict[str, Any]:
    """The card on an activity."""
    (attached,) = activity["attachments"]
    assert attached["contentType"] == cards.CONTENT_TYPE
    card: dict[str, Any] = attached["content"]
    return card


def runs(card: dict[str, Any]) -> list[str]:
    """The lines of a card that people wrote, in order."""
    blocks = [one for block in card["body"] for one in block.get("items", [block])]
    texts = [one["inlines"] for one in blocks if one["type"] == "RichTextBlock"]
    return ["".join(run["text"] for run in inlines) for inlines in texts]


def test_a_case() -> None:
    """Who, why, about what, what was said, what would have been said; nothing in it is markup."""
    activity = rendering.render(message("Case C7", card=CARD), HEARD)
    card = content(activity)
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    assert [block["text"] for block in card["body"][:2]] == ["Case C7", "Waiting"]
    assert runs(card) == [
        "Ada Byron (aad-ada) in a direct message",
        "Why: The employee asked for a person.",
        "About: My *laptop* [melts](https://evil.example)",
        "So far",
        "Ada: it melts",
        "Frontdesk: Oh",
        "The assistant would have said (confidence 0.31)",
        "Use water.",
        "Or sand.",
    ]
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open the conversation", "url": CARD.permalink}
    ]
    assert activity["summary"].startswith("Case C7 from Ada Byron: My *laptop*")
    assert "text" not in activity


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("place", [GROUP, CHANNEL, HEARD])
def test_nothing_is_asked_on_a_case(state: CaseState, place: Reference) -> None:
    """There is nothing to write into and nothing to send, whoever hears what."""
    card = content(rendering.render(message(card=replace(CARD, state=state)), place))
    assert not any(block["type"].startswith("Input.") for block in card["body"])
    assert [action["type"] for action in card["actions"]] == ["Action.OpenUrl"]


def test_an_edit_of_a_card_shows_its_state() -> None:
    """In place of the one before."""
    edit = message(card=replace(CARD, state=CaseState.CLAIMED), replaces="t0.9")
    assert content(rendering.render(edit, CHANNEL))["body"][1]["text"] == "Claimed"


def test_a_case_about_nothing() -> None:
    """Only what there is."""
    bare = replace(CARD, summary="", transcript=(), draft="", permalink="", employee_name="")
    card = content(rendering.render(message(card=bare), HEARD))
    assert runs(card) == [
        "the employee (aad-ada) in a direct message",
        "Why: The employee asked for a person.",
    ]
    assert "actions" not in card


def test_a_case_as_plain_text() -> None:
    """Should Teams refuse the card, people still learn of the case; nothing in it is markup."""
    activity = rendering.plain(message(card=CARD), CHANNEL)
    assert activity["text"].startswith(r"Case C7 from Ada Byron: My \*laptop\* \[melts\]")
    assert "attachments" not in activity


def test_a_card_that_would_be_too_large() -> None:
    """Its texts are shortened until it fits, the newest of what was said is kept."""
    long = replace(CARD, draft="\U0001f600" * 9000, transcript=("old " * 3000, "newest"))
    card = content(rendering.render(message(card=long), CHANNEL))
    assert size(card) <= cards.MAX_CARD
    assert "newest" in runs(card)


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
