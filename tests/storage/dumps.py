"""Databases of every schema version there ever was, as SQL texts in `fixtures/`.

`python -m tests.storage.dumps` writes the one of the newest version. Run it when a migration is
added; a text whose version was ever released is never written again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlite_utils import Database as Tables

from agent.cases import Case, CaseCard, CaseState, Cause, Copy
from agent.messages import Kind
from agent.models import Passage, Usage
from agent.records import (
    Approval,
    ApprovalState,
    Arrival,
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
from storage.sqlite.files import connect, use_wal
from storage.sqlite.schema import MIGRATIONS
from tests.storage.databases import accept, claim, claim_new, end, entry, place, reply, said, sqlite
from tests.storage.desk import at_desk, happened, opened, post, shown, under
from tests.support.clock import START

FIXTURES = Path(__file__).with_name("fixtures")
VERSIONS = [one.name for one in MIGRATIONS.pending(Tables(memory=True))]
"""The names of all migrations, oldest first."""

LOST = place("D7", "teams")

# What SQLite keeps for itself and for the full-text index.
NOT_OURS = ("sqlite_", "knowledge_fts_")
ORDER = ("CREATE TABLE", "CREATE VIRTUAL", "CREATE INDEX", "CREATE UNIQUE", "CREATE TRIGGER")
MIGRATED = "UPDATE _sqlite_migrations SET applied_at = '2026-01-01 00:00:00+00:00'"


def path_of(version: str) -> Path:
    """The text of a version."""
    return FIXTURES / f"{version[:4]}.sql"


def load(text: str, path: Path) -> None:
    """Make the database of a text at `path`."""
    with closing(connect(path)) as connection:
        use_wal(connection)
        connection.executescript(f"BEGIN; {text} COMMIT;")


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Name and text of everything that was created, in an order in which it can be."""
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql != '' ORDER BY name")
    ours = [(name, sql) for name, sql in found if not name.startswith(NOT_OURS)]
    return sorted(
        ours, key=lambda one: next(n for n, w in enumerate(ORDER) if one[1].startswith(w))
    )


def tables(connection: sqlite3.Connection) -> list[str]:
    """The tables that hold rows of their own."""
    return [name for name, sql in schema(connection) if sql.startswith("CREATE TABLE")]


def rows(connection: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    """All rows of a table, in the order of its key."""
    found = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 our own names
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def _dumped(connection: sqlite3.Connection) -> Iterator[str]:
    for _, sql in schema(connection):
        yield f"{sql.strip()};"
    for table in tables(connection):
        for row in rows(connection, table):
            values = ", ".join(
                connection.execute("SELECT quote(?)", (value,)).fetchone()[0]
                for value in row.values()
            )
            yield f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values});"  # noqa: S608 ours


async def _live(store: Store) -> None:
    """Some days of a small company, cut off at an unlucky moment."""
    await store.knowledge.replace("vpn.md", "1", [Passage("", "VPN", "Install", "Get the client.")])
    await _answered(store)
    await _escalated(store)
    await _undelivered(store)
    await _asked(store)
    await _taken(store)
    await _said_in_teams(store)
    await _cut_off(store)


async def _answered(store: Store) -> None:
    """D1: an answer that arrived, a thumb, a reminder, and a new question."""
    asked = await claim_new(store, said(1, text="How do I install the VPN?"))
    lines = (entry("said", asked.turn_id, text="How do I install the VPN?"), entry("answered"))
    spent = (Spend("openai:x", Usage(10, 5, 1, 7, 3), estimated=True),)
    told = await end(store, asked, reply("m1"), journal=lines, spend=spent)
    await store.turns.settle(told.deliveries[0], Settlement(DeliveryState.SENT, ref="99.1"))
    rated = await claim_new(store, said(2, Kind.FEEDBACK, about="m1"))
    timer = Arrival(said(3, Kind.STOP, by=""), not_before=START + 10**6)
    thumb = (Feedback("m1", "ada", "up"),)
    await end(store, rated, journal=(entry("rated"),), feedback=thumb, timers=(timer,))
    await accept(store, said(4, text="And on my phone? ü 🙂"))


async def _escalated(store: Store) -> None:
    """D2: a case that waits for somebody, and another word of the employee."""
    asked = await claim_new(store, said(1, channel="D2"), lane=str(place("D2")))
    card = CaseCard("c1", CaseState.WAITING, "why", "slack:ada", "Ada", "a message", "It is stuck.")
    case = Case(
        "c1",
        str(place("D2")),
        Cause.PERSON_ASKED,
        CaseState.WAITING,
        "ada",
        START,
        card_id="card",
        card=card,
        channel=str(place("C9")),
    )
    posted = reply("card", "C9", card=card)
    told = await end(store, asked, posted, state=State.ESCALATED, cases=(case,))
    await store.turns.settle(told.deliveries[0], Settlement(DeliveryState.SENT, ref="99.2"))
    await accept(store, said(2, channel="D2"))


async def _undelivered(store: Store) -> None:
    """D3: an answer that can never arrive."""
    asked = await claim_new(store, said(1, channel="D3"), lane=str(place("D3")))
    told = await end(store, asked, reply("m3", "D3"), journal=(entry("answered"),))
    await store.turns.settle(
        told.deliveries[0], Settlement(DeliveryState.DEAD, reason="PlaceFatal")
    )


async def _asked(store: Store) -> None:
    """D4: a call that waits for a person's yes; and what an admin set."""
    asked = await claim_new(store, said(1, channel="D4"), lane=str(place("D4")))
    wanted = {"question": "Reset it", "requester": "ada", "calls": []}
    done = Step(asked.turn_id, 1, StepKind.MODEL, StepState.DONE, START, wanted)
    await store.turns.step(asked.lease, [done])
    approval = Approval(
        f"{asked.turn_id}:2",
        asked.turn_id,
        "reset_vpn",
        '{"name": "ada"}',
        ("ada",),
        ApprovalState.OPEN,
        START,
        START + 900,
        "m4",
    )
    question = reply("m4", "D4")
    told = await end(store, asked, question, state=State.AWAITING_APPROVAL, approvals=(approval,))
    await store.turns.settle(told.deliveries[0], Settlement(DeliveryState.SENT, ref="99.4"))
    await accept(store, said(2, Kind.APPROVE, channel="D4", about="m4"))
    await store.settings.write("", "models", "echo", by="slack:ada")


async def _taken(store: Store) -> None:
    """D8: a case that somebody has, with a card in two channels and a word that waits. D9: a case
    of which nobody knows whether people see it, and what somebody wrote in a thread that could be
    its card's.
    """
    case = await shown(store, 8, "99.8", channel="D8")
    await at_desk(store, under("99.8", 1, Kind.CLAIM))
    claimed = await claim(store, case.lane)
    copy = reply("copy", "C7", card=case.card)
    taken = replace(
        case,
        state=CaseState.CLAIMED,
        owner="slack:bob",
        owner_name="Bob",
        claimed_at=START,
        copies=(Copy("copy", str(place("C7"))),),
        looks=1,
    )
    told = await end(store, claimed, copy, state=State.WITH_HUMAN, cases=(taken,))
    await post(store, told, "99.9")
    await at_desk(store, under("99.9", 2, channel="C7", text="Have you tried again?"))
    await opened(store, 9, channel="D9", desk="C9", platform="teams")
    (card,) = (await store.turns.due()).deliveries
    await store.turns.settle(card, Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown"))
    await happened(store, under("1700", 3, channel="C9", platform="teams"))


async def _said_in_teams(store: Store) -> None:
    """D7: an answer that may not have arrived. D5: answers that were not sent yet."""
    await store.references.keep("teams", "D7", '{"at": "https://example.com"}', person="ada")
    asked = await claim_new(store, said(1, channel="D7", platform="teams"), lane=str(LOST))
    await end(store, asked, reply("m8", "D7", "teams", to="ada"), journal=(entry("answered"),))
    (lost,) = (await store.turns.due()).deliveries
    await store.turns.settle(lost, Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown"))
    where = place("D5", "teams")
    asked = await claim_new(store, said(1, channel="D5", platform="teams"), lane=str(where))
    await end(store, asked, reply("m5", "D5", "teams"), reply("m6", "D5", "teams"))


async def _cut_off(store: Store) -> None:
    """D6: an answer on its way and a turn under way, with a call that was begun."""
    asked = await claim_new(store, said(1, channel="D6"), lane=str(place("D6")))
    await end(store, asked, reply("m7", "D6"))
    await accept(store, said(2, channel="D6"), said(2, Kind.EDIT, channel="D6", again="e1"))
    running = await claim(store, str(place("D6")))
    begun = Step(running.turn_id, 1, StepKind.MODEL, StepState.DONE, START, {"calls": []})
    call = Step(running.turn_id, 2, StepKind.CALL, StepState.STARTED, START)
    await store.turns.step(running.lease, [begun, call])


async def written() -> str:
    """The text of a database of the newest version."""
    with tempfile.TemporaryDirectory() as folder:
        async with sqlite(Path(folder)) as database:
            await _live(database.open(exclusive=True))
        with closing(sqlite3.connect(Path(folder) / "frontdesk.db")) as connection:
            connection.execute(MIGRATED)  # so that writing it again changes nothing
            return "\n".join(_dumped(connection)) + "\n"


if __name__ == "__main__":
    path_of(VERSIONS[-1]).write_text(asyncio.run(written()), encoding="utf-8")
