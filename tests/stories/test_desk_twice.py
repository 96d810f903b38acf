"""What is pressed or sent twice, by one or by two, at once or long afterwards: nothing happens
twice, and everybody who presses is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from tests.stories.conftest import LEAVE, OpenCompany, four_ways, slack_only
from tests.support.company import Company, slack
from tests.support.desk import LONGEST_PRESS, Desk, wish


async def at_once(one: Company, *doing: Awaitable[object]) -> None:
    """Several people do something at the same moment."""
    tasks = [asyncio.ensure_future(each) for each in doing]
    await one.clock.until(lambda: all(task.done() for task in tasks), at_most=LONGEST_PRESS)
    await one.rest()
    await one.clock.advance(10)


@four_ways
@pytest.mark.parametrize(("label", "word"), [("Claim", "taken"), ("Hand back", "given")])
async def test_a_double_click(opened: OpenCompany, label: str, word: str) -> None:
    """Linus presses a button twice at once: Ada reads of it once, and he reads what it is now."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    if label != "Claim":
        await desk.press(one.linus, desk.card(), "Claim")
    card, told = desk.card(), len(desk.chat.alone(one.linus))
    await at_once(one, *(desk.chat.press(one.linus, card, label) for _ in range(2)))
    assert len([text for text in one.texts(asked) if f"Linus Berg has {word}" in text]) == 1
    (second,) = desk.chat.alone(one.linus)[told:]
    assert second.startswith(("You have case", "Case C1 is closed"))


@four_ways
async def test_two_resolve_one_case(opened: OpenCompany) -> None:
    """Linus and Margaret send the form for one case at the same moment: the first one's note is
    what Ada reads, and the other is told.
    """
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked, card = await wish(one, one.ada), desk.card()
    notes = {one.linus: "Look at page 4.", margaret: "Look at page 5."}
    await at_once(one, *(desk.chat.resolve(who, card, "Done", note) for who, note in notes.items()))
    (closed,) = [text for text in one.texts(asked) if "has closed your case" in text]
    winner, loser = (one.linus, margaret) if "page 4" in closed else (margaret, one.linus)
    assert notes[winner] in closed
    assert notes[loser] not in closed
    assert desk.chat.alone(winner) == []
    (told,) = desk.chat.alone(loser)
    assert told.startswith("Case C1 is closed")


@slack_only
async def test_a_form_is_sent_twice(opened: OpenCompany) -> None:
    """A form is sent off twice from one window, and the last request is brought once more:
    the case is closed once, and the window says so.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.chat.press(one.linus, desk.card(), "Resolve")
    await one.rest()
    form = slack(one).views(one.linus)[-1]
    filled = {"outcome": "done"}
    answers = await asyncio.gather(*(slack(one).submit(form, filled) for _ in range(2)))
    await one.rest()
    (error,) = [one.json["errors"] for one in answers if one.json]
    assert "is closed" in str(error)
    assert (await slack(one).interact()).ok
    await one.clock.advance(10)
    assert len([text for text in one.texts(asked) if "has closed your case" in text]) == 1


@four_ways
async def test_a_card_of_somebody_who_is_forgotten(opened: OpenCompany) -> None:
    """Ada's case is closed and she is forgotten. Whoever still sees the buttons of before, on the
    desk's cards or on what she was told, is answered, and nothing begins again.
    """
    one = await opened()
    await one.teach(LEAVE)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    waiting, offered = desk.card(), one.answers(asked)[-1]
    await desk.press(one.linus, waiting, "Claim")
    claimed = desk.card()
    await desk.resolve(one.linus, claimed)
    await one.command(one.ada, one.general, "forget me")
    await one.clock.advance(10)
    before = one.texts(asked)
    assert "is closed" in await desk.press(one.linus, waiting, "Claim")
    for label in ("Hand back", "Release", "Take over"):
        assert "is closed" in await desk.press(one.linus, claimed, label)
    assert "is closed" in await desk.resolve(one.linus, claimed)
    assert await one.press(one.ada, offered, "Never mind")
    assert "There is no case any more" in one.chat.alone(one.ada)[-1]
    assert one.texts(asked) == before
    assert len(desk.cards()) == 1
