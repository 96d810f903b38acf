"""Looking for what was missed: what is offered to the door, and what becomes of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from adapters.slack import history
from adapters.slack.backfill import MARGIN, Backfill
from adapters.slack.payloads import Identity, seconds
from adapters.slack.profiles import Profiles, Reader
from adapters.slack.twin import Fault, SlackTwin
from adapters.slack.web import Web
from agent.messages import ConversationId, IncomingMessage, Kind
from agent.records import Recent
from tests.support.clock import TestClock
from tests.support.doors import OpenDoor

LIST, HISTORY = "users.conversations", "conversations.history"


@pytest.fixture
def door() -> OpenDoor:
    return OpenDoor()


@pytest.fixture
async def backfill(twin: SlackTwin, clock: TestClock, door: OpenDoor) -> AsyncIterator[Backfill]:
    """It looks at the local Slack."""
    web = Web(token="xoxb-test", api_url=twin.api_url, clock=clock)
    identity = Identity(twin.identity.team_id, twin.identity.bot_user_id, twin.identity.bot_id)
    read = Reader(identity, Profiles(web, clock)).read
    one = Backfill(web, identity, clock, door, read)
    yield one
    await one.stop()
    await web.close()


def recent(clock: TestClock, channel: str, ts: str) -> Recent:
    """A conversation of which a post is known."""
    return Recent(ConversationId("slack", "T0FRONTDESK", channel, ts), ts, clock.now())


def texts(door: OpenDoor) -> list[str]:
    """What was offered and taken."""
    return [message.text for message in door.messages]


async def look(backfill: Backfill, clock: TestClock, *seen: Recent) -> None:
    """One run, to its end."""
    backfill.begin(seen)
    await clock.advance(60)


async def test_posts_of_the_channel_itself(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """People are read; the bot, other apps, joiners and what was deleted are not."""
    ada, robot = twin.add_user("Ada"), twin.add_user("Robot", is_bot=True)
    channel = twin.add_channel(members=[ada, robot])
    known = await twin.say(ada, channel, "known")
    twin.join(twin.add_user("Grace"), channel)
    await twin.say(robot, channel, "Beep")
    gone = await twin.say(ada, channel, "gone")
    await twin.delete(ada, channel, gone)
    await twin.upload(ada, channel, "plan.pdf", "a file")
    await look(backfill, clock, recent(clock, channel, known))
    assert texts(door) == ["known", "a file"]
    assert door.messages[-1].files == ("plan.pdf",)


async def test_an_edit_of_what_is_known(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """It is no new mention, whatever it says now: what it said before is not told."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    known = await twin.say(ada, channel, "helo")
    await look(backfill, clock, recent(clock, channel, known))
    await twin.edit(ada, channel, known, f"<@{twin.identity.bot_user_id}> hello")
    await look(backfill, clock, recent(clock, channel, known))
    before, edit = door.messages
    assert (edit.kind, edit.text, edit.mentions_bot) == (Kind.EDIT, "hello", False)
    assert edit.id == before.id
    await look(backfill, clock, recent(clock, channel, known))
    assert len(door.messages) == 2


async def test_people_of_other_companies(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """In a shared channel it is known who is one, as when they are heard at once."""
    ada, sam = twin.add_user("Ada"), twin.add_user("Sam", is_stranger=True)
    channel = twin.add_channel(members=[ada, sam])
    known = await twin.say(ada, channel, "known")
    await twin.say(sam, channel, "hello")
    await look(backfill, clock, recent(clock, channel, known))
    assert [message.author.external for message in door.messages] == [False, True]


async def test_since_when(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """Each channel has its own newest; where nothing is known the newest of all counts."""
    ada = twin.add_user("Ada")
    old, new, other = (twin.add_channel(name, [ada]) for name in ("old", "new", "other"))
    first = await twin.say(ada, old, "first")
    for text in ("one", "two"):
        await clock.advance(MARGIN)
        for channel in (old, new, other):
            await twin.say(ada, channel, f"{text} in {twin.channel(channel).name}")
    await clock.advance(MARGIN / 2)
    known = await twin.say(ada, new, "known")
    await look(backfill, clock, recent(clock, old, first), recent(clock, new, known))
    in_old = [text for text in texts(door) if text == "first" or text.endswith("old")]
    assert in_old == ["first", "one in old", "two in old"]
    assert sorted(set(texts(door)) - set(in_old)) == ["known", "two in new", "two in other"]


async def test_our_clock_is_ahead_of_slacks(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """What counts is when Slack says that the newest was posted."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    known = await twin.say(ada, channel, "known")
    await twin.say(ada, channel, "missed")
    ahead = Recent(recent(clock, channel, known).conversation, known, seconds(known) + 3000)
    await look(backfill, clock, ahead)
    assert texts(door) == ["known", "missed"]


async def test_a_place_that_cannot_be_read(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """A channel or thread that is gone is passed over, the others are looked at."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    known = await twin.say(ada, channel, "known")
    gone = [recent(clock, "C0GONE", "1.1"), recent(clock, channel, "1790000000.000001")]
    await look(backfill, clock, *gone, recent(clock, channel, known))
    assert texts(door) == ["known"]


async def test_one_run_at_a_time(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """A connection that comes and goes makes one more run, however often, with what was known at
    its first loss.
    """
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    known = recent(clock, channel, await twin.say(ada, channel, "known"))
    twin.fault(HISTORY, Fault.rate_limited(10))
    backfill.begin([known])
    await clock.advance(5)
    for _ in range(5):
        backfill.begin([known])
    await clock.advance(30)
    assert len(twin.calls(LIST)) == 2


async def test_nothing_is_known(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """Then nobody asks, and an unreadable database is no reason to fail."""
    await look(backfill, clock)
    assert twin.calls() == []
    door.broken = True
    seen: Sequence[Recent] = await backfill.remember()
    assert list(seen) == []


async def test_the_end_comes_first(
    twin: SlackTwin, clock: TestClock, door: OpenDoor, backfill: Backfill
) -> None:
    """A run that waits for Slack's patience ends with the process."""
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    known = recent(clock, channel, await twin.say(ada, channel, "known"))
    twin.fault(LIST, Fault.rate_limited(500))
    backfill.begin([known])
    await clock.advance(5)
    await asyncio.gather(backfill.stop(), backfill.stop())
    await clock.advance(600)
    assert door.messages == []
    assert len(twin.calls(LIST)) == 1


async def test_a_defect_of_ours(
    twin: SlackTwin,
    clock: TestClock,
    door: OpenDoor,
    backfill: Backfill,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is reported without a word of what was said, and stops nothing."""

    async def broken(message: IncomingMessage) -> None:
        raise ZeroDivisionError(message.text)

    monkeypatch.setattr(door, "accept", broken)
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    await look(backfill, clock, recent(clock, channel, await twin.say(ada, channel, "a secret")))
    (record,) = [one for one in caplog.records if "went wrong" in one.message]
    assert "ZeroDivisionError" in record.message
    assert "secret" not in record.message


async def test_more_pages_than_anybody_missed(
    twin: SlackTwin,
    clock: TestClock,
    door: OpenDoor,
    backfill: Backfill,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A channel with endless chatter does not use up all calls of a run."""
    monkeypatch.setattr(history, "PAGE", 10)
    ada = twin.add_user("Ada")
    channel = twin.add_channel(members=[ada])
    known = await twin.say(ada, channel, "known")
    for number in range(100):
        await twin.say(ada, channel, f"chatter {number}")
    await look(backfill, clock, recent(clock, channel, known))
    assert len(twin.calls(HISTORY)) == history.PAGES
    assert texts(door) == ["known", *(f"chatter {number}" for number in range(49))]
