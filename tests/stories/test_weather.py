"""Bad days: everything that may go wrong with Slack, disk and process, mixed by chance.

Whatever the mixture, in the end every question has exactly one answer.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace

import pytest

from adapters.slack.twin import Fault
from tests.stories.conftest import OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

POST = "chat.postMessage"
Weather = Callable[[Company, random.Random], Awaitable[None]]


async def slack_hiccups(one: Company, rng: random.Random) -> None:
    """The next posts fail, with or without their effect."""
    fault = rng.choice(
        [
            Fault.rate_limited(rng.choice([1, 2.5, 7])),
            Fault.bad_gateway(),
            Fault.unavailable(rng.choice([500, 503])),
            Fault.reset(after_effect=rng.random() < 0.5),
            replace(Fault.bad_gateway(), after_effect=True),
        ]
    )
    one.twin.fault(POST, fault, rng.randint(1, 3))


async def slack_forgets(one: Company, rng: random.Random) -> None:
    """Slack cannot be asked whether something arrived."""
    one.twin.fault("conversations.replies", Fault.unavailable(), rng.randint(1, 3))


async def slack_repeats(one: Company, rng: random.Random) -> None:
    """The next events come twice, or late."""
    one.twin.duplicate_next(rng.randint(1, 3))
    one.twin.delay_next(rng.choice([0.0, 2.0, 8.0]), rng.randint(1, 3))


async def disk_fails(one: Company, rng: random.Random) -> None:
    """One kind of write fails until the weather changes."""
    one.store.fail(rng.choice(["claim", "commit", "due", "settle", "renew", "release", "accept"]))


async def disk_recovers(one: Company, rng: random.Random) -> None:
    """The disk works again."""
    one.store.heal()


async def process_dies(one: Company, rng: random.Random) -> None:
    """The process is lost and starts again, at once or later."""
    await one.crash()
    one.clock.jump(rng.choice([0, 5, 200]))
    await one.open()


async def process_restarts(one: Company, rng: random.Random) -> None:
    """The process stops in order and starts again."""
    await one.close()
    await one.open()


async def time_passes(one: Company, rng: random.Random) -> None:
    """Nothing happens for a while."""
    await one.clock.advance(rng.choice([0.5, 3, 11]))


EVERYTHING: list[Weather] = [
    slack_hiccups,
    slack_hiccups,
    slack_forgets,
    slack_repeats,
    disk_fails,
    disk_recovers,
    process_dies,
    process_restarts,
    time_passes,
    time_passes,
]


@pytest.mark.parametrize("seed", range(5))
async def test_every_question_has_one_answer(
    opened: OpenCompany, clock: TestClock, seed: int
) -> None:
    """A dozen questions on a day on which everything goes wrong at some time."""
    rng = random.Random(seed)
    acts = [Say(after=rng.choice([0, 0, 1, 6])) for _ in range(200)]
    one = await opened(ScriptedProvider("model", clock, acts))
    people = [one.ada, one.grace, one.linus]
    asked: list[tuple[str, str]] = []
    for number in range(12):
        person = rng.choice(people)
        channel = rng.choice([one.twin.dm(person), one.general])
        text = one.mention(f"Question number {number}?")
        asked.append((channel, await one.twin.say(person, channel, text)))
        if rng.random() < 0.7:
            await one.rest()
        await rng.choice(EVERYTHING)(one, rng)
    one.twin.heal()
    one.store.heal()
    await clock.until(lambda: all(one.answers(*place) for place in asked), at_most=420)
    await clock.advance(60)
    assert [len(one.answers(*place)) for place in asked] == [1] * len(asked)
    counts = await one.counts()
    names = ("rows_waiting", "outbox_pending", "outbox_sending", "outbox_dead", "cases_open")
    assert {name: counts[name] for name in names} == dict.fromkeys(names, 0)


async def test_slacks_own_rate_limits(handbook: Company) -> None:
    """Fifteen people ask in one channel at once; Slack allows a post a second, and all arrive."""
    handbook.twin.rate_limits = True
    people = [handbook.twin.add_user(f"Person {number}") for number in range(15)]
    for person in people:
        handbook.twin.join(person, handbook.general)
    text = handbook.mention("How many days of annual leave?")
    asked = [await handbook.twin.say(person, handbook.general, text) for person in people]
    await handbook.clock.advance(60)
    assert [len(handbook.answers(handbook.general, ts)) for ts in asked] == [1] * 15


@pytest.mark.parametrize("seed", range(3))
async def test_events_out_of_order(opened: OpenCompany, clock: TestClock, seed: int) -> None:
    """Slack delivers ten messages of a thread in any order; each is said once, none is lost."""
    one = await opened(ScriptedProvider("model", clock, [Say(after=1)]))
    channel, ts = await one.dm(one.ada, "Question number 0?")
    one.twin.hold()
    for number in range(1, 11):
        await one.twin.say(one.ada, channel, f"Question number {number}?", ts)
    one.twin.duplicate_next(10)
    one.twin.release(shuffle=True)
    await clock.advance(30)
    said = [str(line["text"]) for line in await one.told("said", channel, ts)]
    assert sorted(said) == sorted(f"Question number {number}?" for number in range(11))
    assert (await one.counts())["rows_waiting"] == 0


# Damage that no version of the program can have done


@pytest.mark.parametrize("payload", ["", "{}", "not JSON", '{"kind": "message"}'])
async def test_an_inbox_row_that_cannot_be_read(handbook: Company, payload: str) -> None:
    """A row was damaged on disk: it is put aside and journalled, and blocks nobody."""
    handbook.store.fail("claim")
    channel, ts = await handbook.dm(handbook.ada, "How many days of annual leave?")
    await handbook.crash()
    damage(handbook, "UPDATE inbox SET payload = ? WHERE state = 'waiting'", payload)
    await handbook.open()
    await handbook.rest()
    assert handbook.answers(channel, ts) == []
    (failed,) = await handbook.told("failed", channel, ts)
    assert failed["code"] == "Unreadable"
    await handbook.dm(handbook.ada, "How many days of annual leave?", ts)
    assert len(handbook.answers(channel, ts)) == 1
    assert (await handbook.counts())["rows_waiting"] == 0


async def test_an_outbox_row_that_cannot_be_read(handbook: Company) -> None:
    """A message was damaged before it could be sent: it is dead, and what follows is sent."""
    handbook.twin.fault(POST, Fault.rate_limited(5))
    channel, ts = await handbook.dm(handbook.ada, "How many days of annual leave?")
    await handbook.crash()
    damage(handbook, "UPDATE outbox SET payload = ? WHERE state = 'pending'", "{}")
    await handbook.open()
    await handbook.clock.advance(6)
    assert (await handbook.counts())["outbox_dead"] == 1
    await handbook.dm(handbook.ada, "How many days of annual leave?", ts)
    assert len(handbook.answers(channel, ts)) == 1


def damage(one: Company, statement: str, value: str) -> None:
    """Change the database behind everybody's back."""
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        assert database.execute(statement, (value,)).rowcount == 1
        database.commit()
