"""The human channel is missing, closed or out of reach: whoever waits is never forgotten."""

from __future__ import annotations

from tests.stories.conftest import OpenCompany, across, four_ways, teams_only
from tests.stories.test_desk_time import MINUTE, later, with_second
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.desk import Desk, wish

HOUR, DAY = 3600.0, 86_400.0


async def with_admin(one: Company, **settings: str) -> Desk:
    """Linus is an admin, too: the desk in his direct conversation."""
    name = f"{one.desk_chat.platform}:{one.linus}"
    await one.reopen(frontdesk_admins=name, **settings)
    return Desk(one, one.desk_chat.direct(one.linus))


async def test_no_human_channel(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody has set up a human channel: each who asks is told whom to turn to, and the admins once
    a day that there is none.
    """
    one = await opened()
    direct = await with_admin(one, frontdesk_human_channel="")
    for person in (one.ada, one.grace):
        await wish(one, person)
    await clock.advance(10)
    (told,) = direct.posts()
    assert "human channel" in told.text
    assert "FRONTDESK_HUMAN_CHANNEL" in told.text
    clock.jump(DAY)
    await wish(one, one.ada)
    await wish(one, one.ada)
    await clock.advance(10)
    assert len(direct.posts()) == 2


@four_ways
async def test_only_an_admin_can_be_reached(opened: OpenCompany, clock: TestClock) -> None:
    """The human channel is closed and there is no second one: an admin gets the case directly, and
    everything works there: claim, talk, resolve.
    """
    one = await opened()
    direct = await with_admin(one)
    one.desk_chat.archive(one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(10)
    card = direct.cards()[-1]
    await direct.press(one.linus, card, "Claim")
    assert "claimed by linus berg" in direct.cards()[-1].text.lower()
    await one.dm(one.ada, "Is anybody there?", asked)
    await clock.advance(10)
    assert any("Is anybody there?" in post.text for post in direct.chat.messages(card.channel))
    if (
        direct.chat.direct_has_threads
    ):  # elsewhere there is nothing to tell the words of two cases by
        await direct.write(one.linus, card, "I am")
        assert one.texts(asked)[-1] == "Linus Berg: I am"
    await direct.resolve(one.linus, direct.cards()[-1], "Done")
    await clock.advance(10)
    assert "resolved" in direct.cards()[-1].text.lower()
    assert (await one.counts())["cases_open"] == 0


@across
async def test_the_second_channel_takes_it(opened: OpenCompany, clock: TestClock) -> None:
    """The human channel is closed: the case goes to the second one, and everything works there."""
    one = await opened()
    second = one.desk_chat.add_channel("second", [one.linus], private=True)
    await one.reopen(frontdesk_second_channel=f"{one.desk_chat.platform}:{second}")
    desk = Desk(one, second)
    one.desk_chat.archive(one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(10)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    await desk.write(one.linus, card, "Hello Ada")
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    await one.dm(one.ada, "Hello Linus", asked)
    assert desk.relayed(card)[-1] == "Ada Byron: Hello Linus"
    await desk.resolve(one.linus, desk.card(), "Done")
    assert "resolved" in desk.card().text.lower()


async def test_the_bot_is_taken_out(opened: OpenCompany, clock: TestClock) -> None:
    """Somebody removes the bot from the human channel: the next case goes to an admin, and `status`
    says what is wrong.
    """
    one = await opened()
    direct = await with_admin(one)
    await one.desk_chat.remove_bot(one.linus, one.desk)
    await one.rest()
    await wish(one, one.ada)
    await clock.advance(10)
    assert "Ada Byron" in direct.cards()[-1].text
    clock.jump(HOUR)
    await clock.advance(1)
    status = await one.command(one.ada, one.general, "status")
    assert "red" in status
    assert "human channel" in status


async def test_it_is_closed_while_somebody_has_it(opened: OpenCompany, clock: TestClock) -> None:
    """The human channel is closed in the middle of a case: what Ada writes then reaches an admin,
    or comes back to her.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    one.desk_chat.archive(one.desk)
    await one.dm(one.ada, "Are you there?", asked)
    await clock.advance(10)
    assert "did not reach" in one.texts(asked)[-1]


@four_ways
async def test_it_is_closed_and_somebody_else_goes_on(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The human channel is closed in the middle of a case: it waits again, in the second channel,
    with what Ada wrote meanwhile; nobody tells her that Linus reads what she writes.
    """
    one = await opened()
    second, desk = await with_second(one), Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    one.desk_chat.archive(one.desk)
    await one.dm(one.ada, "Are you there?", asked)
    await clock.advance(10)
    card = second.card()
    assert "waiting" in card.text.lower()
    assert "Claim" in card.buttons
    under = second.relayed(card)
    assert "Ada Byron: Are you there?" in under
    assert any(text.startswith("Linus Berg had this case") for text in under)
    assert one.texts(asked)[-1].startswith("Linus Berg can't go on with your case")
    await one.dm(one.ada, "talk to a person", asked)
    assert one.texts(asked)[-1].startswith("Your case is with people already")
    await second.press(one.linus, card, "Claim")
    await second.write(one.linus, card, "I am")
    assert one.texts(asked)[-1] == "Linus Berg: I am"
    assert (await one.counts())["outbox_dead"] == 0


async def test_it_is_closed_and_an_admin_goes_on(opened: OpenCompany, clock: TestClock) -> None:
    """There is no second channel: an admin gets the case, and every word after that, for days."""
    one = await opened()
    direct, desk = await with_admin(one), Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    one.desk_chat.archive(one.desk)
    for day in range(3):
        await one.dm(one.ada, f"Are you there, day {day}?", asked)
        await later(clock, DAY)
    seen = [post.text for post in direct.chat.messages(direct.channel)]
    for day in range(3):
        assert any(f"Are you there, day {day}?" in text for text in seen)
    assert len(direct.cards()) == 1
    assert not any("did not reach" in text for text in one.texts(asked))


async def test_the_second_channel_is_closed(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody takes Ada's case, and the second channel takes nothing: nobody reads under the first
    card that this is another one, and Ada not that more people know.
    """
    one = await opened()
    second, desk = await with_second(one), Desk(one)
    one.desk_chat.archive(second.channel)
    asked = await wish(one, one.ada)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    assert desk.relayed(desk.card()) == []
    assert "Still nobody has taken your case" in one.texts(asked)[-1]
    assert "told more people" not in one.texts(asked)[-1]


async def test_it_is_closed_while_a_case_waits(opened: OpenCompany, clock: TestClock) -> None:
    """The human channel is closed before anybody took Ada's case: what was to remind people cannot
    be posted, so an admin gets the card, and Ada nothing that was meant for people.
    """
    one = await opened()
    direct = await with_admin(one)
    asked = await wish(one, one.ada)
    one.desk_chat.archive(one.desk)
    clock.jump(HOUR / 2)
    await clock.advance(30)
    (card,) = direct.cards()
    assert "Ada Byron" in card.text
    assert not any("Reminder" in text for text in (*one.texts(asked), *one.told_directly(one.ada)))
    await direct.press(one.linus, card, "Claim")
    assert "claimed by linus berg" in direct.card().text.lower()
    assert "Linus Berg" in one.texts(asked)[-1]


# A card of which nobody can tell whether it arrived


@teams_only
async def test_a_card_that_arrived_after_all(opened: OpenCompany, clock: TestClock) -> None:
    """Linus answers under it, of which nobody knew, and is told that nobody heard him; he claims it
    there, and from then on he is heard.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(20)
    first = desk.card()
    await desk.write(one.linus, first, "Hello Ada")
    await clock.advance(120)
    assert not any("Hello Ada" in text for text in one.texts(asked))
    assert len([text for text in desk.relayed(first) if "which case" in text]) == 1
    await desk.press(one.linus, first, "Claim")
    await clock.advance(10)
    await desk.write(one.linus, first, "Hello once more")
    await clock.advance(10)
    assert one.texts(asked)[-1] == "Linus Berg: Hello once more"
    await desk.resolve(one.linus, desk.cards()[0], "Done")
    await clock.advance(10)
    assert all("resolved" in card.text.lower() for card in desk.cards())


@teams_only
async def test_a_card_that_did_not_arrive(opened: OpenCompany, clock: TestClock) -> None:
    """It is shown once more, and what Ada writes then stands under it; Linus answers there."""
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=False, channel=one.desk)
    asked = await wish(one, one.ada)
    await one.dm(one.ada, "Is anybody there?", asked)
    await clock.advance(20)
    (card,) = desk.cards()
    assert "Ada Byron: Is anybody there?" in desk.relayed(card)
    await desk.write(one.linus, card, "I am")
    await clock.advance(10)
    assert one.texts(asked)[-1] == "Linus Berg: I am"


# Patience


@four_ways
async def test_the_employees_platform_asks_for_patience(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Linus writes three times while the other platform takes nothing: Ada reads all of it later,
    once, in order.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    one.chat.refuse(3, seconds=7)
    for number in range(3):
        await desk.write(one.linus, card, f"number {number}")
    await clock.advance(120)
    said = [text for text in one.texts(asked) if "number" in text]
    assert said == [f"Linus Berg: number {number}" for number in range(3)]


@four_ways
async def test_the_desks_platform_asks_for_patience(opened: OpenCompany, clock: TestClock) -> None:
    """Ada writes three times while the desk's platform takes nothing: it is all there later."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    desk.chat.refuse(3, seconds=7)
    for number in range(3):
        await one.dm(one.ada, f"number {number}", asked)
    await clock.advance(120)
    assert desk.relayed(card) == [f"Ada Byron: number {number}" for number in range(3)]


@across
async def test_the_other_platform_is_out(opened: OpenCompany, clock: TestClock) -> None:
    """The employees' platform is out for minutes: Linus' press and words are taken all the same,
    and reach Ada when it is back.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    one.chat.out()
    await desk.press(one.linus, card, "Claim")
    await clock.advance(5)
    assert "claimed by linus berg" in desk.card().text.lower()
    await desk.write(one.linus, card, "Hello Ada")
    await clock.advance(120)
    one.chat.heal()
    await clock.advance(300)
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    assert [text for text in one.texts(asked) if "Hello" in text] == ["Linus Berg: Hello Ada"]


async def test_people_learn_that_words_did_not_arrive(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada's conversation takes nothing any more: Linus is told in the thread which words those
    were.
    """
    one = await opened()
    desk = Desk(one)
    asked = await one.ask(one.ada, "I want to talk to a person")
    card = desk.card()
    one.chat.archive(one.general)
    one.chat.archive(one.chat.direct(one.ada))
    await desk.write(one.linus, card, "Hello Ada")
    await clock.advance(30)
    back = desk.relayed(card)[-1]
    assert "could not be delivered" in back
    assert "Hello Ada" in back
    assert (await one.told("staff", asked))[0]["text"] == "Hello Ada"
