"""Forms of the local Slack: read, filled in, sent off, closed; and what is sent once more."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from slack_sdk.models import blocks as sdk
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from adapters.slack.twin_state import View
from tests.support.slack_listener import Json, Listener

OPTIONS = [sdk.Option(value="done", label="Done"), sdk.Option(value="not", label="Not done")]
FORM: Json = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Resolve"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        block.to_dict()
        for block in (
            sdk.SectionBlock(text="A case"),
            sdk.InputBlock(
                label="How",
                block_id="how",
                element=sdk.RadioButtonsElement(action_id="how", options=OPTIONS),
            ),
            sdk.InputBlock(
                label="Note",
                block_id="note",
                optional=True,
                element=sdk.PlainTextInputElement(action_id="note", max_length=5),
            ),
        )
    ],
}


@pytest.fixture
async def form(twin: SlackTwin, told: Listener, client: AsyncWebClient) -> View:
    """A form that is open in front of Ada."""
    ada = twin.add_user()
    await twin.command(ada, twin.dm(ada), "/frontdesk resolve")
    trigger = told.received[-1].form["trigger_id"]
    await client.views_open(trigger_id=trigger, view=FORM)
    told.received.clear()
    return twin.form(ada)


def state(told: Listener) -> Json:
    """What the bot was told that was filled in, by block."""
    values: Json = told.received[-1].json["view"]["state"]["values"]
    return {block: one[block] for block, one in values.items()}


async def test_what_is_filled_in_is_sent(twin: SlackTwin, told: Listener, form: View) -> None:
    """Little by little, or with the submission; untouched elements are sent empty."""
    twin.fill(form, {"how": "not"})
    twin.fill(form, {"note": "abc"})
    twin.fill(form, {"note": None})
    assert form.entered.keys() == {"how"}
    assert (await twin.submit(form)).ok
    sent = state(told)
    assert sent["how"]["selected_option"]["value"] == "not"
    assert sent["note"] == {"type": "plain_text_input", "value": None}
    assert twin.views(form.user) == []


async def test_what_a_client_would_not_send(twin: SlackTwin, told: Listener, form: View) -> None:
    """Nothing is sent until the form is filled in as it must be."""
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "'How' must be filled in"),
        ({"how": "maybe"}, "no option maybe"),
        ({"why": "x"}, "nothing to fill in is called why; there is: how, note"),
        ({"how": "done", "note": "too long"}, "'Note' may have at most 5 characters"),
    ]
    for values, match in wrong:
        with pytest.raises(ValueError, match=match):
            await twin.submit(form, values)
    assert told.received == []
    twin.close(form)
    with pytest.raises(ValueError, match="is closed"):
        await twin.submit(form, {"how": "done"})
    with pytest.raises(ValueError, match="no form is open"):
        twin.form(form.user)


async def test_errors_can_be_read(twin: SlackTwin, told: Listener, form: View) -> None:
    """They stay until the next answer, and so does what was filled in."""
    errors = {"response_action": "errors", "errors": {"how": "Not now."}}
    told.answers += [web.json_response(errors), web.Response()]
    await twin.submit(form, {"how": "done"})
    assert twin.form(form.user).errors == {"how": "Not now."}
    await twin.submit(form)
    assert form.errors == {}
    assert state(told)["how"]["selected_option"]["value"] == "done"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"response_action": "errors", "errors": {"else": "Not now."}}, "invalid_errors"),
        ({"response_action": "errors"}, "invalid_errors"),
        ({"response_action": "update", "view": {"type": "home"}}, "invalid_arguments"),
    ],
)
async def test_an_answer_that_slack_would_not_show(
    twin: SlackTwin, told: Listener, form: View, answer: Json, reason: str
) -> None:
    """The test is told why, and the form stays as it was."""
    told.answers.append(web.json_response(answer))
    assert (await twin.submit(form, {"how": "done"})).reason == reason
    assert twin.form(form.user).errors == {}


async def test_a_bot_that_does_not_answer_leaves_the_form_open(
    twin: SlackTwin, told: Listener, form: View
) -> None:
    """As Slack does, which says that there was trouble."""
    told.answers.append(web.Response(status=503))
    assert not (await twin.submit(form, {"how": "done"})).ok
    assert twin.views(form.user) == [form]


async def test_what_was_sent_can_be_sent_once_more(
    twin: SlackTwin, told: Listener, form: View
) -> None:
    """A form or a command just as it was, or anything else in its place."""
    await twin.submit(form, {"how": "done"})
    await twin.interact()
    first, second = told.received
    assert first.json == second.json
    await twin.interact({"type": "block_actions", "actions": []})
    assert told.received[-1].json == {"type": "block_actions", "actions": []}
    await twin.command(form.user, twin.dm(form.user), "/frontdesk help")
    await twin.interact()
    assert told.received[-1].form == told.received[-2].form
    assert [one.type for one in twin.deliveries][-4:] == [
        "view_submission",
        "block_actions",
        "slash_command",
        "slash_command",
    ]


async def test_an_account_ends(twin: SlackTwin, told: Listener, client: AsyncWebClient) -> None:
    """Who has none stays in the lists, and Slack says of them that they are gone."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel("desk", [ada])
    twin.deactivate(ada)
    await twin.idle()
    assert told.events[-1]["type"] == "user_change"
    assert told.events[-1]["user"]["deleted"]
    assert (await client.users_info(user=ada))["user"]["deleted"]
    assert ada in (await client.conversations_members(channel=channel))["members"]
