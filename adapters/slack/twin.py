"""A local Slack: it speaks the real wire protocol, keeps state, and can be made to fail.

For tests, benchmarks and the playground. Give its address to a bot as `SLACK_API_URL` and the
bot's address to it as `events_url`; what then happens really went over HTTP, signed and retried.
With `socket_mode` it goes through websockets instead, which `sockets` knows and can trouble.
All time comes from the clock it is given. The other `twin_*` modules are its parts: what people
do is here, what can be seen of it in `twin_sight`; what every local platform has is in `twins`.

As a process of its own it also has a control API:

    python -m adapters.slack.twin --port 8001 --events-url http://127.0.0.1:3000/slack/events
    python -m adapters.slack.twin --port 8001 --socket-mode

It prints one line of JSON, `{"api_url": …, "control_url": …}`, and serves until it is stopped.
Bodies and answers are JSON; an error is `{"error": …}` with status 400.

    POST /twin/users     {"name", …fields of add_user}              -> {"user"}
    POST /twin/channels  {"name", "members", …add_channel}          -> {"channel"}
    POST /twin/dm        {"user"}                                   -> {"channel"}
    POST /twin/say       {"user", "channel"?, "text", "thread_ts"?} -> {"channel", "ts"}
    POST /twin/edit      {"user", "channel", "ts", "text"}          -> {}
    POST /twin/delete    {"user", "channel", "ts"}                  -> {}
    POST /twin/command   {"user", "channel", "line"}                -> {"status", "text"}
    POST /twin/press     {"user", "channel", "ts", "action_id", "value"?} -> {"status", "text"}
    POST /twin/fill      {"view", "values"}                         -> {"view"}
    POST /twin/submit    {"view", "values"?}                        -> {"status", "text"}
    POST /twin/close     {"view"}                                   -> {}
    POST /twin/interact  any press, form or fields of a command; {} the last one once more
                                                                    -> {"status", "text"}
    POST /twin/upload    {"user", "channel", "filename", "text"?, "thread_ts"?} -> {"ts"}
    POST /twin/join      {"user", "channel"}                        -> {}
    POST /twin/leave     {"user", "channel"}                        -> {}
    POST /twin/archive   {"channel", "archived"?}                   -> {}
    POST /twin/deactivate {"user"}                                  -> {}
    POST /twin/deliver   any event or envelope                      -> {}
    POST /twin/settings  fields of `twin_state.Settings`            -> {}
    POST /twin/idle      {}                                         -> {} after first attempts
    GET  /twin/messages?channel=…&thread_ts=…                       -> {"messages"}
    GET  /twin/ephemerals?channel=…&user=…                          -> {"messages"}
    GET  /twin/views?user=…                                         -> {"views"}
    GET  /twin/status?channel=…&thread_ts=…                         -> {"status"}
    GET  /twin/calls?method=…                                       -> {"calls"}
    GET  /twin/deliveries                                           -> {"deliveries"}
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from adapters.slack.twin_events import JSON_TYPE, Answer, Courier, envelope, packed
from adapters.slack.twin_faults import Fault
from adapters.slack.twin_forms import Forms
from adapters.slack.twin_people import People
from adapters.slack.twin_platform import Platform
from adapters.slack.twin_server import Call, Server
from adapters.slack.twin_sight import Sight
from adapters.slack.twin_socket import Envelope, Sockets
from adapters.slack.twin_state import (
    Identity,
    Json,
    Message,
    Post,
    Settings,
    User,
    View,
    Workspace,
)
from agent.ports import Clock
from twins.courier import Delivery, Parcel
from twins.world import Change

__all__ = ["Answer", "Call", "Change", "Delivery", "Envelope", "Fault", "Message", "SlackTwin"]

OUTER_TYPES = frozenset({"event_callback", "url_verification", "app_rate_limited"})
STRANGERS = "T0STRANGERS"


class SlackTwin(Settings, Sight):
    """One workspace with one app installed in it; `Settings` may be changed at any time.

    Ids are strings. What Slack's clients would not let people do raises ValueError, ids that do
    not exist raise KeyError. Chance comes from `seed` alone.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        signing_secret: str,
        bot_token: str = "xoxb-test",  # noqa: S107 (made up; nothing real hears it)
        app_token: str = "xapp-test",  # noqa: S107 (likewise)
        team_id: str = "T0FRONTDESK",
        bot_user_id: str = "U0FRONTBOT",
        bot_id: str = "B0FRONTBOT",
        app_id: str = "A0FRONTAPP",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.clock = clock
        self.identity = Identity(team_id, bot_user_id, bot_id, app_id)
        self.api_url = ""
        rng = random.Random(seed)  # noqa: S311 (it must be the same each time)
        self._world = Workspace(clock, self.identity)
        self._courier = Courier(clock, signing_secret, self, rng)
        self.sockets = Sockets(clock, self.identity, self)
        self._courier.through_socket = self.sockets.deliver
        self._platform = Platform(self._world, self._courier, self.sockets, self, rng)
        self._people = People(self._platform)
        self._forms = Forms(self._platform)
        self._server = Server(self._platform, bot_token, app_token)
        self.faults = self._server.faults

    async def start(self, port: int = 0, routes: Iterable[web.RouteDef] = ()) -> str:
        """Serve on the loopback interface; the address of the Web API, which ends in '/api/'."""
        await self._open(port, [*self._server.routes(), *self.sockets.routes(), *routes])
        self._people.base_url = self.sockets.base_url = self.base_url
        self.api_url = f"{self.base_url}api/"
        return self.api_url

    def add_user(self, name: str = "Ada Lovelace", **fields: Any) -> str:
        """A new person called `name`, with `fields` of `twin_state.User`; its id.

        `is_restricted` and `is_ultra_restricted` are guests, `is_stranger` is of another company,
        `is_bot` another app.
        """
        handle = name.lower().replace(" ", ".")
        defaults: Json = {
            "name": handle,
            "team_id": STRANGERS if fields.get("is_stranger") else self.identity.team_id,
            "email": f"{handle}@{self.identity.domain}.com",
            "bot_id": self._world.mint("B") if fields.get("is_bot") else "",
        }
        user = User(self._world.mint("U"), real_name=name, **{**defaults, **fields})
        self._world.users[user.id] = user
        self._world.changed("user")
        return user.id

    def add_channel(
        self,
        name: str = "general",
        members: Iterable[str] = (),
        *,
        private: bool = False,
        bot: bool = True,
        shared: bool = False,
    ) -> str:
        """A new channel with these people, and the bot unless told otherwise; its id.

        `shared` is a channel shared with another company, as is every one with a stranger in it.
        """
        people = [*members, *([self.identity.bot_user_id] if bot else [])]
        shared = shared or self._world.any_stranger(people)
        kind = "group" if private else "channel"
        return self._world.add_channel(kind, name, people, shared=shared).id

    def dm(self, user: str, *others: str) -> str:
        """The direct conversation of the bot with a person, or with several; its id."""
        return self._world.direct(user, *others).id

    def join(self, user: str, channel: str, inviter: str = "") -> None:
        """Make somebody (or the bot) a member, with the events that Slack sends."""
        self._platform.join(self.channel(channel), user, inviter)

    def leave(self, user: str, channel: str) -> None:
        """End a membership, also the bot's."""
        self._platform.leave(self.channel(channel), user)

    def archive(self, channel: str, user: str = "", *, archived: bool = True) -> None:
        """Close a channel for posting, or reopen it."""
        self._platform.archive(self.channel(channel), user, archived=archived)

    def deactivate(self, user: str) -> None:
        """End somebody's account; they stay in the lists of their channels, as in Slack."""
        self._platform.deactivate(self.user(user))

    async def say(
        self,
        user: str,
        channel: str = "",
        text: str = "",
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> str:
        """Post what a person typed (in the direct conversation if no channel is given); its ts.

        Returns at once; the events are delivered in the background (`idle` waits for them).
        """
        place = self.channel(channel or self.dm(user))
        return self._people.say(user, place, text, thread_ts or "", broadcast=broadcast).ts

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Change what one wrote."""
        self._people.edit(user, self._post(channel, ts), text)

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Take back what one wrote."""
        self._people.delete(user, self._post(channel, ts))

    async def upload(
        self,
        user: str,
        channel: str,
        filename: str,
        text: str = "",
        *,
        size: int = 1024,
        thread_ts: str = "",
    ) -> str:
        """Share a file; the ts of its message."""
        place = self.channel(channel)
        return self._people.upload(user, place, filename, text, size, thread_ts).ts

    async def unfurl(self, channel: str, ts: str, url: str) -> None:
        """Let Slack add the preview of a link: a change that nobody wrote."""
        self._people.unfurl(self._post(channel, ts), url)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Add a reaction."""
        self._platform.react(self._post(channel, ts), user, name)

    async def open_home(self, user: str, tab: str = "messages") -> None:
        """Open the app: `app_home_opened`."""
        self._people.open_home(user, self.channel(self.dm(user)), tab)

    async def stop_session(self, user: str, channel: str, thread_ts: str) -> None:
        """Press Stop while the bot works: `agent_session_stopped`."""
        self._people.stop(user, self.channel(channel), thread_ts)

    async def uninstall(self) -> None:
        """Remove the app: `tokens_revoked`, `app_uninstalled`, and every call is refused."""
        await self.revoke_tokens("account_inactive")
        self._platform.emit({"type": "app_uninstalled"})

    async def revoke_tokens(self, error: str = "token_revoked") -> None:
        """Take the bot's token away: `tokens_revoked`, and every call answers `error`."""
        self._platform.revoked = error
        tokens = {"oauth": [], "bot": [self.identity.bot_user_id]}
        self._platform.emit({"type": "tokens_revoked", "tokens": tokens})

    async def command(self, user: str, channel: str, line: str) -> Answer:
        """Type a slash command such as '/frontdesk help'; what the bot answered."""
        return await self._people.command(user, self.channel(channel), line)

    async def press(
        self, user: str, message: Message, *, action_id: str, value: str | None = None
    ) -> Answer:
        """Press something in a message as it was when `message` was read; what the bot answered.

        `value` tells buttons of one name apart, names the option of a menu, and for feedback is
        'positive' or 'negative'. Without an answer it ends after 3 seconds of the clock, which
        somebody must move.
        """
        post = self._post(message.channel, message.ts)
        return await self._people.press(user, post, list(message.blocks), action_id, value)

    def fill(self, view: View, values: Mapping[str, Any]) -> None:
        """Enter `values` by action_id into an open form: a string (of a menu, an option's value),
        the element's state as Slack would send it, or None to take it back.
        """
        self._forms.fill(view, values)

    async def submit(self, view: View, values: Mapping[str, Any] | None = None) -> Answer:
        """Send an open form off, filled in with `values` as well; what the bot answered.

        What it says is wrong stands in `view.errors`, and leaves the form open.
        """
        self._forms.fill(view, values or {})
        return await self._forms.submit(view)

    def close(self, view: View) -> None:
        """Close a form without sending it."""
        self._forms.close(view)

    async def interact(self, body: Json | None = None) -> Answer:
        """Send any press, form or fields of a command, signed; what the bot answered.

        Without a body the last one once more, just as it was: Slack repeats none of them over HTTP,
        but proxies and websockets may.
        """
        return await self._courier.interact(body if body is not None else self.interactions[-1])

    async def verify_url(self, challenge: str = "challenge-of-the-twin") -> Answer:
        """Ask whether the bot owns its address, as Slack does when it is configured."""
        token = self.identity.verification_token
        body = {"token": token, "challenge": challenge, "type": "url_verification"}
        return await self._courier.ask(json.dumps(body).encode(), JSON_TYPE)

    async def deliver(self, event: Json | bytes) -> None:
        """Send anything, signed: an inner event, a whole envelope, or bytes."""
        if isinstance(event, bytes):
            self._courier.send(Parcel("", "raw", event, ""))
        elif event.get("type") in OUTER_TYPES:
            self._courier.send(packed(event))
        else:
            body = envelope(self._world, event, shared=False, team_id="")
            self._courier.send(packed(body))

    def _post(self, channel: str, ts: str) -> Post:
        place = self.channel(channel)
        shown = [post for post in place.ephemerals if post.ts == ts]
        return shown[0] if shown else place.posts[ts]


def _serve() -> None:
    """Be a process of its own; imported here because the control API is built on this module."""
    from adapters.slack.twin_control import main

    main()


if __name__ == "__main__":
    _serve()
