"""The local Teams as a process of its own, and the control API to drive and read it from others.

It prints one line of JSON, `{"service_url": …, "control_url": …, "environ": {…}}`, and serves until
it is stopped. Bodies and answers are JSON; an error is `{"error": …}` with status 400. Where a
`channel` may be left out, it is the personal chat of `user`.

    POST /twin/users      {"name", …fields of add_user}                -> {"user"}
    POST /twin/channels   {"name", "members", …add_channel}            -> {"channel"}
    POST /twin/groups     {"members", …add_group}                      -> {"channel"}
    POST /twin/dm         {"user"}                                     -> {"channel"}
    POST /twin/join       {"user", "channel"}                          -> {}
    POST /twin/leave      {"user", "channel"}                          -> {}
    POST /twin/deactivate {"user"}                                     -> {}
    POST /twin/archive    {"channel", "archived"?}                     -> {}
    POST /twin/say        {"user", "channel"?, "text", "thread"?, "mention"?, "file"?}
                                                                       -> {"channel", "id"}
    POST /twin/edit       {"user", "channel", "id", "text"}            -> {}
    POST /twin/delete     {"user", "channel", "id"}                    -> {}
    POST /twin/undelete   {"user", "channel", "id"}                    -> {}
    POST /twin/react      {"user", "channel", "id", "kind"?, "on"?}    -> {}
    POST /twin/press      {"user", "channel", "id", "action", "value"?, "filled"?} -> answer
    POST /twin/feedback   {"user", "channel", "id", "reaction", "text"?} -> answer
    POST /twin/submit     {"user", "channel", "id", "value"}           -> answer
    POST /twin/execute    {"user", "channel", "id", "verb", "data"}    -> answer
    POST /twin/install    {"user", "channel"?, "action"?}              -> {}
    POST /twin/uninstall  {"user", "channel"?}                         -> {}
    POST /twin/consent    {"channel", "given"?}                        -> {}
    POST /twin/deliver    any activity                                 -> {}
    POST /twin/settings   fields of `twin_state.Settings`              -> {}
    POST /twin/idle       {}                                           -> {} after first attempts
    GET  /twin/messages?channel=…&thread=…                             -> {"messages"}
    GET  /twin/toasts?channel=…&user=…                                 -> {"toasts"}
    GET  /twin/typing?channel=…&thread=…                               -> {"typing"}
    GET  /twin/calls?operation=…                                       -> {"calls"}
    GET  /twin/deliveries                                              -> {"deliveries"}

An answer is `{"status", "text", "reason"}`.
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

from adapters.teams.twin import Answer, Message, TeamsTwin
from adapters.teams.twin_state import Json, Settings
from agent.ports import Clock

Handler = Callable[[Any], Awaitable[Json]]


class Control:
    """One method per control request; each takes its body and returns its answer."""

    def __init__(self, twin: TeamsTwin) -> None:
        self._twin = twin

    def routes(self) -> list[web.RouteDef]:
        """What `TeamsTwin.start` adds to its server."""
        acts = (
            self.users,
            self.channels,
            self.groups,
            self.dm,
            self.join,
            self.leave,
            self.deactivate,
            self.archive,
            self.say,
            self.edit,
            self.delete,
            self.undelete,
            self.react,
            self.press,
            self.feedback,
            self.submit,
            self.execute,
            self.install,
            self.uninstall,
            self.consent,
            self.deliver,
            self.settings,
            self.idle,
        )
        views = (self.messages, self.toasts, self.typing, self.calls, self.deliveries)
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

    async def groups(self, body: Json) -> Json:
        """Add a group chat."""
        return {"channel": self._twin.add_group(**body)}

    async def dm(self, body: Json) -> Json:
        """Open a personal chat with the bot."""
        return {"channel": self._twin.dm(body["user"])}

    async def join(self, body: Json) -> Json:
        """Let a person join a channel or group chat."""
        await self._twin.join(body["user"], body["channel"])
        return {}

    async def leave(self, body: Json) -> Json:
        """Let a person leave."""
        await self._twin.leave(body["user"], body["channel"])
        return {}

    async def deactivate(self, body: Json) -> Json:
        """End somebody's account."""
        self._twin.deactivate(body["user"])
        return {}

    async def archive(self, body: Json) -> Json:
        """Close a channel for writing, or reopen it."""
        self._twin.archive(body["channel"], archived=body.get("archived", True))
        return {}

    async def say(self, body: Json) -> Json:
        """Post what a person typed."""
        given = {"channel": self._twin.dm(body["user"]), **body}
        return {"channel": given["channel"], "id": await self._twin.say(**given)}

    async def edit(self, body: Json) -> Json:
        """Change a message."""
        await self._twin.edit(body["user"], body["channel"], body["id"], body["text"])
        return {}

    async def delete(self, body: Json) -> Json:
        """Delete a message."""
        await self._twin.delete(body["user"], body["channel"], body["id"])
        return {}

    async def undelete(self, body: Json) -> Json:
        """Bring a message back."""
        await self._twin.undelete(body["user"], body["channel"], body["id"])
        return {}

    async def react(self, body: Json) -> Json:
        """Add or take away a reaction."""
        message = (body["user"], body["channel"], body["id"])
        await self._twin.react(*message, body.get("kind", "like"), on=body.get("on", True))
        return {}

    async def press(self, body: Json) -> Json:
        """Press something in a message as it is now."""
        answer = await self._twin.press(
            body["user"],
            self._message(body),
            body["action"],
            body.get("value"),
            filled=body.get("filled"),
        )
        return _told(answer)

    async def feedback(self, body: Json) -> Json:
        """Give a thumb."""
        message, text = self._message(body), body.get("text", "")
        return _told(await self._twin.feedback(body["user"], message, body["reaction"], text))

    async def submit(self, body: Json) -> Json:
        """Send forged data as if from a message's card."""
        return _told(await self._twin.submit(body["user"], self._message(body), body["value"]))

    async def execute(self, body: Json) -> Json:
        """Send a forged action as if from a message's card."""
        message = self._message(body)
        return _told(await self._twin.execute(body["user"], message, body["verb"], body["data"]))

    def _message(self, body: Json) -> Message:
        return self._twin.message(body["channel"], body["id"])

    async def install(self, body: Json) -> Json:
        """Add the app somewhere."""
        await self._twin.install(**body)
        return {}

    async def uninstall(self, body: Json) -> Json:
        """Remove the app from somewhere."""
        await self._twin.uninstall(**body)
        return {}

    async def consent(self, body: Json) -> Json:
        """Let the bot hear everything in a channel or chat, or no more."""
        self._twin.consent(**body)
        return {}

    async def deliver(self, body: Json) -> Json:
        """Send any activity."""
        await self._twin.deliver(body)
        return {}

    async def settings(self, body: Json) -> Json:
        """Change settings."""
        known = {field.name for field in fields(Settings)}
        if unknown := body.keys() - known:
            raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            setattr(self._twin, name, value)
        return {}

    async def idle(self, _body: Json) -> Json:
        """Wait for the first attempts of all deliveries."""
        await self._twin.idle()
        return {}

    async def messages(self, query: Mapping[str, str]) -> Json:
        """The messages of a conversation or thread."""
        messages = self._twin.messages(query["channel"], query.get("thread"))
        return {"messages": [asdict(message) for message in messages]}

    async def toasts(self, query: Mapping[str, str]) -> Json:
        """What the bot answered to presses, of one person or of all."""
        return {"toasts": self._twin.toasts(query.get("channel", ""), query.get("user", ""))}

    async def typing(self, query: Mapping[str, str]) -> Json:
        """Whether the bot types."""
        return {"typing": self._twin.typing(query["channel"], query.get("thread", ""))}

    async def calls(self, query: Mapping[str, str]) -> Json:
        """The calls of the bot."""
        return {"calls": [asdict(call) for call in self._twin.calls(query.get("operation"))]}

    async def deliveries(self, _query: Mapping[str, str]) -> Json:
        """The attempts to bring something to the bot."""
        return {"deliveries": [asdict(delivery) for delivery in self._twin.deliveries]}


def _told(answer: Answer) -> Json:
    return {"status": answer.status, "text": answer.text, "reason": answer.reason}


def _served(act: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        given = request.query if request.method == "GET" else await request.json()
        try:
            return web.json_response(await act(given))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return handle


async def serve(twin: TeamsTwin, port: int) -> None:
    """Serve with the control API until SIGINT or SIGTERM; prints the addresses first."""
    service_url = await twin.start(port, Control(twin).routes())
    told = {
        "service_url": service_url,
        "control_url": f"{twin.base_url}twin/",
        "environ": twin.environ(),
    }
    print(json.dumps(told), flush=True)  # noqa: T201
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await twin.stop()


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m adapters.teams.twin", description="A local Teams with a control API."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--events-url", default="", help="where the bot listens")
    parser.add_argument("--app-password", default="teams-test")
    parser.add_argument("--unauthenticated", action="store_true", help="no tokens either way")
    parser.add_argument("--rate-limits", action="store_true", help="limit calls as Teams does")
    # An adapter imports no clock. Here it is a process of its own, and names one.
    parser.add_argument("--clock", default="bot.clock:SystemClock", help="module:class of a Clock")
    return parser


def main() -> None:
    """Read the options and serve."""
    given = options().parse_args()
    clock: Clock = pkgutil.resolve_name(given.clock)()
    twin = TeamsTwin(clock, app_password=given.app_password, unauthenticated=given.unauthenticated)
    twin.events_url, twin.rate_limits = given.events_url, given.rate_limits
    asyncio.run(serve(twin, given.port))
