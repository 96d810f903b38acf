"""Opening hours: weeks, days that are shorter or longer, and words that cannot be understood."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.desk.hours import ALWAYS, DAYS, MIDNIGHT, Hours
from agent.desk.times import DAY, HOUR, MINUTE, DeskTimes, age, expectation, length

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo"),
)
OFFICE = "mon-fri 09:00-17:00"
BERLIN = Hours.parse(OFFICE, "Europe/Berlin")


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> float:
    """The moment at which a clock shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@st.composite
def weeks(draw: st.DrawFn) -> Hours:
    """Any opening hours in a zone with habits of its own."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        first, last = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
        opens = draw(st.integers(0, MIDNIGHT - 1))
        closes = draw(st.integers(0, MIDNIGHT).filter(lambda minute: minute != opens))  # noqa: B023
        times = "-".join(f"{one // 60:02}:{one % 60:02}" for one in (opens, closes))
        parts.append(f"{first}-{last} {times}")
    return Hours.parse(", ".join(parts), draw(st.sampled_from(ZONES)))


# From 2005 to 2035: every zone has moved its clocks, and Apia has skipped a day.
moments = st.integers(1_104_537_600, 2_051_222_400)
minutes = moments.map(lambda second: second // 60 * 60)


# A week


def test_a_week_in_the_office() -> None:
    """It is open from the first second of its hours to the last, and on no weekend."""
    opens, closes = at("2026-09-21 09:00"), at("2026-09-21 17:00")
    seen = [opens - 1, opens, closes - 1, closes, at("2026-09-19 12:00")]
    assert [BERLIN.is_open(one) for one in seen] == [False, True, True, False, False]


def test_the_next_opening_is_after_the_weekend() -> None:
    """Whoever comes on a Friday evening reads Monday; whoever comes in time reads now."""
    monday = at("2026-09-21 09:00")
    assert BERLIN.next_open(at("2026-09-18 17:00")) == monday
    assert BERLIN.next_open(monday + 3) == monday + 3
    assert BERLIN.closes(monday) == BERLIN.closes(monday - 1) == at("2026-09-21 17:00")


def test_time_stands_still_while_nobody_is_there() -> None:
    """Half an hour that begins ten minutes before the weekend ends after it."""
    assert BERLIN.after(at("2026-09-18 16:50"), 30 * 60) == at("2026-09-21 09:20")
    assert BERLIN.after(at("2026-09-18 16:30"), 30 * 60) == at("2026-09-18 17:00")
    assert BERLIN.after(at("2026-09-19 12:00"), 0) == at("2026-09-19 12:00")


def test_several_ranges() -> None:
    """Days may have hours of their own, and a break; ranges that meet are one."""
    hours = Hours.parse("mon-thu 08:00-12:00, mon-thu 13:00-16:00, Friday 8:00 – 12:00", "UTC")
    assert hours.week[0] == ((480, 720), (780, 960))
    assert hours.week[4] == ((480, 720),)
    assert hours.week[5] == ()
    met = Hours.parse("sat-mon 08:00-12:00, sun 11:00-13:00, sun 13:00-14:00")
    assert [len(day) for day in met.week] == [1, 0, 0, 0, 0, 1, 1]
    assert met.week[6] == ((480, 840),)


def test_a_night_shift() -> None:
    """What does not end after it began ends on the next day, also from Sunday to Monday."""
    hours = Hours.parse("sun 22:00-06:00", "UTC")
    sunday = at("2026-09-20 22:00", "UTC")
    assert hours.closes(sunday) == sunday + 8 * HOUR
    assert hours.is_open(sunday + 5 * HOUR)
    assert hours.next_open(sunday + 8 * HOUR) == sunday + 7 * DAY
    assert Hours.parse("mon 22:00-00:00").week[1] == ()


@pytest.mark.parametrize(
    "text", ["", "  ", "always", "mon-sun 00:00-24:00", "mon-sun 06:00-18:00, mon-sun 18:00-06:00"]
)
def test_always_open(text: str) -> None:
    """There is no need to write anything for a desk that never closes."""
    hours = Hours.parse(text)
    assert hours == ALWAYS
    assert hours.is_open(1.0)
    assert hours.after(1.0, 60.0) == 61.0
    assert hours.closes(1.0) == math.inf


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9 to 5", "'9 to 5' is not understood; write mon-fri 09:00-17:00"),
        ("mon-fri 9-17", "is not understood"),
        ("mon-fri 09:00-17:00,", "'' is not understood"),
        ("monkey 09:00-17:00", "'monkey' is no day; days are mon, tue"),
        ("mon-fry 09:00-17:00", "'fry' is no day"),
        ("mon 09:00-24:01", "24:01 is no time of a day"),
        ("mon 09:60-17:00", "09:60 is no time of a day"),
        ("mon 09:00-09:00", "has no length"),
        ("mon 24:00-09:00", "has no length"),
    ],
)
def test_hours_that_are_not_understood(text: str, words: str) -> None:
    """They are refused with a sentence that says what is wrong."""
    with pytest.raises(ValueError, match=r"^hours: ") as refused:
        Hours.parse(text)
    assert words in str(refused.value)


@pytest.mark.parametrize("zone", ["Europe/Bielefeld", "", "../etc/passwd", "Europe", "/UTC"])
def test_a_zone_that_is_not_known(zone: str) -> None:
    """It is refused with a sentence, whatever it looks like."""
    with pytest.raises(ValueError, match=r"time zone: .* is not known; write an IANA name"):
        Hours.parse("", zone)


# Days with another length


def test_the_night_the_clock_is_put_forward() -> None:
    """It is an hour shorter; a time that it skips counts an hour later."""
    night = Hours.parse("sat-sun 22:00-06:00", "Europe/Berlin")
    assert night.closes(at("2026-03-28 22:00")) - at("2026-03-28 22:00") == 7 * HOUR
    skipped = Hours.parse("sun 02:30-04:00, sun 02:10-02:20", "Europe/Berlin")
    assert skipped.next_open(at("2026-03-29 00:00")) == at("2026-03-29 03:10")
    assert skipped.next_open(at("2026-03-29 03:20")) == at("2026-03-29 03:30")
    assert Hours.parse("sun 02:30-03:10", "Europe/Berlin").next_open(at("2026-03-29 00:00")) == at(
        "2026-04-05 02:30"
    )


def test_ranges_that_change_places() -> None:
    """In that night what was written first may come last; nothing is open for less than no time."""
    hours = Hours.parse("sun 02:30-02:59, sun 03:00-03:10", "Europe/Berlin")
    assert hours.next_open(at("2026-03-29 00:00")) == at("2026-03-29 03:30")
    assert hours.closes(at("2026-03-29 00:00")) == at("2026-03-29 03:59")


def test_the_night_the_clock_is_put_back() -> None:
    """It is an hour longer; of a time that comes twice the first counts."""
    night = Hours.parse("sat-sun 22:00-06:00", "Europe/Berlin")
    assert night.closes(at("2026-10-24 22:00")) - at("2026-10-24 22:00") == 9 * HOUR
    twice = Hours.parse("sun 02:30-04:00", "Europe/Berlin")
    assert twice.next_open(at("2026-10-25 00:00")) == at("2026-10-25 02:30")
    assert twice.closes(at("2026-10-25 02:30")) == at("2026-10-25 04:00")
    assert twice.is_open(at("2026-10-25 02:00", fold=1))


def test_a_midnight_that_is_skipped() -> None:
    """The hours of the day before end when the clock moves on, or when it would have been."""
    hours = Hours.parse("sat 20:00-24:00", "America/Sao_Paulo")
    end = at("2018-11-04 01:00", "America/Sao_Paulo")
    assert hours.closes(end - HOUR) == end
    assert not hours.is_open(end)
    half_past = Hours.parse("sun 20:00-24:00", "America/Toronto")  # from 23:30 to 00:30
    assert half_past.is_open(at("1919-03-31 00:45", "America/Toronto"))


def test_a_day_that_never_was() -> None:
    """Nobody was there on the Friday that Samoa left out."""
    hours = Hours.parse("thu 09:00-17:00, fri 10:00-20:00, sat 09:00-12:00", "Pacific/Apia")
    thursday = at("2011-12-29 17:00", "Pacific/Apia")
    assert (
        hours.next_open(thursday) == at("2011-12-31 09:00", "Pacific/Apia") == thursday + 16 * HOUR
    )


@settings(deadline=None)
@given(weeks(), minutes)
def test_open_is_what_the_clock_on_the_wall_says(hours: Hours, moment: int) -> None:
    """On a day on which nobody touches the clock, hours are what is written on the door."""
    near = {hours.local(moment + days * DAY / 2).utcoffset() for days in range(-4, 5)}
    assume(len(near) == 1)
    local = hours.local(moment)
    minute = local.hour * 60 + local.minute
    spans = hours.week[local.weekday()] if hours.week else ((0, MIDNIGHT),)
    assert hours.is_open(moment) == any(opens <= minute < closes for opens, closes in spans)


@settings(deadline=None)
@given(weeks(), moments)
def test_the_next_opening_is_the_first(hours: Hours, moment: int) -> None:
    """It is open then, and not before; it closes after that, and is closed then."""
    opens = hours.next_open(moment)
    assert opens >= moment
    assert hours.is_open(opens)
    assert hours.next_open(opens) == opens
    assert opens == moment or not hours.is_open((moment + opens) / 2)
    closes = hours.closes(moment)
    assert closes > opens
    assert closes == math.inf or not hours.is_open(closes)
    assert hours.is_open(min(opens + 1, closes - 0.5))


@settings(deadline=None)
@given(weeks(), minutes, st.integers(1, 300))
def test_opening_time_is_what_passes_while_it_is_open(
    hours: Hours, moment: int, wanted: int
) -> None:
    """From a moment to that after so many minutes it has been open for just so many."""
    end = hours.after(moment, wanted * 60)
    assume(end - moment < DAY)
    open_minutes = sum(hours.is_open(one) for one in range(moment, math.ceil(end), 60))
    assert open_minutes == wanted
    assert hours.is_open(end - 1)


@settings(deadline=None)
@given(weeks(), moments, st.integers(0, 100_000), st.integers(0, 100_000))
def test_waiting_twice_is_waiting_once(hours: Hours, moment: int, one: int, two: int) -> None:
    """Opening time adds up, and nothing is over before it began."""
    assert hours.after(hours.after(moment, one), two) == hours.after(moment, one + two)
    assert hours.after(moment, one) - moment >= one


# What an employee is told

HALF_HOUR = DeskTimes(hours=BERLIN)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-09-21 09:00", "Somebody should take it within 30 minutes."),
        ("2026-09-21 16:30", "Somebody should take it within 30 minutes."),
        (
            "2026-09-18 16:31",
            "The desk closes soon. If nobody takes it before, people are back on Monday at 09:00 "
            "(Europe/Berlin time).",
        ),
        (
            "2026-09-21 08:20",
            "Nobody is at the desk right now. People are back today, Monday, at 09:00 "
            "(Europe/Berlin time).",
        ),
        (
            "2026-09-19 12:00",
            "Nobody is at the desk right now. People are back on Monday at 09:00 "
            "(Europe/Berlin time).",
        ),
    ],
)
def test_what_to_expect(now: str, words: str) -> None:
    """Within which time if somebody is there for so long, else when people are back."""
    assert expectation(HALF_HOUR, at(now)) == words


def test_what_to_expect_of_a_desk_that_is_open_once_a_week() -> None:
    """A day of the next week is told with its date."""
    times = DeskTimes(hours=Hours.parse("mon 09:00-10:00", "Europe/Berlin"))
    assert "Monday, 28 September at 09:00" in expectation(times, at("2026-09-21 10:00"))


def test_what_to_expect_of_a_desk_that_never_closes() -> None:
    """There is nothing about hours in it."""
    assert expectation(DeskTimes(sla=2 * HOUR), 0.0) == "Somebody should take it within 2 hours."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 minute"),
        (MINUTE, "1 minute"),
        (MINUTE + 1, "2 minutes"),
        (90 * MINUTE, "90 minutes"),
        (HOUR, "1 hour"),
        (150 * MINUTE, "3 hours"),
        (DAY, "1 day"),
        (36 * HOUR, "36 hours"),
        (7 * DAY, "7 days"),
    ],
)
def test_how_long_something_takes(seconds: float, words: str) -> None:
    """Rounded up, so that nobody waits longer than they were told."""
    assert length(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute"),
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (MINUTE, "1 minute"),
        (HOUR - 1, "59 minutes"),
        (HOUR, "1 hour"),
        (90 * MINUTE, "90 minutes"),
        (DAY - 1, "23 hours"),
        (DAY, "1 day"),
        (36 * HOUR, "36 hours"),
        (2e6, "23 days"),
    ],
)
def test_how_long_something_has_lasted(seconds: float, words: str) -> None:
    """Rounded down, in the same words; a clock that was set back is no reason for nonsense."""
    assert age(seconds) == words
