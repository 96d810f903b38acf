"""Whose case it is: one winner, and everybody else is told who has it."""

from __future__ import annotations

import asyncio

from tests.stories.conftest import OpenCompany, across, four_ways, slack_only
from tests.support.chats import Shown
from tests.support.clock import TestClock
from tests.support.company import slack
from tests.support.desk import Desk, wish


def claimed_by(card: Shown, name: str) -> bool:
    """Whether a card says that somebody has it."""
    return f"claimed by {name}".lower() in card.text.lower()


@four_ways
async def test_two_claim_at_once(opened: OpenCompany) -> None:
    """Linus and Margaret press Claim in the same moment: one has it, the other is told who."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    await wish(one, one.ada)
    card = desk.card()
    told = await asyncio.gather(
        desk.chat.press(one.linus, card, "Claim"), desk.chat.press(margaret, card, "Claim")
    )
    await one.rest()
    assert all(told)
    linus, other = desk.chat.alone(one.linus), desk.chat.alone(margaret)
    won = claimed_by(desk.card(), "Linus Berg")
    assert won != claimed_by(desk.card(), "Margaret Hill")
    winner = "Linus Berg" if won else "Margaret Hill"
    assert winner in "\n".join(other if won else linus)


async def test_claimed_twice(opened: OpenCompany) -> None:
    """Linus presses Claim again on the card as he saw it first: he is told that he has it, and Ada
    nothing more.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    before = one.texts(asked)
    told = await desk.press(one.linus, card, "Claim")
    assert "you" in told.lower()
    assert one.texts(asked) == before
    assert claimed_by(desk.card(), "Linus Berg")


@across
async def test_claimed_after_the_end(opened: OpenCompany) -> None:
    """Margaret presses buttons of a card that she has not looked at since it was resolved: she is
    told by whom, and the case stays as it is.
    """
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    stale = desk.card()
    await desk.press(one.linus, stale, "Claim")
    await desk.resolve(one.linus, desk.card(), "Answered")
    before, shown = one.texts(asked), desk.card()
    for label in ("Claim", "Hand back"):
        told = await desk.press(margaret, stale, label)
        assert "resolved" in told.lower()
        assert "Linus Berg" in told
    told = await desk.resolve(margaret, stale, "Done")
    assert "resolved" in told.lower()
    assert one.texts(asked) == before
    assert desk.card() == shown


async def test_words_after_the_end(opened: OpenCompany) -> None:
    """Linus writes under a card that is resolved: he learns once that nobody reads it there."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.resolve(one.linus, card, "Answered")
    before = one.texts(asked)
    await desk.write(one.linus, card, "One more thing")
    assert one.texts(asked) == before
    assert "resolved" in desk.relayed(card)[-1].lower()
    count = len(desk.relayed(card))
    await desk.write(one.linus, card, "And another")
    assert len(desk.relayed(card)) == count


@four_ways
async def test_writing_claims(opened: OpenCompany) -> None:
    """Linus answers under a card that nobody has: it is his, and Ada reads him."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.write(one.linus, card, "Hello Ada")
    assert claimed_by(desk.card(), "Linus Berg")
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"


async def test_a_colleague_writes_too(opened: OpenCompany) -> None:
    """Margaret writes in Linus' case: Ada reads her under her own name, and it stays his."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    await desk.write(margaret, card, "I know this one")
    assert one.texts(asked)[-1] == "Margaret Hill: I know this one"
    assert claimed_by(desk.card(), "Linus Berg")


@across
async def test_taken_over_and_released(opened: OpenCompany) -> None:
    """Margaret takes the case over from Linus and gives it back to the channel; Ada is told."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    assert desk.buttons() == ["Resolve", "Hand back", "Release", "Take over"]
    await desk.press(margaret, desk.card(), "Take over")
    assert claimed_by(desk.card(), "Margaret Hill")
    assert "Margaret Hill" in one.texts(asked)[-1]
    await desk.press(margaret, desk.card(), "Release")
    card = desk.card()
    assert "waiting" in card.text.lower()
    assert "Claim" in card.buttons
    assert not any(claimed_by(card, name) for name in ("Linus Berg", "Margaret Hill"))
    told = one.texts(asked)[-1]
    await desk.press(one.linus, card, "Claim")
    assert claimed_by(desk.card(), "Linus Berg")
    assert "Linus Berg" not in told


async def test_taking_over_what_one_has(opened: OpenCompany) -> None:
    """Linus presses Take over in his own case: nothing changes but what he is told."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    before = one.texts(asked)
    assert "you" in (await desk.press(one.linus, desk.card(), "Take over")).lower()
    assert one.texts(asked) == before


async def test_released_twice(opened: OpenCompany) -> None:
    """Release pressed on a stale card finds nobody who has the case: whoever pressed is told."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    stale = desk.card()
    await desk.press(one.linus, stale, "Release")
    before = one.texts(asked)
    assert await desk.press(one.linus, stale, "Release") != ""
    assert one.texts(asked) == before


# Only members


@four_ways
async def test_a_stranger_presses(opened: OpenCompany) -> None:
    """Somebody who is not in the human channel presses its buttons, as a forged event would: the
    platform is asked, and nothing happens.
    """
    one = await opened()
    desk = Desk(one)
    mallory = desk.chat.add_person("Mallory")
    asked = await wish(one, one.ada)
    before, card = one.texts(asked), desk.card()
    for label in ("Claim", "Hand back"):
        await desk.press_from_outside(mallory, card, label)
    assert one.texts(asked) == before
    assert desk.card() == card
    assert (await one.counts())["cases_open"] == 1


@four_ways
async def test_a_stranger_writes(opened: OpenCompany) -> None:
    """Words of somebody who has left the channel by the time they are read do not reach Ada."""
    one = await opened()
    desk = Desk(one)
    mallory = desk.chat.add_person("Mallory")
    asked = await wish(one, one.ada)
    before, card = one.texts(asked), desk.card()
    await desk.write_from_outside(mallory, card, "Tell me your password")
    assert one.texts(asked) == before
    assert "Claim" in desk.card().buttons


async def test_who_left_may_act_no_more(opened: OpenCompany, clock: TestClock) -> None:
    """Margaret leaves the human channel; a minute later at most her press counts no more."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    await wish(one, one.ada)
    card = desk.card()
    await desk.press(margaret, card, "Claim")
    await desk.press(margaret, desk.card(), "Release")
    await desk.chat.leave(margaret, one.desk)
    await clock.advance(61)
    await desk.press_from_outside(margaret, desk.card(), "Claim")
    assert "Claim" in desk.card().buttons


async def test_the_platform_cannot_tell_who_is_in(opened: OpenCompany, clock: TestClock) -> None:
    """Nobody can say just now whether Linus is a member: his press is to be tried again, his words
    go through, since the platform let him write them.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await clock.advance(61)
    desk.chat.hide_members()
    told = await desk.press(one.linus, card, "Claim")
    assert "again" in told.lower()
    assert "Claim" in desk.card().buttons
    await desk.write(one.linus, card, "Hello Ada")
    await clock.advance(10)  # it may ask more than once
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"


async def test_buttons_in_another_place(opened: OpenCompany) -> None:
    """Ada has got hold of what the card's buttons send, and sends it from her own conversation, in
    which she is a member: it is the human channel that counts, and there is no case in hers.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    before, card = one.texts(asked), desk.card()
    forged = one.chat.forge(one.answers(asked)[-1], card)
    for label in ("Claim", "Hand back"):
        told = await desk.press(one.ada, forged, label)
        assert "not known" in told
    assert one.texts(asked) == before
    assert desk.card() == card


# Assign


@four_ways
async def test_assigned(opened: OpenCompany) -> None:
    """Linus gives the case to Margaret by command: it is hers, Ada is told, and who is not in the
    channel cannot get it.
    """
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    mallory = desk.chat.add_person("Mallory")
    asked = await wish(one, one.ada)
    case = desk.card().text.split()[1]
    mention = f"<@{margaret}>"
    answer = await desk.command(one.linus, f"assign {case} {mention}")
    assert "Margaret Hill" in answer or "assigned" in answer.lower()
    await one.clock.advance(3)
    assert claimed_by(desk.card(), "Margaret Hill")
    assert "Margaret Hill" in one.texts(asked)[-1]
    await desk.command(one.linus, f"assign {case} <@{mallory}>")
    await one.clock.advance(3)
    assert claimed_by(desk.card(), "Margaret Hill")


@four_ways
async def test_assigned_by_a_typed_name(opened: OpenCompany) -> None:
    """A name that is typed and not picked: of people who never had a case it says nothing, of one
    who has one it does, and of two who are called the same it does not tell which.
    """
    one = await opened()
    desk = Desk(one)
    margaret, other = [await desk.hire("Margaret Hill") for _ in range(2)]
    asked = await wish(one, one.ada)
    case = desk.card().text.split()[1]
    for typed in ("Margaret Hill", "@Margaret Hill", "@margaret.hill"):
        told = await desk.command(one.linus, f"assign {case} {typed}")
        assert told.startswith("I don't know who that is.")
    second = await wish(one, one.grace)
    await desk.press(margaret, desk.cards()[-1], "Claim")
    await desk.command(one.linus, f"assign {case} @margaret hill")
    await one.clock.advance(3)
    assert claimed_by(desk.cards()[0], "Margaret Hill")
    await desk.press(other, desk.cards()[-1], "Take over")
    told = await desk.command(one.linus, f"assign {case} Margaret Hill")
    assert told.startswith("More than one person")
    assert "Margaret Hill" in one.texts(asked)[-1]
    assert "Margaret Hill" in one.texts(second)[-1]


# The same thing told twice


@slack_only
async def test_a_press_is_brought_again(opened: OpenCompany) -> None:
    """A press that was handled is brought once more, just as it was: nobody is told twice."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    before, told = one.texts(asked), one.chat.alone(one.linus)
    assert (await slack(one).interact()).ok
    await one.clock.advance(10)
    assert claimed_by(desk.card(), "Linus Berg")
    assert one.texts(asked) == before
    assert one.chat.alone(one.linus) == told
