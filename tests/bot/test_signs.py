"""Signs of life: shown while a turn takes time, for as long as the platform's own last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from agent.messages import ConversationId, Kind, OutgoingMessage
from agent.platforms import Capabilities
from agent.ports import Adapter
from agent.records import LaneClaim, TurnEnd
from agent.state import State
from bot.signs import Signs
from tests.support.clock import START, TestClock
from tests.support.engine import CASE, PLACE, POST, claim, control

EVERY = 2.0


class Platform:
    """The part of `Adapter` that signs use: notes when one was shown or taken away."""

    def __init__(self, clock: TestClock, sign_seconds: float) -> None:
        self.capabilities = Capabilities(sign_seconds=sign_seconds)
        self.seconds = 0.0
        self.seen: list[tuple[float, bool]] = []
        self._clock = clock

    async def thinking(self, conversation: ConversationId, on: bool) -> None:
        await self._clock.sleep(self.seconds)
        self.seen.append((self._clock.now() - START, on))


class Rig:
    """Signs on one platform, and a turn that takes its time."""

    def __init__(self, sign_seconds: float = 4.0, *, thinks: bool = True) -> None:
        self.clock = TestClock()
        self.platform = Platform(self.clock, sign_seconds)
        adapters = cast(Mapping[str, Adapter], {"irc": self.platform})
        self.signs = Signs(adapters, self.clock, thinks=thinks)

    async def work(self, seconds: float) -> None:
        """Let time pass as the worker does."""
        for _ in range(int(seconds / EVERY)):
            await self.clock.advance(EVERY)
            self.signs.refresh(within=EVERY)
        await self.clock.settle()


@pytest.mark.parametrize(("sign_seconds", "shown_at"), [(4.0, [0, 4, 8]), (5.0, [0, 4, 8])])
async def test_it_is_shown_again_before_it_fades(
    sign_seconds: float, shown_at: list[float]
) -> None:
    """However short it lasts on a platform, nobody sees it go while the turn is running."""
    rig = Rig(sign_seconds)
    rig.signs.begin(claim(POST))
    await rig.work(10)
    assert rig.platform.seen == [(at, True) for at in shown_at]


async def test_it_is_taken_away() -> None:
    """A turn that says nothing takes its sign away; one that does leaves that to the platform."""
    for said, expected in (((), [True, False]), ((OutgoingMessage("1", PLACE, "Hi"),), [True])):
        rig = Rig()
        rig.signs.begin(claim(POST))
        await rig.work(2)
        rig.signs.end(claim(POST), TurnEnd(State.IDLE, "", outbox=said))
        await rig.work(10)
        assert [on for _, on in rig.platform.seen] == expected


async def test_it_is_not_left_standing() -> None:
    """The turn ends while its sign is on its way: it is taken away when it is there."""
    rig = Rig()
    rig.platform.seconds = 1.0
    rig.signs.begin(claim(POST))
    await rig.clock.settle()
    rig.signs.end(claim(POST), None)
    await rig.clock.advance(3)
    assert [on for _, on in rig.platform.seen] == [True, False]


GATHERED = replace(POST, conversation=ConversationId("incident", "", "dead_letter"))


@pytest.mark.parametrize(
    "taken",
    [
        claim(control(Kind.COMMAND)),
        claim(POST, state=State.ESCALATED, case=CASE),
        claim(replace(GATHERED, kind=Kind.GATHER)),
        claim(replace(POST, text="👍"), replace(POST, id="2", text="", files=("a.png",))),
    ],
)
async def test_who_is_quick_shows_none(taken: LaneClaim) -> None:
    """No model is asked for a press, a command, what goes to people, or what has no words; and
    nobody is in the lane of an incident.
    """
    rig = Rig()
    rig.signs.begin(taken)
    await rig.work(4)
    rig.signs.end(taken, None)
    await rig.work(4)
    assert rig.platform.seen == []


async def test_no_model_no_sign() -> None:
    """The handbook answers at once."""
    rig = Rig(thinks=False)
    rig.signs.begin(claim(POST))
    await rig.work(4)
    assert rig.platform.seen == []


async def test_the_worker_looks_as_often_as_it_must() -> None:
    """The platform whose sign fades first says how often; without platforms nobody has to."""
    slow, quick = Rig(60.0).platform, Rig(1.5).platform
    adapters = cast(Mapping[str, Adapter], {"a": slow, "b": quick})
    assert Signs(adapters, TestClock(), thinks=True).shortest == 1.5
    assert Signs({}, TestClock(), thinks=True).shortest == math.inf


async def test_they_end_with_the_worker() -> None:
    """Nothing is shown any more after the stop."""
    rig = Rig()
    rig.platform.seconds = 1.0
    rig.signs.begin(claim(POST))
    await rig.clock.settle()
    await rig.signs.stop()
    await rig.clock.advance(3)
    assert rig.platform.seen == []
