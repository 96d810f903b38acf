"""The playground: a web page over a local Slack and the real Frontdesk, for trying everything out.

Nothing is simulated between the two: what is written on the page goes over HTTP, signed, from the
local Slack (`adapters.slack.twin`) to the process that `bot.app.build` makes, and comes back
through Slack's Web API. No account and no key is needed, and nothing leaves the machine unless the
configuration names a vendor's model.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from adapters.slack.twin import SlackTwin
from agent.ports import Clock, Provider
from bot.app import App, build
from bot.clock import SystemClock
from bot.playground.company import Company, move_in
from bot.playground.handbook import FOLDER
from bot.playground.site import Site
from bot.playground.snapshot import Sight
from bot.settings import Configuration, Settings

PLATFORMS = ("SLACK_", "TEAMS_")


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
        ConfigError: something in the configuration is missing or wrong.
        StorageError: the database cannot be opened.
        OSError: the port is taken.
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
    """A local Slack with invented people, Frontdesk in it, and the page over both.

    `twin`, `company`, `app` and `address` are there after `start`.
    """

    app: App
    company: Company
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
        # Made anew each time: other web pages could reach the local Slack's port, too.
        self._secret = secrets.token_hex(16)
        self._token = f"xoxb-{secrets.token_hex(16)}"
        self._opened = AsyncExitStack()
        self.twin = SlackTwin(self._clock, signing_secret=self._secret, bot_token=self._token)

    async def start(self, port: int) -> str:
        """Start everything; the page's address, which ends in '/'.

        Raises:
            ConfigError: something in the configuration is missing or wrong.
            StorageError: the database cannot be opened.
            OSError: the port is taken.
        """
        self._opened.push_async_callback(self.twin.stop)
        api_url = await self.twin.start()
        self.company = move_in(self.twin)
        configuration = self._with_local_slack(api_url)
        self.app = build(configuration, clock=self._clock, providers=self._providers)
        self._opened.push_async_callback(self.app.stop)
        await self.app.start()
        self.twin.events_url = f"http://127.0.0.1:{self.app.port}/slack/events"
        models = [one.name for one in self.app.providers if not one.model_free]
        site = Site(Sight(self.twin, self.company, models), self.app.store.records, self._handbook)
        self._opened.push_async_callback(site.stop)
        self.address = f"http://127.0.0.1:{await site.start(port)}/"
        return self.address

    async def stop(self) -> None:
        """Stop the page, then Frontdesk, then the local Slack; idempotent."""
        await self._opened.aclose()

    def _with_local_slack(self, api_url: str) -> Configuration:
        """The configuration with the local Slack in place of every real platform.

        What the environment says of real ones is left out: nothing tried here may reach them.
        """
        ours = {
            "host": "127.0.0.1",
            "port": 0,
            "human_channel": f"slack:{self.company.desk}",
            "second_channel": "",
            "admins": f"slack:{self.company.desk_person.id}",
        }
        given = self._configuration.environ.items()
        kept = {name: value for name, value in given if not name.startswith(PLATFORMS)}
        return Configuration(
            settings=Settings(**{**self._configuration.settings.model_dump(), **ours}),
            sources={**self._configuration.sources, **dict.fromkeys(ours, "environment")},
            environ={
                **kept,
                "SLACK_API_URL": api_url,
                "SLACK_BOT_TOKEN": self._token,
                "SLACK_SIGNING_SECRET": self._secret,
            },
        )
