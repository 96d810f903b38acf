"""Facts become one event: every threshold, from both sides."""

from __future__ import annotations

import pytest

from agent.cases import Cause
from agent.decision import Action, Decision
from agent.policy import Policy, judge, wants_person
from agent.state import Event


def decision(action: Action, confidence: float) -> Decision:
    """A decision with this action and confidence."""
    return Decision(
        thinking="", action=action, confidence=confidence, citations=(), response="Words."
    )


OFFER, ESCALATE = Policy(), Policy(low_confidence="escalate")


@pytest.mark.parametrize(
    ("action", "confidence", "degraded", "policy", "event", "cause"),
    [
        (Action.CONTINUE, 0.5, False, OFFER, Event.ANSWERED, None),
        (Action.CONTINUE, 0.49, False, OFFER, Event.UNSURE, None),
        (Action.CONTINUE, 0.49, False, ESCALATE, Event.GAVE_UP, Cause.UNSURE),
        (Action.CONTINUE, 0.5, False, ESCALATE, Event.ANSWERED, None),
        (Action.CONTINUE, 1.0, True, OFFER, Event.UNSURE, None),
        (Action.CONTINUE, 0.1, True, ESCALATE, Event.UNSURE, None),
        (Action.CLOSE, 0.5, False, OFFER, Event.FINISHED, None),
        (Action.CLOSE, 0.1, False, OFFER, Event.UNSURE, None),
        (Action.CLOSE, 1.0, True, OFFER, Event.UNSURE, None),
        (Action.ESCALATE, 1.0, False, OFFER, Event.GAVE_UP, Cause.MODEL_ASKED),
        (Action.ESCALATE, 0.0, True, OFFER, Event.GAVE_UP, Cause.MODEL_ASKED),
    ],
)
def test_judging_a_decision(
    action: Action,
    confidence: float,
    degraded: bool,
    policy: Policy,
    event: Event,
    cause: Cause | None,
) -> None:
    """One line of the table of what a decision means."""
    said = decision(action, confidence)
    for models_tried in (True, False):
        found = judge(said, degraded=degraded, models_tried=models_tried, policy=policy)
        assert found == (event, cause)


@pytest.mark.parametrize("policy", [OFFER, ESCALATE])
def test_nothing_to_judge(policy: Policy) -> None:
    """Where models failed people are called; where there are none they are offered."""
    failed = judge(None, degraded=True, models_tried=True, policy=policy)
    assert failed == (Event.GAVE_UP, Cause.NOTHING_TO_OFFER)
    without = judge(None, degraded=True, models_tried=False, policy=policy)
    assert without == (Event.UNSURE, None)


@pytest.mark.parametrize("event", list(Event))
def test_people_are_only_wanted_where_there_are_some(event: Event) -> None:
    """Without a human channel what leads to people leads to an honest word instead."""
    assert wants_person(event, desk=True) is event
    people = event in (Event.GAVE_UP, Event.PERSON_ASKED)
    assert wants_person(event, desk=False) is (Event.NOBODY_THERE if people else event)
