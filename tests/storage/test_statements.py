"""What a turn costs does not grow with what is stored: every hot statement uses an index."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module

import pytest

import storage.sqlite
from storage import migrate
from storage.sqlite import desk_statements, lookups, statements

# Statements that may cost what they cost, each with its reason; every other one is hot.
COLD = {
    "READ_SETTINGS": "all of them are wanted, and there are as many as admins ever set",
}
# Statements that look at all cases, or all open ones, through an index; every other table is large.
CASES = re.compile(r"SCAN cases USING (COVERING INDEX cases_causes|INDEX cases_open)")
ALL_CASES = {
    "OPEN_CASES": "all of them are wanted, and there are as many as people have to do with",
    "DESK_THREADS": "the same, when a connection begins",
    "CASE_TIMES": "a count over all of them for metrics",
}
ALL = {**vars(statements), **vars(lookups), **vars(desk_statements)}
HOT = {
    name: value
    for name, value in ALL.items()
    if name.isupper() and isinstance(value, str) and name[0] != "_" and name not in COLD
}
# Indexes with every row that was ever written, where a turn must find what waits; and who may.
GROWS = re.compile(r"inbox_authors|outbox_trouble")
MAY_GROW = {"LATEST_LANE": "somebody types a command that needs it"}
# A full-text index is asked through a virtual table; M is its MATCH.
FINE = re.compile(r"SCAN (CONSTANT ROW|knowledge_fts VIRTUAL TABLE INDEX \d+:.*M)")
SORTED = {
    "RANK_PASSAGES": "the best of those that fit come first",
    "JOINED": "of the open cases of one incident, each of which costs its turn a row",
    "OPEN_CASES": "of all open cases, too",
    "OPEN_CASE": "of the open cases of one lane, of which there is one",
}
# Modules with statements of their own, and why no turn waits for them; all others have none.
APART = {
    "care": "commands about single messages",
    "erasing": "retention, beside the turns and a little at a time",
    "desk_statements": "the place for those of the desk",
    "examining": "a look at the file, when something is wrong with it",
    "forgetting": "a command, beside the turns and a little at a time",
    "lookups": "the place for those beside the turns",
    "knowledge": "a count that is remembered, and a list for those who load documents",
    "records": "the counts of status and metrics",
    "restoring": "a command while nothing runs",
    "schema": "the tables",
    "statements": "the place for them",
    "traces": "the reader's part of forgetting",
    "upkeep": "migrations and copies",
}

# A company's past, far more of it than of what is under way.
FILLED = """
INSERT INTO lanes (lane, ready_at, last_at)
    SELECT 'slack:T1:D' || value || ':', iif(value % 100, NULL, 5.0), 1.0
    FROM numbers WHERE value < 500;
INSERT INTO inbox (key, lane, class, kind, message_id, author, not_before, accepted_at, state,
        attempts, claim_epoch, payload)
    SELECT 'k' || value, 'slack:T1:D' || (value % 500) || ':',
        iif(value % 11, 'utterance', 'control'),
        iif(value % 11, iif(value % 7, 'message', 'edit'), 'stop'), 'm' || value,
        'U' || (value % 40), value, value, iif(value % 100, 'done', 'waiting'), 1, value % 9,
        iif(value % 100, '', '{}')
    FROM numbers WHERE value < 5000;
INSERT INTO journal (lane, turn_id, kind, at, data)
    SELECT 'slack:T1:D' || (value % 500) || ':', 't' || value, 'said', value, '{}'
    FROM numbers WHERE value < 5000;
INSERT INTO outbox (message_id, lane, turn_id, destination, under, replaces, payload, state,
        next_at, queued_at)
    SELECT 'm' || value, 'slack:T1:D' || (value % 500) || ':', 't' || value,
        'slack:T1:D' || (value % 500) || ':', '', '', '{}',
        CASE WHEN value % 200 = 0 THEN 'pending' WHEN value % 200 = 1 THEN 'sending'
            WHEN value % 200 = 2 THEN 'dead' WHEN value % 200 = 3 THEN 'unconfirmed'
            ELSE 'sent' END,
        iif(value % 200 < 2, value, NULL), value
    FROM numbers WHERE value < 3000;
UPDATE outbox SET ref = '99.' || id WHERE state = 'sent';
INSERT INTO conversation_references (platform, channel, person, reference, kept_at)
    SELECT 'teams', 'c' || value, iif(value % 2, '', 'U' || value), '{}', value
    FROM numbers WHERE value < 500;
INSERT INTO cases (id, lane, cause, state, employee_id, opened_at, owner, card_id, card, incident)
    SELECT 'c' || value, 'slack:T1:D' || value || ':', 'unsure',
        iif(value % 20, 'resolved', 'waiting'), 'U1', value, '', 'm' || value, 'null',
        iif(value % 3, '', 'c0')
    FROM numbers WHERE value < 200;
UPDATE outbox SET case_id = 'c' || substr(message_id, 2), destination = 'slack:T1:C9:'
    WHERE id < 200;
UPDATE inbox SET case_id = 'c1' WHERE id % 5 = 0;
INSERT INTO approvals (id, lane, turn_id, call_id, tool, arguments, approvers, state, asked_at,
        expires_at)
    SELECT 't' || value || ':2', 'slack:T1:D' || value || ':', 't' || value, 't' || value || ':2',
        'x', '{}', '[]', iif(value % 20, 'approved', 'open'), 1.0, 2.0
    FROM numbers WHERE value < 200;
INSERT INTO steps (turn_id, n, kind, state, at, data)
    SELECT 't' || (value / 4), value % 4, 'call', 'done', 1.0, '{}'
    FROM numbers WHERE value < 40;
INSERT INTO feedback (message_id, author, verdict, lane, at)
    SELECT 'm' || value, 'U1', 'up', 'slack:T1:D1:', 1.0 FROM numbers WHERE value < 200;
INSERT INTO settings (scope, name, value, changed_by, changed_at)
    SELECT 'C' || value, 'models', 'x', 'slack:U1', 1.0 FROM numbers WHERE value < 20;
INSERT INTO knowledge_documents (source, digest)
    SELECT 'd' || value, '1' FROM numbers WHERE value < 50;
INSERT INTO knowledge (source, title, section, text, link, owner, updated)
    SELECT 'd' || (value % 50), 'VPN', 'Install', 'Download it', '', '', ''
    FROM numbers WHERE value < 500;
"""
NUMBERS = """
CREATE TEMP TABLE numbers AS
    WITH RECURSIVE counted (value) AS (
        SELECT 0 UNION ALL SELECT value + 1 FROM counted WHERE value < 4999
    )
    SELECT value FROM counted;
"""


def filled(connection: sqlite3.Connection) -> None:
    """A database as after a year, whose statistics SQLite knows."""
    connection.executescript(NUMBERS + FILLED + "DROP TABLE numbers; ANALYZE;")


def empty(connection: sqlite3.Connection) -> None:
    """A database as on its first day."""


@pytest.fixture(params=[empty, filled], scope="module")
def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("statements") / "x.db"
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        request.param(connection)
        yield connection


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    named = dict.fromkeys(re.findall(r":([a-z_]+)", statement))
    parameters = named or (None,) * statement.count("?")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [row[3] for row in rows]


def offences(steps: list[str], *, may_sort: bool = False, may_grow: bool = False) -> list[str]:
    """Steps that look at every row; ANY is a scan in disguise, and so is an index for the nonce."""
    scans = [step for step in steps if step.startswith("SCAN") and not FINE.match(step)]
    hidden = [step for step in steps if "ANY(" in step or "AUTOMATIC" in step]
    sorts = [step for step in steps if "TEMP B-TREE" in step and not may_sort]
    growing = [step for step in steps if GROWS.search(step) and not may_grow]
    return scans + hidden + sorts + growing


@pytest.mark.parametrize("name", sorted(HOT))
def test_no_hot_statement_scans(connection: sqlite3.Connection, name: str) -> None:
    """Each statement finds its rows through an index and in their order."""
    steps = plan(connection, HOT[name])
    steps = [step for step in steps if name not in ALL_CASES or not CASES.match(step)]
    assert not offences(steps, may_sort=name in SORTED, may_grow=name in MAY_GROW), steps


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM inbox",
        "SELECT id FROM inbox ORDER BY accepted_at",
        "SELECT id FROM inbox WHERE kind = 'stop'",
        "SELECT id FROM inbox WHERE author = 'U1' AND class = 'utterance'",
        "SELECT * FROM settings",
        "SELECT id FROM cases WHERE lane = 'slack:T1:D1:'",
    ],
)
def test_a_scan_would_be_noticed(connection: sqlite3.Connection, statement: str) -> None:
    """The check knows a scan when it sees one."""
    assert offences(plan(connection, statement))


def test_the_cold_statements_are_there() -> None:
    """What is excused exists, so that no excuse outlives its statement."""
    assert {*COLD, *ALL_CASES, *MAY_GROW, *SORTED} <= set(ALL)


@pytest.mark.parametrize(
    "name", [name for _, name, _ in pkgutil.iter_modules(storage.sqlite.__path__)]
)
def test_hot_statements_are_here(name: str) -> None:
    """No other module holds a statement of its own, which this test would not see."""
    module = import_module(f"storage.sqlite.{name}")
    texts = (
        node.value.lstrip()
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    words = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
    assert name in APART or not [text for text in texts if text.startswith(words)]
