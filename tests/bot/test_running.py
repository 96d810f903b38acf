"""`frontdesk run` from its first line to its drain, in this process."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import ConfigError
from bot.running import address_of, serve
from bot.settings import Configuration, load
from tests.bot.conftest import Neighbour


@pytest.fixture(autouse=True, scope="module")
def _collector() -> Iterator[None]:
    """The process freezes what is alive and collects less often; the tests go on as before."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def configuration(slack: Neighbour, folder: Path, **more: str) -> Configuration:
    """Settings that lead to the local Slack."""
    database = {"FRONTDESK_DATABASE_URL": f"sqlite:///{folder / 'frontdesk.db'}"}
    return load({**slack.environ, **database, **more})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_it_is_told_to_stop(
    slack: Neighbour, tmp_path: Path, number: signal.Signals
) -> None:
    """It says where it is ready, answers there, and ends in order."""
    told: list[str] = []

    def announced(text: str) -> None:
        told.append(text)
        os.kill(os.getpid(), number)

    await serve(configuration(slack, tmp_path), announce=announced)
    (line,) = told
    assert line.startswith("Frontdesk is ready on http://127.0.0.1:")
    assert not line.endswith(":0")
    again = configuration(slack, tmp_path)
    await serve(again, announce=announced)
    assert len(told) == 2, "the database was given back"


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:3000"), ("::1", "http://[::1]:3000")],
)
def test_an_address_to_click_on(host: str, address: str) -> None:
    """An IPv6 address stands in brackets (RFC 3986 §3.2.2)."""
    assert address_of(host, 3000) == address


async def test_a_start_that_fails_gives_everything_back(slack: Neighbour, tmp_path: Path) -> None:
    """The token is wrong; the database can be opened again at once."""
    wrong = configuration(slack, tmp_path, SLACK_BOT_TOKEN="xoxb-wrong")
    for _ in range(2):
        with pytest.raises(ConfigError, match="Slack refuses"):
            await serve(wrong, announce=print)
    assert [task for task in asyncio.all_tasks() if "bot" in repr(task.get_coro())] == []
