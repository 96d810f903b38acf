"""The contract of Care: a person is forgotten, and nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.cases import CaseState
from agent.errors import LeaseLost
from agent.journal import Line, read
from agent.messages import Kind
from agent.records import Accepted, ApprovalState, Arrival, Feedback
from storage import Forgotten, Store
from tests.storage.conversations import (
    a_case,
    an_approval,
    answer,
    converse,
    deliver,
    done,
    escalated,
    left,
    line,
    spoken,
    texts,
)
from tests.storage.databases import LANE, Database, accept, claim, claim_new, end, place, said


async def forget(
    database: Database, store: Store, who: str = "ada", patience: float = 10.0
) -> Forgotten:
    return await done(database, store.care.forget("slack", who, patience=patience))


async def test_a_forgotten_person_is_not_known_any_more(database: Database) -> None:
    """Words, answers and name are gone, from every conversation that was only theirs."""
    store = database.open()
    await converse(store, 1)
    await converse(store, 2, channel="D2")
    await converse(store, 3, by="bob", channel="D3")
    forgotten = await forget(database, store)
    assert forgotten == Forgotten(2)
    assert (await left(store), await left(store, "D2")) == ([], [])
    assert "said" in await left(store, "D3")
    assert await store.records.latest_lane("slack", "ada", "") is None
    assert await store.turns.accept(Arrival(said(1))) is Accepted.DUPLICATE
    assert await forget(database, store) == Forgotten(0)


async def test_a_post_that_was_a_control_stays_known(database: Database) -> None:
    """A platform may bring 'stop' once more after it was forgotten: it is a duplicate."""
    store = database.open()
    stop = replace(said(1, Kind.STOP), text="stop")
    await end(store, await claim_new(store, stop))
    await forget(database, store)
    assert await store.turns.accept(Arrival(stop)) is Accepted.DUPLICATE


async def test_a_stranger_is_forgotten_easily(database: Database) -> None:
    """Nothing is there, and nothing happens; people of other platforms are other people."""
    store = database.open()
    await converse(store, 1)
    assert await forget(database, store, "nobody") == Forgotten(0)
    teams = done(database, store.care.forget("teams", "ada", patience=1))
    assert await teams == Forgotten(0)
    assert "said" in await left(store)


async def test_others_keep_their_words(database: Database) -> None:
    """In a thread of two, the turns of one go, with the summary of both; the others stay."""
    store = database.open()
    await converse(store, 1, text="Ada asks")
    second = await claim_new(store, said(2, by="bob", text="Bob asks"))
    summary = line(Line.SUMMARY, second, text="Ada and Bob ask", upto=0)
    await deliver(store, await answer(store, second, journal=(*spoken(second), summary)))
    await converse(store, 3, text="Ada asks again")
    await forget(database, store)
    timeline = str(await store.records.timeline(LANE))
    assert "Ada" not in timeline
    assert await texts(store) == ["Bob asks", "Answer"]


async def test_what_a_thread_held_before_is_forgotten_too(database: Database) -> None:
    """The bot was called into a thread by Bob, in which Ada had written before."""
    store = database.open()
    await converse(store, 1, channel="D1")
    claimed = await claim_new(store, said(2, by="bob", channel="C1"), lane=str(place("C1")))
    earlier = line(Line.EARLIER, claimed, messages=[{"from": "Ada", "text": "psst"}])
    summary = line(Line.SUMMARY, claimed, text="somebody said psst", upto=0)
    await end(store, claimed, journal=(earlier, *spoken(claimed), summary))
    await forget(database, store)
    assert "psst" not in str(await store.records.timeline(str(place("C1"))))
    assert "message 2" in str(await store.records.timeline(str(place("C1"))))


async def test_a_rating_of_others_answers_goes_alone(database: Database) -> None:
    """Ada pressed a button under an answer to Bob: that she did so goes, Bob's thread stays."""
    store = database.open()
    await converse(store, 1, by="bob")
    press = said(2, Kind.FEEDBACK, by="ada", about="t1.1")
    claimed = await claim_new(store, press)
    rated = line(Line.RATED, claimed, message="t1.1", author="ada", verdict="up")
    await end(store, claimed, journal=(rated,), feedback=(Feedback("t1.1", "ada", "up"),))
    await forget(database, store)
    assert "ada" not in str(await store.records.timeline(LANE))
    assert await texts(store) == ["message 1", "Answer"]


async def test_a_busy_conversation_is_waited_for(database: Database) -> None:
    """A turn is running: nothing is taken from under it, and it is all gone when it has ended."""
    store = database.open()
    await converse(store, 1)
    claimed = await claim_new(store, said(2))
    forgetting = asyncio.ensure_future(store.care.forget("slack", "ada", patience=60))
    await database.clock.advance(3)
    assert "said" in await left(store)
    await deliver(store, await answer(store, claimed))
    assert await done(database, forgetting) == Forgotten(1)
    assert await left(store) == []


async def test_what_waits_is_worked_off_first(database: Database) -> None:
    """A question that was accepted is still answered, if somebody answers in time."""
    store = database.open()
    await accept(store, said(1))
    assert (await forget(database, store, patience=3)).busy == (LANE,)
    await deliver(store, await answer(store, await claim(store)))
    assert await forget(database, store) == Forgotten(1)


async def test_what_is_on_its_way_arrives_first(database: Database) -> None:
    """An answer that is not delivered yet is not taken back."""
    store = database.open()
    committed = await answer(store, await claim_new(store, said(1)))
    assert (await forget(database, store, patience=3)).busy == (LANE,)
    await deliver(store, committed)
    assert await forget(database, store) == Forgotten(1)


async def test_another_person_s_turn_protects_the_lane(database: Database) -> None:
    """Bob's turn has read Ada's words: it must end before they go, and cannot end afterwards."""
    store = database.open()
    await converse(store, 1)
    bobs = await claim_new(store, said(2, by="bob"))
    assert (await forget(database, store, patience=3)).busy == (LANE,)
    await database.clock.advance(31)
    assert await forget(database, store) == Forgotten(1)
    with pytest.raises(LeaseLost):
        await answer(store, bobs)
    again = await claim(store)
    assert read(again.history).said == ()


async def test_an_open_case_is_left_to_the_people(database: Database) -> None:
    """What was said goes; that there is a case stays until they end it, and the answer names it."""
    store = database.open()
    claimed = await escalated(store, 1)
    await converse(store, 2, channel="D2")
    forgotten = await forget(database, store)
    assert forgotten == Forgotten(2, open_cases=(f"C{claimed.turn_id}",))
    assert await left(store) == []
    again = await claim_new(store, said(3))
    assert again.case is not None
    await end(store, again, cases=(replace(again.case, state=CaseState.RESOLVED),))
    assert await forget(database, store) == Forgotten(1)
    assert await left(store) == []


async def test_a_case_of_others_is_left_as_it_is(database: Database) -> None:
    """People work on what Bob asked, in a thread in which Ada wrote: all of it is needed."""
    store = database.open()
    await converse(store, 1)
    bobs = await claim_new(store, said(2, by="bob"))
    case = replace(a_case(bobs), employee_id="bob")
    await end(store, bobs, cases=(case,), journal=spoken(bobs))
    assert await forget(database, store) == Forgotten(0, open_cases=(case.id,))
    assert await texts(store) == ["message 1", "Answer", "message 2", "Answer"]


async def test_an_open_approval_is_busy(database: Database) -> None:
    """A call waits for a yes: its conversation is left until it is decided or expires."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    asked = an_approval(claimed, ApprovalState.OPEN)
    await end(store, claimed, approvals=(asked,), journal=spoken(claimed))
    assert (await forget(database, store, patience=2)).busy == (LANE,)
    again = await claim_new(store, said(2))
    await end(store, again, approvals=(replace(asked, state=ApprovalState.EXPIRED),))
    assert await forget(database, store) == Forgotten(1)


async def test_what_others_work_on_goes_on(database: Database) -> None:
    """Bob's question waits in the thread that Ada is forgotten in; it is answered afterwards."""
    store = database.open()
    await converse(store, 1)
    await accept(store, said(2, by="bob"))
    assert await forget(database, store) == Forgotten(1)
    claimed = await claim(store)
    assert claimed.rows[0].message == said(2, by="bob")
    await deliver(store, await answer(store, claimed))
