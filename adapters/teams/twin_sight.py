"""What can be seen of the local Teams: by people in their clients, and by tests behind it."""

from __future__ import annotations

from adapters.teams.twin_connector import Connector
from adapters.teams.twin_presses import Presses
from adapters.teams.twin_server import Call, Server
from adapters.teams.twin_state import THREAD, Message, Place, Post, User, World
from twins.twin import Twin


class Sight(Twin):
    """The half of `TeamsTwin` that changes nothing."""

    _world: World
    _connector: Connector
    _presses: Presses
    _server: Server

    def user(self, user: str) -> User:
        """What is known of a person; its fields may be changed."""
        return self._world.users[user]

    def users(self) -> list[User]:
        """Everybody but the bot."""
        return list(self._world.users.values())

    def channel(self, channel: str) -> Place:
        """What is known of a conversation; `rsc` may be changed. A thread may be in the id."""
        return self._world.places[channel.partition(THREAD)[0]]

    def channels(self) -> list[Place]:
        """All channels and chats, personal ones too."""
        return list(self._world.places.values())

    def calls(self, operation: str | None = None) -> list[Call]:
        """Every call of the bot, oldest first."""
        return [call for call in self._server.calls if operation in {None, call.operation}]

    def messages(self, channel: str, thread: str | None = None) -> list[Message]:
        """What is in a conversation or a thread, oldest first; deleted messages are marked so."""
        place = self.channel(channel)
        return [self._world.seen(post) for post in self._world.thread(place, thread or "")]

    def message(self, channel: str, message: str) -> Message:
        """One message as it is now."""
        return self._world.seen(self._post(channel, message))

    def toasts(self, channel: str = "", user: str = "") -> list[str]:
        """What the bot answered to presses, oldest first, as only who pressed could read it; of
        everywhere and everybody, if no `channel` or `user` is given.
        """
        found = [one for one in self._presses.toasts if channel in {"", one.channel}]
        return [one.text for one in found if user in {"", one.user}]

    def typing(self, channel: str, thread: str = "") -> bool:
        """Whether people see the bot type there."""
        return self.channel(channel).typing.get(thread, 0.0) > self._world.clock.now()

    def notice(self, user: str) -> str:
        """The line over a stream that has no words yet ("Searching…"), '' if there is none."""
        stream = self._connector.streams.of(self._world.personal(user))
        return stream.notice if stream else ""

    def _post(self, channel: str, message: str) -> Post:
        return self.channel(channel).posts[message]
