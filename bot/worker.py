"""The worker: claims lanes, runs turns, commits them, and hands what they say to the courier.

A lane that is being worked on has one task here. New rows of it are picked up by that task; a row
that interrupts cancels the running turn. Everything that is not woken (timers, retries, what a
dead process left) is found by asking the store what is due.
Lanes of the desk are routed instead of claimed (`bot.routing`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping

from agent.defects import report
from agent.errors import AgentError, LeaseLost, StorageError
from agent.messages import ConversationId, Kind
from agent.policy import Policy
from agent.ports import Adapter, Clock, Turns
from agent.records import (
    DESK,
    LEASE_SECONDS,
    Arrival,
    Interruption,
    LaneClaim,
    TurnEnd,
    desk_lane,
)
from agent.tasks import Beside
from agent.turn import Engine
from bot.delivery import Courier
from bot.lanes import Lanes, Running
from bot.routing import Routing
from bot.signs import Signs

log = logging.getLogger(__name__)

LANES_AT_ONCE = 200
"""Turns mostly wait for models; what counts is how many questions a model is asked at once."""
LOOK_EVERY = 5.0
"""Seconds between looks at the store even if nothing was announced."""
RENEW_EVERY = 10.0
LATE = 20.0
"""A lease renewed so many seconds late is given up: another worker may have the lane."""
CHECK_LEASES_EVERY = 2.0
FEW_LANES = 50
"""At work: then more of a backlog is asked for, so that nobody waits for the next look."""
RETRY_BACKOFF = (1.0, 5.0, 15.0, 30.0)
"""Seconds before the next attempt of a turn that failed."""
COMMIT_AGAIN = 0.5
LAST_COMMIT = 3.0
"""Seconds for a commit that fails while the process stops; the turn runs again later."""


class Worker:
    """Works off lanes until it is stopped."""

    def __init__(
        self,
        *,
        turns: Turns,
        engine: Engine,
        adapters: Mapping[str, Adapter],
        clock: Clock,
        policy: Policy,
        thinks: bool,
        told: Callable[[str, str], None],
        awaited: Collection[str] = (),
    ) -> None:
        """`thinks`: whether a turn takes long enough (a model is asked) to show a sign of life.
        `told` learns of every row that was worked off what its author is told at once, by its key.
        `awaited` are the platforms that are not connected yet: their lanes wait.
        """
        self._turns = turns
        self._engine = engine
        self._clock = clock
        self._policy = policy
        self._signs = Signs(adapters, clock, thinks=thinks)
        self.lanes = Lanes()
        self._waiting: deque[str] = deque()
        self._told = told
        self._routing = Routing(turns, clock, self._more_in, told)
        self._beside = Beside()
        self._changed = asyncio.Event()
        self._working = False
        self._backlog = False
        self._awaited = awaited
        self.courier = Courier(turns, adapters, clock, self._changed.set, awaited)

    def start(self) -> None:
        """Begin to work; until then rows only wait."""
        self._working = True
        self._beside.run(self._look())
        self._beside.run(self._keep_leases())

    def look(self) -> None:
        """Something may have become due that nobody announced."""
        self._changed.set()

    async def stop(self, seconds: float) -> None:
        """Claim nothing more, let running turns end for at most `seconds`, give the rest back."""
        self._working = False
        self._waiting.clear()
        try:
            async with self._clock.timeout(seconds):
                await self._all_lanes()
        except TimeoutError:
            for running in self.lanes.values():
                self._end_turn(running)
            await self._all_lanes()
        await self._send_last()
        await self.courier.drain(seconds)
        await self._signs.stop()
        await self._routing.stop()
        await self._beside.cancel()

    async def _send_last(self) -> None:
        """Send what the last turns left where nobody can be asked: no commit has marked it."""
        try:
            due = await self._turns.due(self.courier.room, self._awaited)
        except StorageError as error:
            log.warning("cannot see what is due: %s", error.code)
            return
        for delivery in due.deliveries:
            self.courier.send(delivery)

    async def _all_lanes(self) -> None:
        while self.lanes:
            tasks = [one.task for one in self.lanes.values() if one.task is not None]
            if tasks:
                await asyncio.wait(tasks)
            else:
                await self._clock.sleep(0)  # they begin in a moment

    def expect(self, arrival: Arrival) -> None:
        """A row is about to be accepted. Its lane is claimed right behind it, so that both share a
        commit; a claim that comes too early, or for what is not accepted, finds nothing.
        """
        self._begin(arrival.message.lane, at_once=arrival.message.kind.is_control)

    def wake(self, arrival: Arrival) -> None:
        """A new row was accepted."""
        kind = arrival.message.kind
        running = self._more_in(arrival.lane or arrival.message.lane, at_once=kind.is_control)
        if running is not None:
            running.under_card |= arrival.under_card
            changes = kind.interrupts or kind in (Kind.EDIT, Kind.DELETE)
            if changes and running.misses(arrival.message.key):
                self._beside.run(self._renew(running))

    def begin_again(self) -> None:
        """Let every running turn begin again: what it must go by has changed."""
        for running in self.lanes.values():
            kind = running.asked.kind if running.asked is not None else None
            if kind is not None and (not kind.is_control or kind in (Kind.APPROVE, Kind.DENY)):
                running.interruption = Interruption.CHANGED
                self._end_turn(running)

    def _more_in(self, lane: str, *, at_once: bool = True) -> Running | None:
        """There is more to do in a lane; its task, None if it waits for one."""
        if lane in self.lanes:
            self.lanes[lane].again = True
        self._begin(lane, at_once=at_once)
        return self.lanes.get(lane)

    def _begin(self, lane: str, *, at_once: bool = False) -> None:
        platform = lane.partition(":")[0]  # or 'desk' or 'incident', which nobody connects
        if not self._working or lane in self.lanes or platform in self._awaited:
            return
        # Whoever presses a button or says stop does not wait behind other people's questions.
        if len(self.lanes) >= LANES_AT_ONCE and not (at_once or platform == DESK):
            if lane not in self._waiting:
                self._waiting.append(lane)
            return
        running = self.lanes[lane] = Running()
        self._beside.run(self._work(lane, running))

    async def _look(self) -> None:
        """Find what nobody announced."""
        while self._working:
            self._changed.clear()
            wait = LOOK_EVERY
            try:
                due = await self._turns.due(self.courier.room, self._awaited)
            except StorageError as error:
                log.warning("cannot see what is due: %s", error.code)
            except Exception as error:  # noqa: BLE001 the top of a task
                report(log, "cannot see what is due", error)
            else:
                self._backlog = due.more
                for delivery in due.deliveries:
                    self.courier.send(delivery)
                for lane in due.lanes:
                    self._begin(lane)
                if due.next_at is not None:
                    wait = min(wait, max(0.01, due.next_at - self._clock.now()))
            try:
                async with self._clock.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _work(self, lane: str, running: Running) -> None:
        """Work off one lane until nothing in it is due."""
        running.task = asyncio.current_task()
        try:
            more = True
            while more and self._working:
                running.again = False
                more = await self._next_turn(lane, running) or running.again
        except LeaseLost:
            log.warning("a lane went to another worker")
        except StorageError as error:
            log.warning("a turn could not be recorded, it runs again: %s", error.code)
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "a lane broke; it is found again when its lease is over", error)
        finally:
            del self.lanes[lane]
            if self._waiting:
                self._begin(self._waiting.popleft())
            elif self._backlog and len(self.lanes) < FEW_LANES:
                self._changed.set()

    async def _next_turn(self, lane: str, running: Running) -> bool:
        """Claim what is next and work it off; True if the lane has more to do."""
        if lane.startswith(f"{DESK}:"):
            await self._routing.route(lane)
            return False
        claim = await self._claim(lane)
        if claim is not None:
            return await self._turn(claim, running)
        if running.under_card:
            self._begin(desk_lane(ConversationId.parse(lane)))
        return False

    async def _claim(self, lane: str) -> LaneClaim | None:
        try:
            return await self._turns.claim(lane)
        except StorageError as error:
            log.warning("a lane could not be claimed: %s", error.code)
            self._changed.set()
            await self._clock.sleep(COMMIT_AGAIN)
            return None

    async def _turn(self, claim: LaneClaim, running: Running) -> bool:
        """Run one claimed turn to its commit; True if the lane has more to do."""
        running.claim, running.interruption, running.lost = claim, None, False
        running.again = False  # what was announced until now was there to be claimed
        running.renewed = self._clock.monotonic()
        self._signs.begin(claim)
        running.cancels = True
        try:
            end = await self._engine.run(claim, running.spent)
        except asyncio.CancelledError:
            # Only `_end_turn` cancels here: the turn is over, the work on the lane goes on.
            if running.task is not None and not running.cancels:
                running.task.uncancel()
                return await self._cancelled(claim, running)
            raise
        except LeaseLost:
            self._signs.end(claim, None)
            raise
        except AgentError as error:
            log.warning("a turn failed: %s", error.code)
            return await self._failed(claim, running)
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "a turn broke", error)
            return await self._failed(claim, running)
        finally:
            running.cancels = running.ending = False
        return await self._commit(claim, end, running)

    def _end_turn(self, running: Running) -> None:
        """Cancel the running turn, if there is one that can still be cancelled."""
        if running.task is not None and running.cancels:
            running.cancels, running.ending = False, True
            running.task.cancel()

    async def _cancelled(self, claim: LaneClaim, running: Running) -> bool:
        self._signs.end(claim, None)
        if running.lost:
            raise LeaseLost
        # A drain, a control that takes over the rows or goes before them, or one of the posts was
        # edited or deleted: the rows wait again, unblamed.
        await self._turns.release(claim.lease)
        return running.interruption is not None

    async def _failed(self, claim: LaneClaim, running: Running) -> bool:
        attempts = claim.rows[0].attempts
        if attempts > self._policy.max_attempts:
            return await self._commit(claim, self._engine.last_words(claim, running.spent), running)
        self._signs.end(claim, None)
        # After the last attempt the engine gives it up, at once: it takes a claim that knows what
        # this attempt has done.
        last = attempts == self._policy.max_attempts
        delay = 0.0 if last else RETRY_BACKOFF[min(attempts, len(RETRY_BACKOFF)) - 1]
        await self._turns.retry(claim.lease, self._clock.now() + delay)
        self._changed.set()
        return last

    async def _commit(self, claim: LaneClaim, end: TurnEnd, running: Running) -> bool:
        until = running.renewed + LEASE_SECONDS
        while True:
            try:
                committed = await self._turns.commit(claim.lease, end)
                break
            except LeaseLost:
                raise
            except StorageError:
                if not self._working:
                    until = min(until, self._clock.monotonic() + LAST_COMMIT)
                if self._clock.monotonic() >= until:
                    raise
                await self._clock.sleep(COMMIT_AGAIN)
        self._signs.end(claim, end)
        running.claim, running.spent = None, []
        for row in claim.rows:
            self._told(row.message.key, end.told)
        for delivery in committed.deliveries:
            self.courier.send(delivery)
        elsewhere = any(one.not_before <= 0 for one in end.timers)  # rows of other lanes, due now
        if end.again or elsewhere or len(committed.deliveries) < len(end.outbox):
            self._changed.set()
        return committed.lane_due

    # Leases

    async def _keep_leases(self) -> None:
        every = min(CHECK_LEASES_EVERY, self._signs.shortest / 2)
        while True:
            await self._clock.sleep(every)
            now = self._clock.monotonic()
            for running in list(self.lanes.values()):
                if running.claim is None:
                    continue
                if now - running.renewed >= RENEW_EVERY:
                    self._beside.run(self._renew(running))
            self._signs.refresh(within=every)

    async def _renew(self, running: Running) -> None:
        claim = running.claim
        if claim is None or not (running.cancels or running.ending):
            return
        asked = self._clock.monotonic()
        try:
            interruption = await self._turns.renew(claim.lease)
        except LeaseLost:
            running.lost = True
        except StorageError:
            running.lost = self._clock.monotonic() - running.renewed >= LATE
        else:
            running.renewed = asked
            # What interrupts is not interrupted: it goes first anyway, and has little to do. Nor
            # is a command: it may be what wants people, and done again it would tell otherwise.
            kind = claim.rows[0].message.kind
            if not (kind.interrupts or kind is Kind.COMMAND):
                running.interruption = interruption or running.interruption
        if running.claim is claim and (running.lost or running.interruption):
            self._end_turn(running)
