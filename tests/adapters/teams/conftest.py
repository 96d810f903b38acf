"""The local Teams, the adapter, and a fake identity provider, for the adapter's unit tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.authentication import Authentication, open_authentication
from adapters.teams.clouds import Cloud
from adapters.teams.credentials import read_credentials
from adapters.teams.opening import open_teams
from adapters.teams.tokens import TokenProvider
from adapters.teams.twin import TeamsTwin
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.identity import FakeIdentity
from tests.support.teams_rows import SickMemory
from tests.support.teams_tokens import APP, TENANT, OpenTokens


@pytest.fixture
async def twin(clock: TestClock) -> AsyncIterator[TeamsTwin]:
    """The local Teams; it tells nobody of anything."""
    twin = TeamsTwin(clock)
    await twin.start()
    yield twin
    await twin.stop()


@pytest.fixture
def references() -> SickMemory:
    return SickMemory()


@pytest.fixture
async def adapter(
    twin: TeamsTwin, clock: TestClock, references: SickMemory
) -> AsyncIterator[TeamsAdapter]:
    """The adapter, started; it has heard of nothing yet."""
    one = open_teams(Surroundings(twin.environ(), clock))
    await one.start(OpenDoor(references=references))
    yield one
    await one.stop()


@pytest.fixture
async def identity(clock: TestClock) -> AsyncIterator[FakeIdentity]:
    """The identity provider."""
    async with FakeIdentity(clock) as identity:
        yield identity


@pytest.fixture
async def check(identity: FakeIdentity, clock: TestClock) -> AsyncIterator[Authentication]:
    """The check of a bot in the public cloud; it has no keys yet."""
    environ = {**identity.environ, "TEAMS_APP_ID": APP, "TEAMS_TENANT_ID": TENANT}
    async with aiohttp.ClientSession() as session:
        check = open_authentication(environ, Cloud.PUBLIC, lambda: session, clock)
        yield check
        await check.close()


@pytest.fixture
async def opened(identity: FakeIdentity, clock: TestClock) -> AsyncIterator[OpenTokens]:
    """Opens providers of the bot's own tokens; they are closed at the end."""
    providers: list[TokenProvider] = []
    async with aiohttp.ClientSession() as session:

        def open_tokens(environ: Mapping[str, str], cloud: Cloud = Cloud.PUBLIC) -> TokenProvider:
            credentials = read_credentials({**identity.environ, **environ}, cloud)
            providers.append(TokenProvider(lambda: session, credentials, clock))
            return providers[-1]

        yield open_tokens
        for provider in providers:
            await provider.close()
