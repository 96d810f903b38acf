"""The composition root: the only place that knows which real thing is behind each port.

`build()` takes every dependency as an optional argument and makes the real one otherwise, so that
a test or the playground replaces exactly what it wants to.
"""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Mapping, Sequence

from adapters import platforms
from agent.desk.place import DeskPlace
from agent.errors import ConfigError, StoreUnavailable
from agent.messages import ConversationId
from agent.platforms import Command
from agent.policy import Policy
from agent.ports import Adapter, Clock, Provider, Tool
from agent.providers import open_models
from agent.recovery import Ladder
from agent.surroundings import Surroundings
from agent.tasks import together
from agent.turn import Engine
from bot import metrics
from bot.caring import Caring
from bot.clock import SystemClock
from bot.commands import Commands, Inside
from bot.commands_desk import DeskCommands, DeskInside
from bot.desk_times import TimesByChannel
from bot.door import FrontDoor
from bot.keeping import Keeper
from bot.pausing import Pause
from bot.presses import Presses
from bot.server import Server
from bot.settings import Configuration
from bot.watching import DeskWatch
from bot.worker import Worker
from storage import Store, open_store

DRAIN_SECONDS = 10.0
"""For running turns at SIGTERM; container runtimes kill after 30 by default."""


class App:
    """Everything, wired; `start` and `stop` are its whole life."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        clock: Clock,
        store: Store,
        providers: Sequence[Provider],
        adapters: Mapping[str, Adapter],
        tools: Sequence[Tool],
    ) -> None:
        """Wire the parts together; nothing runs before `start`."""
        settings, policy = configuration.settings, configuration.settings.policy()
        self.configuration = configuration
        self.store = store
        self.adapters = adapters
        self.providers = providers
        self.ladder = Ladder(providers, clock, policy)
        self.desk_times = TimesByChannel(store.settings, settings)
        self.port = 0
        self._awaited = set(adapters)
        self._working = False
        self._engine = Engine(
            clock=clock,
            ladder=self.ladder,
            adapters=adapters,
            knowledge=store.knowledge,
            turns=store.turns,
            tools=tools,
            policy=policy,
            desk_place=DeskPlace(
                admins=settings.admin_list(), contact=settings.contact, times=self.desk_times.of
            ),
            commands=self._answer,
        )
        self.presses = Presses(clock)
        self.worker = Worker(
            turns=store.turns,
            engine=self._engine,
            adapters=adapters,
            clock=clock,
            policy=policy,
            thinks=self.ladder.has_models,
            told=self.presses.told,
            awaited=self._awaited,
        )
        self.door = self._door(policy)
        self.pause = Pause(store.settings, self._paused)
        self.keeper = Keeper(store.care, clock, settings.retention_days)
        self.commands = Commands(self._inside(clock))
        self.server = self._server()

    def _door(self, policy: Policy) -> FrontDoor:
        return FrontDoor(
            self.store.turns,
            self.store.records,
            self.store.references,
            policy=policy,
            presses=self.presses,
            expect=self.worker.expect,
            wake=self.worker.wake,
            at_work=self.worker.lanes.author_in,
            lanes_for=self.worker.lanes.of_author,
            answer=self._answer,
            human_channels=self.configuration.settings.human_channels(),
        )

    def _server(self) -> Server:
        return Server(
            {path: route for one in self.adapters.values() for path, route in one.routes.items()},
            ready=self._ready,
            metrics=lambda: metrics.exposition(self.store, self.ladder),
        )

    async def _ready(self) -> None:
        if self._awaited and len(self._awaited) == len(self.adapters):
            raise StoreUnavailable("the platforms are not connected yet")
        await self.store.ready()

    def _desk(self, clock: Clock) -> DeskCommands:
        place = self._engine.desk_place
        return DeskCommands(
            DeskInside(
                records=self.store.records,
                adapters=self.adapters,
                clock=clock,
                place=place,
                times=self.desk_times,
                watch=DeskWatch(self.adapters, clock, place),
                act=self.door.act,
            )
        )

    def _inside(self, clock: Clock) -> Inside:
        return Inside(
            configuration=self.configuration,
            records=self.store.records,
            ladder=self.ladder,
            adapters=self.adapters,
            courier=self.worker.courier,
            clock=clock,
            accept=self.door.accept,
            pause=self.pause,
            caring=Caring(self.store.care, clock, self.worker.lanes.of_command),
            desk=self._desk(clock),
            lane_of=self.worker.lanes.of_command,
            trouble=self.store.trouble,
            damage=self.store.damage,
        )

    def _paused(self, paused: bool) -> None:
        self._engine.intake.paused = paused
        if paused:
            self.worker.begin_again()

    async def start(self) -> None:
        """Listen, connect the platforms, and begin to work off what waits; returns when all are
        connected.

        They are connected beside each other: while one is out, the others accept messages and
        answer them, once the platform of the human channel is there. Before that an answer could
        be given, but nobody could be called: only a connected platform knows its organisation.

        Raises:
            ConfigError: a platform refuses its credentials, the human channel is not one of the
                configured platforms, or the address cannot be bound.
            StoreUnavailable: the database cannot be read.
        """
        settings = self.configuration.settings
        self._find_desk()
        # Whoever looks whether the process lives must find it, however long a platform is out.
        self.port = await self.server.start(settings.host, settings.port)
        await together(*(self._connect(one) for one in self.adapters.values()))
        await self._begin()

    async def _connect(self, adapter: Adapter) -> None:
        await adapter.start(self.door)
        self._awaited.discard(adapter.platform)
        self._find_desk()
        await self._begin()
        self.worker.look()

    def _find_desk(self) -> None:
        """Fill in where people are, as far as it is known."""
        settings, place = self.configuration.settings, self._engine.desk_place
        human = channel_of("HUMAN_CHANNEL", settings.human_channel, self.adapters)
        second = channel_of("SECOND_CHANNEL", settings.second_channel, self.adapters)
        place.channel, place.second = (
            None if one is None or one.platform in self._awaited else one for one in (human, second)
        )

    async def _begin(self) -> None:
        """Begin to work, once it is known where people are."""
        human = self.configuration.settings.human_channel.partition(":")[0]
        if self._working or human in self._awaited:
            return
        self._working = True
        await self.pause.load()
        await self.desk_times.load()
        self.worker.start()
        self.keeper.start()

    async def stop(self) -> None:
        """Drain: no new request, running turns end or wait for the next start, then close."""
        await self.server.stop()
        await self.keeper.stop()
        await self.commands.stop()
        await self.worker.stop(DRAIN_SECONDS)
        await together(*(adapter.stop() for adapter in self.adapters.values()))
        for provider in self.providers:
            await provider.close()
        await self.store.close()

    async def _answer(self, command: Command) -> str:
        return await self.commands.answer(command)


def build(
    configuration: Configuration,
    *,
    clock: Clock | None = None,
    providers: Sequence[Provider] | None = None,
    adapters: Mapping[str, Adapter] | None = None,
    store: Store | None = None,
    tools: Sequence[Tool] = (),
) -> App:
    """Make an `App` from a configuration.

    Raises:
        ConfigError: what is missing or wrong, in one sentence.
        StorageError: the database cannot be opened.
    """
    clock = clock or SystemClock()
    surroundings = Surroundings(configuration.environ, clock, configuration.settings.host)
    if adapters is None:
        adapters = open_adapters(surroundings)
    if providers is None:
        providers = open_models(configuration.settings.models, surroundings)
    if store is None:
        store = open_store(
            configuration.settings.database_url,
            clock,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            askable=[name for name, one in adapters.items() if one.capabilities.can_be_asked],
        )
    return App(
        configuration,
        clock=clock,
        store=store,
        providers=providers,
        adapters=adapters,
        tools=tools,
    )


def open_adapters(surroundings: Surroundings) -> dict[str, Adapter]:
    """Every platform that is configured: each package in `adapters` decides for itself.

    Raises:
        ConfigError: none is, or one is configured wrongly.
    """
    opened: dict[str, Adapter] = {}
    needed: list[str] = []
    for name in platforms():
        module = importlib.import_module(f"adapters.{name}")
        needed.append(module.NEEDED)
        adapter = module.open_adapter(surroundings)
        if adapter is not None:
            opened[adapter.platform] = adapter
    if not opened:
        raise ConfigError(
            f"no chat platform is configured: set {', or '.join(needed)} "
            "(see README), or try `frontdesk playground`, which needs none of them"
        )
    return opened


def channel_of(name: str, setting: str, adapters: Mapping[str, Adapter]) -> ConversationId | None:
    """The top level of a channel from its setting ('slack:C…'); None if not set.

    Raises:
        ConfigError: it names a platform that is not configured, or no channel.
    """
    if not setting:
        return None
    platform, _, channel = setting.partition(":")
    if platform not in adapters or not channel:
        raise ConfigError(
            f"FRONTDESK_{name}={setting}: write PLATFORM:CHANNEL with a configured "
            f"platform ({', '.join(adapters)}), for example slack:C0123456789"
        )
    return ConversationId(platform, adapters[platform].tenant, channel)
