"""Admins: where they are reached, and that they are told when nobody can be called."""

from __future__ import annotations

import asyncio

import pytest

from agent import texts
from agent.admins import DIRECT_SECONDS
from agent.errors import DeliveryError, DeliveryRetry, PlaceFatal
from agent.messages import Author, ConversationId, IncomingMessage, Kind
from agent.records import Arrival, TurnEnd
from agent.state import RESTING, Event, State
from tests.support.engine import CASE, Rig, claim, control, kinds, said

ROOT = ConversationId("irc", "net", "@root")
OPS = ConversationId("irc", "net", "@ops")
TODAY = "no-desk-2026-09-21"


@pytest.fixture
def rig() -> Rig:
    """A company without a human channel."""
    one = Rig()
    one.engine.desk_place.channel = None
    one.engine.desk_place.admins = ("irc:root", "irc:ops")
    return one


async def in_vain(rig: Rig) -> TurnEnd:
    """The turn of an employee who wants a person, and there is none."""
    return await rig.run(claim(control(Kind.ASK_PERSON)))


def news(place: ConversationId, name: str) -> Arrival:
    """What lets an admin be told."""
    return Arrival(IncomingMessage(place, TODAY, Kind.NO_DESK, Author(name), direct=True))


async def test_a_person_is_wanted_in_vain(rig: Rig) -> None:
    """Each admin gets a row in the lane of their own conversation, whose key holds the day."""
    end = await in_vain(rig)
    assert end.outcome == Event.NOBODY_THERE
    assert end.timers == (news(ROOT, "root"), news(OPS, "ops"))
    assert end.timers[0].message.lane == "irc:net:@root:"
    again = await in_vain(rig)
    assert [one.message.key for one in again.timers] == [one.message.key for one in end.timers]
    await rig.clock.advance(24 * 3600)
    tomorrow = await in_vain(rig)
    assert {one.message.id for one in tomorrow.timers} == {"no-desk-2026-09-22"}


@pytest.mark.parametrize("error", [DeliveryRetry(), PlaceFatal()])
async def test_an_admin_who_cannot_be_reached(rig: Rig, error: DeliveryError) -> None:
    """They are left out, and so is one on a platform that is not there or without a name."""
    rig.platform.refused["root"] = error
    rig.engine.desk_place.admins = ("irc:root", "teams:x", "irc:", "irc:ops")
    assert (await in_vain(rig)).timers == (news(OPS, "ops"),)


async def test_nobody_waits_for_admins_for_long(rig: Rig) -> None:
    """They are looked for at once, and given up after a while."""
    rig.platform.seconds = 60.0
    turn = asyncio.ensure_future(in_vain(rig))
    await rig.clock.advance(DIRECT_SECONDS)
    end = await turn
    assert (end.timers, len(said(end))) == ((), 1)


@pytest.mark.parametrize("state", sorted(RESTING))
async def test_an_admin_is_told(rig: Rig, state: State) -> None:
    """They read what is missing and how to mend it, beside whatever they talk about there."""
    case = CASE if state in (State.ESCALATED, State.WITH_HUMAN) else None
    told = claim(news(ROOT, "root").message, state=state, case=case, lane=ROOT)
    end = await rig.run(told)
    assert said(end, ROOT) == [texts.NO_DESK.format(contact=texts.NOBODY_CONTACT)]
    assert "FRONTDESK_HUMAN_CHANNEL" in end.outbox[0].text
    assert end.outbox[0].to == "root"
    assert (end.state, end.outcome) == (state, Event.DESK_MISSING)
    assert kinds(end) == ["aside", "turn"]


async def test_the_human_channel_is_there_by_now(rig: Rig) -> None:
    """Then there is nothing to tell."""
    rig.engine.desk_place.channel = ConversationId("irc", "net", "#desk")
    end = await rig.run(claim(news(ROOT, "root").message, lane=ROOT))
    assert end.outbox == ()


async def test_news_that_cannot_be_told(rig: Rig) -> None:
    """It is given up like a command; there is no case about it."""
    end = await rig.run(claim(news(ROOT, "root").message, lane=ROOT, attempts=6))
    assert end.cases == ()
    assert end.outcome == "dead_letter"
