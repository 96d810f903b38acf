"""Who is in a channel, as Teams' roster says."""

from __future__ import annotations

import asyncio

import pytest

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.members import MEMBER_SECONDS
from adapters.teams.places import Note
from adapters.teams.twin import Fault, TeamsTwin
from agent.errors import DeliveryError, DeliveryRetry, PlaceFatal
from tests.support.clock import TestClock
from tests.support.teams_rows import place


async def test_who_is_in_the_channel(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """Colleagues are, others are not, whatever they are in elsewhere; in a thread as at its top."""
    ada, bo = twin.add_user("Ada"), twin.add_user("Bo")
    desk = twin.add_channel("desk", [ada])
    twin.add_channel("general", [ada, bo])
    for where in (place(twin, desk), place(twin, desk, "17")):
        assert await adapter.member(where, ada)
        assert not await adapter.member(where, bo)
    assert not await adapter.member(place(twin, desk), "nobody")
    twin.fault("member", Fault.error(400, "BadSyntax", "Failed to decrypt pairwise id"))
    assert not await adapter.member(place(twin, desk), "29:odd")


async def test_a_roster_that_knows_only_its_own_ids(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """The Agents Playground finds nobody by the id in Entra; who spoke is known by the other."""
    ada = twin.add_user("Ada")
    desk = place(twin, twin.add_channel("desk", [ada]))
    assert adapter._places is not None
    for noted, calls in (("", 1), (twin.user(ada).teams_id, 3)):
        adapter._places.people[ada] = Note("Ada", bot_knows_as=noted)
        twin.fault("member", Fault.error(404, "MemberNotFoundInConversation"))
        assert await adapter.member(desk, ada) is bool(noted)
        assert len(twin.calls("member")) == calls


async def test_it_is_asked_at_most_once_a_minute(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock
) -> None:
    """Who leaves may act for a minute; who joins need not wait."""
    ada, bo = twin.add_user("Ada"), twin.add_user("Bo")
    desk = place(twin, twin.add_channel("desk", [ada]))
    assert await adapter.member(desk, ada)
    assert not await adapter.member(desk, bo)
    await twin.leave(ada, desk.channel)
    await twin.join(bo, desk.channel)
    clock.jump(MEMBER_SECONDS - 1)
    assert await adapter.member(desk, ada)
    assert await adapter.member(desk, bo)
    assert len(twin.calls("member")) == 3
    clock.jump(1)
    assert not await adapter.member(desk, ada)


async def test_an_account_that_ended(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock
) -> None:
    """Who is deactivated is in no roster; who returns is again."""
    ada = twin.add_user("Ada")
    desk = place(twin, twin.add_channel("desk", [ada]))
    twin.deactivate(ada)
    assert not await adapter.member(desk, ada)
    twin.user(ada).active = True
    assert await adapter.member(desk, ada)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.error(403, "BotNotInConversationRoster"), PlaceFatal),
        (Fault.error(404, "ConversationNotFound"), PlaceFatal),
        (Fault.unavailable(), DeliveryRetry),
        (Fault.rate_limited(60), DeliveryRetry),
        (Fault.garbage(), DeliveryRetry),
        (Fault.answer(200, {}), DeliveryRetry),
    ],
)
async def test_what_teams_does_not_tell(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock, fault: Fault, kind: type[Exception]
) -> None:
    """Then nobody is said to be in the channel, or not to be; it is asked again the next time."""
    ada = twin.add_user("Ada")
    desk = place(twin, twin.add_channel("desk", [ada]))
    twin.fault("member", fault, times=None)
    asking = asyncio.ensure_future(adapter.member(desk, ada))
    await clock.until(asking.done)
    with pytest.raises(kind):
        await asking
    twin.heal()
    clock.jump(60)
    assert await adapter.member(desk, ada)


async def test_nobody_waits_for_long(
    adapter: TeamsAdapter, twin: TeamsTwin, clock: TestClock
) -> None:
    """A roster that hangs is given up before whoever pressed has gone away."""
    ada = twin.add_user("Ada")
    desk = place(twin, twin.add_channel("desk", [ada]))
    twin.fault("member", Fault.slow(3600), times=None)
    asking = asyncio.ensure_future(adapter.member(desk, ada))
    began = clock.now()
    await clock.until(asking.done)
    assert clock.now() - began <= 5
    with pytest.raises(DeliveryError, match="in time"):
        await asking


async def test_whom_a_mention_names(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """By the id that everybody knows them by; while Teams does not tell, by this bot's own."""
    ada = twin.add_user("Ada")
    desk = place(twin, twin.add_channel("desk", [ada]))
    teams_id = twin.user(ada).teams_id
    assert await adapter._members.ident(desk, teams_id) == ada
    twin.fault("member", Fault.error(403, "BotNotInConversationRoster"))
    assert await adapter._members.ident(desk, teams_id) == teams_id
