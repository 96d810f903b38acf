"""What stands in the database file after a turn, as an admin with a SQL shell would see it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.messages import Kind
from agent.models import Usage
from agent.records import (
    Approval,
    ApprovalState,
    DeliveryState,
    Feedback,
    Settlement,
    Spend,
    Step,
    StepKind,
    StepState,
)
from agent.state import State
from storage import Store
from tests.storage.databases import (
    LANE,
    Database,
    accept,
    claim,
    claim_new,
    end,
    entry,
    reply,
    said,
    sqlite,
)
from tests.storage.desk import at_desk, happened, routed, shown, told, under


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path) as database:
        yield database


def query(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "frontdesk.db")) as connection:
        return connection.execute(statement).fetchall()


def damage(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "frontdesk.db")) as connection:
        assert connection.execute(statement).rowcount == 1
        connection.commit()


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


async def test_a_call_has_one_name(database: Database, tmp_path: Path) -> None:
    """The step of a call and the approval of it carry the id that tools are given."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    model = Step("t1", 1, StepKind.MODEL, StepState.DONE, 1.0)
    call = Step("t1", 2, StepKind.CALL, StepState.STARTED, 1.0)
    await store.turns.step(claimed.lease, [model, call])
    open_one = ApprovalState.OPEN
    asked = Approval("t1:3", "t1", "reset_vpn", "{}", ("ada",), open_one, 1.0, 2.0, "m1")
    await end(store, claimed, approvals=(asked,))
    assert query(tmp_path, "SELECT n, call_id FROM steps") == [(1, ""), (2, "t1:2")]
    found = query(tmp_path, "SELECT id, call_id, lane, approvers, decided_by FROM approvals")
    assert found == [("t1:3", "t1:3", LANE, '["ada"]', "")]


async def test_a_setting_knows_who_set_it(database: Database, tmp_path: Path) -> None:
    """Whoever asks why the assistant behaves so finds a name and a time."""
    store = database.open()
    await store.settings.write("", "models", "echo", by="slack:ada")
    await database.clock.advance(10)
    await store.settings.write("", "models", "openai:x", by="slack:bob")
    assert query(tmp_path, "SELECT * FROM settings") == [
        ("", "models", "openai:x", "slack:bob", database.clock.now())
    ]


@pytest.mark.parametrize("payload", ["", "not JSON", '{"about": 1}', '{"kind": "message"}'])
async def test_a_damaged_row_costs_only_itself(
    database: Database, tmp_path: Path, payload: str
) -> None:
    """What cannot be read is put aside and journalled; what was to be worked off with it is, and
    is not blamed.
    """
    store = database.open()
    await accept(store, said(1), said(2), said(3, Kind.STOP))
    damage(tmp_path, f"UPDATE inbox SET payload = '{payload}' WHERE id = 2")  # noqa: S608 above
    claimed = await claim(store)
    assert [(row.id, row.attempts) for row in claimed.rows] == [(3, 1), (1, 1)]
    (line,) = await store.records.timeline(LANE)
    told = {"code": "Unreadable", "message": "t2.1"}
    assert (line.kind, line.turn_id, line.data) == ("failed", "t2", told)
    assert query(tmp_path, "SELECT state, payload FROM inbox WHERE id = 2") == [("done", "")]


async def test_a_lane_with_a_damaged_approval_is_not_worked_on(
    database: Database, tmp_path: Path
) -> None:
    """Nobody knows what was asked, so nothing is done; other lanes go on."""
    store = database.open()
    claimed = await claim_new(store, said(1))
    open_one = ApprovalState.OPEN
    asked = Approval("t1:3", "t1", "reset_vpn", "{}", ("ada",), open_one, 1.0, 2.0, "m1")
    await end(store, claimed, approvals=(asked,))
    damage(tmp_path, "UPDATE approvals SET approvers = 'not JSON'")
    await accept(store, said(2), said(3))
    assert await store.turns.claim(LANE) is None
    told = [(line.kind, line.turn_id) for line in await store.records.timeline(LANE)]
    assert told == [("failed", "t2"), ("failed", "t3")]


@pytest.mark.parametrize("payload", ["", "{}", "not JSON"])
async def test_a_damaged_message_tells_its_lane(
    database: Database, tmp_path: Path, payload: str
) -> None:
    """What cannot be sent because it cannot be read is as dead as what no platform takes: its lane
    is told, without the words, and the line goes on.
    """
    store = database.open()
    first = await end(store, await claim_new(store, said(1)), reply("m1"), reply("m2"), reply("m3"))
    damage(tmp_path, f"UPDATE outbox SET payload = '{payload}' WHERE id = 2")  # noqa: S608 above
    committed = await store.turns.settle(first.deliveries[0], Settlement(DeliveryState.SENT))
    assert [delivery.message.id for delivery in committed.deliveries] == ["m3"]
    told = await claim(store)
    assert (told.rows[0].message.kind, told.rows[0].message.about) == (Kind.UNDELIVERABLE, "m2")
    assert (told.rows[0].message.detail, told.undelivered) == ("Unreadable", None)
    line = (await store.records.timeline(LANE))[-1]
    assert (line.kind, line.data) == ("undelivered", {"message": "m2", "reason": "Unreadable"})


async def test_commits_survive_power_loss(database: Database, tmp_path: Path) -> None:
    """Every connection of the store waits for the disk, and readers do not wait for the writer."""
    await database.open().ready()
    assert query(tmp_path, "PRAGMA journal_mode") == [("wal",)]


async def opens(database: Database) -> Store:
    """A store in which Ada has a case with a card, and has written once more."""
    store = database.open()
    await shown(store, 1, "99.1")
    await accept(store, said(2))
    return store


@pytest.mark.parametrize("column", ["card", "copies"])
async def test_a_damaged_card_costs_only_itself(
    database: Database, tmp_path: Path, column: str
) -> None:
    """The case is there without what cannot be read, and people go on with it."""
    store = await opens(database)
    damage(tmp_path, f"UPDATE cases SET {column} = 'not JSON'")  # noqa: S608 above
    claimed = await claim(store)
    assert claimed.case is not None
    assert (claimed.case.id, claimed.case.copies) == ("C1", ())
    assert (claimed.case.card is None) == (column == "card")
    assert await store.records.open_cases() == [claimed.case]
    assert len(await store.records.recent("slack", 9)) == 2
    assert (await at_desk(store, under("99.1", 5))).lanes == (LANE,)


async def test_a_damaged_case_does_not_stop_its_lane(database: Database, tmp_path: Path) -> None:
    """Nobody knows why it was opened; whoever writes is answered all the same, and other cases are
    listed.
    """
    store = await opens(database)
    await shown(store, 3, "99.3", channel="D3")
    damage(tmp_path, "UPDATE cases SET cause = 'nonsense' WHERE id = 'C1'")
    await at_desk(store, under("99.1", 5))
    claimed = await claim(store)
    assert (claimed.case, claimed.rows[0].message) == (None, said(2))
    await end(store, claimed)
    assert (await claim(store)).case is None
    assert [one.id for one in await store.records.open_cases()] == ["C3"]
    assert await store.records.case("C1") is None
    assert [one.cause for one in await store.records.case_times()] == ["person_asked"]


@pytest.mark.parametrize("payload", ["", "not JSON", '{"about": {"x": 1}, "direct": "x"}'])
async def test_a_damaged_row_at_the_desk_costs_only_itself(
    database: Database, tmp_path: Path, payload: str
) -> None:
    """It goes where its thread belongs, and is put aside there."""
    store = await opens(database)
    await happened(store, under("99.1", 5), under("99.1", 6))
    damage(tmp_path, f"UPDATE inbox SET payload = '{payload}' WHERE id = 3")  # noqa: S608 above
    await routed(store, under("99.1", 5))
    await end(store, await claim(store), state=State.WITH_HUMAN)
    assert told(await claim(store)) == [(6, "C1")]
    kinds = [line.kind for line in await store.records.timeline(LANE)]
    assert kinds == ["delivered", "failed"]


async def test_nothing_is_left_of_what_was_not_for_the_bot(
    database: Database, tmp_path: Path
) -> None:
    """Colleagues talk in a thread of the channel: neither words nor names are kept."""
    store = await opens(database)
    await at_desk(store, under("98.9", 5, text="psst"))
    assert query(tmp_path, "SELECT message_id FROM inbox WHERE author != 'ada'") == []
