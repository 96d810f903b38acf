"""Tools that do what a test says, and count what they did outside of the process that runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from agent.models import Risk
from agent.ports import Clock


class Query(BaseModel):
    """Arguments of the test tools."""

    what: str
    times: int = 1


@dataclass
class TestTool:
    """A `Tool` that takes `after` seconds and plays its `acts`, the last one for ever: a text is
    the result, an exception is raised. What took effect is in `done`.
    """

    __test__ = False

    name: str
    clock: Clock
    acts: Sequence[str | BaseException] = ("fine",)
    risk: Risk = Risk.READ
    needs_approval: bool = False
    idempotent: bool = False
    after: float = 0.0
    seconds: float = 10.0
    description: str = "For tests."
    arguments: type[BaseModel] = Query
    begun: int = 0
    done: list[tuple[str, str, str]] = field(default_factory=list)

    async def call(self, arguments: Query, *, call_id: str, requester: str) -> str:
        """Play the next act."""
        act = self.acts[min(self.begun, len(self.acts) - 1)]
        self.begun += 1
        if self.after:
            await self.clock.sleep(self.after)
        if isinstance(act, BaseException):
            raise act
        again = any(one[0] == call_id for one in self.done)
        if not (self.idempotent and again):
            self.done.append((call_id, requester, arguments.what))
        return act


def writer(clock: Clock, *acts: str | BaseException, approval: bool = False) -> TestTool:
    """A tool that changes something."""
    return TestTool("order", clock, acts or ("ordered",), Risk.WRITE, approval)
