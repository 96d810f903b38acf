"""Commands, presses and forms in the local Slack, and the answers a bot can give to them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.models import blocks as sdk
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.twin import Message, SlackTwin
from tests.support.clock import TestClock
from tests.support.slack_listener import Json, Listener, refusal, section

OPTIONS = [sdk.Option(value="transfer", label="Transfer"), sdk.Option(value="note", label="Note")]
CARD = [
    block.to_dict()
    for block in (
        sdk.SectionBlock(
            text="Ada asks",
            accessory=sdk.OverflowMenuElement(action_id="more", options=OPTIONS),
        ),
        sdk.ActionsBlock(
            block_id="buttons",
            elements=[
                sdk.ButtonElement(text="Claim", action_id="claim", value="case-1"),
                sdk.UserSelectElement(action_id="assign", placeholder="Who?"),
            ],
        ),
        sdk.ContextActionsBlock(
            elements=[
                sdk.FeedbackButtonsElement(
                    action_id="feedback",
                    positive_button=sdk.FeedbackButtonObject(text="Good", value="up"),
                    negative_button=sdk.FeedbackButtonObject(text="Bad", value="down"),
                )
            ],
        ),
    )
]
FORM: Json = {
    "type": "modal",
    "callback_id": "resolve",
    "title": {"type": "plain_text", "text": "Resolve"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        block.to_dict()
        for block in (
            sdk.InputBlock(
                label="Outcome",
                block_id="words",
                element=sdk.PlainTextInputElement(action_id="outcome"),
            ),
            sdk.InputBlock(
                label="Kind",
                element=sdk.StaticSelectElement(
                    action_id="kind", placeholder="Pick", options=OPTIONS
                ),
            ),
            sdk.InputBlock(
                label="Who",
                element=sdk.UserSelectElement(action_id="who", placeholder="Pick"),
            ),
        )
    ],
}


async def card(twin: SlackTwin, client: AsyncWebClient, members: list[str]) -> Message:
    """A message of the bot with everything that can be pressed."""
    channel = twin.add_channel("desk", members)
    await client.chat_postMessage(channel=channel, text="Ada asks", blocks=CARD)
    return twin.messages(channel)[-1]


async def test_a_command_comes_as_a_form(twin: SlackTwin, told: Listener) -> None:
    """Its fields are those of Slack, with a way to answer later."""
    ada = twin.add_user()
    channel = twin.add_channel("general", [ada])
    answer = await twin.command(ada, channel, "/frontdesk  help me ")
    form = told.received[0].form
    assert (form["command"], form["text"], form["user_id"]) == ("/frontdesk", "help me", ada)
    assert (form["channel_id"], form["channel_name"]) == (channel, "general")
    assert form["response_url"].startswith(twin.api_url.removesuffix("api/"))
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize(
    ("body", "private", "public"),
    [
        ("just words", ["just words"], []),
        ('{"text": "for you"}', ["for you"], []),
        ('{"text": "for all", "response_type": "in_channel"}', [], ["for all"]),
    ],
)
async def test_the_answer_to_a_command_is_shown(
    twin: SlackTwin, told: Listener, body: str, private: list[str], public: list[str]
) -> None:
    """To its author, or to the channel if it says so."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    told.answers.append(web.Response(text=body))
    await twin.command(ada, channel, "/frontdesk status")
    assert [message.text for message in twin.ephemerals(channel, ada)] == private
    assert [message.text for message in twin.messages(channel)] == public


async def test_an_answer_that_cannot_be_shown_says_why(twin: SlackTwin, told: Listener) -> None:
    """Bad blocks in an acknowledgement are dropped by Slack; here the test is told."""
    ada = twin.add_user()
    told.answers.append(web.json_response({"blocks": [section("")]}))
    answer = await twin.command(ada, twin.dm(ada), "/frontdesk status")
    assert answer.reason == "invalid_blocks"
    assert twin.ephemerals(twin.dm(ada)) == []


async def test_a_response_url_works_five_times(
    clock: TestClock, twin: SlackTwin, told: Listener
) -> None:
    """And for half an hour."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])

    async def respond(url: str, **fields: Any) -> tuple[int, str]:
        answer = await AsyncWebhookClient(url).send(**fields)
        return answer.status_code, answer.body

    await twin.command(ada, channel, "/frontdesk status")
    url = told.received[0].form["response_url"]
    assert (await respond(url))[0] == 400
    answers = [await respond(url, text="x") for _ in range(6)]
    assert answers[:5] == [(200, "ok")] * 5
    assert answers[5] == (404, '{"ok": false, "error": "used_url"}')
    await twin.command(ada, channel, "/frontdesk status")
    await clock.advance(30 * 60)
    url = told.received[1].form["response_url"]
    assert (await respond(url, text="x"))[0] == 404
    assert len(twin.ephemerals(channel, ada)) == 5
    assert [call.error for call in twin.calls("response_url")] == [
        "no_text",
        *[""] * 5,
        "used_url",
        "expired_url",
    ]


PRESSES = [
    ("claim", None, {"type": "button", "value": "case-1"}),
    ("more", "note", {"type": "overflow", "selected_option": {"value": "note"}}),
    ("feedback", "positive", {"type": "feedback_buttons", "value": "up"}),
    ("feedback", "down", {"type": "feedback_buttons", "value": "down"}),
    ("assign", "U1", {"type": "users_select", "selected_user": "U1"}),
]


@pytest.mark.parametrize(("action_id", "value", "expected"), PRESSES)
async def test_a_press_tells_what_was_chosen(
    twin: SlackTwin,
    told: Listener,
    client: AsyncWebClient,
    action_id: str,
    value: str | None,
    expected: Json,
) -> None:
    """The element is found in the message, and its action has the shape of its type."""
    linus = twin.add_user("Linus")
    message = await card(twin, client, [linus])
    await twin.idle()
    told.received.clear()
    answer = await twin.press(linus, message, action_id=action_id, value=value)
    body = told.received[0].json
    (action,) = body["actions"]
    if "selected_option" in expected:
        action["selected_option"] = {"value": action["selected_option"]["value"]}
    assert expected.items() <= action.items()
    assert (body["type"], body["user"]["id"]) == ("block_actions", linus)
    assert (body["container"]["message_ts"], body["message"]["ts"]) == (message.ts, message.ts)
    assert answer.ok


async def test_a_press_of_what_is_not_there(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The test is told what there is; and only members can press."""
    linus = twin.add_user("Linus")
    message = await card(twin, client, [linus])
    with pytest.raises(ValueError, match="there is: more, claim, assign, feedback"):
        await twin.press(linus, message, action_id="close")
    with pytest.raises(ValueError, match="no option"):
        await twin.press(linus, message, action_id="more", value="close")
    with pytest.raises(ValueError, match="cannot see"):
        await twin.press(twin.add_user("Bob"), message, action_id="claim")


async def test_an_old_card_can_still_be_pressed(
    twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """A person may press what the bot has just taken away."""
    linus = twin.add_user("Linus")
    seen = await card(twin, client, [linus])
    await client.chat_update(channel=seen.channel, ts=seen.ts, text="claimed", blocks=[])
    await twin.idle()
    told.received.clear()
    await twin.press(linus, seen, action_id="claim")
    body = told.received[0].json
    assert (body["actions"][0]["value"], body["message"]["text"]) == ("case-1", "claimed")


async def test_a_press_can_replace_or_remove_its_message(
    twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """Through its response URL, also when only one person sees the message."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    await client.chat_postEphemeral(channel=channel, user=ada, text="sure?", blocks=CARD)
    (question,) = twin.ephemerals(channel, ada)
    await twin.press(ada, question, action_id="claim")
    body = told.received[0].json
    assert body["container"]["is_ephemeral"]
    assert "message" not in body
    hook = AsyncWebhookClient(body["response_url"])
    await hook.send(text="done", replace_original=True)
    assert [message.text for message in twin.ephemerals(channel)] == ["done"]
    await hook.send(delete_original=True)
    assert [message.deleted for message in twin.ephemerals(channel)] == [True]
    message = await card(twin, client, [ada])
    await twin.press(ada, message, action_id="claim")
    await AsyncWebhookClient(told.received[-1].json["response_url"]).send(delete_original=True)
    assert [message.deleted for message in twin.messages(message.channel)] == [True]


async def test_a_press_is_never_repeated(
    clock: TestClock, twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """A failure or silence is told to the person, and that is all."""
    linus = twin.add_user("Linus")
    message = await card(twin, client, [linus])
    await twin.idle()
    told.received.clear()
    told.answers.append(web.Response(status=500))
    assert not (await twin.press(linus, message, action_id="claim")).ok
    told.silent = True
    press = asyncio.ensure_future(twin.press(linus, message, action_id="claim"))
    await clock.advance(3)
    assert (await press).reason == "http_timeout"
    await clock.advance(1000)
    assert len(told.received) == 2


async def test_a_form_is_opened_once_and_soon(
    clock: TestClock, twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """A trigger serves one form within three seconds."""
    ada = twin.add_user()
    for _ in range(2):
        await twin.command(ada, twin.dm(ada), "/frontdesk config")
    first, second = (received.form["trigger_id"] for received in told.received)
    await client.views_open(trigger_id=first, view=FORM)
    assert [view.user for view in twin.views(ada)] == [ada]
    again = await refusal(client.views_open(trigger_id=first, view=FORM))
    await clock.advance(3)
    late = await refusal(client.views_open(trigger_id=second, view=FORM))
    never = await refusal(client.views_open(trigger_id="1.2.3", view=FORM))
    assert [answer["error"] for answer in (again, late, never)] == [
        "exchanged_trigger_id",
        "expired_trigger_id",
        "invalid_arguments",
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "/view/title/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"submit": None}, "/view/submit"),
        ({"blocks": [section("")]}, "/view/blocks/0/text/text"),
        ({"type": "home"}, "/view"),
    ],
)
async def test_a_form_that_slack_would_not_show(
    twin: SlackTwin, told: Listener, client: AsyncWebClient, change: Json, pointer: str
) -> None:
    """The answer points at what is wrong."""
    ada = twin.add_user()
    await twin.command(ada, twin.dm(ada), "/frontdesk config")
    trigger = told.received[0].form["trigger_id"]
    answer = await refusal(client.views_open(trigger_id=trigger, view={**FORM, **change}))
    assert answer["response_metadata"]["messages"][0].endswith(f"[json-pointer:{pointer}]")
    assert twin.views() == []


async def test_a_form_is_filled_in_and_sent(
    twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """Errors leave it open, an update changes it, an empty answer closes it."""
    ada = twin.add_user()
    await twin.command(ada, twin.dm(ada), "/frontdesk config")
    await client.views_open(trigger_id=told.received[0].form["trigger_id"], view=FORM)
    (view,) = twin.views(ada)
    told.answers += [
        web.json_response({"response_action": "errors", "errors": {"words": "too short"}}),
        web.json_response({"response_action": "update", "view": {**FORM, "callback_id": "two"}}),
        web.Response(),
    ]
    filled = {"outcome": "fixed", "kind": "note", "who": ada}
    answer = await twin.submit(view, filled)
    assert answer.json["errors"] == {"words": "too short"}
    body = told.received[1].json
    state = body["view"]["state"]["values"]
    assert body["view"]["callback_id"] == "resolve"
    assert state["words"]["outcome"] == {"type": "plain_text_input", "value": "fixed"}
    others = {name: value for block in state.values() for name, value in block.items()}
    assert others["kind"]["selected_option"]["value"] == "note"
    assert others["who"]["selected_user"] == ada
    await twin.submit(view, filled)
    assert [shown.body["callback_id"] for shown in twin.views(ada)] == ["two"]
    await twin.submit(view, filled)
    assert twin.views(ada) == []


async def test_views_are_kept_up_to_date(
    twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """A home tab is published per person, and an update of an old version is refused."""
    ada = twin.add_user()
    home = {"type": "home", "blocks": [section("welcome")]}
    first = (await client.views_publish(user_id=ada, view=home))["view"]
    second = (await client.views_publish(user_id=ada, view=home, hash=first["hash"]))["view"]
    assert first["id"] == second["id"]
    stale = client.views_publish(user_id=ada, view=home, hash=first["hash"])
    assert (await refusal(stale))["error"] == "hash_conflict"
    await twin.open_home(ada, "home")
    await twin.idle()
    assert told.events[0]["view"]["id"] == second["id"]
    await twin.command(ada, twin.dm(ada), "/frontdesk config")
    trigger = told.received[-1].form["trigger_id"]
    view = (await client.views_open(trigger_id=trigger, view=FORM))["view"]
    await client.views_update(view_id=view["id"], view={**FORM, "callback_id": "two"})
    assert [v.body["callback_id"] for v in twin.views(ada)] == ["", "two"]
    unknown = client.views_update(view_id="V0", view=FORM)
    assert (await refusal(unknown))["error"] == "not_found"
