"""Open cases as people read them: in the chat, at the command line, and counted for the status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agent.cases import Case, CaseState
from agent.desk.times import age
from agent.output import harmless
from agent.records import INCIDENT
from agent.text import one_line, plain_name

ABOUT_CHARACTERS = 80


def on_cards(cases: Iterable[Case]) -> list[Case]:
    """The cases that have a card, in their order; those of an incident are all on one."""
    return [one for one in cases if not one.incident]


def is_incident(case: Case) -> bool:
    """Whether it stands for many cases, and for no employee of its own."""
    return case.lane.startswith(f"{INCIDENT}:")


def whose(case: Case) -> str:
    """The employee's name; of an incident, how many they are."""
    if is_incident(case):
        many = case.card.joined if case.card else 0
        return "1 person" if many == 1 else f"{many} people at once"
    return plain_name(case.card.employee_name if case.card else "") or case.employee_id


def about(case: Case) -> str:
    """What it is about, in one line; its reason if nothing was said."""
    summary = one_line(harmless(case.card.summary), ABOUT_CHARACTERS) if case.card else ""
    return summary or case.cause.words


def with_whom(case: Case) -> str:
    """Who has it, or that nobody has."""
    if case.state is CaseState.CLAIMED:
        return f"with {plain_name(case.owner_name) or case.owner}"
    return case.state.value


def told(case: Case, now: float) -> str:
    """A case as a line of Markdown."""
    long = age(now - case.opened_at)
    return f"- **{case.id}** {whose(case)}: {about(case)} ({long}, {with_whom(case)})"


def printed(case: Case, now: float) -> str:
    """A case as a line at the command line."""
    long = age(now - case.opened_at)
    return f"{case.id}  {long}  {with_whom(case)}  {whose(case)}: {about(case)}"


def as_data(case: Case, now: float) -> dict[str, Any]:
    """A case for programs; times in seconds since the epoch, `age` in seconds."""
    return {
        "id": case.id,
        "state": case.state.value,
        "cause": case.cause.value,
        "conversation": case.lane,
        "employee": case.card.employee_ref if case.card else case.employee_id,
        "employee_name": case.card.employee_name if case.card else "",
        "about": case.card.summary if case.card else "",
        "opened_at": case.opened_at,
        "age": round(now - case.opened_at, 3),
        "claimed_at": case.claimed_at or None,
        "owner": case.owner,
        "owner_name": case.owner_name,
        "incident": case.incident,
        "joined": case.card.joined if case.card else 0,
    }


def summed_up(cases: Sequence[Case], now: float) -> str:
    """How many employees wait for somebody, and the first of them how long already."""
    people = [one for one in cases if not is_incident(one)]
    waiting = [one.waiting_since for one in people if one.state is CaseState.WAITING]
    taken = len(people) - len(waiting)
    if not waiting:
        return f"cases: none waits, {taken} with people"
    longest = age(now - min(waiting))
    return f"cases: {len(waiting)} waiting, the longest for {longest}; {taken} with people"
