"""A store that can be made to fail: the real one, whose writes answer as a sick disk would."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agent.errors import StoreUnavailable
from agent.models import Passage
from agent.ports import Clock, Records, References, Settings, Turns
from agent.records import (
    Accepted,
    Arrival,
    Committed,
    Delivery,
    Due,
    Interruption,
    LaneClaim,
    Lease,
    Routed,
    Settlement,
    Step,
    TurnEnd,
)
from storage import Care, Store, open_store
from storage.opening import Documents
from tests.support.fresh import lay_fresh


class FailingTurns:
    """`Turns` over another; a method whose name is in `down` commits nothing and says so, one in
    `silent` does not come back before its name is taken out.
    """

    def __init__(self, turns: Turns, clock: Clock) -> None:
        self.down: set[str] = set()
        self.silent: set[str] = set()
        self._turns = turns
        self._clock = clock

    async def _need(self, method: str) -> None:
        while method in self.silent:
            await self._clock.sleep(1.0)
        if method in self.down:
            raise StoreUnavailable(f"{method} is made to fail")

    async def accept(self, arrival: Arrival) -> Accepted:
        await self._need("accept")
        return await self._turns.accept(arrival)

    async def claim(self, lane: str) -> LaneClaim | None:
        await self._need("claim")
        return await self._turns.claim(lane)

    async def route(self, lane: str, patience: float) -> Routed:
        await self._need("route")
        return await self._turns.route(lane, patience)

    async def renew(self, lease: Lease) -> Interruption | None:
        await self._need("renew")
        return await self._turns.renew(lease)

    async def step(self, lease: Lease, steps: Sequence[Step]) -> None:
        await self._need("step")
        await self._turns.step(lease, steps)

    async def commit(self, lease: Lease, end: TurnEnd) -> Committed:
        await self._need("commit")
        return await self._turns.commit(lease, end)

    async def release(self, lease: Lease) -> None:
        await self._need("release")
        await self._turns.release(lease)

    async def retry(self, lease: Lease, at: float) -> None:
        await self._need("retry")
        await self._turns.retry(lease, at)

    async def due(self, room: int = 100, without: Collection[str] = ()) -> Due:
        await self._need("due")
        return await self._turns.due(room, without)

    async def settle(self, delivery: Delivery, settlement: Settlement) -> Committed:
        await self._need("settle")
        return await self._turns.settle(delivery, settlement)


class PoisonedKnowledge:
    """`Knowledge` over another, for one poisonous word."""

    def __init__(self, knowledge: Documents, store: FailingStore) -> None:
        self._knowledge = knowledge
        self._store = store

    async def search(self, query: str, limit: int) -> Sequence[Passage]:
        self._store.taste(query)
        return await self._knowledge.search(query, limit)

    async def replace(self, source: str, digest: str, passages: Sequence[Passage]) -> bool:
        return await self._knowledge.replace(source, digest, passages)

    async def remove(self, source: str) -> bool:
        return await self._knowledge.remove(source)

    async def documents(self) -> Mapping[str, str]:
        return await self._knowledge.documents()


class FailingStore:
    """`Store` over a real one; `fail` names what is down, `heal` brings it all back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.turns = FailingTurns(store.turns, clock)
        self._store = store
        self._closing = False
        self._poison = ""
        self._death: Exception = ZeroDivisionError("poisoned")
        self.poisoned = 0

    @classmethod
    def open(cls, url: str, clock: Clock, askable: Sequence[str] = ("slack",)) -> FailingStore:
        """The embedded database at `url`, as the process opens it; a new one if none is there."""
        lay_fresh(url)
        return cls(open_store(url, clock, owner="test", askable=askable), clock)

    @property
    def knowledge(self) -> Documents:
        return PoisonedKnowledge(self._store.knowledge, self)

    @property
    def settings(self) -> Settings:
        return self._store.settings

    @property
    def references(self) -> References:
        return self._store.references

    @property
    def records(self) -> Records:
        return self._store.records

    @property
    def care(self) -> Care:
        return self._store.care

    def trouble(self) -> str:
        return self._store.trouble()

    def damage(self) -> str:
        return self._store.damage()

    def fail(self, *methods: str) -> None:
        """Let these methods of `Turns` and 'ready' fail from now on."""
        self.turns.down.update(methods)

    def poison(self, word: str, death: Exception | None = None) -> None:
        """Let every search for `word` break, in a way that no port allows unless `death` is given;
        counted in `poisoned`.
        """
        self._poison = word
        self._death = death or self._death

    def taste(self, query: str) -> None:
        """Break if a search is poisonous."""
        if self._poison and self._poison in query:
            self.poisoned += 1
            raise self._death

    def hang(self, *methods: str) -> None:
        """Let these methods of `Turns` not come back until `heal`."""
        self.turns.silent.update(methods)

    def heal(self) -> None:
        """Let everything work again."""
        self.turns.down.clear()
        self.turns.silent.clear()

    def busy(self) -> bool:
        """Closing is work too: the threads end in the machine's time, not in the clock's."""
        return self._closing or self._store.busy()

    async def ready(self) -> None:
        if "ready" in self.turns.down:
            raise StoreUnavailable("the disk is made to be full")
        await self._store.ready()

    async def close(self) -> None:
        self._closing = True
        try:
            await self._store.close()
        finally:
            self._closing = False
