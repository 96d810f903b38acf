"""The adapter's websocket: what it takes, what it acknowledges, and how it ends."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from adapters.slack import socket_mode
from adapters.slack.twin import Fault, SlackTwin
from agent.errors import StoreUnavailable
from agent.messages import IncomingMessage
from agent.platforms import WebRequest
from agent.records import Accepted
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.slack_chat import signed
from tests.support.socket_slack import Connect, SlowDoor, write

OPEN = "apps.connections.open"


class BrokenDoor(OpenDoor):
    """A door with a defect."""

    async def accept(self, message: IncomingMessage) -> Accepted:
        raise ZeroDivisionError


async def test_an_event_is_acknowledged_once(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """By its id alone, on the wire it came through."""
    door = OpenDoor()
    await connect(door)
    await write(twin, clock)
    (envelope,) = twin.sockets.envelopes
    assert envelope.acks == [{"envelope_id": envelope.id}]
    assert [message.text for message in door.messages] == ["hello"]


async def test_the_acknowledgement_waits_for_the_commit(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """Nothing is acknowledged before the door has taken it."""
    door = SlowDoor()
    await connect(door)
    await write(twin, clock)
    (envelope,) = twin.sockets.envelopes
    assert envelope.acks == []
    door.now.set()
    await clock.settle()
    assert len(envelope.acks) == 1


@pytest.mark.parametrize("door", [OpenDoor(broken=True), BrokenDoor()], ids=["full", "defect"])
async def test_what_was_not_taken_is_not_acknowledged(
    connect: Connect, twin: SlackTwin, clock: TestClock, door: OpenDoor
) -> None:
    """Slack brings it again: at once, after a minute, after five."""
    await connect(door)
    await write(twin, clock)
    await clock.advance(400)
    attempts = [envelope.body["retry_attempt"] for envelope in twin.sockets.envelopes]
    assert attempts == [0, 1, 2, 3]
    assert not any(envelope.acks for envelope in twin.sockets.envelopes)


async def test_the_answer_to_a_command_is_in_the_acknowledgement(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """What HTTP would answer is its payload."""
    await connect(OpenDoor())
    answer = await twin.command(ada := twin.add_user(), twin.dm(ada), "/frontdesk hello there")
    assert answer.json["response_type"] == "ephemeral"
    assert answer.json["text"] == "hello there"
    (envelope,) = twin.sockets.envelopes
    assert set(envelope.acks[0]) == {"envelope_id", "payload"}


async def test_nothing_comes_in_by_http(connect: Connect, twin: SlackTwin) -> None:
    """Without a signing secret nobody can prove to be Slack."""
    adapter = await connect(OpenDoor())
    body = b'{"type": "url_verification", "challenge": "x"}'
    for secret in ("", "secret"):
        headers = {k.lower(): v for k, v in signed(body, twin.clock.now(), secret=secret).items()}
        answer = await adapter.routes["/slack/events"](WebRequest(body, headers))
        assert answer.status == 401


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[1]",
        "[" * 100_000,
        "{}",
        '{"type": "of tomorrow"}',
        '{"envelope_id": "e1"}',
        '{"envelope_id": "e1", "payload": "words"}',
        '{"envelope_id": 5, "payload": {}}',
        '{"envelope_id": "e1", "payload": {"type": "block_actions", "actions": {}}}',
    ],
    ids=range(10),
)
async def test_what_no_documentation_shows(
    connect: Connect, twin: SlackTwin, clock: TestClock, text: str
) -> None:
    """It is passed over, and the next message is taken as ever."""
    door = OpenDoor()
    await connect(door)
    await twin.sockets.write(text)
    await write(twin, clock)
    assert [message.text for message in door.messages] == ["hello"]
    assert len(twin.sockets.open) == 1


async def test_the_envelope_comes_again_through_another_connection(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """The first acknowledgement did not get through; what was taken is not taken again."""
    door = SlowDoor()
    await connect(door)
    await write(twin, clock)
    twin.sockets.kill()
    door.now.set()
    await clock.advance(70)
    first, *others = twin.sockets.envelopes
    assert first.acks == []
    assert [len(envelope.acks) for envelope in others] == [1]
    assert len(door.messages) == 1


async def test_an_orderly_end(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """What was taken is acknowledged, what comes now is not taken, and nothing is left behind."""
    before = asyncio.all_tasks()
    door = SlowDoor()
    adapter = await connect(door)
    await write(twin, clock, "in time")
    stopping = asyncio.create_task(adapter.stop())
    await clock.settle()
    await write(twin, clock, "too late")
    door.now.set()
    await clock.until(stopping.done)
    assert [message.text for message in door.messages] == ["in time"]
    in_time, too_late = twin.sockets.envelopes[:2]
    assert (len(in_time.acks), len(too_late.acks)) == (1, 0)
    assert twin.sockets.open == []
    await twin.stop()
    left = [task for task in asyncio.all_tasks() - before if not task.done()]
    assert [task for task in left if "adapters/slack/socket_mode" in repr(task)] == []


async def test_an_end_that_cannot_wait(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """A door that never takes anything does not keep the process from ending."""
    adapter = await connect(SlowDoor())
    await write(twin, clock)
    began = clock.now()
    stopping = asyncio.create_task(adapter.stop())
    await clock.until(stopping.done)
    assert clock.now() - began == socket_mode.FINISH_SECONDS


async def test_an_end_while_connecting(connect: Connect, twin: SlackTwin, clock: TestClock) -> None:
    """Nobody waits for Slack then."""
    adapter = await connect(OpenDoor())
    twin.fault(OPEN, Fault.timeout())
    twin.sockets.kill()
    await clock.advance(2)
    await adapter.stop()
    await adapter.stop()
    assert twin.sockets.open == []


async def test_a_flood(
    connect: Connect, twin: SlackTwin, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more is read while there is enough to do; all of it is taken, in its order."""
    monkeypatch.setattr(socket_mode, "AT_ONCE", 3)
    twin.ordered = False
    door = OpenDoor()
    await connect(door)
    ada = twin.add_user()
    for number in range(20):
        await twin.say(ada, text=str(number))
    await clock.settle()
    assert [message.text for message in door.messages] == [str(number) for number in range(20)]
    assert all(len(envelope.acks) == 1 for envelope in twin.sockets.envelopes)


async def test_what_is_known_cannot_be_asked(
    connect: Connect, twin: SlackTwin, clock: TestClock
) -> None:
    """The database is down at the start; it connects all the same."""
    door = OpenDoor(broken=True)
    with pytest.raises(StoreUnavailable):
        await door.recent("slack")
    await connect(door)
    assert len(twin.sockets.open) == 1


async def test_an_address_is_good_for_one_connection(twin: SlackTwin, clock: TestClock) -> None:
    """The local Slack is as strict as the real one."""
    async with aiohttp.ClientSession() as session:
        address = twin.sockets.ticket()
        async with session.ws_connect(address) as wire:
            assert json.loads((await wire.receive()).data)["type"] == "hello"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(address)
