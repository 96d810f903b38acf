"""The local Slack as a process of its own, and the control API to drive and read it from others.

The API is documented in `adapters.slack.twin`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from adapters.slack.twin import Answer, SlackTwin
from adapters.slack.twin_state import Json, View
from twins import control, process


class Control(control.Control[SlackTwin]):
    """What Slack has besides the requests that every platform has."""

    message_id = "ts"
    event_id = "event_id"

    def takes(self) -> Sequence[control.Handler]:
        return (
            self.say,
            self.command,
            self.press,
            self.fill,
            self.submit,
            self.close,
            self.interact,
            self.upload,
            self.join,
            self.leave,
        )

    def shows(self) -> Sequence[control.Handler]:
        return self.messages, self.ephemerals, self.views, self.status, self.calls

    def addresses(self) -> Json:
        return {"api_url": self.twin.api_url}

    async def say(self, body: Json) -> Json:
        """Post what a person typed."""
        channel = body.get("channel") or self.twin.dm(body["user"])
        ts = await self.twin.say(body["user"], channel, body["text"], body.get("thread_ts"))
        return {"channel": channel, "ts": ts}

    async def command(self, body: Json) -> Json:
        """Type a slash command."""
        return _told(await self.twin.command(body["user"], body["channel"], body["line"]))

    async def press(self, body: Json) -> Json:
        """Press something in a message as it is now."""
        channel, ts = body["channel"], body["ts"]
        seen = [*self.twin.messages(channel), *self.twin.ephemerals(channel)]
        found = [message for message in seen if message.ts == ts]
        if not found:
            raise ValueError(f"there is no message {ts} in {channel}")
        answer = await self.twin.press(
            body["user"], found[0], action_id=body["action_id"], value=body.get("value")
        )
        return _told(answer)

    async def fill(self, body: Json) -> Json:
        """Fill in an open form."""
        view = self._view(body)
        self.twin.fill(view, body["values"])
        return {"view": asdict(view)}

    async def submit(self, body: Json) -> Json:
        """Send a form off."""
        return _told(await self.twin.submit(self._view(body), body.get("values")))

    async def close(self, body: Json) -> Json:
        """Close a form."""
        self.twin.close(self._view(body))
        return {}

    async def interact(self, body: Json) -> Json:
        """Send any press, form or command, or the last one once more."""
        return _told(await self.twin.interact(body or None))

    async def upload(self, body: Json) -> Json:
        """Share a file."""
        return {"ts": await self.twin.upload(**body)}

    async def join(self, body: Json) -> Json:
        """Make somebody a member."""
        self.twin.join(body["user"], body["channel"])
        return {}

    async def leave(self, body: Json) -> Json:
        """End a membership."""
        self.twin.leave(body["user"], body["channel"])
        return {}

    def _view(self, body: Json) -> View:
        found = {view.id: view for view in self.twin.views()}
        return found[body["view"]]

    async def settings(self, body: Json) -> Json:
        """Change settings; JSON has no sets."""
        scopes = {"scopes": set(body["scopes"])} if "scopes" in body else {}
        return await super().settings({**body, **scopes})

    async def messages(self, query: Mapping[str, str]) -> Json:
        """The messages of a channel or thread."""
        messages = self.twin.messages(query["channel"], query.get("thread_ts"))
        return {"messages": [asdict(message) for message in messages]}

    async def ephemerals(self, query: Mapping[str, str]) -> Json:
        """The ephemeral messages of a channel, of one person or of all."""
        messages = self.twin.ephemerals(query["channel"], query.get("user", ""))
        return {"messages": [asdict(message) for message in messages]}

    async def views(self, query: Mapping[str, str]) -> Json:
        """The open forms and home tabs, of one person or of all."""
        return {"views": [asdict(view) for view in self.twin.views(query.get("user", ""))]}

    async def status(self, query: Mapping[str, str]) -> Json:
        """The status of a thread."""
        return {"status": self.twin.status(query["channel"], query["thread_ts"])}

    async def calls(self, query: Mapping[str, str]) -> Json:
        """The calls of the Web API."""
        return {"calls": [asdict(call) for call in self.twin.calls(query.get("method"))]}


def _told(answer: Answer) -> Json:
    return {"status": answer.status, "text": answer.text}


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = process.options("adapters.slack.twin", "Slack")
    parser.add_argument("--signing-secret", default="twin-signing-secret")
    parser.add_argument("--bot-token", default="xoxb-test")
    parser.add_argument("--app-token", default="xapp-test")
    parser.add_argument("--socket-mode", action="store_true", help="send through websockets")
    return parser


def main() -> None:
    """Read the options and serve."""
    given = options().parse_args()
    twin = SlackTwin(
        process.clock(given),
        signing_secret=given.signing_secret,
        bot_token=given.bot_token,
        app_token=given.app_token,
    )
    twin.socket_mode = given.socket_mode
    process.run(Control(twin), given)
