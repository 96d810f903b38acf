"""Opening hours: when the people of a desk are there, week by week, in their own time zone.

Everything is reckoned in moments (seconds since the epoch), and the clock on the wall is asked only
for when a day's hours begin and end: so a day with 23 or 25 hours needs no case of its own. A time
that the clock skips in spring counts an hour later; of one that comes twice in autumn, the first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
RANGE = re.compile(r"([a-z]+)(?:\s*-\s*([a-z]+))?\s+(.+)")
TIMES = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")
MIDNIGHT = 24 * 60
NEXT_DAY = timedelta(days=1)
EXAMPLE = "mon-fri 09:00-17:00"
UTC_ZONE = ZoneInfo("UTC")

Span = tuple[int, int]
"""Minutes of one day from its midnight: when it opens, when it closes."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly opening hours. `week` has the spans of each day, Monday first, in order and apart from
    each other; () is always open. `zone` is what the clock on the wall shows.
    """

    zone: ZoneInfo = UTC_ZONE
    week: tuple[tuple[Span, ...], ...] = ()

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> Hours:
        """Read hours like 'mon-thu 08:00-16:00, fri 08:00-12:00'; '' and 'always' are always open.

        Ranges are separated by commas, each a day or days and a time; one that does not end after
        it began ends on the next day.

        Raises:
            ValueError: a sentence that says what is wrong with the hours or the zone.
        """
        words = text.lower().replace("–", "-").strip()
        if words in ("", "always"):
            return cls(zone_of(zone))
        week: list[list[Span]] = [[] for _ in DAYS]
        for part in words.split(","):
            _read(part.strip(), week)
        spans = tuple(_merged(day) for day in week)
        never_closed = all(day == ((0, MIDNIGHT),) for day in spans)
        return cls(zone_of(zone), () if never_closed else spans)

    def is_open(self, at: float) -> bool:
        """Whether somebody is there at a moment: when it opens, but not when it closes."""
        return self.next_open(at) == at

    def next_open(self, at: float) -> float:
        """The earliest moment from `at` on at which somebody is there."""
        begins, _ = next(self._openings(at))
        return max(at, begins)

    def closes(self, at: float) -> float:
        """When the opening ends that is going on, or the next one; infinity for never."""
        _, ends = next(self._openings(at))
        return ends

    def after(self, at: float, seconds: float) -> float:
        """The moment by which it has been open for `seconds` since `at`."""
        if seconds <= 0:
            return at
        openings = self._openings(at)
        while True:
            begins, ends = next(openings)
            there = max(begins, at)
            if there + seconds <= ends:
                return there + seconds
            seconds -= ends - there

    def local(self, at: float) -> datetime:
        """What calendar and clock of the desk show at a moment."""
        return datetime.fromtimestamp(at, self.zone)

    def _openings(self, at: float) -> Iterator[tuple[float, float]]:
        """The openings that end after `at`, in order and apart from each other."""
        return self._weekly(at) if self.week else iter([(at, math.inf)])

    def _weekly(self, at: float) -> Iterator[tuple[float, float]]:
        # In a night whose midnight is skipped, the hours of the day before end after it.
        day = self.local(at).date() - NEXT_DAY
        opened, closed = -math.inf, -math.inf
        while True:
            for begins, ends in self._day(day):
                if begins > closed:
                    if closed > at:
                        yield opened, closed
                    opened = begins
                closed = ends
            day += NEXT_DAY

    def _day(self, day: date) -> Iterator[tuple[float, float]]:
        """The openings of a day as moments; what the clock skips is left out."""
        spans = self.week[day.weekday()]
        last = self._moment(day, MIDNIGHT)
        moments = (min(last, self._moment(day, minute)) for span in spans for minute in span)
        ordered = accumulate(moments, max)
        return (span for span in zip(ordered, ordered, strict=True) if span[0] < span[1])

    def _moment(self, day: date, minute: int) -> float:
        # Adding to a local time moves the hands of the clock, whatever happened in between.
        wall = datetime.combine(day, time(), self.zone) + timedelta(minutes=minute)
        return wall.timestamp()


ALWAYS = Hours()


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name like 'Europe/Berlin'.

    Raises:
        ValueError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # what is no key, a folder, or simply not there
        raise ValueError(
            f"time zone: {name!r} is not known; write an IANA name like Europe/Berlin"
        ) from None


def _read(part: str, week: list[list[Span]]) -> None:
    """Add one range to the days it names."""
    found = RANGE.fullmatch(part)
    times = TIMES.fullmatch(found[3]) if found else None
    if found is None or times is None:
        raise ValueError(f"hours: {part!r} is not understood; write {EXAMPLE}")
    first, last = (_day_of(name) for name in (found[1], found[2] or found[1]))
    opens, closes = _minute(times[1], times[2]), _minute(times[3], times[4])
    if opens in (closes, MIDNIGHT):
        raise ValueError(f"hours: {part!r} has no length; all day is 00:00-24:00")
    for ahead in range((last - first) % 7 + 1):
        day = (first + ahead) % 7
        if closes > opens:
            week[day].append((opens, closes))
        else:
            week[day].append((opens, MIDNIGHT))
            week[(day + 1) % 7].append((0, closes))


def _day_of(name: str) -> int:
    for day, known in enumerate(DAY_NAMES):
        if name in (known.lower(), DAYS[day]):
            return day
    raise ValueError(f"hours: {name!r} is no day; days are {', '.join(DAYS)}")


def _minute(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > MIDNIGHT:
        raise ValueError(f"hours: {hour}:{minute} is no time of a day; they end at 24:00")
    return minutes


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for opens, closes in sorted(spans):
        if opens == closes:
            continue  # the night before ended at midnight
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)
