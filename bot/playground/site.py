"""The playground's web server: one page, what it shows, and what one can do on it.

    GET  /                        the page; its parts lie in `page/`
    GET  /handbook/<name>.md      a page of the handbook
    GET  /files/<name>            where links to files lead
    GET  /state?as=USER&desk=USER what an employee and a person of the desk see now (`snapshot`);
                                  without a USER the first of each
    GET  /changes?as=USER&desk=USER             the same as Server-Sent Events, at every change
    GET  /timeline?as=USER&channel=…&thread=…   the journal of a conversation (`telling`)
    POST /say, /edit, /delete, /press, /submit, /close      the bodies are in `orders`

Errors are `{"error": "a sentence for the person on the page"}`. `guard` says who may ask at all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from agent.errors import StorageError
from agent.ports import Records
from bot.playground import guard, handbook
from bot.playground.orders import (
    Close,
    Delete,
    Edit,
    InPlace,
    Order,
    Press,
    Refused,
    Say,
    Submit,
)
from bot.playground.rooms import Json, Room
from bot.playground.snapshot import Sight, Viewer
from bot.playground.telling import told
from bot.server import bind

PARTS = Path(__file__).parent / "page"

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
MAX_BODY = 64 * 1024
"""Bytes; `orders.MAX_TEXT` characters fit."""
SHUTDOWN_SECONDS = 1.0
NOT_THERE = "This person is not in this channel."

Body = TypeVar("Body", bound=Order)


class Site:
    """The server; `start` and `stop` are its whole life."""

    def __init__(self, sight: Sight, records: Records, handbook_folder: Path) -> None:
        """`records` has the journals, `handbook_folder` the pages that answers are made from."""
        self._sight = sight
        self._records = records
        self._folder = handbook_folder
        self._parts = {part.name: part.read_bytes() for part in PARTS.iterdir()}
        self._changed: set[asyncio.Event] = set()
        self._stopping = False
        self._runner: web.AppRunner | None = None
        for room in sight.rooms:
            room.on_change(self.refresh)

    async def start(self, port: int) -> int:
        """Listen on the loopback interface; the port (chosen by the system for 0).

        Raises:
            ConfigError: the port is taken.
        """
        app = web.Application(middlewares=[guard.refuse_strangers], client_max_size=MAX_BODY)
        app.on_response_prepare.append(guard.add_headers)
        app.on_shutdown.append(self._end_streams)
        app.add_routes(self._routes())
        # A closed tab must not leave its stream behind.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        await bind(self._runner, "127.0.0.1", port, mend="set --port")
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """End the streams and stop listening; idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def refresh(self) -> None:
        """Tell every open page that something may have changed."""
        for changed in self._changed:
            changed.set()

    async def _end_streams(self, _: web.Application) -> None:
        self._stopping = True
        self.refresh()

    def _routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/", self._page),
            web.get("/handbook/{name}", self._handbook),
            web.get("/files/{name}", self._file),
            web.get("/state", self._state),
            web.get("/changes", self._changes),
            web.get("/timeline", self._timeline),
            web.post("/say", self._order(Say, lambda room, order: room.say(order))),
            web.post("/edit", self._order(Edit, lambda room, order: room.edit(order))),
            web.post("/delete", self._order(Delete, lambda room, order: room.delete(order))),
            web.post("/press", self._order(Press, lambda room, order: room.press(order))),
            web.post("/submit", self._order(Submit, lambda room, order: room.submit(order))),
            web.post("/close", self._order(Close, lambda room, order: room.close(order))),
            web.get("/{part}", self._part),
        ]

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(body=self._parts["page.html"], content_type="text/html")

    async def _part(self, request: web.Request) -> web.Response:
        name = request.match_info["part"]
        if name not in self._parts:
            raise web.HTTPNotFound
        return web.Response(body=self._parts[name], content_type=TYPES[Path(name).suffix])

    async def _handbook(self, request: web.Request) -> web.Response:
        document = handbook.page(self._folder, request.match_info["name"])
        if document is None:
            raise web.HTTPNotFound(text="The handbook has no such page.\n")
        return web.Response(text=document, content_type="text/html")

    async def _file(self, request: web.Request) -> web.Response:
        document = handbook.file_page(request.match_info["name"])
        return web.Response(text=document, content_type="text/html")

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self._sight.seen_by(*await self._viewers(request)))

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        viewers = await self._viewers(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        sent = ""
        with self._listening() as changed:
            while not self._stopping:
                changed.clear()
                now = json.dumps(self._sight.seen_by(*viewers))
                if now != sent:
                    await response.write(f"retry: 1000\ndata: {now}\n\n".encode())
                    sent = now
                await changed.wait()
        return response

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Event]:
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            yield changed
        finally:
            self._changed.discard(changed)

    async def _timeline(self, request: web.Request) -> web.Response:
        (room, user), _ = await self._viewers(request)
        channel, thread = request.query.get("channel", ""), request.query.get("thread", "")
        if not room.may_see(user, channel):
            return refusal(NOT_THERE)
        try:
            items = await self._records.timeline(str(room.conversation(channel, thread)))
        except StorageError as error:
            return refusal(str(error), status=503)
        return web.json_response({"timeline": told(items)})

    async def _viewers(self, request: web.Request) -> tuple[Viewer, Viewer]:
        """Who looks at the left side of the page, and who at the right one."""
        employee = request.query.get("as") or self._sight.first(helps=False)
        helper = request.query.get("desk") or self._sight.first(helps=True)
        return await self._viewer(employee), await self._viewer(helper)

    async def _viewer(self, user: str) -> Viewer:
        room = self._sight.room(user)
        if room is None:
            raise web.HTTPNotFound(text="There is no such person.\n")
        await room.enter(user)
        return room, user

    def _order(
        self, model: type[Body], carry_out: Callable[[Room, Body], Awaitable[Json]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                order = model.model_validate_json(await request.read())
                done = await carry_out(self._allowed(order), order)
            except ValidationError as error:
                return refusal("; ".join(one["msg"] for one in error.errors()))
            except Refused as error:
                return refusal(str(error))
            self.refresh()
            return web.json_response(done)

        return handle

    def _allowed(self, order: Order) -> Room:
        room = self._sight.room(order.user)
        if room is None:
            raise Refused(NOT_THERE)
        if isinstance(order, InPlace) and not room.may_see(order.user, order.channel):
            raise Refused(NOT_THERE)
        return room


def refusal(sentence: str, status: int = 400) -> web.Response:
    """An error for the person on the page."""
    return web.json_response({"error": sentence}, status=status)
