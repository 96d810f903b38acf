"""Many who wait: a backlog is worked off without waiting for the next look at the database."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.twin import Fault
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.ports import Door
from agent.records import Accepted
from tests.stories.conftest import LEAVE, OpenCompany

QUESTION = "How many days of annual leave do I get?"
MANY = 230
"""More than twice as many as one look at the database finds."""


async def test_nothing_is_worked_on_before_everything_is_there(
    opened: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform may bring messages while it is still being connected to: they are kept, and worked
    on once the human channel and the rest are known.
    """
    one = await opened()
    await one.close()
    connect = SlackAdapter.start

    async def eager(adapter: SlackAdapter, door: Door) -> None:
        await connect(adapter, door)
        place = ConversationId("slack", adapter.tenant, one.twin.dm(one.ada), "1.1")
        wish = IncomingMessage(place, "1.1", Kind.ASK_PERSON, Author(one.ada), direct=True)
        assert await door.accept(wish) is Accepted.NEW
        await one.rest()

    monkeypatch.setattr(SlackAdapter, "start", eager)
    await one.open()
    await one.rest()
    assert len(one.cards()) == 1


async def test_a_backlog_after_a_crash(opened: OpenCompany) -> None:
    """Hundreds wait when the process dies; the next one answers them all, at once and once."""
    one = await opened()
    await one.teach(LEAVE)
    one.store.fail("claim")
    channel = one.twin.dm(one.ada)
    asked = [await one.twin.say(one.ada, channel, QUESTION) for _ in range(MANY)]
    await one.rest()
    await one.crash()
    await one.open()
    await one.rest()
    assert [len(one.answers(channel, ts)) for ts in asked] == [1] * MANY


async def test_whoever_looks_finds_it_while_slack_is_out(opened: OpenCompany) -> None:
    """At the start Slack is away: the process lives and says so, takes nothing, and is ready as
    soon as Slack is there.
    """
    one = await opened()
    await one.close()
    one.twin.fault("auth.test", Fault.unavailable(), None)
    app = one.app = one.make(one.configuration())
    starting = asyncio.create_task(app.start())
    await one.rest()
    one.twin.events_url = f"http://127.0.0.1:{app.port}/slack/events"
    assert (await one.get("/healthz"))[0] == 200
    status, text = await one.get("/readyz")
    assert (status, "not connected" in text) == (503, True)
    channel, ts = await one.dm(one.ada, QUESTION)
    assert one.twin.deliveries[-1].status != 200
    one.twin.heal()
    await one.clock.until(starting.done)
    assert (await one.get("/readyz"))[0] == 200
    await one.clock.advance(61)
    assert len(one.answers(channel, ts)) == 1
