"""What all tests share: the clock, and the table of the chaos tests at the end of a run."""

from __future__ import annotations

import pytest

from tests.chaos.report import pytest_terminal_summary
from tests.support.clock import TestClock

__all__ = ["clock", "pytest_terminal_summary"]


@pytest.fixture
def clock() -> TestClock:
    """Time that stands still until the test moves it."""
    return TestClock()
