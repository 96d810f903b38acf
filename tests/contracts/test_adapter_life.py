"""The contract of every adapter, run over each twin: before a start, and after a stop."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from adapters import platforms
from agent.errors import ConfigError
from agent.surroundings import Surroundings
from tests.contracts.platforms import post
from tests.contracts.stage import Stage
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor


@pytest.mark.parametrize("name", platforms())
def test_a_platform_that_is_not_configured_is_none(name: str, clock: TestClock) -> None:
    """Its package says what would be needed, and what each variable means, under its own name."""
    module = import_module(f"adapters.{name}")
    assert module.open_adapter(Surroundings({}, clock)) is None
    needed = re.findall(r"[A-Z0-9_]{4,}", module.NEEDED)
    assert needed
    assert set(needed) <= set(module.VARIABLES)
    assert all(one.startswith(f"{name.upper()}_") for one in module.VARIABLES)
    assert all(module.VARIABLES.values())


async def test_credentials_that_are_refused(stage: Stage) -> None:
    """It does not start, and says in a sentence what is wrong, as the check does."""
    adapter = stage.platform.opened(stage.platform.refused())
    assert adapter is not None
    wrong = [one for one in await adapter.check() if not one.ok]
    assert wrong
    assert all(one.detail for one in wrong)
    starting = adapter.start(OpenDoor())
    with pytest.raises(ConfigError, match=r"\w+ \w+"):
        await starting
    await adapter.stop()


async def test_before_a_start_it_can_be_looked_at_and_stopped(stage: Stage) -> None:
    """`frontdesk check` never starts it; what comes meanwhile is not taken."""
    await stage.platform.write("A question")
    adapter = stage.platform.opened()
    assert adapter is not None
    assert all(one.ok for one in await adapter.check())
    channel = stage.platform.place().channel
    assert all(one.ok for one in await adapter.check_channel(channel))
    forged = stage.platform.forged()
    assert {one.status for one in (await post(adapter, forged) if forged else ())} <= {503}
    await adapter.stop()
    await adapter.stop()


async def test_after_a_stop_nothing_is_taken(stage: Stage) -> None:
    """What people write then is for the next process."""
    await stage.platform.adapter.stop()
    before = len(stage.platform.acknowledged())
    await stage.platform.write_directly("Is anybody there?")
    assert stage.door.messages == []
    assert not any(stage.platform.acknowledged()[before:])
