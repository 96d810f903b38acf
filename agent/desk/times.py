"""The times of a desk: how long a case may wait, when people are there, and words about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from agent.desk.hours import ALWAYS, DAY_NAMES, MONTHS, Hours

MINUTE = 60.0
HOUR = 3600.0
DAY = 86_400.0
WITHIN = "Somebody should take it within {time}."
BACK = "Nobody is at the desk right now. People are back {time}."
CLOSING = "The desk closes soon. If nobody takes it before, people are back {time}."


@dataclass(frozen=True, slots=True)
class DeskTimes:
    """How long things take at a desk, in seconds.

    `sla`: opening time until somebody should have taken a case; `stale`: until a case about which
    nobody says anything is closed; `owner_look`: between looks whether whoever has a case is still
    there, which an employee who writes does not wait for. `name` is what the desk is called ('IT';
    '' if it has no name).
    """

    sla: float = 30 * MINUTE
    stale: float = 7 * DAY
    owner_look: float = 8 * HOUR
    hours: Hours = ALWAYS
    name: str = ""


def expectation(times: DeskTimes, now: float) -> str:
    """What an employee may expect whose case is opened at `now`, in a sentence or two: how soon, or
    when people are back, by the clock of the desk and with the name of its time zone.
    """
    hours = times.hours
    if not hours.is_open(now):
        return BACK.format(time=moment(hours, hours.next_open(now), now))
    taken = hours.after(now, times.sla)
    if taken - now <= times.sla:
        return WITHIN.format(time=length(times.sla))
    return CLOSING.format(time=moment(hours, hours.next_open(hours.closes(now)), now))


def moment(hours: Hours, at: float, now: float) -> str:
    """A moment after `now` as people at the desk would say it: 'on Monday at 09:00 (Europe/Berlin
    time)', 'today, Monday, at 09:00 (…)'. Days are named: today may be another where the employee
    is.
    """
    local = hours.local(at)
    day = DAY_NAMES[local.weekday()]
    ahead = (local.date() - hours.local(now).date()).days
    if ahead == 0:
        day = f"today, {day},"
    elif ahead < 7:
        day = f"on {day}"
    else:
        day = f"on {day}, {local.day} {MONTHS[local.month - 1]}"
    return f"{day} at {local:%H:%M} ({hours.zone.key} time)"


def length(seconds: float) -> str:
    """How long something takes, rounded up: '30 minutes', '4 hours', '7 days'."""
    return _in_words(max(MINUTE, seconds), math.ceil)


def age(seconds: float) -> str:
    """How long something has lasted, rounded down: 'less than a minute', '5 minutes', '36 hours'.
    No clock that was set back makes nonsense of it.
    """
    return _in_words(seconds, math.floor) if seconds >= MINUTE else "less than a minute"


def _in_words(seconds: float, whole: Callable[[float], int]) -> str:
    """In the greatest unit of which there are two, or exactly one."""
    units = ((DAY, "day"), (HOUR, "hour"))
    fits = (one for one in units if seconds >= 2 * one[0] or seconds == one[0])
    unit, name = next(fits, (MINUTE, "minute"))
    number = whole(seconds / unit)
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
