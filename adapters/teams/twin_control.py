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
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from adapters.teams.twin import Answer, Message, TeamsTwin
from adapters.teams.twin_state import Json
from twins import control, process


class Control(control.Control[TeamsTwin]):
    """What Teams has besides the requests that every platform has."""

    message_id = "id"
    event_id = "activity_id"

    def takes(self) -> Sequence[control.Handler]:
        return (
            self.groups,
            self.join,
            self.leave,
            self.say,
            self.undelete,
            self.react,
            self.press,
            self.feedback,
            self.submit,
            self.execute,
            self.install,
            self.uninstall,
            self.consent,
        )

    def shows(self) -> Sequence[control.Handler]:
        return self.messages, self.toasts, self.typing, self.calls

    def addresses(self) -> Json:
        return {"service_url": self.twin.service_url, "environ": self.twin.environ()}

    async def groups(self, body: Json) -> Json:
        """Add a group chat."""
        return {"channel": self.twin.add_group(**body)}

    async def join(self, body: Json) -> Json:
        """Let a person join a channel or group chat."""
        await self.twin.join(body["user"], body["channel"])
        return {}

    async def leave(self, body: Json) -> Json:
        """Let a person leave."""
        await self.twin.leave(body["user"], body["channel"])
        return {}

    async def say(self, body: Json) -> Json:
        """Post what a person typed."""
        given = {"channel": self.twin.dm(body["user"]), **body}
        return {"channel": given["channel"], "id": await self.twin.say(**given)}

    async def undelete(self, body: Json) -> Json:
        """Bring a message back."""
        await self.twin.undelete(body["user"], body["channel"], body["id"])
        return {}

    async def react(self, body: Json) -> Json:
        """Add or take away a reaction."""
        message = (body["user"], body["channel"], body["id"])
        await self.twin.react(*message, body.get("kind", "like"), on=body.get("on", True))
        return {}

    async def press(self, body: Json) -> Json:
        """Press something in a message as it is now."""
        answer = await self.twin.press(
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
        return _told(await self.twin.feedback(body["user"], message, body["reaction"], text))

    async def submit(self, body: Json) -> Json:
        """Send forged data as if from a message's card."""
        return _told(await self.twin.submit(body["user"], self._message(body), body["value"]))

    async def execute(self, body: Json) -> Json:
        """Send a forged action as if from a message's card."""
        message = self._message(body)
        return _told(await self.twin.execute(body["user"], message, body["verb"], body["data"]))

    def _message(self, body: Json) -> Message:
        return self.twin.message(body["channel"], body["id"])

    async def install(self, body: Json) -> Json:
        """Add the app somewhere."""
        await self.twin.install(**body)
        return {}

    async def uninstall(self, body: Json) -> Json:
        """Remove the app from somewhere."""
        await self.twin.uninstall(**body)
        return {}

    async def consent(self, body: Json) -> Json:
        """Let the bot hear everything in a channel or chat, or no more."""
        self.twin.consent(**body)
        return {}

    async def messages(self, query: Mapping[str, str]) -> Json:
        """The messages of a conversation or thread."""
        messages = self.twin.messages(query["channel"], query.get("thread"))
        return {"messages": [asdict(message) for message in messages]}

    async def toasts(self, query: Mapping[str, str]) -> Json:
        """What the bot answered to presses, of one person or of all."""
        return {"toasts": self.twin.toasts(query.get("channel", ""), query.get("user", ""))}

    async def typing(self, query: Mapping[str, str]) -> Json:
        """Whether the bot types."""
        return {"typing": self.twin.typing(query["channel"], query.get("thread", ""))}

    async def calls(self, query: Mapping[str, str]) -> Json:
        """The calls of the bot."""
        return {"calls": [asdict(call) for call in self.twin.calls(query.get("operation"))]}


def _told(answer: Answer) -> Json:
    return {"status": answer.status, "text": answer.text, "reason": answer.reason}


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = process.options("adapters.teams.twin", "Teams")
    parser.add_argument("--app-password", default="teams-test")
    parser.add_argument("--unauthenticated", action="store_true", help="no tokens either way")
    return parser


def main() -> None:
    """Read the options and serve."""
    given = options().parse_args()
    clock, secret = process.clock(given), given.app_password
    twin = TeamsTwin(clock, app_password=secret, unauthenticated=given.unauthenticated)
    process.run(Control(twin), given)
