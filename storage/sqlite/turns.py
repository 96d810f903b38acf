"""The port Turns over SQLite: each method is one job of the writer, encoded and decoded here."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import TypeVar

from agent.errors import LeaseLost, StoreUnavailable
from agent.ports import Clock
from agent.records import (
    Accepted,
    Arrival,
    Claim,
    Committed,
    Delivery,
    DeliveryState,
    Due,
    Interruption,
    Lease,
    Settlement,
    TurnEnd,
)
from agent.state import RESTING
from storage.sqlite import codec, lanes, outbox
from storage.sqlite import statements as sql
from storage.sqlite.writer import Writer

T = TypeVar("T")
Found = tuple[list[T], float | None]
"""What is due now, and when more will be."""

ACCEPT_SECONDS = 2.0
"""Slack and Teams give up on an event after 3 s to 15 s and send it again; we say no sooner."""
MOST_DUE = 100
"""Lanes, and deliveries, of one answer of `due`."""
LOOK_AGAIN_SECONDS = 1.0
"""When to ask `due` again if its answer was full."""


class SqliteTurns:
    """Inbox, lanes and outbox of one process; see `agent.ports.Turns` for the promises."""

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        *,
        owner: str,
        askable: Collection[str],
        history_limit: int,
    ) -> None:
        """Work through `writer` in the name of `owner`."""
        self._writer = writer
        self._clock = clock
        self._owner = owner
        self._askable = frozenset(askable)
        self._history_limit = history_limit

    async def accept(self, arrival: Arrival) -> Accepted:
        row = codec.new_row(arrival, self._clock.now())
        known = arrival.only_known_lane
        try:
            async with self._clock.timeout(ACCEPT_SECONDS):
                return await self._writer.run(
                    lambda db: lanes.accept(db, row, only_known_lane=known)
                )
        except TimeoutError:
            raise StoreUnavailable("the database did not commit in time") from None

    async def claim(self, lane: str) -> Claim | None:
        now, owner, limit = self._clock.now(), self._owner, self._history_limit
        found = await self._writer.run(lambda db: lanes.claim(db, lane, owner, now, limit))
        return codec.claim_of(lane, owner, found) if found else None

    async def renew(self, lease: Lease) -> Interruption | None:
        now = self._clock.now()
        try:
            return await self._writer.run(lambda db: lanes.renew(db, lease, now))
        except StoreUnavailable as error:
            raise LeaseLost("the lease could not be renewed") from error

    async def commit(self, lease: Lease, end: TurnEnd) -> Committed:
        if end.state not in RESTING:
            raise ValueError(f"{end.state} is not a state that a turn may end in")
        now = self._clock.now()
        rows = codec.ending(lease.lane, end, now, self._askable)
        taken, ready_at = await self._writer.run(lambda db: lanes.end_turn(db, lease, rows))
        messages = {message.id: message for message in end.outbox}
        return Committed(
            tuple([codec.delivery_of(row, messages.get(row.message_id)) for row in taken]),
            lane_due=ready_at is not None and ready_at <= now,
        )

    async def release(self, lease: Lease, retry_at: float, *, refund: bool) -> None:
        await self._writer.run(lambda db: lanes.release(db, lease, retry_at, refund=refund))

    async def due(self) -> Due:
        now, owner = self._clock.now(), self._owner

        def look(db: sqlite3.Connection) -> tuple[Found[str], Found[outbox.Taken]]:
            return (
                lanes.due_lanes(db, now, MOST_DUE),
                outbox.take_due(db, owner, now, MOST_DUE),
            )

        (found, lane_at), (taken, delivery_at) = await self._writer.run(look)
        full = MOST_DUE in (len(found), len(taken))
        moments = (lane_at, delivery_at, now + LOOK_AGAIN_SECONDS if full else None)
        return Due(
            tuple(found),
            tuple(map(codec.delivery_of, taken)),
            next_at=min((at for at in moments if at is not None), default=None),
        )

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        if settlement.state is DeliveryState.SENDING:
            raise ValueError("a delivery is settled as something else than sending")
        now, owner = self._clock.now(), self._owner
        verdict = codec.verdict_of(delivery, settlement)
        if settlement.state is DeliveryState.PENDING:
            await self._writer.run(lambda db: outbox.settle(db, verdict, owner, now))
            return Committed()
        told = codec.settled_entry(delivery, settlement)
        dead = settlement.state is DeliveryState.DEAD
        bad_news = codec.undeliverable(delivery, settlement.reason, now) if dead else None

        def finish(db: sqlite3.Connection) -> tuple[outbox.Taken | None, bool]:
            line = outbox.settle(db, verdict, owner, now)
            if line is None:
                return None, False
            destination, turn_id = line
            kind, data = told
            db.execute(sql.WRITE_JOURNAL, (delivery.lane, turn_id, kind, now, data))
            if bad_news:
                lanes.accept(db, bad_news, only_known_lane=False)
            lane_due = bad_news is not None and lanes.is_due(db, delivery.lane, now)
            return outbox.take_next(db, destination, owner, now), lane_due

        following, lane_due = await self._writer.run(finish)
        return Committed((codec.delivery_of(following),) if following else (), lane_due)
