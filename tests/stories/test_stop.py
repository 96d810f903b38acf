"""Interrupting a running turn: by a word, by Slack's own button, by asking for a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.stories.conftest import OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company, words
from tests.support.scripted import Say, ScriptedProvider, decision

Stop = Callable[[Company, str, str], Awaitable[object]]


async def in_words(one: Company, channel: str, ts: str) -> None:
    """Write the word."""
    await one.say(one.ada, channel, "Stop!", ts)


async def by_slack(one: Company, channel: str, ts: str) -> None:
    """Press Slack's own Stop."""
    await one.twin.stop_session(one.ada, channel, ts)
    await one.rest()


@pytest.mark.parametrize("stop", [in_words, by_slack])
async def test_stop(opened: OpenCompany, clock: TestClock, stop: Stop) -> None:
    """Ada stops a slow answer: the model is let go, nothing of it is posted, no status stays."""
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    channel, ts = await one.dm(one.ada, "Tell me everything about leave.")
    await clock.advance(2)
    await stop(one, channel, ts)
    assert model.cancelled == 1
    await clock.advance(30)
    assert one.texts(channel, ts) == ["Stopped. Nothing more will come of it."]
    assert one.twin.status(channel, ts) == ""
    assert await one.outcomes(channel, ts) == ["stopped"]
    assert len(model.asked) == 1


async def test_stop_beside_the_thread(opened: OpenCompany, clock: TestClock) -> None:
    """Ada asks two things directly, each in its own thread, and writes stop below them: both end,
    and each thread says so.
    """
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    channel, first = await one.dm(one.ada, "Tell me everything about leave.")
    _, second = await one.dm(one.ada, "And about travel.")
    _, word = await one.dm(one.ada, "stop")
    await clock.advance(30)
    stopped = ["Stopped. Nothing more will come of it."]
    assert [one.texts(channel, ts) for ts in (first, second, word)] == [stopped, stopped, []]
    assert model.cancelled == 2


async def test_what_was_stopped_stays_in_the_conversation(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The question that was stopped is history: the next one may refer to it."""
    model = ScriptedProvider("slow", clock, [Say(after=5), Say()])
    one = await opened(model)
    channel, ts = await one.dm(one.ada, "Tell me everything about leave.")
    await one.dm(one.ada, "stop", ts)
    await one.dm(one.ada, "Only the short version, please.", ts)
    await clock.advance(10)
    shown = " ".join(message.text for message in model.asked[1].messages)
    assert "Tell me everything about leave." in shown
    assert len(one.answers(channel, ts)) == 2


async def test_stop_when_nothing_runs(handbook: Company) -> None:
    """Ada writes 'stop' out of the blue and is told that nothing more will come."""
    channel, ts = await handbook.dm(handbook.ada, "stop")
    assert handbook.texts(channel, ts) == ["Stopped. Nothing more will come of it."]


async def test_a_person_is_wanted_at_once(opened: OpenCompany, clock: TestClock) -> None:
    """Ada loses patience while the model works: it is interrupted and the case is opened."""
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    channel, ts = await one.dm(one.ada, "My laptop burns, what now?")
    await one.dm(one.ada, "I want to talk to a person", ts)
    await clock.advance(30)
    assert model.cancelled == 1
    (card,) = one.cards()
    assert "My laptop burns, what now?" in words(card)
    (told,) = one.texts(channel, ts)
    assert "I've passed this on to people" in told
    assert await one.outcomes(channel, ts) == ["person_asked"]


async def test_other_conversations_go_on(opened: OpenCompany, clock: TestClock) -> None:
    """Stopping one answer stops no other."""
    model = ScriptedProvider("slow", clock, [Say(after=5)])
    one = await opened(model)
    channel, first = await one.dm(one.ada, "First thing?")
    _, second = await one.dm(one.ada, "Second thing?")
    await one.dm(one.ada, "stop", first)
    await clock.advance(10)
    assert one.texts(channel, first) == ["Stopped. Nothing more will come of it."]
    (answer,) = one.texts(channel, second)
    assert answer.startswith("An answer.")
