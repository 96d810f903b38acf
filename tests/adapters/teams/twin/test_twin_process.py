"""The local Teams as a process of its own, driven and read through its control API."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.teams.twin import TeamsTwin
from adapters.teams.twin_control import Control, options
from tests.support.clock import TestClock
from tests.support.teams_listener import Client, Listener
from tests.support.twin_process import Remote, Running, running

CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "type": "AdaptiveCard",
        "version": "1.5",
        "actions": [{"type": "Action.Execute", "title": "Yes", "verb": "yes"}],
    },
}


@pytest.fixture
async def process(bot: Listener) -> AsyncIterator[Running]:
    """A running process and the addresses that it printed."""
    async with running("adapters.teams.twin", bot.url) as process:
        yield process


@pytest.fixture
async def local(clock: TestClock) -> AsyncIterator[TeamsTwin]:
    """A local Teams in this process, with the control API."""
    twin = TeamsTwin(clock, unauthenticated=True)
    await twin.start(routes=Control(twin).routes())
    yield twin
    await twin.stop()


@pytest.fixture
async def remote(local: TeamsTwin) -> AsyncIterator[Remote]:
    """Its control API."""
    async with aiohttp.ClientSession() as session:
        yield Remote(f"{local.base_url}twin/", session)


async def test_what_people_write(remote: Remote, bot: Listener) -> None:
    """Each request does what its method of the twin does."""
    await remote.do("settings", events_url=bot.url)
    ada = (await remote.do("users", name="Ada"))["user"]
    chat = (await remote.do("dm", user=ada))["channel"]
    said = await remote.do("say", user=ada, text="helo")
    assert said["channel"] == chat
    message = {"user": ada, "channel": chat, "id": said["id"]}
    await remote.do("edit", **message, text="hello")
    await remote.do("delete", **message)
    await remote.do("undelete", **message)
    await remote.do("react", **message)
    group = (await remote.do("groups", members=[ada]))["channel"]
    await remote.do("say", user=ada, channel=group, text="all", mention=True)
    await remote.do("consent", channel=group)
    await remote.do("say", user=ada, channel=group, text="and all")
    await remote.do("deliver", type="event", name="x")
    await remote.do("idle")
    kinds = [activity["type"] for activity in bot.activities]
    assert (
        sorted(kinds)
        == ["event", "message", "message", "message", "messageDelete"] + ["messageUpdate"] * 2
    )


async def test_what_people_press(local: TeamsTwin, remote: Remote, bot: Listener) -> None:
    """Buttons, thumbs, the app itself; and what is wrong is told."""
    local.events_url = bot.url
    ada = local.add_user()
    chat = local.dm(ada)
    await remote.do("install", user=ada)
    client = Client(local)
    data = {"feedbackLoop": {"type": "default"}}
    ident = (await client.post(chat, "", attachments=[CARD], channelData=data)).json["id"]
    message = {"user": ada, "channel": chat, "id": ident}
    assert (await remote.do("press", **message, action="Yes"))["status"] == 202
    assert (await remote.do("feedback", **message, reaction="like"))["status"] == 202
    assert (await remote.do("submit", **message, value={"a": 1}))["status"] == 202
    assert (await remote.do("press", **message, action="No"))["http"] == 400
    assert (await remote.see("typing", channel=chat)) == {"typing": False}
    await remote.do("uninstall", user=ada)
    await remote.do("idle")
    assert (await client.post(chat, "x")).status == 403
    assert (await remote.do("settings", colour="red"))["http"] == 400
    assert len(bot.received) == 7


async def test_who_is_where(local: TeamsTwin, remote: Remote, bot: Listener) -> None:
    """Rosters, archived channels, forged actions and what was answered to them."""
    ada, bo = local.add_user(), local.add_user("Bo")
    channel = (await remote.do("channels", name="desk", members=[ada]))["channel"]
    await remote.do("join", user=bo, channel=channel)
    await remote.do("leave", user=ada, channel=channel)
    assert list(local.channel(channel).members) == [bo]
    ident = (await Client(local).post(channel, "", attachments=[CARD])).json["id"]
    local.events_url = bot.url
    forged = {"user": bo, "channel": channel, "id": ident, "verb": "no", "data": 5}
    assert (await remote.do("execute", **forged))["status"] == 202
    assert bot.activities[0]["value"]["action"]["data"] == 5
    assert await remote.see("toasts", user=bo) == {"toasts": []}
    await remote.do("archive", channel=channel)
    assert (await remote.do("say", user=bo, channel=channel, text="x"))["http"] == 400
    await remote.do("archive", channel=channel, archived=False)
    await remote.do("deactivate", user=bo)
    assert not local.user(bo).active


def test_the_options_have_defaults() -> None:
    """Without any, it takes a free port, tells nobody and wants tokens."""
    given = options().parse_args([])
    assert (given.port, given.events_url, given.rate_limits) == (0, "", False)
    assert not given.unauthenticated


async def test_a_process_is_driven_and_read(process: Running, bot: Listener) -> None:
    """What is said there arrives here, and the answer is found there."""
    one, told = process
    environ = told["environ"]
    assert environ["TEAMS_SERVICE_URLS"] == told["service_url"]
    async with aiohttp.ClientSession() as session:
        twin = Remote(told["control_url"], session)
        ada = (await twin.do("users", name="Ada"))["user"]
        channel = (await twin.do("channels", name="general", members=[ada]))["channel"]
        said = await twin.do("say", user=ada, channel=channel, text="hello", mention=True)
        assert (await twin.do("idle"))["http"] == 200
        assert bot.activities[0]["id"] == said["id"]
        form = {
            "grant_type": "client_credentials",
            "client_id": environ["TEAMS_APP_ID"],
            "client_secret": environ["TEAMS_APP_PASSWORD"],
            "scope": "https://api.botframework.com/.default",
        }
        base = f"{environ['TEAMS_LOGIN_URL']}/{environ['TEAMS_TENANT_ID']}"
        async with session.post(f"{base}/oauth2/v2.0/token", data=form) as response:
            token = (await response.json())["access_token"]
        place = f"{told['service_url']}v3/conversations/{channel};messageid={said['id']}"
        headers = {"Authorization": f"Bearer {token}"}
        body = {"type": "message", "text": "hi"}
        async with session.post(f"{place}/activities", json=body, headers=headers) as response:
            assert response.status == 201
        seen = await twin.see("messages", channel=channel, thread=said["id"])
        assert [message["text"] for message in seen["messages"]] == ["@Frontdesk hello", "hi"]
        assert (await twin.see("calls", operation="post"))["calls"][0]["done"]
        assert len((await twin.see("deliveries"))["deliveries"]) == 1
        unknown = await twin.do("say", user="nobody", text="x")
        assert (unknown["http"], unknown["error"]) == (400, "KeyError: 'nobody'")
    one.send_signal(signal.SIGTERM)
    assert await one.wait() == 0
