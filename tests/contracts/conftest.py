"""What the contracts of the storage ports share: each database in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.storage.databases import DATABASES, Database


@pytest.fixture(params=DATABASES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """One database, whatever stores a test opens on it; gone at its end."""
    async with request.param(tmp_path) as database:
        yield database
