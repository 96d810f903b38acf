"""Cards, suggested actions and thumbs in the local Teams, and the answers a bot can give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from adapters.teams.twin import Message, TeamsTwin
from tests.support.clock import TestClock
from tests.support.teams_listener import Client, Json, Listener

CARD = "application/vnd.microsoft.card.adaptive"


def card(*body: Json, actions: list[Json] | None = None) -> Json:
    """An Adaptive Card."""
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": list(body) or [{"type": "TextBlock", "text": "Ada asks"}],
        "actions": actions or [],
    }


def execute(title: str, verb: str, **data: str) -> Json:
    """A button."""
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": data}


CASE = card(
    {"type": "TextBlock", "text": "Ada asks"},
    {"type": "Input.Text", "id": "reply", "value": "Hello"},
    {"type": "Input.Toggle", "id": "urgent", "title": "Urgent"},
    actions=[
        execute("Claim", "desk.claim", case="1"),
        execute("Pass to Bob", "desk.pass", to="bob"),
        execute("Pass to Eve", "desk.pass", to="eve"),
        {**execute("Close", "desk.close"), "id": "close", "associatedInputs": "none"},
        {"type": "Action.Submit", "title": "Send", "data": {"case": "1"}},
        {"type": "Action.OpenUrl", "title": "Look", "url": "https://example.com"},
    ],
)


def attached(content: Json) -> Json:
    """A card as an attachment."""
    return {"contentType": CARD, "content": content}


class Desk:
    """A channel with Ada in it, where the bot has posted a card."""

    def __init__(self, twin: TeamsTwin, client: Client) -> None:
        self.twin, self.client = twin, client
        self.ada = twin.add_user("Ada Byron")
        self.channel = twin.add_channel("desk", [self.ada])

    async def post(self, content: Json = CASE, **fields: Any) -> Message:
        """The card, as it was posted."""
        reply = await self.client.post(self.channel, attachments=[attached(content)], **fields)
        assert reply.status == 201, reply.json
        return self.twin.message(self.channel, reply.json["id"])


@pytest.fixture
def desk(twin: TeamsTwin, told: Listener, client: Client) -> Desk:
    return Desk(twin, client)


def answer(kind: str, value: object, status: int = 200) -> web.Response:
    """What a bot answers to an invoke of a card."""
    return web.json_response({"statusCode": status, "type": kind, "value": value})


async def test_a_press_is_an_invoke(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """It names the verb, the data with what was filled in, who pressed, and on which message."""
    message = await desk.post()
    got = await twin.press(desk.ada, message, "Claim", filled={"reply": "Hi", "urgent": "true"})
    assert got.status == 202
    (invoke,) = told.activities
    assert (invoke["type"], invoke["name"]) == ("invoke", "adaptiveCard/action")
    assert invoke["from"]["aadObjectId"] == desk.ada
    assert invoke["replyToId"] == message.id
    assert invoke["conversation"]["id"] == f"{desk.channel};messageid={message.id}"
    assert invoke["value"] == {
        "action": {
            "type": "Action.Execute",
            "title": "Claim",
            "verb": "desk.claim",
            "data": {"case": "1", "reply": "Hi", "urgent": "true"},
        },
        "trigger": "manual",
    }


@pytest.mark.parametrize(
    ("name", "value", "data"),
    [
        ("desk.claim", None, {"case": "1", "reply": "Hello", "urgent": "false"}),
        ("desk.pass", "eve", {"to": "eve", "reply": "Hello", "urgent": "false"}),
        ("close", None, {}),
    ],
)
async def test_what_is_pressed_has_many_names(
    twin: TeamsTwin,
    told: Listener,
    desk: Desk,
    name: str,
    value: str | None,
    data: Mapping[str, str],
) -> None:
    """Its verb, its id, and a value that tells two apart; inputs have what they began with."""
    await twin.press(desk.ada, await desk.post(), name, value)
    assert told.activities[0]["value"]["action"]["data"] == data


async def test_the_answer_replaces_the_card(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """For everybody; the text beside it stays."""
    message = await desk.post()
    told.answers.append(answer(CARD, card({"type": "TextBlock", "text": "Claimed by Ada"})))
    got = await twin.press(desk.ada, message, "Claim")
    assert (got.ok, got.reason, got.toast) == (True, "", "")
    now = twin.message(desk.channel, message.id)
    assert now.cards[0]["body"][0]["text"] == "Claimed by Ada"
    assert now.edited


async def test_a_bad_card_is_not_shown(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """The reason tells what is wrong with it, or with the answer around it."""
    message = await desk.post()
    told.answers.append(answer(CARD, {"type": "AdaptiveCard", "version": "9"}))
    told.answers.append(web.json_response({"value": {}}))
    wrong = await twin.press(desk.ada, message, "Claim")
    assert "version must be one of" in wrong.reason
    bare = await twin.press(desk.ada, message, "Claim")
    assert "no statusCode" in bare.reason
    assert twin.message(desk.channel, message.id).cards == (CASE,)


@pytest.mark.parametrize(
    ("kind", "value", "status"),
    [
        ("application/vnd.microsoft.activity.message", "Bob has it", 200),
        ("application/vnd.microsoft.error", {"code": "no", "message": "Bob has it"}, 400),
    ],
)
async def test_a_toast(
    twin: TeamsTwin, told: Listener, desk: Desk, kind: str, value: object, status: int
) -> None:
    """Only who pressed reads it, and the card stays."""
    message = await desk.post()
    told.answers.append(answer(kind, value, status))
    assert (await twin.press(desk.ada, message, "Claim")).toast == "Bob has it"
    assert twin.message(desk.channel, message.id).cards == (CASE,)


async def test_nobody_answers_a_press(
    clock: TestClock, twin: TeamsTwin, told: Listener, desk: Desk
) -> None:
    """It ends after ten seconds and is not repeated; neither is one that fails."""
    message = await desk.post()
    told.silent = True
    press = asyncio.ensure_future(twin.press(desk.ada, message, "Claim"))
    await clock.advance(10)
    assert (await press).reason == "http_timeout"
    told.silent = False
    told.answers.append(web.Response(status=500))
    assert not (await twin.press(desk.ada, message, "Claim")).ok
    await clock.advance(100)
    assert len(told.received) == 2


async def test_a_submit_is_a_message_without_text(
    clock: TestClock, twin: TeamsTwin, told: Listener, desk: Desk
) -> None:
    """Its data is the value; like any message it comes again if nobody takes it."""
    message = await desk.post()
    told.answers.append(web.Response(status=503))
    assert (await twin.press(desk.ada, message, "Send")).status == 503
    await clock.advance(100)
    first, again = told.activities
    assert first == again
    assert (first["type"], first.get("text"), first["replyToId"]) == ("message", None, message.id)
    assert first["value"] == {"case": "1", "reply": "Hello", "urgent": "false"}


async def test_forged_data(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """Anybody may send anything as if from a card."""
    message = await desk.post()
    await twin.submit(desk.ada, message, {"case": "2"})
    assert told.activities[0]["value"] == {"case": "2"}
    told.answers.append(web.Response(status=501))
    got = await twin.invoke(desk.ada, "composeExtension/query", {"x": 1}, desk.channel)
    assert got.status == 501
    assert told.activities[1]["name"] == "composeExtension/query"


@pytest.mark.parametrize(
    ("special", "kind", "field", "value"),
    [
        ({"type": "imBack", "value": "yes"}, "message", "text", "yes"),
        ({"type": "messageBack", "text": "t", "value": {"a": 1}}, "message", "value", {"a": 1}),
        ({"type": "task/fetch"}, "invoke", "name", "task/fetch"),
    ],
)
async def test_what_else_a_submit_can_be(
    twin: TeamsTwin, told: Listener, desk: Desk, special: Json, kind: str, field: str, value: object
) -> None:
    """`msteams` in its data makes words, other data, or an invoke of it."""
    button = {"type": "Action.Submit", "title": "Go", "data": {"msteams": special}}
    await twin.press(desk.ada, await desk.post(card(actions=[button])), "Go")
    (activity,) = told.activities
    assert (activity["type"], activity[field]) == (kind, value)


async def test_what_cannot_be_pressed(twin: TeamsTwin, desk: Desk) -> None:
    """What is not there, links, and anything for people who are not there."""
    message = await desk.post()
    with pytest.raises(ValueError, match="nothing to press is called Resolve; there is: Claim"):
        await twin.press(desk.ada, message, "Resolve")
    with pytest.raises(ValueError, match=r"Action\.OpenUrl"):
        await twin.press(desk.ada, message, "Look")
    with pytest.raises(ValueError, match="no input"):
        await twin.press(desk.ada, message, "Claim", filled={"x": "y"})
    with pytest.raises(ValueError, match="not a member"):
        await twin.press(twin.add_user("Bob"), message, "Claim")
    asked = {"type": "Input.Text", "id": "why", "isRequired": True, "errorMessage": "Say why"}
    with pytest.raises(ValueError, match="Say why"):
        await twin.press(
            desk.ada, await desk.post(card(asked, actions=[execute("Go", "go")])), "Go"
        )


FORM = card(
    {
        "type": "Input.ChoiceSet",
        "id": "outcome",
        "isRequired": True,
        "errorMessage": "Choose one",
        "choices": [{"title": "Done", "value": "done"}, {"title": "Not", "value": "not"}],
    },
    {"type": "Input.Text", "id": "note", "maxLength": 5},
    actions=[execute("Resolve", "desk.resolve", case="1")],
)
CASE_WITH_FORMS = card(
    {"type": "Input.Text", "id": "reply"},
    actions=[
        execute("Send", "desk.send"),
        {"type": "Action.ShowCard", "title": "Resolve", "card": FORM},
        {"type": "Action.ShowCard", "title": "More", "card": card(actions=[execute("Go", "go")])},
    ],
)


async def test_a_form_below_a_card(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """Its button takes what is filled in there and on the card above it, not beside it; a button
    above it asks for none of it.
    """
    message = await desk.post(CASE_WITH_FORMS)
    filled = {"outcome": "done", "note": "Reset", "reply": "Hi"}
    for action in ("Resolve", "Send", "Go"):
        await twin.press(desk.ada, message, action, filled=filled)
    sent = [one["value"]["action"]["data"] for one in told.activities]
    assert sent == [{"case": "1", **filled}, {"reply": "Hi"}, {"reply": "Hi"}]


@pytest.mark.parametrize(
    ("filled", "wrong"),
    [
        ({}, "Choose one"),
        ({"outcome": "sold"}, "sold is no choice of outcome"),
        ({"outcome": "done", "note": "Too long"}, "note takes 5 characters"),
        ({"outcome": "done", "x": "y"}, "no input x"),
    ],
)
async def test_a_form_that_a_client_does_not_send(
    twin: TeamsTwin, told: Listener, desk: Desk, filled: Mapping[str, str], wrong: str
) -> None:
    """The bot hears nothing of it; to open a form is nothing it hears of either."""
    message = await desk.post(CASE_WITH_FORMS)
    with pytest.raises(ValueError, match=wrong):
        await twin.press(desk.ada, message, "Resolve", filled=filled)
    with pytest.raises(ValueError, match=r"Action\.ShowCard, which no bot hears of"):
        await twin.press(desk.ada, message, "More")
    assert told.activities == []


async def test_a_forged_action(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """Any verb and any data, in the thread of the card, by whom it is."""
    message = await desk.post(CASE_WITH_FORMS)
    told.answers.append(answer("application/vnd.microsoft.activity.message", "No."))
    got = await twin.execute(desk.ada, message, "desk.resolve", {"outcome": ["x"]})
    assert got.toast == "No."
    assert twin.toasts() == []
    (invoke,) = told.activities
    assert invoke["value"]["action"]["data"] == {"outcome": ["x"]}
    assert invoke["conversation"]["id"] == f"{desk.channel};messageid={message.id}"
    assert invoke["replyToId"] == message.id


async def test_who_pressed_reads_the_answer(twin: TeamsTwin, told: Listener, desk: Desk) -> None:
    """And nobody else; an empty one shows nothing."""
    bo = twin.add_user("Bo")
    await twin.join(bo, desk.channel)
    await twin.idle()
    message = await desk.post()
    seen: list[str] = []
    twin.on_change(lambda change: seen.append(change.kind))
    for user, words in ((desk.ada, "You have it"), (bo, "Ada has it"), (bo, "")):
        told.answers.append(answer("application/vnd.microsoft.activity.message", words))
        await twin.press(user, message, "Claim")
    assert twin.toasts() == ["You have it", "Ada has it"]
    assert twin.toasts(user=bo) == twin.toasts(desk.channel, bo) == ["Ada has it"]
    assert twin.toasts(twin.dm(bo)) == []
    assert seen.count("toast") == 2


async def test_a_suggested_action_speaks(twin: TeamsTwin, told: Listener, client: Client) -> None:
    """Its words are said by the person."""
    ada = twin.add_user()
    chips = {"actions": [{"type": "imBack", "title": "VPN", "value": "How do I get VPN?"}]}
    ident = (await client.post(twin.dm(ada), "Hi", suggestedActions=chips)).json["id"]
    got = await twin.press(ada, twin.message(twin.dm(ada), ident), "VPN")
    assert got.ok
    assert told.activities[0]["text"] == "How do I get VPN?"
    assert [one.text for one in twin.messages(twin.dm(ada))] == ["Hi", "How do I get VPN?"]


@pytest.mark.parametrize("loop", ["default", "custom"])
async def test_feedback(twin: TeamsTwin, told: Listener, client: Client, loop: str) -> None:
    """A thumb and a reason; a custom loop asks the bot for its form first."""
    ada = twin.add_user()
    data = {"feedbackLoop": {"type": loop}}
    ident = (await client.post(twin.dm(ada), "42", channelData=data)).json["id"]
    message = twin.message(twin.dm(ada), ident)
    assert message.feedback_loop == loop
    assert (await twin.feedback(ada, message, "dislike", "too short")).ok
    *form, invoke = told.activities
    assert [one["name"] for one in form] == ["message/fetchTask"] * (loop == "custom")
    assert (invoke["name"], invoke["replyToId"]) == ("message/submitAction", ident)
    assert invoke["value"]["actionName"] == "feedback"
    given = invoke["value"]["actionValue"]
    assert given["reaction"] == "dislike"
    assert json.loads(given["feedback"]) == {"feedbackText": "too short"}


async def test_feedback_that_nobody_asked_for(twin: TeamsTwin, client: Client) -> None:
    """And reactions that are none."""
    ada = twin.add_user()
    ident = (await client.post(twin.dm(ada), "42")).json["id"]
    message = twin.message(twin.dm(ada), ident)
    with pytest.raises(ValueError, match="asks for no feedback"):
        await twin.feedback(ada, message)
    with pytest.raises(ValueError, match="one of like, dislike"):
        await twin.feedback(ada, message, "love")


async def test_without_a_form_there_is_no_feedback(
    twin: TeamsTwin, told: Listener, client: Client
) -> None:
    """A bot that cannot show its own form gets no thumb."""
    ada = twin.add_user()
    data = {"feedbackLoop": {"type": "custom"}}
    ident = (await client.post(twin.dm(ada), "42", channelData=data)).json["id"]
    told.answers.append(web.Response(status=501))
    assert (await twin.feedback(ada, twin.message(twin.dm(ada), ident))).status == 501
    assert len(told.received) == 1


async def test_nobody_listens(twin: TeamsTwin, desk: Desk) -> None:
    """Words and data wait or are lost; the person does not hang."""
    message = await desk.post()
    twin.events_url = ""
    assert (await twin.press(desk.ada, message, "Send")).reason == "kept_back"
