"""Tools when things go wrong around them: bursts, edits, pauses, failing disks, other people."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from agent.models import Risk
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Call, Say, ScriptedProvider, decision
from tests.support.tools import TestTool, writer

ORDER = Call(("order", {"what": "chair"}))


def answer(text: str, after: float = 0.0) -> Say:
    """A model says something, after some seconds."""
    return Say(decision(response=text), after=after)


def steps(one: Company) -> int:
    """Steps that the database holds."""
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        return int(database.execute("SELECT count(*) FROM steps").fetchone()[0])


async def burst(one: Company) -> Said:
    """Ada writes while she is being answered, so that two messages are one turn, which orders."""
    asked = await one.dm(one.ada, "Hello")
    await one.dm(one.ada, "I have a wish.", asked)
    await one.dm(one.ada, "Order me a chair.", asked)
    await one.clock.advance(3)
    return asked


async def test_killed_after_a_burst_has_ordered(opened: OpenCompany, clock: TestClock) -> None:
    """The next attempt takes the messages of the turn together again: none of them orders anew."""
    order = writer(clock)
    done = answer("Ordered.", 5.0)
    model = ScriptedProvider("model", clock, [answer("Hi!", 2.0), ORDER, done, done, ORDER])
    one = await opened(model, tools=[order])
    asked = await burst(one)
    assert len(order.done) == 1
    await one.crash()
    await one.open()
    await clock.advance(60)
    assert len(order.done) == 1
    assert len(one.answers(asked)) == 2


@pytest.mark.parametrize("desk", [True, False])
async def test_killed_while_a_burst_orders(
    opened: OpenCompany, clock: TestClock, desk: bool
) -> None:
    """Nobody knows whether it was ordered: it is said once, with a case or with a contact."""
    order = writer(clock)
    order.after = 5.0
    model = ScriptedProvider("model", clock, [answer("Hi!", 2.0), ORDER])
    one = await opened(model, tools=[order], **({} if desk else {"frontdesk_human_channel": ""}))
    asked = await burst(one)
    await one.crash()
    await one.open()
    await clock.advance(60)
    assert order.begun == 1
    _, told = one.texts(asked)
    assert "cannot tell whether it happened" in told
    assert ["order (what: chair" in card.text for card in one.cards()] == [True] * desk


async def test_an_edit_before_it_is_ordered(opened: OpenCompany, clock: TestClock) -> None:
    """While something is looked up Ada thinks better of it: what was wanted before is dropped."""
    look, order = TestTool("look", clock, after=5.0), writer(clock)
    both = Call(("look", {"what": "chairs"}), ("order", {"what": "chair"}))
    model = ScriptedProvider("model", clock, [both, answer("As you wish.")])
    one = await opened(model, tools=[look, order])
    asked = await one.dm(one.ada, "Look for chairs and order one.")
    await one.edit(one.ada, asked, "Look for chairs, but don't order one.")
    await clock.advance(60)
    assert order.begun == 0
    assert one.texts(asked)[0].startswith("As you wish.")


async def test_a_pause_after_the_yes(opened: OpenCompany, clock: TestClock) -> None:
    """What an approved turn still wants to do is not done; what it has done is told."""
    order, more = writer(clock, approval=True), TestTool("more", clock, risk=Risk.WRITE)
    again = Call(("more", {"what": "chairs"}), after=5.0)
    model = ScriptedProvider("model", clock, [ORDER, again, answer("Done.")])
    one = await opened(model, tools=[order, more])
    asked = await one.dm(one.ada, "A chair, please.")
    await one.press(one.ada, one.answers(asked)[0], "Approve")
    await one.running.pause.change(True, by="cli")
    await clock.advance(60)
    assert (len(order.done), more.begun) == (1, 0)
    assert one.texts(asked)[-1].startswith("Done by now: order. I've been paused")


async def test_a_press_in_time_after_an_outage(opened: OpenCompany, clock: TestClock) -> None:
    """Ada says yes a minute before the end, the process is down until after it: it counts."""
    order = writer(clock, approval=True)
    model = ScriptedProvider("model", clock, [ORDER, answer("Ordered.")])
    one = await opened(model, tools=[order])
    asked = await one.dm(one.ada, "A chair, please.")
    clock.jump(24 * 3600.0 - 60)
    one.store.fail("claim")
    await one.press(one.ada, one.answers(asked)[0], "Approve")
    await one.crash()
    clock.jump(120)
    await one.open()
    await clock.advance(30)
    assert len(order.done) == 1
    assert one.texts(asked)[1].startswith("Ordered.")


async def test_the_last_attempt_got_further_than_the_others(
    opened: OpenCompany, clock: TestClock
) -> None:
    """It fails after it has ordered: what is given up knows that, and leaves nothing behind."""
    order = writer(clock)
    again = Call(("order", {"what": "table"}), after=5.0)
    one = await opened(ScriptedProvider("model", clock, [ORDER, again]), tools=[order])
    await one.teach(LEAVE)
    one.store.poison("chair")
    asked = await one.dm(one.ada, "A chair, please.")
    await clock.advance(22)
    one.store.poison("nothing")
    await clock.advance(30)
    one.store.fail("step")
    await clock.advance(30)
    assert len(order.done) == 1
    assert one.texts(asked)[0].startswith("Done by now: order. I'm sorry")
    assert steps(one) == 0


async def test_an_answer_finds_the_one_it_is_for(opened: OpenCompany, clock: TestClock) -> None:
    """Grace wrote last, but the answer that dies is Ada's: it goes to Ada."""
    order = writer(clock, approval=True)
    model = ScriptedProvider("model", clock, [ORDER, answer("Only for Ada.", 5.0), answer("Hm.")])
    one = await opened(model, tools=[order])
    asked = await one.ask(one.ada, "A chair, please.")
    await one.press(one.ada, one.answers(asked)[0], "Approve")
    await one.say(one.grace, one.general, "Me too.", asked)
    one.chat.archive(one.general)
    await clock.advance(120)
    told = {who: " ".join(one.told_directly(who)) for who in (one.ada, one.grace)}
    assert "Only for Ada." in told[one.ada]
    assert "Only for Ada." not in told[one.grace]


async def test_a_long_write_keeps_its_lane_while_it_is_stopped(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada says stop; the order needs another minute: nobody else takes the lane meanwhile."""
    order = replace(writer(clock), after=80.0, seconds=90.0)
    one = await opened(ScriptedProvider("model", clock, [ORDER]), tools=[order])
    asked = await one.dm(one.ada, "A chair, please.")
    await clock.advance(12)
    await one.dm(one.ada, "stop", asked)
    await clock.advance(45)
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        (until,) = database.execute("SELECT ready_at FROM lanes").fetchone()
    assert until > clock.now()
    await clock.advance(60)
    assert one.texts(asked) == ["Done by now: order. Stopped. Nothing more will come of it."]


async def test_old_buttons_stop_nobody(opened: OpenCompany, clock: TestClock) -> None:
    """Grace presses the button of a case that is long over: Ada's answer is not disturbed."""
    model = ScriptedProvider("model", clock, [answer("27 days.", 5.0)])
    one = await opened(model)
    asked = await one.ask(one.grace, "talk to a person")
    old = one.answers(asked)[0]
    await one.press(one.grace, old, "Never mind")
    await one.say(one.ada, one.general, one.mention("How much leave?"), asked)
    await clock.advance(4)
    await one.press(one.grace, old, "Never mind")
    await clock.advance(4)
    assert model.cancelled == 0
    assert one.texts(asked)[-1].startswith("27 days.")
