"""Whose case it is, and who has to read what: nobody's words end in somebody else's case."""

from __future__ import annotations

import pytest

from agent.errors import ProviderUnavailable
from tests.stories.conftest import OpenCompany, across
from tests.stories.test_desk_incidents import crowd, person_in
from tests.stories.test_desk_time import MINUTE, later, with_second
from tests.support.clock import TestClock
from tests.support.desk import Desk, wish
from tests.support.scripted import Fail, ScriptedProvider


@pytest.mark.parametrize("said", ["👍", "I have that too"])
@pytest.mark.parametrize("claimed", [False, True])
async def test_a_wish_of_ones_own(
    opened: OpenCompany, clock: TestClock, said: str, claimed: bool
) -> None:
    """Grace has said something in the thread in which people talk with Ada. What she wants by
    `/frontdesk human`, written to the bot directly, becomes a case of her own, once.
    """
    one = await opened()
    desk = Desk(one)
    asked = await one.ask(one.ada, "talk to a person")
    if claimed:
        await desk.press(one.linus, desk.card(), "Claim")
    adas = desk.card()
    await one.say(one.grace, one.general, said, asked)
    direct = one.chat.direct(one.grace)
    told = await one.command(one.grace, direct, "human my salary is wrong")
    assert "your case" not in told
    await clock.advance(10)
    await one.command(one.grace, direct, "human my salary is wrong")
    await clock.advance(10)
    assert not any("salary" in text for text in desk.relayed(adas))
    (hers,) = [card for card in desk.cards() if "Grace Hopper" in card.text.split("So far")[0]]
    assert "salary" in hers.text
    assert not any("salary" in text for text in one.texts(asked))


async def test_a_wish_after_somebody_elses_case(opened: OpenCompany, clock: TestClock) -> None:
    """Grace has spoken in Ada's thread, and Ada's case is resolved. What Grace wants by
    `/frontdesk human` afterwards is not said there, nor on a card that tells of Ada.
    """
    one = await opened()
    desk = Desk(one)
    asked = await one.ask(one.ada, "talk to a person")
    await one.say(one.grace, one.general, "I have that too", asked)
    await desk.resolve(one.linus, desk.card())
    before = one.texts(asked)
    await one.command(one.grace, one.chat.direct(one.grace), "human my salary is wrong")
    await clock.advance(10)
    assert one.texts(asked) == before
    hers = desk.cards()[-1]
    assert "salary" in hers.text
    assert "Ada Byron" not in hers.text
    assert any("passed this on" in text for text in one.told_directly(one.grace))


async def test_a_wish_in_somebody_elses_thread(opened: OpenCompany) -> None:
    """Grace wants a person in the thread in which people have Ada's case: she reads that it is
    about the case of that conversation, and how to have one of her own.
    """
    one = await opened()
    asked = await one.ask(one.ada, "talk to a person")
    await one.say(one.grace, one.general, one.mention("talk to a person"), asked)
    told = one.texts(asked)[-1]
    assert "Your case" not in told
    assert "in a direct message" in told


@across
async def test_the_talk_moves_to_the_other_card(opened: OpenCompany, clock: TestClock) -> None:
    """Linus talks with Ada under the second channel's card. Margaret takes the case over on its
    first one: under his he reads that, and where it goes on.
    """
    one = await opened()
    second, desk = await with_second(one), Desk(one)
    margaret = await desk.hire("Margaret Hill")
    await wish(one, one.ada)
    await later(clock, 31 * MINUTE)
    await later(clock, 31 * MINUTE)
    await second.press(one.linus, second.card(), "Claim")
    before = len(second.relayed(second.card()))
    await desk.press(margaret, desk.card(), "Take over")
    (words,) = second.relayed(second.card())[before:]
    assert words.startswith("Margaret Hill has this case now.")
    assert "another channel" in words


async def test_one_of_many_leaves(opened: OpenCompany, clock: TestClock) -> None:
    """Linus has the card of many, and one of them needs nobody any more: nobody is told under it
    that the case is closed.
    """
    one = await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))
    desk = Desk(one)
    asked = await crowd(one, 8)
    own = " ".join(card.text for card in desk.cards()[:-1])
    joined = next(said for name, said in asked.items() if name not in own)
    await desk.press(one.linus, desk.cards()[-1], "Claim")
    await one.dm(person_in(one, joined), "never mind", joined)
    await clock.advance(30)
    assert not any("is closed" in text for text in desk.relayed(desk.cards()[-1]))
