"""One model on the ladder: asked, asked again after an error, asked to repair what does not fit.

A `Rung` runs as a task of its own beside at most one other. It tells the ladder what happens
through `Signal`s; the ladder decides who goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from agent.defects import report
from agent.errors import (
    AgentError,
    OutputCut,
    ProviderUnavailable,
    RateLimited,
    SchemaMismatch,
    TooSlow,
)
from agent.models import Delta, Done, Prompt, PromptMessage, Role, ToolCall, ToolCalls, Usage
from agent.policy import Policy
from agent.ports import Clock, Provider
from agent.records import Spend

T = TypeVar("T")

log = logging.getLogger(__name__)

BACKOFF = wait_random_exponential(multiplier=0.5, max=8.0)
"""Seconds before a retry: random up to 0.5·2ⁿ, at most 8 (full jitter)."""
REPAIR_SHOWS = 4000
"""Characters of a rejected output that the model is shown again."""
MOST_OUTPUT = 64_000
"""Characters after which an output is cut off: no decision is as long."""
LOOKS_PER_STALL = 5
"""How often within the time of a stall it is looked whether there is one."""
CHARACTERS_PER_TOKEN = 4
"""Rule of thumb for the usage of attempts whose vendor never told (cancelled ones)."""


NO_USAGE = Usage()


class Signal(StrEnum):
    """What a rung tells the ladder. SLOW: nothing came within the first-token budget. STALLED:
    nothing more comes. LATE: its whole time is over. COMMITTED: the first visible character can
    be shown. DONE and FAILED end it.
    """

    SLOW = "slow"
    STALLED = "stalled"
    LATE = "late"
    COMMITTED = "committed"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What the ladder is climbed for: the prompt, how its output becomes a value (raises
    SchemaMismatch), and whether a partial output has reached its commit point. `read_calls` makes
    a value of calls that a model asks for; without it any call is an invention.
    """

    prompt: Prompt
    parse: Callable[[str], T]
    commit_point: Callable[[str], bool]
    read_calls: Callable[[tuple[ToolCall, ...]], T] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One whole output of a model: its text, and the calls it asks for instead."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one rung did, for the journal, metrics and the breaker's view in `status`.

    `outcome` is 'ok', an error's code or 'cancelled'; `seconds` and `first_token` (None if nothing
    came) count from the start of the rung.
    """

    model: str
    rung: int
    hedged: bool
    outcome: str
    calls: int
    seconds: float
    first_token: float | None


class Rung(Generic[T]):
    """One provider's try to answer a question."""

    def __init__(
        self,
        number: int,
        provider: Provider,
        question: Question[T],
        policy: Policy,
        clock: Clock,
        signals: asyncio.Queue[tuple[Signal, Rung[T]]],
    ) -> None:
        """Nothing happens before `start`."""
        self.number = number
        self.provider = provider
        self.hedged = False
        self.raced = False
        self.patience = 0.0
        self.value: T | None = None
        self.error: AgentError | None = None
        self.spend: list[Spend] = []
        self.calls = 0
        self.first_token: float | None = None
        self._question = question
        self._policy = policy
        self._clock = clock
        self._signals = signals
        self._begun = clock.monotonic()
        self._last_piece = self._begun
        self._text: list[str] = []
        self._said = 0
        self._streaming = False
        self._committed = False
        self._open_call: Prompt | None = None
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self, *, patience: float) -> tuple[asyncio.Task[None], ...]:
        """Begin; `patience` is how many seconds a rate limit may make us wait before a retry."""
        self.patience = patience
        self._begun = self._last_piece = self._clock.monotonic()
        self._tasks = (
            asyncio.create_task(self._run()),
            asyncio.create_task(self._watch()),
        )
        return self._tasks

    async def alone(self) -> None:
        """Ask once, without a rival, a retry or a repair: for providers that need no model."""
        # Neither a task nor a signal of its own, for nobody waits beside it: turns without a model
        # are many and short, and a queue that knows its rung is garbage that has to be looked for.
        await self._end_with(self._once)

    def cancel(self) -> None:
        """End it, whatever it is doing."""
        for task in self._tasks:
            task.cancel()

    def report(self, outcome: str) -> Attempt:
        """What it did."""
        return Attempt(
            model=self.provider.name,
            rung=self.number,
            hedged=self.hedged,
            outcome=outcome,
            calls=self.calls,
            seconds=round(self._clock.monotonic() - self._begun, 4),
            first_token=self.first_token,
        )

    def charges(self) -> list[Spend]:
        """What it used; a call that never told its usage is estimated."""
        if self._open_call is None:
            return self.spend
        asked = sum(len(message.text) for message in self._open_call.messages)
        told = sum(len(piece) for piece in self._text)
        usage = Usage(
            input_total=asked // CHARACTERS_PER_TOKEN, output=told // CHARACTERS_PER_TOKEN
        )
        return [*self.spend, Spend(self.provider.name, usage, estimated=True)]

    async def _run(self) -> None:
        try:
            await self._end_with(self._answer)
            self._tell(Signal.FAILED if self.error is not None else Signal.DONE)
        finally:
            self._tasks[1].cancel()

    async def _end_with(self, answer: Callable[[], Awaitable[T]]) -> None:
        """All of a rung's work: it ends with a value or an error, and raises none. Untold, the
        ladder would wait for it until its time is over.
        """
        try:
            self.value = await answer()
        except Exception as error:  # noqa: BLE001 the top of a task
            self.error = self._ours(error)

    async def _once(self) -> T:
        try:
            async with self._clock.timeout(self._policy.answer):
                return self._read(await self._ask(self._question.prompt))
        except TimeoutError:
            raise TooSlow(f"{self.provider.name} did not end within its time") from None

    def _ours(self, error: Exception) -> AgentError:
        """The error itself; one that is not ours is a defect of the provider, not of the turn."""
        if isinstance(error, AgentError):
            return error
        report(log, f"{self.provider.name} broke its promise", error)
        return ProviderUnavailable(f"{self.provider.name}: {type(error).__name__}")

    async def _answer(self) -> T:
        heard = await self._ask_retrying(self._question.prompt)
        try:
            return self._read(heard)
        except AgentError as error:
            if error.recovery != "repair":
                raise
            repair = _repair(self._question.prompt, heard, error)
        return self._read(await self._ask_retrying(repair))

    def _read(self, heard: Heard) -> T:
        if not heard.calls:
            return self._question.parse(heard.text)
        if self._question.read_calls is None:
            raise SchemaMismatch("calls: there are no tools, answer with the JSON object")
        return self._question.read_calls(heard.calls)

    async def _ask_retrying(self, prompt: Prompt) -> Heard:
        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            wait=_wait,
            stop=self._no_more,
            retry=retry_if_exception(_worth_a_retry),
            reraise=True,
        )
        return await retrying(self._ask, prompt)

    def _no_more(self, state: RetryCallState) -> bool:
        out_of_attempts = state.attempt_number >= self._policy.attempts_per_model
        return out_of_attempts or _wait(state) > self.patience

    async def _ask(self, prompt: Prompt) -> Heard:
        self.calls += 1
        self._text.clear()
        self._said = 0
        self._open_call = prompt
        try:
            return await self._listen(prompt)
        except AgentError:
            if self._text:
                self.spend = self.charges()
            self._open_call = None
            raise
        finally:
            self._streaming = False

    async def _listen(self, prompt: Prompt) -> Heard:
        calls: tuple[ToolCall, ...] = ()
        async with aclosing(self.provider.ask(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    self._hear(piece.text)
                elif isinstance(piece, ToolCalls):
                    calls = piece.calls
                elif isinstance(piece, Done):
                    self._charge(piece.usage)
                    return Heard(piece.text, calls)
        raise OutputCut("the provider ended without a Done")

    def _charge(self, usage: Usage) -> None:
        """Note what a complete call used; estimated if it used something and never told."""
        if usage != NO_USAGE:
            self.spend.append(Spend(self.provider.name, usage))
        elif not self.provider.model_free:
            self.spend = self.charges()
        self._open_call = None

    def _hear(self, text: str) -> None:
        self._last_piece = self._clock.monotonic()
        self._streaming = True
        if self.first_token is None:
            self.first_token = round(self._last_piece - self._begun, 4)
        self._text.append(text)
        self._said += len(text)
        if self._said > MOST_OUTPUT:
            raise OutputCut(f"more than {MOST_OUTPUT} characters")
        # Only a race needs to know the commit point before the end: looking costs a parse.
        if self.raced and not self._committed:
            self.look_for_commit_point()

    def look_for_commit_point(self) -> None:
        """Tell the ladder once what came so far has reached its commit point."""
        if self._question.commit_point("".join(self._text)):
            self._committed = True
            self._tell(Signal.COMMITTED)

    async def _watch(self) -> None:
        policy, clock = self._policy, self._clock
        await clock.sleep(min(policy.first_token, policy.answer))
        if self.first_token is None:
            self._tell(Signal.SLOW)
        while (left := self._begun + policy.answer - clock.monotonic()) > 0:
            # Only an output that has begun can stall: a wait before a retry or a repair cannot.
            if self._streaming and clock.monotonic() - self._last_piece >= policy.stall:
                self._tell(Signal.STALLED)
                return
            await clock.sleep(min(left, policy.stall / LOOKS_PER_STALL))
        self._tell(Signal.LATE)

    def _tell(self, signal: Signal) -> None:
        self._signals.put_nowait((signal, self))


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return asked if asked is not None else BACKOFF(state)


def _worth_a_retry(error: BaseException) -> bool:
    return isinstance(error, AgentError) and error.recovery == "retry"


def _repair(prompt: Prompt, heard: Heard, error: AgentError) -> Prompt:
    """The same prompt, going on with the rejected output and what was wrong with it.

    Rejected calls are shown as text: a vendor would want a result for each real one.
    """
    tools = "call tools with arguments that fit, or " if prompt.tools else ""
    complaint = (
        f"Your output was rejected: {error}. Answer the same question again: "
        f"{tools}write one JSON object that fits the schema, nothing else."
    )
    output = heard.text or "\n".join(f"{one.name}({one.arguments})" for one in heard.calls)
    said = PromptMessage(Role.ASSISTANT, output[:REPAIR_SHOWS] or "(nothing)")
    told = PromptMessage(Role.USER, complaint)
    return replace(prompt, messages=(*prompt.messages, said, told))
