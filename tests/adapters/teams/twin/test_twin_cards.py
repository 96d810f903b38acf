"""What the local Teams refuses of a message: cards, citations, labels, suggestions."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.teams.twin import TeamsTwin
from adapters.teams.twin_cards import card_refusals
from adapters.teams.twin_checks import refusals
from tests.support.teams_listener import Client, Json

BUTTON = {"type": "Action.Execute", "title": "Claim", "verb": "claim"}
CARD: Json = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "refresh": {"action": BUTTON, "userIds": ["29:1"]},
    "body": [
        {"type": "TextBlock", "text": "Ada", "weight": "Bolder", "size": "medium"},
        {"type": "FactSet", "facts": [{"title": "Where", "value": "#general"}]},
        {"type": "RichTextBlock", "inlines": ["x", {"type": "TextRun", "text": "y"}]},
        {"type": "ColumnSet", "columns": [{"items": [{"type": "Image", "url": "https://x"}]}]},
        {
            "type": "Table",
            "rows": [{"cells": [{"items": [{"type": "TextBlock", "text": "1"}]}]}],
        },
        {
            "type": "Container",
            "style": "emphasis",
            "selectAction": BUTTON,
            "items": [
                {"type": "Input.Text", "id": "reply", "inlineAction": BUTTON},
                {
                    "type": "Input.ChoiceSet",
                    "id": "who",
                    "choices": [{"title": "Bob", "value": "b"}],
                },
                {"type": "ActionSet", "actions": [BUTTON]},
            ],
        },
    ],
    "actions": [
        BUTTON,
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://example.com"},
        {
            "type": "Action.ShowCard",
            "title": "More",
            "card": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "x"}]},
        },
        {"type": "Action.ToggleVisibility", "title": "Hide", "targetElements": ["x"]},
    ],
}
Change = Callable[[Json], Any]
BAD_CARDS: list[tuple[Change, str]] = [
    (lambda c: c.pop("type"), "type must be 'AdaptiveCard'"),
    (lambda c: c.pop("version"), "version must be"),
    (lambda c: c.update(version="1.6"), "version must be"),
    (lambda c: c.update(body=[], actions=[]), "needs a body or actions"),
    (lambda c: c.update(body="x"), "card.body: must be a list of objects"),
    (lambda c: c.update(body=["x"]), "card.body: must be a list of objects"),
    (lambda c: c["body"][0].update(type="Text"), "unknown element type 'Text'"),
    (lambda c: c["body"][0].update(text=""), "body[0]: required property 'text'"),
    (lambda c: c["body"][0].update(text=None), "body[0]: required property 'text'"),
    (lambda c: c["body"][0].update(weight="bold"), "'bold' is no weight"),
    (lambda c: c["body"][0].update(style="emphasis"), "'emphasis' is no style"),
    (lambda c: c["body"][1]["facts"][0].pop("value"), "facts[0]: required property 'value'"),
    (lambda c: c["body"][2]["inlines"][1].pop("text"), "required property 'text'"),
    (
        lambda c: c["body"][3]["columns"][0]["items"][0].pop("url"),
        "columns[0].items: required property 'url'",
    ),
    (
        lambda c: c["body"][4]["rows"][0]["cells"][0]["items"][0].update(type="x"),
        "unknown element type 'x'",
    ),
    (lambda c: c["body"][4]["rows"][0].pop("cells"), "required property 'cells'"),
    (lambda c: c["body"][5].update(style="loud"), "'loud' is no style"),
    (lambda c: c["body"][5]["items"][0].pop("id"), "required property 'id'"),
    (lambda c: c["body"][5]["items"][0].update(id="who"), "'who' is used twice"),
    (lambda c: c["body"][5]["items"][0].update(inlineAction={"type": "x"}), "inlineAction"),
    (lambda c: c["body"][5]["items"][1]["choices"][0].pop("title"), "choices[0]"),
    (lambda c: c["body"][5].update(selectAction=c["actions"][2]), "cannot show a card"),
    (lambda c: c["actions"][0].pop("title"), "an action needs a title"),
    (lambda c: c["actions"][0].update(type="Action.Http"), "unknown action type 'Action.Http'"),
    (lambda c: c["actions"][0].update(style="danger"), "'danger' is no style"),
    (lambda c: c["actions"][0].update(verb=1), "verb must be a string"),
    (lambda c: c["actions"][0].update(data=[1]), "data must be an object or a string"),
    (lambda c: c["actions"][1].update(url="/x"), "url must be absolute"),
    (lambda c: c["actions"][2]["card"]["body"][0].pop("text"), "card.body[0]: required"),
    (lambda c: c["actions"][3].pop("targetElements"), "required property 'targetElements'"),
    (lambda c: c["actions"].extend([BUTTON] * 3), "at most 6 actions"),
    (lambda c: c["refresh"].pop("action"), "refresh needs an Action.Execute"),
    (lambda c: c["refresh"].update(userIds=["x"] * 61), "at most 60 userIds"),
]


def numbered(changes: list[tuple[Change, str]]) -> list[str]:
    """A name for each: some are refused with the same words."""
    return [f"{number}: {refusal}" for number, (_, refusal) in enumerate(changes)]


def test_a_good_card() -> None:
    """Everything that cards of ours may have is taken; so are more actions behind the dots."""
    assert card_refusals(CARD) == []
    more = [{**BUTTON, "mode": "secondary"}] * 3
    assert card_refusals({**CARD, "actions": [*CARD["actions"], *more]}) == []


@pytest.mark.parametrize(("change", "refusal"), BAD_CARDS, ids=numbered(BAD_CARDS))
def test_a_bad_card(change: Change, refusal: str) -> None:
    """One thing is wrong, and it is named."""
    card = json.loads(json.dumps(CARD))  # unlike a deep copy: no part of it twice
    change(card)
    found = card_refusals(card)
    assert len(found) == 1, found
    assert refusal in found[0]


LABELLED: Json = {
    "type": "message",
    "text": "Use the form [1], or ask <at>Bob</at> [2].",
    "channelData": {"feedbackLoop": {"type": "default"}},
    "entities": [
        {
            "type": "https://schema.org/Message",
            "@type": "Message",
            "@context": "https://schema.org",
            "@id": "",
            "additionalType": ["AIGeneratedContent"],
            "citation": [
                {
                    "@type": "Claim",
                    "position": number,
                    "appearance": {
                        "@type": "DigitalDocument",
                        "name": "Handbook",
                        "abstract": "About forms",
                        "url": "https://example.com/forms",
                        "keywords": ["forms"],
                    },
                }
                for number in (2, 1)
            ],
        },
        {
            "type": "mention",
            "text": "<at>Bob</at>",
            "mentioned": {"id": "29:1", "name": "Bob"},
        },
    ],
}


def label(message: Json) -> Json:
    """The entity that says it is made by AI."""
    entity: Json = message["entities"][0]
    return entity


def citation(message: Json) -> Json:
    """The citation at position 2."""
    found: Json = label(message)["citation"][0]
    return found


def appearance(message: Json) -> Json:
    """How that one is shown."""
    shown: Json = citation(message)["appearance"]
    return shown


BAD_MESSAGES: list[tuple[Change, str]] = [
    (lambda m: m.update(type="event"), "unknown type 'event'"),
    (lambda m: m.update(text=1, entities=[]), "text: must be a string"),
    (lambda m: m.update(text=" ", entities=[]), "text and attachments are both missing"),
    (lambda m: m.update(textFormat="html"), "unknown format 'html'"),
    (lambda m: m.update(attachments={}), "attachments: must be a list of objects"),
    (lambda m: m.update(attachments=[{"contentType": "x/y"}]), "unknown content type 'x/y'"),
    (lambda m: m.update(attachments=[{"contentType": "image/png"}] * 11), "at most 10"),
    (
        lambda m: m.update(
            attachments=[{"contentType": "application/vnd.microsoft.card.adaptive"}]
        ),
        "attachments[0].content: type must be",
    ),
    (lambda m: m.update(entities=["x"]), "entities: must be a list of objects"),
    (lambda m: m["entities"].append({}), "an entity needs a type"),
    (lambda m: m["entities"].append(m["entities"][0]), "only one entity"),
    (lambda m: m["entities"][1].pop("mentioned"), "needs mentioned.id"),
    (lambda m: m["entities"][1].update(text="<at>Eve</at>"), "must stand in the message"),
    (lambda m: label(m).pop("@type"), "@type must be 'Message'"),
    (lambda m: label(m).pop("@context"), "@context must be"),
    (lambda m: label(m).update(additionalType=["AI"]), "additionalType must be"),
    (lambda m: label(m).update(citation={}), "citation: must be a list"),
    (lambda m: citation(m).pop("@type"), "@type must be 'Claim'"),
    (lambda m: citation(m).update(position=0), "position must be a number above 0"),
    (lambda m: citation(m).update(position=True), "position must be a number above 0"),
    (lambda m: citation(m).update(position=3), "[3] does not stand in the text"),
    (lambda m: citation(m).update(position=1), "have the same position"),
    (lambda m: citation(m).pop("appearance"), "must be a 'DigitalDocument'"),
    (lambda m: appearance(m).pop("abstract"), "required property 'abstract'"),
    (lambda m: appearance(m).update(name="x" * 81), "name is longer than 80"),
    (lambda m: appearance(m).update(abstract="x" * 161), "abstract is longer than 160"),
    (lambda m: appearance(m).update(url="/forms"), "url must be absolute"),
    (lambda m: appearance(m).update(keywords=["x"] * 4), "at most 3 keywords"),
    (lambda m: appearance(m).update(keywords=["x" * 29]), "a keyword is longer than 28"),
    (lambda m: m.update(channelData="x"), "channelData: must be an object"),
    (lambda m: m["channelData"].update(feedbackLoop={"type": "x"}), "'default' or 'custom'"),
    (lambda m: m["channelData"].update(feedbackLoopEnabled=True), "exclude each other"),
    (lambda m: m.update(suggestedActions=[]), "suggestedActions: must be an object"),
    (
        lambda m: m.update(suggestedActions={"actions": [{"type": "imBack", "title": "x"}]}),
        "required property 'value'",
    ),
    (
        lambda m: m.update(
            suggestedActions={"actions": [{"type": "openUrl", "title": "x", "value": "x"}]}
        ),
        "type must be 'imBack'",
    ),
    (
        lambda m: m.update(
            suggestedActions={"actions": [{"type": "imBack", "title": "x", "value": "x"}] * 7}
        ),
        "at most 6",
    ),
]


@pytest.mark.parametrize(("change", "refusal"), BAD_MESSAGES, ids=numbered(BAD_MESSAGES))
def test_a_bad_message(change: Change, refusal: str) -> None:
    """One thing is wrong, and it is named."""
    message = copy.deepcopy(LABELLED)
    change(message)
    found = refusals(message)
    assert len(found) == 1, found
    assert refusal in found[0]


def test_too_many_citations() -> None:
    """More than the real client takes."""
    message = copy.deepcopy(LABELLED)
    message["text"] = "".join(f"[{number}]" for number in range(12)) + "<at>Bob</at>"
    label(message)["citation"] = [citation(LABELLED) | {"position": n} for n in range(1, 12)]
    assert refusals(message) == ["entities[0]: at most 10 citations"]


def test_suggestions_are_for_personal_chats() -> None:
    """And for messages without cards."""
    chips = {"actions": [{"type": "imBack", "title": "x", "value": "x"}]}
    message = {**LABELLED, "suggestedActions": chips}
    assert refusals(message) == []
    (wrong,) = refusals(message, "channel")
    assert "only personal chats" in wrong
    (wrong,) = refusals({**message, "attachments": [{"contentType": "image/png"}]})
    assert "not beside attachments" in wrong


async def test_what_is_refused_is_not_posted(twin: TeamsTwin, client: Client) -> None:
    """Neither as a new message nor as an edit; the answer says all that is wrong."""
    chat = twin.dm(twin.add_user())
    good = await client.call("POST", chat, "activities", body=LABELLED)
    assert good.status == 201, good.json
    bad = {**LABELLED, "text": "x", "textFormat": "html"}
    ident = good.json["id"]
    for method, path in (("POST", ("activities",)), ("PUT", ("activities", ident))):
        reply = await client.call(method, chat, *path, body=bad)
        assert (reply.status, reply.code) == (400, "BadSyntax")
        assert reply.message.count("; ") == 3
    (message,) = twin.messages(chat)
    assert (message.labelled, message.feedback_loop, message.edited) == (True, "default", False)
    assert [one["position"] for one in message.citations] == [1, 2]


async def test_a_plain_message_has_nothing_of_it(twin: TeamsTwin, client: Client) -> None:
    """No label, no citations, no thumbs, no chips; the old switch for thumbs is known."""
    chat = twin.dm(twin.add_user())
    await client.post(chat, "hello")
    await client.post(chat, "hello", channelData={"feedbackLoopEnabled": True})
    plain, old = twin.messages(chat)
    assert (plain.labelled, plain.citations, plain.feedback_loop, plain.suggested) == (
        False,
        (),
        "",
        (),
    )
    assert old.feedback_loop == "default"
