"""Numbers for Prometheus, read when they are asked for.

Nothing is counted on the way of a message: the journal, the outbox and the cases already know.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agent.breaker import BreakerState
from agent.cases import Case, CaseState, CaseTimes
from agent.errors import StorageError
from agent.recovery import Ladder
from bot.cases import is_incident
from storage import Store

if TYPE_CHECKING:
    from prometheus_client import Metric

TO_CLAIM = "frontdesk_case_claim_seconds"
TO_RESOLVE = "frontdesk_case_resolve_seconds"


async def exposition(store: Store, ladder: Ladder) -> bytes:
    """All metrics in Prometheus' text format; without numbers of rows if they cannot be counted."""
    # Imported here: most processes are never scraped before they are ready.
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    rows = Gauge("frontdesk_rows", "Rows by what they wait for", ["kind"], registry=registry)
    available = Gauge(
        "frontdesk_store_available",
        "1 if the last commit went well and the database can be read",
        registry=registry,
    )
    with contextlib.suppress(StorageError):
        for kind, count in (await store.records.counts()).items():
            rows.labels(kind).set(count)
        cases = await store.records.open_cases()
        registry.register(_Cases(cases, await store.records.case_times()))
        available.set(not store.trouble())
    breakers = Gauge(
        "frontdesk_model_available", "1 if the model may be asked", ["model"], registry=registry
    )
    for model, state in ladder.breakers().items():
        breakers.labels(model).set(state is not BreakerState.OPEN)
    return bytes(generate_latest(registry))


class _Cases:
    """Open cases by state, and how long cases took; prometheus_client asks it once."""

    def __init__(self, cases: Sequence[Case], times: Sequence[CaseTimes]) -> None:
        self._states = Counter(one.state for one in cases if not is_incident(one))
        self._times = times

    def collect(self) -> Iterator[Metric]:
        """The metrics, with sum and count of how long it took."""
        from prometheus_client.core import GaugeMetricFamily, SummaryMetricFamily

        open_cases = GaugeMetricFamily(
            "frontdesk_open_cases", "Cases that people have to do with, by state", labels=["state"]
        )
        for state in (one for one in CaseState if one.is_open):
            open_cases.add_metric([state.value], self._states[state])
        yield open_cases
        claim = SummaryMetricFamily(
            TO_CLAIM, "Seconds from the opening of a case until somebody took it", labels=["cause"]
        )
        resolve = SummaryMetricFamily(
            TO_RESOLVE,
            "Seconds from the opening of a case until people resolved it",
            labels=["cause"],
        )
        for one in self._times:
            claim.add_metric([one.cause.value], one.claimed, one.claim_seconds)
            resolve.add_metric([one.cause.value], one.resolved, one.resolve_seconds)
        yield claim
        yield resolve
