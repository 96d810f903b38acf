"""`frontdesk check` on Teams: what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from adapters.teams import checking
from adapters.teams.adapter import TeamsAdapter
from adapters.teams.opening import open_teams
from adapters.teams.places import PlaceKind, Reference
from adapters.teams.twin import Fault, TeamsTwin
from agent.platforms import Finding
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor

Check = Callable[..., Awaitable[list[Finding]]]


async def all_of(adapter: TeamsAdapter, human_channel: str) -> list[Finding]:
    """What is said of the installation and, if there is one, of the human channel."""
    about = await adapter.check_channel(human_channel) if human_channel else ()
    return [*await adapter.check(), *about]


@pytest.fixture
async def check(twin: TeamsTwin, clock: TestClock) -> AsyncIterator[Check]:
    """What is said of the local Teams by a process that never started, as `check` is one."""
    opened: list[TeamsAdapter] = []

    async def look(human_channel: str = "", **environ: str) -> list[Finding]:
        opened.append(open_teams(Surroundings({**twin.environ(), **environ}, clock)))
        return await all_of(opened[-1], human_channel)

    yield look
    for one in opened:
        await one.stop()


async def test_all_is_well(check: Check, twin: TeamsTwin) -> None:
    """The token, the keys and the human channel are fine; consent shows later, and how."""
    token, sender, desk, consent = await check(twin.add_channel("desk"))
    assert all(one.ok for one in (token, sender, desk, consent))
    assert desk.detail == "a channel that the bot is in"
    assert "ChannelMessage.Read.Group" in consent.detail


async def test_no_human_channel(check: Check) -> None:
    """Without a human channel there is nothing to say about it here."""
    assert [one.subject for one in await check()] == [checking.TOKEN, checking.SENDER]


async def test_ids_that_are_none(check: Check) -> None:
    """A domain in place of the tenant's id, a name in place of the app's."""
    found = await check(TEAMS_APP_ID="frontdesk", TEAMS_TENANT_ID="example.com")
    wrong = [one.subject for one in found if "36 characters" in one.detail]
    assert wrong == ["TEAMS_APP_ID", "TEAMS_TENANT_ID"]
    assert not any(one.ok for one in found if one.subject in wrong)


async def test_a_chat_as_human_channel(check: Check, twin: TeamsTwin) -> None:
    """Chats have no threads for cases: it is refused, and said what is meant."""
    for chat in (twin.add_group(), twin.dm(twin.add_user())):
        _, _, desk = await check(chat)
        assert not desk.ok
        assert "Name a channel of a team" in desk.detail


async def test_a_channel_without_the_bot(check: Check, twin: TeamsTwin) -> None:
    """The app is in no team by itself."""
    *_, desk = await check(twin.add_channel("desk", bot=False))
    assert not desk.ok
    assert "add the app to the team" in desk.detail


async def test_a_channel_that_is_not_there(check: Check) -> None:
    """Deleted, or never there: another sentence than for one that the bot is not in."""
    *_, desk = await check("19:nowhere@thread.tacv2")
    assert not desk.ok
    assert "is the channel still there" in desk.detail


async def test_consent_that_shows(twin: TeamsTwin, clock: TestClock) -> None:
    """Once something was heard that did not mention the bot."""
    adapter = open_teams(Surroundings(twin.environ(), clock))
    await adapter.start(OpenDoor())
    channel = twin.add_channel("desk")
    assert adapter._places is not None
    heard = Reference(service_url=twin.service_url, kind=PlaceKind.CHANNEL, hears_all=True)
    await adapter._places.keep(channel, heard)
    *_, consent = await adapter.check_channel(channel)
    assert consent.detail.startswith("the bot hears what is written")
    await adapter.stop()


async def test_a_wrong_secret(check: Check, twin: TeamsTwin) -> None:
    """It is said what Microsoft says, and where a new one comes from; the channel is not asked."""
    token, sender, desk = await check(twin.add_channel(), TEAMS_APP_PASSWORD="wrong")
    assert not token.ok
    assert "AADSTS7000215" in token.detail
    assert "TEAMS_APP_PASSWORD" in token.detail
    assert sender.ok
    assert not desk.ok


async def test_the_identity_provider_is_out(check: Check, twin: TeamsTwin) -> None:
    """Nothing can be told now."""
    twin.fault("token", Fault.unavailable(), times=None)
    twin.fault("openid", Fault.unavailable(), times=None)
    token, sender = await check()
    assert not token.ok
    assert token.detail.endswith("try again in a minute")
    assert not sender.ok
    assert "is the network open?" in sender.detail


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.error(403, "BotNotInConversationRoster"), "add the app to the team"),
        (Fault.error(403, "BotDisabledByAdmin"), "BotDisabledByAdmin"),
        (Fault.error(404, "ConversationNotFound"), "is the id right"),
        (Fault.rate_limited(60), "try again in a minute"),
        (Fault.answer(401, {}), "is the app id the one of the bot in Azure?"),
    ],
)
async def test_a_human_channel_that_takes_nothing(
    check: Check, twin: TeamsTwin, fault: Fault, said: str
) -> None:
    """Why, and what to look at."""
    twin.fault("pagedmembers", fault, times=None)
    *_, desk = await check(twin.add_channel("desk"))
    assert desk.subject.startswith("Teams human channel 19:")
    assert not desk.ok
    assert said in desk.detail


async def test_a_cloud_without_a_default(check: Check) -> None:
    """Where to ask is not known before somebody has written to the bot."""
    *_, desk = await check("19:a@thread.tacv2", TEAMS_CLOUD="china", TEAMS_SERVICE_URLS="")
    assert not desk.ok
    assert "write to the bot" in desk.detail


async def test_without_authentication(clock: TestClock) -> None:
    """It is said that everybody is believed, and that no token is sent."""
    adapter = open_teams(Surroundings({"TEAMS_ALLOW_UNAUTHENTICATED": "1"}, clock))
    token, sender = await adapter.check()
    assert token.ok
    assert "none is sent" in token.detail
    assert sender.ok
    assert sender.detail.startswith("off (TEAMS_ALLOW_UNAUTHENTICATED=1)")
    await adapter.stop()
