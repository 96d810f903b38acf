"""Every crash that is possible at a port, in every story: nothing is lost, nothing said twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.desk_stories import DESK_STORIES
from tests.chaos.enumeration import prove, run
from tests.chaos.place_stories import PLACE_STORIES
from tests.chaos.report import record
from tests.chaos.stories import STORIES
from tests.chaos.teams_stories import TEAMS_STORIES
from tests.chaos.tool_stories import TOOL_STORIES
from tests.chaos.world import Story
from tests.support.crashing import PORTS

DOUBLES = {"slack": 8, "teams": 3}
"""Pairs of crashes of each story, drawn from all there are."""
ALL = [*STORIES, *TOOL_STORIES, *PLACE_STORIES, *TEAMS_STORIES, *DESK_STORIES]
SECONDS = 600

UNTOLD = {
    "Provider.check": "asked by `frontdesk check` alone",
    "Adapter.check": "asked by `frontdesk check` alone",
    "Records.case": "asked by `/frontdesk assign` alone, for the words of its answer",
    "Records.case_under": "asked by `assign` in the thread of a card, which only reads",
    "Records.case_times": "`/metrics`, which only reads",
    "Records.timeline": "`frontdesk trace`, which only reads",
    "Knowledge.replace": "`frontdesk ingest`, which is simply run again",
}
"""Methods of ports that no story needs to pass through, each with its reason."""


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("story", ALL, ids=lambda story: story.name.replace(" ", "-"))
async def test_a_crash_at_every_point(
    story: Story, record_property: Callable[[str, object], None]
) -> None:
    """The process dies before and after every call of a port, one run for each, and in a sample
    of runs once more while it recovers; what people see is what they see without a crash.
    """
    proof = await prove(story, doubles=DOUBLES[story.platform])
    record(record_property, proof.row())
    assert proof.points > 0
    assert "\n".join(proof.faults) == ""


async def test_every_method_of_a_port_is_passed_by_some_story() -> None:
    """A method that is new on a port has crash points by itself; this asks for a story that calls
    it, so that they are crash points of something.
    """
    told = {method for story in ALL for method in (await run(story)).methods}
    known = {(port, method) for port, methods in PORTS.items() for method in methods}
    missing = {f"{port}.{method}" for port, method in known - told}
    assert missing == set(UNTOLD)
