"""What all tests share: the clock, one more platform, the table that the chaos tests end with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapters
from tests.chaos.report import pytest_terminal_summary
from tests.support.clock import TestClock

__all__ = ["clock", "pytest_terminal_summary", "third"]

THIRD = '''"""A platform that is nowhere named but by this package."""

from tests.support.memory_platform import MemoryPlatform

NEEDED = "PIGEON_TOKEN"
VARIABLES = {"PIGEON_TOKEN": "what pigeons are called by", "PIGEON_LOFT": "where they live"}


def open_adapter(surroundings):
    return MemoryPlatform("pigeon") if surroundings.environ.get("PIGEON_TOKEN") else None
'''


@pytest.fixture
def clock() -> TestClock:
    """Time that stands still until the test moves it."""
    return TestClock()


@pytest.fixture
def third(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """One more platform, as its package alone makes it one: its name. PIGEON_TOKEN opens it, as a
    `MemoryPlatform`.
    """
    folder = tmp_path / "third" / "pigeon"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(THIRD)
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(folder.parent)])
    yield "pigeon"
    sys.modules.pop("adapters.pigeon", None)
    vars(adapters).pop("pigeon", None)
