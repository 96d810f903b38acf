"""What people see of a case: what its card says, which of several counts, which are edited."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import CaseState, Copy, Outcome
from agent.desk.waiting import timer
from agent.journal import Line
from agent.messages import Kind
from agent.records import Entry, TurnEnd
from agent.state import State
from tests.support.clock import START
from tests.support.engine import (
    CARD,
    CASE,
    DESK,
    SECOND,
    THREAD,
    Rig,
    at_desk,
    claim,
    control,
    press,
    wrote,
)

COPY = Copy("t9.9", str(SECOND))
TWICE = replace(CASE, channel=str(DESK), copies=(COPY,))
LOST = replace(CASE, channel=str(DESK), card_id="", copies=(Copy("t0.1", str(DESK)),))


def line(kind: Line, seq: int, **data: object) -> Entry:
    """A line of the journal."""
    return Entry(kind, data, START, f"t{seq}", seq)


def spoke(seq: int, who: str, text: str, kind: Line = Line.SAID) -> Entry:
    """What somebody said."""
    return line(kind, seq, id=str(seq), author=who, name=who.title(), text=text, case="C1")


SAID = (
    spoke(1, "ada", "My badge does not open the door"),
    line(Line.ANSWERED, 2, message="t2.1", text="Ask the porter."),
    line(Line.CASE, 3, case="C1", state="waiting", cause="person_asked"),
    line(Line.NOTICE, 4, message="t3.2", text="I've passed this on."),
    spoke(5, "ada", "The new one"),
    spoke(6, "ada", ""),
    line(
        Line.STAFF, 7, id="s1", author="irc:linus", name="Linus", text="Which?\n// odd", case="C1"
    ),
    line(
        Line.STAFF,
        8,
        id="s2",
        author="irc:linus",
        name="Linus",
        text="// odd",
        note=True,
        case="C1",
    ),
)
SO_FAR = (
    "Ada: My badge does not open the door",
    "Frontdesk: Ask the porter.",
    "Ada: The new one",
    "Linus: Which?",
)


@pytest.fixture
def rig() -> Rig:
    one = Rig()
    one.engine.desk_place.second = SECOND
    return one


def edits(end: TurnEnd) -> list[str]:
    """Which cards a turn changes."""
    return [one.replaces for one in end.outbox if one.replaces and one.card]


def main(end: TurnEnd) -> tuple[str, str, tuple[Copy, ...]]:
    """Which card counts after a turn, where it is, and which others there are."""
    case = end.cases[-1]
    return case.card_id, case.channel, case.copies


# What it is about


async def opened(rig: Rig, *history: Entry) -> str:
    """What the card says that Ada's case is about, who asks for a person after this."""
    wish = control(Kind.ASK_PERSON, text="I want to talk to a person")
    end = await rig.run(claim(wish, history=history))
    assert end.cases[0].card is not None
    return end.cases[0].card.summary


async def test_it_is_about_what_the_employee_said(rig: Rig) -> None:
    """Not about what Grace said in the same thread, nor about a thumb."""
    mine = spoke(1, "ada", "My badge does not open the door")
    hers = spoke(2, "grace", "Where is lunch?")
    thumb = spoke(3, "ada", ":+1:")
    assert await opened(rig, mine, hers, thumb) == "My badge does not open the door"
    assert await opened(rig, hers, thumb) == "Where is lunch?"
    assert await opened(rig) == "I want to talk to a person"


# The conversation so far


async def test_a_further_card_shows_what_was_said_since(rig: Rig) -> None:
    """By the employee and by people, but no notes and nothing about the case itself."""
    case = replace(CASE, opened_at=START - 7200, reminders=1, channel=str(DESK), looks=1)
    look = claim(timer(case), state=State.ESCALATED, case=case, history=SAID)
    end = await rig.run(look)
    (card,) = [one.card for one in end.outbox if one.card]
    assert card.transcript == SO_FAR


@pytest.mark.parametrize("kind", [Kind.CLAIM, Kind.MESSAGE])
async def test_who_takes_it_from_another_card(rig: Rig, kind: Kind) -> None:
    """They read there what was said meanwhile, and the talk is there from now on."""
    there = replace(press(kind), conversation=replace(SECOND, thread="5"), text="Hello")
    end = await rig.run(at_desk(there, case=TWICE, history=SAID))
    assert main(end) == ("t9.9", str(SECOND), (Copy("t0.1", str(DESK)),))
    assert end.cases[-1].card is not None
    assert end.cases[-1].card.transcript == SO_FAR
    assert edits(end) == ["t9.9", "t0.1"]


async def test_who_takes_it_where_it_is(rig: Rig) -> None:
    """The card stays as it is: what was said stands under it."""
    end = await rig.run(at_desk(press(Kind.CLAIM, about="t0.1"), case=TWICE, history=SAID))
    assert end.cases[-1].card is not None
    assert end.cases[-1].card.transcript == CARD.transcript


# Which card it is


async def test_two_cards_in_one_channel(rig: Rig) -> None:
    """The first was in doubt and did arrive: words under it are known by what its thread is called,
    a press by what it is on.
    """
    twins = replace(CASE, card_id="t8.1", channel=str(DESK), copies=(Copy("t0.1", str(DESK)),))
    arrived = line(Line.DELIVERED, 9, message="t0.1", ref=THREAD.thread)
    after = ("t0.1", str(DESK), (Copy("t8.1", str(DESK)),))
    assert main(await rig.run(at_desk(wrote("Hello"), case=twins, history=(arrived,)))) == after
    assert main(await rig.run(at_desk(press(Kind.CLAIM, about="t0.1"), case=twins))) == after
    assert main(await rig.run(at_desk(wrote("Hello"), case=twins)))[0] == "t8.1"


@pytest.mark.parametrize("about", ["t0.1", ""])
async def test_a_card_in_doubt_is_taken(rig: Rig, about: str) -> None:
    """No other is known: it is the one."""
    end = await rig.run(at_desk(press(Kind.CLAIM, about=about), case=LOST))
    assert main(end) == ("t0.1", str(DESK), ())
    assert edits(end) == ["t0.1"]


async def test_a_card_in_doubt_is_resolved(rig: Rig) -> None:
    """It says so, though it does not count."""
    form = press(Kind.RESOLVE, detail=Outcome.DONE.value, about="t0.1")
    assert edits(await rig.run(at_desk(form, case=LOST))) == ["t0.1"]


async def test_a_card_that_does_not_count_any_more(rig: Rig) -> None:
    """Its channel was shut and is open again: whoever presses there sees what came of it; what only
    a press says of itself is not believed.
    """
    moved = replace(CASE, card_id="t8.1", channel=str(SECOND))
    arrived = line(Line.DELIVERED, 9, message="t0.1", ref=THREAD.thread)
    form = press(Kind.RESOLVE, detail=Outcome.DONE.value, about="t3.3")
    assert edits(await rig.run(at_desk(form, case=moved, history=(arrived,)))) == ["t8.1", "t0.1"]
    assert edits(await rig.run(at_desk(form, case=moved))) == ["t8.1"]
    end = await rig.run(at_desk(press(Kind.CLAIM), case=moved, history=(arrived,)))
    assert main(end) == ("t0.1", str(DESK), (Copy("t8.1", str(SECOND)),))


async def test_a_case_without_a_card_is_given_to_somebody(rig: Rig) -> None:
    """By a command: there is nothing to be edited."""
    nowhere = replace(CASE, card_id="", channel=str(DESK))
    given = replace(press(Kind.ASSIGN, detail="irc:margaret"), conversation=DESK)
    end = await rig.run(at_desk(given, case=nowhere))
    assert (main(end), edits(end)) == (("", str(DESK), ()), [])
    assert end.cases[-1].state is CaseState.CLAIMED
