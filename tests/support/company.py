"""A small company around a real Frontdesk: Slack's twin, fake models, the whole process.

Everything between an employee and an answer is real: signed HTTP, slack-bolt, the kernel, SQLite,
the vendors' SDKs. Only the platform and the models at the two ends are local.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from adapters.slack.twin import Answer, Message, SlackTwin
from adapters.slack.twin_events import JSON_TYPE, signature
from agent.messages import ConversationId
from agent.models import Passage
from agent.ports import Provider, Tool
from agent.records import TimelineItem
from bot.app import App, build
from bot.settings import Configuration, load
from tests.support.clock import TestClock
from tests.support.crash import abandon
from tests.support.outage import FailingStore

SECRET = "test-signing-secret"
BY_HTTP = {"SLACK_SIGNING_SECRET": SECRET}
BY_SOCKET = {"SLACK_APP_TOKEN": "xapp-test"}
BUTTONS = {
    "Ask a person": "frontdesk_ask_person",
    "Never mind": "frontdesk_leave_queue",
    "Approve": "frontdesk_approve",
    "Deny": "frontdesk_deny",
}


@dataclass
class Company:
    """One workspace with Ada (employee), Grace (employee) and Linus (desk), and Frontdesk in it."""

    clock: TestClock
    twin: SlackTwin
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    providers: Sequence[Provider] | None = None
    tools: Sequence[Tool] = ()
    app: App | None = None

    def __post_init__(self) -> None:
        """Hire everybody."""
        self.ada = self.twin.add_user("Ada Byron")
        self.grace = self.twin.add_user("Grace Hopper")
        self.linus = self.twin.add_user("Linus Berg")
        everybody = [self.ada, self.grace, self.linus]
        self.general = self.twin.add_channel("general", everybody)
        self.desk = self.twin.add_channel("desk", [self.linus], private=True)

    @property
    def running(self) -> App:
        """The app, which must have been started."""
        assert self.app is not None
        return self.app

    @property
    def store(self) -> FailingStore:
        """The running app's database, which can be made to fail."""
        store = self.running.store
        assert isinstance(store, FailingStore)
        return store

    # The life of the process

    def configuration(self, **settings: str) -> Configuration:
        """What Frontdesk is started with."""
        environ = {
            "SLACK_BOT_TOKEN": "xoxb-test",
            **(BY_SOCKET if self.twin.socket_mode else BY_HTTP),
            "SLACK_API_URL": self.twin.api_url,
            "FRONTDESK_PORT": "0",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{self.folder / 'frontdesk.db'}",
            "FRONTDESK_HUMAN_CHANNEL": f"slack:{self.desk}",
            **self.settings,
            **{name.upper(): value for name, value in settings.items()},
        }
        return load(environ)

    async def open(self, **settings: str) -> None:
        """Start Frontdesk (again) on the same database, with more settings."""
        self.app = self.make(self.configuration(**settings))
        await self.app.start()
        self.twin.events_url = f"http://127.0.0.1:{self.app.port}/slack/events"
        if self.twin.socket_mode:
            await self.rest()  # it is ready before its websocket is open

    def make(self, configuration: Configuration) -> App:
        """Build the app on a store that can be made to fail."""
        store = FailingStore.open(configuration.settings.database_url, self.clock)
        self.clock.watch(store.busy)
        return build(
            configuration,
            clock=self.clock,
            providers=self.providers,
            store=store,
            tools=self.tools,
        )

    async def close(self) -> None:
        """Stop Frontdesk in order."""
        if self.app is not None:
            stopping = asyncio.create_task(self.app.stop())
            await self.clock.until(stopping.done, at_most=60)
            await stopping
            self.app = None

    async def crash(self) -> None:
        """Lose the process in the middle of whatever it does; only its database file is left."""
        app, self.app = self.running, None
        await abandon(app)
        await self.clock.settle()

    async def rest(self) -> None:
        """Wait until nothing happens any more without time passing."""
        await self.clock.settle()

    async def teach(self, *passages: Passage, source: str = "handbook.md") -> None:
        """Put passages into the knowledge."""
        knowledge = self.running.store.knowledge
        await knowledge.replace(source, f"digest-{len(passages)}-{os.urandom(4).hex()}", passages)

    # What people do; each waits until everything that follows at once has happened

    async def dm(self, user: str, text: str, thread: str = "") -> tuple[str, str]:
        """A person writes a direct message; (channel, ts)."""
        channel = self.twin.dm(user)
        return channel, await self.say(user, channel, text, thread)

    async def say(self, user: str, channel: str, text: str, thread: str = "") -> str:
        """A person writes in a channel; ts."""
        ts = await self.twin.say(user, channel, text, thread or None)
        await self.rest()
        return ts

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """A person changes what they wrote."""
        await self.twin.edit(user, channel, ts, text)
        await self.rest()

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """A person takes back what they wrote."""
        await self.twin.delete(user, channel, ts)
        await self.rest()

    async def press(self, user: str, message: Message, button: str, value: str = "") -> Answer:
        """A person presses a button by its label, or an element by its action id."""
        action = BUTTONS.get(button, button)
        answer = await self.twin.press(user, message, action_id=action, value=value or None)
        await self.rest()
        return answer

    async def command(self, user: str, channel: str, line: str) -> str:
        """A person types a slash command; what they alone read as the answer."""
        answer = await self.twin.command(user, channel, line)
        await self.rest()
        assert answer.status == 200, answer
        return str(answer.json.get("text", ""))

    def mention(self, text: str) -> str:
        """The text with a mention of the bot in front."""
        return f"<@{self.twin.identity.bot_user_id}> {text}"

    async def post(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, method: str = "POST"
    ) -> int:
        """Send anything to where Slack's events go, signed unless told otherwise; the status."""
        if headers is None:
            headers = signed(body, self.clock.now())
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.twin.events_url, data=body, headers=headers) as response,
        ):
            await response.read()
            return response.status

    async def get(self, path: str) -> tuple[int, str]:
        """Ask the process's own pages; status and text."""
        address = f"http://127.0.0.1:{self.running.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            return response.status, await response.text()

    # What there is to see

    def answers(self, channel: str, thread: str) -> list[Message]:
        """What the bot has said in a thread."""
        found = self.twin.messages(channel, thread)
        return [one for one in found if one.bot and not one.deleted]

    def texts(self, channel: str, thread: str) -> list[str]:
        """The words of what the bot has said in a thread, as its blocks show them."""
        return [words(one) for one in self.answers(channel, thread)]

    def cards(self) -> list[Message]:
        """The bot's posts at the top level of the human channel."""
        found = self.twin.messages(self.desk)
        return [one for one in found if one.bot and one.thread_ts in ("", one.ts)]

    async def journal(self, channel: str, thread: str) -> list[TimelineItem]:
        """What the journal tells of a conversation."""
        place = ConversationId("slack", self.twin.identity.team_id, channel, thread)
        return list(await self.running.store.records.timeline(str(place)))

    async def told(self, kind: str, channel: str, thread: str) -> list[Mapping[str, Any]]:
        """The data of a conversation's journal lines of one kind."""
        return [one.data for one in await self.journal(channel, thread) if one.kind == kind]

    async def outcomes(self, channel: str, thread: str) -> list[str]:
        """How each turn of a conversation ended."""
        return [str(one["outcome"]) for one in await self.told("turn", channel, thread)]

    def feedback(self) -> list[tuple[str, str, str]]:
        """What the database keeps of ratings: message, author, verdict."""
        with closing(sqlite3.connect(self.folder / "frontdesk.db")) as database:
            return database.execute("SELECT message_id, author, verdict FROM feedback").fetchall()

    async def counts(self) -> Mapping[str, int]:
        """How many rows of each kind the database holds."""
        return await self.running.store.records.counts()


def signed(
    body: bytes, at: float | str, *, content_type: str = JSON_TYPE, secret: str = SECRET
) -> dict[str, str]:
    """The headers that Slack sends with a body at a time (seconds since the epoch)."""
    stamp = at if isinstance(at, str) else str(int(at))
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(secret, stamp, body),
    }


def words(message: Message) -> str:
    """All that a message shows: the text of each block that has one, else its plain text."""
    shown: list[str] = []
    for block in message.blocks:
        _collect(block, shown)
    return "\n".join(shown) if message.blocks else message.text


def _collect(part: object, shown: list[str]) -> None:
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            shown.append(part["text"])
        for value in part.values():
            _collect(value, shown)
    elif isinstance(part, list):
        for value in part:
            _collect(value, shown)


@asynccontextmanager
async def company(
    folder: Path,
    *,
    providers: Sequence[Provider] | None = None,
    tools: Sequence[Tool] = (),
    clock: TestClock | None = None,
    socket: bool = False,
    **settings: str,
) -> AsyncIterator[Company]:
    """A company whose Frontdesk is running; `socket`: Slack talks to it through a websocket."""
    clock = clock or TestClock()
    twin = SlackTwin(clock, signing_secret=SECRET)
    twin.socket_mode = socket
    await twin.start()
    one = Company(clock, twin, folder, settings={n.upper(): v for n, v in settings.items()})
    one.providers, one.tools = providers, tools
    try:
        await one.open()
        yield one
    finally:
        await one.close()
        await twin.stop()
