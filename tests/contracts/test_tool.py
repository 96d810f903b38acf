"""The contract of `Tool` (agent/ports.py), kept by the tools that the tests hand to a turn.

None is shipped yet: the first module in `agent/tools` has to stand here beside them.
"""

from __future__ import annotations

import asyncio
import pkgutil
import re
from collections.abc import Callable

import pytest
from pydantic import BaseModel

import agent.tools
from agent.errors import ToolFailed, ToolUnknown
from agent.models import Risk
from agent.ports import Clock, Tool
from tests.support.clock import TestClock
from tests.support.tools import Query, TestTool, writer

TOOLS: dict[str, Callable[[Clock], Tool]] = {
    "reads": lambda clock: TestTool("look", clock, after=1.0),
    "writes": lambda clock: writer(clock),
    "writes once": lambda clock: TestTool("once", clock, risk=Risk.WRITE, idempotent=True),
    "may be asked": lambda clock: writer(clock, approval=True),
}
ARGUMENTS = Query(what="a chair")


@pytest.fixture(params=sorted(TOOLS))
def tool(request: pytest.FixtureRequest, clock: TestClock) -> Tool:
    """Each tool in turn."""
    return TOOLS[request.param](clock)


async def call(tool: Tool, clock: TestClock, call_id: str = "t1:1") -> str:
    """The result for an employee, in the tool's own time."""
    calling = asyncio.ensure_future(tool.call(ARGUMENTS, call_id=call_id, requester="U1"))
    await clock.until(calling.done, at_most=tool.seconds)
    return await calling


def test_every_tool_that_is_shipped_is_tried() -> None:
    """A new one cannot be forgotten here."""
    shipped = {one.name for one in pkgutil.iter_modules(agent.tools.__path__)}
    assert shipped <= set(TOOLS)


def test_models_can_be_told_of_it(tool: Tool) -> None:
    """Every vendor takes its name, its arguments have a schema, and it says what it is for."""
    assert re.fullmatch(r"[A-Za-z0-9_]{1,64}", tool.name)
    assert tool.description.strip()
    assert issubclass(tool.arguments, BaseModel)
    assert tool.arguments.model_json_schema()["type"] == "object"


def test_it_says_what_it_may_do(tool: Tool) -> None:
    """What is read can be read again; it has an end."""
    assert tool.risk in Risk
    assert isinstance(tool.needs_approval, bool)
    assert isinstance(tool.idempotent, bool)
    assert tool.seconds > 0


async def test_a_call_has_a_result(tool: Tool, clock: TestClock) -> None:
    """As text, within its time."""
    assert isinstance(await call(tool, clock), str)


@pytest.mark.parametrize("error", [ToolFailed("no"), ToolUnknown("perhaps")])
async def test_a_call_that_does_not_end_well(clock: TestClock, error: Exception) -> None:
    """It certainly did not happen, or nobody knows: nothing else is raised."""
    with pytest.raises(type(error)):
        await call(TestTool("order", clock, [error], Risk.WRITE), clock)


async def test_the_same_call_made_twice(clock: TestClock) -> None:
    """Happens once, if the tool says that it does; another call is another."""
    tool = TestTool("once", clock, risk=Risk.WRITE, idempotent=True)
    for call_id in ("t1:1", "t1:1", "t1:2"):
        assert await call(tool, clock, call_id) == "fine"
    assert [one[0] for one in tool.done] == ["t1:1", "t1:2"]
