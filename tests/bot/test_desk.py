"""The desk in the process: what is written and pressed there finds its case, wherever its card is,
and whoever pressed is told.
"""

from __future__ import annotations

import asyncio

import pytest

from agent import texts
from agent.messages import IncomingMessage, Kind
from agent.records import Accepted, Routed
from bot import worker
from bot.presses import WAIT_SECONDS
from tests.bot.conftest import Office, Opened
from tests.support.crash import abandon
from tests.support.memory_platform import MemoryPlatform

PERSON = "I want to talk to a person"


@pytest.fixture
async def office(opened: Opened) -> Office:
    """A process with a human channel, in which Linus and Grace are."""
    return await with_desk(opened)


async def with_desk(opened: Opened, platform: MemoryPlatform | None = None, **more: str) -> Office:
    platform = platform or MemoryPlatform("irc")
    platform.members = {"#desk": {"linus", "grace"}}
    return await opened(platform, FRONTDESK_HUMAN_CHANNEL="irc:#desk", **more)


async def press(office: Office, who: str = "linus") -> str:
    """Somebody claims the first case; what they are told."""
    pressing = asyncio.create_task(
        office.platform.press(office.platform.at_desk("", kind=Kind.CLAIM, who=who))
    )
    await office.clock.settle()
    if not pressing.done():
        await office.clock.advance(WAIT_SECONDS)
    return await pressing


async def say(
    office: Office, text: str, *, who: str = "linus", channel: str = "#desk", thread: str = ""
) -> IncomingMessage:
    """Somebody writes under the first card, or in another thread."""
    said = office.platform.at_desk(text, who=who, channel=channel, thread=thread)
    assert await office.platform.bring(said) is Accepted.NEW
    await office.clock.settle()
    return said


async def test_a_press_is_answered(office: Office) -> None:
    """Whoever is late is told so at once, and who has it; whoever was first sees it on the card."""
    await office.write(PERSON)
    assert await press(office) == ""
    assert "Linus" in await press(office, who="grace")
    (case,) = await office.store.records.open_cases()
    assert case.owner == "irc:linus"


async def test_words_find_their_way(office: Office) -> None:
    """What Linus writes under the card comes to Ada, in his name, without a moment's wait."""
    await office.write(PERSON)
    await say(office, "Hello Ada")
    assert office.platform.texts()[-1].endswith("Hello Ada")
    await say(office, "stop")
    assert office.platform.texts()[-1].endswith("stop")


async def test_words_that_are_brought_twice(office: Office) -> None:
    """They come to Ada once."""
    await office.write(PERSON)
    said = await say(office, "Hello Ada")
    assert await office.platform.bring(said) is Accepted.DUPLICATE
    await office.clock.settle()
    assert sum(text.endswith("Hello Ada") for text in office.platform.texts()) == 1


async def test_a_press_that_takes_long(office: Office) -> None:
    """Nobody waits for a sick disk longer than two seconds; it is done all the same."""
    await office.write(PERSON)
    office.store.hang("commit")
    assert await press(office) == texts.WORKING_ON_IT
    office.store.heal()
    await office.clock.advance(5)
    (case,) = await office.store.records.open_cases()
    assert case.owner == "irc:linus"


async def test_a_press_while_another_is_worked_on(office: Office) -> None:
    """It is next, and does not wait until somebody looks what there is to do."""
    await office.write(PERSON)
    office.store.hang("commit")
    presses = [
        asyncio.create_task(
            office.platform.press(office.platform.at_desk("", kind=Kind.CLAIM, who=who))
        )
        for who in ("linus", "grace")
    ]
    await office.clock.advance(0.5)
    assert office.app.worker.lanes.author_in(str(office.platform.place())) == "", "Ada asks nothing"
    office.store.heal()
    await office.clock.advance(0.6)
    assert all(one.done() for one in presses)
    first, second = [await one for one in presses]
    assert first == ""
    assert "Linus" in second


async def test_a_press_is_brought_again(office: Office) -> None:
    """Of what was handled there is nothing to tell a second time."""
    await office.write(PERSON)
    await press(office)
    late = office.platform.at_desk("", kind=Kind.CLAIM, who="grace")
    assert "Linus" in await office.platform.press(late)
    assert await office.platform.press(late) == ""


async def test_words_that_come_while_others_are_routed(office: Office) -> None:
    """They are next, and do not wait until somebody looks what there is to do."""
    await office.write(PERSON)
    route = office.store.turns.route
    more = [office.platform.at_desk("// And another one")]

    async def busy(lane: str, patience: float) -> Routed:
        routed = await route(lane, patience)
        while more:
            await office.platform.bring(more.pop())
        return routed

    office.store.turns.route = busy  # type: ignore[method-assign]
    await say(office, "// A note")
    told = await office.store.records.timeline(str(office.platform.place()))
    notes = [one.data["text"] for one in told if one.kind == "staff"]
    assert notes == ["// A note", "// And another one"]


async def test_the_bot_is_very_busy(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said at the desk does not wait behind everybody's questions."""
    await office.write(PERSON)
    monkeypatch.setattr(worker, "LANES_AT_ONCE", 0)
    await say(office, "Hello Ada")
    assert office.platform.texts()[-1].endswith("Hello Ada")


async def test_routing_fails_for_a_while(office: Office) -> None:
    """What was said is committed: it only comes later."""
    await office.write(PERSON)
    office.store.fail("route")
    await say(office, "Hello Ada")
    await office.clock.advance(2)
    assert not office.platform.texts()[-1].endswith("Hello Ada")
    office.store.heal()
    await office.clock.advance(1)
    assert office.platform.texts()[-1].endswith("Hello Ada")


async def test_words_before_the_card_is_known(office: Office) -> None:
    """Linus reads the card and answers before the platform has said that it arrived."""
    send = office.platform.send
    shown, known = asyncio.Event(), asyncio.Event()

    async def slow(delivery: object) -> str:
        ref = await send(delivery)  # type: ignore[arg-type]
        if delivery.message.card:  # type: ignore[attr-defined]
            shown.set()
            await known.wait()
        return ref

    office.platform.send = slow  # type: ignore[method-assign]
    await office.write(PERSON)
    assert shown.is_set()
    await say(office, "Hello Ada")
    await office.clock.advance(3)
    assert not office.platform.texts()[-1].endswith("Hello Ada")
    known.set()
    await office.clock.advance(5)
    assert office.platform.texts()[-1].endswith("Hello Ada")


async def test_words_under_no_card(office: Office) -> None:
    """Colleagues talk in another thread: nothing happens, and nothing of it waits for ever."""
    await office.write(PERSON)
    await say(office, "Lunch?", thread="p77")
    await office.clock.advance(90)
    assert await office.counts("timers") == 1  # the look at the case that waits


async def test_a_conversation_in_the_human_channel(office: Office) -> None:
    """Linus asks the bot at the top of the human channel and goes on in that thread."""
    asked = office.platform.at_desk("How many days of annual leave?", thread="p77")
    top = IncomingMessage(
        asked.conversation, "p77", Kind.MESSAGE, asked.author, asked.text, mentions_bot=True
    )
    await office.platform.bring(top)
    await office.clock.settle()
    await office.platform.bring(asked)
    await office.clock.settle()
    answers = office.platform.texts("#desk")
    assert len(answers) == 2
    assert all("27 days" in one for one in answers)


# Cards in a direct message


async def test_an_admin_answers_under_a_card(opened: Opened) -> None:
    """The human channel takes nothing, so an admin has the card in a direct message. What she
    writes in its thread is for Ada; what she writes beside it is for the bot.
    """
    platform = MemoryPlatform("irc")
    office = await with_desk(opened, platform, FRONTDESK_ADMINS="irc:joan")
    platform.members["@joan"] = {"joan"}
    platform.closed = {"#desk"}
    await office.write(PERSON)
    await office.clock.advance(5)
    await say(office, "Hello Ada", who="joan", channel="@joan")
    assert office.platform.texts()[-1].endswith("Hello Ada")
    await say(office, "stop", who="joan", channel="@joan")
    assert office.platform.texts()[-1].endswith("stop")
    before = len(office.platform.texts("@joan"))
    await platform.write("How many days of annual leave?", who="joan")
    await office.clock.settle()
    assert "27 days" in office.platform.texts("@joan")[before]


# Crashes


async def test_what_was_said_survives_the_process(opened: Opened) -> None:
    """It dies before what Linus wrote was routed: the next one routes it."""
    office = await with_desk(opened)
    await office.write(PERSON)
    office.store.hang("route")
    await say(office, "Hello Ada")
    await abandon(office.app)
    again = await with_desk(opened, office.platform)
    await again.clock.advance(40)
    assert sum(text.endswith("Hello Ada") for text in again.platform.texts()) == 1
