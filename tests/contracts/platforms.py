"""The platforms under the adapter contract: every way that a module `on_NAME` beside this one has.

A platform joins by such a module, whose `WAYS` makes the platform under each name it is to be tried
by (most have one way, Slack has two); without it, no contract runs at all.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from adapters import platforms
from agent.platforms import WebRequest, WebResponse
from agent.ports import Adapter
from tests.contracts.platform import Platform
from tests.support.clock import TestClock

PLATFORMS: dict[str, Callable[[TestClock], Platform]] = {
    way: make
    for name in platforms()
    for way, make in import_module(f"tests.contracts.on_{name}").WAYS.items()
}


async def post(adapter: Adapter, request: WebRequest) -> list[WebResponse]:
    """The request given to each of the adapter's routes."""
    return [await route(request) for route in adapter.routes.values()]
