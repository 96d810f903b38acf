"""What a lane is told of the end of a delivery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.cases import CaseCard, CaseState
from agent.messages import ConversationId, Kind, OutgoingMessage, Tone
from agent.records import DeliveryState, Settlement
from agent.settling import UNCONFIRMED, UNREADABLE, undeliverable, why_told

ANSWER = OutgoingMessage("t1.1", ConversationId("irc", "net", "@ada"), "Plug it in.", to="ada")
WORDS = replace(ANSWER, tone=Tone.PERSON)
CARD = replace(ANSWER, card=CaseCard("C1", CaseState.WAITING, "why", "irc:ada", "Ada", "here", ""))
EDITED = replace(CARD, replaces="t0.1"), replace(WORDS, replaces="t0.1")
DOUBT = Settlement(DeliveryState.UNCONFIRMED, reason="DeliveryUnknown")
DEAD = Settlement(DeliveryState.DEAD, reason="PlaceFatal:archived")


@pytest.mark.parametrize("message", [ANSWER, WORDS, CARD, *EDITED])
def test_whatever_died_is_told(message: OutgoingMessage) -> None:
    """Another way is looked for by what the platform said."""
    assert why_told(message, DEAD) == DEAD.reason


@pytest.mark.parametrize("message", [WORDS, CARD])
def test_cards_and_words_of_people_are_told_of(message: OutgoingMessage) -> None:
    """A card may have to be shown again, and whoever wrote must know."""
    assert why_told(message, DOUBT) == UNCONFIRMED


@pytest.mark.parametrize("message", [ANSWER, *EDITED])
def test_other_messages_are_told_to_their_reader_alone(message: OutgoingMessage) -> None:
    """The employee hears at their next turn that an answer may be missing."""
    assert why_told(message, DOUBT) is None


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.SENT])
def test_what_goes_well_is_not_told(state: DeliveryState) -> None:
    """Nobody waits for it."""
    assert why_told(CARD, Settlement(state, ref="1", reason="RateLimited")) is None


def test_what_cannot_be_read() -> None:
    """It died, and its lane tells whom it can."""
    assert why_told(None, UNREADABLE) == "Unreadable"
    assert why_told(None, DOUBT) is None


def test_each_death_is_told_once() -> None:
    """What was put back by hand and dies again is news."""
    first, again = (undeliverable("irc:net:@ada:", "t1.1", n, "RowFatal", 5.0) for n in (0, 1))
    assert (first.kind, first.about, first.detail) == (Kind.UNDELIVERABLE, "t1.1", "RowFatal")
    assert first.lane == "irc:net:@ada:"
    assert first.key != again.key
