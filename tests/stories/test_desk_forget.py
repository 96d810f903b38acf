"""What is left of a person who asked at the desk, once they are forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from agent.errors import ProviderUnavailable
from tests.stories.conftest import OpenCompany, teams_only
from tests.stories.test_desk_incidents import crowd, person_in
from tests.stories.test_desk_time import MINUTE, later, with_second
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.desk import Desk
from tests.support.scripted import Fail, ScriptedProvider

NAME, SECRET = "Ada Byron", "secret-4711"
KEPT = (("journal", "data"), ("outbox", "payload"), ("cases", "card"), ("cases", "note"))


def left(one: Company) -> list[str]:
    """What can still be read of Ada and of what she said."""
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        found = [
            text
            for table, column in KEPT
            for (text,) in database.execute(f"SELECT {column} FROM {table}")  # noqa: S608 ours
        ]
    return [text for text in found if NAME in text or SECRET in text]


async def ask_among_others(one: Company) -> Said:
    """Ada asks for a person in a thread of the channel in which Grace speaks, too."""
    asked = await one.ask(one.ada, f"My {SECRET} is broken")
    await one.say(one.ada, one.general, one.mention("I want to talk to a person"), asked)
    await one.say(one.grace, one.general, one.mention("Me too, hello"), asked)
    return asked


async def test_every_card_and_reminder_of_hers(opened: OpenCompany, clock: TestClock) -> None:
    """People were reminded of Ada's case, in the second channel too, with her name and her words,
    and told what came of it: nothing of that can be read any more, and Grace's words can.
    """
    one = await opened()
    second = await with_second(one)
    desk = Desk(one)
    asked = await ask_among_others(one)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    assert len(second.cards()) == 1
    await desk.resolve(one.linus, desk.card(), note=f"The {SECRET} works")
    assert any("Reminder" in text for text in left(one))
    assert SECRET in one.texts(asked)[-1]
    await one.command(one.ada, one.general, "forget me")
    assert left(one) == []
    assert "Me too, hello" in [line.get("text") for line in await one.told("said", asked)]


@teams_only
async def test_a_card_in_doubt_of_hers(opened: OpenCompany) -> None:
    """The first card of Ada's case may not have arrived, and there is another: both go."""
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    await ask_among_others(one)
    assert len(desk.cards()) == 2
    await desk.resolve(one.linus, desk.cards()[0])
    await one.command(one.ada, one.general, "forget me")
    assert left(one) == []


async def test_an_open_case_of_hers(opened: OpenCompany, clock: TestClock) -> None:
    """Ada's case is open in two channels: nothing of her is seen on its cards any more, and people
    can still end it.
    """
    one = await opened()
    second = await with_second(one)
    desk = Desk(one)
    asked = await ask_among_others(one)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    await desk.press(one.linus, desk.card(), "Claim")
    assert all(SECRET in card.text for card in (desk.card(), second.card()))
    await one.command(one.ada, one.general, "forget me")
    await clock.advance(10)
    for card in (desk.card(), second.card()):
        assert not any(word in card.given for word in (SECRET, NAME))
        assert "Linus Berg" in card.text
    await desk.resolve(one.linus, desk.card())
    assert "Linus Berg has closed your case" in one.texts(asked)[-1]
    assert (await one.counts())["outbox_dead"] == 0


async def test_one_of_many(opened: OpenCompany, clock: TestClock) -> None:
    """Ada is named on the card of many, and goes from it as soon as she is forgotten."""
    one = await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))
    desk = Desk(one)
    asked = await crowd(one, 8)
    name = next(name for name in asked if name in desk.cards()[-1].text)
    said = asked[name]
    await one.command(person_in(one, said), said.channel, "forget me")
    await clock.advance(10)
    card = desk.cards()[-1]
    assert name not in card.given
    assert "Claim" in card.buttons
