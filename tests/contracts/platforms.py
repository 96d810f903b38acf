"""The platforms under the adapter contract: one descriptor each, over its twin.

A platform joins by one module beside this one and one line in `PLATFORMS`.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.platforms import WebRequest, WebResponse
from agent.ports import Adapter
from tests.contracts.on_slack import Slack, SlackSocket
from tests.contracts.on_teams import Teams
from tests.contracts.platform import Platform
from tests.support.clock import TestClock

PLATFORMS: dict[str, Callable[[TestClock], Platform]] = {
    "slack": Slack,
    "slack, socket mode": SlackSocket,
    "teams": Teams,
}


async def post(adapter: Adapter, request: WebRequest) -> list[WebResponse]:
    """The request given to each of the adapter's routes."""
    return [await route(request) for route in adapter.routes.values()]
