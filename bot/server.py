"""The one HTTP server: adapters' routes, /healthz, /readyz, /metrics."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from agent.defects import report
from agent.errors import ConfigError, StorageError
from agent.platforms import WebRequest, WebResponse

log = logging.getLogger(__name__)

MAX_BODY = 1_000_000
"""Bytes of a request's body; more is answered 413 before it is read."""
SHUTDOWN_SECONDS = 5.0

Route = Callable[[WebRequest], Awaitable[WebResponse]]


class Server:
    """An aiohttp server over plain handlers; knows no platform."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        ready: Callable[[], Awaitable[None]],
        metrics: Callable[[], Awaitable[bytes]],
    ) -> None:
        """`ready` returns if a message could be accepted durably now and raises StorageError
        otherwise; `metrics` gives the text for /metrics.
        """
        self._app = web.Application(client_max_size=MAX_BODY)
        self._ready = ready
        self._metrics = metrics
        self._runner: web.AppRunner | None = None
        for path, route in routes.items():
            self._app.router.add_post(path, _handler(route))
        self._app.router.add_get("/healthz", self._healthz)
        self._app.router.add_get("/readyz", self._readyz)
        self._app.router.add_get("/metrics", self._metricsz)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (chosen by the system for port 0).

        Raises:
            ConfigError: the address is taken or not ours.
        """
        self._runner = web.AppRunner(
            self._app,
            access_log=None,
            logger=_ServerLog(log, {}),
            # Signatures are over what was sent, and no platform compresses.
            auto_decompress=False,
            shutdown_timeout=SHUTDOWN_SECONDS,
        )
        await self._runner.setup()
        await bind(self._runner, host, port, mend="set FRONTDESK_HOST and FRONTDESK_PORT")
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Accept nothing more and let running requests end; idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        try:
            await self._ready()
        except StorageError as error:
            return web.Response(status=503, text=f"not ready: {error}\n")
        return web.Response(text="ready\n")

    async def _metricsz(self, _: web.Request) -> web.Response:
        try:
            body = await self._metrics()
        except StorageError as error:
            return web.Response(status=503, text=f"{error}\n")
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4"})


async def bind(runner: web.AppRunner, host: str, port: int, *, mend: str) -> None:
    """Listen on an address; `mend` is what to do about one that cannot be had.

    Raises:
        ConfigError: it cannot be had.
    """
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, ValueError) as error:  # a name may be none at all
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ConfigError(
            f"cannot listen on {host}, port {port}: {why}; {mend} to an address of this machine "
            "that is free"
        ) from None


class _ServerLog(logging.LoggerAdapter[logging.Logger]):
    """What aiohttp logs of errors, without their words: they quote requests, tokens among them."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Tell the kind of an error and, if it is ours, where it was raised."""
        error = kwargs.get("exc_info")
        if level < logging.ERROR or not isinstance(error, BaseException):
            return
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            self.logger.info("a request cannot be read: %s", type(error).__name__)
        else:
            report(self.logger, "the server failed", error)


def _handler(route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except (web.RequestPayloadError, ConnectionError) as error:
            log.info("a request's body cannot be read: %s", type(error).__name__)
            return web.Response(status=400)
        try:
            answer = await route(WebRequest(body, request.headers))
        except Exception as error:  # noqa: BLE001 the top of a task
            report(log, "a route broke its promise not to raise", error)
            return web.Response(status=503)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    return handle
