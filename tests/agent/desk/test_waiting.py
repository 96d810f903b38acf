"""What time brings to a case that nobody does anything about."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import texts
from agent.cases import Case, CaseState, Cause, Copy
from agent.desk.hours import Hours
from agent.desk.joining import gathering
from agent.desk.times import DAY, DeskTimes
from agent.desk.waiting import last_activity, next_look, timer
from agent.errors import DeliveryRetry, PlaceFatal
from agent.journal import Line
from agent.messages import Author, Button, ConversationId, IncomingMessage, Kind
from agent.records import Entry, TurnEnd
from agent.state import Event, State
from tests.support.clock import START
from tests.support.engine import CARD, CASE, DESK, PLACE, SECOND, Rig, claim, control, kinds, said

MINUTES = 60.0
WAITING = replace(CASE, looks=1, channel=str(DESK))
CLAIMED = replace(
    WAITING, state=CaseState.CLAIMED, owner="irc:hedy", owner_name="Hedy", claimed_at=START
)
TIMES = DeskTimes()


def turn(*events: Event, at: float) -> Entry:
    """The line of a turn in which this happened."""
    return Entry(Line.TURN, {"events": [event.value for event in events]}, at, "t1", 1)


async def look(
    rig: Rig, case: Case, after: float, *, told: IncomingMessage | None = None, **more: object
) -> TurnEnd:
    """The turn of the case's timer, so many seconds after the case was opened."""
    await rig.clock.advance(after)
    state = State.ESCALATED if case.state is CaseState.WAITING else State.WITH_HUMAN
    return await rig.run(claim(told or timer(case), state=state, case=case, **more))  # type: ignore[arg-type]


def moments(end: TurnEnd) -> list[float]:
    """When the timers of a turn are due, in seconds after the start."""
    return [one.not_before - START for one in end.timers]


# The timer


async def test_a_new_case_gets_a_timer(rig: Rig) -> None:
    """It is due when somebody should have claimed the case."""
    end = await rig.run(claim(control(Kind.ASK_PERSON)))
    (case,) = end.cases
    (set_,) = end.timers
    assert case.looks == 1
    assert set_.message == timer(case)
    assert (set_.message.kind, set_.message.about, set_.message.lane) == (
        Kind.LOOK,
        case.id,
        str(PLACE),
    )
    assert moments(end) == [30 * MINUTES]
    assert end.timers_over == ()


async def test_nobody_to_watch_over(rig: Rig) -> None:
    """Where there is no case, or it is over, no timer is set."""
    waiting = rig.engine._waiting
    over = rig.engine._begin(claim(timer(WAITING), case=replace(WAITING, state=CaseState.RESOLVED)))
    await waiting.watch_case(over)
    assert over.timers == []
    none = rig.engine._begin(claim(timer(WAITING)))
    for perform in (
        waiting.watch_case,
        waiting.remind_desk,
        waiting.say_overdue,
        waiting.say_stale,
    ):
        await perform(none)
    assert (none.timers, none.outbox, none.cases) == ([], [], [])


@pytest.mark.parametrize("about", ["look-C1-0", "look-C1-2", "look-C2-1"])
async def test_an_old_timer(rig: Rig, about: str) -> None:
    """What was set for another case, or before the last move of this one, is nothing."""
    end = await look(rig, WAITING, 31 * MINUTES, told=replace(timer(WAITING), id=about))
    assert kinds(end) == ["turn"]
    assert (end.outcome, end.timers, end.cases) == (Event.VANISHED, (), ())


async def test_the_timer_of_a_case_that_is_over(rig: Rig) -> None:
    """Nothing is to be done, whatever became of the conversation."""
    closed = replace(WAITING, state=CaseState.RESOLVED)
    for case in (None, closed):
        end = await rig.run(claim(timer(WAITING), state=State.CLOSED, case=case))
        assert (end.outcome, end.state, end.outbox) == (Event.VANISHED, State.CLOSED, ())


# Nobody claims it


async def test_the_first_reminder(rig: Rig) -> None:
    """People are reminded where the card is, the employee is told, and the next timer is set."""
    rig.engine.desk_place.second = SECOND
    end = await look(rig, WAITING, 30 * MINUTES)
    (reminder,) = said(end, DESK)
    assert reminder == "**Reminder:** case C1 has been waiting for 30 minutes. Ada: Leave"
    assert end.outbox[0].under == ""
    (told,) = said(end)
    assert "I've reminded the people" in told
    assert "Somebody should take it within 30 minutes" in told
    assert end.outbox[-1].buttons == (Button.LEAVE_QUEUE,)
    assert end.outbox[-1].to == "ada"
    (case,) = end.cases
    assert (case.reminders, case.looks) == (1, 2)
    assert moments(end) == [60 * MINUTES]
    assert timer(WAITING).key in end.timers_over
    assert end.state is State.ESCALATED


async def test_what_an_employee_asked_pings_nobody(rig: Rig) -> None:
    """A reminder holds words of theirs, and is made as harmless as all words."""
    case = replace(WAITING, card=replace(CARD, summary="@channel ![x](http://evil)"))
    end = await look(rig, case, 30 * MINUTES)
    assert "@channel" not in said(end, DESK)[0]
    assert "evil" not in said(end, DESK)[0]


async def test_the_second_reminder(rig: Rig) -> None:
    """The second channel gets a card of its own, with a word why; it follows the case from now."""
    rig.engine.desk_place.second = SECOND
    reminded = replace(WAITING, reminders=1, looks=2)
    end = await look(rig, reminded, 60 * MINUTES)
    card, word = [one for one in end.outbox if one.conversation == SECOND]
    assert card.card == CARD
    assert Button.CLAIM in card.buttons
    assert word.under == card.id
    assert "Nobody has claimed this for 1 hour" in word.text
    assert said(end, DESK) == []
    assert "Still nobody has taken your case" in said(end)[0]
    (case,) = end.cases
    assert case.copies == (Copy(card.id, str(SECOND)),)
    assert (case.reminders, case.looks) == (2, 3)
    assert moments(end) == [60 * MINUTES + TIMES.owner_look]


@pytest.mark.parametrize("second", [None, DESK])
async def test_no_second_channel(rig: Rig, second: ConversationId | None) -> None:
    """Where there is no other channel people are not reminded again."""
    rig.engine.desk_place.second = second
    end = await look(rig, replace(WAITING, reminders=1), 60 * MINUTES)
    assert (end.outcome, end.outbox) == (Event.LOOKED, ())
    assert moments(end) == [60 * MINUTES + TIMES.owner_look]


async def test_a_second_channel_whose_platform_is_out(rig: Rig) -> None:
    """It is asked for again when its reminder is due, and from then on whenever anybody looks."""
    end = await look(rig, WAITING, 30 * MINUTES)
    assert moments(end) == [60 * MINUTES]
    reminded = replace(WAITING, reminders=1, looks=2)
    end = await look(rig, reminded, 30 * MINUTES)
    assert (end.outcome, moments(end)) == (Event.LOOKED, [60 * MINUTES + TIMES.owner_look])
    rig.engine.desk_place.second = SECOND
    end = await look(rig, replace(reminded, looks=3), TIMES.owner_look)
    assert [one.conversation for one in end.outbox if not one.to] == [SECOND, SECOND]


async def test_once_each(rig: Rig) -> None:
    """After two reminders the case only waits."""
    rig.engine.desk_place.second = SECOND
    end = await look(rig, replace(WAITING, reminders=2), 90 * MINUTES)
    assert (end.outcome, end.outbox) == (Event.LOOKED, ())


async def test_the_second_channel_was_taken_away(rig: Rig) -> None:
    """A reminder that was due there is counted and reaches nobody."""
    waiting = rig.engine._waiting
    draft = rig.engine._begin(claim(timer(WAITING), case=replace(WAITING, reminders=1)))
    await waiting.remind_desk(draft)
    assert draft.outbox == []
    assert draft.cases[0].reminders == 2


async def test_business_hours(rig: Rig) -> None:
    """Only time in which somebody is there counts, and the employee reads when that is."""
    hours = Hours.parse("mon 14:00-15:00")  # the clock starts on a Monday at 14:13
    times = replace(TIMES, hours=hours)
    rig.engine.desk_place.times = lambda *_: times
    end = await rig.run(claim(control(Kind.ASK_PERSON)))
    assert moments(end) == [30 * MINUTES]
    due = hours.after(START, 60 * MINUTES)
    assert due - START > 6 * DAY
    rig.engine.desk_place.second = SECOND
    end = await look(rig, WAITING, 30 * MINUTES)
    assert moments(end) == [30 * MINUTES + TIMES.owner_look]
    early = await look(rig, replace(WAITING, reminders=1), due - START - 31 * MINUTES)
    assert (early.outcome, moments(early)) == (Event.LOOKED, [due - START])
    assert "people are back on Monday, 28 September at 14:00 (UTC time)" in said(end)[0]


async def test_the_times_of_a_place(rig: Rig) -> None:
    """They are asked for with the employee's place and the channel that the card is in."""
    asked = []

    def times(place: ConversationId, channel: ConversationId | None) -> DeskTimes:
        asked.append((place, channel))
        return DeskTimes(sla=5 * MINUTES)

    rig.engine.desk_place.times = times
    end = await look(rig, replace(WAITING, channel=str(SECOND)), 5 * MINUTES)
    assert end.outcome == Event.OVERDUE
    assert set(asked) == {(PLACE, SECOND)}


async def test_longer_hours_since(rig: Rig) -> None:
    """Who gives the desk more time while a timer runs does not have it reminded too early."""
    rig.engine.desk_place.times = lambda *_: DeskTimes(sla=50 * MINUTES)
    end = await look(rig, WAITING, 30 * MINUTES)
    assert end.outcome == Event.LOOKED
    assert moments(end) == [50 * MINUTES]


async def test_a_case_that_was_given_back(rig: Rig) -> None:
    """The channel gets the time again that it has for a new one."""
    await rig.clock.advance(10 * 60 * MINUTES)
    release = IncomingMessage(DESK, "9", Kind.RELEASE, Author("hedy"), about="t0.1")
    end = await rig.run(
        claim(release, state=State.WITH_HUMAN, case=replace(CLAIMED, reminders=2), case_id="C1")
    )
    assert (end.cases[-1].state, end.cases[-1].reminders) == (CaseState.WAITING, 0)
    assert moments(end) == [10.5 * 60 * MINUTES]


async def test_the_desk_is_down_for_long(rig: Rig) -> None:
    """A case that nobody could claim is not closed before people were reminded of it."""
    end = await look(rig, WAITING, 9 * DAY)
    assert end.outcome == Event.OVERDUE
    assert moments(end) == [10 * DAY]


# A case that is shown on the card of an incident


async def test_an_overdue_case_of_an_incident(rig: Rig) -> None:
    """Its employee is told; people are reminded once, by the incident's own timer."""
    joined = replace(WAITING, card=None, incident="C9")
    end = await look(rig, joined, 30 * MINUTES)
    assert [one.to for one in end.outbox] == ["ada"]
    assert end.cases[0].reminders == 1


@pytest.mark.parametrize("seconds", [30 * MINUTES, 29 * MINUTES])
@pytest.mark.parametrize(("incident", "card_id"), [("", ""), ("C9", "t90.1")])
async def test_a_case_that_has_no_card_of_its_own(
    rig: Rig, incident: str, card_id: str, seconds: float
) -> None:
    """Whenever it was looked at it joins the incident once more, under a new name: that may be over
    by now, or may never have heard of it.
    """
    case = replace(
        WAITING, card=None, card_id=card_id, incident=incident, cause=Cause.NOTHING_TO_OFFER
    )
    end = await look(rig, case, seconds)
    (kept,) = end.cases
    assert [one.message for one in end.timers] == [timer(kept), gathering(kept)]
    assert gathering(kept).key != gathering(case).key
    assert end.timers[1].not_before > rig.clock.now()
    assert gathering(case).key in end.timers_over


async def test_only_a_look_asks_after_the_incident(rig: Rig) -> None:
    """Whoever claims a case has done so on the card of its incident: that is not over."""
    joined = replace(WAITING, card=None, incident="C9")
    press = IncomingMessage(DESK, "9", Kind.CLAIM, Author("hedy"), about="C9")
    end = await rig.run(claim(press, state=State.ESCALATED, case=joined, case_id="C1"))
    assert end.outcome == Event.CLAIMED
    assert [one.message.kind for one in end.timers] == [Kind.LOOK]


# Nobody says anything


async def test_a_stale_case(rig: Rig) -> None:
    """It is closed, its card says so, and the employee may ask for somebody again."""
    end = await look(rig, replace(CLAIMED, opened_at=START), 7 * DAY)
    assert (end.outcome, end.state) == (Event.WENT_STALE, State.CLOSED)
    assert end.cases[-1].state is CaseState.STALE
    (card,) = [one for one in end.outbox if one.replaces]
    assert (card.replaces, card.conversation, card.buttons) == ("t0.1", DESK, ())
    (told,) = said(end)
    assert told == texts.STALE.format(case="C1", time="7 days")
    assert end.outbox[-1].buttons == (Button.ASK_PERSON,)
    assert end.timers == ()


async def test_somebody_said_something(rig: Rig) -> None:
    """The days count from what people last said or did, not from what only time has done."""
    history = (
        turn(Event.PERSON_ASKED, at=START),
        turn(Event.STAFF_WROTE, at=START + 2 * DAY),
        Entry(Line.TURN, {}, START + 3 * DAY, "t2", 2),  # erased
        turn(Event.LOOKED, at=START + 4 * DAY),
    )
    end = await look(rig, CLAIMED, 7 * DAY, history=history)
    assert end.outcome == Event.LOOKED
    assert moments(end) == [7 * DAY + TIMES.owner_look]
    late = await look(rig, CLAIMED, 2 * DAY, history=history)
    assert late.outcome == Event.WENT_STALE


async def test_a_case_of_which_little_is_known(rig: Rig) -> None:
    """Where the journal says nothing any more, its opening and its first claim count."""
    draft = rig.engine._begin(claim(timer(CLAIMED), case=CLAIMED))
    assert last_activity(draft, replace(CLAIMED, claimed_at=START + 5)) == START + 5
    assert last_activity(draft, WAITING) == START


# Whoever has it is gone


async def test_the_owner_is_still_there(rig: Rig) -> None:
    """Nothing happens, and there will be another look."""
    end = await look(rig, CLAIMED, 3600)
    assert (end.outcome, end.outbox) == (Event.LOOKED, ())
    assert rig.platform.asked_for == [(DESK, "hedy")]
    assert moments(end) == [3600 + TIMES.owner_look]


async def test_the_owner_is_gone(rig: Rig) -> None:
    """Their case waits again, its card says so, and the employee is told."""
    rig.platform.gone = {"hedy"}
    end = await look(rig, CLAIMED, 3600)
    assert (end.outcome, end.state) == (Event.OWNER_GONE, State.ESCALATED)
    (case,) = end.cases
    assert (case.state, case.owner, case.looks) == (CaseState.WAITING, "", 2)
    assert len(said(end)) == 1
    assert moments(end) == [3600 + 30 * MINUTES]


@pytest.mark.parametrize("error", [DeliveryRetry(), PlaceFatal()])
async def test_the_platform_does_not_tell(rig: Rig, error: DeliveryRetry | PlaceFatal) -> None:
    """Nobody loses a case because their platform is out."""
    rig.platform.refused["hedy"] = error
    assert (await look(rig, CLAIMED, 3600)).outcome == Event.LOOKED


async def test_the_platform_does_not_tell_in_time(rig: Rig) -> None:
    """Nobody waits for it for long."""
    rig.platform.seconds = 60.0
    asking = asyncio.ensure_future(rig.engine._waiting.owner_is_gone(CLAIMED))
    await rig.clock.advance(6)
    assert await asking is False


@pytest.mark.parametrize("owner", ["", "teams:hedy", "matrix:hedy"])
async def test_an_owner_who_cannot_be_asked_for(rig: Rig, owner: str) -> None:
    """Somebody of another platform than the card's is not looked for on it."""
    for case in (replace(CLAIMED, owner=owner), replace(CLAIMED, channel="teams:t:c:")):
        assert not await rig.engine._waiting.owner_is_gone(case)
    assert rig.platform.asked_for == []


# The next moment

cases = st.builds(
    replace,
    st.sampled_from([WAITING, CLAIMED]),
    reminders=st.integers(0, 3),
    opened_at=st.floats(START, START + 30 * DAY),
)
some_times = st.builds(
    DeskTimes,
    sla=st.floats(60, 10 * DAY),
    stale=st.floats(DAY, 30 * DAY),
    hours=st.sampled_from([Hours(), Hours.parse("mon-fri 09:00-17:00", "Europe/Berlin")]),
)


@given(cases, some_times, st.floats(0, 60 * DAY), st.floats(0, 60 * DAY), st.integers(1, 2))
def test_there_is_always_a_next_look(
    case: Case, times: DeskTimes, passed: float, quiet: float, reminders: int
) -> None:
    """It is ahead, no later than the case can go stale, and never far away."""
    now = case.opened_at + passed
    due = next_look(case, times, now, active_at=now - quiet, reminders=reminders)
    assert now < due <= max(now - quiet + times.stale, now + DAY)
    assert due <= now + max(times.owner_look, DAY)
