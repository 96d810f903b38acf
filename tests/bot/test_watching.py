"""Watching the human channel: its platform is asked what is wrong with it, but not all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from agent.messages import ConversationId
from agent.platforms import Finding
from bot.watching import LOOK_EVERY
from tests.support.desk_commands import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


SICK = Finding("IRC human channel #desk", False, "the bot is not a member: invite it")


async def test_what_is_wrong_with_the_human_channel(rig: Rig) -> None:
    """Its platform says so in words; what else it says is none of the status' business."""
    rig.irc.findings = [Finding("IRC token", False, "revoked"), replace(SICK, ok=True), SICK]
    assert await rig.desk.trouble() == f"{SICK.subject}: {SICK.detail}"
    assert rig.irc.checked == ["#desk"]


async def test_what_is_wrong_with_the_second_channel(rig: Rig) -> None:
    """It is told apart from the human channel, and so is the setting to mend."""
    rig.place.second = ConversationId("irc", "net", "#late")
    words = "archived: choose another FRONTDESK_HUMAN_CHANNEL"
    rig.irc.findings = [Finding("IRC human channel #late", False, words)]
    told = "IRC second channel #late: archived: choose another FRONTDESK_SECOND_CHANNEL"
    assert await rig.desk.trouble() == told
    assert rig.irc.checked == ["#desk", "#late"]


async def test_the_platform_is_not_asked_again_and_again(rig: Rig) -> None:
    """What it said counts for some minutes, good or bad."""
    assert await rig.desk.trouble() == ""
    rig.irc.findings = [SICK]
    await rig.clock.advance(LOOK_EVERY - 1)
    assert await rig.desk.trouble() == ""
    await rig.clock.advance(1)
    assert await rig.desk.trouble() != ""
    rig.irc.findings = []
    assert await rig.desk.trouble() != ""
    assert len(rig.irc.checked) == 2


async def test_a_look_that_takes_long(rig: Rig) -> None:
    """The answer does not wait for it, and it is not begun a second time."""
    check, begun = rig.irc.check_channel, 0

    async def late(channel: str) -> Sequence[Finding]:
        nonlocal begun
        begun += 1
        await rig.clock.sleep(30)
        return await check(channel)

    rig.irc.check_channel = late  # type: ignore[method-assign]
    rig.irc.findings = [SICK]
    for _ in range(2):
        asking = asyncio.create_task(rig.desk.trouble())
        await rig.clock.advance(2)
        assert await asking == ""
    assert begun == 1
    await rig.clock.advance(30)
    assert await rig.desk.trouble() != ""
    await rig.clock.advance(LOOK_EVERY)
    asking = asyncio.create_task(rig.desk.trouble())
    await rig.clock.settle()
    await rig.desk.stop()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_no_human_channel_is_none_to_look_at(rig: Rig) -> None:
    """Nothing is asked as long as it is not there."""
    rig.place.channel = None
    assert await rig.desk.trouble() == ""
    assert rig.irc.checked == []
