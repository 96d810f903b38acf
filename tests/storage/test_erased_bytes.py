"""What is erased is in no file of the database any more, not even in a corner of a page."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cases import CaseCard, CaseState
from agent.journal import Line
from agent.messages import Kind
from agent.models import Usage
from agent.records import ApprovalState, Committed, Feedback, Spend
from agent.state import State
from storage import Forgotten, Store
from storage.sqlite import tidying
from tests.storage.conversations import (
    CARD,
    a_case,
    a_step,
    an_approval,
    converse,
    deliver,
    done,
    line,
    spoken,
)
from tests.storage.databases import (
    Database,
    accept,
    claim,
    claim_new,
    end,
    place,
    reply,
    said,
    sqlite,
)

DAY = 86_400.0
WHO = "U0ADABYRON"
NAME = "Augusta Ada"
WORDS = "the engine weaves patterns"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


def found(folder: Path, *words: str) -> dict[str, int]:
    """How often words stand in the files of a database, log and index included."""
    files = [one for one in folder.iterdir() if one.name.startswith("frontdesk.db")]
    content = b"".join(one.read_bytes() for one in files)
    return {word: count for word in words if (count := content.count(word.encode()))}


def card() -> CaseCard:
    return replace(CARD, employee_ref=f"slack:{WHO}", employee_name=NAME, transcript=(WORDS,))


async def live(store: Store) -> None:
    """Everything that a person leaves behind: a case, a rating, an approval, steps, usage."""
    lane = str(place("DADA"))
    message = said(1, by=WHO, channel="DADA", text=WORDS)
    claimed = await claim_new(store, message, lane=lane)
    await store.turns.step(claimed.lease, [replace(a_step(claimed), data={"question": WORDS})])
    told = line(Line.SAID, claimed, id=message.id, author=WHO, name=NAME, text=WORDS)
    case = replace(a_case(claimed), employee_id=WHO, card=card(), card_id="card")
    denied = replace(
        an_approval(claimed, ApprovalState.DENIED),
        arguments=f'{{"x":"{WORDS}"}}',
        approvers=(WHO,),
        decided_by=WHO,
    )
    outbox = (
        reply("t.1", channel="DADA"),
        replace(reply("card", channel="desk"), card=card()),
        replace(reply("t.3", channel="desk", under="card"), text=WORDS),
    )
    committed = await end(
        store,
        claimed,
        *outbox,
        state=State.ESCALATED,
        journal=(told, *spoken(claimed)[1:]),
        cases=(case,),
        approvals=(denied,),
        spend=(Spend("m", Usage(input_total=7)),),
    )
    await deliver(store, committed)
    await rate(store, lane)
    await deliver(store, await resolve(store, lane))


async def rate(store: Store, lane: str) -> None:
    """A press: Slack's id of it names who pressed."""
    press = replace(said(2, Kind.FEEDBACK, by=WHO, channel="DADA"), id=f"17.2.{WHO}.up")
    claimed = await claim_new(store, press, lane=lane)
    rated = line(Line.RATED, claimed, message="t.1", author=WHO, verdict="up", comment=WORDS)
    await end(
        store,
        claimed,
        state=State.ESCALATED,
        journal=(rated,),
        feedback=(Feedback("t.1", WHO, "up", WORDS),),
    )


async def resolve(store: Store, lane: str) -> Committed:
    """The people are done with the case."""
    await accept(store, said(3, by="linus", channel="DADA", kind=Kind.LEAVE_QUEUE))
    claimed = await claim(store, lane)
    assert claimed.case is not None
    closed = replace(claimed.case, state=CaseState.RESOLVED, owner=WHO)
    edit = replace(reply("card.2", channel="desk", replaces="card"), card=closed.card)
    return await end(store, claimed, edit, state=State.CLOSED, cases=(closed,))


async def crowd(store: Store) -> None:
    """Many others, who write before and after, so that pages fill, split and are filled again."""
    people = [f"U{n % 61:03d}" for n in range(600)]
    for n, who in enumerate(people, 1000):
        await accept(store, said(n, by=who, channel=f"D{who}"))


def spent(folder: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "frontdesk.db")) as connection:
        return connection.execute("SELECT lane, turn_id, input_total FROM spend").fetchall()


async def test_nothing_of_a_forgotten_person_is_in_the_files(
    database: Database, tmp_path: Path
) -> None:
    """Words, name and id: looked for in the raw bytes, while the database is open. What was spent
    is still counted.
    """
    store = database.open()
    await crowd(store)
    await live(store)
    await crowd(store)
    assert set(found(tmp_path, WHO, NAME, WORDS)) == {WHO, NAME, WORDS}
    forgotten = await done(database, store.care.forget("slack", WHO, patience=10))
    assert forgotten == Forgotten(1)
    assert found(tmp_path, WHO, NAME, WORDS) == {}
    assert spent(tmp_path) == [("", "", 7)]
    assert (await store.records.counts())["rows_waiting"] == 600


async def test_a_conversation_of_two(database: Database, tmp_path: Path) -> None:
    """In a shared thread the words of one are gone from the bytes; the other's turn goes on."""
    store = database.open()
    lane = str(place("C1"))
    message = said(1, by=WHO, channel="C1", text=WORDS)
    claimed = await claim_new(store, message, lane=lane)
    answer = replace(reply("a1", channel="C1"), text=f"You said: {WORDS}")
    await deliver(store, await end(store, claimed, answer, journal=spoken(claimed)))
    await converse(store, 2, by="bob", channel="C1", text="Bob asks")
    await done(database, store.care.forget("slack", WHO, patience=10))
    assert found(tmp_path, WHO, WORDS) == {}
    assert found(tmp_path, "Bob asks", "bob")
    await converse(store, 3, by="bob", channel="C1", text="Bob asks again")


async def test_a_large_database_is_only_written_anew_when_asked(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody would wait for it; so it is said that something may linger."""
    monkeypatch.setattr(tidying, "SMALL", 0)
    store = database.open()
    await live(store)
    assert (await done(database, store.care.forget("slack", WHO, patience=10))).lingers
    anew = store.care.forget("slack", WHO, patience=10, rewrite=True)
    assert not (await done(database, anew)).lingers
    assert found(tmp_path, WHO, NAME, WORDS) == {}


async def test_somebody_else_reads_all_the_time(database: Database, tmp_path: Path) -> None:
    """The log cannot be cut off under a reader: that is said, and the next time it is done."""
    store = database.open()
    await live(store)
    with closing(sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal").fetchone()
        assert (await done(database, store.care.forget("slack", WHO, patience=10))).lingers
    assert not (await done(database, store.care.forget("slack", WHO, patience=10))).lingers
    assert found(tmp_path, WHO, NAME, WORDS) == {}


async def test_a_database_that_cannot_be_written_anew(database: Database, tmp_path: Path) -> None:
    """Somebody else writes: it stays as it is."""
    database.open()
    path = tmp_path / "frontdesk.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert tidying.write_anew(path, any_size=False) is False
    assert tidying.write_anew(path, any_size=False) is True


async def test_what_is_too_old_is_not_in_the_files(database: Database, tmp_path: Path) -> None:
    """Retention overwrites what it erases."""
    store = database.open()
    await live(store)
    await database.clock.advance(91 * DAY)
    now = database.clock.now()
    await done(database, store.care.erase_old(now - 90 * DAY, now - 90 * DAY))
    assert found(tmp_path, WHO, NAME, WORDS) == {}
    assert spent(tmp_path) == [("", "", 7)]
