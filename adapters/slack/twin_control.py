"""The local Slack as a process of its own, and the control API to drive and read it from others.

The API is documented in `adapters.slack.twin`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pkgutil
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from adapters.slack.twin import Answer, SlackTwin
from adapters.slack.twin_state import Json, Settings, View
from agent.ports import Clock

Handler = Callable[[Any], Awaitable[Json]]


class Control:
    """One method per control request; each takes its body and returns its answer."""

    def __init__(self, twin: SlackTwin) -> None:
        self._twin = twin

    def routes(self) -> list[web.RouteDef]:
        """What `SlackTwin.start` adds to its server."""
        acts = (
            self.users,
            self.channels,
            self.dm,
            self.say,
            self.edit,
            self.delete,
            self.command,
            self.press,
            self.fill,
            self.submit,
            self.close,
            self.interact,
            self.upload,
            self.join,
            self.leave,
            self.archive,
            self.deactivate,
            self.deliver,
            self.settings,
            self.idle,
        )
        views = (
            self.messages,
            self.ephemerals,
            self.views,
            self.status,
            self.calls,
            self.deliveries,
        )
        return [
            *(web.post(f"/twin/{act.__name__}", _served(act)) for act in acts),
            *(web.get(f"/twin/{view.__name__}", _served(view)) for view in views),
        ]

    async def users(self, body: Json) -> Json:
        """Add a person."""
        return {"user": self._twin.add_user(**body)}

    async def channels(self, body: Json) -> Json:
        """Add a channel."""
        return {"channel": self._twin.add_channel(**body)}

    async def dm(self, body: Json) -> Json:
        """Open a direct conversation with the bot."""
        return {"channel": self._twin.dm(body["user"])}

    async def say(self, body: Json) -> Json:
        """Post what a person typed."""
        channel = body.get("channel") or self._twin.dm(body["user"])
        ts = await self._twin.say(body["user"], channel, body["text"], body.get("thread_ts"))
        return {"channel": channel, "ts": ts}

    async def edit(self, body: Json) -> Json:
        """Change a message."""
        await self._twin.edit(body["user"], body["channel"], body["ts"], body["text"])
        return {}

    async def delete(self, body: Json) -> Json:
        """Delete a message."""
        await self._twin.delete(body["user"], body["channel"], body["ts"])
        return {}

    async def command(self, body: Json) -> Json:
        """Type a slash command."""
        return _told(await self._twin.command(body["user"], body["channel"], body["line"]))

    async def press(self, body: Json) -> Json:
        """Press something in a message as it is now."""
        channel, ts = body["channel"], body["ts"]
        seen = [*self._twin.messages(channel), *self._twin.ephemerals(channel)]
        found = [message for message in seen if message.ts == ts]
        if not found:
            raise ValueError(f"there is no message {ts} in {channel}")
        answer = await self._twin.press(
            body["user"], found[0], action_id=body["action_id"], value=body.get("value")
        )
        return _told(answer)

    async def fill(self, body: Json) -> Json:
        """Fill in an open form."""
        view = self._view(body)
        self._twin.fill(view, body["values"])
        return {"view": asdict(view)}

    async def submit(self, body: Json) -> Json:
        """Send a form off."""
        return _told(await self._twin.submit(self._view(body), body.get("values")))

    async def close(self, body: Json) -> Json:
        """Close a form."""
        self._twin.close(self._view(body))
        return {}

    async def interact(self, body: Json) -> Json:
        """Send any press, form or command, or the last one once more."""
        return _told(await self._twin.interact(body or None))

    async def upload(self, body: Json) -> Json:
        """Share a file."""
        return {"ts": await self._twin.upload(**body)}

    async def join(self, body: Json) -> Json:
        """Make somebody a member."""
        self._twin.join(body["user"], body["channel"])
        return {}

    async def leave(self, body: Json) -> Json:
        """End a membership."""
        self._twin.leave(body["user"], body["channel"])
        return {}

    async def archive(self, body: Json) -> Json:
        """Close a channel for posting, or reopen it."""
        self._twin.archive(body["channel"], archived=body.get("archived", True))
        return {}

    async def deactivate(self, body: Json) -> Json:
        """End somebody's account."""
        self._twin.deactivate(body["user"])
        return {}

    def _view(self, body: Json) -> View:
        found = {view.id: view for view in self._twin.views()}
        return found[body["view"]]

    async def deliver(self, body: Json) -> Json:
        """Send any event."""
        await self._twin.deliver(body)
        return {}

    async def settings(self, body: Json) -> Json:
        """Change settings."""
        known = {field.name for field in fields(Settings)}
        if unknown := body.keys() - known:
            raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            setattr(self._twin, name, set(value) if name == "scopes" else value)
        return {}

    async def idle(self, _body: Json) -> Json:
        """Wait for the first attempts of all deliveries."""
        await self._twin.idle()
        return {}

    async def messages(self, query: Mapping[str, str]) -> Json:
        """The messages of a channel or thread."""
        messages = self._twin.messages(query["channel"], query.get("thread_ts"))
        return {"messages": [asdict(message) for message in messages]}

    async def ephemerals(self, query: Mapping[str, str]) -> Json:
        """The ephemeral messages of a channel, of one person or of all."""
        messages = self._twin.ephemerals(query["channel"], query.get("user", ""))
        return {"messages": [asdict(message) for message in messages]}

    async def views(self, query: Mapping[str, str]) -> Json:
        """The open forms and home tabs, of one person or of all."""
        return {"views": [asdict(view) for view in self._twin.views(query.get("user", ""))]}

    async def status(self, query: Mapping[str, str]) -> Json:
        """The status of a thread."""
        return {"status": self._twin.status(query["channel"], query["thread_ts"])}

    async def calls(self, query: Mapping[str, str]) -> Json:
        """The calls of the Web API."""
        return {"calls": [asdict(call) for call in self._twin.calls(query.get("method"))]}

    async def deliveries(self, _query: Mapping[str, str]) -> Json:
        """The attempts to bring something to the bot."""
        return {"deliveries": [asdict(delivery) for delivery in self._twin.deliveries]}


def _told(answer: Answer) -> Json:
    return {"status": answer.status, "text": answer.text}


def _served(act: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        given = request.query if request.method == "GET" else await request.json()
        try:
            return web.json_response(await act(given))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return handle


async def serve(twin: SlackTwin, port: int) -> None:
    """Serve with the control API until SIGINT or SIGTERM; prints the addresses first."""
    api_url = await twin.start(port, Control(twin).routes())
    control_url = api_url.removesuffix("api/") + "twin/"
    print(json.dumps({"api_url": api_url, "control_url": control_url}), flush=True)  # noqa: T201
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await twin.stop()


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m adapters.slack.twin", description="A local Slack with a control API."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--events-url", default="", help="where the bot listens")
    parser.add_argument("--signing-secret", default="twin-signing-secret")
    parser.add_argument("--bot-token", default="xoxb-test")
    parser.add_argument("--app-token", default="xapp-test")
    parser.add_argument("--socket-mode", action="store_true", help="send through websockets")
    parser.add_argument("--rate-limits", action="store_true", help="limit calls as Slack does")
    # An adapter imports no clock. Here it is a process of its own, and names one.
    parser.add_argument("--clock", default="bot.clock:SystemClock", help="module:class of a Clock")
    return parser


def main() -> None:
    """Read the options and serve."""
    given = options().parse_args()
    clock: Clock = pkgutil.resolve_name(given.clock)()
    twin = SlackTwin(
        clock,
        signing_secret=given.signing_secret,
        bot_token=given.bot_token,
        app_token=given.app_token,
    )
    twin.events_url, twin.rate_limits = given.events_url, given.rate_limits
    twin.socket_mode = given.socket_mode
    asyncio.run(serve(twin, given.port))
