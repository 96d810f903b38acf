"""A local Microsoft Teams: it speaks the real wire protocol, keeps state, and can be made to fail.

For tests, benchmarks and the playground. Give what `environ` says to a bot, and the bot's address
to it as `events_url`; what then happens really went over HTTP, signed and redelivered.
All time comes from the clock it is given. The other `twin_*` modules are its parts: what people
do is here, what can be seen of it in `twin_sight`; what every local platform has is in `twins`.

As a process of its own it also has a control API, which `twin_control` tells:

    python -m adapters.teams.twin --port 8002 --events-url http://127.0.0.1:3000/api/messages
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from adapters.teams.twin_connector import Connector
from adapters.teams.twin_events import Answer, Courier, Parcel, packed
from adapters.teams.twin_faults import Fault
from adapters.teams.twin_keys import Signer
from adapters.teams.twin_login import Login
from adapters.teams.twin_people import People
from adapters.teams.twin_presses import Presses
from adapters.teams.twin_server import Call, Server
from adapters.teams.twin_shapes import Activities
from adapters.teams.twin_sight import Sight
from adapters.teams.twin_state import (
    CHANNEL,
    GROUP,
    Identity,
    Json,
    Message,
    Settings,
    World,
)
from agent.ports import Clock
from twins.courier import Delivery
from twins.world import Change

__all__ = ["Answer", "Call", "Change", "Delivery", "Fault", "Message", "TeamsTwin"]

TENANT = "00000000-0000-4000-8000-00000000f0e5"
APP = "00000000-0000-4000-8000-00000000f0a9"


class TeamsTwin(Settings, Sight):
    """One organisation with one app installed in it; `Settings` may be changed at any time.

    Ids are strings: of people their object ids, of conversations Teams' without the thread, of
    threads the id of the root. What Teams' clients would not let people do raises ValueError, ids
    that do not exist raise KeyError. Chance comes from `seed` alone.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        tenant_id: str = TENANT,
        app_id: str = APP,
        app_password: str = "teams-test",  # noqa: S107 (made up; nothing real hears it)
        bot_name: str = "Frontdesk",
        unauthenticated: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(unauthenticated=unauthenticated)
        self.clock = clock
        self.identity = Identity(tenant_id, app_id, bot_name)
        self._password = app_password
        rng = random.Random(seed)  # noqa: S311 (it must be the same each time)
        self._world = World(clock, self.identity)
        self.signer = Signer(clock, self.identity, self)
        self.login = Login(clock, self.identity, app_password, self.signer)
        self._courier = Courier(clock, self.signer, self, rng)
        self._people = People(self._world, Activities(self._world, self), self._courier)
        self._presses = Presses(self._people)
        self._connector = Connector(self._world, self)
        self._server = Server(self._world, self, self._connector, self.login)
        self.faults = self._server.faults

    async def start(self, port: int = 0, routes: Iterable[web.RouteDef] = ()) -> str:
        """Serve on the loopback interface; the `service_url` of activities, which ends in '/'."""
        await self._open(port, [*self._server.routes(), *routes])
        self.login.base_url = f"{self.base_url}login/"
        self.service_url = f"{self.base_url}amer/{self.identity.tenant_id}/"
        return self.service_url

    def environ(self) -> dict[str, str]:
        """The environment of a bot that lives here; known after `start`."""
        common = {
            "TEAMS_TENANT_ID": self.identity.tenant_id,
            "TEAMS_SERVICE_URLS": self.service_url,
        }
        if self.unauthenticated:
            return {**common, "TEAMS_ALLOW_UNAUTHENTICATED": "1"}
        return {
            **common,
            "TEAMS_APP_ID": self.identity.app_id,
            "TEAMS_APP_PASSWORD": self._password,
            "TEAMS_OPENID_URL": f"{self.base_url}v1/.well-known/openidconfiguration",
            "TEAMS_LOGIN_URL": f"{self.base_url}login",
        }

    # Who and what there is

    def add_user(self, name: str = "Ada Lovelace", **fields: Any) -> str:
        """A new person called `name`, with `fields` of `twin_state.User`; their object id.

        `is_stranger` is of another company, `is_guest` a guest of this one.
        """
        return self._world.add_user(name, **fields).id

    def add_team(self, name: str = "Example") -> str:
        """A new team; its id."""
        return self._world.add_team(name).id

    def add_channel(
        self,
        name: str = "general",
        members: Iterable[str] = (),
        *,
        team: str = "",
        bot: bool = True,
        rsc: bool = False,
    ) -> str:
        """A new channel of a team (one for all, if none is named) with these people, and the bot
        unless told otherwise; its id. With `rsc` the bot hears all that is said there.
        """
        owner = self._world.team(team)
        return self._world.add_place(CHANNEL, name, members, team=owner, bot=bot, rsc=rsc).id

    def add_group(
        self, members: Iterable[str] = (), *, name: str = "", bot: bool = True, rsc: bool = False
    ) -> str:
        """A new group chat with these people, and the bot unless told otherwise; its id."""
        return self._world.add_place(GROUP, name, members, bot=bot, rsc=rsc).id

    def dm(self, user: str) -> str:
        """The personal chat of the bot with a person; its id."""
        return self._world.personal(user).id

    def consent(self, channel: str, *, given: bool = True) -> None:
        """Grant or take away what lets the bot hear everything in a channel or chat (RSC)."""
        self.channel(channel).rsc = given

    def deactivate(self, user: str) -> None:
        """End somebody's account: they are in no roster any more, and nobody tells the bot."""
        self._people.deactivate(self.user(user))

    def archive(self, channel: str, *, archived: bool = True) -> None:
        """Close a channel for writing, or reopen it; nobody tells the bot."""
        self._people.archive(self.channel(channel), archived=archived)

    # What people do

    async def say(
        self,
        user: str,
        channel: str = "",
        text: str = "",
        thread: str | None = None,
        *,
        mention: bool = False,
        file: str = "",
        **more: object,
    ) -> str:
        """Post what a person typed (in the personal chat if no channel is given); its id.

        '<@id>' in the text mentions a person or the bot ('28:…'); `mention` puts the bot in front.
        `more` are fields of the activity that differ. Returns at once; the activity is delivered in
        the background (`idle` waits for it).
        """
        place = self.channel(channel or self.dm(user))
        typed = f"{self.mention()} {text}" if mention else text
        return self._people.say(user, place, typed, thread or "", file=file, **more).id

    def mention(self, user: str = "") -> str:
        """How `say` mentions a person, or the bot."""
        return f"<@{user or self.identity.bot_id}>"

    async def edit(self, user: str, channel: str, message: str, text: str) -> None:
        """Change what one wrote."""
        self._people.edit(user, self._post(channel, message), text)

    async def delete(self, user: str, channel: str, message: str) -> None:
        """Take back what one wrote."""
        self._people.delete(user, self._post(channel, message))

    async def undelete(self, user: str, channel: str, message: str) -> None:
        """Bring back what one took back."""
        self._people.undelete(user, self._post(channel, message))

    async def react(
        self, user: str, channel: str, message: str, kind: str = "like", *, on: bool = True
    ) -> None:
        """Add a reaction, or take it away."""
        self._people.react(user, self._post(channel, message), kind, on=on)

    async def begin_typing(self, user: str) -> None:
        """Type in the personal chat without sending."""
        self._people.begin_typing(user, self._world.personal(user))

    async def install(self, user: str, channel: str = "", *, action: str = "add") -> None:
        """A person adds the app to their personal chat, a group chat or a channel's team."""
        self._people.install(user, self.channel(channel or self.dm(user)), action)

    async def uninstall(self, user: str, channel: str = "") -> None:
        """A person removes the app from there."""
        self._people.install(user, self.channel(channel or self.dm(user)), "remove")

    async def join(self, user: str, channel: str, inviter: str = "") -> None:
        """Let a person join a channel or group chat."""
        self._people.members(inviter or user, self.channel(channel), "membersAdded", [user])

    async def leave(self, user: str, channel: str) -> None:
        """Let a person leave."""
        self._people.members(user, self.channel(channel), "membersRemoved", [user])

    async def press(
        self,
        user: str,
        message: Message,
        action: str,
        value: str | None = None,
        *,
        filled: Mapping[str, str] | None = None,
    ) -> Answer:
        """Press something in a message as it was when `message` was read; what the bot answered.

        `action` is its title, verb or id; `value` stands in the data of the one that is meant.
        `filled` are the values of the card's inputs by their ids; those go along that belong to the
        action. A form that another action opens (Action.ShowCard) need not be opened first: press
        its button. A suggested action says its words; an Action.Submit arrives as a message, whose
        delivery is the answer. Words in an answer are its `toast`, which `toasts` keeps. Without an
        answer it ends after some seconds of the clock, which somebody must move.
        """
        post = self._post(message.channel, message.id)
        return await self._presses.press(user, post, message, action, value, dict(filled or {}))

    async def feedback(
        self, user: str, message: Message, reaction: str = "like", text: str = ""
    ) -> Answer:
        """Give a thumb, 'like' or 'dislike', and a reason; what the bot answered."""
        post = self._post(message.channel, message.id)
        return await self._presses.feedback(user, post, message, reaction, text)

    async def invoke(
        self, user: str, name: str, value: object, channel: str = "", **more: object
    ) -> Answer:
        """Send any invoke; what the bot answered."""
        place = self.channel(channel or self.dm(user))
        return await self._presses.invoke(user, place, "", name, value, **more)

    async def submit(self, user: str, message: Message, value: Json) -> Answer:
        """Send a message with `value` and no text, as an Action.Submit of `message` with forged
        data; how its delivery ended.
        """
        post = self._post(message.channel, message.id)
        return await self._presses.submit(user, post, value)

    async def execute(self, user: str, message: Message, verb: object, data: object) -> Answer:
        """Send an Action.Execute of `message` with a forged verb and forged data; what the bot
        answered, which no client shows.
        """
        action = {"type": "Action.Execute", "verb": verb, "data": data}
        return await self._presses.execute(user, self._post(message.channel, message.id), action)

    async def stop_stream(self, user: str) -> None:
        """Press Stop while the bot streams to a person."""
        self._connector.streams.stop(self.channel(self.dm(user)))

    # The way to the bot

    async def deliver(self, activity: Json | bytes, *, authorization: str | None = None) -> None:
        """Send anything, signed unless an `authorization` header ('': none) is given."""
        if isinstance(activity, bytes):
            self._courier.send(Parcel("", "raw", activity, "", authorization))
        else:
            self._courier.send(packed(activity, authorization))

    def activity(
        self, kind: str, user: str, channel: str = "", thread: str = "", **more: object
    ) -> Json:
        """An activity as `deliver` may send it; `more` are its further fields."""
        place, author = self.channel(channel or self.dm(user)), self.user(user)
        ident = self._world.mint()
        return self._people.activities.activity(kind, author, place, thread, ident, **more)

    def rotate_keys(self, *, keep: bool = False) -> None:
        """Sign with a new key from now on; the old one stays published if it is to `keep`."""
        self.signer.rings[self.signed_by].rotate(keep=keep)


def _serve() -> None:
    """Be a process of its own; imported here because the control API is built on this module."""
    from adapters.teams.twin_control import main

    main()


if __name__ == "__main__":
    _serve()
