"""The times of the desk: by channel before by organisation, and nothing wrong is ever set."""

from __future__ import annotations

import re

import pytest

from agent.desk.hours import Hours
from agent.desk.times import DAY, MINUTE, DeskTimes
from agent.errors import ConfigError, StoreUnavailable
from agent.messages import ConversationId
from bot.desk_times import HOURS, NAMES, SLA, STALE, ZONE, TimesByChannel, scope_of
from bot.settings import load

HERE = ConversationId("slack", "T1", "C1", "12.3")
DESK = ConversationId("teams", "t2", "19:desk@thread.tacv2")
OTHER = ConversationId("slack", "T1", "C2")
OFFICE = "mon-fri 09:00-17:00"


class Chosen:
    """The part of the port Settings that is used: values in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.by: list[str] = []
        self.down = False

    async def read(self) -> dict[tuple[str, str], str]:
        return dict(self.values)

    async def write(self, scope: str, name: str, value: str, *, by: str) -> None:
        if self.down:
            raise StoreUnavailable
        self.by.append(by)
        self.values.pop((scope, name), None)
        if value:
            self.values[scope, name] = value


@pytest.fixture
def chosen() -> Chosen:
    return Chosen()


def times(chosen: Chosen, **environ: str) -> TimesByChannel:
    """The times of a company with these settings."""
    named = {f"FRONTDESK_{name.upper()}": value for name, value in environ.items()}
    return TimesByChannel(chosen, load(named).settings)


def test_nothing_is_set(chosen: Chosen) -> None:
    """Then everything is as the kernel has it by itself."""
    assert times(chosen).of(HERE, DESK) == DeskTimes()
    assert times(chosen).of(HERE, None) == DeskTimes()


def test_the_organisation(chosen: Chosen) -> None:
    """What the environment says holds everywhere; a name pings nobody."""
    one = times(
        chosen,
        desk_name="IT @channel",
        desk_sla_minutes="45",
        desk_stale_days="3",
        desk_hours=OFFICE,
        desk_time_zone="Europe/Berlin",
    )
    assert one.of(HERE, DESK) == DeskTimes(
        sla=45 * MINUTE,
        stale=3 * DAY,
        hours=Hours.parse(OFFICE, "Europe/Berlin"),
        name="IT channel",
    )


async def test_a_channel_before_the_human_channel_before_the_organisation(chosen: Chosen) -> None:
    """Each value is looked for by itself, and tells where it comes from."""
    one = times(chosen, desk_stale_days="3")
    await one.change(DESK, SLA, " 20 ", by="slack:root")
    await one.change(DESK, HOURS, OFFICE, by="slack:root")
    await one.change(HERE, SLA, "10", by="slack:root")
    await one.change(HERE, ZONE, "Asia/Tokyo", by="slack:root")
    assert chosen.by == ["slack:root"] * 4
    found = one.of(HERE, DESK)
    assert (found.sla, found.stale) == (10 * MINUTE, 3 * DAY)
    assert found.hours == Hours.parse(OFFICE, "Asia/Tokyo")
    assert one.shown(HERE, DESK) == {
        SLA: ("10", "slack:C1"),
        HOURS: (OFFICE, "teams:19:desk@thread.tacv2"),
        ZONE: ("Asia/Tokyo", "slack:C1"),
        STALE: ("3", ""),
    }
    assert one.of(OTHER, DESK).sla == 20 * MINUTE
    assert one.of(OTHER, None).sla == 30 * MINUTE


async def test_a_value_is_taken_away(chosen: Chosen) -> None:
    """Then the next one counts again."""
    one = times(chosen)
    await one.change(HERE, SLA, "10", by="slack:root")
    await one.change(HERE, SLA, "", by="slack:root")
    assert one.of(HERE, DESK).sla == 30 * MINUTE
    assert chosen.values == {}


async def test_a_channel_that_never_closes(chosen: Chosen) -> None:
    """Somebody may always be there for one channel in an organisation with hours."""
    one = times(chosen, desk_hours=OFFICE)
    await one.change(HERE, HOURS, "always", by="slack:root")
    assert one.of(HERE, DESK).hours == Hours()
    assert one.of(OTHER, DESK).hours != Hours()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (SLA, "soon", "'soon' is no number of minutes; write one from 1 to 43200"),
        (SLA, "0", "is no number of minutes"),
        (SLA, "-5", "is no number of minutes"),
        (SLA, "43201", "is no number of minutes"),
        (SLA, "²", "is no number of minutes"),
        (STALE, "1.5", "'1.5' is no number of days; write one from 1 to 365"),
        (HOURS, "9 to 5", "hours: '9 to 5' is not understood"),
        (ZONE, "Berlin", "time zone: 'Berlin' is not known"),
        ("paused", "on", "paused cannot be set for a channel; desk_sla_minutes, desk_hours"),
    ],
)
async def test_wrong_values(chosen: Chosen, name: str, value: str, words: str) -> None:
    """They are refused where they are set, with a sentence, and nothing has changed."""
    one = times(chosen)
    with pytest.raises(ValueError, match=re.escape(words)):
        await one.change(HERE, name, value, by="slack:root")
    assert chosen.values == {}


async def test_what_cannot_be_written(chosen: Chosen) -> None:
    """Nothing holds that is not kept."""
    one = times(chosen)
    chosen.down = True
    with pytest.raises(StoreUnavailable):
        await one.change(HERE, SLA, "10", by="slack:root")
    assert one.of(HERE, DESK).sla == 30 * MINUTE


async def test_after_a_restart(chosen: Chosen) -> None:
    """What was set holds again; what cannot be read, and what is not about the desk, does not."""
    chosen.values = {
        ("slack:C1", SLA): "10",
        ("slack:C1", STALE): "a fortnight",
        ("", "paused"): "on",
    }
    one = times(chosen)
    assert one.of(HERE, DESK).sla == 30 * MINUTE
    await one.load()
    found = one.of(HERE, DESK)
    assert (found.sla, found.stale) == (10 * MINUTE, 7 * DAY)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DESK_HOURS", "9 to 5", "hours: '9 to 5' is not understood"),
        ("DESK_TIME_ZONE", "Mars", "time zone: 'Mars' is not known"),
        ("DESK_SLA_MINUTES", "0", "greater than or equal to 1"),
        ("DESK_SLA_MINUTES", "90000", "less than or equal to"),
        ("DESK_STALE_DAYS", "never", "valid integer"),
    ],
)
def test_wrong_values_of_the_environment(name: str, value: str, words: str) -> None:
    """The process does not start with them, and says which variable is wrong and why."""
    with pytest.raises(ConfigError, match=f"^FRONTDESK_{name}: .*{re.escape(words)}"):
        load({f"FRONTDESK_{name}": value})


def test_scopes_are_channels() -> None:
    """A thread has the settings of its channel."""
    assert scope_of(HERE) == "slack:C1"
    assert len(NAMES) == 4
