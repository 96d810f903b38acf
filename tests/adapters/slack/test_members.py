"""Who is in a channel: asked of Slack, and remembered for a minute at most."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.members import PAGE, Members
from adapters.slack.twin import Fault, SlackTwin
from adapters.slack.web import Web
from agent.errors import DeliveryRetry, DeliveryUnknown, InstallationFatal, PlaceFatal
from tests.support.clock import TestClock

LIST, PERSON = "conversations.members", "users.info"


@pytest.fixture
async def members(twin: SlackTwin, clock: TestClock) -> AsyncIterator[Members]:
    """Nothing is known yet."""
    web = Web(token="xoxb-test", api_url=twin.api_url, clock=clock)
    yield Members(web, clock)
    await web.close()


async def test_a_yes_is_remembered_for_a_minute(
    twin: SlackTwin, members: Members, clock: TestClock
) -> None:
    """So that a desk that talks does not ask Slack for every word; everybody's is in one answer."""
    ada, grace = twin.add_user("Ada"), twin.add_user("Grace")
    channel = twin.add_channel("desk", [grace, ada])
    for person in (ada, grace, ada, grace):
        assert await members.has(channel, person)
    assert (len(twin.calls(LIST)), len(twin.calls(PERSON))) == (1, 2)
    twin.leave(ada, channel)
    twin.deactivate(grace)
    await clock.advance(59)
    assert await members.has(channel, ada)
    await clock.advance(1)
    assert not await members.has(channel, ada)
    assert not await members.has(channel, grace)


async def test_a_no_is_not_remembered(twin: SlackTwin, members: Members) -> None:
    """Who has just been invited, or has an account again, can act at once."""
    ada = twin.add_user("Ada", deleted=True)
    channel = twin.add_channel("desk", [twin.add_user("Grace")])
    assert not await members.has(channel, ada)
    twin.join(ada, channel)
    assert not await members.has(channel, ada)
    twin.user(ada).deleted = False
    assert await members.has(channel, ada)


async def test_a_large_channel_is_read_page_by_page(twin: SlackTwin, members: Members) -> None:
    """As far as the page that tells, and no further."""
    crowd = [twin.add_user(f"Person {number}") for number in range(PAGE + 5)]
    channel = twin.add_channel("everybody", crowd)
    assert await members.has(channel, crowd[0])
    assert len(twin.calls(LIST)) == 1
    assert await members.has(channel, crowd[-1])
    assert [bool(call.args.get("cursor")) for call in twin.calls(LIST)] == [False, False, True]


async def test_reading_ends(
    twin: SlackTwin, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cursor that leads nowhere is not followed for ever."""
    monkeypatch.setattr("adapters.slack.members.PAGES", 3)
    page = {"ok": True, "members": ["U1"], "response_metadata": {"next_cursor": "again"}}
    twin.fault(LIST, Fault.answer(200, page), None)
    assert not await members.has("C1", "U2")
    assert len(twin.calls(LIST)) == 3


async def test_what_is_no_person_is_no_member(twin: SlackTwin, members: Members) -> None:
    """The bot itself, other apps, Slack: no case can be theirs."""
    robot = twin.add_user("Robot", is_bot=True)
    channel = twin.add_channel("desk", [robot])
    twin.channel(channel).members["USLACKBOT"] = None
    for one in (robot, twin.identity.bot_user_id, "USLACKBOT", ""):
        assert not await members.has(channel, one)


async def test_who_is_on_the_list_and_not_known(twin: SlackTwin, members: Members) -> None:
    """Somebody whom Slack does not tell about is nobody here."""
    channel = twin.add_channel("desk")
    twin.channel(channel).members["U0GHOST"] = None
    assert not await members.has(channel, "U0GHOST")


async def test_direct_conversations_have_members_too(twin: SlackTwin, members: Members) -> None:
    """A card may have gone to an admin directly."""
    ada = twin.add_user("Ada")
    assert await members.has(twin.dm(ada), ada)
    assert not await members.has(twin.dm(ada), twin.add_user("Grace"))


async def test_an_archived_channel_has_its_members(twin: SlackTwin, members: Members) -> None:
    """They can still press what stands there."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel("desk", [ada])
    twin.archive(channel)
    assert await members.has(channel, ada)


async def test_what_cannot_be_told_is_no_answer(
    twin: SlackTwin, members: Members, clock: TestClock
) -> None:
    """A channel that is not to be seen, a missing scope, an outage, an odd answer: each says what
    may be done next.
    """
    ada = twin.add_user("Ada")
    channel = twin.add_channel("desk", [ada])
    hidden = twin.add_channel("secret", [ada], bot=False, private=True)
    for place in (hidden, "C0NOWHERE"):
        with pytest.raises(PlaceFatal):
            await members.has(place, ada)
    twin.fault(LIST, Fault.rate_limited(7))
    with pytest.raises(DeliveryRetry):
        await members.has(channel, ada)
    await clock.advance(7)
    for method in (LIST, PERSON):
        twin.heal()
        twin.fault(method, Fault.answer(200, {"ok": True, "members": "U1", "user": []}))
        with pytest.raises(DeliveryUnknown):
            await members.has(twin.add_channel("desk", [ada]), ada)
        await clock.advance(2)
    twin.scopes -= {"channels:read"}
    with pytest.raises(InstallationFatal):
        await members.has(twin.add_channel("desk", [ada]), ada)


async def test_not_everything_is_kept(
    twin: SlackTwin, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest makes room."""
    monkeypatch.setattr("adapters.slack.members.CHANNELS", 1)
    monkeypatch.setattr("adapters.slack.members.PEOPLE", 1)
    web = Web(token="xoxb-test", api_url=twin.api_url, clock=clock)
    members = Members(web, clock)
    ada, grace = twin.add_user("Ada"), twin.add_user("Grace")
    for channel, person in [
        (twin.add_channel("a", [ada]), ada),
        (twin.add_channel("b", [grace]), grace),
    ] * 2:
        assert await members.has(channel, person)
    assert (len(twin.calls(LIST)), len(twin.calls(PERSON))) == (4, 4)
    await web.close()
