"""The contract of Turns: while people have a case, what they do about it keeps its place among what
they and the employee say.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.messages import DESK_KINDS, IncomingMessage, Kind
from agent.records import Arrival
from agent.state import RESTING, WITH_PEOPLE, State
from storage import Store
from tests.storage.databases import LANE, Database, accept, claim, end, said
from tests.storage.desk import at_desk, happened, shown, told, under

ANSWER = under("99.1", 5)
PRESS = under("99.1", 6, Kind.RESOLVE)


async def failed(store: Store, retry_at: float, *messages: IncomingMessage) -> None:
    """A turn of what was just said under the card fails, and waits for its retry."""
    await at_desk(store, *messages)
    await store.turns.retry((await claim(store)).lease, retry_at)


async def in_state(store: Store, state: State) -> None:
    """A case whose lane has come to this state."""
    await shown(store, 1, "99.1")
    await accept(store, said(2))
    await end(store, await claim(store), state=state)


@pytest.mark.parametrize("kind", sorted(DESK_KINDS))
async def test_words_come_before_a_press(database: Database, kind: Kind) -> None:
    """Whoever answers and then presses has answered first, the employee is heard before the end,
    and what is said after the press comes after it.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    await at_desk(store, ANSWER)
    await accept(store, said(3))
    await at_desk(store, under("99.1", 6, kind))
    await accept(store, said(4))
    for expected in ([(5, "C1")], [(3, "")], [(6, "C1")], [(4, "")]):
        claimed = await claim(store)
        assert told(claimed) == expected
        await end(store, claimed, state=State.WITH_HUMAN)


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_the_bots_own_work_is_overtaken(database: Database, state: State) -> None:
    """Nobody at the desk waits behind questions that the bot has to answer."""
    store = database.open()
    await in_state(store, state)
    await accept(store, said(3))
    await at_desk(store, PRESS)
    assert told(await claim(store)) == [(3, "")] if state in WITH_PEOPLE else [(6, "C1")]


async def test_a_press_ends_the_wait_for_a_retry(database: Database) -> None:
    """What was written before it is tried at once, and the press comes right behind."""
    store = database.open()
    await shown(store, 1, "99.1")
    await failed(store, database.clock.now() + 60, ANSWER)
    assert (await store.turns.due()).lanes == ()
    await at_desk(store, PRESS)
    assert (await store.turns.due()).lanes == (LANE,)
    again = await claim(store)
    assert (told(again), again.rows[0].attempts) == ([(5, "C1")], 2)
    assert (await end(store, again, state=State.WITH_HUMAN)).lane_due
    assert told(await claim(store)) == [(6, "C1")]


async def test_a_press_ends_it_once(database: Database) -> None:
    """If the words fail again both wait for the next retry, and nobody looks before."""
    store = database.open()
    await shown(store, 1, "99.1")
    await failed(store, database.clock.now() + 60, ANSWER)
    retry_at = database.clock.now() + 30
    await failed(store, retry_at, PRESS)
    assert await store.turns.claim(LANE) is None
    due = await store.turns.due()
    assert (due.lanes, due.next_at) == ((), retry_at)
    await at_desk(store, replace(PRESS, id="again"))
    assert await store.turns.claim(LANE) is None
    due = await store.turns.due()
    assert (due.lanes, due.next_at) == ((), retry_at), "impatience wears no words out"
    await database.clock.advance(30)
    assert told(await claim(store)) == [(5, "C1")]


async def test_a_retry_of_the_bot_keeps_its_time(database: Database) -> None:
    """A press that overtakes a question has no reason to have it asked again sooner."""
    store = database.open()
    await in_state(store, State.IDLE)
    await accept(store, said(3))
    retry_at = database.clock.now() + 60
    await store.turns.retry((await claim(store)).lease, retry_at)
    await at_desk(store, PRESS)
    await end(store, await claim(store), state=State.IDLE)
    assert (await store.turns.due()).next_at == retry_at


async def test_a_press_brings_no_timer_forward(database: Database) -> None:
    """What people do about a case reminds nobody of it before its time."""
    store = database.open()
    await shown(store, 1, "99.1")
    await accept(store, said(2))
    remind_at = database.clock.now() + 60
    timer = Arrival(said(3, Kind.LOOK), not_before=remind_at)
    await end(store, await claim(store), state=State.WITH_HUMAN, timers=(timer,))
    await at_desk(store, PRESS)
    claimed = await claim(store)
    assert told(claimed) == [(6, "C1")]
    await end(store, claimed, state=State.WITH_HUMAN)
    assert await store.turns.claim(LANE) is None
    assert (await store.turns.due()).next_at == remind_at


async def test_a_copy_of_a_press_keeps_its_place(database: Database) -> None:
    """What is done about an incident is done about each case in the order of its words."""
    store = database.open()
    await shown(store, 1, "99.1")
    for n, kind in ((5, Kind.MESSAGE), (6, Kind.RESOLVE)):
        await store.turns.accept(Arrival(under("98.9", n, kind), lane=LANE, case_id="C1"))
    first = await claim(store)
    assert told(first) == [(5, "C1")]
    await store.turns.retry(first.lease, database.clock.now() + 60)
    await store.turns.accept(Arrival(under("98.9", 7, Kind.CLAIM), lane=LANE, case_id="C1"))
    assert told(await claim(store)) == [(5, "C1")]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.is_control])
async def test_others_do_not_wait_with_it(database: Database, kind: Kind) -> None:
    """A press waits for words that wait for a retry: whatever else overtakes these overtakes both,
    and leaves them waiting.
    """
    store = database.open()
    await shown(store, 1, "99.1")
    await failed(store, database.clock.now() + 60, ANSWER)
    retry_at = database.clock.now() + 30
    await failed(store, retry_at, PRESS)
    await accept(store, said(7, kind))
    claimed = await claim(store)
    assert told(claimed) == [(7, "")]
    assert not (await end(store, claimed, state=State.WITH_HUMAN)).lane_due
    assert (await store.turns.due()).next_at == retry_at


async def test_a_stop_takes_the_words_out_of_the_way(database: Database) -> None:
    """The employee takes back what failed: the press has nothing left to wait for."""
    store = database.open()
    await in_state(store, State.WITH_HUMAN)
    await accept(store, said(3))
    await at_desk(store, PRESS)
    await accept(store, said(4, Kind.STOP))
    stopped = await claim(store)
    assert told(stopped) == [(4, ""), (3, "")]
    assert (await end(store, stopped, state=State.WITH_HUMAN)).lane_due
    assert told(await claim(store)) == [(6, "C1")]


async def test_a_correction_comes_with_its_words(database: Database) -> None:
    """Even if it was made after the press: nobody needs to read what was wrong."""
    store = database.open()
    await shown(store, 1, "99.1")
    await at_desk(store, ANSWER, PRESS, under("99.1", 5, Kind.EDIT, revision="e1"))
    assert told(await claim(store)) == [(5, "C1"), (5, "C1")]


async def test_words_after_a_press_are_no_part_of_those_before(database: Database) -> None:
    """Two posts of one person are two turns if they pressed in between, however often."""
    store = database.open()
    await shown(store, 1, "99.1")
    await at_desk(store, ANSWER, PRESS, under("99.1", 7), under("99.1", 8, Kind.CLAIM))
    for expected in (5, 6, 7, 8):
        claimed = await claim(store)
        assert told(claimed) == [(expected, "C1")]
        await end(store, claimed, state=State.WITH_HUMAN)


async def test_very_many_presses_hide_no_words(database: Database) -> None:
    """More of them wait than a claim looks at."""
    store = database.open()
    await shown(store, 1, "99.1")
    presses = [under("99.1", n, Kind.CLAIM, by=f"p{n}") for n in range(10, 70)]
    await happened(store, ANSWER)
    await at_desk(store, *presses)
    assert told(await claim(store)) == [(5, "C1")]
