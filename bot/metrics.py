"""Numbers for Prometheus, read when they are asked for.

Nothing is counted on the way of a message: the journal and the outbox already know.
"""

from __future__ import annotations

import contextlib

from agent.breaker import BreakerState
from agent.errors import StorageError
from agent.recovery import Ladder
from storage import Store


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
        available.set(not store.trouble())
    breakers = Gauge(
        "frontdesk_model_available", "1 if the model may be asked", ["model"], registry=registry
    )
    for model, state in ladder.breakers().items():
        breakers.labels(model).set(state is not BreakerState.OPEN)
    return bytes(generate_latest(registry))
