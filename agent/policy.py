"""Policy: facts in, one event out; and the thresholds of a turn. What only bounds a text or a wait
stands beside it (how long an answer may be: `decision.MAX_RESPONSE`; how long a case waits:
`desk/times.py`).

The state machine says what follows from an event; this module says which event the facts are:
whether a confidence of 0.31 is an answer or a doubt, whether a person is wanted, what a message
that nobody can answer means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.cases import Cause
from agent.decision import Action, Decision
from agent.state import Event


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds of a turn, with their defaults. Times are in seconds."""

    min_confidence: float = 0.5
    """Below it an answer comes with the offer of a person."""
    low_confidence: Literal["offer", "escalate"] = "offer"
    first_token: float = 8.0
    """Until the first piece of output; then the next model starts beside."""
    answer: float = 45.0
    """One model, from its first question to the end of its output, retries and repair included."""
    turn: float = 90.0
    """All models of one turn together; tools and summaries are not counted. A turn that calls tools
    may overrun it: each further question gets at least `first_token`."""
    summary: float = 15.0
    """Folding a long conversation into a summary before the answer."""
    stall: float = 10.0
    """Between two pieces of a started output."""
    attempts_per_model: int = 2
    race_share: float = 0.2
    """At most this share of the questions races two models."""
    max_attempts: int = 5
    """A row that failed this often is a dead letter."""
    episode: float = 12 * 3600.0
    """A conversation idle for so long begins afresh."""
    max_input: int = 12_000
    """Characters of one message that are read at all."""
    window_messages: int = 24
    """More than so many messages in the context are folded into a summary …"""
    kept_messages: int = 8
    """… except for this many of the newest."""
    window_characters: int = 24_000
    earlier_messages: int = 30
    """Messages of a thread that are read when the bot is pulled into it."""
    passages: int = 5
    tool_calls: int = 4
    """Calls that one turn may make."""
    approval: float = 24 * 3600.0
    """Until nobody may approve a call any more."""
    follow_threads: bool = True
    guests: Literal["allow", "refuse"] = "allow"
    external: Literal["allow", "refuse"] = "refuse"


def judge(
    decision: Decision | None, *, degraded: bool, models_tried: bool, policy: Policy
) -> tuple[Event, Cause | None]:
    """Which event a validated decision is, and the cause if it leads to a case.

    Args:
        decision: what the ladder delivered, None if nothing.
        degraded: it was made without a model, and is therefore always offered with a person.
        models_tried: there are models that could have delivered something. Without any, people are
            offered rather than called: nothing has failed.
        policy: the thresholds.
    """
    if decision is None:
        return (Event.GAVE_UP, Cause.NOTHING_TO_OFFER) if models_tried else (Event.UNSURE, None)
    if decision.action is Action.ESCALATE:
        return Event.GAVE_UP, Cause.MODEL_ASKED
    if degraded:
        return Event.UNSURE, None
    if decision.confidence < policy.min_confidence:
        if policy.low_confidence == "escalate":
            return Event.GAVE_UP, Cause.UNSURE
        return Event.UNSURE, None
    if decision.action is Action.CLOSE:
        return Event.FINISHED, None
    return Event.ANSWERED, None


def wants_person(event: Event, *, desk: bool) -> Event:
    """The event itself, or NOBODY_THERE if it leads to people and there is no human channel."""
    if event in (Event.GAVE_UP, Event.PERSON_ASKED) and not desk:
        return Event.NOBODY_THERE
    return event
