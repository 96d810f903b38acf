"""Providers that do what a test says: small real `Provider`s, no network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from agent.errors import AgentError
from agent.models import Delta, Done, Piece, Prompt, Usage
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


@dataclass(frozen=True)
class Fail:
    """Raise after some seconds and, if given, after having said something."""

    error: AgentError
    after: float = 0.0
    said: str = ""


Act = Say | Fail


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

    async def ask(self, prompt: Prompt) -> AsyncIterator[Piece]:
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
            size = max(1, -(-len(act.text) // act.pieces))
            for start in range(0, len(act.text), size):
                if start and act.between:
                    await self.clock.sleep(act.between)
                yield Delta(act.text[start : start + size])
            done = True
            yield Done(act.text, act.stop, act.usage)
        finally:
            self.cancelled += not done
            self.finished += done

    async def check(self) -> str:
        """It always works."""
        return f"{self.name} is scripted"

    async def close(self) -> None:
        """Nothing to give back."""
