"""The lanes at work: whose question is asked in one, and what its turn has taken."""

from __future__ import annotations

from agent.messages import Kind
from bot.lanes import Lanes, Running
from tests.support.engine import POST, claim, control

STOP = control(Kind.STOP)


def test_what_a_turn_has_taken_does_not_end_it() -> None:
    """The worker asks the store what interrupts a turn only if there is something it has not."""
    assert Running(claim=claim(POST)).misses(STOP.key)
    assert not Running(claim=claim(STOP)).misses(STOP.key)


def test_a_claim_under_way_misses_nothing() -> None:
    """It comes behind the row, and finds it."""
    assert not Running().misses(STOP.key)


def test_whose_question_it_is() -> None:
    """The author of what was taken; nobody's while there is no turn, or no task."""
    lane = str(POST.conversation)
    assert Lanes({lane: Running(claim=claim(POST))}).author_in(lane) == POST.author.id
    assert Lanes({lane: Running()}).author_in(lane) == Lanes().author_in(lane) == ""
