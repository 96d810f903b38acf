"""The control API: a local platform driven and read over HTTP, from other processes.

Bodies and answers are JSON; an error is `{"error": …}` with status 400. Every platform has these,
and adds its own:

    POST /twin/users      {"name", …fields of add_user}      -> {"user"}
    POST /twin/channels   {"name", "members", …add_channel}  -> {"channel"}
    POST /twin/dm         {"user"}                           -> {"channel"}
    POST /twin/archive    {"channel", "archived"?}           -> {}
    POST /twin/deactivate {"user"}                           -> {}
    POST /twin/edit       {"user", "channel", its id, "text"} -> {}
    POST /twin/delete     {"user", "channel", its id}        -> {}
    POST /twin/deliver    any event                          -> {}
    POST /twin/settings   fields of the platform's `Settings` -> {}
    POST /twin/idle       {}                                 -> {} after first attempts
    GET  /twin/deliveries                                    -> {"deliveries"}
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Generic, TypeVar

from aiohttp import web

from twins.twin import Twin

Json = dict[str, Any]
Handler = Callable[[Any], Awaitable[Json]]
T = TypeVar("T", bound=Twin)


class Control(ABC, Generic[T]):
    """One method per control request; each takes its body and returns its answer."""

    message_id: str
    """What the platform calls the id of a message."""
    event_id: str
    """What the platform calls the id of an event."""

    def __init__(self, twin: T) -> None:
        self.twin = twin

    @abstractmethod
    def takes(self) -> Sequence[Handler]:
        """What the platform takes besides."""

    @abstractmethod
    def shows(self) -> Sequence[Handler]:
        """What there is to be seen of it besides."""

    @abstractmethod
    def addresses(self) -> Json:
        """What a bot must know to live here; known after the platform's `start`."""

    def routes(self) -> list[web.RouteDef]:
        """What the platform's `start` adds to its server."""
        acts = (
            self.users,
            self.channels,
            self.dm,
            self.archive,
            self.deactivate,
            self.edit,
            self.delete,
            self.deliver,
            self.settings,
            self.idle,
            *self.takes(),
        )
        views = (self.deliveries, *self.shows())
        posts = [_route(web.post, act) for act in acts]
        return [*posts, *(_route(web.get, view) for view in views)]

    async def users(self, body: Json) -> Json:
        """Add a person."""
        return {"user": self.twin.add_user(**body)}

    async def channels(self, body: Json) -> Json:
        """Add a channel."""
        return {"channel": self.twin.add_channel(**body)}

    async def dm(self, body: Json) -> Json:
        """Open a direct conversation with the bot."""
        return {"channel": self.twin.dm(body["user"])}

    async def archive(self, body: Json) -> Json:
        """Close a channel for writing, or reopen it."""
        self.twin.archive(body["channel"], archived=body.get("archived", True))
        return {}

    async def deactivate(self, body: Json) -> Json:
        """End somebody's account."""
        self.twin.deactivate(body["user"])
        return {}

    async def edit(self, body: Json) -> Json:
        """Change a message."""
        await self.twin.edit(body["user"], body["channel"], body[self.message_id], body["text"])
        return {}

    async def delete(self, body: Json) -> Json:
        """Delete a message."""
        await self.twin.delete(body["user"], body["channel"], body[self.message_id])
        return {}

    async def deliver(self, body: Json) -> Json:
        """Send any event."""
        await self.twin.deliver(body)
        return {}

    async def settings(self, body: Json) -> Json:
        """Change settings."""
        known = {field.name for field in fields(self.twin)}
        if unknown := body.keys() - known:
            raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            setattr(self.twin, name, value)
        return {}

    async def idle(self, _body: Json) -> Json:
        """Wait for the first attempts of all deliveries."""
        await self.twin.idle()
        return {}

    async def deliveries(self, _query: Mapping[str, str]) -> Json:
        """The attempts to bring something to the bot."""
        told = [asdict(delivery) for delivery in self.twin.deliveries]
        return {"deliveries": [{self.event_id: one.pop("id"), **one} for one in told]}


def _route(method: Callable[..., web.RouteDef], act: Handler) -> web.RouteDef:
    """The act under its own name."""

    async def handle(request: web.Request) -> web.Response:
        given = request.query if request.method == "GET" else await request.json()
        try:
            return web.json_response(await act(given))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return method(f"/twin/{act.__name__}", handle)
