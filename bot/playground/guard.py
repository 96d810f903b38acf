"""Keeps other web pages out of the playground.

It listens on the loopback interface only, which keeps other machines out, but not the pages open
in the same browser. A request that names another host is refused (a foreign name may be made to
point here: DNS rebinding), and so is every POST that is not sent by the page itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NAMES = ("127.0.0.1", "localhost")
READING = frozenset({"GET", "HEAD"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refuse_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 403 to what does not come from the playground's own page."""
    if request.host not in hosts(request):
        raise web.HTTPForbidden(text="This is not the host that the playground is served on.\n")
    if request.method not in READING:
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Only the playground's own page may do this.\n")
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="Send JSON.\n")
    return await handler(request)


def hosts(request: web.Request) -> frozenset[str]:
    """The values of `Host` that mean this server: the loopback's names with the port it is on."""
    address = request.transport.get_extra_info("sockname") if request.transport else None
    port = address[1] if address else 0
    # Browsers leave HTTP's own port out.
    return frozenset({f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set()))


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Let the browser load nothing from elsewhere, and nobody else look at what is here."""
    response.headers.update(HEADERS)
