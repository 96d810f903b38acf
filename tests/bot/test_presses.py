"""Presses: who waits for what comes of them, for how long, and that nothing of it stays."""

from __future__ import annotations

import asyncio

import pytest

from agent.errors import StoreUnavailable
from agent.records import Accepted
from agent.texts import WORKING_ON_IT
from bot import presses
from bot.presses import WAIT_SECONDS, Presses
from tests.support.clock import TestClock

KEY = "slack:T1:C1:1::claim"


class Rig:
    """Presses, and an inbox that says what becomes of them after so many seconds."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.presses = Presses(self.clock)
        self.seconds = 0.0
        self.error: Exception | None = None
        self.late: list[str] = []

    def press(
        self, accepted: Accepted = Accepted.NEW, key: str = KEY, meanwhile: str = WORKING_ON_IT
    ) -> asyncio.Task[str]:
        """Somebody presses, or it is brought once more; `late` is what they are told too late."""

        async def accept() -> Accepted:
            await self.clock.sleep(self.seconds)
            if self.error is not None:
                raise self.error
            return accepted

        outcome = self.presses.outcome(key, accept, meanwhile=meanwhile, late=self.late.append)
        return asyncio.create_task(outcome)


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_what_comes_of_it(rig: Rig) -> None:
    """Whoever pressed is told as soon as it is known, and of another press nothing."""
    first, other = rig.press(), rig.press(key="another")
    await rig.clock.advance(1.5)
    rig.presses.told(KEY, "Grace has it.")
    assert await first == "Grace has it."
    await rig.clock.settle()
    assert not other.done()
    rig.presses.told("another", "")
    assert await other == ""


async def test_it_is_over_before_anybody_waits(rig: Rig) -> None:
    """The turn may end before the acceptance has come back."""
    rig.seconds = 1.0
    press = rig.press()
    await rig.clock.advance(0.5)
    rig.presses.told(KEY, "Grace has it.")
    await rig.clock.advance(0.5)
    assert await press == "Grace has it."


async def test_it_takes_longer(rig: Rig) -> None:
    """Nobody waits longer than two seconds, the acceptance included."""
    rig.seconds = 1.5
    press = rig.press()
    await rig.clock.advance(WAIT_SECONDS - 0.1)
    assert not press.done()
    await rig.clock.advance(0.1)
    assert await press == WORKING_ON_IT


@pytest.mark.parametrize("meanwhile", [WORKING_ON_IT, ""])
async def test_it_is_told_late(rig: Rig, meanwhile: str) -> None:
    """Whoever could wait no longer is told in the meantime what they should be, and later what came
    of it, once.
    """
    press = rig.press(meanwhile=meanwhile)
    await rig.clock.advance(1)
    again = rig.press(Accepted.DUPLICATE, meanwhile=meanwhile)
    await rig.clock.advance(60)
    assert await press == await again == meanwhile
    rig.presses.told(KEY, "Grace has it.")
    await rig.clock.settle()
    assert rig.late == ["Grace has it."]


async def test_what_is_told_in_time_or_is_nothing_is_not_told_late(rig: Rig) -> None:
    """It went well, or they know it already."""
    in_time, well = rig.press(), rig.press(key="another")
    await rig.clock.settle()
    rig.presses.told(KEY, "Grace has it.")
    await rig.clock.advance(60)
    rig.presses.told("another", "")
    await rig.clock.settle()
    assert (await in_time, await well) == ("Grace has it.", WORKING_ON_IT)
    assert rig.late == []


async def test_brought_twice_while_it_is_worked_on(rig: Rig) -> None:
    """Both wait, and read the same; also if the first has given up by then."""
    first = rig.press()
    await rig.clock.advance(1)
    second = rig.press(Accepted.DUPLICATE)
    await rig.clock.advance(1)
    assert await first == WORKING_ON_IT
    third = rig.press(Accepted.DUPLICATE)
    await rig.clock.settle()
    rig.presses.told(KEY, "Grace has it.")
    assert await second == await third == "Grace has it."


@pytest.mark.parametrize("accepted", [Accepted.DUPLICATE, Accepted.NOT_FOR_US])
async def test_brought_again_when_it_is_over(rig: Rig, accepted: Accepted) -> None:
    """What was told once is not told again, and nobody waits for it."""
    first = rig.press()
    await rig.clock.settle()
    rig.presses.told(KEY, "Grace has it.")
    await first
    again = rig.press(accepted)
    await rig.clock.settle()
    assert again.done()
    assert await again == ""


async def test_it_is_not_accepted(rig: Rig) -> None:
    """The error reaches the adapter; when it is brought once more it is a new press."""
    rig.error = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await rig.press()
    rig.error = None
    again = rig.press()
    await rig.clock.settle()
    rig.presses.told(KEY, "Grace has it.")
    assert await again == "Grace has it."


async def test_whoever_pressed_is_gone(rig: Rig) -> None:
    """A request that is cancelled takes nothing away from who waits beside it."""
    gone, stays = rig.press(), rig.press(Accepted.DUPLICATE)
    await rig.clock.settle()
    gone.cancel()
    await rig.clock.settle()
    rig.presses.told(KEY, "Grace has it.")
    assert await stays == "Grace has it."


async def test_nobody_ever_answers(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Presses of which nothing is ever heard do not pile up: the newest are remembered."""
    monkeypatch.setattr(presses, "MOST_OPEN", 10)
    pressed = [rig.press(key=f"press {n}") for n in range(30)]
    await rig.clock.advance(WAIT_SECONDS)
    assert {await one for one in pressed} == {WORKING_ON_IT}
    newest, oldest = (rig.press(Accepted.DUPLICATE, f"press {n}") for n in (29, 0))
    await rig.clock.settle()
    assert oldest.done()
    assert not newest.done()
    rig.presses.told("press 29", "")
    assert await newest == ""
