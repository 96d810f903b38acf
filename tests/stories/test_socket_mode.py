"""Slack behind a firewall: Frontdesk connects out, and keeps its promises through a websocket."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.twin import Fault
from agent.errors import ConfigError
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"


@pytest.fixture
async def handbook(opened: OpenCompany) -> Company:
    """A company without a model that nobody can reach from outside."""
    one = await opened(socket=True)
    one.twin.events_url = ""
    await one.teach(LEAVE)
    return one


def acks(one: Company) -> list[int]:
    """How often each envelope was acknowledged."""
    return [len(envelope.acks) for envelope in one.twin.sockets.envelopes]


async def answered(one: Company, channel: str, ts: str) -> bool:
    """Whether there is exactly one answer, and nothing left to do."""
    counts = await one.counts()
    at_rest = not any(counts[name] for name in ("rows_waiting", "outbox_pending", "outbox_sending"))
    return at_rest and len(one.answers(channel, ts)) == 1


async def test_a_message_through_the_websocket(handbook: Company) -> None:
    """Ada asks and is answered once; her envelope is acknowledged once."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    assert await answered(handbook, channel, ts)
    ours, *echo = acks(handbook)
    assert [ours, *echo] == [1] * len(handbook.twin.sockets.envelopes)
    assert {delivery.status for delivery in handbook.twin.deliveries} == {200}


async def test_the_two_events_of_a_mention(handbook: Company) -> None:
    """Slack tells of a mention twice; it is one question."""
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    assert await answered(handbook, handbook.general, ts)
    assert all(count == 1 for count in acks(handbook))


async def test_presses_and_commands(handbook: Company) -> None:
    """What a person waits for comes back inside the acknowledgement."""
    help_text = await handbook.command(handbook.ada, handbook.general, "/frontdesk help")
    assert "/frontdesk status" in help_text
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    pressed = await handbook.press(handbook.ada, handbook.answers(channel, ts)[0], "Ask a person")
    assert pressed.ok
    assert len(handbook.cards()) == 1


async def test_what_cannot_be_stored_is_not_acknowledged(handbook: Company) -> None:
    """The disk is full: no acknowledgement, and what Slack brings again is answered once."""
    handbook.store.fail("accept")
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(10)
    assert acks(handbook) == [0, 0]
    handbook.store.heal()
    await handbook.clock.advance(61)
    assert acks(handbook)[:3] == [0, 0, 1]
    body = handbook.twin.sockets.envelopes[2].body
    assert (body["retry_attempt"], body["retry_reason"]) == (2, "timeout")
    assert await answered(handbook, channel, ts)


async def test_a_press_that_cannot_be_stored(handbook: Company) -> None:
    """Slack does not bring presses again, so the one who pressed must see that it failed."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    handbook.store.fail("accept")
    (answer,) = handbook.answers(channel, ts)
    pressing = asyncio.create_task(handbook.press(handbook.ada, answer, "Ask a person"))
    await handbook.clock.until(pressing.done)
    assert not (await pressing).ok


@pytest.mark.parametrize("how", ["killed", "closed", "mute"])
async def test_the_connection_is_lost_in_the_middle_of_a_turn(
    opened: OpenCompany, clock: TestClock, how: str
) -> None:
    """The model is still thinking when the websocket goes; Ada is answered once, Grace as well."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]), socket=True)
    channel, ts = await one.dm(one.ada, QUESTION)
    match how:
        case "killed":
            one.twin.sockets.kill()
        case "closed":
            await one.twin.sockets.close()
        case "mute":
            one.twin.sockets.mute()
    other = one.twin.dm(one.grace)
    asked = await one.twin.say(one.grace, other, QUESTION)
    await clock.advance(400)
    assert await answered(one, channel, ts)
    assert await answered(one, other, asked)
    assert len(one.twin.sockets.open) == 1


async def test_slack_asks_for_a_new_connection(opened: OpenCompany, clock: TestClock) -> None:
    """The new one is there before the old one goes, and what came through the old is acknowledged
    there.
    """
    one = await opened(ScriptedProvider("model", clock), socket=True)
    (old,) = one.twin.sockets.open
    one.store.hang("accept")
    channel, ts = await one.dm(one.ada, QUESTION)
    await one.twin.sockets.disconnect("refresh_requested")
    await clock.advance(2)
    assert len(one.twin.sockets.open) == 2, "the old one still has something to acknowledge"
    one.store.heal()
    await clock.advance(1)
    (new,) = one.twin.sockets.open
    assert new != old
    envelope = one.twin.sockets.envelopes[0]
    assert (envelope.socket, len(envelope.acks)) == (old, 1)
    assert await answered(one, channel, ts)
    _, again = await one.dm(one.grace, QUESTION)
    assert await answered(one, one.twin.dm(one.grace), again)


async def test_an_orderly_end(opened: OpenCompany, clock: TestClock) -> None:
    """What was taken is committed and acknowledged before the end; it is answered after it."""
    one = await opened(ScriptedProvider("model", clock), socket=True)
    store = one.store
    store.hang("accept")
    channel, ts = await one.dm(one.ada, QUESTION)
    stopping = asyncio.create_task(one.running.stop())
    await one.rest()
    store.heal()
    await clock.until(stopping.done)
    one.app = None
    assert acks(one) == [1]
    assert one.twin.sockets.open == []
    assert one.answers(channel, ts) == []
    await one.open()
    assert await answered(one, channel, ts)


async def test_the_process_dies_in_the_middle_of_a_turn(
    opened: OpenCompany, clock: TestClock
) -> None:
    """What was acknowledged is in the database: the next process answers it, once."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=100), Say()]), socket=True)
    channel, ts = await one.dm(one.ada, QUESTION)
    await clock.advance(3)
    assert acks(one) == [1]
    await one.crash()
    assert one.twin.sockets.open == []
    await one.open()
    await clock.advance(2)
    assert await answered(one, channel, ts)


async def test_slack_refuses_the_app_token(opened: OpenCompany) -> None:
    """The start fails with a sentence that says how to mend it."""
    one = await opened(socket=True)
    await one.close()
    with pytest.raises(ConfigError, match=r"SLACK_APP_TOKEN: invalid_auth; .*connections:write"):
        await one.open(slack_app_token="xapp-wrong")
    await one.close()
    with pytest.raises(ConfigError, match="SLACK_APP_TOKEN: not_allowed_token_type"):
        await one.open(slack_app_token="xoxb-test")


async def test_slack_has_no_websockets_for_a_while(handbook: Company) -> None:
    """Connecting fails for longer than Slack keeps a message; Frontdesk does not give up, and looks
    for what it missed.
    """
    channel, _ = await handbook.dm(handbook.ada, QUESTION)
    handbook.twin.fault("apps.connections.open", Fault.unavailable(), None)
    handbook.twin.sockets.kill()
    ts = await handbook.twin.say(handbook.ada, channel, QUESTION)
    await handbook.clock.advance(1000)
    assert handbook.twin.sockets.open == []
    tries = len(handbook.twin.calls("apps.connections.open"))
    assert 30 < tries < 80, "patiently, and not all at once"
    assert all(delivery.status == 0 for delivery in handbook.twin.deliveries[-4:])
    handbook.twin.heal()
    await handbook.clock.advance(31)
    assert await answered(handbook, channel, ts)
