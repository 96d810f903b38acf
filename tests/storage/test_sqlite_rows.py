"""What stands in the database file after a turn, as an admin with a SQL shell would see it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.messages import Kind
from agent.models import Usage
from agent.records import Feedback, Spend
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim_new,
    end,
    entry,
    reply,
    said,
    sqlite,
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


def query(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "frontdesk.db")) as connection:
        return connection.execute(statement).fetchall()


async def test_a_turn_ends_what_was_said(database: Database, tmp_path: Path) -> None:
    """The commit that ends a turn empties its rows, and no others."""
    store = database.open()
    claimed = await claim_new(store, said(1, text="a secret"), said(2, text="another secret"))
    await accept(store, said(3))
    await end(store, claimed)
    rows = query(tmp_path, "SELECT state, payload != '' FROM inbox ORDER BY id")
    assert rows == [("done", 0), ("done", 0), ("waiting", 1)]
    assert "secret" not in str(query(tmp_path, "SELECT * FROM inbox"))


async def test_a_lane_counts_its_turns(database: Database, tmp_path: Path) -> None:
    """Each commit makes a new version, each claim a new epoch, and nobody has it at rest."""
    store = database.open()
    for n in (1, 2):
        await end(store, await claim_new(store, said(n)))
    found = query(tmp_path, "SELECT lane, version, epoch, lease_owner, ready_at FROM lanes")
    assert found == [(LANE, 2, 2, None, None)]


async def test_usage_and_verdicts_are_kept(database: Database, tmp_path: Path) -> None:
    """What a turn spent belongs to it; a verdict that is given again replaces the first."""
    store = database.open()
    for verdict in ("up", "down"):
        await end(
            store,
            await claim_new(store, said(1, Kind.FEEDBACK, again=verdict)),
            journal=(entry("rated", "t7"),),
            feedback=(Feedback("m1", "ada", verdict),),
            spend=(Spend("openai:x", Usage(10, 5, 1, 7, 3), estimated=True),),
        )
    assert query(tmp_path, "SELECT message_id, author, verdict, lane FROM feedback") == [
        ("m1", "ada", "down", LANE)
    ]
    spent = (LANE, "t7", "openai:x", 10, 5, 1, 7, 3, 1)
    wanted = (
        "SELECT lane, turn_id, model, input_total, cache_read, cache_write, output, reasoning, "
        "estimated FROM spend"
    )
    assert query(tmp_path, wanted) == [spent, spent]


async def test_a_delivery_knows_its_turn(database: Database, tmp_path: Path) -> None:
    """An outbox row says which lane and turn it comes from, and where it stands."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    await end(store, claimed, reply("m1"), reply("m2"), journal=(entry("said", claimed.turn_id),))
    rows = query(tmp_path, "SELECT message_id, lane, turn_id, state, next_at IS NULL FROM outbox")
    assert rows == [("m1", LANE, "t1", "sending", 0), ("m2", LANE, "t1", "pending", 1)]


async def test_commits_survive_power_loss(database: Database, tmp_path: Path) -> None:
    """Every connection of the store waits for the disk, and readers do not wait for the writer."""
    await database.open().ready()
    assert query(tmp_path, "PRAGMA journal_mode") == [("wal",)]
