"""Providers that do what a test says: small real `Provider`s, no network."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.errors import AgentError
from agent.models import Delta, Done, Piece, Prompt, ToolCall, ToolCalls, Usage
from agent.ports import Clock


def decision(**changes: object) -> str:
    """A valid decision as JSON, with changes."""
    fields = {
        "thinking": "because",
        "action": "continue",
        "confidence": 0.9,
        "citations": [],
        "response": "An answer.",
    }
    return json.dumps({**fields, **changes})


@dataclass(frozen=True)
class Say:
    """Stream `text` in pieces, waiting before the first, between them and before the end."""

    text: str = field(default_factory=decision)
    after: float = 0.0
    pieces: int = 3
    between: float = 0.0
    stop: str = "end_turn"
    usage: Usage = Usage(input_total=10, output=5)  # noqa: RUF009 - frozen

    def pieces_for(self, prompt: Prompt, turn: int) -> list[Piece]:
        """The text cut up, and the end."""
        size = max(1, -(-len(self.text) // self.pieces))
        cut = [self.text[start : start + size] for start in range(0, len(self.text), size)]
        return [*map(Delta, cut), Done(self.text, self.stop, self.usage)]


@dataclass(frozen=True)
class Fail:
    """Raise after some seconds and, if given, after having said something."""

    error: AgentError
    after: float = 0.0
    said: str = ""


class Call:
    """Ask for tools, all at once: `Call(("look_up", {"who": "Ada"}), ("now", {}))`.

    Arguments given as text are sent as they are, JSON or not. As the real providers do, it asks
    for none once the prompt says that none may be called.
    """

    between = 0.0

    def __init__(
        self, *calls: tuple[str, Mapping[str, object] | str], text: str = "", after: float = 0.0
    ) -> None:
        """`text` is said before the calls; `after` are the seconds until then."""
        self.text = text
        self.after = after
        self._calls = calls

    def pieces_for(self, prompt: Prompt, turn: int) -> list[Piece]:
        """The text, the calls with ids of the vendor's (other ones in each `turn`), the end."""
        calls = tuple(
            ToolCall(f"call_{turn}_{n}", name, _json(arguments))
            for n, (name, arguments) in enumerate(self._calls, start=1)
        )
        said: list[Piece] = [Delta(self.text)] if self.text else []
        asked = [ToolCalls(calls)] if prompt.may_call else []
        return [*said, *asked, Done(self.text, "tool_use", Usage(input_total=10, output=5))]


def _json(arguments: Mapping[str, object] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


Act = Say | Fail | Call


@dataclass
class ScriptedProvider:
    """Plays its acts one per call, the last one for ever; records what it was asked."""

    name: str
    clock: Clock
    acts: Sequence[Act] = (Say(),)
    model_free: bool = False
    asked: list[Prompt] = field(default_factory=list)
    cancelled: int = 0
    finished: int = 0

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Play the next act."""
        act = self.acts[min(len(self.asked), len(self.acts) - 1)]
        self.asked.append(prompt)
        done = False
        try:
            if act.after:
                await self.clock.sleep(act.after)
            if isinstance(act, Fail):
                done = True
                if act.said:
                    yield Delta(act.said)
                raise act.error
            for number, piece in enumerate(act.pieces_for(prompt, len(self.asked))):
                if number and act.between and isinstance(piece, Delta):
                    await self.clock.sleep(act.between)
                done = isinstance(piece, Done)
                yield piece
        finally:
            self.cancelled += not done
            self.finished += done

    async def check(self) -> str:
        """It always works."""
        return f"{self.name} is scripted"

    async def close(self) -> None:
        """Nothing to give back."""
