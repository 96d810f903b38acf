"""The ladder: what happens when a model fails, invents, or is merely slow.

Rung by rung, in the order of FRONTDESK_MODELS:

1. one model: retried after a transient error (Retry-After is honoured), asked once to repair an
   output that does not fit the schema (`agent/attempt.py`);
2. the next model, when a rung failed for good, or *beside* it when nothing came within the
   first-token budget. At most two race. The first to reach its commit point (everything before the
   first visible character is accepted) wins, the other is cancelled and charged as estimated. At
   most a fifth of the turns may race; beyond that a slow model is dropped instead of raced;
3. models whose breaker is open are skipped; slowness opens it like failure does;
4. providers that need no model answer from the handbook alone;
5. an outcome without a value: there is nothing to offer, policy hands the case to people.

Only one answer ever comes out, and nothing of a loser is ever shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from agent.attempt import Attempt, Question, Rung, Signal
from agent.breaker import Breaker, BreakerState
from agent.errors import (
    AgentError,
    ProviderAuth,
    ProviderUnavailable,
    RateLimited,
    SpendLimited,
    TooSlow,
)
from agent.policy import Policy
from agent.ports import Clock, Provider
from agent.records import Spend

T = TypeVar("T")

RACE_CREDIT = 5.0
"""Races that may follow each other before the share counts: one slow minute must not be told from
a slow hour by the first turn."""
SICK = (ProviderUnavailable, RateLimited, SpendLimited, ProviderAuth, TooSlow)
"""Errors that tell something about the model's health rather than about the question."""
HOPELESS = (SpendLimited, ProviderAuth)
"""Errors that will be the same for everybody: the breaker opens at once."""


@dataclass(frozen=True, slots=True)
class Climbed(Generic[T]):
    """What came of a climb: how every rung did, what it cost and, if one delivered, its value.

    `value` is None when no rung delivered; `causes` are the errors of the rungs that failed.
    `degraded`: the value was made without a model. `models_tried`: a model was asked or skipped as
    sick, as opposed to none being configured.
    """

    value: T | None
    model: str
    degraded: bool
    models_tried: bool
    attempts: tuple[Attempt, ...]
    spend: tuple[Spend, ...]
    causes: tuple[AgentError, ...]


class Ladder:
    """The configured providers in order, with their breakers and the budget for races."""

    def __init__(self, providers: Sequence[Provider], clock: Clock, policy: Policy) -> None:
        """Nothing is asked yet."""
        self._clock = clock
        self._policy = policy
        self._models = [provider for provider in providers if not provider.model_free]
        self._last_resorts = [provider for provider in providers if provider.model_free]
        self._breakers = {provider.name: Breaker(clock) for provider in self._models}
        self._credit = RACE_CREDIT
        self._ending: set[asyncio.Task[None]] = set()

    def breakers(self) -> Mapping[str, BreakerState]:
        """The state of every model's breaker, for `status` and metrics."""
        return {name: breaker.state for name, breaker in self._breakers.items()}

    @property
    def has_models(self) -> bool:
        """Whether any rung is a real model."""
        return bool(self._models)

    async def climb(
        self,
        question: Question[T],
        *,
        resorts: bool = True,
        within: float | None = None,
        wasted: list[Spend] | None = None,
    ) -> Climbed[T]:
        """Get one valid value, by whatever rung delivers it first.

        Args:
            question: what is asked and how an output becomes a value.
            resorts: whether providers without a model may answer too.
            within: seconds for all models together, if the turn has used up some of its time.
            wasted: gets what was used until then, if the climb is cancelled.
        """
        self._credit = min(RACE_CREDIT, self._credit + self._policy.race_share)
        climb, ended = _Climb(self, question), False
        in_vain = [] if wasted is None else wasted
        try:
            climbed = await climb.run(resorts, self._policy.turn if within is None else within)
            ended = True
            return climbed
        finally:
            climb.end()
            if not ended:
                in_vain += climb.spend

    def allowed(self) -> Iterator[tuple[int, Provider]]:
        """The models that may be asked, numbered from 1, each checked when its turn comes."""
        for number, provider in enumerate(self._models, start=1):
            if self._breakers[provider.name].allow():
                yield number, provider

    def last_resorts(self) -> list[tuple[int, Provider]]:
        """The rungs without a model, numbered after the models."""
        return list(enumerate(self._last_resorts, start=len(self._models) + 1))

    def may_race(self) -> bool:
        """Take one race from the budget, if there is one left."""
        if self._credit < 1:
            return False
        self._credit -= 1
        return True

    def judge(self, provider: Provider, error: AgentError | None, *, slow: bool) -> None:
        """Tell the model's breaker how it went; `error` None with `slow` False is a success."""
        breaker = self._breakers[provider.name]
        # A slow answer of the only model is better than none: there is nobody to go to instead.
        if (slow and (error is not None or len(self._models) > 1)) or isinstance(error, SICK):
            breaker.failed(at_once=isinstance(error, HOPELESS))
        elif error is None:
            breaker.succeeded()
        else:
            breaker.abandoned()

    def spare(self, provider: Provider) -> None:
        """A rung was cancelled for no fault of its model."""
        self._breakers[provider.name].abandoned()

    def adopt(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Hold tasks until they have ended: the loop itself only refers to them weakly."""
        self._ending.update(tasks)
        for task in tasks:
            task.add_done_callback(self._ending.discard)

    @property
    def clock(self) -> Clock:
        """The clock of every rung."""
        return self._clock

    @property
    def policy(self) -> Policy:
        """The thresholds."""
        return self._policy


class _Climb(Generic[T]):
    """One question going up the ladder."""

    def __init__(self, ladder: Ladder, question: Question[T]) -> None:
        self._ladder = ladder
        self._question = question
        self._signals: asyncio.Queue[tuple[Signal, Rung[T]]] = asyncio.Queue()
        self._racing: list[Rung[T]] = []
        self._slow: set[int] = set()
        self._attempts: list[Attempt] = []
        self.spend: list[Spend] = []
        self._causes: list[AgentError] = []
        self._models = ladder.allowed()
        self._coming = next(self._models, None)

    async def run(self, resorts: bool, seconds: float) -> Climbed[T]:
        if self._coming is not None:
            try:
                async with self._ladder.clock.timeout(max(0.0, seconds)):
                    if winner := await self._race():
                        return self._climbed(winner, degraded=False)
            except TimeoutError:
                self._drop_all(TooSlow("the turn's time for all models is over"))
        for number, provider in self._ladder.last_resorts() if resorts else ():
            rung = await self._alone(number, provider)
            if rung.error is None:
                return self._climbed(rung, degraded=True)
        return self._climbed(None, degraded=True)

    def end(self) -> None:
        """Nothing of this climb goes on: the winner has delivered, or nobody wants it any more."""
        for rung in list(self._racing):
            self._leave(rung, "cancelled")
            self._ladder.spare(rung.provider)
        if self._coming is not None:
            self._ladder.spare(self._coming[1])

    async def _race(self) -> Rung[T] | None:
        self._start_next()
        while self._racing:
            signal, rung = await self._signals.get()
            if rung not in self._racing:
                continue
            if signal is Signal.DONE:
                return self._win(rung)
            if signal is Signal.COMMITTED:
                self._drop_others(rung)
            elif signal is Signal.SLOW:
                self._overtake(rung)
            else:
                self._fall(rung, rung.error or TooSlow(f"{rung.provider.name}: {signal}"))
        return None

    def _start_next(self, *, hedged: bool = False) -> None:
        if self._coming is None:
            return
        number, provider = self._coming
        self._coming = next(self._models, None)
        policy = self._ladder.policy
        rung = Rung(number, provider, self._question, policy, self._ladder.clock, self._signals)
        rung.hedged = hedged
        # With another model waiting, a long Retry-After is no reason to let the employee wait.
        patience = policy.first_token if self._coming is not None else policy.answer
        self._racing.append(rung)
        self._ladder.adopt(rung.start(patience=patience))
        if len(self._racing) > 1:
            for runner in self._racing:
                runner.raced = True

    def _overtake(self, rung: Rung[T]) -> None:
        """Nothing came within the first-token budget: slow counts as failed."""
        if rung.first_token is not None:
            return
        self._slow.add(rung.number)
        if self._coming is None:
            return
        if len(self._racing) == 1 and self._ladder.may_race():
            self._start_next(hedged=True)
        elif len(self._racing) == 1:
            self._fall(rung, TooSlow(f"{rung.provider.name} gave nothing within its time"))

    def _fall(self, rung: Rung[T], error: AgentError) -> None:
        self._causes.append(error)
        self._leave(rung, error.code)
        self._ladder.judge(rung.provider, error, slow=rung.number in self._slow)
        if not self._racing or all(other.number in self._slow for other in self._racing):
            self._start_next(hedged=bool(self._racing))

    def _win(self, rung: Rung[T]) -> Rung[T]:
        self._drop_others(rung)
        self._leave(rung, "ok")
        self._ladder.judge(rung.provider, None, slow=rung.number in self._slow)
        return rung

    def _drop_others(self, winner: Rung[T]) -> None:
        for rung in [other for other in self._racing if other is not winner]:
            self._leave(rung, "cancelled")
            if rung.number in self._slow:
                self._ladder.judge(rung.provider, None, slow=True)
            else:
                self._ladder.spare(rung.provider)

    def _drop_all(self, error: AgentError) -> None:
        self._causes.append(error)
        for rung in list(self._racing):
            self._leave(rung, error.code)
            self._ladder.judge(rung.provider, error, slow=True)

    def _leave(self, rung: Rung[T], outcome: str) -> None:
        self._racing.remove(rung)
        rung.cancel()
        self.spend.extend(rung.charges())
        self._attempts.append(rung.report(outcome))

    async def _alone(self, number: int, provider: Provider) -> Rung[T]:
        policy, clock = self._ladder.policy, self._ladder.clock
        rung = Rung(number, provider, self._question, policy, clock, self._signals)
        await rung.alone()
        if rung.error is not None:
            self._causes.append(rung.error)
        self.spend.extend(rung.charges())
        self._attempts.append(rung.report("ok" if rung.error is None else rung.error.code))
        return rung

    def _climbed(self, rung: Rung[T] | None, *, degraded: bool) -> Climbed[T]:
        return Climbed(
            value=rung.value if rung else None,
            model=rung.provider.name if rung else "",
            degraded=degraded,
            models_tried=self._ladder.has_models,
            attempts=tuple(self._attempts),
            spend=tuple(self.spend),
            causes=tuple(self._causes),
        )
