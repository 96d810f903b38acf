"""What can be made to go wrong in the local Teams, as a bot sees it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from adapters.teams.twin import Fault, TeamsTwin
from tests.support.clock import TestClock
from tests.support.teams_listener import Client

ANSWERS = [
    (Fault.rate_limited(2), 429, "Throttled"),
    (Fault.precondition(), 412, "PreconditionFailed"),
    (Fault.error(403, "BotDisabledByAdmin"), 403, "BotDisabledByAdmin"),
    (Fault.error(404, "ConversationNotFound"), 404, "ConversationNotFound"),
    (Fault.unavailable(), 503, "ServiceError"),
    (Fault.unavailable(500), 500, "ServiceError"),
]
BOT_POSTS = {"type": "message", "text": "x"}


@pytest.mark.parametrize(("fault", "status", "code"), ANSWERS)
async def test_an_answer_instead_of_teams(
    twin: TeamsTwin, client: Client, fault: Fault, status: int, code: str
) -> None:
    """It is given once, without effect, and then all is well."""
    chat = twin.dm(twin.add_user())
    twin.fault("post", fault)
    reply = await client.post(chat, "x")
    assert (reply.status, reply.code) == (status, code)
    assert twin.messages(chat) == []
    assert (await client.post(chat, "x")).status == 201
    assert [call.done for call in twin.calls("post")] == [False, True]


@pytest.mark.parametrize(("seconds", "header"), [(2, "2"), (0.5, "0.5"), (None, None)])
async def test_how_long_to_wait_stands_in_a_header(
    twin: TeamsTwin, client: Client, seconds: float | None, header: str | None
) -> None:
    """Also when it is no whole number, or not told."""
    twin.fault("post", Fault.rate_limited(seconds))
    reply = await client.post(twin.dm(twin.add_user()), "x")
    assert reply.headers.get("Retry-After") == header


@pytest.mark.parametrize(
    "fault",
    [
        Fault.bad_gateway(after_effect=True),
        Fault.garbage(after_effect=True),
        Fault.unavailable(after_effect=True),
        Fault.error(500, "x", after_effect=True),
    ],
)
async def test_answers_after_the_effect(twin: TeamsTwin, client: Client, fault: Fault) -> None:
    """The message is there, and the client cannot know it."""
    chat = twin.dm(twin.add_user())
    twin.fault("post", fault)
    await client.log_in()
    url = f"{twin.service_url}v3/conversations/{chat}/activities"
    headers = {"Authorization": f"Bearer {client.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=BOT_POSTS, headers=headers) as response,
    ):
        assert (response.status, await response.read()) == (fault.status, fault.body)
    assert len(twin.messages(chat)) == 1
    assert twin.calls("post")[0].done


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_reset_before_and_after_the_effect(
    twin: TeamsTwin, client: Client, *, after_effect: bool
) -> None:
    """The client cannot tell the two apart; the chat can."""
    chat = twin.dm(twin.add_user())
    twin.fault("post", Fault.reset(after_effect=after_effect))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post(chat, "x")
    assert len(twin.messages(chat)) == int(after_effect)
    assert twin.calls("post")[0].done is after_effect


@pytest.mark.parametrize("after_effect", [False, True])
async def test_silence_until_the_client_gives_up(
    clock: TestClock, twin: TeamsTwin, client: Client, *, after_effect: bool
) -> None:
    """The clock moves meanwhile, and nothing is left behind."""
    chat = twin.dm(twin.add_user())
    twin.fault("post", Fault.timeout(after_effect=after_effect))

    async def impatient() -> None:
        async with clock.timeout(10):
            await client.post(chat, "x")

    call = asyncio.ensure_future(impatient())
    await clock.advance(10)
    with pytest.raises(TimeoutError):
        await call
    assert len(twin.messages(chat)) == int(after_effect)


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_slow_answer(
    clock: TestClock, twin: TeamsTwin, client: Client, *, after_effect: bool
) -> None:
    """It is the right one, and the effect comes before or after the wait."""
    chat = twin.dm(twin.add_user())
    twin.fault("post", Fault.slow(3, after_effect=after_effect))
    call = asyncio.ensure_future(client.post(chat, "x"))
    await clock.advance(2)
    assert len(twin.messages(chat)) == int(after_effect)
    assert not call.done()
    await clock.advance(1)
    assert (await call).status == 201
    assert len(twin.messages(chat)) == len(twin.calls("post")) == 1


async def test_a_fault_hits_what_it_is_for(twin: TeamsTwin, client: Client) -> None:
    """One operation or any, one conversation or any, so many times or until it is healed."""
    chat, channel = twin.dm(twin.add_user()), twin.add_channel()
    twin.fault("post", Fault.unavailable(), None, channel=channel)
    assert (await client.post(chat, "x")).status == 201
    root = (await client.post(chat, "x")).json["id"]
    for _ in range(3):
        assert (await client.post(channel, "x")).status == 503
    edit = await client.call("PUT", chat, "activities", root, body=BOT_POSTS)
    assert edit.status == 200
    twin.heal("update")
    assert (await client.post(channel, "x")).status == 503
    twin.heal()
    assert (await client.post(channel, "x")).status == 201
    twin.fault("update|delete", Fault.unavailable())
    assert (await client.call("DELETE", chat, "activities", root)).status == 503
    assert (await client.call("DELETE", chat, "activities", root)).status == 200
    twin.fault("*", Fault.unavailable(), 2)
    statuses = [(await client.call("GET", chat, "members")).status for _ in range(3)]
    assert statuses == [503, 503, 200]


def sent(twin: TeamsTwin) -> int:
    """How many posts took effect."""
    return len([call for call in twin.calls("post") if call.done])


async def test_the_limits_of_teams(clock: TestClock, twin: TeamsTwin, client: Client) -> None:
    """Seven sends a second into a conversation, and no more than sixty in half a minute."""
    twin.rate_limits = True
    chat, other = twin.dm(twin.add_user()), twin.add_channel()
    statuses = [(await client.post(chat, "x")).status for _ in range(8)]
    assert statuses == [201] * 7 + [429]
    limited = twin.calls("post")[-1]
    assert (limited.error, limited.done) == ("Throttled", False)
    assert (await client.post(other, "x")).status == 201
    while "Retry-After" not in (reply := await client.post(chat, "x")).headers or sent(twin) < 61:
        await clock.advance(0.5)
    assert (reply.status, sent(twin), int(reply.headers["Retry-After"]) > 1) == (429, 61, True)
    await clock.advance(30)
    assert (await client.post(chat, "x")).status == 201


async def test_the_limit_of_the_organisation(twin: TeamsTwin, client: Client) -> None:
    """Fifty sends a second over all conversations."""
    twin.rate_limits = True
    chats = [twin.add_channel() for _ in range(51)]
    statuses = [(await client.post(chat, "x")).status for chat in chats]
    assert statuses == [201] * 50 + [429]
