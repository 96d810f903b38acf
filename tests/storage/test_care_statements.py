"""Care asks the writer for nothing that takes longer the more is stored."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import migrate
from storage.sqlite import care, erasing, forgetting

WRITTEN = {
    **{one.table + one.change[:6]: one.erase for one in (*erasing.CONTENT, erasing.KNOWN)},
    **{name: text for name, text in vars(forgetting).items() if name.startswith("ERASE_")},
    "TAKE_LANE": forgetting.TAKE_LANE,
    "IN_USE": forgetting.IN_USE,
    "LINES": forgetting.LINES,
    "RETRY": care.RETRY,
    "DROP": care.DROP,
    "FORGET_WAY": forgetting.FORGET_WAY,
}
FINE = re.compile(r"SCAN CONSTANT ROW")


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_no_statement_of_care_scans(tmp_path: Path, name: str) -> None:
    """Each finds its row by its key, and what it depends on through an index."""
    migrate(f"sqlite:///{tmp_path}/x.db")
    statement = WRITTEN[name]
    parameters = dict.fromkeys(re.findall(r":([a-z_]+)", statement)) or (None,)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    steps = [row[3] for row in rows]
    assert not [one for one in steps if one.startswith("SCAN") and not FINE.match(one)], steps
