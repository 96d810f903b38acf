"""Many who wait: a backlog is worked off without waiting for the next look at the database."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.twin import Fault
from agent.messages import Author, IncomingMessage, Kind
from agent.ports import Adapter, Door
from agent.records import Accepted
from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.company import slack

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
    connect = one.chat.adapter.start

    async def eager(adapter: Adapter, door: Door) -> None:
        await connect(adapter, door)
        place = one.chat.place(one.chat.direct(one.ada))
        wish = IncomingMessage(place, "1.1", Kind.ASK_PERSON, Author(one.ada), direct=True)
        assert await door.accept(wish) is Accepted.NEW
        await one.rest()

    monkeypatch.setattr(one.chat.adapter, "start", eager)
    await one.open()
    await one.rest()
    assert len(one.cards()) == 1


async def test_a_backlog_after_a_crash(opened: OpenCompany) -> None:
    """Hundreds wait when the process dies; the next one answers them all, at once and once."""
    one = await opened()
    await one.teach(LEAVE)
    one.store.fail("claim")
    text = one.mention(QUESTION)
    asked = [await one.chat.say(one.ada, one.general, text) for _ in range(MANY)]
    await one.chat.idle()
    await one.crash()
    await one.open()
    await one.clock.advance(1)
    assert [len(one.answers(said)) for said in asked] == [1] * MANY


@slack_only
async def test_whoever_looks_finds_it_while_slack_is_out(opened: OpenCompany) -> None:
    """At the start Slack is away: the process lives and says so, takes nothing, and is ready as
    soon as Slack is there. (Slack's: nothing has to be asked of Teams at the start.)
    """
    one = await opened()
    await one.close()
    slack(one).fault("auth.test", Fault.unavailable(), None)
    app = one.app = one.make(one.configuration())
    starting = asyncio.create_task(app.start())
    await one.rest()
    one.chat.listen(app.port)
    assert (await one.get("/healthz"))[0] == 200
    status, text = await one.get("/readyz")
    assert (status, "not connected" in text) == (503, True)
    asked = await one.dm(one.ada, QUESTION)
    assert not one.chat.acknowledged()[-1]
    one.chat.heal()
    await one.clock.until(starting.done)
    assert (await one.get("/readyz"))[0] == 200
    await one.clock.advance(61)
    assert len(one.answers(asked)) == 1
