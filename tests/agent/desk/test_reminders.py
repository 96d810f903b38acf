"""Reminders of a case that comes back to the channel."""

from __future__ import annotations

from dataclasses import replace

from agent.cases import Copy
from agent.desk.hours import Hours
from agent.desk.times import DAY, HOUR, DeskTimes
from agent.desk.waiting import timer
from agent.messages import Kind
from agent.records import TurnEnd
from agent.state import Event, State
from tests.support.clock import START
from tests.support.engine import CASE, DESK, HELD, SECOND, Rig, at_desk, claim, press, said

HALF_HOUR = 1800.0
FRIDAY = START + 4 * DAY + 2 * HOUR
"""16:13 on the clock on the wall: the clock of the tests starts on a Monday at 14:13."""


async def test_its_card_is_in_the_second_channel_already(rig: Rig) -> None:
    """People there are reminded of it, and it is not shown a second time."""
    rig.engine.desk_place.second = SECOND
    copy = Copy("t0.9", str(SECOND))
    case = replace(CASE, opened_at=rig.clock.now(), reminders=1, copies=(copy,))
    await rig.clock.advance(2 * HALF_HOUR)
    end = await rig.run(claim(timer(case), state=State.ESCALATED, case=case))
    (reminder,) = said(end, SECOND)
    assert reminder.startswith("**Reminder:** case C1 has been waiting for 1 hour.")
    assert end.cases[-1].copies == (copy,)
    assert end.cases[-1].reminders == 2


async def given_back(rig: Rig, at: float, held_for: float = 4 * HOUR) -> TurnEnd:
    """Linus, who had the case for long, gives it back."""
    rig.clock.jump(at - rig.clock.now())
    held = replace(HELD, opened_at=at - held_for, claimed_at=at - held_for + 60, channel=str(DESK))
    return await rig.run(at_desk(press(Kind.RELEASE), case=held))


async def next_look(rig: Rig, before: TurnEnd) -> TurnEnd:
    """The turn of the timer that a turn has set."""
    case, look = before.cases[-1], before.timers[-1]
    rig.clock.jump(look.not_before - rig.clock.now())
    return await rig.run(claim(look.message, state=State.ESCALATED, case=case))


async def test_a_case_that_somebody_had(rig: Rig) -> None:
    """What is said of its waiting begins when it was given back, and nobody reads that nobody ever
    had it.
    """
    rig.engine.desk_place.second = SECOND
    released = await given_back(rig, START + DAY)
    assert released.cases[-1].waiting_since == START + DAY
    first = await next_look(rig, released)
    (reminder,) = said(first, DESK)
    assert reminder == "**Reminder:** case C1 has been waiting for 30 minutes. Ada: Leave"
    assert said(first)[0].startswith("Nobody else has taken your case so far. I've reminded")
    again = await next_look(rig, first)
    assert rig.clock.now() == START + DAY + 2 * HALF_HOUR
    assert said(again, SECOND)[-1].startswith("Nobody has claimed this for 1 hour where")
    assert said(again)[0].startswith("Still nobody else has taken your case.")


async def test_a_case_that_came_back_before_the_desk_closed(rig: Rig) -> None:
    """Its time is counted while people are there: nobody is reminded in the night or at the
    weekend.
    """
    hours = Hours.parse("mon-fri 09:00-17:00")
    rig.engine.desk_place.times = lambda *_: DeskTimes(hours=hours)
    released = end = await given_back(rig, FRIDAY + 30 * 60.0, held_for=7 * HOUR)
    while end.outcome != Event.OVERDUE:
        end = await next_look(rig, end)
    assert rig.clock.now() == hours.after(released.cases[-1].waiting_since, HALF_HOUR)
    assert hours.local(rig.clock.now()).strftime("%A %H:%M") == "Monday 09:13"


async def test_its_owner_is_gone(rig: Rig) -> None:
    """It waits since that was noticed."""
    rig.platform.gone = {"linus"}
    rig.clock.jump(4 * HOUR)
    held = replace(HELD, channel=str(DESK))
    gone = await rig.run(claim(timer(held), state=State.WITH_HUMAN, case=held))
    assert gone.outcome == Event.OWNER_GONE
    assert "for 30 minutes. Ada" in said(await next_look(rig, gone), DESK)[0]
