"""A case's card: what it says, what can be pressed and written on it, and how it shrinks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.teams import cards, rendering
from adapters.teams.places import Reference
from adapters.teams.twin_cards import card_refusals
from agent.cases import CaseCard, CaseState, Outcome
from agent.messages import Button
from tests.support.teams_cards import (
    CARD,
    CHANNEL,
    GROUP,
    HEARD,
    PERSONAL,
    content,
    message,
    runs,
    size,
)

WAITING = (Button.CLAIM, Button.RESOLVE, Button.HAND_BACK)
CLAIMED = (Button.RESOLVE, Button.HAND_BACK, Button.RELEASE, Button.TAKE_OVER)


def test_a_case() -> None:
    """Who, why, about what, what was said, what would have been said; nothing in it is markup."""
    activity = rendering.render(message("Case C7", card=CARD), HEARD)
    card = content(activity)
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    assert card["body"][0]["text"] == "Case C7"
    assert runs(card) == [
        "Waiting",
        "Ada Byron in a direct message",
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
    assert "aad-ada" not in json.dumps(activity)


def test_a_case_of_which_nothing_is_told() -> None:
    """Whoever was forgotten leaves a card that Teams takes, with its buttons: it takes no empty
    words.
    """
    erased = CaseCard("C7", CaseState.CLAIMED, "", "", "", "", "", owner="Linus Berg")
    card = content(rendering.render(message(card=erased, buttons=CLAIMED), HEARD))
    assert runs(card) == ["Claimed by Linus Berg", "the employee"]
    assert card_refusals(card, "card") == []


def test_bold_words_on_a_case() -> None:
    """They are bold, and not written with stars; half a mark is cut off like the words behind."""
    card = replace(CARD, draft="Use **cold water**, not `2 ** 3`.", transcript=("F: **Sure, b…",))
    shown = content(rendering.render(message(card=card), HEARD))
    assert runs(shown)[-1] == "Use cold water, not `2 ** 3`."
    assert runs(shown)[-3] == "F: Sure, b…"
    (*_, last) = [one for block in shown["body"] for one in block.get("items", ())]
    assert [run["text"] for run in last["inlines"] if "weight" in run] == ["cold water"]


def titles(card: dict[str, Any]) -> list[str]:
    """What can be pressed on a card at once."""
    return [action["title"] for action in card["actions"]]


@pytest.mark.parametrize(
    ("state", "fields", "lines"),
    [
        (CaseState.CLAIMED, {"owner": "Bo Ek"}, ["Claimed by Bo Ek"]),
        (
            CaseState.RESOLVED,
            {"owner": "Bo Ek", "outcome": "wont_do", "note": "Not ours.\nAsk **them**."},
            ["Resolved by Bo Ek: Won't do", "Note", "Not ours.", "Ask them."],
        ),
        (CaseState.RESOLVED, {"outcome": "Done"}, ["Resolved: Done"]),
        (CaseState.HANDED_BACK, {"owner": "Bo"}, ["Handed back to the assistant by Bo"]),
        (CaseState.WITHDRAWN, {"owner": "Bo"}, ["Withdrawn by the employee"]),
        (CaseState.STALE, {"owner": "Bo"}, ["Closed: nobody said anything for long"]),
    ],
)
def test_how_a_case_stands(state: CaseState, fields: dict[str, str], lines: list[str]) -> None:
    """Who has it, and how it ended."""
    card = replace(CARD, state=state, **fields)  # type: ignore[arg-type]
    shown = runs(content(rendering.render(message(card=card, replaces="t0.9"), CHANNEL)))
    begun = [one for one in shown if one in lines]
    assert (shown[0], begun) == (lines[0], lines)


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            {"joined": 12, "employee_name": "", "place": ""},
            ["This card is for 12 cases of one cause"],
        ),
        ({"joined": 1, "employee_name": ""}, ["This card is for 1 case of one cause"]),
        (
            {"joined": 2, "employee_name": "Ada, Bo", "place": ""},
            ["This card is for 2 cases of one cause", "Ada, Bo"],
        ),
    ],
)
def test_an_incident(fields: dict[str, Any], lines: list[str]) -> None:
    """It counts the cases that it stands for."""
    shown = runs(content(rendering.render(message(card=replace(CARD, **fields)), HEARD)))
    assert shown[1 : 1 + len(lines)] == lines
    assert shown[1 + len(lines)].startswith("Why: ")


def test_the_buttons_of_a_case() -> None:
    """They are about the post that the card stands in, which an edit only changes; what is being
    written in the box is none of their business.
    """
    card = content(rendering.render(message(card=CARD, buttons=WAITING), HEARD))
    assert titles(card) == ["Claim", "Resolve", "Hand back", "Open the conversation"]
    assert card["actions"][0] == {
        "type": "Action.Execute",
        "title": "Claim",
        "verb": "frontdesk.claim",
        "data": {"about": "t1.1"},
        "associatedInputs": "none",
    }
    edit = message(card=CARD, buttons=WAITING, replaces="t0.9")
    shown = content(rendering.render(edit, HEARD))
    assert shown["actions"][0]["data"] == {"about": "t0.9"}
    (send,) = shown["actions"][1]["card"]["actions"]
    assert send["data"] == {"about": "t0.9"}


def test_the_form_of_resolve() -> None:
    """It opens below the card: an outcome that must be chosen, and a note, which says to whom."""
    card = content(rendering.render(message(card=CARD, buttons=(Button.RESOLVE,)), HEARD))
    form = card["actions"][0]
    assert form["type"] == "Action.ShowCard"
    outcome, note = form["card"]["body"]
    assert (outcome["type"], outcome["id"], outcome["isRequired"]) == (
        "Input.ChoiceSet",
        "outcome",
        True,
    )
    assert [one["title"] for one in outcome["choices"]] == [
        "Answered",
        "Done",
        "Won't do",
        "Wrong place",
    ]
    assert {one["value"] for one in outcome["choices"]} == set(Outcome)
    assert (note["type"], note["id"], note["maxLength"]) == ("Input.Text", "note", 1000)
    assert note["label"] == "Note to the employee (optional)"
    (send,) = form["card"]["actions"]
    assert (send["title"], send["verb"]) == ("Resolve the case", "frontdesk.resolve")


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("place", [PERSONAL, GROUP, CHANNEL, HEARD])
def test_a_box_to_answer_in(state: CaseState, place: Reference) -> None:
    """On open cases, wherever the bot does not hear what is written under the card."""
    card = content(rendering.render(message(card=replace(CARD, state=state)), place))
    boxes = [block for block in card["body"] if block["type"].startswith("Input.")]
    sends = [one for one in card["actions"] if one.get("verb") == "frontdesk.reply"]
    assert bool(boxes) == bool(sends) == (state.is_open and place != HEARD)
    incident = replace(CARD, state=state, joined=3, employee_name="", employee_ref="")
    shown = content(rendering.render(message(card=incident), place))
    assert ("Send to the employees" in titles(shown)) == bool(boxes)
    if boxes:
        assert (boxes, card["body"][-1]["id"]) == ([card["body"][-1]], "reply")
        assert (sends[0]["title"], sends[0]["data"]) == ("Send to Ada Byron", {"about": "t1.1"})


def test_no_more_buttons_than_teams_shows() -> None:
    """A claimed case has as many as fit; what is more stands behind the three dots."""
    claimed = replace(CARD, state=CaseState.CLAIMED)
    card = content(rendering.render(message(card=claimed, buttons=CLAIMED), CHANNEL))
    assert titles(card) == [
        "Send to Ada Byron",
        "Resolve",
        "Hand back",
        "Release",
        "Take over",
        "Open the conversation",
    ]
    assert not any("mode" in one for one in card["actions"])
    every = content(rendering.render(message(card=CARD, buttons=tuple(Button)), CHANNEL))
    assert len(every["actions"]) > len(Button)
    assert {one.get("mode") for one in every["actions"][6:]} == {"secondary"}


def test_a_case_about_nothing() -> None:
    """Only what there is."""
    bare = replace(CARD, summary="", transcript=(), draft="", permalink="", employee_name="")
    card = content(rendering.render(message(card=bare), HEARD))
    assert runs(card) == [
        "Waiting",
        "aad-ada in a direct message",
        "Why: The employee asked for a person.",
    ]
    assert "actions" not in card


def test_a_case_as_plain_text() -> None:
    """Should Teams refuse the card, people still learn of the case; nothing in it is markup."""
    activity = rendering.plain(message(card=CARD), CHANNEL)
    assert activity["text"].startswith(r"Case C7 from Ada Byron: My \*laptop\* \[melts\]")
    assert "attachments" not in activity
    over = replace(CARD, state=CaseState.RESOLVED, owner="Bo", outcome="done", employee_name="")
    activity = rendering.plain(message(card=over), CHANNEL)
    assert activity["text"].startswith(r"Case C7 (Resolved by Bo: Done): My \*laptop\*")


def test_a_card_that_would_be_too_large() -> None:
    """Its texts are shortened until it fits, the newest of what was said is kept."""
    long = replace(CARD, draft="\U0001f600" * 9000, transcript=("old " * 3000, "newest"))
    card = content(rendering.render(message(card=long), CHANNEL))
    assert size(card) <= cards.MAX_CARD
    assert "newest" in runs(card)
