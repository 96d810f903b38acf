"""How often the local Slack tries, and in which order."""

from __future__ import annotations

import pytest
from aiohttp import web

from adapters.slack.twin import SlackTwin
from tests.support.clock import TestClock
from tests.support.slack_listener import Listener


async def test_a_refused_event_comes_again(
    clock: TestClock, twin: SlackTwin, told: Listener
) -> None:
    """At once, after a minute and after five more, the same body, and then never."""
    told.answers += [web.Response(status=500) for _ in range(9)]
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert [delivery.attempt for delivery in twin.deliveries] == [0, 1, 2, 3]
    began = twin.deliveries[0].at
    assert [delivery.at - began for delivery in twin.deliveries] == [0, 0, 60, 360]
    assert len({received.body for received in told.received}) == 1
    tries = [received.headers.get("X-Slack-Retry-Num") for received in told.received]
    assert tries == [None, "1", "2", "3"]
    assert told.received[1].headers["X-Slack-Retry-Reason"] == "http_error"


async def test_a_late_acknowledgement_ends_the_retries(
    clock: TestClock, twin: SlackTwin, told: Listener
) -> None:
    """The second attempt was taken."""
    told.answers.append(web.Response(status=503))
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert [delivery.status for delivery in twin.deliveries] == [503, 200]


async def test_a_bot_can_say_no_more(clock: TestClock, twin: SlackTwin, told: Listener) -> None:
    """`x-slack-no-retry: 1` is heeded."""
    told.answers.append(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert len(told.received) == 1


async def test_silence_counts_as_failure(clock: TestClock, twin: SlackTwin, told: Listener) -> None:
    """After three seconds Slack gives up and tries again."""
    told.silent = True
    await twin.say(twin.add_user(), text="hello")
    await clock.advance(3)
    told.silent = False
    await clock.advance(3)
    assert [(delivery.reason, delivery.seconds) for delivery in twin.deliveries] == [
        ("http_timeout", 3),
        ("http_timeout", 3),
    ]
    await clock.advance(60)
    assert twin.deliveries[-1].status == 200


async def test_a_bot_that_is_down_is_tried_again(
    clock: TestClock, twin: SlackTwin, told: Listener
) -> None:
    """A refused connection is a failed attempt."""
    await told.stop()
    await twin.say(twin.add_user(), text="hello")
    await clock.advance(1000)
    assert [delivery.reason for delivery in twin.deliveries] == ["connection_failed"] * 4


async def test_without_an_address_nothing_is_sent(clock: TestClock, twin: SlackTwin) -> None:
    """An app without subscriptions hears nothing."""
    twin.events_url = ""
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    assert twin.deliveries == []


async def test_one_channel_is_in_order(twin: SlackTwin, told: Listener) -> None:
    """First attempts wait for each other, so a test knows what comes when."""
    dm = twin.dm(ada := twin.add_user())
    for number in range(20):
        await twin.say(ada, dm, str(number))
    await twin.idle()
    assert [event["text"] for event in told.events] == [str(number) for number in range(20)]


@pytest.mark.parametrize(("ordered", "arrived"), [(True, 1), (False, 2)])
async def test_who_waits_for_an_answer(
    clock: TestClock, twin: SlackTwin, told: Listener, *, ordered: bool, arrived: int
) -> None:
    """In order, a channel's next event waits for the first one's answer; another's does not."""
    twin.ordered, told.silent = ordered, True
    ada, bob = twin.add_user("Ada"), twin.add_user("Bob")
    for number in range(2):
        await twin.say(ada, text=str(number))
    await twin.say(bob, text="me too")
    await clock.advance(2)
    assert sum(event["user"] == ada for event in told.events) == arrived
    assert sum(event["user"] == bob for event in told.events) == 1


async def test_events_can_come_twice_late_or_shuffled(
    clock: TestClock, twin: SlackTwin, told: Listener
) -> None:
    """The rules for what networks do."""
    ada = twin.add_user()
    twin.duplicate_next()
    await twin.say(ada, text="twice")
    await twin.idle()
    assert [received.json["event_id"] for received in told.received] == [
        told.received[0].json["event_id"]
    ] * 2
    twin.delay_next(10)
    await twin.say(ada, text="late")
    await twin.say(ada, text="early")
    await clock.advance(10)
    assert [event["text"] for event in told.events][2:] == ["early", "late"]
    told.received.clear()
    twin.hold()
    for number in range(8):
        await twin.say(ada, text=str(number))
    await twin.idle()
    assert told.events == []
    twin.release(shuffle=True)
    await twin.idle()
    texts = [event["text"] for event in told.events]
    assert sorted(texts) == [str(number) for number in range(8)]
    assert texts != sorted(texts)
