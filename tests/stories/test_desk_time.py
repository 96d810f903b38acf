"""What time does to a case: reminders, honest words for whoever waits, cases that nobody ends."""

from __future__ import annotations

from tests.stories.conftest import OpenCompany, across, four_ways
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.desk import Desk, wish

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SETTLING = 20.0
"""Seconds at the end of a long time, in which everything due is done."""
# The clock of the tests starts on Monday, 21 September 2026, at 14:13 UTC.


async def later(clock: TestClock, seconds: float) -> None:
    """So much time passes, most of it at once."""
    clock.jump(seconds - SETTLING)
    await clock.advance(SETTLING)


async def with_second(one: Company, **settings: str) -> Desk:
    """The second channel, which is then known to Frontdesk."""
    second = one.desk_chat.add_channel("second", [one.linus], private=True)
    name = f"{one.desk_chat.platform}:{second}"
    await one.reopen(frontdesk_second_channel=name, **settings)
    return Desk(one, second)


@four_ways
async def test_reminders(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody claims Ada's case for half an hour: the channel is reminded; for another: the second
    channel gets the case; and that is all. Ada is told the truth.
    """
    one = await opened()
    second = await with_second(one)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    before = len(one.texts(asked))
    await later(clock, 29 * MINUTE)
    assert len(desk.posts()) == 1
    await later(clock, 2 * MINUTE)
    assert len(desk.posts()) == 2
    reminder = desk.posts()[-1].text
    assert desk.cards()[0].text.split()[1] in reminder
    assert "Ada Byron" in reminder
    assert second.posts() == []
    assert len(one.texts(asked)) == before + 1
    await later(clock, 31 * MINUTE)
    assert len(desk.posts()) == 2
    copies = second.cards()
    assert len(copies) == 1
    assert "Claim" in copies[0].buttons
    await later(clock, 5 * HOUR)
    assert len(desk.posts()) == 2
    assert second.cards() == copies
    assert len(one.texts(asked)) <= before + 2


async def test_a_second_channel_that_was_not_there(opened: OpenCompany, clock: TestClock) -> None:
    """The second channel comes only after the first reminder: the second one finds it."""
    one = await opened()
    desk = Desk(one)
    await wish(one, one.ada)
    await later(clock, 31 * MINUTE)
    assert len(desk.posts()) == 2
    second = await with_second(one)
    await later(clock, 31 * MINUTE)
    assert len(second.cards()) == 1


async def test_reminders_after_a_release(opened: OpenCompany, clock: TestClock) -> None:
    """Linus had the case for four hours and gave it back: what is said of its waiting afterwards
    knows that, to the people and to Ada.
    """
    one = await opened()
    second = await with_second(one)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    await later(clock, 4 * HOUR)
    await desk.press(one.linus, desk.card(), "Release")
    await later(clock, 31 * MINUTE)
    assert "has been waiting for 30 minutes" in desk.posts()[-1].text
    assert one.texts(asked)[-1].startswith("Nobody else has taken your case so far.")
    await later(clock, 31 * MINUTE)
    (word,) = second.relayed(second.card())
    assert word.startswith("Nobody has claimed this for 61 minutes where it was asked first.")


@across
async def test_claimed_on_the_copy(opened: OpenCompany, clock: TestClock) -> None:
    """Linus claims the case where he was reminded: both cards say so, and the talk is there."""
    one = await opened()
    second = await with_second(one)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    (copy,) = second.cards()
    await second.press(one.linus, copy, "Claim")
    for place in (desk, second):
        assert "claimed by linus berg" in place.cards()[0].text.lower()
    await one.dm(one.ada, "Are you there?", asked)
    assert second.relayed(copy)[-1] == "Ada Byron: Are you there?"
    assert desk.relayed(desk.cards()[0]) == []
    await second.write(one.linus, copy, "I am")
    assert one.texts(asked)[-1] == "Linus Berg: I am"
    await second.resolve(one.linus, second.cards()[0], "Done")
    for place in (desk, second):
        assert "resolved" in place.cards()[0].text.lower()
        assert place.cards()[0].buttons == ()


async def test_a_claimed_case_needs_no_reminder(opened: OpenCompany, clock: TestClock) -> None:
    """Linus has it: nobody is reminded."""
    one = await opened()
    second = await with_second(one)
    desk = Desk(one)
    await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    await later(clock, 5 * HOUR)
    assert len(desk.posts()) == 1
    assert second.posts() == []


async def test_reminders_survive_a_restart(opened: OpenCompany, clock: TestClock) -> None:
    """The process dies and is away when the time comes: the reminder comes afterwards, once."""
    one = await opened()
    desk = Desk(one)
    await wish(one, one.ada)
    await later(clock, 10 * MINUTE)
    await one.crash()
    clock.jump(25 * MINUTE)
    await one.open()
    await later(clock, MINUTE)
    assert len(desk.posts()) == 2
    await one.crash()
    await one.open()
    await later(clock, 10 * MINUTE)
    assert len(desk.posts()) == 2


async def test_business_hours(opened: OpenCompany, clock: TestClock) -> None:
    """A case of Monday evening is not overdue before Tuesday morning, and Ada is told when people
    are there.
    """
    one = await opened(
        frontdesk_desk_hours="mon-fri 09:00-17:00", frontdesk_desk_time_zone="Europe/Berlin"
    )
    desk = Desk(one)
    await later(clock, 3 * HOUR)  # 17:13 UTC, 19:13 in Berlin
    asked = await wish(one, one.ada)
    told = one.texts(asked)[-1]
    assert "Tuesday" in told or "09:00" in told or "9:00" in told
    await later(clock, 13 * HOUR)  # 06:13 UTC, 08:13 in Berlin
    assert len(desk.posts()) == 1
    await later(clock, 45 * MINUTE + 35 * MINUTE)  # 09:33 in Berlin
    assert len(desk.posts()) == 2


async def test_an_expectation(opened: OpenCompany) -> None:
    """Ada is told by when people mean to look at her case."""
    one = await opened(frontdesk_desk_sla_minutes="45")
    asked = await wish(one, one.ada)
    assert "45 minutes" in one.texts(asked)[-1]


@across
async def test_a_stale_case_closes(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody says anything about a case for a week: it is closed, both sides are told, and the bot
    answers Ada again.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    await desk.write(one.linus, card, "I'll get back to you.")
    await later(clock, 6 * DAY)
    assert (await one.counts())["cases_open"] == 1
    await one.dm(one.ada, "Any news?", asked)
    await later(clock, 6 * DAY)
    assert (await one.counts())["cases_open"] == 1, "the week begins with the last words"
    before = len(one.texts(asked))
    await later(clock, 2 * DAY)
    assert (await one.counts())["cases_open"] == 0
    (told,) = one.texts(asked)[before:]
    assert "closed" in told.lower()
    assert desk.cards()[0].buttons == ()


@four_ways
async def test_whoever_has_it_is_gone(opened: OpenCompany, clock: TestClock) -> None:
    """Linus' account ends while he has Ada's case: when she writes, it is given back to the channel
    with her words, and she is told.
    """
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    desk.chat.deactivate(one.linus)
    await later(clock, 2 * MINUTE)
    await one.dm(one.ada, "Are you still there?", asked)
    card = desk.cards()[0]
    assert "Claim" in card.buttons
    assert desk.relayed(card)[-1] == "Ada Byron: Are you still there?"
    await desk.press(margaret, card, "Claim")
    await desk.write(margaret, card, "I am now")
    assert one.texts(asked)[-1] == "Margaret Hill: I am now"


async def test_gone_without_a_word(opened: OpenCompany, clock: TestClock) -> None:
    """Linus' account ends and Ada waits in silence: the case is noticed all the same."""
    one = await opened()
    desk = Desk(one)
    await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    desk.chat.deactivate(one.linus)
    await later(clock, 2 * DAY)
    assert "Claim" in desk.cards()[0].buttons
