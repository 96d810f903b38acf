"""The local Slack's websockets, to Slack's own Socket Mode client and to a plain one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from bot.clock import SystemClock
from tests.support.clock import TestClock
from tests.support.slack_listener import refusal

Json = dict[str, Any]
Wire = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def live(twin: SlackTwin) -> SlackTwin:
    """The local Slack, with Socket Mode switched on."""
    twin.socket_mode = True
    return twin


async def wire(twin: SlackTwin, client: AsyncWebClient, session: aiohttp.ClientSession) -> Wire:
    """A connection that has been greeted."""
    opened = await client.apps_connections_open(app_token="xapp-test")
    connected = await session.ws_connect(opened["url"])
    assert (await read(connected))["type"] == "hello"
    return connected


async def read(connected: Wire) -> Json:
    """The next message."""
    message: Json = json.loads((await connected.receive()).data)
    return message


async def test_only_the_apps_token_opens_a_connection(client: AsyncWebClient) -> None:
    """The bot's token does not, and the app's opens nothing else."""
    refused = await refusal(client.apps_connections_open(app_token="xapp-other"))
    assert refused["error"] == "invalid_auth"
    refused = await refusal(client.apps_connections_open(app_token="xoxb-test"))
    assert refused["error"] == "not_allowed_token_type"
    wrong = AsyncWebClient("xapp-test", base_url=client.base_url)
    assert (await refusal(wrong.auth_test()))["error"] == "not_allowed_token_type"


async def test_an_event_in_its_envelope(
    clock: TestClock, live: SlackTwin, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    """It holds what HTTP would have brought, and says which attempt it is."""
    connected = await wire(live, client, session)
    ts = await live.say(live.add_user(), text="hello")
    envelope = await read(connected)
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
    assert envelope["payload"]["event"]["ts"] == ts
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    await clock.advance(3)
    again = await read(connected)
    assert again["payload"] == envelope["payload"]
    assert again["envelope_id"] != envelope["envelope_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
    await connected.send_json({"envelope_id": again["envelope_id"]})
    await clock.advance(1000)
    assert [delivery.status for delivery in live.deliveries] == [0, 200]
    assert [len(envelope.acks) for envelope in live.sockets.envelopes] == [0, 1]


async def test_nobody_is_connected(clock: TestClock, live: SlackTwin) -> None:
    """It is tried as often as ever, and then no more."""
    await live.say(live.add_user(), text="hello")
    await live.idle()
    await clock.advance(1000)
    assert [delivery.reason for delivery in live.deliveries] == ["no_connection"] * 4


async def test_envelopes_are_spread_over_all_connections(
    live: SlackTwin, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    """Each goes to one of them."""
    both = [await wire(live, client, session) for _ in range(2)]
    channel = live.dm(ada := live.add_user())
    live.ordered = False
    for number in range(4):
        await live.say(ada, channel, str(number))
    for connected in both:
        for _ in range(2):
            envelope = await read(connected)
            await connected.send_json({"envelope_id": envelope["envelope_id"]})
    await live.idle()
    assert [envelope.socket for envelope in live.sockets.envelopes] == [
        *live.sockets.open,
        *live.sockets.open,
    ]


async def test_a_connection_that_breaks_gives_its_envelope_back(
    live: SlackTwin, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    """It comes again at once, through another one."""
    first, second = [await wire(live, client, session) for _ in range(2)]
    await live.say(live.add_user(), text="hello")
    envelope = await read(first)
    live.sockets.kill(live.sockets.open[0])
    again = await read(second)
    assert again["payload"] == envelope["payload"]
    assert again["retry_reason"] == "connection_closed"
    await second.send_json({"envelope_id": again["envelope_id"]})
    await live.idle()


async def test_ten_connections_and_no_more(
    live: SlackTwin, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    """The next one is told so, and closed."""
    live.most_sockets = 1
    first = await wire(live, client, session)
    opened = await client.apps_connections_open(app_token="xapp-test")
    another = await session.ws_connect(opened["url"])
    assert (await read(another))["reason"] == "too_many_websockets"
    assert (await another.receive()).type is aiohttp.WSMsgType.CLOSE
    assert not first.closed


async def test_slacks_own_client_understands_the_twin() -> None:
    """Slack's framework connects, is told of a mention and a command, and its answers arrive."""
    twin = SlackTwin(SystemClock(), signing_secret="secret")
    twin.socket_mode = True
    await twin.start()
    client = AsyncWebClient("xoxb-test", base_url=twin.api_url)
    app = AsyncApp(client=client, name="contract")
    mentioned = asyncio.Event()

    async def on_mention() -> None:
        mentioned.set()

    async def on_message() -> None:
        """It is acknowledged."""

    async def on_command(ack: Any) -> None:
        await ack("at your service")

    app.event("app_mention")(on_mention)
    app.event("message")(on_message)
    app.command("/frontdesk")(on_command)
    handler: Any = AsyncSocketModeHandler(app, "xapp-test")  # which is not annotated
    await handler.connect_async()
    channel = twin.add_channel(members=[ada := twin.add_user()])
    await twin.say(ada, channel, f"<@{twin.identity.bot_user_id}> hello")
    await mentioned.wait()
    await twin.idle()
    assert (await twin.command(ada, channel, "/frontdesk help")).json["text"] == "at your service"
    assert {delivery.status for delivery in twin.deliveries} == {200}
    await handler.close_async()
    await twin.stop()
