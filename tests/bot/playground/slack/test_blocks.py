"""Every block that Frontdesk or Slack makes is drawn, and what is not is said."""

from __future__ import annotations

from typing import Any

from bot.playground.slack.blocks import drawn
from bot.playground.slack.marking import Directory

DIRECTORY = Directory({}, lambda _: None)


def button(action: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": "Go"},
        **more,
    }


def test_texts_and_headings() -> None:
    """Sections with fields, context with pictures, headers and dividers."""
    words = {"type": "mrkdwn", "text": "*a*"}
    shapes = drawn(
        [
            {"type": "header", "text": {"type": "plain_text", "text": "<Case>"}},
            {"type": "section", "text": words, "fields": [{"type": "plain_text", "text": "*b*"}]},
            {"type": "divider"},
            {"type": "context", "elements": [words, {"type": "image", "alt_text": "<c>"}]},
        ],
        DIRECTORY,
    )
    assert shapes == [
        {"type": "header", "text": "<Case>"},
        {"type": "html", "style": "section", "html": "<strong>a</strong>"},
        {"type": "html", "style": "section", "html": "*b*"},
        {"type": "divider"},
        {"type": "context", "items": ["<strong>a</strong>", "&lt;c&gt;"]},
    ]


def test_buttons_stay_in_their_rows() -> None:
    """Buttons that follow each other are one row; a link of an unsafe kind is dropped."""
    menu = {"type": "static_select", "action_id": "m"}
    linked = button("b", url="javascript:x", style="danger", value="1")
    shapes = drawn([{"type": "actions", "elements": [button("a"), linked, menu]}], DIRECTORY)
    row, note = shapes
    assert [one["action_id"] for one in row["elements"]] == ["a", "b"]
    assert row["elements"][1] == {
        "action_id": "b",
        "value": "1",
        "text": "Go",
        "style": "danger",
        "url": "",
        "alone": False,
    }
    assert "static_select" in note["text"]


def test_buttons_beside_a_text() -> None:
    """A section's accessory is drawn below it."""
    section = {
        "type": "section",
        "text": {"type": "plain_text", "text": "x"},
        "accessory": button("a", url="https://x.example/"),
    }
    _, row = drawn([section], DIRECTORY)
    assert row["elements"][0]["url"] == "https://x.example/"


def test_feedback_says_what_its_thumbs_mean() -> None:
    """Screen readers hear the label made for them, or the button's text."""
    text = {"type": "plain_text", "text": "Bad"}
    element = {
        "type": "feedback_buttons",
        "action_id": "f",
        "positive_button": {"text": text, "accessibility_label": "Helpful"},
        "negative_button": {"text": text},
    }
    shapes = drawn([{"type": "context_actions", "elements": [element]}], DIRECTORY)
    assert shapes == [
        {"type": "feedback", "action_id": "f", "positive": "Helpful", "negative": "Bad"}
    ]


def test_what_is_not_drawn_is_said() -> None:
    """A block of a new kind leaves a note, not a hole."""
    assert "carousel" in drawn([{"type": "carousel"}], DIRECTORY)[0]["text"]
