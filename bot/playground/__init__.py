"""The playground: a web page over a local Slack, a local Teams and the real Frontdesk.

Nothing is simulated between them: what is written on the page goes over HTTP, signed, from the
local platform (`adapters.slack.twin`, `adapters.teams.twin`) to the process that `bot.app.build`
makes, and comes back through Slack's Web API or Teams' connector. No account and no key is needed,
and nothing leaves the machine unless the configuration names a vendor's model.

`rooms` says what the page needs of a platform; `slack` and `teams` have it of theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from agent.ports import Clock, Provider
from bot.app import App, build
from bot.clock import SystemClock
from bot.playground.handbook import FOLDER
from bot.playground.rooms import Person, Room
from bot.playground.site import Site
from bot.playground.slack import SlackRoom
from bot.playground.snapshot import Sight
from bot.playground.teams import TeamsRoom
from bot.settings import Configuration, Settings, of_platforms


async def run(
    configuration: Configuration,
    *,
    port: int,
    announce: Callable[[str], None],
    clock: Clock | None = None,
    ready: asyncio.Event | None = None,
) -> None:
    """Serve the playground until cancelled, then stop in order.

    Args:
        configuration: models, database and thresholds are taken from it, platforms are not.
        port: of the page, on the loopback interface; 0 lets the system choose.
        announce: is told the page's address in one line.
        clock: the source of time, the system's by default.
        ready: is set when the page can be opened.

    Raises:
        ConfigError: something in the configuration is missing or wrong, or the port is taken.
        StorageError: the database cannot be opened.
    """
    playground = Playground(configuration, clock=clock)
    try:
        address = await playground.start(port)
        announce(f"The playground is ready: open {address} (Ctrl-C ends it)")
        if ready is not None:
            ready.set()
        await asyncio.Event().wait()
    finally:
        await playground.stop()


class Playground:
    """Local platforms with invented people, Frontdesk in them, and the page over all.

    `app` and `address` are there after `start`.
    """

    app: App
    address: str

    def __init__(
        self,
        configuration: Configuration,
        *,
        clock: Clock | None = None,
        providers: list[Provider] | None = None,
        handbook: Path = FOLDER,
    ) -> None:
        """`providers` are used instead of the configuration's models, `handbook` is the folder of
        the pages that sources lead to.
        """
        self._configuration = configuration
        self._clock = clock or SystemClock()
        self._providers = providers
        self._handbook = handbook
        self._opened = AsyncExitStack()
        self.slack = SlackRoom(self._clock)
        self.teams = TeamsRoom(self._clock)
        self._rooms: tuple[Room, ...] = (self.slack, self.teams)

    async def start(self, port: int) -> str:
        """Start everything; the page's address, which ends in '/'.

        Raises:
            ConfigError: something in the configuration is missing or wrong, or the port is taken.
            StorageError: the database cannot be opened.
        """
        connections: dict[str, str] = {}
        for room in self._rooms:
            self._opened.push_async_callback(room.stop)
            connections.update(await room.start())
        desk = self._desk()
        configuration = self._with_local_platforms(desk, connections)
        self.app = build(configuration, clock=self._clock, providers=self._providers)
        self._opened.push_async_callback(self.app.stop)
        await self.app.start()
        models = [one.name for one in self.app.providers if not one.model_free]
        sight = Sight(self._rooms, desk, models)
        for room in self._rooms:
            room.connect(self.app.port, sight.look_up)
        site = Site(sight, self.app.store.records, self._handbook)
        self._opened.push_async_callback(site.stop)
        self.address = f"http://127.0.0.1:{await site.start(port)}/"
        return self.address

    async def stop(self) -> None:
        """Stop the page, then Frontdesk, then the local platforms; idempotent."""
        await self._opened.aclose()

    def _desk(self) -> Room:
        """The room with the human channel: of the platform that is configured to have it."""
        wanted = self._configuration.settings.human_channel.partition(":")[0]
        return next((room for room in self._rooms if room.platform == wanted), self._rooms[0])

    def _with_local_platforms(self, desk: Room, connections: Mapping[str, str]) -> Configuration:
        """The configuration with the local platforms in place of every real one; who helps on the
        other platform has the second channel.

        What the environment says of real ones is left out: nothing tried here may reach them.
        """
        ours = {
            "host": "127.0.0.1",
            "port": 0,
            "human_channel": f"{desk.platform}:{desk.desk}",
            "second_channel": next(
                f"{one.platform}:{one.desk}" for one in self._rooms if one is not desk
            ),
            "admins": ",".join(f"{one.platform}:{_admin(one).id}" for one in self._rooms),
        }
        given, real = self._configuration.environ.items(), of_platforms()
        kept = {name: value for name, value in given if not name.startswith(real)}
        return Configuration(
            settings=Settings(**{**self._configuration.settings.model_dump(), **ours}),
            sources={**self._configuration.sources, **dict.fromkeys(ours, "environment")},
            environ={**kept, **connections},
        )


def _admin(room: Room) -> Person:
    """Whoever of the desk comes first."""
    return next(person for person in room.people if person.helps)
