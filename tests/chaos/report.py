"""The table of the chaos tests, shown at the end of a test run.

Tests of several workers hand their lines over as a property of their report (pytest's own way
from a worker to whoever started it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

PROPERTY = "chaos"
COLUMNS = ("story", "points", "runs", "sent", "answered", "lost", "doubled", "out of order")


def record(record_property: Callable[[str, object], None], row: Sequence[str]) -> None:
    """Hand a line of COLUMNS over."""
    record_property(PROPERTY, json.dumps(row))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the table, if any of these tests has run."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    rows = sorted(
        json.loads(str(value))
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    )
    if not rows:
        return
    terminalreporter.section("what became of every message, read back from the twin")
    for row in [COLUMNS, *rows, total(rows)]:
        terminalreporter.write_line(f"{row[0]:32}" + "".join(f"{value:>14}" for value in row[1:]))


def total(rows: Sequence[Sequence[str]]) -> list[str]:
    """The sums of all columns but the first."""
    return ["total", *(str(sum(map(int, column))) for column in list(zip(*rows, strict=True))[1:])]
