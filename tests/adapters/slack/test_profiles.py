"""The names of people whom somebody mentions: asked of Slack, but no event waits long for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.slack.payloads import Identity
from adapters.slack.profiles import MOST_NAMED, Profiles, Reader
from adapters.slack.twin import Fault, SlackTwin
from adapters.slack.web import Web
from tests.support import slack_bodies as bodies
from tests.support.clock import TestClock

PERSON = "users.info"


@pytest.fixture
async def reader(twin: SlackTwin, clock: TestClock) -> AsyncIterator[Reader]:
    """Nobody is known yet."""
    web = Web(token="xoxb-test", api_url=twin.api_url, clock=clock)
    identity = Identity(twin.identity.team_id, twin.identity.bot_user_id, twin.identity.bot_id)
    yield Reader(identity, Profiles(web, clock))
    await web.close()


async def seen(reader: Reader, text: str, **more: object) -> str:
    """What is read of a direct message."""
    message = await reader.read(bodies.event(bodies.message(text=text, **more)))
    assert message is not None
    return message.text


async def test_names_are_asked_for_once(twin: SlackTwin, reader: Reader) -> None:
    """Everybody's, but not the bot's; a label that Slack tells is as good."""
    ada, bot = twin.add_user("Ada Byron"), twin.identity.bot_user_id
    text = f"<@{bot}> ask <@{ada}>, <@{ada}> or <@U1|grace>"
    for _ in range(2):
        assert await seen(reader, text) == "ask @Ada Byron, @Ada Byron or @grace"
    assert len(twin.calls(PERSON)) == 1


async def test_a_name_is_no_markup(twin: SlackTwin, reader: Reader) -> None:
    """Whatever somebody calls themselves, it pings nobody and is no link."""
    odd = twin.add_user("<!channel> [x](https://x.example) @here")
    assert await seen(reader, f"<@{odd}>") == "@!channel x(httpsx.example) here"


async def test_more_people_than_are_asked_for(twin: SlackTwin, reader: Reader) -> None:
    """The first few are named."""
    people = [twin.add_user(f"Person {n}") for n in range(MOST_NAMED + 1)]
    told = await seen(reader, " ".join(f"<@{one}>" for one in people))
    assert told.split(" @")[-1] == f"Person {MOST_NAMED - 1} somebody"
    assert len(twin.calls(PERSON)) == MOST_NAMED


@pytest.mark.parametrize("fault", [Fault.unavailable(), Fault.no_ok(), Fault.rate_limited(30)])
async def test_a_name_that_cannot_be_had(twin: SlackTwin, reader: Reader, fault: Fault) -> None:
    """Somebody is meant; the words count."""
    ada = twin.add_user("Ada Byron")
    twin.fault(PERSON, fault)
    assert await seen(reader, f"ask <@{ada}>") == "ask somebody"


async def test_a_name_that_takes_long(twin: SlackTwin, reader: Reader, clock: TestClock) -> None:
    """After a second it is not waited for any more; those that came are told."""
    ada, grace = twin.add_user("Ada Byron"), twin.add_user("Grace Hopper")
    await seen(reader, f"<@{grace}>")
    twin.fault(PERSON, Fault.slow(5.0))
    reading = asyncio.ensure_future(seen(reader, f"ask <@{ada}> or <@{grace}>"))
    await clock.advance(0.9)
    assert not reading.done()
    await clock.advance(0.2)
    assert await reading == "ask somebody or @Grace Hopper"


async def test_what_is_not_for_us_costs_no_call(twin: SlackTwin, reader: Reader) -> None:
    """At the top of a channel, without a mention of the bot, nobody is looked up."""
    ada, bot = twin.add_user("Ada Byron"), twin.identity.bot_user_id
    there = {"channel": "C1", "channel_type": "channel"}
    assert await seen(reader, f"<@{ada}>: lunch?", **there) == "somebody: lunch?"
    assert twin.calls(PERSON) == []
    assert await seen(reader, f"<@{bot}> <@{ada}>: lunch?", **there) == "@Ada Byron: lunch?"


async def test_whom_slack_does_not_tell_is_not_asked_for_again(
    twin: SlackTwin, reader: Reader, clock: TestClock
) -> None:
    """Not with every message: only after some minutes."""
    for _ in range(3):
        await seen(reader, "Ask <@U0NOBODY>")
    assert len(twin.calls(PERSON)) == 1
    await clock.advance(301)
    await seen(reader, "Ask <@U0NOBODY>")
    assert len(twin.calls(PERSON)) == 2
