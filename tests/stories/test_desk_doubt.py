"""What may not have arrived at the desk, or from it: the case is not lost, and nobody is.

Nobody can ask Teams whether it has shown a post.
"""

from __future__ import annotations

import pytest

from tests.stories.conftest import OpenCompany, teams_only
from tests.stories.test_desk_time import MINUTE, later, with_second
from tests.support.clock import TestClock
from tests.support.desk import Desk, wish


@teams_only
async def test_a_card_that_did_not_arrive(opened: OpenCompany, clock: TestClock) -> None:
    """Teams breaks off while it takes the card of Ada's case: what she writes then brings another,
    which says so, and all goes on as if it were the first.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=False, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(30)
    assert desk.cards() == []
    await one.dm(one.ada, "Is anybody there?", asked)
    card = desk.card()
    assert any("shown twice" in text for text in desk.relayed(card))
    assert any("Is anybody there?" in text for text in desk.relayed(card))
    await desk.press(one.linus, card, "Claim")
    await desk.resolve(one.linus, desk.card(), "Done")
    await clock.advance(30)
    assert "resolved" in desk.card().text.lower()
    assert (await one.counts())["outbox_dead"] == 0


@teams_only
async def test_a_card_that_did_arrive(opened: OpenCompany, clock: TestClock) -> None:
    """Ada writes before anybody has seen to it, and two cards stand there: Linus presses on the
    first, which counts from then on; there her words go, and what he writes reaches her.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(30)
    await one.dm(one.ada, "Is anybody there?", asked)
    await clock.advance(30)
    first, _ = desk.cards()
    await desk.press(one.linus, first, "Claim")
    await clock.advance(10)
    assert all("claimed by linus berg" in card.text.lower() for card in desk.cards())
    await desk.write(one.linus, first, "Hello Ada")
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    await one.dm(one.ada, "Hello Linus", asked)
    assert any("Hello Linus" in text for text in desk.relayed(first))
    assert (await one.counts())["outbox_dead"] == 0


@teams_only
async def test_a_card_is_in_doubt_and_nobody_writes(opened: OpenCompany, clock: TestClock) -> None:
    """If it arrived, a claim shows that, and there is never a second one; if not, people see it
    instead of the first reminder.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(30)
    await desk.press(one.linus, desk.card(), "Claim")
    await one.dm(one.ada, "Hello Linus", asked)
    assert any("Hello Linus" in text for text in desk.relayed(desk.card()))
    await desk.resolve(one.linus, desk.card(), "Done")
    desk.chat.lose(1, arrived=False, channel=one.desk)
    await wish(one, one.grace)
    await clock.advance(29 * 60)
    assert len(desk.cards()) == 1
    await clock.advance(2 * 60)
    assert len(desk.cards()) == 2


@teams_only
async def test_every_card_is_unconfirmed(opened: OpenCompany, clock: TestClock) -> None:
    """Teams breaks off whatever is posted in the human channel, and all of it arrives: what Ada
    writes brings another card once or twice, and then comes back to her.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(40, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(10)
    await one.dm(one.ada, "Is anybody there?", asked)
    await clock.advance(60)
    assert len(desk.cards()) <= 3
    back = [text for text in one.texts(asked) if "did not reach" in text]
    assert len(back) == 1
    assert "Is anybody there?" in back[0]


@teams_only
async def test_the_desk_is_out_for_a_moment(opened: OpenCompany, clock: TestClock) -> None:
    """Teams takes nothing for the human channel for a while and Ada has written once: nobody tries
    without end, and what she writes later arrives.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(6, arrived=False, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(10)
    await one.dm(one.ada, "Is anybody there?", asked)
    await clock.advance(10)
    assert desk.cards() == []
    await one.dm(one.ada, "And now?", asked)
    await one.dm(one.ada, "Or now?", asked)
    await clock.advance(10)
    assert any("Or now?" in text for text in desk.relayed(desk.cards()[-1]))
    assert len(desk.cards()) == 1


@teams_only
async def test_a_card_in_doubt_is_resolved(opened: OpenCompany, clock: TestClock) -> None:
    """It did arrive, and Linus resolves it at once: it says so."""
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(30)
    await desk.resolve(one.linus, desk.card(), "Done")
    await clock.advance(30)
    assert "Linus Berg has closed your case" in one.texts(asked)[-1]
    assert "resolved" in desk.card().text.lower()
    assert desk.buttons() == []


@teams_only
async def test_a_thread_beside_a_card_in_doubt(opened: OpenCompany, clock: TestClock) -> None:
    """A card may not have arrived. Colleagues go on in a thread that was there long before, and in
    one of later: nobody tells them that it reaches nobody. Under the card itself they are told.
    """
    one = await opened()
    desk = Desk(one)
    before = await desk.chat.say(one.linus, one.desk, "Lunch at noon?")
    await clock.advance(600)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    await wish(one, one.ada)
    await clock.advance(300)
    later_on = await desk.chat.say(one.linus, one.desk, "Who has the key?")
    for root in (before, later_on):
        await desk.chat.say(one.linus, one.desk, "I do", root.thread or root.id)
    await clock.advance(120)
    everything = [shown.text for shown in desk.chat.messages(one.desk)]
    assert not any("which case" in text for text in everything)
    await desk.write(one.linus, desk.card(), "Hello Ada")
    await clock.advance(120)
    assert any("which case" in text for text in desk.relayed(desk.card()))


@teams_only
async def test_a_card_in_doubt_is_found_by_a_stranger(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Somebody who may not presses on it, so it is known to be there: Linus answers under it, it
    says that he has it, and there what Ada writes is read.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(30)
    await desk.press_from_outside(one.grace, desk.card(), "Claim")
    await clock.advance(5)
    await desk.write(one.linus, desk.card(), "Hello Ada")
    await one.dm(one.ada, "Hello Linus", asked)
    await clock.advance(30)
    assert "claimed by linus berg" in desk.card().text.lower()
    assert "Ada Byron: Hello Linus" in desk.relayed(desk.card())


@teams_only
async def test_a_card_in_doubt_in_the_second_channel(opened: OpenCompany, clock: TestClock) -> None:
    """The human channel takes nothing, and the card in the second one did not arrive: it is posted
    there anew when Ada writes on.
    """
    one = await opened()
    second = await with_second(one)
    one.desk_chat.archive(one.desk)
    one.desk_chat.lose(1, arrived=False, channel=second.channel)
    asked = await wish(one, one.ada)
    await clock.advance(20)
    assert second.cards() == []
    await one.dm(one.ada, "Is anybody there?", asked)
    await clock.advance(20)
    assert any("Is anybody there?" in text for text in second.relayed(second.card()))
    await later(clock, 31 * MINUTE)
    await second.press(one.linus, second.card(), "Claim")
    assert "Linus Berg has taken your case" in one.texts(asked)[-1]


@pytest.mark.parametrize(("platform", "desk_on"), [("slack", "teams")])
async def test_words_in_doubt_are_taken_back(opened: OpenCompany, clock: TestClock) -> None:
    """Ada deletes what may not have arrived: nothing did not reach anybody."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    desk.chat.lose(1, arrived=False, channel=one.desk)
    said = await one.dm(one.ada, "The wrong words", asked)
    await clock.advance(30)
    before = one.texts(asked)
    await one.delete(one.ada, said)
    await clock.advance(30)
    assert one.texts(asked) == before
    assert (await one.counts())["outbox_dead"] == 0


@pytest.mark.parametrize(("platform", "desk_on"), [("teams", "slack")])
@pytest.mark.parametrize("arrived", [False, True])
async def test_words_of_staff_that_may_not_have_arrived(
    opened: OpenCompany, clock: TestClock, arrived: bool
) -> None:
    """Linus answers from Slack, and Teams breaks off while it takes his words: he reads so under
    the card, once, and decides himself whether to write them again. Ada is told when the bot speaks
    to her next.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    one.chat.lose(1, arrived=arrived, channel=one.chat.direct(one.ada))
    await desk.write(one.linus, desk.card(), "Try the other cable")
    await clock.advance(60)
    told = [text for text in desk.relayed(desk.card()) if "may not have reached" in text]
    assert len(told) == 1
    assert "Linus Berg: Try the other cable" in told[0]
    heard = [text for text in one.texts(asked) if "the other cable" in text]
    assert len(heard) == int(arrived)
    await desk.write(one.linus, desk.card(), "Try the other cable, please")
    await one.dm(one.ada, "I did", asked)
    await desk.resolve(one.linus, desk.card(), "Done")
    await clock.advance(60)
    words = one.texts(asked)
    assert "Linus Berg: Try the other cable, please" in words
    assert len([text for text in words if "may not have reached you" in text]) == 1
    under = desk.relayed(desk.card())
    assert [text for text in under if "may not have reached" in text] == told
    assert (await one.counts())["outbox_dead"] == 0


@pytest.mark.parametrize(("platform", "desk_on"), [("slack", "teams")])
@pytest.mark.parametrize("arrived", [False, True])
async def test_words_of_an_employee_that_may_not_have_arrived(
    opened: OpenCompany, clock: TestClock, arrived: bool
) -> None:
    """Ada writes from Slack, and Teams breaks off while it takes her words: she is told, once, and
    what she writes again arrives.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    desk.chat.lose(1, arrived=arrived, channel=one.desk)
    await one.dm(one.ada, "The other cable?", asked)
    await clock.advance(60)
    told = [text for text in one.texts(asked) if "may not have reached" in text]
    assert len(told) == 1
    assert "The other cable?" in told[0]
    under = desk.relayed(desk.card())
    assert len([text for text in under if "other cable" in text]) == int(arrived)
    await one.dm(one.ada, "Which cable?", asked)
    await clock.advance(60)
    assert any("Which cable?" in text for text in desk.relayed(desk.card()))
    assert [text for text in one.texts(asked) if "may not have reached" in text] == told
    assert (await one.counts())["outbox_dead"] == 0


@teams_only
@pytest.mark.parametrize("arrived", [False, True])
async def test_a_card_in_doubt_is_assigned(
    opened: OpenCompany, clock: TestClock, arrived: bool
) -> None:
    """Linus takes the case by command, without seeing a card: what Ada writes then brings one, and
    stands under it.
    """
    one = await opened()
    desk = Desk(one)
    desk.chat.lose(1, arrived=arrived, channel=one.desk)
    asked = await wish(one, one.ada)
    await clock.advance(30)
    assert "assigned" in await desk.command(one.linus, "assign me")
    await one.dm(one.ada, "Are you there?", asked)
    await clock.advance(30)
    assert any("Are you there?" in text for card in desk.cards() for text in desk.relayed(card))
