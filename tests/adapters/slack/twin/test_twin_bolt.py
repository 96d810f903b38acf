"""Slack's own server framework takes what the local Slack sends: events, presses, commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from bot.clock import SystemClock
from tests.support.slack_listener import Json

Say = Callable[..., Awaitable[object]]
Ack = Callable[..., Awaitable[object]]


def framework(twin: SlackTwin) -> AsyncApp:
    """An app that answers a mention with a button, the button with a word, a command at once."""
    client = AsyncWebClient("xoxb-test", base_url=twin.api_url)
    app = AsyncApp(client=client, signing_secret="secret", name="contract")

    async def on_mention(event: Json, say: Say) -> None:
        text = {"type": "plain_text", "text": "Press"}
        button = {"type": "button", "action_id": "go", "text": text, "value": "1"}
        blocks = [{"type": "actions", "elements": [button]}]
        await say(text="Press", blocks=blocks, thread_ts=event["ts"])

    async def on_press(ack: Ack, respond: Say) -> None:
        await ack()
        await respond(text="pressed", replace_original=True)

    async def on_command(ack: Ack) -> None:
        await ack("at your service")

    async def on_message() -> None:
        """Messages are acknowledged; the mention is what counts."""

    app.event("app_mention")(on_mention)
    app.event("message")(on_message)
    app.action("go")(on_press)
    app.command("/frontdesk")(on_command)
    return app


@pytest.fixture
async def live() -> AsyncIterator[SlackTwin]:
    """The local Slack on the real clock, which bolt's signature check asks, and bolt behind it."""
    twin = SlackTwin(SystemClock(), signing_secret="secret")
    await twin.start()
    runner = web.AppRunner(framework(twin).web_app("/slack/events"), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    twin.events_url = "http://{}:{}/slack/events".format(*runner.addresses[0][:2])
    yield twin
    await runner.cleanup()
    await twin.stop()


async def next_change(twin: SlackTwin, happened: Callable[[], bool]) -> None:
    """Wait until something is to be seen."""
    changed = asyncio.Event()
    twin.on_change(lambda _change: changed.set())
    while not happened():
        changed.clear()
        await changed.wait()


async def test_bolt_understands_the_twin(live: SlackTwin) -> None:
    """Signatures, envelopes, forms and response URLs are what the framework expects."""
    ada = live.add_user()
    channel = live.add_channel(members=[ada])
    ts = await live.say(ada, channel, f"<@{live.identity.bot_user_id}> hello")
    await next_change(live, lambda: len(live.messages(channel, ts)) == 2)
    card = live.messages(channel, ts)[1]
    assert (await live.press(ada, card, action_id="go")).ok
    await next_change(live, lambda: live.messages(channel, ts)[1].text == "pressed")
    assert (await live.command(ada, channel, "/frontdesk help")).text == "at your service"
    await live.idle()
    assert {delivery.status for delivery in live.deliveries} == {200}
