"""The card of very many cases is lost, or those it stands for leave: nobody waits for nothing."""

from __future__ import annotations

import pytest

from agent.cases import Cause
from agent.desk.incidents import TRY_AGAIN
from agent.desk.joining import TOGETHER, place_of
from tests.stories.conftest import OpenCompany, across
from tests.stories.test_desk_incidents import crowd, outage, person_in
from tests.stories.test_desk_time import with_second
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.desk import Desk, wish

HOUR = 3600.0
MINUTE = 60.0
doubtful = pytest.mark.parametrize(("platform", "desk_on"), [("teams", ""), ("slack", "teams")])
"""For a story with the human channel in Teams, which cannot be asked what has arrived."""


async def later(clock: TestClock, seconds: float) -> None:
    """So much time goes by, and everything that it brings happens."""
    for _ in range(int(seconds // (20 * MINUTE)) or 1):
        clock.jump(min(seconds, 20 * MINUTE))
        await clock.advance(60)


async def more(one: Company, names: str, seconds: float = 60.0) -> list[Said]:
    """These people ask as well, after the others."""
    asked = []
    for name in names.split():
        person = one.chat.add_person(name)
        asked.append(await one.chat.say(person, one.chat.direct(person), "How does it work?"))
    await one.clock.advance(seconds)
    return asked


async def joined(one: Company, asked: list[Said]) -> list[Said]:
    """Those of the conversations whose cases know of an incident."""
    return [each for each in asked if await one.told("shown", each)]


@across
async def test_the_channel_takes_posts_again(opened: OpenCompany, clock: TestClock) -> None:
    """The human channel does not take the card of many: they are told so, once. When it takes posts
    again and more people join, all are on one card, and what the first of them write is read there.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    desk.chat.forbid(1, channel=one.desk)
    early = await more(one, "Rosa Emil")
    assert len(desk.cards()) == 5
    for each in early:
        assert sum("could not reach" in text for text in one.texts(each)) == 1
    await clock.advance(60)
    (late,) = await more(one, "Vera")
    assert "for 3 cases" in desk.cards()[-1].text
    await one.dm(person_in(one, early[0]), "Anybody?", early[0])
    await one.dm(person_in(one, late), "It is urgent!", late)
    assert desk.relayed(desk.cards()[-1]) == ["Rosa: Anybody?", "Vera: It is urgent!"]
    await desk.resolve(one.linus, desk.cards()[-1], "Done")
    await clock.advance(60)
    assert (await one.counts())["cases_open"] == 5


@across
async def test_the_channel_was_shut_a_moment_ago(opened: OpenCompany, clock: TestClock) -> None:
    """Whoever joins a moment after the channel did not take the card of many is told so, too. What
    somebody writes later brings the card.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    desk.chat.forbid(1, channel=one.desk)
    asked = await more(one, "Rosa Emil", 2 * TOGETHER)
    asked += await more(one, "Vera", 2 * TOGETHER)
    assert len(desk.cards()) == 5
    for each in asked:
        assert sum("could not reach" in text for text in one.texts(each)) == 1
    await later(clock, 2 * MINUTE)
    await one.dm(person_in(one, asked[1]), "Anybody?", asked[1])
    await clock.advance(2 * TOGETHER)
    card = desk.cards()[-1]
    assert "for 3 cases" in card.text
    assert desk.relayed(card) == ["Emil: Anybody?"]


@across
async def test_the_channel_is_closed_while_somebody_has_it(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Linus has the card of many, and its channel is closed: with the first word that does not
    arrive all of them wait again in the second channel, where it is read, and Linus goes on.
    """
    one = await outage(opened, clock)
    second, desk = await with_second(one), Desk(one)
    await crowd(one, 5)
    asked = await more(one, "Rosa Emil")
    await desk.press(one.linus, desk.cards()[-1], "Claim")
    await clock.advance(30)
    one.desk_chat.archive(one.desk)
    await one.dm(person_in(one, asked[0]), "Hello?", asked[0])
    await clock.advance(4 * TOGETHER)
    card = second.card()
    assert "for 2 cases" in card.text
    assert "Claim" in card.buttons
    under = second.relayed(card)
    assert [text for text in under if text.startswith("Rosa")] == ["Rosa: Hello?"]
    assert any(text.startswith("Linus Berg had this case") for text in under)
    for each in asked:
        told = one.texts(each)
        assert sum("Linus Berg can't go on" in text for text in told) == 1
        assert not [text for text in told if "did not reach" in text]
    await second.press(one.linus, card, "Claim")
    await clock.advance(30)
    await one.dm(person_in(one, asked[1]), "And me?", asked[1])
    await second.write(one.linus, card, "It is out until noon.")
    await clock.advance(30)
    assert second.relayed(card)[-1] == "Emil: And me?"
    assert all("until noon" in one.texts(each)[-1] for each in asked)
    assert (await one.counts())["outbox_dead"] == 0


@across
async def test_no_channel_takes_what_they_write(opened: OpenCompany, clock: TestClock) -> None:
    """The only channel is closed while many wait: with what the first of them writes all learn,
    once, that nobody can be reached; it waits, and is read when the channel is open again.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    asked = await more(one, "Rosa Emil")
    desk.chat.forbid(1, channel=one.desk)
    await one.dm(person_in(one, asked[0]), "Hello?", asked[0])
    await clock.advance(4 * TOGETHER)
    for each in asked:
        assert sum("could not reach" in text for text in one.texts(each)) == 1
    await later(clock, 2 * MINUTE)
    await one.dm(person_in(one, asked[1]), "And me?", asked[1])
    await clock.advance(4 * TOGETHER)
    assert desk.relayed(desk.cards()[-1]) == ["Rosa: Hello?", "Emil: And me?"]


@doubtful
async def test_words_a_moment_after_the_card_was_lost(
    opened: OpenCompany, clock: TestClock
) -> None:
    """The card of many has not arrived, and Rosa writes at once: a minute later there is another,
    with her words, though nobody says anything more.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    desk.chat.lose(1, arrived=False, channel=one.desk)
    asked = await more(one, "Rosa Emil", 2 * TOGETHER)
    await one.dm(person_in(one, asked[0]), "It is urgent!", asked[0])
    await clock.advance(TRY_AGAIN + 2 * TOGETHER)
    assert len(desk.cards()) == 6
    assert desk.relayed(desk.cards()[-1])[-1] == "Rosa: It is urgent!"


@doubtful
async def test_joining_while_the_card_is_unconfirmed(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody can tell whether the card of many has arrived (it has) while three more join: whoever
    resolves it resolves their cases, too.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await more(one, "Rosa Emil")
    card = desk.cards()[-1]
    asked += await more(one, "Vera Ines Omar")
    assert len(await joined(one, asked)) == 5
    await desk.resolve(one.linus, card, "Done")
    await clock.advance(60)
    assert (await one.counts())["cases_open"] == 5
    assert all("closed your case" in one.texts(each)[-1] for each in asked)
    await later(clock, HOUR)
    assert (await one.counts())["cases_open"] == 5


@doubtful
async def test_words_while_the_card_is_unconfirmed(opened: OpenCompany, clock: TestClock) -> None:
    """The card of many has not arrived, and nobody knows that: what one of them writes brings
    another, and is read under it.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    desk.chat.lose(1, arrived=False, channel=one.desk)
    asked = await more(one, "Rosa Emil")
    assert len(desk.cards()) == 5
    await clock.advance(60)
    await one.dm(person_in(one, asked[0]), "It is urgent!", asked[0])
    await clock.advance(2 * TOGETHER)
    assert desk.relayed(desk.cards()[-1])[-1] == "Rosa: It is urgent!"
    assert len(desk.cards()) == 6


@doubtful
async def test_one_case_in_doubt_is_no_incident(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody can tell whether Ada's card has arrived, and hours go by: no card of many comes of
    it, and whoever claims the one there is has all there is.
    """
    one = await opened(frontdesk_desk_sla_minutes="1200")
    desk = Desk(one)
    desk.chat.lose(1, arrived=True, channel=one.desk)
    asked = await wish(one, one.ada)
    await later(clock, 9 * HOUR)
    await desk.press(one.linus, desk.card(), "Claim")
    assert (await one.counts())["cases_open"] == 1
    assert "has taken your case" in one.texts(asked)[-1]


@across
async def test_who_had_it_is_gone(opened: OpenCompany, clock: TestClock) -> None:
    """Bob has the card of many, and his account ends: whoever writes then learns that it waits
    again, and so do the others; nobody reads that Bob has taken it, and Linus can.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    asked = await more(one, "Rosa Emil")
    bob = await desk.hire("Bob")
    await desk.press(bob, desk.cards()[-1], "Claim")
    await clock.advance(30)
    desk.chat.deactivate(bob)
    await clock.advance(100)
    await one.dm(person_in(one, asked[0]), "Hello?", asked[0])
    await clock.advance(2 * TOGETHER)
    assert "Claimed by" not in desk.cards()[-1].text
    await later(clock, 40 * MINUTE)
    for each in asked:
        told = one.texts(each)
        assert sum("Bob has taken" in text for text in told) == 1
        assert sum("Bob can't go on" in text for text in told) == 1
        assert not [text for text in told if "reminded" in text]
    assert len([post for post in desk.posts() if "Reminder" in post.text]) == 6
    await desk.press(one.linus, desk.cards()[-1], "Claim")
    await clock.advance(30)
    assert all("Linus Berg has taken your case" in one.texts(each)[-1] for each in asked)


@across
async def test_some_do_not_wait_any_more(opened: OpenCompany, clock: TestClock) -> None:
    """Three wait on one card, and two do not any more: the card and `cases` say so after one edit;
    with the last of them it is over.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    asked = await more(one, "Rosa Emil Vera")
    assert "for 3 cases" in desk.cards()[-1].text
    before = len(await one.told("delivered", place_of(Cause.NOTHING_TO_OFFER)))
    for each in asked[:2]:
        await one.chat.say(person_in(one, each), each.channel, "never mind", each.thread)
    await clock.advance(2 * TOGETHER)
    after = len(await one.told("delivered", place_of(Cause.NOTHING_TO_OFFER)))
    assert after == before + 1
    assert "for 1 case" in desk.cards()[-1].text
    assert "1 person: " in await desk.command(one.linus, "cases")
    await one.dm(person_in(one, asked[2]), "never mind", asked[2])
    await clock.advance(2 * TOGETHER)
    assert desk.cards()[-1].buttons == ()
    assert (await one.counts())["cases_open"] == 5


@across
async def test_one_of_many_does_not_get_it(opened: OpenCompany, clock: TestClock) -> None:
    """What Linus writes for all does not reach Emil: under the card he reads whom."""
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 5)
    asked = await more(one, "Rosa Emil")
    card = desk.cards()[-1]
    one.chat.forbid(None, channel=asked[1].channel)
    await desk.write(one.linus, card, "It is out until noon.")
    await clock.advance(60)
    (back,) = [text for text in desk.relayed(card) if "could not be delivered" in text]
    assert "Emil" in back
    assert one.texts(asked[0])[-1] == "Linus Berg: It is out until noon."
