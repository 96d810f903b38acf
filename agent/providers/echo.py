"""A model that repeats the question: for checking the wiring, and as the cheapest possible model in
benchmarks. It does no I/O and needs no key.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from pydantic_core import to_json

from agent.decision import Action
from agent.models import Delta, Done, Piece, Prompt
from agent.ports import Provider
from agent.surroundings import Surroundings


def open_provider(model: str, _surroundings: Surroundings) -> Provider:
    """An echo; any model name will do, also none."""
    return Echo(model)


class Echo:
    """A `Provider` that answers every question with itself."""

    model_free = True

    def __init__(self, model: str) -> None:
        """`model` only tells several echoes on one ladder apart."""
        self.name = f"echo:{model}"

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """The question as a confident decision; under another schema, as each of its properties."""
        answer: dict[str, Any] = dict.fromkeys(prompt.schema["properties"], prompt.question)
        if prompt.schema_name == "decision":
            answer = {
                "thinking": "",
                "action": Action.CONTINUE,
                "confidence": 1.0,
                "citations": [],
                "response": prompt.question,
            }
        text = to_json(answer).decode()
        yield Delta(text)
        yield Done(text, "echo")

    async def check(self) -> str:
        return f"{self.name} repeats every question; it is made for tests, not for people"

    async def close(self) -> None:
        """There is nothing to give back."""
