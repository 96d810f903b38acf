"""An empty knowledge costs a turn nothing, however many turns share a commit."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from storage.sqlite.files import connect, use_wal
from storage.sqlite.jobs import Job
from storage.sqlite.knowledge import SqliteKnowledge
from storage.sqlite.reader import Reader
from storage.sqlite.schema import MIGRATIONS
from storage.sqlite.writer import Writer
from tests.storage.test_writer import gathered
from tests.support.clock import TestClock


class Asked(Reader):
    """A reader that counts what it is asked."""

    jobs = 0

    async def run(self, job: Job[Any]) -> Any:
        self.jobs += 1
        return await super().run(job)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.db"
    with closing(connect(path)) as connection:
        use_wal(connection)
        MIGRATIONS.apply(Database(connection))
    return path


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    writer = Writer("test-writer", lambda: connect(path), TestClock())
    yield writer
    await writer.close()


@pytest.fixture
async def reader(path: Path) -> AsyncIterator[Asked]:
    reader = Asked("test-reader", lambda: connect(path), TestClock())
    yield reader
    await reader.close()


def claim(db: sqlite3.Connection) -> None:
    """Stands for the claim of a turn."""


async def test_as_many_as_shared_the_commit(writer: Writer, reader: Asked) -> None:
    """Each claim of a commit vouches for one search; only one without a claim of its own looks."""
    knowledge = SqliteKnowledge(writer, reader)
    await writer.run(claim)
    await knowledge.search("VPN", 5)
    assert reader.jobs == 1  # nobody had counted yet
    await gathered(writer, *[claim] * 4)
    for _ in range(writer.jobs):
        assert await knowledge.search("VPN", 5) == []
    assert reader.jobs == 1
    await knowledge.search("VPN", 5)
    assert reader.jobs == 2
