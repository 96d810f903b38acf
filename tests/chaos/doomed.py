"""`frontdesk run` with a day of death: it kills itself before, within or after one of its commits.

Run as `python -m tests.chaos.doomed WHEN NUMBER`: at the COMMIT of that number, counted from the
start of the process, it sends itself a SIGKILL. `never 0` lives for ever.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import signal
import sqlite3
import sys
import threading
from typing import Any

from bot.cli import main

LONGEST_COMMIT = 0.002
"""Seconds in which a commit is hit while it runs; one that is quicker is hit just after."""


def die() -> None:
    """Nothing of this process runs any more, and nobody in it is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def doomed(when: str, number: int) -> type[sqlite3.Connection]:
    """A connection class of which one COMMIT is the last thing that happens."""
    commits = itertools.count(1)

    class Doomed(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            if sql != "COMMIT" or next(commits) != number:
                return super().execute(sql, *parameters)
            if when == "before":
                die()
            if when == "within":
                threading.Timer(random.uniform(0, LONGEST_COMMIT), die).start()
            cursor = super().execute(sql, *parameters)
            if when == "after":
                die()
            return cursor

    return Doomed


if __name__ == "__main__":
    _, when, number = sys.argv
    if when != "never":
        connect = functools.partial(sqlite3.connect, factory=doomed(when, int(number)))
        sqlite3.connect = connect  # type: ignore[assignment]
    main(["run"])
