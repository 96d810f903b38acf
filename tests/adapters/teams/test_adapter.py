"""The adapter's other calls: signs, links, who asks, personal chats, starting and stopping."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.opening import open_teams
from adapters.teams.places import Note
from adapters.teams.profiles import PROFILE_PATIENCE, PROFILE_SECONDS, UNTOLD_SECONDS
from adapters.teams.twin import Fault, TeamsTwin
from agent.errors import (
    ConfigError,
    DeliveryRetry,
    InstallationFatal,
    PlaceFatal,
)
from agent.messages import (
    Author,
    IncomingMessage,
    Kind,
)
from agent.platforms import Profile, WebRequest
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor
from tests.support.teams_rows import delivery, heard_of, place

# Signs of life, links, what was said before


async def test_typing(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """It is shown in the thread, and goes away by itself."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "hello")
    where = place(twin, channel, root)
    await adapter.thinking(where, False)
    assert not twin.typing(channel, root)
    await adapter.thinking(where, True)
    assert twin.typing(channel, root)


async def test_typing_does_not_wait(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """A sign that comes late would stand under the answer, so it is given up."""
    where = place(twin, twin.dm(twin.add_user()))
    twin.fault("typing", Fault.rate_limited(1))
    for _ in range(2):
        await adapter.thinking(where, True)
    assert len(twin.calls("typing")) == 1


async def test_a_link_leads_to_the_message(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """To the root for a control, which has no post of its own."""
    channel = "19:a@thread.tacv2"
    await heard_of(adapter, channel, group="G")
    said = IncomingMessage(place(twin, channel, "17"), "18", Kind.MESSAGE, Author("ada"))
    assert "/l/message/19%3Aa%40thread.tacv2/18?" in await adapter.permalink(said)
    pressed = replace(said, id="press", kind=Kind.ASK_PERSON)
    assert "/l/message/19%3Aa%40thread.tacv2/17?" in await adapter.permalink(pressed)
    assert await adapter.earlier(said, 10) == ()


# People


async def test_who_somebody_is(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """The roster tells names and roles; activities tell the rest."""
    ada = twin.add_user("Ada")
    guest = twin.add_user("Gus", is_guest=True)
    stranger = twin.add_user("Sam", is_stranger=True)
    nobody = twin.add_user("Anonymous", role="anonymous")
    where = place(twin, twin.add_channel(members=[ada, guest, stranger, nobody]), "17")
    assert adapter._places is not None
    adapter._places.people[ada] = Note("Ada B.", "nl-BE", "Europe/Brussels")
    profile = await adapter.profile(Author(ada), where)
    assert (profile.name, profile.locale, profile.time_zone) == ("Ada", "nl-BE", "Europe/Brussels")
    assert (profile.guest, profile.external) == (False, False)
    assert (await adapter.profile(Author(guest), where)).guest
    assert (await adapter.profile(Author(stranger), where)).external
    assert (await adapter.profile(Author(nobody), where)).external


async def test_profiles_are_kept_for_a_day(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock
) -> None:
    """Who is called external stays it, whatever was kept."""
    ada = twin.add_user("Ada")
    where = place(twin, twin.dm(ada))
    for _ in range(2):
        assert (await adapter.profile(Author(ada), where)).name == "Ada"
    assert (await adapter.profile(Author(ada, external=True), where)).external
    assert len(twin.calls("member")) == 1
    clock.jump(PROFILE_SECONDS)
    await adapter.profile(Author(ada), where)
    assert len(twin.calls("member")) == 2


@pytest.mark.parametrize(
    "fault",
    [Fault.error(404, "MemberNotFoundInConversation"), Fault.garbage(), Fault.answer(200, [])],
)
async def test_a_profile_that_teams_does_not_tell(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock, fault: Fault
) -> None:
    """What the event said is kept, and that nothing else is known."""
    ada = twin.add_user("Ada")
    where = place(twin, twin.dm(ada))
    twin.fault("member", fault)
    profile = await adapter.profile(Author(ada, "From the event", external=True), where)
    assert (profile.known, profile.name, profile.external) == (False, "From the event", True)
    clock.jump(UNTOLD_SECONDS)
    assert (await adapter.profile(Author(ada), where)).known


@pytest.mark.parametrize("fault", [Fault.slow(3600), Fault.unavailable(), Fault.rate_limited(1)])
async def test_nobody_waits_for_a_profile(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock, fault: Fault
) -> None:
    """A roster that hangs or fails holds an answer up for two seconds at most, and once a minute:
    per person and place, for in another place it may be told.
    """
    ada, bo = twin.add_user("Ada"), twin.add_user("Bo")
    chat, other = place(twin, twin.dm(ada)), place(twin, twin.add_channel(members=[ada, bo]))
    twin.fault("member", fault, times=None, channel=chat.channel)
    asking = asyncio.ensure_future(adapter.profile(Author(ada, "From the event"), chat))
    began = clock.now()
    await clock.until(asking.done)
    assert (await asking) == Profile(ada, "From the event", known=False)
    assert clock.now() - began <= PROFILE_PATIENCE
    asked = len(twin.calls("member"))
    clock.jump(UNTOLD_SECONDS - 1 - PROFILE_PATIENCE)
    assert not (await adapter.profile(Author(ada), chat)).known
    assert len(twin.calls("member")) == asked
    assert (await adapter.profile(Author(bo), other)).known
    twin.heal()
    clock.jump(1 + PROFILE_PATIENCE)
    assert (await adapter.profile(Author(ada), chat)).known


async def test_personal_chats_are_asked_for_once(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """And begun with words of our own, which mean what they say."""
    ada = twin.add_user()
    chat = place(twin, twin.dm(ada))
    assert await adapter.direct(ada) == chat
    assert await adapter.open_direct(ada, "What is it *about*?") == chat
    assert len(twin.calls("create")) == 1
    assert [message.text for message in twin.messages(chat.channel)] == [r"What is it \*about\*?"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.error(400, "BadSyntax"), PlaceFatal),
        (Fault.error(403, "ForbiddenOperationException"), PlaceFatal),
        (Fault.unavailable(), DeliveryRetry),
        (Fault.reset(after_effect=True), DeliveryRetry),
        (Fault.rate_limited(2), DeliveryRetry),
        (Fault.garbage(), DeliveryRetry),
    ],
)
async def test_with_whom_there_is_no_personal_chat(
    adapter: TeamsAdapter, twin: TeamsTwin, fault: Fault, kind: type[Exception]
) -> None:
    """For good, or for now: asking twice does no harm."""
    ada = twin.add_user()
    twin.fault("create", fault)
    with pytest.raises(kind):
        await adapter.direct(ada)


# Starting and stopping


async def test_nothing_is_received_before_the_start(twin: TeamsTwin, clock: TestClock) -> None:
    """The door is not there yet: Teams will send it again."""
    adapter = open_teams(Surroundings(twin.environ(), clock))
    answer = await adapter.routes["/api/messages"](WebRequest(b"{}", {}))
    assert answer.status == 503
    await adapter.stop()


async def test_a_secret_that_is_refused(twin: TeamsTwin, clock: TestClock) -> None:
    """It is said at the start, with how to mend it."""
    environ = {**twin.environ(), "TEAMS_APP_PASSWORD": "wrong"}
    adapter = open_teams(Surroundings(environ, clock))
    with pytest.raises(ConfigError, match="invalid_client"):
        await adapter.start(OpenDoor())
    await adapter.stop()


@pytest.mark.parametrize("operation", ["token", "openid"])
async def test_a_start_during_an_outage(
    twin: TeamsTwin, clock: TestClock, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What Microsoft cannot tell now is asked for when it is needed."""
    twin.fault(operation, Fault.unavailable(), times=None)
    adapter = open_teams(Surroundings(twin.environ(), clock))
    starting = asyncio.ensure_future(adapter.start(OpenDoor()))
    await clock.settle()
    await starting
    assert "starting without all of Microsoft's services" in caplog.text
    twin.heal()
    await clock.advance(60)
    assert await adapter.send(delivery(place(twin, twin.dm(twin.add_user()))))
    await adapter.stop()


async def test_a_secret_that_is_replaced_while_it_runs(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock
) -> None:
    """When no token is left, sending pauses, and nothing dies of it."""
    where = place(twin, twin.dm(twin.add_user()))
    twin.login.password("another")
    clock.jump(twin.login.life_seconds + 1)
    with pytest.raises(InstallationFatal):
        await adapter.send(delivery(where))
