"""Slack may bring an event late, twice and in any order, and the process may die in between.

The schedules say which bytes come when, signed as Slack signs them: they are Slack's. That Teams'
activities come late, twice and in any order is told by the stories and by "everything twice".
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.broken import AnswersRetries, BrokenAt
from tests.chaos.expected import answer_to
from tests.chaos.verdict import Tally, tally
from tests.chaos.world import AFTERWARDS, Breakage, Story, World, world
from tests.support.company import slack
from tests.support.slack_listener import Listener

EXAMPLES = 40
SECONDS = 600
MESSAGES = 4
CRASH = -1
MOST_CRASHES = 4
"""A message that meets five of them is a dead letter, and rightly so."""
ATTEMPTS = 6
"""Of bringing one event whose request was not answered with a 200."""
PAUSES = (0.0, 0.3, 1.0, 6.0)
STORY = Story("in any order", lambda _: _nothing())


@dataclass(frozen=True)
class Act:
    """After a pause of some seconds event number `what` is brought, or the process dies (CRASH).
    With `steps` it dies so many steps of the loop after an event was sent.
    """

    what: int
    pause: float
    steps: int | None


@st.composite
def schedules(draw: st.DrawFn) -> list[Act]:
    """Each event once to three times, in any order, with crashes between and in the middle."""
    copies = [draw(st.integers(1, 3)) for _ in range(MESSAGES)]
    events = [number for number, count in enumerate(copies) for _ in range(count)]
    between = draw(st.integers(0, MOST_CRASHES))
    order = draw(st.permutations([*events, *[CRASH] * between]))
    amid = draw(st.lists(st.sampled_from(range(len(order))), max_size=MOST_CRASHES - between))
    return [
        Act(
            what,
            pause=draw(st.sampled_from(PAUSES)),
            steps=draw(st.integers(0, 60)) if number in amid else None,
        )
        for number, what in enumerate(order)
    ]


@pytest.mark.timeout(SECONDS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(schedules())
def test_late_twice_and_in_any_order(schedule: list[Act]) -> None:
    """Two people, two threads, four messages: each is answered once, in the order in which the
    messages of a thread were accepted.
    """
    found = asyncio.run(_played(schedule, Breakage()))
    assert found == Tally(MESSAGES, MESSAGES)


def test_a_build_that_trusts_its_memory_is_caught() -> None:
    """The same harness sees it when what is brought again is taken for new."""
    schedule = [Act(what, 1.0, None) for what in (0, 1, 2, 3, 0)]
    assert asyncio.run(_played(schedule, BrokenAt(AnswersRetries))).doubled == 1


async def _nothing() -> None:
    """Here the schedule says what happens."""


async def _played(schedule: list[Act], breakage: Breakage) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        async with world(STORY, Path(folder), (), breakage) as one:
            bodies = await _bodies(one)
            for act in schedule:
                await one.clock.advance(act.pause)
                if act.what == CRASH:
                    one.points.kill()
                else:
                    await _bring(one, bodies[act.what], act.steps)
            await one.calm()
            await one.clock.advance(AFTERWARDS)
            await one.calm()
            return tally(one)


async def _said(one: World) -> None:
    """Ada and Grace write two messages each, Grace hers in a channel."""
    said = await one.write(one.ada, "m0 please")
    await one.write(one.ada, "m1 please", said)
    root = await one.call(one.grace, "m2 please")
    one.expect(root, answer_to("m2"))
    one.expect(await one.call(one.grace, "m3 please", root), answer_to("m3"))


async def _bodies(one: World) -> list[bytes]:
    """What Slack would send for each of the messages, kept back; one body for each."""
    twin = slack(one)
    mailbox, address = Listener(), twin.events_url
    await mailbox.start()
    twin.events_url = mailbox.url
    twin.mention_order = "mention"
    await _said(one)
    await twin.idle()
    await mailbox.stop()
    twin.events_url = address
    by_ts = {received.event["ts"]: received.body for received in reversed(mailbox.received)}
    return [by_ts[said.id] for said in one.expected]


async def _bring(one: World, body: bytes, steps: int | None) -> None:
    """Send a body until it is taken; a process that is dead or dying does not take it."""
    for _ in range(ATTEMPTS):
        await one.clock.settle()
        sent = asyncio.ensure_future(one.post(body))
        if steps is not None:
            for _ in range(steps):
                await one.clock.sleep(0)
            one.points.kill()
            steps = None
        with suppress(aiohttp.ClientError):
            if await sent == 200:
                return
    raise AssertionError("nobody takes the message")
