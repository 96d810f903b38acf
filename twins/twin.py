"""The base of every local platform: it serves, can be watched, and makes trouble when told to."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiohttp import web

from twins.courier import Courier, Delivery
from twins.faults import Fault, Faults
from twins.world import Change, Place, Settings, World

LARGEST = 16 * 2**20
"""Bytes of a request that is read."""


class Twin(Settings, ABC):
    """A local platform. Its settings may be changed at any time.

    What the platform's clients would not let people do raises ValueError, ids that do not exist
    raise KeyError.
    """

    base_url = ""
    """Where it serves, ending in '/'; known after `start`."""
    faults: Faults
    _world: World
    _courier: Courier[Any, Any]
    _runner: web.AppRunner | None = None

    # What every platform has in a way of its own

    @abstractmethod
    async def start(self, port: int = 0, routes: Iterable[web.RouteDef] = ()) -> str:
        """Serve on the loopback interface; the address that the bot calls."""

    @abstractmethod
    def add_user(self, name: str = "Ada Lovelace", **fields: Any) -> str:
        """A new person called `name`; the id."""

    @abstractmethod
    def add_channel(self, name: str = "general", members: Iterable[str] = ()) -> str:
        """A new channel with these people and the bot; the id."""

    @abstractmethod
    def dm(self, user: str) -> str:
        """The direct conversation of the bot with a person; the id."""

    @abstractmethod
    def channel(self, channel: str) -> Place:
        """What is known of a conversation."""

    @abstractmethod
    def channels(self) -> Sequence[Place]:
        """All conversations, direct ones too."""

    @abstractmethod
    def archive(self, channel: str, *, archived: bool = True) -> None:
        """Close a channel for writing, or reopen it."""

    @abstractmethod
    def deactivate(self, user: str) -> None:
        """End somebody's account."""

    @abstractmethod
    async def edit(self, user: str, channel: str, message: str, text: str, /) -> None:
        """Change what one wrote."""

    @abstractmethod
    async def delete(self, user: str, channel: str, message: str, /) -> None:
        """Take back what one wrote."""

    @abstractmethod
    async def deliver(self, event: dict[str, Any] | bytes, /) -> None:
        """Send anything, signed."""

    # Serving

    async def _open(self, port: int, routes: Iterable[web.RouteDef]) -> None:
        """Serve these routes, and be ready to tell the bot."""
        app = web.Application(client_max_size=LARGEST)
        app.add_routes(routes)
        # Clients that give up must not leave handlers behind that sleep on the clock.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        host, bound = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{bound}/"
        self._courier.start()

    async def stop(self) -> None:
        """Stop serving, and give up what is on its way."""
        await self._courier.stop()
        if self._runner:
            await self._runner.cleanup()

    # Watching

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call `callback` at every change of what people can see."""
        self._world.listeners.append(callback)

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to bring something to the bot, oldest first."""
        return list(self._courier.deliveries)

    # The way to the bot

    async def idle(self) -> None:
        """Wait until the first attempts of all deliveries have their answers.

        One that is not answered ends after some seconds of the clock: somebody must move it.
        """
        await self._courier.idle()

    def duplicate_next(self, count: int = 1) -> None:
        """Send each of the next `count` events twice."""
        self._courier.duplicate_next(count)

    def delay_next(self, seconds: float, count: int = 1) -> None:
        """Send the next `count` events `seconds` later; others overtake them."""
        self._courier.delay_next(seconds, count)

    def hold(self) -> None:
        """Keep events back until `release`."""
        self._courier.hold()

    def release(self, *, shuffle: bool = False) -> None:
        """Send what was held, in its order or shuffled."""
        self._courier.release(shuffle=shuffle)

    # The way of the bot

    def fault(
        self, operation: str, fault: Fault, times: float | None = 1, *, channel: str = ""
    ) -> None:
        """Let the next `times` calls of `operation` ('*': any; None: for ever) go wrong.

        Several operations are joined by '|'; they are called as in `calls`.
        """
        self.faults.add(operation, fault, math.inf if times is None else times, channel)

    def heal(self, operation: str = "") -> None:
        """Take back the faults of one operation, or all."""
        self.faults.clear(operation)
