"""Numbers for Prometheus, read when they are asked for.

Nothing is counted on the way of a message: the journal and the outbox already know.
"""

from __future__ import annotations

from agent.breaker import BreakerState
from agent.ports import Records
from agent.recovery import Ladder


async def exposition(records: Records, ladder: Ladder) -> bytes:
    """All metrics in Prometheus' text format.

    Raises:
        StoreUnavailable: the database could not be asked.
    """
    # Imported here: most processes are never scraped before they are ready.
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    rows = Gauge("frontdesk_rows", "Rows by what they wait for", ["kind"], registry=registry)
    for kind, count in (await records.counts()).items():
        rows.labels(kind).set(count)
    breakers = Gauge(
        "frontdesk_model_available", "1 if the model may be asked", ["model"], registry=registry
    )
    for model, state in ladder.breakers().items():
        breakers.labels(model).set(state is not BreakerState.OPEN)
    return bytes(generate_latest(registry))
