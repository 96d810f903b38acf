"""The times of the desk: what is set for a channel from the chat, else the environment's.

Of each value, that of the channel where the employee asks counts first, then that of the human
channel, then that of the whole organisation. They are kept in memory, because every case asks for
them; whatever changes one goes through here.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.desk.hours import Hours, zone_of
from agent.desk.times import DAY, MINUTE, DeskTimes
from agent.messages import ConversationId
from agent.ports import Settings as Chosen
from agent.text import plain_name
from bot.settings import MOST_SLA_MINUTES, MOST_STALE_DAYS, Settings

SLA, HOURS, ZONE, STALE = "desk_sla_minutes", "desk_hours", "desk_time_zone", "desk_stale_days"
NAMES = (SLA, HOURS, ZONE, STALE)
"""What can be set for a channel; the fields of `Settings` that hold where nothing is set."""


class TimesByChannel:
    """The times of the desk for every channel."""

    def __init__(self, chosen: Chosen, settings: Settings) -> None:
        """`chosen` is what was set from the chat; nothing of it is known before `load`."""
        self._chosen = chosen
        self._usual = {name: str(getattr(settings, name)) for name in NAMES}
        self._desk_name = plain_name(settings.desk_name)
        self._set: dict[tuple[str, str], str] = {}

    async def load(self) -> None:
        """Read what is set. What a later version wrote, and this one cannot read, does not count.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        values = await self._chosen.read()
        self._set = {
            (scope, name): value
            for (scope, name), value in values.items()
            if name in NAMES and _fits(name, value)
        }

    async def change(self, place: ConversationId, name: str, value: str, *, by: str) -> None:
        """Set one of `NAMES` for the channel of a place, or take it away with ''; `by` is the
        person, as 'platform:user'.

        Raises:
            ValueError: a sentence that says what is wrong with the value; nothing has changed.
            StoreUnavailable: nothing has changed.
        """
        kept = checked(name, value) if value.strip() else ""
        await self._chosen.write(scope_of(place), name, kept, by=by)
        await self.load()

    def of(self, place: ConversationId, channel: ConversationId | None) -> DeskTimes:
        """The times for an employee who asks in `place`, the human channel being `channel`."""
        values = {name: value for name, (value, _) in self.shown(place, channel).items()}
        return DeskTimes(
            sla=int(values[SLA]) * MINUTE,
            stale=int(values[STALE]) * DAY,
            hours=Hours.parse(values[HOURS], values[ZONE]),
            name=self._desk_name,
        )

    def shown(
        self, place: ConversationId, channel: ConversationId | None
    ) -> Mapping[str, tuple[str, str]]:
        """Each of `NAMES` with its value for this place and the scope it comes from: a channel as
        'platform:channel', '' for the whole organisation.
        """
        scopes = [scope_of(one) for one in (place, channel) if one is not None]
        return {name: self._value(name, scopes) for name in NAMES}

    def _value(self, name: str, scopes: list[str]) -> tuple[str, str]:
        for scope in scopes:
            if (scope, name) in self._set:
                return self._set[scope, name], scope
        return self._usual[name], ""


def scope_of(place: ConversationId) -> str:
    """Under which name the settings of a channel are kept."""
    return f"{place.platform}:{place.channel}"


def checked(name: str, value: str) -> str:
    """The value as it is kept.

    Raises:
        ValueError: a sentence that says what is wrong with it.
    """
    value = value.strip()
    match name:
        case "desk_hours":
            Hours.parse(value)
        case "desk_time_zone":
            zone_of(value)
        case "desk_sla_minutes":
            _whole(value, MOST_SLA_MINUTES, "minutes")
        case "desk_stale_days":
            _whole(value, MOST_STALE_DAYS, "days")
        case _:
            raise ValueError(f"{name} cannot be set for a channel; {', '.join(NAMES)} can")
    return value


def _whole(value: str, most: int, unit: str) -> None:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= most):
        raise ValueError(f"{value!r} is no number of {unit}; write one from 1 to {most}")


def _fits(name: str, value: str) -> bool:
    try:
        checked(name, value)
    except ValueError:
        return False
    return True
