"""Stories in which something is done outside: whatever dies, it is done at most once."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models import Risk
from agent.policy import Policy
from tests.chaos.expected import Allowed
from tests.chaos.world import Story, World
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.tools import TestTool, writer

ENDED = r"Answer to m1\.|cannot tell whether it happened"
UNKNOWN = Allowed(
    r"bot: Answer to m1\.|cannot tell whether it happened|Something was begun|added this to your",
    at=r"^order\.call#1|^turns\.step#|^door\.press#1 after",
)
"""A write that was started and has no result on the disk is never repeated: people get a case. (Who
presses Approve waits for at most 2 s of it.)"""
STOPPED = Allowed(r"\| bot: |Something was begun", at="accept#2|renew|thinking|call#1|step#")
"""The same, if it died of the stop that came while the tool was at work."""
TOO_LATE = Allowed(r"bot: (Answer to m1|(Done by now: order\. )?Stopped)", late=True)


async def look(world: World) -> None:
    """Ada asks for something that has to be looked up."""
    await world.write(world.ada, "m1 look it up")


async def order(world: World) -> None:
    """Ada has something ordered."""
    world.expect(await world.tell(world.ada, "m1 order it"), ENDED)


async def _asked(world: World) -> Said:
    """Ada wants something ordered, and Frontdesk asks whether it may."""
    said = await world.tell(world.ada, "m1 order it")
    world.expect(said, "May I run")
    await world.calm()
    return said


async def approve(world: World) -> None:
    """Ada is asked and says yes."""
    await _decide(world, "Approve", ENDED)


async def deny(world: World) -> None:
    """Ada is asked and says no."""
    await _decide(world, "Deny", r"Answer to m1\.")


async def _decide(world: World, button: str, answer: str) -> None:
    said = await _asked(world)
    await world.ask_again()
    (question,) = world.answers(said)
    await world.insist(world.ada, question, button)
    world.expect_in(said.place, answer)


async def expire(world: World) -> None:
    """Ada is asked and does not decide for a day."""
    said = await _asked(world)
    world.clock.jump(Policy().approval)
    await world.clock.advance(10)
    world.expect_in(said.place, "Nobody approved")


async def withdraw(world: World) -> None:
    """Ada is asked and writes something else instead."""
    said = await _asked(world)
    await world.write(world.ada, "m2 please", said)


async def stop(world: World) -> None:
    """Ada says stop while it is being done: it is finished, and she is told."""
    said = await world.tell(world.ada, "m1 order it")
    await world.clock.advance(2)
    stopped = await world.tell(world.ada, "stop", said)
    world.expect(stopped, "Stopped|cannot tell whether it happened")


def looks(clock: TestClock) -> Sequence[TestTool]:
    """A tool that changes nothing."""
    return [TestTool("look", clock, ["left"], Risk.READ, after=1.0)]


def orders(clock: TestClock) -> Sequence[TestTool]:
    """A tool that changes something, and takes its time."""
    order = writer(clock)
    order.after = 3.0
    return [order]


def approved_orders(clock: TestClock) -> Sequence[TestTool]:
    """The same, after a yes."""
    order = writer(clock, approval=True)
    order.after = 3.0
    return [order]


TOOL_STORIES = [
    Story("tool reads", look, tools=looks),
    Story("tool writes", order, tools=orders, allowed=[UNKNOWN]),
    Story("approved", approve, tools=approved_orders, allowed=[UNKNOWN]),
    Story("denied", deny, tools=approved_orders),
    Story("approval expired", expire, tools=approved_orders),
    Story("approval withdrawn", withdraw, tools=approved_orders),
    Story("stop during a tool", stop, tools=orders, allowed=[UNKNOWN, STOPPED, TOO_LATE]),
]
