"""Routing: lanes of the desk are moved on, and looked at again for what has to wait."""

from __future__ import annotations

from typing import cast

import pytest

from agent import texts
from agent.errors import StoreUnavailable
from agent.ports import Turns
from agent.records import Routed
from bot.routing import PATIENCE, ROUTE_AGAIN, Routing
from tests.support.clock import START, TestClock

LANE = "desk:slack:T1:CDESK:9.1"


class Desk:
    """The part of `Turns` that routes: it answers as a test says, then that nothing is left."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.answers: list[Routed | Exception] = []
        self.asked: list[tuple[float, str]] = []

    async def route(self, lane: str, patience: float) -> Routed:
        assert patience == PATIENCE
        self.asked.append((self.clock.now() - START, lane))
        answer = self.answers.pop(0) if self.answers else Routed()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Rig:
    """A router whose worker does at once what there is more to do."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.desk = Desk(self.clock)
        self.more: list[str] = []
        self.told: list[tuple[str, str]] = []
        self.routing = Routing(cast(Turns, self.desk), self.clock, self.more.append, self._told)

    def _told(self, key: str, text: str) -> None:
        self.told.append((key, text))


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def test_the_lanes_of_cases_go_on(rig: Rig) -> None:
    """The worker hears which lanes have more to do, in their order."""
    rig.desk.answers = [Routed(("slack:T1:D1:", "teams:t:19:"))]
    await rig.routing.route(LANE)
    await rig.clock.advance(60)
    assert rig.more == ["slack:T1:D1:", "teams:t:19:"]


async def test_a_card_that_is_on_its_way(rig: Rig) -> None:
    """What waits for it is looked at again when the store says, once for however many wait."""
    rig.desk.answers = [Routed(again_at=START + 3)] * 3
    for _ in range(3):
        await rig.routing.route(LANE)
    await rig.clock.advance(2.9)
    assert rig.more == []
    await rig.clock.advance(0.1)
    assert rig.more == [LANE]
    rig.desk.answers = [Routed(again_at=START + 6)]
    await rig.routing.route(LANE)
    await rig.clock.advance(10)
    assert rig.more == [LANE, LANE]


async def test_a_press_on_a_card_without_a_case(rig: Rig) -> None:
    """Whoever pressed is told so, and does not wait for what will never come of it."""
    rig.desk.answers = [Routed(dropped=("slack:T1:C9:1::claim", "slack:T1:C9:2::claim"))]
    await rig.routing.route(LANE)
    assert rig.told == [
        ("slack:T1:C9:1::claim", texts.CASE_UNKNOWN),
        ("slack:T1:C9:2::claim", texts.CASE_UNKNOWN),
    ]


async def test_a_time_that_is_past(rig: Rig) -> None:
    """It is looked at again in a moment, not without a pause."""
    rig.desk.answers = [Routed(again_at=START - 5)]
    await rig.routing.route(LANE)
    await rig.clock.settle()
    assert rig.more == []
    await rig.clock.advance(1)
    assert rig.more == [LANE]


async def test_the_database_is_out(rig: Rig) -> None:
    """It is tried again soon."""
    rig.desk.answers = [StoreUnavailable()]
    await rig.routing.route(LANE)
    await rig.clock.advance(ROUTE_AGAIN)
    assert rig.more == [LANE]


async def test_nothing_is_looked_at_after_the_end(rig: Rig) -> None:
    """What waits is found by the next process."""
    rig.desk.answers = [Routed(again_at=START + 3)]
    await rig.routing.route(LANE)
    await rig.routing.stop()
    await rig.clock.advance(10)
    assert rig.more == []
