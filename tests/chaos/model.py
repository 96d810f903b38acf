"""The model of the chaos tests: what it says follows from the question alone, however often and by
whichever process it is asked.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

from agent.models import Delta, Done, Piece, Prompt, Role, ToolCall, ToolCalls, Usage
from tests.support.clock import TestClock
from tests.support.scripted import decision


class EchoModel:
    """A model that answers every question after some seconds with the words of the question that
    begin with 'm' and a digit, so that an answer tells which messages it is for. To a question
    that names one of the tools it calls that tool first.
    """

    name = "scripted:echo"
    model_free = False

    def __init__(self, clock: TestClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    async def ask(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        await self._clock.sleep(self._seconds)
        told = prompt.messages[-1].role is Role.TOOL
        wanted = [tool.name for tool in prompt.tools if tool.name in prompt.question]
        if wanted and not told:
            calls = [ToolCall(f"call_{name}", name, '{"what": "chair"}') for name in wanted]
            yield ToolCalls(tuple(calls))
            yield Done("", "tool_use", Usage(input_total=10, output=5))
            return
        names = " ".join(re.findall(r"\bm\d+\w*", prompt.question))
        text = decision(response=f"Answer to {names}.")
        half = len(text) // 2
        yield Delta(text[:half])
        yield Delta(text[half:])
        yield Done(text, "end_turn", Usage(input_total=10, output=5))

    async def check(self) -> str:
        return "it works"

    async def close(self) -> None:
        """Nothing to give back."""
