"""The local Slack as a process of its own, driven and read through its control API."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from adapters.slack.twin_control import Control, options
from tests.support.clock import TestClock
from tests.support.slack_listener import Listener
from tests.support.twin_process import Remote, Running, running

BUTTON = {"type": "button", "action_id": "yes", "text": {"type": "plain_text", "text": "Yes"}}


@pytest.fixture
async def process(bot: Listener) -> AsyncIterator[Running]:
    """A running process and the addresses that it printed."""
    async with running("adapters.slack.twin", bot.url) as process:
        yield process


@pytest.fixture
async def local(clock: TestClock, told: Listener) -> AsyncIterator[SlackTwin]:
    """A local Slack in this process, with the control API."""
    twin = SlackTwin(clock, signing_secret="secret")
    await twin.start(routes=Control(twin).routes())
    yield twin
    await twin.stop()


@pytest.fixture
async def remote(local: SlackTwin) -> AsyncIterator[Remote]:
    """Its control API."""
    async with aiohttp.ClientSession() as session:
        yield Remote(f"{local.base_url}twin/", session)


async def test_everything_people_do_can_be_asked_for(remote: Remote, told: Listener) -> None:
    """Each request does what its method of the twin does."""
    await remote.do("settings", events_url=told.url, scopes=["chat:write"])
    ada = (await remote.do("users", name="Ada"))["user"]
    dm = (await remote.do("dm", user=ada))["channel"]
    ts = (await remote.do("say", user=ada, text="helo"))["ts"]
    await remote.do("edit", user=ada, channel=dm, ts=ts, text="hello")
    await remote.do("delete", user=ada, channel=dm, ts=ts)
    await remote.do("deliver", type="emoji_changed")
    await remote.do("idle")
    kinds = [event.get("subtype") or event["type"] for event in told.events]
    assert sorted(kinds) == ["emoji_changed", "message", "message_changed", "message_deleted"]
    body = {"text": "Sure?", "blocks": [{"type": "actions", "elements": [BUTTON]}]}
    told.answers.append(web.json_response(body))
    assert (await remote.do("command", user=ada, channel=dm, line="/x"))["status"] == 200
    (question,) = (await remote.see("ephemerals", channel=dm))["messages"]
    press = {"user": ada, "channel": dm, "action_id": "yes"}
    assert (await remote.do("press", **press, ts=question["ts"]))["status"] == 200
    assert (await remote.do("press", **press, ts="1.000000"))["http"] == 400
    assert (await remote.see("status", channel=dm, thread_ts=ts)) == {"status": ""}
    assert (await remote.do("settings", colour="red"))["http"] == 400


async def test_a_desk_can_be_driven(remote: Remote, told: Listener) -> None:
    """Members, files, archives, accounts, and forms of which there are none open."""
    await remote.do("settings", events_url=told.url)
    ada = (await remote.do("users", name="Ada"))["user"]
    desk = (await remote.do("channels", name="desk", members=[]))["channel"]
    await remote.do("join", user=ada, channel=desk)
    shared = await remote.do("upload", user=ada, channel=desk, filename="a.pdf", text="See")
    (*_, message) = (await remote.see("messages", channel=desk))["messages"]
    assert (message["ts"], message["files"]) == (shared["ts"], ["a.pdf"])
    await remote.do("deactivate", user=ada)
    await remote.do("leave", user=ada, channel=desk)
    await remote.do("archive", channel=desk)
    await remote.do("idle")
    kinds = [event["type"] for event in told.events]
    assert {"user_change", "member_left_channel", "channel_archive"} <= set(kinds)
    assert (await remote.see("views", user=ada)) == {"views": []}
    for act in ("fill", "submit", "close"):
        assert (await remote.do(act, view="V0", values={}))["http"] == 400
    press = await remote.do("interact", type="block_actions", actions=[])
    assert (press["status"], (await remote.do("interact"))["status"]) == (200, 200)
    assert (await remote.see("ephemerals", channel=desk, user=ada)) == {"messages": []}


async def test_a_form_is_filled_in_from_outside(
    local: SlackTwin, remote: Remote, told: Listener
) -> None:
    """It is read, filled in, sent off and closed through the control API."""
    await remote.do("settings", events_url=told.url)
    ada = (await remote.do("users", name="Ada"))["user"]
    dm = (await remote.do("dm", user=ada))["channel"]
    client = AsyncWebClient("xoxb-test", base_url=local.api_url)
    element = {"type": "plain_text_input", "action_id": "note"}
    label = {"type": "plain_text", "text": "Note"}
    form = {
        "type": "modal",
        "title": label,
        "submit": label,
        "blocks": [{"type": "input", "label": label, "element": element}],
    }
    for _ in range(2):
        await remote.do("command", user=ada, channel=dm, line="/x")
        trigger = told.received[-1].form["trigger_id"]
        await client.views_open(trigger_id=trigger, view=form)
    first, second = (await remote.see("views", user=ada))["views"]
    filled = (await remote.do("fill", view=first["id"], values={"note": "hi"}))["view"]
    assert filled["entered"]["note"]["value"] == "hi"
    assert (await remote.do("submit", view=first["id"]))["status"] == 200
    await remote.do("close", view=second["id"])
    assert (await remote.see("views"))["views"] == []


def test_the_options_have_defaults() -> None:
    """Without any, it takes a free port and tells nobody."""
    given = options().parse_args([])
    assert (given.port, given.events_url, given.rate_limits) == (0, "", False)
    assert not given.socket_mode


async def test_a_process_is_driven_and_read(process: Running, bot: Listener) -> None:
    """What is said there arrives here, and the answer is found there."""
    one, addresses = process
    client = AsyncWebClient("xoxb-test", base_url=addresses["api_url"])
    async with aiohttp.ClientSession() as session:
        twin = Remote(addresses["control_url"], session)
        ada = (await twin.do("users", name="Ada"))["user"]
        channel = (await twin.do("channels", name="general", members=[ada]))["channel"]
        said = await twin.do("say", user=ada, channel=channel, text="hello")
        assert (await twin.do("idle"))["http"] == 200
        assert bot.events[0]["ts"] == said["ts"]
        await client.chat_postMessage(channel=channel, text="hi", thread_ts=said["ts"])
        seen = await twin.see("messages", channel=channel, thread_ts=said["ts"])
        assert [message["text"] for message in seen["messages"]] == ["hello", "hi"]
        assert (await twin.see("calls", method="chat.postMessage"))["calls"][0]["done"]
        await twin.do("idle")
        assert len((await twin.see("deliveries"))["deliveries"]) == 2
        assert (await twin.do("say", user=ada, text="in private"))["channel"][0] == "D"
        unknown = await twin.do("say", user="U0", text="x")
        assert (unknown["http"], unknown["error"]) == (400, "KeyError: 'U0'")
    one.send_signal(signal.SIGTERM)
    assert await one.wait() == 0
