"""Bad days: everything that may go wrong with platform, disk and process, mixed by chance.

Whatever the mixture, in the end every question has exactly one answer.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest

from tests.stories.conftest import OpenCompany
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Call, Say, ScriptedProvider, decision
from tests.support.tools import writer

Weather = Callable[[Company, random.Random], Awaitable[None]]


async def posts_fail(one: Company, rng: random.Random) -> None:
    """The next posts go wrong, in one of the platform's ways."""
    one.chat.hiccup(rng)


async def events_repeat(one: Company, rng: random.Random) -> None:
    """The next events come twice, or late."""
    one.chat.duplicate_next(rng.randint(1, 3))
    one.chat.delay_next(rng.choice([0.0, 2.0, 8.0]), rng.randint(1, 3))


async def disk_fails(one: Company, rng: random.Random) -> None:
    """One kind of write fails until the weather changes."""
    calls = ["claim", "commit", "due", "settle", "renew", "release", "retry", "accept"]
    one.store.fail(rng.choice(calls))


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
    posts_fail,
    posts_fail,
    posts_fail,
    events_repeat,
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
    asked: list[Said] = []
    for number in range(12):
        person = rng.choice(people)
        places = [one.general, one.chat.direct(person)][: 1 + one.chat.direct_has_threads]
        text = one.mention(f"Question number {number}?")
        asked.append(await one.chat.say(person, rng.choice(places), text))
        if rng.random() < 0.7:
            await one.rest()
        await rng.choice(EVERYTHING)(one, rng)
    one.chat.heal()
    one.store.heal()
    await clock.until(lambda: all(one.answers(said) for said in asked), at_most=420)
    await clock.advance(60)
    assert [len(one.answers(said)) for said in asked] == [1] * len(asked)
    counts = await one.counts()
    names = ("rows_waiting", "outbox_pending", "outbox_sending", "outbox_dead", "cases_open")
    assert {name: counts[name] for name in names} == dict.fromkeys(names, 0)


async def test_the_platforms_own_rate_limits(handbook: Company) -> None:
    """Fifteen people ask in one channel at once, more than may be answered there: all are."""
    handbook.chat.limit()
    people = [handbook.chat.add_person(f"Person {number}") for number in range(15)]
    for person in people:
        await handbook.chat.join(person, handbook.general)
    text = handbook.mention("How many days of annual leave?")
    asked = [await handbook.chat.say(person, handbook.general, text) for person in people]
    await handbook.clock.advance(60)
    assert [len(handbook.answers(said)) for said in asked] == [1] * 15


@pytest.mark.parametrize("seed", range(3))
async def test_events_out_of_order(opened: OpenCompany, clock: TestClock, seed: int) -> None:
    """Ten messages of a thread come in any order; each is said once, none is lost."""
    one = await opened(ScriptedProvider("model", clock, [Say(after=1)]))
    asked = await one.dm(one.ada, "Question number 0?")
    one.chat.hold()
    for number in range(1, 11):
        await one.chat.say(one.ada, asked.channel, f"Question number {number}?", asked.thread)
    one.chat.duplicate_next(10)
    one.chat.release(shuffle=True)
    await clock.advance(30)
    said = [str(line["text"]) for line in await one.told("said", asked)]
    assert sorted(said) == sorted(f"Question number {number}?" for number in range(11))
    assert (await one.counts())["rows_waiting"] == 0


# Damage that no version of the program can have done


@pytest.mark.parametrize("payload", ["", "{}", "not JSON", '{"kind": "message"}'])
async def test_an_inbox_row_that_cannot_be_read(handbook: Company, payload: str) -> None:
    """A row was damaged on disk: it is put aside and journalled, Ada reads that nothing comes of
    it, and it blocks nobody.
    """
    handbook.store.fail("claim")
    asked = await handbook.dm(handbook.ada, "How many days of annual leave?")
    await handbook.crash()
    damage(handbook, "UPDATE inbox SET payload = ? WHERE state = 'waiting'", payload)
    await handbook.open()
    await handbook.rest()
    await handbook.clock.advance(6)
    (sorry,) = handbook.texts(asked)
    assert "could not work on your message" in sorry
    (failed,) = await handbook.told("failed", asked)
    assert failed["code"] == "Unreadable"
    await handbook.dm(handbook.ada, "How many days of annual leave?", asked)
    assert len(handbook.answers(asked)) == 2
    assert (await handbook.counts())["rows_waiting"] == 0


async def test_an_outbox_row_that_cannot_be_read(handbook: Company) -> None:
    """A message was damaged before it could be sent: it is dead, its words are said once more as
    the journal has them, and what follows is sent.
    """
    handbook.chat.refuse(seconds=5)
    asked = await handbook.dm(handbook.ada, "How many days of annual leave?")
    await handbook.crash()
    damage(handbook, "UPDATE outbox SET payload = ? WHERE state = 'pending'", "{}")
    await handbook.open()
    await handbook.clock.advance(15)
    assert (await handbook.counts())["outbox_dead"] == 1
    (answer,) = handbook.texts(asked)
    assert "27 days" in answer
    assert "Frontdesk is red" in await handbook.command(handbook.grace, handbook.general, "status")
    await handbook.dm(handbook.ada, "How many days of annual leave?", asked)
    assert len(handbook.answers(asked)) == 2


async def test_a_card_that_cannot_be_read(handbook: Company) -> None:
    """The card of Ada's case was damaged before it could be sent: people get it all the same."""
    handbook.chat.refuse(seconds=5)
    await handbook.dm(handbook.ada, "I want to talk to a person")
    await handbook.crash()
    damage(handbook, "UPDATE outbox SET payload = ? WHERE case_id != ''", "{}")
    await handbook.open()
    await handbook.clock.advance(15)
    (card,) = handbook.cards()
    assert await handbook.press(handbook.linus, card, "Claim")
    assert "claimed by linus berg" in handbook.cards()[-1].text.lower()


async def test_what_waits_for_a_yes_cannot_be_read(opened: OpenCompany, clock: TestClock) -> None:
    """What Ada was asked was damaged on disk: she reads that what she wrote since could not be
    worked on, whoever asks for the status reads it, too, and what she writes next is answered.
    """
    order = Call(("order", {"what": "chair"}))
    model = ScriptedProvider("model", clock, [order, Say(decision(response="27 days."))])
    one = await opened(model, tools=[writer(clock, approval=True)])
    asked = await one.dm(one.ada, "Please order me a chair.")
    damage(one, "UPDATE approvals SET approvers = ? WHERE state = 'open'", "not JSON")
    await one.dm(one.ada, "Is it ordered?", asked)
    await clock.advance(10)
    assert "could not work on your message" in one.texts(asked)[-1]
    assert "Frontdesk is red" in await one.command(one.grace, one.general, "status")
    await one.dm(one.ada, "How much leave do I get?", asked)
    await clock.advance(10)
    assert "27 days." in one.texts(asked)[-1]


def damage(one: Company, statement: str, value: str) -> None:
    """Change the database behind everybody's back."""
    with closing(sqlite3.connect(one.folder / "frontdesk.db")) as database:
        assert database.execute(statement, (value,)).rowcount == 1
        database.commit()
