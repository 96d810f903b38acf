"""Posting, changing and deleting in the local Slack, with Slack's own client."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from tests.support.slack_listener import refusal, section


async def test_a_posted_message_is_there(twin: SlackTwin, client: AsyncWebClient) -> None:
    """It comes back as Slack completes it, and people see it."""
    channel = twin.add_channel()
    answer = await client.chat_postMessage(channel=channel, text="hello <@U1>")
    message = answer["message"]
    assert message["bot_id"] == twin.identity.bot_id
    assert message["blocks"][0]["elements"][0]["elements"] == [
        {"type": "text", "text": "hello "},
        {"type": "user", "user_id": "U1"},
    ]
    (seen,) = twin.messages(channel)
    assert (seen.ts, seen.text, seen.bot, seen.thread_ts) == (answer["ts"], "hello <@U1>", True, "")


async def test_forms_and_json_are_the_same(twin: SlackTwin, client: AsyncWebClient) -> None:
    """In a form, blocks are JSON in a string."""
    fields = {"channel": twin.add_channel(), "text": "x", "blocks": '[{"type":"divider"}]'}
    answer = await client.api_call("chat.postMessage", data=fields)
    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_posting_to_a_person_opens_the_conversation(
    twin: SlackTwin, client: AsyncWebClient
) -> None:
    """A user id as channel means the direct conversation."""
    ada = twin.add_user()
    answer = await client.chat_postMessage(channel=ada, text="hi")
    assert answer["channel"] == twin.dm(ada)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
    ({"text": " "}, "no_text"),
    ({"text": "x" * 40_001}, "msg_too_long"),
    ({"markdown_text": "x" * 12_001}, "msg_too_long"),
    ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
    ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
    ({"text": "x", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
    ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
    ({"text": "x", "blocks": [section("x" * 3000)] * 5}, "msg_blocks_too_long"),
    ({"text": "x", "thread_ts": "0"}, "invalid_thread_ts"),
    ({"text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
    ({"text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
    (
        {"text": "x", "metadata": {"event_type": "t", "event_payload": {"a": "x" * 16_000}}},
        "metadata_too_large",
    ),
]


@pytest.mark.parametrize(("fields", "error"), REFUSED)
async def test_a_post_that_slack_would_not_take(
    twin: SlackTwin, client: AsyncWebClient, fields: dict[str, Any], error: str
) -> None:
    """Each limit has its code, and nothing is posted."""
    channel = twin.add_channel()
    answer = await refusal(client.api_call("chat.postMessage", json={"channel": channel, **fields}))
    assert answer["error"] == error
    assert twin.messages(channel) == []


async def test_refused_blocks_are_pointed_at(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The answer tells where and why, in Slack's words."""
    blocks = [section("fine"), section("x" * 3001)]
    call = client.chat_postMessage(channel=twin.add_channel(), text="x", blocks=blocks)
    wording = "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    answer = await refusal(call)
    assert answer["errors"] == [wording]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {wording}"]


async def test_where_the_bot_may_not_post(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Public channels want membership, private ones are not even there, archived ones are shut."""
    public = twin.add_channel("a", bot=False)
    private = twin.add_channel("b", private=True, bot=False)
    closed = twin.add_channel("c")
    twin.archive(closed)
    errors = [
        (await refusal(client.chat_postMessage(channel=channel, text="x")))["error"]
        for channel in (public, private, closed)
    ]
    assert errors == ["not_in_channel", "channel_not_found", "is_archived"]


async def test_a_reply_to_what_is_gone_lands_in_the_channel(
    twin: SlackTwin, client: AsyncWebClient
) -> None:
    """If the root was deleted meanwhile, Slack posts at the top level and says nothing."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "oops")
    await twin.delete(ada, channel, root)
    answer = await client.chat_postMessage(channel=channel, text="answer", thread_ts=root)
    assert "thread_ts" not in answer["message"]
    assert (await refusal(client.conversations_replies(channel=channel, ts=root)))[
        "error"
    ] == "thread_not_found"


async def test_an_update_changes_what_it_names(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Blocks stay unless given; an empty list gives those of the text back."""
    channel = twin.add_channel()
    posted = await client.chat_postMessage(channel=channel, text="a", blocks=[section("card")])
    await client.chat_update(channel=channel, ts=posted["ts"], text="b")
    (seen,) = twin.messages(channel)
    assert (seen.text, seen.blocks[0]["type"], seen.edited) == ("b", "section", True)
    await client.chat_update(channel=channel, ts=posted["ts"], text="c", blocks=[])
    assert twin.messages(channel)[0].blocks[0]["type"] == "rich_text"


async def test_updates_and_deletions_that_are_refused(
    twin: SlackTwin, client: AsyncWebClient
) -> None:
    """Not what others wrote, not what is not there, not too long."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    hers = await twin.say(ada, channel, "mine")
    own = (await client.chat_postMessage(channel=channel, text="x"))["ts"]
    calls = [
        client.chat_update(channel=channel, ts=hers, text="x"),
        client.chat_delete(channel=channel, ts=hers),
        client.chat_update(channel=channel, ts="1.000000", text="x"),
        client.chat_update(channel=channel, ts=own, text="x" * 4001),
        client.api_call("chat.update", json={"channel": channel, "ts": own}),
    ]
    assert [(await refusal(call))["error"] for call in calls] == [
        "cant_update_message",
        "cant_delete_message",
        "message_not_found",
        "msg_too_long",
        "no_text",
    ]


async def test_a_deleted_message_is_gone(twin: SlackTwin, client: AsyncWebClient) -> None:
    """People see it no more."""
    channel = twin.add_channel()
    ts = (await client.chat_postMessage(channel=channel, text="x"))["ts"]
    await client.chat_delete(channel=channel, ts=ts)
    assert [message.deleted for message in twin.messages(channel)] == [True]
    assert (await client.conversations_history(channel=channel))["messages"] == []


async def test_an_ephemeral_message_is_for_one(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Only its reader sees it, and only members can be readers."""
    ada, bob = twin.add_user(), twin.add_user("Bob")
    channel = twin.add_channel(members=[ada])
    await client.chat_postEphemeral(channel=channel, user=ada, text="psst")
    assert [message.text for message in twin.ephemerals(channel, ada)] == ["psst"]
    assert twin.messages(channel) == []
    call = client.chat_postEphemeral(channel=channel, user=bob, text="psst")
    assert (await refusal(call))["error"] == "user_not_in_channel"


async def test_a_permalink_leads_into_the_thread(twin: SlackTwin, client: AsyncWebClient) -> None:
    """It is made of channel and ts, with the thread for a reply."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "root")
    reply = await twin.say(ada, channel, "reply", root)
    answer = await client.chat_getPermalink(channel=channel, message_ts=reply)
    path = f"/archives/{channel}/p{reply.replace('.', '')}?thread_ts={root}&cid={channel}"
    assert answer["permalink"].endswith(path)


async def test_subscribers_hear_of_changes(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The playground redraws what changed."""
    heard: list[str] = []
    channel = twin.add_channel()
    twin.on_change(lambda change: heard.append(change.kind))
    ts = (await client.chat_postMessage(channel=channel, text="x"))["ts"]
    await client.chat_update(channel=channel, ts=ts, text="y")
    await client.chat_delete(channel=channel, ts=ts)
    assert heard == ["message", "edited", "deleted"]


async def test_other_ways_to_name_a_place(twin: SlackTwin, client: AsyncWebClient) -> None:
    """A channel's #name works; a person who has left, the bot itself and wrong names do not."""
    gone = twin.add_user("Gone", deleted=True)
    channel = twin.add_channel("general")
    answer = await client.chat_postMessage(channel="#general", text="x")
    assert answer["channel"] == channel
    for place in (gone, twin.identity.bot_user_id, "#nowhere"):
        refused = await refusal(client.chat_postMessage(channel=place, text="x"))
        assert refused["error"] == "channel_not_found"


async def test_a_reply_for_the_channel_too(twin: SlackTwin, client: AsyncWebClient) -> None:
    """It is in the thread and in the history; without a thread it is an ordinary message."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "root")
    for thread_ts in (root, None):
        await client.chat_postMessage(
            channel=channel, text="x", thread_ts=thread_ts, reply_broadcast=True
        )
    subtypes = [message.subtype for message in twin.messages(channel)]
    assert subtypes == ["", "thread_broadcast", ""]
    history = await client.conversations_history(channel=channel)
    assert len(history["messages"]) == 3


async def test_markdown_is_a_block(twin: SlackTwin, client: AsyncWebClient) -> None:
    """In a new message and in an update."""
    channel = twin.add_channel()
    ts = (await client.chat_postMessage(channel=channel, markdown_text="**a**"))["ts"]
    await client.chat_update(channel=channel, ts=ts, markdown_text="**b**")
    (seen,) = twin.messages(channel)
    assert (seen.text, seen.blocks[0]["type"], seen.blocks[0]["text"]) == (
        "**b**",
        "markdown",
        "**b**",
    )


async def test_nothing_changes_in_an_archived_channel(
    twin: SlackTwin, client: AsyncWebClient
) -> None:
    """Not even one's own messages."""
    channel = twin.add_channel()
    ts = (await client.chat_postMessage(channel=channel, text="x"))["ts"]
    twin.archive(channel)
    call = client.chat_update(channel=channel, ts=ts, text="y")
    assert (await refusal(call))["error"] == "is_archived"
