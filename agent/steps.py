"""Steps: what a turn did that none of its retries may do again, while the turn runs.

Numbers go up through the turn that asked first, over all its retries and approvals: a MODEL step is
an output that asked for calls, followed by one CALL step per call it asked for. A call without a
CALL step was not begun; one that is STARTED may have happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from agent.masking import mask
from agent.models import PromptMessage, Role, ToolCall
from agent.records import Step, StepKind, StepState
from agent.text import one_line


@dataclass(frozen=True, slots=True)
class Wanted:
    """Calls that a model asked for, checked: the tools exist and the arguments fit."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a turn: `n` is its step's number, `arguments` the JSON it is called with,
    `outcome` 'ok', 'failed', 'denied' or 'withdrawn' ('' if it has none: if it
    was `started`, nobody knows yet, or ever, whether it happened).
    """

    turn_id: str
    n: int
    name: str
    arguments: str
    started: bool = False
    writes: bool = False
    outcome: str = ""
    result: str = ""

    @property
    def id(self) -> str:
        """The same in every retry, and nowhere else."""
        return f"{self.turn_id}:{self.n}"

    @property
    def made(self) -> bool:
        """Whether it was made, or may have been."""
        return self.started and self.outcome not in ("denied", "withdrawn")

    @property
    def words(self) -> str:
        """The call for people: the tool and what it is called with."""
        values = from_json(self.arguments)
        told = ", ".join(f"{name}: {one_line(str(one), 200)}" for name, one in values.items())
        return f"{self.name} ({mask(told)})"


class Steps:
    """The steps of one turn, in memory; `unsaved` are those that the database does not have."""

    def __init__(self, turn_id: str, steps: Sequence[Step], now: float) -> None:
        """`turn_id` is whose they are; others among `steps` are left out."""
        self.turn_id = turn_id
        self._steps = {step.n: step for step in steps if step.turn_id == turn_id}
        self._now = now
        self._unsaved: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._steps)

    @property
    def question(self) -> str:
        """What was asked when calls were last wanted; '' without steps."""
        return str(self._last("question"))

    @property
    def requester(self) -> str:
        """In whose rights the calls are made; '' without steps."""
        return str(self._last("requester"))

    def _last(self, name: str) -> Any:
        outputs = self._outputs()
        return outputs[-1][0].data.get(name, "") if outputs else ""

    def want(self, wanted: Wanted, *, question: str, requester: str, rows: tuple[int, ...]) -> None:
        """Note the output of a model that asked for calls, in a turn made of these inbox rows."""
        n = len(self._steps) + self._not_begun() + 1
        calls = [{"name": one.name, "arguments": one.arguments} for one in wanted.calls]
        data = {"question": question, "requester": requester, "calls": calls}
        self._write(n, StepKind.MODEL, StepState.DONE, data, rows)

    def calls(self) -> list[Call]:
        """Every call that was asked for, in order."""
        return [call for _, calls in self._outputs() for call in calls]

    def open_calls(self) -> list[Call]:
        """Those without a result."""
        return [call for call in self.calls() if not call.outcome]

    def start(self, call: Call) -> None:
        """A call that changes something is about to begin."""
        self._write(call.n, StepKind.CALL, StepState.STARTED, {"writes": True})

    def finish(self, call: Call, outcome: str, result: str) -> None:
        """A call has its result, or never will have one."""
        begun = self._steps.get(call.n)
        known = begun.data if begun else {}
        data = {**known, "outcome": outcome, "result": result}
        self._write(call.n, StepKind.CALL, StepState.DONE, data)

    def written(self) -> list[Call]:
        """The calls that have changed something."""
        return [call for call in self.calls() if call.writes and call.outcome == "ok"]

    def unsaved(self) -> tuple[Step, ...]:
        """What the database does not have yet, in order."""
        return tuple(self._steps[n] for n in sorted(self._unsaved))

    def saved(self) -> None:
        """The database has them all."""
        self._unsaved.clear()

    def begun(self) -> list[Call]:
        """The calls that were started, and nobody knows how they ended."""
        return [call for call in self.open_calls() if call.started]

    def withdraw(self, result: str) -> None:
        """What was not begun yet will not be done any more."""
        for call in self.open_calls():
            if not call.started:
                self.finish(call, "withdrawn", result)

    def as_messages(self) -> tuple[PromptMessage, ...]:
        """What was asked for and what came of it, for a model; all calls have a result."""
        messages: list[PromptMessage] = []
        for _, calls in self._outputs():
            asked = tuple(ToolCall(call.id, call.name, call.arguments) for call in calls)
            messages.append(PromptMessage(Role.ASSISTANT, "", calls=asked))
            messages += [_result(call) for call in calls]
        return tuple(messages)

    def _outputs(self) -> list[tuple[Step, list[Call]]]:
        if not self._steps:  # as in nearly every turn
            return []
        models = [step for step in self._steps.values() if step.kind is StepKind.MODEL]
        return [(step, self._calls_of(step)) for step in sorted(models, key=lambda one: one.n)]

    def _calls_of(self, output: Step) -> list[Call]:
        return [
            self._call(output.n + place, one["name"], one["arguments"])
            for place, one in enumerate(output.data["calls"], start=1)
        ]

    def _call(self, n: int, name: str, arguments: str) -> Call:
        step = self._steps.get(n)
        if step is None:
            return Call(self.turn_id, n, name, arguments)
        return Call(
            self.turn_id,
            n,
            name,
            arguments,
            started=True,
            writes=bool(step.data.get("writes")),
            outcome=str(step.data.get("outcome", "")),
            result=str(step.data.get("result", "")),
        )

    def _not_begun(self) -> int:
        """Numbers that are taken by calls without a step."""
        return sum(call.n not in self._steps for call in self.calls())

    def _write(
        self,
        n: int,
        kind: StepKind,
        state: StepState,
        data: dict[str, Any],
        rows: tuple[int, ...] = (),
    ) -> None:
        self._steps[n] = Step(self.turn_id, n, kind, state, self._now, data, rows)
        self._unsaved.add(n)


def _result(call: Call) -> PromptMessage:
    """A result as data: what a tool brings was written by somebody, and is no instruction."""
    told = to_json({"outcome": call.outcome, "result": call.result}).decode()
    return PromptMessage(Role.TOOL, told, call_id=call.id)
