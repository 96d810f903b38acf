"""Interrupting a running turn: by a word, or by asking for a person."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.stories.conftest import OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider, decision


async def test_stop(opened: OpenCompany, clock: TestClock) -> None:
    """Ada stops a slow answer: the model is let go, nothing of it is posted, no status stays."""
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    asked = await one.dm(one.ada, "Tell me everything about leave.")
    await clock.advance(2)
    await one.dm(one.ada, "Stop!", asked)
    assert model.cancelled == 1
    await clock.advance(30)
    assert one.texts(asked) == ["Stopped. Nothing more will come of it."]
    assert not one.chat.thinking(asked.place)
    assert await one.outcomes(asked) == ["stopped"]
    assert len(model.asked) == 1


async def test_what_was_stopped_stays_in_the_conversation(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The question that was stopped is history: the next one may refer to it."""
    model = ScriptedProvider("slow", clock, [Say(after=5), Say()])
    one = await opened(model)
    asked = await one.dm(one.ada, "Tell me everything about leave.")
    await one.dm(one.ada, "stop", asked)
    await one.dm(one.ada, "Only the short version, please.", asked)
    await clock.advance(10)
    shown = " ".join(message.text for message in model.asked[1].messages)
    assert "Tell me everything about leave." in shown
    assert len(one.answers(asked)) == 2


async def test_stop_when_nothing_runs(handbook: Company) -> None:
    """Ada writes 'stop' out of the blue and is told that nothing more will come."""
    asked = await handbook.dm(handbook.ada, "stop")
    assert handbook.texts(asked) == ["Stopped. Nothing more will come of it."]


async def test_a_person_is_wanted_at_once(opened: OpenCompany, clock: TestClock) -> None:
    """Ada loses patience while the model works: it is interrupted and the case is opened."""
    model = ScriptedProvider("slow", clock, [Say(decision(response="Too late."), after=5)])
    one = await opened(model)
    asked = await one.dm(one.ada, "My laptop burns, what now?")
    await one.dm(one.ada, "I want to talk to a person", asked)
    await clock.advance(30)
    assert model.cancelled == 1
    (card,) = one.cards()
    assert "My laptop burns, what now?" in card.text
    (told,) = one.texts(asked)
    assert "I've passed this on to people" in told
    assert await one.outcomes(asked) == ["person_asked"]


async def test_other_conversations_go_on(opened: OpenCompany, clock: TestClock) -> None:
    """Stopping one answer stops no other."""
    model = ScriptedProvider("slow", clock, [Say(after=5)])
    one = await opened(model)
    first = await one.ask(one.ada, "First thing?")
    second = await one.ask(one.ada, "Second thing?")
    await one.say(one.ada, one.general, "stop", first)
    await clock.advance(10)
    assert one.texts(first) == ["Stopped. Nothing more will come of it."]
    (answer,) = one.texts(second)
    assert answer.startswith("An answer.")


async def test_what_was_asked_in_vain_is_charged(opened: OpenCompany, clock: TestClock) -> None:
    """Ada says stop while a model thinks: what it used until then is on the account."""
    one = await opened(ScriptedProvider("slow", clock, [Say(after=30)]))
    asked = await one.dm(one.ada, "How many days of leave?")
    await clock.advance(3)
    await one.dm(one.ada, "stop", asked)
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        spent = database.execute("SELECT model, estimated FROM spend").fetchall()
    assert spent == [("slow", 1)]
