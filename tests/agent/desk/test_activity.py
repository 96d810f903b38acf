"""When somebody last said something about a case whose owner is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.desk.times import DAY
from agent.desk.waiting import timer
from agent.state import Event, State
from tests.support.engine import HELD, POST, Rig, after, claim


@pytest.mark.parametrize("wrote", [False, True])
async def test_words_to_somebody_who_is_gone(rig: Rig, wrote: bool) -> None:
    """Ada writes to Linus, who is not there any more: the days of her case count from her words,
    but not from a look that finds nobody there.
    """
    await rig.clock.advance(6 * DAY)
    rig.platform.gone.add("linus")
    first = POST if wrote else timer(HELD)
    found = await rig.run(claim(first, case=HELD, state=State.WITH_HUMAN))
    assert found.outcome == Event.OWNER_GONE
    (case,) = found.cases
    await rig.clock.advance(2 * DAY)
    waits = replace(case, reminders=2)
    look = claim(timer(waits), state=State.ESCALATED, case=waits, history=after(found))
    assert (await rig.run(look)).outcome == (Event.LOOKED if wrote else Event.WENT_STALE)
