"""`channel`, and what help and status say of the desk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import commands_desk as desk
from tests.support.clock import START
from tests.support.desk_commands import CASE, DESK, OTHER, Rig, taken


@pytest.fixture
def rig() -> Rig:
    return Rig()


# channel


async def test_what_holds_for_a_channel(rig: Rig) -> None:
    """Each value is shown with where it comes from: here, the human channel, the settings."""
    await rig.times.load()
    await rig.channel("sla 90")
    await rig.channel("timezone Europe/Berlin", "#desk")
    await rig.channel("hours  mon-fri  09:00-17:00")
    assert (await rig.channel()).splitlines()[:5] == [
        desk.CHANNEL_SHOWN,
        "- sla: 90 minutes (set here)",
        "- hours: mon-fri 09:00-17:00 (set here)",
        "- timezone: Europe/Berlin (set for the human channel)",
        "- stale: 7 days (FRONTDESK_DESK_STALE_DAYS)",
    ]
    assert rig.times.of(rig.irc.place("#all"), DESK).sla == 90 * 60


async def test_taking_a_value_away(rig: Rig) -> None:
    """`default` does; always open is a value like any other."""
    await rig.times.load()
    await rig.channel("Hours always")
    assert "- hours: always (set here)" in await rig.channel()
    await rig.channel("hours default")
    assert "- hours: always (FRONTDESK_DESK_HOURS)" in await rig.channel()
    assert rig.board.values == {}


@pytest.mark.parametrize("words", ["sla soon", "hours whenever", "timezone Mars", "stale 0"])
async def test_a_wrong_value(rig: Rig, words: str) -> None:
    """Nothing changes, and it is said why."""
    await rig.times.load()
    assert (await rig.channel(words)).startswith("Nothing has changed: ")
    assert rig.board.values == {}


async def test_nothing_is_set_by_half_a_command(rig: Rig) -> None:
    """A word without a value shows what holds, another word how it is done."""
    await rig.times.load()
    await rig.channel("sla 90")
    assert "- sla: 90 minutes (set here)" in await rig.channel("sla")
    assert await rig.channel("slack") == desk.CHANNEL_USAGE


# help and status


async def test_help_for_those_who_may(rig: Rig) -> None:
    """Commands that one may not use are not offered."""
    assert await rig.desk.help(rig.command(), is_admin=False) == desk.DESK_HELP
    assert await rig.desk.help(rig.command("ada"), is_admin=False) == ""
    both = desk.DESK_HELP + desk.CHANNEL_HELP
    assert await rig.desk.help(rig.command("ada"), is_admin=True) == both


async def test_status_of_the_desk(rig: Rig) -> None:
    """How many wait and for how long; an incident is nobody who waits."""
    assert await rig.desk.status() == ["cases: none waits, 0 with people"]
    incident = replace(CASE, id="C20", lane="incident::dead_letter:", opened_at=START - 9e4)
    rig.open = [incident, CASE, OTHER, taken(replace(OTHER, id="C8"), "irc:grace", "Grace")]
    line = "cases: 2 waiting, the longest for 5 minutes; 1 with people"
    assert await rig.desk.status() == [line]
    rig.place.channel = None
    assert await rig.desk.status() == [desk.NO_DESK, line]
