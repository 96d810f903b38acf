"""What may happen at the desk, as steps of the simulation in `test_store_model.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from agent.cases import Case, CaseState
from agent.messages import Kind, OutgoingMessage
from agent.records import Arrival, desk_lane
from storage import Store
from tests.storage.databases import place, reply
from tests.storage.desk import PATIENCE, a_case, thread, under
from tests.storage.oracle import Card, Oracle
from tests.storage.oracle_lanes import Lane

T = TypeVar("T")

WORKERS = ("a", "b")
DESK = place("C9", "slack")


class DeskSteps:
    """Steps of a simulation: `data` decides what happens, `cases` are as they were written last."""

    data: st.DataObject
    oracle: Oracle
    stores: dict[str, Store]
    cases: dict[str, Case]

    def one_of(self, choices: Sequence[T]) -> T:
        return self.data.draw(st.sampled_from(choices))

    def chance(self, one_in: int) -> bool:
        drawn: int = self.data.draw(st.integers(1, one_in))
        return drawn == one_in

    def move_case(self, name: str, lane: Lane, outbox: list[OutgoingMessage]) -> tuple[Case, ...]:
        """A turn opens a case, whose card is the last that it says, or closes the open one."""
        if self.chance(3):
            return ()
        if lane.case:
            case = replace(self.cases[lane.case], state=CaseState.RESOLVED)
        else:
            case = a_case(f"c{len(self.cases)}", name, opened_at=self.oracle.now)
            outbox.append(reply(case.card_id, DESK.channel, card=case.card))
        lane.case = case.id if case.state.is_open else ""
        self.cases[case.id] = case
        return (case,)

    async def happen(self) -> None:
        """Somebody of the desk writes or presses under a card, known or not, or elsewhere."""
        name = self.one_of((*(reversed(self.oracle.cards)), *self.oracle.cards, ""))
        kind, by = self.one_of((Kind.MESSAGE, Kind.EDIT, Kind.CLAIM)), self.one_of(("ada", "bob"))
        about = name if kind is Kind.CLAIM and self.chance(2) else ""
        n, again = self.data.draw(st.integers(1, 30)), "edited" * (kind is Kind.EDIT)
        message = under(ref_of(name), n, kind, by=by, revision=again, about=about)
        arrival = Arrival(message, lane=desk_lane(message.conversation))
        answer = await self.stores[self.one_of(WORKERS)].turns.accept(arrival)
        assert answer == self.oracle.happen(message)

    async def route(self) -> None:
        """A worker looks into a thread of the desk, mostly one in which something waits."""
        ref = self.one_of(sorted(self.oracle.desk) or ["98.9"])
        lane = desk_lane(thread(ref))
        routed = await self.stores[self.one_of(WORKERS)].turns.route(lane, PATIENCE)
        assert routed == self.oracle.route(ref)

    def remember_cards(self, cases: Sequence[Case]) -> None:
        """Tell the oracle which messages of a commit are cards."""
        for case in cases:
            if case.card_id not in self.oracle.cards:
                sent = self.oracle.lines[str(DESK)][-1]
                self.oracle.cards[case.card_id] = Card(case.id, case.lane, sent)


def ref_of(name: str) -> str:
    """What the platform calls a message; '' is a post of somebody else."""
    return f"99.{name}" if name else "98.9"
