"""`frontdesk cases`, and what Prometheus is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from click.testing import Result

from agent.cases import Case, CaseCard, CaseState, Cause
from agent.policy import Policy
from agent.recovery import Ladder
from bot import metrics
from bot.clock import SystemClock
from storage import Store
from tests.bot.test_cli import complaint
from tests.bot.test_cli_care import with_store
from tests.storage.databases import LANE, claim_new, end, said

Here = Callable[..., Result]

CARD = CaseCard("C1", CaseState.WAITING, "Asked.", "slack:U1", "Ada Byron", "here", "My leave")


def case(name: str, minutes: float, **more: object) -> Case:
    """A case that was opened so many minutes ago."""
    opened_at = SystemClock().now() - 60 * minutes
    made = Case(name, LANE, Cause.PERSON_ASKED, CaseState.WAITING, "U1", opened_at, card=CARD)
    return replace(made, **more)  # type: ignore[arg-type]


def keep(*cases: Case) -> None:
    """Put cases into the database of the current folder, each by a turn of its own."""

    async def work(store: Store) -> None:
        for number, one in enumerate(cases, 1):
            await end(store, await claim_new(store, said(number)), cases=(one,))

    with_store(work)


LINUS = {"state": CaseState.CLAIMED, "owner": "slack:U2", "owner_name": "Linus Berg"}


def test_cases(here: Here) -> None:
    """The open ones, the oldest first: for how long, with whom, who, and what about."""
    keep(
        case("C1", 5.5),
        case("C2", 180.5, **LINUS),
        case("C3", 99, state=CaseState.RESOLVED),
    )
    result = here("cases")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "C2  3 hours  with Linus Berg  Ada Byron: My leave",
        "C1  5 minutes  waiting  Ada Byron: My leave",
    ]


def test_cases_for_programs(here: Here) -> None:
    """All that is known, those on the card of an incident too."""
    incident = case("C1", 10, lane="incident::dead_letter:", card=replace(CARD, joined=1))
    keep(incident, case("C2", 5, incident="C1", **LINUS, claimed_at=1790000000.0))
    assert len(here("cases").output.splitlines()) == 1
    first, second = json.loads(here("cases", "--json").output)
    assert (first["id"], first["joined"], first["claimed_at"]) == ("C1", 1, None)
    assert second["age"] >= 300
    assert round(second["opened_at"] + second["age"]) >= round(first["opened_at"] + first["age"])
    del second["age"], second["opened_at"]
    assert second == {
        "id": "C2",
        "state": "claimed",
        "cause": "person_asked",
        "conversation": LANE,
        "employee": "slack:U1",
        "employee_name": "Ada Byron",
        "about": "My leave",
        "claimed_at": 1790000000.0,
        "owner": "slack:U2",
        "owner_name": "Linus Berg",
        "incident": "C1",
        "joined": 0,
    }


def test_no_cases(here: Here) -> None:
    """So it is said, or an empty list; without a database it is said that there is none."""
    assert "there is no database" in complaint(here("cases"))
    keep()
    assert here("cases").output == "No case is open.\n"
    assert json.loads(here("cases", "--json").output) == []


def test_numbers_of_cases(here: Here) -> None:
    """How many are open by state, and how long they took by cause, as Prometheus reads it. An
    incident is nobody's question.
    """
    now = SystemClock().now()
    keep(
        case("C1", 5),
        case("C2", 5, lane="incident::dead_letter:"),
        case("C3", 10, **LINUS, claimed_at=now - 300),
        case("C4", 10, state=CaseState.RESOLVED, claimed_at=now - 540, closed_at=now),
    )

    async def work(store: Store) -> bytes:
        return await metrics.exposition(store, Ladder([], SystemClock(), Policy()))

    told = with_store(work).decode()
    lines = [line for line in told.splitlines() if "frontdesk_case_" in line or "open_c" in line]
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert [line for line in lines if line.startswith("# TYPE")] == [
        "# TYPE frontdesk_open_cases gauge",
        "# TYPE frontdesk_case_claim_seconds summary",
        "# TYPE frontdesk_case_resolve_seconds summary",
    ]
    assert {name: value for name, value in values.items() if "open_cases" in name} == {
        'frontdesk_open_cases{state="waiting"}': "1.0",
        'frontdesk_open_cases{state="claimed"}': "1.0",
    }
    cause = '{cause="person_asked"}'
    assert float(values[f"frontdesk_case_claim_seconds_count{cause}"]) == 2
    assert round(float(values[f"frontdesk_case_claim_seconds_sum{cause}"])) == 360
    assert float(values[f"frontdesk_case_resolve_seconds_count{cause}"]) == 1
    assert round(float(values[f"frontdesk_case_resolve_seconds_sum{cause}"])) == 600


def test_no_numbers_without_a_database(here: Here) -> None:
    """What cannot be counted is left out, and the rest is told."""

    async def work(store: Store) -> bytes:
        await store.close()
        return await metrics.exposition(store, Ladder([], SystemClock(), Policy()))

    told = with_store(work).decode()
    assert "frontdesk_store_available 0.0" in told
    assert "case" not in told
