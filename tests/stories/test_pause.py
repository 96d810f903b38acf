"""An admin pauses the assistant: it says so, people can still be reached, and it comes back."""

from __future__ import annotations

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"


async def paused(opened: OpenCompany, *models: ScriptedProvider) -> Company:
    """A company whose admin is Grace."""
    one = await opened(*models)
    await one.reopen(frontdesk_admins=one.name(one.grace))
    await one.teach(LEAVE)
    return one


async def test_paused_and_resumed(opened: OpenCompany) -> None:
    """While it is paused Ada is told so; afterwards she is answered."""
    one = await paused(opened)
    assert "Paused" in await one.command(one.grace, one.general, "pause")
    asked = await one.ask(one.ada, QUESTION)
    assert "paused" in one.texts(asked)[0]
    assert "again" in await one.command(one.grace, one.general, "resume")
    await one.say(one.ada, one.general, QUESTION, asked)
    assert "27 days" in one.texts(asked)[1]


async def test_a_running_answer_is_paused(opened: OpenCompany, clock: TestClock) -> None:
    """What a model is working on is dropped, and its author told."""
    model = ScriptedProvider("slow", clock, [Say(after=5.0)])
    one = await paused(opened, model)
    asked = await one.ask(one.ada, QUESTION)
    await one.command(one.grace, one.general, "pause")
    await clock.advance(30)
    assert model.cancelled == 1
    (text,) = one.texts(asked)
    assert "paused" in text


async def test_a_pause_survives_a_restart(opened: OpenCompany) -> None:
    """It is in the database."""
    one = await paused(opened)
    await one.command(one.grace, one.general, "pause")
    await one.crash()
    await one.open(frontdesk_admins=one.name(one.grace))
    assert "paused" in (await one.command(one.ada, one.general, "status")).lower()
    asked = await one.ask(one.ada, QUESTION)
    assert "paused" in one.texts(asked)[0]


async def test_people_are_reached_all_the_same(opened: OpenCompany) -> None:
    """A person can be asked for, and an open case goes on."""
    one = await paused(opened)
    await one.command(one.grace, one.general, "pause")
    asked = await one.dm(one.ada, "talk to a person")
    await one.dm(one.ada, "My laptop burns.", asked)
    assert len(one.cards()) == 1
    assert "passed this on" in one.texts(asked)[0]
    assert "added this" in one.texts(asked)[1]


async def test_only_admins_pause(opened: OpenCompany) -> None:
    """Ada cannot."""
    one = await paused(opened)
    assert "FRONTDESK_ADMINS" in await one.command(one.ada, one.general, "pause")
    asked = await one.ask(one.ada, QUESTION)
    assert "27 days" in one.texts(asked)[0]
