"""Slack behind a firewall: Frontdesk connects out, and keeps its promises through a websocket."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.twin import Fault
from agent.errors import ConfigError
from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company, slack
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"
pytestmark = slack_only


@pytest.fixture
async def handbook(opened: OpenCompany) -> Company:
    """A company without a model that nobody can reach from outside."""
    one = await opened(socket=True)
    one.chat.listen(0)
    await one.teach(LEAVE)
    return one


def acks(one: Company) -> list[int]:
    """How often each envelope was acknowledged."""
    return [len(envelope.acks) for envelope in slack(one).sockets.envelopes]


async def answered(one: Company, asked: Said) -> bool:
    """Whether there is exactly one answer, and nothing left to do."""
    counts = await one.counts()
    at_rest = not any(counts[name] for name in ("rows_waiting", "outbox_pending", "outbox_sending"))
    return at_rest and len(one.answers(asked)) == 1


async def test_a_message_through_the_websocket(handbook: Company) -> None:
    """Ada asks and is answered once; her envelope is acknowledged once."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    assert await answered(handbook, asked)
    ours, *echo = acks(handbook)
    assert [ours, *echo] == [1] * len(slack(handbook).sockets.envelopes)
    assert {delivery.status for delivery in slack(handbook).deliveries} == {200}


async def test_the_two_events_of_a_mention(handbook: Company) -> None:
    """Slack tells of a mention twice; it is one question."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    assert await answered(handbook, asked)
    assert all(count == 1 for count in acks(handbook))


async def test_presses_and_commands(handbook: Company) -> None:
    """What a person waits for comes back inside the acknowledgement."""
    help_text = await handbook.command(handbook.ada, handbook.general, "help")
    assert "/frontdesk status" in help_text
    asked = await handbook.dm(handbook.ada, QUESTION)
    pressed = await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    assert pressed
    assert len(handbook.cards()) == 1


async def test_what_cannot_be_stored_is_not_acknowledged(handbook: Company) -> None:
    """The disk is full: no acknowledgement, and what Slack brings again is answered once."""
    handbook.store.fail("accept")
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(10)
    assert acks(handbook) == [0, 0]
    handbook.store.heal()
    await handbook.clock.advance(61)
    assert acks(handbook)[:3] == [0, 0, 1]
    body = slack(handbook).sockets.envelopes[2].body
    assert (body["retry_attempt"], body["retry_reason"]) == (2, "timeout")
    assert await answered(handbook, asked)


async def test_a_press_that_cannot_be_stored(handbook: Company) -> None:
    """Slack does not bring presses again, so the one who pressed must see that it failed."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    handbook.store.fail("accept")
    (answer,) = handbook.answers(asked)
    pressing = asyncio.create_task(handbook.press(handbook.ada, answer, "Ask a person"))
    await handbook.clock.until(pressing.done)
    assert not await pressing


@pytest.mark.parametrize("how", ["killed", "closed", "mute"])
async def test_the_connection_is_lost_in_the_middle_of_a_turn(
    opened: OpenCompany, clock: TestClock, how: str
) -> None:
    """The model is still thinking when the websocket goes; Ada is answered once, Grace as well."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=5)]), socket=True)
    asked = await one.dm(one.ada, QUESTION)
    match how:
        case "killed":
            slack(one).sockets.kill()
        case "closed":
            await slack(one).sockets.close()
        case "mute":
            slack(one).sockets.mute()
    other = await one.chat.say(one.grace, one.chat.direct(one.grace), QUESTION)
    await clock.advance(400)
    assert await answered(one, asked)
    assert await answered(one, other)
    assert len(slack(one).sockets.open) == 1


async def test_slack_asks_for_a_new_connection(opened: OpenCompany, clock: TestClock) -> None:
    """The new one is there before the old one goes, and what came through the old is acknowledged
    there.
    """
    one = await opened(ScriptedProvider("model", clock), socket=True)
    (old,) = slack(one).sockets.open
    one.store.hang("accept")
    asked = await one.dm(one.ada, QUESTION)
    await slack(one).sockets.disconnect("refresh_requested")
    await clock.advance(2)
    assert len(slack(one).sockets.open) == 2, "the old one still has something to acknowledge"
    one.store.heal()
    await clock.advance(1)
    (new,) = slack(one).sockets.open
    assert new != old
    envelope = slack(one).sockets.envelopes[0]
    assert (envelope.socket, len(envelope.acks)) == (old, 1)
    assert await answered(one, asked)
    again = await one.dm(one.grace, QUESTION)
    assert await answered(one, again)


async def test_an_orderly_end(opened: OpenCompany, clock: TestClock) -> None:
    """What was taken is committed and acknowledged before the end; it is answered after it."""
    one = await opened(ScriptedProvider("model", clock), socket=True)
    store = one.store
    store.hang("accept")
    asked = await one.dm(one.ada, QUESTION)
    stopping = asyncio.create_task(one.running.stop())
    await one.rest()
    store.heal()
    await clock.until(stopping.done)
    one.app = None
    assert acks(one) == [1]
    assert slack(one).sockets.open == []
    assert one.answers(asked) == []
    await one.open()
    assert await answered(one, asked)


async def test_the_process_dies_in_the_middle_of_a_turn(
    opened: OpenCompany, clock: TestClock
) -> None:
    """What was acknowledged is in the database: the next process answers it, once."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=100), Say()]), socket=True)
    asked = await one.dm(one.ada, QUESTION)
    await clock.advance(3)
    assert acks(one) == [1]
    await one.crash()
    assert slack(one).sockets.open == []
    await one.open()
    await clock.advance(2)
    assert await answered(one, asked)


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
    first = await handbook.dm(handbook.ada, QUESTION)
    slack(handbook).fault("apps.connections.open", Fault.unavailable(), None)
    slack(handbook).sockets.kill()
    asked = await handbook.chat.say(handbook.ada, first.channel, QUESTION)
    await handbook.clock.advance(1000)
    assert slack(handbook).sockets.open == []
    tries = len(slack(handbook).calls("apps.connections.open"))
    assert 30 < tries < 80, "patiently, and not all at once"
    assert all(delivery.status == 0 for delivery in slack(handbook).deliveries[-4:])
    handbook.chat.heal()
    await handbook.clock.advance(31)
    assert await answered(handbook, asked)
