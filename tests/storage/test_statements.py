"""What a turn costs does not grow with what is stored: every hot statement uses an index."""

from __future__ import annotations

import ast
import inspect
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from storage import migrate
from storage.sqlite import codec, lanes, outbox, statements, turns

HOT = {
    name: value
    for name, value in vars(statements).items()
    if name.isupper() and not name.startswith("_")
}
# A full-text index is asked through a virtual table; M is its MATCH. Its ranks are sorted.
FINE = re.compile(r"SCAN (CONSTANT ROW|knowledge_fts VIRTUAL TABLE INDEX \d+:.*M)")
SORTED = {"RANK_PASSAGES"}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    migrate(f"sqlite:///{tmp_path}/x.db")
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        yield connection


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    named = dict.fromkeys(re.findall(r":([a-z_]+)", statement))
    parameters = named or (None,) * statement.count("?")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [row[3] for row in rows]


def offences(steps: list[str], *, may_sort: bool) -> list[str]:
    scans = [step for step in steps if step.startswith("SCAN") and not FINE.match(step)]
    sorts = [step for step in steps if "TEMP B-TREE" in step and not may_sort]
    return scans + sorts


@pytest.mark.parametrize("name", sorted(HOT))
def test_no_hot_statement_scans(connection: sqlite3.Connection, name: str) -> None:
    """Each statement finds its rows through an index and in their order."""
    steps = plan(connection, HOT[name])
    assert not offences(steps, may_sort=name in SORTED), steps


def test_a_scan_would_be_noticed(connection: sqlite3.Connection) -> None:
    """The check knows a scan when it sees one."""
    for statement in ("SELECT * FROM inbox", "SELECT id FROM inbox ORDER BY accepted_at"):
        assert offences(plan(connection, statement), may_sort=False)


@pytest.mark.parametrize("module", [codec, lanes, outbox, turns])
def test_hot_statements_are_here(module: ModuleType) -> None:
    """What turns are made of holds no statement of its own, which this test would not see."""
    texts = (
        node.value.lstrip()
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert not [text for text in texts if text.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]
