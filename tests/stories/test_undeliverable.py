"""Messages that can never arrive: another way is found, and nobody waits for nothing."""

from __future__ import annotations

import pytest

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider, decision

QUESTION = "How many days of annual leave do I get?"


@pytest.fixture
def slow(clock: TestClock) -> ScriptedProvider:
    """A model that takes its time, so that something can happen to the channel meanwhile."""
    return ScriptedProvider("slow", clock, [Say(decision(response="27 days."), after=5.0)])


async def test_a_channel_is_archived_before_the_answer(
    opened: OpenCompany, clock: TestClock, slow: ScriptedProvider
) -> None:
    """The answer reaches Ada directly, with a word on why, and only once."""
    one = await opened(slow)
    await one.ask(one.ada, QUESTION)
    one.chat.archive(one.general)
    await clock.advance(60)
    (text,) = one.told_directly(one.ada)
    assert "27 days." in text
    assert "could not answer where you asked" in text
    assert (await one.counts())["outbox_dead"] == 0, "it was told another way"


async def test_neither_the_channel_nor_ada_can_be_written_to(
    opened: OpenCompany, clock: TestClock, slow: ScriptedProvider
) -> None:
    """People get it as a case, with what the bot would have said."""
    one = await opened(slow)
    await one.ask(one.ada, QUESTION)
    one.chat.archive(one.general)
    one.chat.archive(one.chat.direct(one.ada))
    await clock.advance(60)
    (card,) = one.cards()
    assert "27 days." in card.text
    assert "could not be delivered" in card.text


async def test_the_human_channel_is_archived(opened: OpenCompany, clock: TestClock) -> None:
    """The card goes to the second channel, and what Ada writes then follows it there."""
    one = await opened()
    second = one.chat.add_channel("second", [one.linus], private=True)
    await one.reopen(frontdesk_second_channel=one.name(second))
    one.chat.archive(one.desk)
    asked = await one.dm(one.ada, "talk to a person")
    await clock.advance(10)
    (card,) = one.cards(second)
    await one.dm(one.ada, "It is urgent.", asked)
    assert any("It is urgent." in text for text in one.under(card))
    assert len(one.answers(asked)) == 2


async def test_no_channel_takes_the_card(opened: OpenCompany, clock: TestClock) -> None:
    """An admin gets it directly."""
    one = await opened()
    await one.reopen(frontdesk_admins=one.name(one.grace))
    one.chat.archive(one.desk)
    await one.dm(one.ada, "talk to a person")
    await clock.advance(10)
    (card,) = one.told_directly(one.grace)
    assert "Ada" in card


async def test_nobody_takes_the_card(opened: OpenCompany, clock: TestClock) -> None:
    """Ada is told whom to ask instead of waiting for people who never heard of her."""
    one = await opened()
    one.chat.archive(one.desk)
    asked = await one.dm(one.ada, "talk to a person")
    await clock.advance(10)
    assert "could not reach the people" in one.texts(asked)[-1]


async def test_words_for_people_come_back(opened: OpenCompany, clock: TestClock) -> None:
    """The channel is archived while the case is open: Ada learns that nobody read her."""
    one = await opened()
    asked = await one.dm(one.ada, "talk to a person")
    one.chat.archive(one.desk)
    await one.dm(one.ada, "It is urgent.", asked)
    await clock.advance(10)
    assert "did not reach" in one.texts(asked)[-1]
    assert "It is urgent." in one.texts(asked)[-1]


async def test_a_death_over_a_crash(
    opened: OpenCompany, clock: TestClock, slow: ScriptedProvider
) -> None:
    """The process dies when the row has died: the other way is found by the next one."""
    one = await opened(slow)
    await one.ask(one.ada, QUESTION)
    one.chat.archive(one.general)
    one.store.fail("claim")
    await clock.advance(10)
    await one.crash()
    await one.open()
    await clock.advance(60)
    assert len(one.told_directly(one.ada)) == 1


async def test_nobody_is_written_to_twice(handbook: Company) -> None:
    """An answer that did arrive takes no other way."""
    await handbook.teach(LEAVE)
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(600)
    assert len(handbook.answers(asked)) == 1
