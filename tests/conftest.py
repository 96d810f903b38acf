"""What all tests share: the clock, one more platform, where their files lie, that the long ones
come first, and the table that the chaos tests end with.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

import adapters
from tests.chaos.report import pytest_terminal_summary
from tests.support.clock import TestClock
from tests.support.dealing import dealt

__all__ = ["clock", "pytest_terminal_summary", "third"]

THIRD = '''"""A platform that is nowhere named but by this package."""

from tests.support.memory_platform import MemoryPlatform

NEEDED = "PIGEON_TOKEN"
VARIABLES = {"PIGEON_TOKEN": "what pigeons are called by", "PIGEON_LOFT": "where they live"}


def open_adapter(surroundings):
    return MemoryPlatform("pigeon") if surroundings.environ.get("PIGEON_TOKEN") else None
'''

DISK = tempfile.gettempdir()
IN_MEMORY = Path("/dev/shm")  # noqa: S108 Linux's own; pytest makes a folder of its own in it
ROOM = 2 * 1024**3
"""Bytes that must be free there; a run needs about a tenth of it."""


def pytest_configure() -> None:
    """Keep files in memory where there is room for them, unless TMPDIR says where: a disk would
    only make each commit wait, for no test takes away the power.
    """
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(IN_MEMORY).free >= ROOM:
        tempfile.tempdir = str(IN_MEMORY)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The thousands of tests live as long as the run: the collector of cyclic garbage need not look
    at them again and again, which was a tenth of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with those that may take long and say so by a timeout of their own, so that nobody
    waits at the end for one that was begun last; shuffled among themselves, as the others are.
    xdist gives each worker one stretch of the list, so each stretch begins with some of them.
    """
    if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        long = [item for item in items if item.get_closest_marker("timeout")]
        rest = [item for item in items if not item.get_closest_marker("timeout")]
        items[:] = dealt(long, rest, workers)


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


@pytest.fixture
def disk() -> Iterator[Path]:
    """A new folder where a commit takes as long as on a disk: it is to be hit in the middle."""
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        yield Path(folder)


@pytest.fixture
def on_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What vendors' SDKs find on the machine: no proxy, for whoever works behind one must not send
    the tests through it; no authorities either, which take longer to read than most tests take.
    """
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
