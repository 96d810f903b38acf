"""What the tests of the kernel share: an engine that nothing but the test touches."""

from __future__ import annotations

import pytest

from tests.support.engine import Rig


@pytest.fixture
def rig() -> Rig:
    """An engine with a human channel, and nothing else around it."""
    return Rig()
