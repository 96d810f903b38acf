"""Two ways to stop that only Slack has: its own button, and a word beside the threads of a chat."""

from __future__ import annotations

from tests.stories.conftest import OpenCompany, slack_only
from tests.support.clock import TestClock
from tests.support.company import slack
from tests.support.scripted import Say, ScriptedProvider, decision

pytestmark = slack_only


async def test_stop_by_slacks_own_button(opened: OpenCompany, clock: TestClock) -> None:
    """Ada stops a slow answer: the model is let go, nothing of it is posted, no status stays."""
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    asked = await one.dm(one.ada, "Tell me everything about leave.")
    await clock.advance(2)
    await slack(one).stop_session(one.ada, asked.channel, asked.thread)
    await one.rest()
    assert model.cancelled == 1
    await clock.advance(30)
    assert one.texts(asked) == ["Stopped. Nothing more will come of it."]
    assert not one.chat.thinking(asked.place)
    assert await one.outcomes(asked) == ["stopped"]
    assert len(model.asked) == 1


async def test_stop_beside_the_thread(opened: OpenCompany, clock: TestClock) -> None:
    """Ada asks two things directly, each in its own thread, and writes stop below them: both end,
    and each thread says so.
    """
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    first = await one.dm(one.ada, "Tell me everything about leave.")
    second = await one.dm(one.ada, "And about travel.")
    word = await one.dm(one.ada, "stop")
    await clock.advance(30)
    stopped = ["Stopped. Nothing more will come of it."]
    assert [one.texts(asked) for asked in (first, second, word)] == [stopped, stopped, []]
    assert model.cancelled == 2
