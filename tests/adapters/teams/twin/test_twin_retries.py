"""How often the local Teams delivers, and in which order."""

from __future__ import annotations

import pytest
from aiohttp import web

from adapters.teams.twin import TeamsTwin
from tests.support.clock import TestClock
from tests.support.teams_listener import Listener


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_what_nobody_takes_comes_again(
    clock: TestClock, twin: TeamsTwin, told: Listener, status: int
) -> None:
    """Three more times, the same bytes, and then never."""
    told.answers += [web.Response(status=status) for _ in range(9)]
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert [(one.attempt, one.status) for one in twin.deliveries] == [
        (0, status),
        (1, status),
        (2, status),
        (3, status),
    ]
    assert len({received.body for received in told.received}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
async def test_a_refusal_is_final(
    clock: TestClock, twin: TeamsTwin, told: Listener, status: int
) -> None:
    """Except that 501 is trouble of the server's too."""
    told.answers.append(web.Response(status=status))
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert len(told.received) == (2 if status == 501 else 1)


async def test_silence_ends_after_fifteen_seconds(
    clock: TestClock, twin: TeamsTwin, told: Listener
) -> None:
    """And then it comes again, until it is taken."""
    told.silent = True
    ident = await twin.say(twin.add_user(), text="hello")
    await clock.advance(15.5)
    told.silent = False
    await clock.advance(60)
    first, second = twin.deliveries
    assert (first.reason, first.seconds) == ("http_timeout", 15)
    assert (second.status, second.id) == (202, ident)


async def test_how_often_can_be_chosen(clock: TestClock, twin: TeamsTwin, told: Listener) -> None:
    """Also not at all."""
    twin.redeliveries = 0
    told.answers.append(web.Response(status=500))
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert len(told.received) == 1


async def test_a_bot_that_is_down(clock: TestClock, twin: TeamsTwin, told: Listener) -> None:
    """A refused connection is retried like silence."""
    await told.stop()
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await clock.advance(1000)
    assert {one.reason for one in twin.deliveries} == {"connection_failed"}
    assert len(twin.deliveries) == 4


async def test_duplicates(twin: TeamsTwin, told: Listener) -> None:
    """The same activity twice, the next once."""
    ada = twin.add_user()
    twin.duplicate_next()
    for text in ("one", "two"):
        await twin.say(ada, text=text)
    await twin.idle()
    assert sorted(one["text"] for one in told.activities) == ["one", "one", "two"]


async def test_delays_let_others_overtake(
    clock: TestClock, twin: TeamsTwin, told: Listener
) -> None:
    """The first arrives last."""
    ada = twin.add_user()
    twin.delay_next(5)
    for text in ("one", "two"):
        await twin.say(ada, text=text)
    await clock.advance(5)
    await twin.idle()
    assert [one["text"] for one in told.activities] == ["two", "one"]


async def test_a_conversation_is_in_order(
    clock: TestClock, twin: TeamsTwin, told: Listener
) -> None:
    """Each waits for the one before, other conversations do not; unordered nobody waits."""
    ada, bob = twin.add_user(), twin.add_user("Bob")
    told.silent = True
    for user in (ada, ada, bob):
        await twin.say(user, text="x")
    await clock.settle()
    assert len(told.received) == 2
    assert {one["from"]["aadObjectId"] for one in told.activities} == {ada, bob}
    twin.ordered = False
    await twin.say(ada, text="x")
    await clock.settle()
    assert len(told.received) == 3


@pytest.mark.parametrize("shuffle", [False, True])
async def test_holding_back(twin: TeamsTwin, told: Listener, *, shuffle: bool) -> None:
    """Nothing goes out until it is released, in order or not."""
    ada = twin.add_user()
    twin.ordered = not shuffle
    twin.hold()
    texts = [str(number) for number in range(8)]
    for text in texts:
        await twin.say(ada, text=text)
    await twin.idle()
    assert told.received == []
    twin.release(shuffle=shuffle)
    await twin.idle()
    heard = [one["text"] for one in told.activities]
    assert sorted(heard) == texts
    assert shuffle or heard == texts
