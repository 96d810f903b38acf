"""What the chaos tests share: dead processes leave sockets behind, as dead processes do."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LEFT_BEHIND = (
    "ignore:unclosed:ResourceWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is found unclosed in these tests is no mistake of theirs."""
    for item in items:
        if item.path.is_relative_to(HERE):
            for warning in LEFT_BEHIND:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    """Find what was left behind here, and not in the next test that happens to run."""
    yield
    gc.collect()
