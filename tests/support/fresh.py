"""A new database without making it: all migrations take longer than most tests.

That they make one is for the tests of the migrations, of the command line and of real processes.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from storage import migrate

PREFIX = "sqlite:///"


def lay_fresh(url: str) -> None:
    """Put the file of a database that was just made where a URL says, unless there is one, or no
    folder for it.
    """
    path = Path(url.removeprefix(PREFIX))
    if path.parent.is_dir() and not path.exists():
        path.write_bytes(_just_made())


@functools.cache
def _just_made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frontdesk.db"
        migrate(f"{PREFIX}{path}")
        return path.read_bytes()
