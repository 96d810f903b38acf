"""What the stories share: a company with a running Frontdesk, opened as each story wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from agent.models import Passage
from agent.ports import Provider, Tool
from agent.providers import preload_models
from tests.support.clock import TestClock
from tests.support.company import PLATFORMS, Company, company
from tests.support.fake_models import FakeModels

OpenCompany = Callable[..., Awaitable[Company]]

teams_only = pytest.mark.parametrize("platform", ["teams"])
slack_only = pytest.mark.parametrize("platform", ["slack"])
"""For a story about something that only one of them has; it says what."""
four_ways = pytest.mark.parametrize(
    ("platform", "desk_on"), [(employees, desk) for employees in PLATFORMS for desk in PLATFORMS]
)
across = pytest.mark.parametrize(("platform", "desk_on"), [PLATFORMS, PLATFORMS[::-1]])
"""For a story with the employees on one platform and the human channel on each, or on the other."""

LEAVE = Passage(
    "",
    "Annual leave",
    "How many days",
    "Every employee gets 27 days of annual leave a year.",
    "https://handbook.example/leave",
)


@pytest.fixture(autouse=True, scope="session")
def _sdks() -> None:
    """Import the SDKs first: a thread that imports is nothing the tests' clock could wait for."""
    preload_models("anthropic:,openai:")


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Each platform in turn; a story that is about one of them is marked so."""
    name: str = request.param
    return name


@pytest.fixture
def desk_on() -> str:
    """Where the human channel is: with the employees, unless a story says otherwise."""
    return ""


@pytest.fixture
async def opened(
    tmp_path: Path, clock: TestClock, platform: str, desk_on: str
) -> AsyncIterator[OpenCompany]:
    """Opens a company with the providers and settings a story needs; closed at its end."""
    async with AsyncExitStack() as stack:

        async def open_one(
            *providers: Provider,
            tools: Sequence[Tool] = (),
            socket: bool = False,
            **settings: str,
        ) -> Company:
            given: Sequence[Provider] | None = providers or None
            context = company(
                tmp_path,
                platform=platform,
                desk_on=desk_on,
                providers=given,
                tools=tools,
                clock=clock,
                socket=socket,
                **settings,
            )
            return await stack.enter_async_context(context)

        yield open_one


@pytest.fixture
async def handbook(opened: OpenCompany) -> Company:
    """A company without a model, whose handbook tells how much leave there is."""
    one = await opened()
    await one.teach(LEAVE)
    return one


@pytest.fixture
async def fake(clock: TestClock, on_loopback: None) -> AsyncIterator[FakeModels]:
    """The vendors' models, local, on the vendors' own protocols."""
    async with FakeModels(clock) as server:
        yield server
