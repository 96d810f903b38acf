"""The adapter's websocket stays open, or comes again as soon as Slack wants it to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.slack.twin import Fault, SlackTwin
from agent.records import Recent
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.socket_slack import Connect, write

OPEN = "apps.connections.open"


async def test_slack_asks_for_a_sign_of_life(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """A ping is answered."""
    await connect(OpenDoor())
    await twin.sockets.ping()
    await clock.settle()
    assert twin.sockets.pongs == 1


async def test_a_quiet_hour(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """As long as Slack answers pings, nobody connects again; what comes then is taken."""
    door = OpenDoor()
    await connect(door)
    (number,) = twin.sockets.open
    await clock.advance(3600)
    assert twin.sockets.open == [number]
    await write(twin, clock)
    assert len(door.messages) == 1


async def test_a_silent_connection(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """After half a minute without a sign of life there is another one."""
    await connect(OpenDoor())
    (old,) = twin.sockets.open
    twin.sockets.mute()
    await clock.advance(25)
    assert twin.sockets.open == [old]
    await clock.advance(20)
    assert len(twin.calls(OPEN)) == 2
    assert twin.sockets.open[-1] != old


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", "new_reason"])
async def test_slack_announces_the_end(
    connect: Connect, twin: SlackTwin, clock: TestClock, reason: str
) -> None:
    """Whatever the reason, soon there is exactly one connection, and it is a new one."""
    door = OpenDoor()
    await connect(door)
    (old,) = twin.sockets.open
    await twin.sockets.disconnect(reason)
    await clock.advance(2)
    (new,) = twin.sockets.open
    assert new != old
    await write(twin, clock)
    assert len(door.messages) == 1


async def test_the_new_one_comes_first(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """While Slack does not open another, the old one goes on to work."""
    door = OpenDoor()
    await connect(door)
    (old,) = twin.sockets.open
    twin.fault(OPEN, Fault.rate_limited(20))
    await twin.sockets.disconnect("refresh_requested")
    await clock.advance(15)
    await write(twin, clock)
    assert twin.sockets.open == [old]
    assert len(door.messages) == 1
    await clock.advance(10)
    assert old not in twin.sockets.open
    assert len(twin.sockets.open) == 1


@pytest.mark.parametrize("fractional", [12.5, 40.0])
async def test_slack_says_when_to_connect_again(
    connect: Connect, twin: SlackTwin, clock: TestClock, fractional: float
) -> None:
    """Retry-After is followed, also when it is longer than our own patience."""
    await connect(OpenDoor())
    twin.fault(OPEN, Fault.rate_limited(fractional))
    twin.sockets.kill()
    await clock.advance(1)
    began = twin.calls(OPEN)[-1].at
    await clock.advance(fractional)
    assert len(twin.calls(OPEN)) == 3
    assert twin.calls(OPEN)[-1].at - began >= fractional


async def test_too_many_connections(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """Slack counts ten others; we wait until there is room, and do not make it worse."""
    twin.most_sockets = 0
    door = OpenDoor()
    await connect(door)
    await clock.advance(100)
    assert len(twin.calls(OPEN)) <= 4
    twin.most_sockets = 10
    await clock.advance(60)
    await write(twin, clock)
    assert len(door.messages) == 1


async def test_one_too_many(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """Slack counts too many while we are connected: ours goes first, and comes back later."""
    await connect(OpenDoor())
    (old,) = twin.sockets.open
    await twin.sockets.disconnect("too_many_websockets")
    await clock.advance(20)
    assert twin.sockets.open == []
    await clock.advance(30)
    assert len(twin.sockets.open) == 1
    assert old not in twin.sockets.open


@pytest.mark.parametrize("url", ["", "no address", "http://127.0.0.1:9/", 5])
async def test_an_address_that_leads_nowhere(
    connect: Connect, twin: SlackTwin, clock: TestClock, url: object
) -> None:
    """It is asked for another one, with pauses in between."""
    await connect(OpenDoor())
    twin.fault(OPEN, Fault.answer(200, {"ok": True, "url": url}), 3)
    twin.sockets.kill()
    await clock.advance(30)
    assert len(twin.sockets.open) == 1
    assert len(twin.calls(OPEN)) == 5


async def test_no_hello(
    connect: Connect, twin: SlackTwin, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection on which Slack says nothing is given up after ten seconds."""
    hellos = iter([None, {"type": "disconnect", "reason": "warning"}])
    monkeypatch.setattr(
        twin.sockets, "_hello", lambda: next(hellos, {"type": "hello"}) or {"type": "later"}
    )
    door = OpenDoor()
    await connect(door)
    await clock.advance(30)
    await write(twin, clock)
    assert len(door.messages) == 1


async def test_what_is_known_is_asked_before_anything_new_can_come(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """Else what comes first would hide what was missed."""

    class CuriousDoor(OpenDoor):
        async def recent(self, platform: str) -> Sequence[Recent]:
            seen.append(len(twin.sockets.open))
            return ()

    seen: list[int] = []
    await connect(CuriousDoor())
    twin.sockets.kill()
    await clock.advance(2)
    assert seen == [0, 0]
