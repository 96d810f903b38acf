"""What can be seen of the local Slack: by people in their clients, and by tests behind it."""

from __future__ import annotations

from adapters.slack.twin_events import Courier
from adapters.slack.twin_server import Call, Server
from adapters.slack.twin_state import Channel, Json, Message, User, View, Workspace
from twins.twin import Twin


class Sight(Twin):
    """The half of `SlackTwin` that changes nothing."""

    _world: Workspace
    _courier: Courier
    _server: Server

    def user(self, user: str) -> User:
        """What is known of a person; its fields may be changed."""
        return self._world.users[user]

    def users(self) -> list[User]:
        """Everybody, the bot first."""
        return list(self._world.users.values())

    def channel(self, channel: str) -> Channel:
        """What is known of a channel."""
        return self._world.channels[channel]

    def channels(self) -> list[Channel]:
        """All channels, direct conversations too."""
        return list(self._world.channels.values())

    @property
    def interactions(self) -> list[Json]:
        """Every press, form and command (its fields) that was sent to the bot, oldest first."""
        return list(self._courier.interactions)

    def calls(self, method: str | None = None) -> list[Call]:
        """Every call of the Web API, oldest first; response URLs are 'response_url'."""
        return [call for call in self._server.calls if method in {None, call.method}]

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """What is in a channel or a thread, oldest first; deleted messages are marked so."""
        place = self.channel(channel)
        if thread_ts is None:
            return [self._world.seen(post) for post in place.posts.values()]
        return [self._world.seen(post) for post in self._world.thread(place, thread_ts)]

    def ephemerals(self, channel: str, user: str = "") -> list[Message]:
        """What only one person can see, oldest first; everybody's if no `user` is given."""
        posts = self.channel(channel).ephemerals
        return [self._world.seen(post) for post in posts if user in {"", post.ephemeral_to}]

    def status(self, channel: str, thread_ts: str) -> str:
        """The status under a thread, '' if none is shown."""
        return self._world.status(channel, thread_ts)

    def prompts(self, channel: str) -> list[Json]:
        """The suggested prompts of a direct conversation."""
        return self._world.prompts.get(channel, [])

    def views(self, user: str = "") -> list[View]:
        """The open forms and home tabs, of one person or of all, oldest first."""
        views = self._world.views.values()
        return [view for view in views if view.open and user in {"", view.user}]

    def form(self, user: str) -> View:
        """The form that is open in front of a person.

        Raises:
            ValueError: there is none.
        """
        shown = [view for view in self.views(user) if view.body["type"] == "modal"]
        if not shown:
            raise ValueError(f"no form is open for {user}")
        return shown[-1]
