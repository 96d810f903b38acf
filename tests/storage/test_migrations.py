"""From every version of the schema that there ever was to this one, and nothing is lost.

A migration needs its text in `fixtures/`: `python -m tests.storage.dumps` writes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.cases import CaseState, Copy
from agent.desk.waiting import timer
from agent.errors import SchemaTooNew
from agent.messages import Kind
from agent.records import DESK, Accepted, Arrival, DeliveryState, Settlement, StepState
from agent.state import State
from storage import migrate, pending
from tests.storage.databases import Database, claim, claim_new, end, place, reply, said, sqlite
from tests.storage.desk import at_desk, told, under
from tests.storage.dumps import FIXTURES, VERSIONS, load, path_of, rows, schema, tables, written
from tests.storage.processes import answers, start

SENT = Settlement(DeliveryState.SENT, ref="99.9")
BEFORE_STEPS = {"0001_first_tables"}
BEFORE_PLATFORMS = {*BEFORE_STEPS, "0002_cards_and_approvals"}
BEFORE_THE_DESK = {*BEFORE_PLATFORMS, "0003_another_platform"}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def old(version: str, tmp_path: Path) -> Path:
    """A database file of that version."""
    load(path_of(version).read_text("utf-8"), tmp_path / "frontdesk.db")
    return tmp_path / "frontdesk.db"


@pytest.fixture
async def database(old: Path) -> AsyncIterator[Database]:
    async with sqlite(old.parent) as database:
        yield database


def contents(path: Path) -> dict[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: rows(connection, table) for table in tables(connection)}


def shape(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return schema(connection)


def test_every_version_has_its_text() -> None:
    """Whoever adds a migration adds what a database looks like that has it."""
    texts = [path.name for path in sorted(FIXTURES.glob("*.sql"))]
    assert texts == [path_of(name).name for name in VERSIONS]


async def test_the_next_text_can_be_written(tmp_path: Path) -> None:
    """What `python -m tests.storage.dumps` writes is a database of this version, and a new table is
    not forgotten in it.
    """
    load(await written(), tmp_path / "x.db")
    assert pending(f"sqlite:///{tmp_path}/x.db") == []
    assert [table for table, found in contents(tmp_path / "x.db").items() if not found] == []


def test_a_text_is_of_its_version(version: str, old: Path) -> None:
    """It knows which migrations it has, and no later ones."""
    assert pending(f"sqlite:///{old}") == VERSIONS[VERSIONS.index(version) + 1 :]


def test_no_row_is_lost(version: str, old: Path) -> None:
    """Every value of every row is there after the migration, and the copy holds what was before."""
    before = contents(old)
    applied = migrate(f"sqlite:///{old}")
    after = contents(old)
    after["inbox"] = [row for row in after["inbox"] if row["kind"] != Kind.LOOK]
    kept = {
        table: [{name: row[name] for name in was[0]} for row in after[table]] if was else []
        for table, was in before.items()
    }
    del before["_sqlite_migrations"], kept["_sqlite_migrations"]
    assert kept == before
    assert [str(row["name"]) for row in after["_sqlite_migrations"]] == VERSIONS
    for name in applied[:1]:
        copy = contents(old.with_name(f"{old.name}.before-{name}"))
        del copy["_sqlite_migrations"]
        assert copy == before


def test_an_old_database_becomes_like_a_new_one(old: Path) -> None:
    """Whatever it was, it ends with the same tables and indexes as one that is made today."""
    migrate(f"sqlite:///{old}")
    new = old.with_name("new.db")
    migrate(f"sqlite:///{new}")
    assert shape(old) == shape(new)


async def test_work_goes_on_after_a_migration(database: Database) -> None:
    """What waited is claimed and answered, once, and what was not sent is sent."""
    store = database.open(exclusive=True)
    assert await store.turns.accept(Arrival(said(4))) is Accepted.DUPLICATE
    question = await claim(store)
    assert question.rows[0].message == said(4, text="And on my phone? ü 🙂")
    assert [line.kind for line in question.history] == ["said", "answered", "delivered", "rated"]
    (answer,) = (await end(store, question, reply("m9"))).deliveries
    assert answer.message == reply("m9")
    lanes = (await store.turns.due()).lanes
    assert {str(place(channel)) for channel in ("D2", "D3", "D6")} <= set(lanes)
    for lane in lanes:
        if lane.startswith(f"{DESK}:"):
            await store.turns.route(lane, 0.0)
        while claimed := await store.turns.claim(lane):
            await end(store, claimed)
    assert (await store.turns.due()).lanes == ()
    counts = await store.records.counts()
    assert (counts["rows_waiting"], counts["outbox_dead"]) == (1, 1)  # the reminder, and the answer


async def test_a_case_of_before_is_open(version: str, database: Database) -> None:
    """People go on with it; without a channel of its own it is in the configured one."""
    store = database.open(exclusive=True)
    found = (await claim(store, str(place("D2")))).case
    assert found is not None
    assert (found.state, found.employee_id, found.card_id) == (CaseState.WAITING, "ada", "card")
    assert found.card is not None
    assert found.channel == ("" if version in BEFORE_STEPS else str(place("C9")))


async def test_time_goes_on_for_a_case_of_before(version: str, database: Database) -> None:
    """An open case of a version that knew no timers gets its first one, which is due at once."""
    store = database.open(exclusive=True)
    case = await store.records.case("c1")
    assert case is not None
    (row, *_) = (await claim(store, case.lane)).rows
    assert (row.message == timer(case)) == (version in BEFORE_THE_DESK)
    again = await store.turns.accept(Arrival(timer(case)))
    assert (again is Accepted.DUPLICATE) == (version in BEFORE_THE_DESK)


async def test_people_find_their_case(version: str, database: Database) -> None:
    """What is written under a card of before comes to its case, and whoever has a case has it."""
    store = database.open(exclusive=True)
    assert (await at_desk(store, under("99.2", 50))).lanes == (str(place("D2")),)
    taken = await store.turns.claim(str(place("D8")))
    assert (taken is None) == (version in BEFORE_THE_DESK)
    if taken is None:
        return
    assert (told(taken), taken.case) == ([(2, "C8")], await store.records.case("C8"))
    assert taken.case is not None
    assert (taken.case.owner_name, taken.case.looks) == ("Bob", 1)
    assert taken.case.copies == (Copy("copy", str(place("C7"))),)
    press = under("1700", 51, Kind.CLAIM, channel="C9", platform="teams", about="C9.card")
    assert (await at_desk(store, press)).lanes == (str(place("D9")),)
    doubt = await claim(store, str(place("D9")))  # its card may not have arrived
    assert doubt.rows[0].message.kind is Kind.UNDELIVERABLE
    await end(store, doubt, state=State.ESCALATED)
    for post in (3, 51):
        taken = await claim(store, str(place("D9")))
        assert told(taken) == [(post, "C9")]
        await end(store, taken, state=State.WITH_HUMAN)


async def test_a_dead_message_of_before_comes_back(database: Database) -> None:
    """What could not be delivered is still known when its turn comes."""
    told = await claim(database.open(exclusive=True), str(place("D3")))
    assert told.rows[0].message.kind is Kind.UNDELIVERABLE
    assert told.undelivered is not None
    assert told.undelivered.id == "m3"


async def test_a_turn_that_was_cut_off_is_tried_again(version: str, database: Database) -> None:
    """With the steps that it had made, from the version on that knows them."""
    cut_off = await claim(database.open(exclusive=True), str(place("D6")))
    assert [row.attempts for row in cut_off.rows] == [2, 2]
    states = [StepState.DONE, StepState.STARTED]
    assert [one.state for one in cut_off.steps] == ([] if version in BEFORE_STEPS else states)


async def test_what_was_asked_and_set_is_kept(version: str, database: Database) -> None:
    """Approvals wait on, settings hold, documents are found."""
    store = database.open(exclusive=True)
    assert len(await store.knowledge.search("install the VPN client", 5)) == 1
    if version not in BEFORE_STEPS:
        assert dict(await store.settings.read()) == {("", "models"): "echo"}
        pressed = await claim(store, str(place("D4")))
        assert pressed.state is State.AWAITING_APPROVAL
        assert pressed.approval is not None
        assert pressed.approval.message_id == pressed.rows[0].message.about
        assert [one.turn_id for one in pressed.steps] == [pressed.approval.turn_id]


async def test_a_message_of_before_is_sent(database: Database) -> None:
    """One that was on its way is doubtful; those in line follow."""
    store = database.open(exclusive=True)
    first, second = sorted((await store.turns.due()).deliveries, key=lambda one: one.message.id)
    assert [(one.message.id, one.doubtful) for one in (first, second)] == [
        ("m5", False),
        ("m7", True),
    ]
    (following,) = (await store.turns.settle(first, SENT)).deliveries
    assert following.message.id == "m6"


async def test_another_platform_goes_on(version: str, database: Database) -> None:
    """How a channel is reached is known, and what may not have arrived there, from the version on
    that writes it down.
    """
    store = database.open(exclusive=True)
    knows = version not in BEFORE_PLATFORMS
    assert (await store.references.latest("teams") != "") == knows
    asked = said(2, channel="D7", platform="teams")
    lost = (await claim_new(store, asked, lane=str(place("D7", "teams")))).unconfirmed
    assert [(one.message.id, one.mentioned) for one in lost] == [("m8", False)] * knows


def test_a_database_of_tomorrow_is_refused(database: Database, old: Path) -> None:
    """A program that does not know all of a database leaves it alone."""
    with closing(sqlite3.connect(old)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('frontdesk', '9999_next')"
        )
        connection.commit()
    before = contents(old)
    with pytest.raises(SchemaTooNew, match="newer version"):
        database.open(exclusive=True)
    with pytest.raises(SchemaTooNew):
        pending(database.url)
    assert contents(old) == before


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("version", VERSIONS[:1])
def test_four_start_at_once(database: Database, old: Path, version: str, attempt: int) -> None:
    """On an old file one worker gets it, the other is told in a sentence, and tools do not mind."""
    jobs = ("work", "migrate", "work", "migrate")
    told = answers([start(job, database.url) for job in jobs])
    workers, tools = sorted(told[::2]), told[1::2]
    assert workers[0].startswith("another process works on this database")
    assert workers[1] == "has it"
    assert all(set(names.split()) <= set(VERSIONS) for names in tools)
    assert pending(database.url) == []
    assert len(list(old.parent.glob("*.before-*"))) == 1
