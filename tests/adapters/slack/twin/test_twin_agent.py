"""Statuses, prompts, streams and views of the local Slack, with Slack's own client."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from tests.support.clock import TestClock
from tests.support.slack_listener import refusal, section


async def test_a_status_lasts_until_the_answer(
    clock: TestClock, twin: SlackTwin, client: AsyncWebClient
) -> None:
    """It goes when the bot posts in the thread, when it is cleared, or after two minutes."""
    ada = twin.add_user()
    dm = twin.dm(ada)
    ts = await twin.say(ada, text="hello")

    async def think(status: str = "is thinking…") -> None:
        await client.assistant_threads_setStatus(channel_id=dm, thread_ts=ts, status=status)

    await think()
    assert twin.status(dm, ts) == "is thinking…"
    await client.chat_postMessage(channel=dm, text="elsewhere")
    assert twin.status(dm, ts)
    await client.chat_postMessage(channel=dm, text="answer", thread_ts=ts)
    assert twin.status(dm, ts) == ""
    await think()
    await think("")
    assert twin.status(dm, ts) == ""
    await think()
    await clock.advance(120)
    assert twin.status(dm, ts) == ""


async def test_prompts_belong_to_the_whole_tab(twin: SlackTwin, client: AsyncWebClient) -> None:
    """With a thread_ts the call is accepted and does nothing."""
    dm = twin.dm(twin.add_user())
    prompts = [{"title": "VPN", "message": "How do I connect?"}]
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=dm, thread_ts="1.000000", prompts=prompts
    )
    assert twin.prompts(dm) == []
    await client.api_call(
        "assistant.threads.setSuggestedPrompts", json={"channel_id": dm, "prompts": prompts}
    )
    assert twin.prompts(dm) == prompts


async def test_a_stream_grows_and_ends(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The SDK's own streaming ends in one message with its blocks and metadata."""
    ada = twin.add_user()
    dm = twin.dm(ada)
    ts = await twin.say(ada, text="hello")
    stream = await client.chat_stream(channel=dm, thread_ts=ts, buffer_size=1)
    await stream.append(markdown_text="one ")
    await stream.append(markdown_text="two")
    assert twin.messages(dm)[-1].text == "one two"
    metadata = {"event_type": "agent_turn", "event_payload": {}}
    await stream.stop(blocks=[section("sources")], metadata=metadata)
    last = twin.messages(dm)[-1]
    assert [block["type"] for block in last.blocks] == ["markdown", "section"]
    assert (last.metadata, last.thread_ts) == (metadata, ts)
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await client.chat_appendStream(channel=dm, ts=last.ts, markdown_text="late")


async def test_a_stream_has_its_rules(
    clock: TestClock, twin: SlackTwin, client: AsyncWebClient
) -> None:
    """In channels it wants a recipient, it takes text or chunks, and it dies after 5 minutes."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    ts = await twin.say(ada, channel, "hello")
    start = {"channel": channel, "thread_ts": ts}
    call = client.api_call("chat.startStream", json=start)
    assert (await refusal(call))["error"] == "missing_recipient_team_id"
    start |= {"recipient_team_id": twin.identity.team_id, "recipient_user_id": ada}
    stream = (await client.api_call("chat.startStream", json=start))["ts"]
    chunks = [{"type": "markdown_text", "text": "x"}]
    call = client.chat_appendStream(channel=channel, ts=stream, markdown_text="x", chunks=chunks)
    error = "cannot_provide_both_markdown_text_and_chunks"
    assert (await refusal(call))["error"] == error
    await clock.advance(300)
    call = client.chat_stopStream(channel=channel, ts=stream)
    assert (await refusal(call))["error"] == "message_not_in_streaming_state"
    await client.chat_update(channel=channel, ts=stream, text="rescued")


async def test_titles_and_sessions(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Both are accepted and shown."""
    heard: list[str] = []
    ada = twin.add_user()
    dm, ts = twin.dm(ada), await twin.say(ada, text="hello")
    twin.on_change(lambda change: heard.append(change.kind))
    await client.assistant_threads_setTitle(channel_id=dm, thread_ts=ts, title="VPN")
    await client.agents_sessions_setStatus(channel_id=dm, thread_ts=ts, status="processing")
    assert heard == ["title", "session"]


async def test_what_the_agent_methods_refuse(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Threads that are not there, too many messages, states that do not exist."""
    ada = twin.add_user()
    dm, ts = twin.dm(ada), await twin.say(ada, text="hello")
    place = {"channel_id": dm, "thread_ts": ts}
    prompt = {"title": "a", "message": "b"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("assistant.threads.setStatus", {**place, "thread_ts": "1.000000", "status": "x"}),
        ("assistant.threads.setStatus", {**place, "status": "x", "loading_messages": ["y"] * 11}),
        ("assistant.threads.setSuggestedPrompts", {**place, "prompts": [prompt] * 5}),
        ("assistant.threads.setSuggestedPrompts", {**place, "prompts": [{"title": "a"}]}),
        ("agents.sessions.setStatus", {**place, "status": "asleep"}),
    ]
    errors = [(await refusal(client.api_call(name, json=body)))["error"] for name, body in calls]
    assert errors == ["invalid_thread_ts", *["invalid_arguments"] * 4]


async def test_what_streams_refuse(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Too much text, chunks that are none, messages of others."""
    ada = twin.add_user()
    dm, ts = twin.dm(ada), await twin.say(ada, text="hello")
    start = {"channel": dm, "thread_ts": ts}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("chat.startStream", {**start, "markdown_text": "x" * 12_001}),
        ("chat.startStream", {**start, "chunks": {"type": "markdown_text"}}),
        ("chat.appendStream", {"channel": dm, "ts": ts, "markdown_text": "x"}),
    ]
    errors = [(await refusal(client.api_call(name, json=body)))["error"] for name, body in calls]
    assert errors == ["msg_too_long", "invalid_chunks", "message_not_owned_by_app"]
