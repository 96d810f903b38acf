"""A case of a conversation that the database cannot tell any more."""

from __future__ import annotations

import pytest

from agent import texts
from agent.messages import IncomingMessage, Kind
from agent.state import State
from tests.support.engine import POST, Rig, at_desk, claim, control, press, said


@pytest.mark.parametrize("state", [State.ESCALATED, State.WITH_HUMAN])
@pytest.mark.parametrize("message", [POST, control(Kind.ASK_PERSON)])
async def test_whoever_waits_is_told(rig: Rig, state: State, message: IncomingMessage) -> None:
    """Ada writes to people who have her case, or wants some: she is told whom to turn to."""
    end = await rig.run(claim(message, state=state))
    assert said(end) == [texts.NOBODY.format(contact=texts.NOBODY_CONTACT)]
    assert end.state is state


async def test_a_row_that_fails_too_often(rig: Rig) -> None:
    """Neither does what could not be worked on vanish."""
    end = await rig.run(claim(POST, state=State.ESCALATED, attempts=6))
    assert said(end) == [texts.NOBODY.format(contact=texts.NOBODY_CONTACT)]


async def test_a_press_on_its_card(rig: Rig) -> None:
    """Whoever presses is told that it is not known."""
    end = await rig.run(at_desk(press(Kind.CLAIM), case=None, state=State.WITH_HUMAN))
    assert (end.told, end.state) == (texts.CASE_UNKNOWN, State.WITH_HUMAN)
