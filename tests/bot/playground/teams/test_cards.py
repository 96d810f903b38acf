"""Every element that Frontdesk's cards are made of is drawn, and what is not is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from adapters.teams import cards as sent
from agent.cases import CaseCard, CaseState
from agent.messages import Button
from bot.playground.teams.cards import drawn
from tests.support.html import TEXTS, assert_safe


def nowhere(_: str) -> None:
    """No address is a permalink."""


def shapes(*body: Any, **card: Any) -> list[dict[str, Any]]:
    """What is drawn of a card."""
    shape = drawn({"type": "AdaptiveCard", "body": list(body), **card}, nowhere)
    assert shape["type"] == "card"
    items: list[dict[str, Any]] = shape["items"]
    return items


def html(style: str, text: str) -> dict[str, str]:
    return {"type": "html", "style": style, "html": text}


def test_texts() -> None:
    """A text reads Markdown and has its looks; a run reads none; looks that are unknown are not
    passed on.
    """
    found = shapes(
        {"type": "TextBlock", "text": "<Case>", "style": "heading"},
        {"type": "TextBlock", "text": "**a**", "size": "ExtraLarge", "color": "Good"},
        {"type": "TextBlock", "text": "b", "weight": "x y", "isSubtle": True},
        {
            "type": "RichTextBlock",
            "inlines": ["<b>", {"type": "TextRun", "text": "*c*", "weight": "bolder"}],
        },
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "d", "color": "Good"}]},
    )
    assert found == [
        {"type": "header", "text": "<Case>"},
        html("markdown large good", "<p><strong>a</strong></p>\n"),
        html("markdown subtle", "<p>b</p>\n"),
        html("run", "&lt;b&gt;<strong>*c*</strong>"),
        html("run", '<span class="good">d</span>'),
    ]


def test_facts_and_containers() -> None:
    """A container is set off if it has a style, else it is what is in it."""
    text = {"type": "TextBlock", "text": "a"}
    found = shapes(
        {"type": "FactSet", "facts": [{"title": "Who", "value": "Ada"}]},
        {"type": "Container", "items": [text]},
        {"type": "Container", "items": [text], "style": "emphasis"},
    )
    a = html("markdown", "<p>a</p>\n")
    assert found == [
        {"type": "facts", "items": [["<p>Who</p>\n", "<p>Ada</p>\n"]]},
        a,
        {"type": "box", "items": [a]},
    ]


def test_inputs() -> None:
    """A field for one line or several, and a choice."""
    choices = [{"title": "One", "value": "1"}]
    line, lines, choice = shapes(
        {"type": "Input.Text", "id": "a", "label": "A", "value": "x"},
        {"type": "Input.Text", "id": "b", "isMultiline": True, "maxLength": 9, "placeholder": "…"},
        {"type": "Input.ChoiceSet", "id": "c", "label": "C", "choices": choices, "value": "1"},
    )
    (seen,) = shapes({"type": "Input.ChoiceSet", "id": "d", "choices": [], "style": "expanded"})
    assert (choice["open"], seen["open"]) == (False, True)
    assert (line["name"], line["label"], line["value"], line["lines"]) == ("a", "A", "x", 1)
    assert (lines["lines"] > 1, lines["most"], lines["placeholder"]) == (True, 9, "…")
    assert (choice["name"], choice["choices"], choice["value"]) == ("c", choices, "1")


def test_buttons() -> None:
    """A press names its verb and what its data says; an address that is no link leads nowhere; one
    button shows more; one does not want what is filled in.
    """
    text = {"type": "TextBlock", "text": "a"}
    (row,) = shapes(
        actions=[
            {"type": "Action.Execute", "title": "Deny", "verb": "deny", "data": {"about": "m1"}},
            {"type": "Action.ShowCard", "title": "More", "card": {"body": [text]}},
            {"type": "Action.OpenUrl", "title": "Open", "url": "https://x.example/"},
            {"type": "Action.OpenUrl", "title": "Bad", "url": "javascript:x"},
            {"type": "Action.Execute", "title": "Stop", "style": "destructive", "data": "x"},
            {"type": "Action.Execute", "title": "Claim", "associatedInputs": "None"},
        ]
    )
    deny, more, link, bad, stop, claim = row["elements"]
    assert (deny["action_id"], deny["value"], deny["text"]) == ("deny", "m1", "Deny")
    assert (link["url"], bad["url"]) == ("https://x.example/", "")
    assert (stop["action_id"], stop["value"], stop["style"]) == ("Stop", "", "danger")
    assert (deny["alone"], claim["alone"]) == (False, True)
    assert more == {"text": "More", "items": [html("markdown", "<p>a</p>\n")]}


def test_permalinks_lead_to_the_page() -> None:
    """What leads to a message in a local platform opens it on the page."""
    action = {"type": "Action.OpenUrl", "title": "Open", "url": "https://teams.example/1"}
    (row,) = drawn({"actions": [action]}, lambda _: "/#in=1")["items"]
    assert row["elements"][0]["url"] == "/#in=1"


def test_what_is_not_drawn_is_said() -> None:
    """An element of another kind leaves a note, not a hole."""
    assert "Carousel" in shapes({"type": "Carousel"})[0]["text"]


@pytest.mark.parametrize("reply", [True, False])
@pytest.mark.parametrize("state", list(CaseState))
def test_a_case_has_no_holes(state: CaseState, reply: bool) -> None:
    """Whatever Frontdesk puts on a card is drawn."""
    card = CaseCard(
        case_id="C1",
        state=state,
        employee_ref="teams:u1",
        employee_name="Ada Byron",
        place="the chat",
        permalink="https://x.example/",
        reason="asked",
        summary="VPN",
        transcript=("a", "b"),
        draft="Try again",
        confidence=0.5,
        owner="Bo Ek",
        outcome="done",
        note="Reset it.",
        joined=2,
    )
    pages = [sent.case(card, list(Button), "m1", reply=reply), sent.buttons(list(Button), "m1")]
    assert not any("not drawn" in str(drawn(page, nowhere)) for page in pages)


@given(TEXTS)
def test_only_known_tags_and_safe_links_come_out(text: str) -> None:
    """No text on a card can bring a tag, an attribute or a script."""
    block = {"type": "TextBlock", "text": text}
    run = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}
    facts = {"type": "FactSet", "facts": [{"title": text, "value": text}]}
    first, second, third = shapes(block, run, facts)
    assert_safe(first["html"] + second["html"] + third["items"][0][0] + third["items"][0][1])
