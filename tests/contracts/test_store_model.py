"""The contract of Turns as a law: whatever happens in whatever order, a store does what the
plain-dict oracle says, and no message is ever worked off twice or forgotten.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agent.cases import Case
from agent.errors import LeaseLost, StorageError
from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.records import (
    Approval,
    ApprovalState,
    Arrival,
    Committed,
    Delivery,
    DeliveryState,
    LaneClaim,
    Only,
    Settlement,
    Step,
    StepKind,
    StepState,
    TurnEnd,
    desk_lane,
)
from agent.state import RESTING, State
from storage import Store
from tests.storage.databases import DATABASES, Database, place, reply, said
from tests.storage.desk import thread
from tests.storage.desk_steps import DESK, WORKERS, DeskSteps, ref_of
from tests.storage.oracle import LEASE, TOLD_OF, Oracle
from tests.storage.oracle_lanes import SENDING, Lane, Message

T = TypeVar("T")

# The bot can ask the first two whether a message arrived, but not the third.
PLACES = (place("D1", "slack"), place("D2", "slack"), place("D3", "teams"))
KINDS = (*[Kind.MESSAGE] * 4, Kind.EDIT, Kind.DELETE, Kind.STOP, Kind.FEEDBACK)
DELAYS = (0.0, 7.0, 40.0)
OUTCOMES = (*[DeliveryState.SENT] * 2, *set(DeliveryState) - {DeliveryState.SENDING})
# How often each thing happens, in proportion.
STEPS = {
    "arrive": 5,
    "claim": 8,
    "go_on": 9,
    "too_late": 1,
    "deliver": 5,
    "happen": 5,
    "route": 5,
    "configure": 1,
    "wait": 3,
    "restart": 1,
}
DECIDED = tuple(sorted(set(ApprovalState) - {ApprovalState.OPEN}))


class Simulation(DeskSteps):
    """Two workers on one database. Claims and deliveries are kept after they are lost, too."""

    def __init__(self, database: Database, data: st.DataObject) -> None:
        """Begin with an empty database; `data` decides what happens."""
        self.database = database
        self.data = data
        self.oracle = Oracle(database.clock.now())
        self.claims: list[tuple[str, LaneClaim, int]] = []
        self.deliveries: list[tuple[str, Delivery, Message]] = []
        self.done: list[str] = []
        self.spoken: dict[str, OutgoingMessage] = {}
        self.cases: dict[str, Case] = {}
        self.open_stores()

    def open_stores(self) -> None:
        self.stores: dict[str, Store] = {name: self.database.open(owner=name) for name in WORKERS}

    async def run(self, steps: list[str]) -> None:
        """Take the steps, and check after each what must always be true."""
        for step in steps:
            await getattr(self, step)()
            assert len(self.done) == len(set(self.done)), "a message was worked off twice"
            lanes = self.oracle.lanes.values()
            waiting = {row.message.key for lane in lanes for row in lane.rows}
            waiting |= {row.message.key for one in self.oracle.desk.values() for row in one.rows}
            assert waiting | set(self.done) == self.oracle.keys, "a message was forgotten"

    async def arrive(self) -> None:
        """Somebody writes, presses, edits, sometimes the same again; presses may be timers."""
        where, by = self.one_of(PLACES), self.one_of(("ada", "bob"))
        for _ in range(self.one_of((1, 2, 3))):
            kind, n = self.one_of(KINDS), self.data.draw(st.integers(1, 9))
            again = {Kind.EDIT: "edited", Kind.DELETE: "deleted"}.get(kind, "")
            channel, platform = where.channel, where.platform
            message = said(n, kind, by=by, channel=channel, platform=platform, again=again)
            timer = kind.is_control and self.chance(2)
            not_before = self.oracle.now + 40.0 if timer else 0.0
            only_known = self.chance(5)
            only = Only.KNOWN if only_known else Only.ANY
            arrival = Arrival(message, only, not_before)
            answer = await self.stores[self.one_of(WORKERS)].turns.accept(arrival)
            assert answer == self.oracle.accept(message, not_before, only_known=only_known)

    async def claim(self) -> None:
        """A worker asks for a lane, mostly one that is due."""
        due = sorted(self.oracle.due_lanes())
        anywhere = not due or self.chance(6)
        name = self.one_of([str(one) for one in PLACES] if anywhere else due)
        worker = self.one_of(WORKERS)
        claimed = await self.stores[worker].turns.claim(name)
        lane = self.oracle.claim(name)
        assert (claimed is None) == (lane is None)
        if claimed is None or lane is None:
            return
        assert [row.message for row in claimed.rows] == [row.message for row in lane.taken]
        assert [row.attempts for row in claimed.rows] == [row.attempts for row in lane.taken]
        assert claimed.state == lane.state
        assert [row.case_id for row in claimed.rows] == [row.case for row in lane.taken]
        assert claimed.case == self.cases.get(lane.taken[0].case or lane.case)
        assert [(one.n, one.data["label"]) for one in claimed.steps] == lane.steps()
        assert (claimed.approval and claimed.approval.tool) == (lane.approval and lane.approval[0])
        control = lane.taken[0].message
        undeliverable = control.kind is Kind.UNDELIVERABLE
        assert claimed.undelivered == (self.spoken[control.about] if undeliverable else None)
        lost = [(self.spoken[one.name], one.mentioned) for one in lane.lost[-TOLD_OF:]]
        assert [(one.message, one.mentioned) for one in claimed.unconfirmed] == lost
        self.claims.append((worker, claimed, lane.turn))

    def is_live(self, claimed: LaneClaim, turn: int) -> bool:
        """Whether nobody else took the lane since."""
        lane = self.oracle.lanes[claimed.lease.lane]
        return bool(lane.taken) and lane.turn == turn

    async def go_on(self) -> None:
        """A worker goes on with a turn that it still has."""
        live = [held for held in self.claims if self.is_live(*held[1:])]
        if live:
            worker, claimed, _ = self.one_of(live)
            step = self.one_of((self.commit, self.commit, self.release, self.renew, self.step))
            await step(worker, claimed, self.oracle.lanes[claimed.lease.lane])

    async def step(self, worker: str, claimed: LaneClaim, lane: Lane) -> None:
        """A turn writes down what it does, its own or what an approval lets it go on with."""
        turn_id, row = claimed.turn_id, lane.named_after()
        if claimed.approval and lane.approval and self.chance(2):
            turn_id, row = claimed.approval.turn_id, lane.approval[1]
        steps: list[Step] = []
        for n in self.one_of(((), (1,), (2, 1), (3, 4, 3))):
            label = self.one_of(("a", "b", "c"))
            kind, state = self.one_of(list(StepKind)), self.one_of(list(StepState))
            steps.append(Step(turn_id, n, kind, state, self.oracle.now, {"label": label}))
            row.steps[n] = label
        await self.stores[worker].turns.step(claimed.lease, steps)

    def decide(
        self, claimed: LaneClaim, lane: Lane
    ) -> tuple[tuple[Approval, ...], tuple[str, ...]]:
        """What a turn makes of approvals, and whose steps are over."""
        written: list[Approval] = []
        over = self.one_of(("", "", claimed.turn_id))
        if over:
            lane.named_after().steps.clear()
        if claimed.approval and lane.approval and self.chance(2):
            written.append(replace(claimed.approval, state=self.one_of(DECIDED)))
            if not over and self.chance(2):
                over = claimed.approval.turn_id
                lane.approval[1].steps.clear()
            lane.approval = None
        if lane.approval is None and self.chance(3):
            asked = question(claimed.turn_id, self.oracle.now)
            lane.approval = asked.tool, lane.named_after()
            written.insert(0, asked)
        return tuple(written), (over,) if over else ()

    async def ask_twice(self, worker: str, claimed: LaneClaim) -> None:
        """A turn that asks while something else is asked is refused as a whole."""
        second = question("another", self.oracle.now)
        end = TurnEnd(State.IDLE, "", outbox=(reply("refused"),), approvals=(second,))
        with pytest.raises(StorageError):
            await self.stores[worker].turns.commit(claimed.lease, end)

    async def commit(self, worker: str, claimed: LaneClaim, lane: Lane) -> None:
        """A turn ends and says something."""
        where = ConversationId.parse(claimed.lease.lane)
        if lane.approval and self.chance(4):
            await self.ask_twice(worker, claimed)
        names = [f"m{len(self.spoken) + n}" for n in range(self.one_of((0, 1, 2, 3)))]
        outbox = [reply(name, where.channel, where.platform, to="ada") for name in names]
        cases = self.move_case(str(where), lane, outbox)
        self.spoken.update({one.id: one for one in outbox})
        approvals, over = self.decide(claimed, lane)
        state = self.one_of(sorted(RESTING))
        mentioned, again = self.remember(lane)
        end = TurnEnd(
            state,
            "",
            outbox=tuple(outbox),
            cases=cases,
            approvals=approvals,
            steps_over=over,
            mentioned=mentioned,
            again=again,
        )
        committed = await self.stores[worker].turns.commit(claimed.lease, end)
        self.done += [row.message.key for row in claimed.rows]
        said = [(one.id, str(one.conversation)) for one in outbox]
        self.keep(worker, committed, self.oracle.commit(str(where), end.state, said, worker, again))
        self.remember_cards(cases)
        assert committed.lane_due == (str(where) in self.oracle.due_lanes())

    def remember(self, lane: Lane) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of which lost messages a turn tells, and which it sends again."""
        told = [one for one in lane.lost if self.chance(2)]
        for one in told:
            one.mentioned = True
        return tuple(one.name for one in told), tuple(
            one.name for one in lane.lost if self.chance(3)
        )

    async def release(self, worker: str, claimed: LaneClaim, lane: Lane) -> None:
        """A turn is put back, as if it had not begun or to be tried again."""
        turns, at = self.stores[worker].turns, self.oracle.now + self.one_of(DELAYS)
        if self.chance(2):
            await turns.release(claimed.lease)
            self.oracle.release(claimed.lease.lane)
        else:
            await turns.retry(claimed.lease, at)
            self.oracle.put_back(claimed.lease.lane, at)

    async def renew(self, worker: str, claimed: LaneClaim, lane: Lane) -> None:
        """A worker keeps its lane and is told whether to make room."""
        interrupted = await self.stores[worker].turns.renew(claimed.lease)
        assert interrupted == lane.interruption(self.oracle.now)
        lane.until = self.oracle.now + LEASE

    async def too_late(self) -> None:
        """Who lost a lane can do nothing to it any more."""
        lost = [held for held in self.claims if not self.is_live(*held[1:])]
        if lost:
            worker, claimed, _ = self.one_of(lost)
            turns, lease = self.stores[worker].turns, claimed.lease
            with pytest.raises(LeaseLost):
                await turns.commit(lease, TurnEnd(State.CLOSED, "", outbox=(reply("lost"),)))
            with pytest.raises(LeaseLost):
                await turns.release(lease)
            with pytest.raises(LeaseLost):
                await turns.retry(lease, 0.0)
            with pytest.raises(LeaseLost):
                await turns.renew(lease)
            lost_step = Step(claimed.turn_id, 1, StepKind.CALL, StepState.DONE, 0.0, {"label": "x"})
            with pytest.raises(LeaseLost):
                await turns.step(lease, [lost_step])

    async def configure(self) -> None:
        """An admin sets something or takes it away; somebody looks at what is set and where people
        talked.
        """
        scope, name, value = self.one_of(PLACES).channel, self.one_of("ab"), self.one_of(("", "x"))
        await self.stores[self.one_of(WORKERS)].settings.write(scope, name, value, by="slack:ada")
        self.oracle.settings.pop((scope, name), None)
        self.oracle.settings |= {(scope, name): value} if value else {}
        store = self.stores[self.one_of(WORKERS)]
        assert await store.settings.read() == self.oracle.settings
        for platform in ("slack", "teams"):
            found = await store.records.recent(platform, 9)
            own = [one for one in found if one.conversation.channel != DESK.channel]
            named = [(str(one.conversation), one.newest_id, one.accepted_at) for one in own]
            assert named == self.oracle.recent(platform)

    async def deliver(self) -> None:
        """A worker looks for something to do, and senders report, perhaps too late."""
        worker = self.one_of(WORKERS)
        due = await self.stores[worker].turns.due()
        threads = {desk_lane(thread(ref)) for ref in self.oracle.due_threads()}
        assert set(due.lanes) == self.oracle.due_lanes() | threads
        self.keep(worker, Committed(due.deliveries), self.oracle.take_due(worker))
        assert due.next_at == self.oracle.next_at()
        while self.deliveries and not self.chance(3):
            at = self.data.draw(st.integers(0, len(self.deliveries) - 1))
            await self.settle(*self.deliveries.pop(at))

    async def settle(self, worker: str, delivery: Delivery, model: Message) -> None:
        """A sender reports."""
        name, retry_at = delivery.lane, self.oracle.now + self.one_of(DELAYS)
        state = self.one_of(OUTCOMES)
        ref = ref_of(model.name) if state is DeliveryState.SENT else ""
        verdict = Settlement(state, ref, retry_at, self.chance(2), "reason")
        committed = await self.stores[worker].turns.settle(delivery, verdict)
        until = delivery.sending_since + SENDING
        mine = model in self.oracle.lines[model.line] and (model.sender, model.due) == (
            worker,
            until,
        )
        if not mine:
            assert committed == Committed()
        elif verdict.state is DeliveryState.PENDING:
            assert committed == Committed()
            self.oracle.retry(model, retry_at, doubtful=verdict.doubtful)
        else:
            lost = verdict.state is DeliveryState.UNCONFIRMED
            following = self.oracle.settle(name, model, worker, ref=ref, lost=lost)
            if verdict.state is DeliveryState.DEAD or (lost and delivery.message.card):
                news = undeliverable(delivery, self.oracle.now, "Unconfirmed" if lost else "reason")
                self.oracle.accept(news, 0.0, only_known=False)
            self.keep(worker, committed, following)

    async def wait(self) -> None:
        """Leases and senders expire."""
        await self.database.clock.advance(self.one_of((1.0, 10.0, 31.0, SENDING)))
        self.oracle.now = self.database.clock.now()

    async def restart(self) -> None:
        """Both workers die, and who comes next, a while later, frees what they had."""
        for store in self.stores.values():
            await store.close()
        await self.wait()
        await self.database.open(exclusive=True).close()
        self.oracle.restart()
        self.open_stores()

    def keep(self, worker: str, found: Committed, expected: list[Message]) -> None:
        """Compare deliveries with the oracle's and remember them for settling."""
        by_name = {message.name: message for message in expected}
        assert sorted(one.message.id for one in found.deliveries) == sorted(by_name)
        for delivery in found.deliveries:
            model = by_name[delivery.message.id]
            self.spoken[delivery.message.id] = delivery.message
            assert (delivery.attempts, delivery.doubtful) == (model.attempts, model.doubtful)
            self.deliveries.append((worker, delivery, model))


def question(turn_id: str, now: float) -> Approval:
    """Whether a call may be made; the tool tells this one from the others of its turn."""
    call_id, tool = f"{turn_id}:2", f"tool of {turn_id}"
    return Approval(call_id, turn_id, tool, "{}", ("ada",), ApprovalState.OPEN, now, now, "m0")


def undeliverable(delivery: Delivery, now: float, reason: str) -> IncomingMessage:
    """What tells a lane that a message will never arrive, or that a card is in doubt."""
    return IncomingMessage(
        ConversationId.parse(delivery.lane),
        delivery.message.id,
        Kind.UNDELIVERABLE,
        Author(""),
        revision=str(delivery.attempts + 1),
        sent_at=now,
        detail=reason,
        about=delivery.message.id,
    )


async def simulate(database: Database, data: st.DataObject, steps: list[str]) -> None:
    async with database:
        await Simulation(database, data).run(steps)


weighted = st.sampled_from([step for step, times in STEPS.items() for _ in range(times)])


@pytest.mark.parametrize("make_database", DATABASES)
# Shrinking a failure of this length would take longer than any test may.
@settings(max_examples=15, deadline=None, phases=set(Phase) - {Phase.shrink, Phase.explain})
@given(data=st.data(), steps=st.lists(weighted, min_size=70, max_size=90))
def test_a_store_does_what_the_oracle_says(
    make_database: Callable[[Path], Any], data: st.DataObject, steps: list[str]
) -> None:
    """Accepting, claiming, ending, delivering and dying in any order keep every promise."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(simulate(make_database(Path(folder)), data, steps))
