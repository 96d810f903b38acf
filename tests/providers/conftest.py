"""What the provider tests share: a clock that stands still and a server that does as told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agent.ports import Provider
from agent.providers import preload_models
from tests.support.clock import TestClock
from tests.support.fake_models import FakeModels
from tests.support.model_subjects import SURFACES, Subject


@pytest.fixture(autouse=True, scope="session")
def _sdks() -> None:
    """Import the SDKs first: a thread that imports is nothing the tests' clock could wait for."""
    preload_models("anthropic:,openai:")


@pytest.fixture
async def fake(clock: TestClock, on_loopback: None) -> AsyncIterator[FakeModels]:
    async with FakeModels(clock) as server:
        yield server


@pytest.fixture(params=SURFACES, ids=str)
def surface(request: pytest.FixtureRequest) -> Subject:
    subject: Subject = request.param
    return subject


@pytest.fixture
async def provider(surface: Subject, fake: FakeModels, clock: TestClock) -> AsyncIterator[Provider]:
    opened = surface.open(fake, clock)
    yield opened
    await opened.close()
