"""The port Turns over SQLite: each method is one job of the writer, encoded and decoded here."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from agent.errors import StoreUnavailable
from agent.ports import Clock
from agent.records import (
    Accepted,
    Arrival,
    Committed,
    Delivery,
    DeliveryState,
    Due,
    Interruption,
    LaneClaim,
    Lease,
    Routed,
    Settlement,
    Step,
    TurnEnd,
)
from agent.state import RESTING
from storage.sqlite import codec, damage, desk, lanes, outbox
from storage.sqlite.cases import case_of
from storage.sqlite.rows import Claimed
from storage.sqlite.writer import Writer

log = logging.getLogger(__name__)

ACCEPT_SECONDS = 2.0
"""Slack and Teams give up on an event after 3 s to 15 s and send it again; we say no sooner."""
MOST_DUE = 100
"""Lanes of one answer of `due`, and deliveries for platforms that can be asked."""
LOOK_AGAIN_SECONDS = 1.0
"""When to ask `due` again if its answer was full."""


class _Found(NamedTuple):
    """What is due now, and when more will be; deliveries by whether they can be asked for."""

    lanes: list[str]
    lane_at: float | None
    askable: list[outbox.Taken]
    others: list[outbox.Taken]
    delivery_at: float | None


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
        self.damaged = False
        """Whether something was met that cannot be read."""

    async def accept(self, arrival: Arrival) -> Accepted:
        row = codec.new_row(arrival, self._clock.now())
        direct = arrival.message.direct

        def accept(db: sqlite3.Connection) -> Accepted:
            lane = row.lane
            if arrival.under_card:
                lane = desk.lane_under_card(db, lane, direct=direct)
            if not desk.is_wanted(db, lane, arrival.only):
                return Accepted.NOT_FOR_US
            return lanes.accept(db, row._replace(lane=lane))

        try:
            async with self._clock.timeout(ACCEPT_SECONDS):
                return await self._writer.run(accept)
        except TimeoutError:
            raise StoreUnavailable("the database did not commit in time") from None

    async def claim(self, lane: str) -> LaneClaim | None:
        now, owner, limit = self._clock.now(), self._owner, self._history_limit
        found = await self._writer.run(lambda db: lanes.claim(db, lane, owner, now, limit))
        if found is None:
            return None
        try:
            claimed = codec.claim_of(lane, owner, found)
        except ValueError:
            log.error("a turn cannot be read")  # its message would quote content
        else:
            self.damaged |= claimed.case is None and found.case is not None
            return claimed
        self.damaged = True
        await self._give_up(Lease(lane, owner, found.epoch), found)
        return await self.claim(lane)

    async def _give_up(self, lease: Lease, found: Claimed) -> None:
        """Get rows out of the way that no version of this program can have written so. If it is
        not the rows, it is what the turn would go on from: whoever waits for one is told, and
        nothing goes on from that any more.
        """
        now = self._clock.now()
        damaged = [row for row in found.rows if not damage.is_readable(row.payload)]
        case = case_of(found.case) if found.case else None
        buried = damage.buried(lease.lane, damaged or found.rows, case)
        await self._writer.run(lambda db: lanes.bury(db, lease, buried, now, withdraw=not damaged))

    async def route(self, lane: str, patience: float) -> Routed:
        now = self._clock.now()
        return await self._writer.run(lambda db: desk.route(db, lane, patience, now))

    async def renew(self, lease: Lease) -> Interruption | None:
        now = self._clock.now()
        return await self._writer.run(lambda db: lanes.renew(db, lease, now))

    async def step(self, lease: Lease, steps: Sequence[Step]) -> None:
        rows = codec.step_rows(steps)
        await self._writer.run(lambda db: lanes.step(db, lease, rows))

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

    async def release(self, lease: Lease) -> None:
        now = self._clock.now()
        await self._writer.run(lambda db: lanes.release(db, lease, now))

    async def retry(self, lease: Lease, at: float) -> None:
        await self._writer.run(lambda db: lanes.retry(db, lease, at))

    async def due(self, room: int = MOST_DUE, without: Collection[str] = ()) -> Due:
        now, owner = self._clock.now(), self._owner
        left_out = frozenset(without)
        asked, not_others = self._askable - left_out, self._askable | left_out

        def look(db: sqlite3.Connection) -> _Found:
            return _Found(
                *lanes.due_lanes(db, now, MOST_DUE, left_out),
                outbox.take_due(db, owner, now, MOST_DUE, asked, among=True),
                outbox.take_due(db, owner, now, room, not_others, among=False),
                outbox.next_due(db, now),
            )

        found = await self._writer.run(look)
        full = MOST_DUE in (len(found.lanes), len(found.askable)) or len(found.others) == room
        again_at = now + LOOK_AGAIN_SECONDS if full else None
        moments = (found.lane_at, found.delivery_at, again_at)
        return Due(
            tuple(found.lanes),
            await self._readable([*found.askable, *found.others]),
            next_at=min((at for at in moments if at is not None), default=None),
            more=full,
        )

    async def _readable(self, taken: Iterable[outbox.Taken]) -> tuple[Delivery, ...]:
        """Rows as deliveries; one that cannot be read is given up for the next in its line."""
        now, owner = self._clock.now(), self._owner
        deliveries: list[Delivery] = []
        todo = list(taken)
        while todo:
            row = todo.pop(0)
            try:
                deliveries.append(codec.delivery_of(row))
            except ValueError:
                log.error("an outbox row cannot be read")  # its message would quote content
                self.damaged = True
                end = codec.unreadable(row, now)
                following, _ = await self._writer.run(partial(lanes.settle, end=end, owner=owner))
                todo += [following] if following else []
        return tuple(deliveries)

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        if settlement.state is DeliveryState.SENDING:
            raise ValueError("a delivery is settled as something else than sending")
        now, owner = self._clock.now(), self._owner
        if settlement.state is DeliveryState.PENDING:
            verdict = codec.verdict_of(delivery, settlement)
            await self._writer.run(lambda db: outbox.settle(db, verdict, owner, now))
            return Committed()
        end = codec.settled(delivery, settlement, now)
        following, lane_due = await self._writer.run(lambda db: lanes.settle(db, end, owner))
        return Committed(await self._readable((following,) if following else ()), lane_due)
