"""Reminders of a case that comes back to the channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import Copy
from agent.state import State
from agent.waiting import timer
from tests.support.engine import CASE, DESK, Rig, claim, said

SECOND = replace(DESK, channel="#second")
HALF_HOUR = 1800.0


@pytest.fixture
def rig() -> Rig:
    return Rig()


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
