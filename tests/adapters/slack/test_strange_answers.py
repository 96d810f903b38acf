"""Answers that no documentation of Slack shows: each has a meaning here, and none a traceback."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import calls, checking
from adapters.slack.adapter import SlackAdapter
from adapters.slack.twin import Fault, SlackTwin
from agent.errors import ConfigError, DeliveryError, DeliveryRetry, DeliveryUnknown
from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.records import Delivery
from tests.support.clock import START, TestClock
from tests.support.doors import ShutDoor

TEAM = "T0FRONTDESK"
Json = dict[str, Any]

NOT_OBJECTS = [[1], [], "words", "", 7, None, True]


@pytest.fixture
async def idle(twin: SlackTwin, clock: TestClock) -> AsyncIterator[SlackAdapter]:
    """The adapter, not started."""
    one = SlackAdapter(
        token="xoxb-test", signing_secret="secret", api_url=twin.api_url, clock=clock
    )
    yield one
    await one.stop()


@pytest.fixture
async def adapter(idle: SlackAdapter) -> SlackAdapter:
    """The adapter, started."""
    await idle.start(ShutDoor())
    return idle


def delivery(channel: str) -> Delivery:
    """A message of ours on its way."""
    place = ConversationId("slack", TEAM, channel)
    return Delivery(1, str(place), OutgoingMessage("t1.1", place, "Words."), sending_since=START)


def asked(twin: SlackTwin) -> int:
    """How often Slack was asked who we are."""
    return len(twin.calls("auth.test"))


# Starting


@pytest.mark.parametrize(
    "fault",
    [
        Fault.bad_gateway(),
        Fault.unavailable(),
        Fault.rate_limited(1),
        Fault.reset(after_effect=False),
        Fault.error("internal_error"),
        Fault.no_ok(),
        *[Fault.answer(200, body) for body in NOT_OBJECTS],
    ],
)
async def test_a_start_during_an_outage(
    twin: SlackTwin,
    idle: SlackAdapter,
    clock: TestClock,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """Trouble that passes is waited out, with a line in the log for each time."""
    twin.fault("auth.test", fault, times=2)
    starting = asyncio.create_task(idle.start(ShutDoor()))
    await clock.until(starting.done)
    await starting
    assert idle.tenant == TEAM
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 2
    assert "xoxb" not in caplog.text


async def test_patience_with_an_outage_grows(
    twin: SlackTwin, idle: SlackAdapter, clock: TestClock
) -> None:
    """Slack is asked after 1, 2, 5, 10 and 30 seconds, then every 30, until it answers."""
    twin.fault("auth.test", Fault.bad_gateway(), times=None)
    starting = asyncio.create_task(idle.start(ShutDoor()))
    times = []
    for number in range(1, 9):
        await clock.until(lambda number=number: asked(twin) >= number)  # type: ignore[misc]
        times.append(clock.now() - START)
    assert [b - a for a, b in pairwise(times)] == [1, 2, 5, 10, 30, 30, 30]
    twin.heal()
    await clock.until(starting.done)
    await starting


async def test_slack_says_how_long(twin: SlackTwin, idle: SlackAdapter, clock: TestClock) -> None:
    """Slack's own wish goes before our guess."""
    twin.fault("auth.test", Fault.rate_limited(17))
    starting = asyncio.create_task(idle.start(ShutDoor()))
    await clock.advance(16)
    assert asked(twin) == 1
    await clock.advance(1)
    assert asked(twin) == 2
    await starting


async def test_nobody_listens_yet(
    twin: SlackTwin, idle: SlackAdapter, clock: TestClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A network that is not there yet is waited for; the log says where Slack was sought."""
    await twin.stop()
    starting = asyncio.create_task(idle.start(ShutDoor()))
    await clock.advance(20)
    assert not starting.done()
    assert twin.api_url in caplog.text
    starting.cancel()
    await asyncio.wait({starting})


@pytest.mark.parametrize("code", ["account_inactive", "not_allowed_token_type", "user_not_found"])
async def test_a_definite_no(twin: SlackTwin, idle: SlackAdapter, code: str) -> None:
    """What will not pass by itself ends the start, with Slack's own word."""
    twin.fault("auth.test", Fault.error(code))
    with pytest.raises(ConfigError, match=f"Slack refuses SLACK_BOT_TOKEN: {code}$"):
        await idle.start(ShutDoor())


@pytest.mark.parametrize(
    ("me", "missing"),
    [
        ({"user_id": "U1"}, "team_id"),
        ({"team_id": "T1"}, "user_id"),
        ({"team_id": "", "user_id": None}, "team_id and user_id"),
        ({"team_id": ["T1"], "user_id": 7}, "team_id and user_id"),
    ],
)
async def test_a_token_of_nobody(
    twin: SlackTwin, idle: SlackAdapter, me: Json, missing: str
) -> None:
    """A token without a workspace or a bot is no bot token; `check` says the same."""
    twin.fault("auth.test", Fault.answer(200, {"ok": True, **me}), times=2)
    with pytest.raises(ConfigError, match=f"without {missing}: is SLACK_BOT_TOKEN"):
        await idle.start(ShutDoor())
    token = (await idle.check())[0]
    assert not token.ok
    assert f"without {missing}" in token.detail


# Any call


@pytest.mark.parametrize("body", NOT_OBJECTS)
@pytest.mark.parametrize("status", [200, 400, 502])
async def test_json_that_is_no_object(
    twin: SlackTwin, client: AsyncWebClient, status: int, body: object
) -> None:
    """It says nothing about the message, so the message is in doubt."""
    channel = twin.add_channel()
    twin.fault("chat.postMessage", Fault.answer(status, body))
    with pytest.raises(DeliveryUnknown):
        await calls.call(client.chat_postMessage(channel=channel, text="x"))


class Oddity:
    """A server that answers every call with the same bytes."""

    def __init__(self) -> None:
        self.status, self.body, self.kind = 200, b"", "application/json"
        self.headers: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        headers = {**self.headers, "Content-Type": self.kind}
        return web.Response(status=self.status, body=self.body, headers=headers)


@pytest.fixture
async def oddity() -> AsyncIterator[tuple[Oddity, AsyncWebClient]]:
    """An odd server, and Slack's client for it."""
    odd, app = Oddity(), web.Application()
    app.router.add_route("*", "/{any:.*}", odd.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    yield odd, AsyncWebClient("xoxb-test", base_url=url, retry_handlers=[])
    await runner.cleanup()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"\xff\xfe"),
        ("application/json", b"[" * 100_000),
        ("application/json; charset=klingon", b"\xff"),
        ("text/plain", b"ok"),
        ("text/plain", b""),
        ("text/html", b"<html>"),
        ("application/gzip", b"\x1f\x8b"),
        ("application/gzip", b""),
    ],
)
@pytest.mark.parametrize("status", [200, 403, 500])
async def test_bodies_of_a_proxy(
    oddity: tuple[Oddity, AsyncWebClient], status: int, kind: str, body: bytes
) -> None:
    """Whatever a proxy makes up is a doubt, in every call alike."""
    odd, client = oddity
    odd.status, odd.kind, odd.body = status, kind, body
    with pytest.raises(DeliveryUnknown):
        await calls.call(client.auth_test())
    with pytest.raises(DeliveryUnknown):
        await calls.call(client.chat_postMessage(channel="C1", text="x"))


async def test_a_proxy_asks_for_patience(oddity: tuple[Oddity, AsyncWebClient]) -> None:
    """A 429 is one, whatever its body is."""
    odd, client = oddity
    odd.status, odd.headers = 429, {"Retry-After": "4"}
    for kind, body in [("application/json", b"slow down"), ("text/plain", b""), ("text/html", b"")]:
        odd.kind, odd.body = kind, body
        with pytest.raises(DeliveryRetry) as caught:
            await calls.call(client.chat_postMessage(channel="C1", text="x"))
        assert caught.value.retry_after == 4


class Response:
    """An answer with this header."""

    def __init__(self, seconds: str) -> None:
        self.headers = {"Retry-After": seconds}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("inf", 600), ("nan", 600), ("1e9", 600), ("601", 600), ("600", 600), ("-inf", 0)],
)
def test_wishes_that_are_too_long(header: str, seconds: float) -> None:
    """Nobody waits longer than ten minutes, or until a time that is no number."""
    assert calls.retry_after(Response(header)) == seconds


@given(st.one_of(st.text(), st.floats().map(str), st.integers().map(str)))
def test_any_wish_is_a_time_or_none(header: str) -> None:
    """Whatever stands in the header can be slept."""
    seconds = calls.retry_after(Response(header))
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= 600)


# Posts and edits without an id


@pytest.mark.parametrize("ts", [{}, {"ts": ""}, {"ts": None}, {"ts": 1.5}, {"ts": ["1.5"]}])
async def test_a_post_without_an_id(twin: SlackTwin, adapter: SlackAdapter, ts: Json) -> None:
    """Slack says yes and does not say where: it is asked for before anything else."""
    twin.fault("chat.postMessage", Fault.answer(200, {"ok": True, **ts}))
    with pytest.raises(DeliveryUnknown):
        await adapter.send(delivery(twin.add_channel()))


@pytest.mark.parametrize("ts", [{}, {"ts": ""}, {"ts": None}])
async def test_an_edit_without_an_id(twin: SlackTwin, adapter: SlackAdapter, ts: Json) -> None:
    """What was edited keeps the id that it has."""
    sent = delivery(twin.add_channel())
    ref = await adapter.send(sent)
    twin.fault("chat.update", Fault.answer(200, {"ok": True, **ts}))
    edit = replace(sent, message=replace(sent.message, replaces="t0.1"), replaces_ref=ref)
    assert await adapter.send(edit) == ref


# Things of another shape inside


@pytest.mark.parametrize(
    "more",
    [
        {"messages": None},
        {"messages": "words"},
        {"messages": {"ts": "1.1"}},
        {"messages": [None, 7, "words", []]},
        {"messages": [{"metadata": []}, {"metadata": "x"}, {"metadata": {"event_payload": 1}}]},
        {"messages": [], "response_metadata": []},
        {"messages": [], "response_metadata": {"next_cursor": ["x"]}},
    ],
)
async def test_histories_of_another_shape(
    twin: SlackTwin, adapter: SlackAdapter, more: Json
) -> None:
    """Nothing that is there can be ours, and nothing can be read."""
    odd = Fault.answer(200, {"ok": True, **more})
    twin.fault("conversations.history", odd)
    assert await adapter.find(delivery(twin.add_channel())) is None
    twin.fault("conversations.replies", odd)
    place = ConversationId("slack", TEAM, "C1", "1.1")
    found = await adapter.earlier(IncomingMessage(place, "1.2", Kind.MESSAGE, Author("U1")), 5)
    assert all(one.text == "" for one in found)
    assert len(twin.calls("conversations.replies")) == 1


async def test_our_post_without_an_id(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """A post of ours that has no id is passed over."""
    sent = delivery(twin.add_channel())
    mark = {"event_payload": {"id": sent.message.id, "lane": sent.lane}}
    posts = [{"metadata": mark}, {"metadata": mark, "ts": "5.5"}]
    twin.fault("conversations.history", Fault.answer(200, {"ok": True, "messages": posts}))
    assert await adapter.find(sent) == "5.5"


@pytest.mark.parametrize("more", [{}, {"channel": None}, {"channel": "D1"}, {"channel": {"id": 5}}])
async def test_a_direct_channel_without_an_id(
    twin: SlackTwin, adapter: SlackAdapter, more: Json
) -> None:
    """A channel that has no name is none."""
    twin.fault("conversations.open", Fault.answer(200, {"ok": True, **more}))
    with pytest.raises(DeliveryError):
        await adapter.open_direct("U1", "Hello")


@pytest.mark.parametrize("user", [None, [], "Ada", {"profile": ["Ada"]}])
async def test_a_person_of_another_shape(
    twin: SlackTwin, adapter: SlackAdapter, user: object
) -> None:
    """Who cannot be read is known by what the event said."""
    twin.fault("users.info", Fault.answer(200, {"ok": True, "user": user}))
    profile = await adapter.profile(Author("U1", "Ada"), ConversationId("slack", TEAM, "C1"))
    assert (profile.name, profile.known) == ("Ada", isinstance(user, dict))


async def test_check_during_an_outage(twin: SlackTwin, client: AsyncWebClient) -> None:
    """An outage is no reason to reinstall the app, and an odd channel is not the bot's."""
    twin.fault("auth.test", Fault.bad_gateway())
    (token,) = await checking.check(client)
    assert not token.ok
    assert token.detail.endswith(": try again in a minute")
    twin.fault("conversations.info", Fault.bad_gateway())
    desk = await checking.check_channel(client, "C1")
    assert desk.detail.endswith(": try again in a minute")
    twin.fault("conversations.info", Fault.answer(200, {"ok": True, "channel": "C1"}))
    assert not (await checking.check_channel(client, "C1")).ok


# What was said earlier


@pytest.mark.parametrize("ts", ["soon", "", None, "nan", "1e999", ["1.1"]])
async def test_one_odd_time(twin: SlackTwin, adapter: SlackAdapter, ts: object) -> None:
    """A message with a time that is none is read all the same."""
    posts = [{"ts": "1.1", "bot_id": "B1", "text": "a"}, {"ts": ts, "bot_id": "B1", "text": "b"}]
    twin.fault("conversations.replies", Fault.answer(200, {"ok": True, "messages": posts}))
    place = ConversationId("slack", TEAM, "C1", "1.1")
    message = IncomingMessage(place, "1.9", Kind.MESSAGE, Author("U1"))
    found = [(one.text, one.sent_at) for one in await adapter.earlier(message, 5)]
    assert found == [("a", 1.1), ("b", 0.0)]


async def thread_of(twin: SlackTwin, replies: int) -> IncomingMessage:
    """The last message of a thread with so many replies before it."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "root")
    for number in range(replies):
        await twin.say(ada, channel, f"reply {number}", root)
    last = await twin.say(ada, channel, "help", root)
    place = ConversationId("slack", TEAM, channel, root)
    return IncomingMessage(place, last, Kind.MESSAGE, Author(ada))


@pytest.mark.parametrize(("replies", "last", "pages"), [(450, 449, 3), (1010, 998, 5)])
async def test_the_newest_of_a_long_thread(
    twin: SlackTwin, adapter: SlackAdapter, replies: int, last: int, pages: int
) -> None:
    """Slack pages a thread from its start; after a thousand messages the reading ends."""
    earlier = await adapter.earlier(await thread_of(twin, replies), 2)
    assert [one.text for one in earlier] == [f"reply {last - 1}", f"reply {last}"]
    assert len(twin.calls("conversations.replies")) == pages


async def test_a_thread_that_breaks_off(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """When a later page cannot be had, there is nothing: the oldest part would mislead."""
    message = await thread_of(twin, 2)
    more = {"messages": [{"ts": "1.1", "text": "old"}], "response_metadata": {"next_cursor": "x"}}
    twin.fault("conversations.replies", Fault.answer(200, {"ok": True, **more}))
    twin.fault("conversations.replies", Fault.unavailable())
    assert list(await adapter.earlier(message, 5)) == []
