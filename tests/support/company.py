"""A small company around a real Frontdesk: a chat platform's twin, fake models, the whole process.

Everything between an employee and an answer is real: signed HTTP, the platform's SDK, the kernel,
SQLite, the vendors' SDKs. Only the platform and the models at the two ends are local.
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

from adapters.slack.twin import SlackTwin
from adapters.teams.rendering import HOW_TO_ANSWER, HOW_TO_ANSWER_PEOPLE
from adapters.teams.twin import TeamsTwin
from agent.messages import ConversationId
from agent.models import Passage
from agent.ports import Provider, Tool
from agent.records import TimelineItem
from agent.surroundings import Surroundings
from bot.app import App, build, open_adapters
from bot.settings import Configuration, load
from tests.support.chats import Chat, Said, Shown
from tests.support.clock import TestClock
from tests.support.crash import abandon, closed_port
from tests.support.outage import FailingStore
from tests.support.slack_chat import SlackChat, signed
from tests.support.teams_chat import TeamsChat

PLATFORMS = ("slack", "teams")
"""On which the stories are told."""
LONGEST_COMMAND = 3.0
"""Seconds of the clock in which a command is answered."""
Where = Said | ConversationId


@dataclass
class Company:
    """Ada and Grace (employees) and Linus (desk), and Frontdesk with them: all on one platform, or
    the desk `elsewhere`.
    """

    clock: TestClock
    chat: Chat
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    providers: Sequence[Provider] | None = None
    tools: Sequence[Tool] = ()
    app: App | None = None
    elsewhere: Chat | None = None

    def __post_init__(self) -> None:
        """Hire everybody."""
        self.ada = self.chat.add_person("Ada Byron")
        self.grace = self.chat.add_person("Grace Hopper")
        self.linus = self.desk_chat.add_person("Linus Berg")
        near = [] if self.elsewhere else [self.linus]
        self.general = self.chat.add_channel("general", [self.ada, self.grace, *near])
        self.desk = self.desk_chat.add_channel("desk", [self.linus], private=True)

    @property
    def desk_chat(self) -> Chat:
        """The platform that the human channel is on."""
        return self.elsewhere or self.chat

    @property
    def chats(self) -> tuple[Chat, ...]:
        """Every platform there is."""
        return (self.chat, self.elsewhere) if self.elsewhere else (self.chat,)

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

    def name(self, one: str) -> str:
        """A person or a channel as the settings call them ('slack:U…')."""
        return f"{self.chat.platform}:{one}"

    def configuration(self, **settings: str) -> Configuration:
        """What Frontdesk is started with."""
        environ = {
            **{name: value for chat in self.chats for name, value in chat.environ().items()},
            "FRONTDESK_PORT": "0",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{self.folder / 'frontdesk.db'}",
            "FRONTDESK_HUMAN_CHANNEL": f"{self.desk_chat.platform}:{self.desk}",
            **self.settings,
            **{name.upper(): value for name, value in settings.items()},
        }
        return load(environ)

    async def open(self, **settings: str) -> None:
        """Start Frontdesk (again) on the same database, with more settings."""
        self.app = self.make(self.configuration(**settings))
        await self.app.start()
        for chat in self.chats:
            chat.listen(self.app.port)
        await self.rest()  # over a websocket it is ready before that is open

    async def reopen(self, **settings: str) -> None:
        """Stop it in order and start it with more settings."""
        await self.close()
        await self.open(**settings)

    def make(self, configuration: Configuration) -> App:
        """Build the app on a store that can be made to fail."""
        surroundings = Surroundings(configuration.environ, self.clock, configuration.settings.host)
        adapters = open_adapters(surroundings)
        askable = [name for name, one in adapters.items() if one.capabilities.can_be_asked]
        store = FailingStore.open(configuration.settings.database_url, self.clock, askable)
        self.clock.watch(store.busy)
        return build(
            configuration,
            clock=self.clock,
            providers=self.providers,
            adapters=adapters,
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
            self.hang_up()

    async def crash(self) -> None:
        """Lose the process in the middle of whatever it does; only its database file is left."""
        app, self.app = self.running, None
        self.hang_up()
        await abandon(app)
        await self.clock.settle()

    def hang_up(self) -> None:
        """There is no Frontdesk: the platforms find nobody where it was."""
        for chat in self.chats:
            chat.listen(closed_port())

    async def rest(self) -> None:
        """Wait until nothing happens any more without time passing."""
        await self.clock.settle()

    async def teach(self, *passages: Passage, source: str = "handbook.md") -> None:
        """Put passages into the knowledge."""
        knowledge = self.running.store.knowledge
        await knowledge.replace(source, f"digest-{len(passages)}-{os.urandom(4).hex()}", passages)

    # What people do; each waits until everything that follows at once has happened

    async def dm(self, person: str, text: str, to: Said | None = None) -> Said:
        """A person writes a direct message; `to`: where something was said before."""
        return await self.say(person, self.chat.direct(person), text, to)

    async def ask(self, person: str, text: str, to: Said | None = None) -> Said:
        """A person writes in the general channel and mentions the bot."""
        return await self.say(person, self.general, self.chat.mention(text), to)

    async def say(self, person: str, channel: str, text: str, to: Said | None = None) -> Said:
        """A person writes in a channel; `to`: into the thread of what was said before."""
        said = await self.chat.say(person, channel, text, to.thread if to else "")
        await self.rest()
        return said

    async def edit(self, person: str, said: Said, text: str) -> None:
        """A person changes what they wrote."""
        await self.chat.edit(person, said, text)
        await self.rest()

    async def delete(self, person: str, said: Said) -> None:
        """A person takes back what they wrote."""
        await self.chat.delete(person, said)
        await self.rest()

    async def upload(
        self, person: str, channel: str, name: str, text: str = "", to: Said | None = None
    ) -> Said:
        """A person writes with a file."""
        said = await self.chat.upload(person, channel, name, text, to.thread if to else "")
        await self.rest()
        return said

    async def press(self, person: str, shown: Shown, label: str) -> bool:
        """A person presses a button by its label; whether they see that it worked."""
        pressing = asyncio.ensure_future(self.chat.press(person, shown, label))
        await self.clock.until(pressing.done, at_most=LONGEST_COMMAND)
        await self.rest()
        return pressing.result()

    async def rate(self, person: str, shown: Shown, *, helpful: bool) -> bool:
        """A person says whether an answer helped; whether they see that it worked."""
        worked = await self.chat.rate(person, shown, helpful=helpful)
        await self.rest()
        return worked

    async def command(self, person: str, channel: str, words: str) -> str:
        """A person gives the bot a command; what they alone read as the answer."""
        asking = asyncio.ensure_future(self.chat.command(person, channel, words))
        await self.clock.until(asking.done, at_most=LONGEST_COMMAND)
        await self.rest()
        answer = asking.result()
        assert answer is not None
        return answer

    def mention(self, text: str) -> str:
        """The text with a mention of the bot in front."""
        return self.chat.mention(text)

    async def post(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, method: str = "POST"
    ) -> int:
        """Send anything to where Slack's events go, signed unless told otherwise; the status."""
        if headers is None:
            headers = signed(body, self.clock.now())
        address = slack(self).events_url
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, address, data=body, headers=headers) as response,
        ):
            await response.read()
            return response.status

    async def get(self, path: str) -> tuple[int, str]:
        """Ask the process's own pages; status and text."""
        address = f"http://127.0.0.1:{self.running.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            return response.status, await response.text()

    # What there is to see

    def answers(self, where: Where) -> list[Shown]:
        """What the bot has said in a conversation."""
        place = where.place if isinstance(where, Said) else where
        found = self.chat.messages(place.channel, place.thread)
        return [one for one in found if one.bot and not one.deleted]

    def texts(self, where: Where) -> list[str]:
        """The words of what the bot has said in a conversation, without Teams' advice on how to
        answer, which stands there until something was heard.
        """
        said = [one.text for one in self.answers(where)]
        return [text.removesuffix(f"\n{HOW_TO_ANSWER_PEOPLE.strip('_')}") for text in said]

    def written(self, channel: str) -> list[Shown]:
        """What the bot has said anywhere in a channel."""
        return [one for one in self.chat.messages(channel) if one.bot and not one.deleted]

    def told_directly(self, person: str) -> list[str]:
        """The words of what the bot has ever written to a person directly."""
        return [one.text for one in self.written(self.chat.direct(person))]

    def cards(self, channel: str = "") -> list[Shown]:
        """The bot's posts at the top level of the human channel, or of another one."""
        found = self.desk_chat.messages(channel or self.desk)
        shown = [one for one in found if one.bot and not one.deleted]
        return [one for one in shown if one.thread in ("", one.id)]

    def under(self, card: Shown) -> list[str]:
        """The words of what the bot has said in the thread of a card, without Teams' advice on how
        to answer, which stands there until something was heard.
        """
        _, *found = self.desk_chat.messages(card.channel, card.id)
        shown = [one.text for one in found if one.bot and not one.deleted]
        return [text.removesuffix(f"\n{HOW_TO_ANSWER.strip('_')}") for text in shown]

    async def journal(self, where: Where) -> list[TimelineItem]:
        """What the journal tells of a conversation."""
        place = where.place if isinstance(where, Said) else where
        return list(await self.running.store.records.timeline(str(place)))

    async def told(self, kind: str, where: Where) -> list[Mapping[str, Any]]:
        """The data of a conversation's journal lines of one kind."""
        return [one.data for one in await self.journal(where) if one.kind == kind]

    async def outcomes(self, where: Where) -> list[str]:
        """How each turn of a conversation ended."""
        return [str(one["outcome"]) for one in await self.told("turn", where)]

    def feedback(self) -> list[tuple[str, str, str]]:
        """What the database keeps of ratings: message, author, verdict."""
        with closing(sqlite3.connect(self.folder / "frontdesk.db")) as database:
            return database.execute("SELECT message_id, author, verdict FROM feedback").fetchall()

    async def counts(self) -> Mapping[str, int]:
        """How many rows of each kind the database holds."""
        return await self.running.store.records.counts()


def slack(one: Company) -> SlackTwin:
    """Slack itself, for the stories about what only Slack has."""
    assert isinstance(one.chat, SlackChat)
    return one.chat.twin


def teams(one: Company) -> TeamsTwin:
    """Teams itself, for the stories about what only Teams has."""
    assert isinstance(one.chat, TeamsChat)
    return one.chat.twin


@asynccontextmanager
async def company(
    folder: Path,
    *,
    platform: str = "slack",
    desk_on: str = "",
    providers: Sequence[Provider] | None = None,
    tools: Sequence[Tool] = (),
    clock: TestClock | None = None,
    socket: bool = False,
    **settings: str,
) -> AsyncIterator[Company]:
    """A company on a platform whose Frontdesk is running, with its human channel on the platform
    `desk_on` ('': the same); `socket`: Slack's other way to talk.
    """
    clock = clock or TestClock()
    chat = open_chat(platform, clock, socket=socket)
    await chat.start()
    one = Company(
        clock,
        chat,
        folder,
        settings={n.upper(): v for n, v in settings.items()},
        elsewhere=open_chat(desk_on, clock) if desk_on not in {"", platform} else None,
    )
    one.providers, one.tools = providers, tools
    try:
        if one.elsewhere:
            await one.elsewhere.start()
        await one.open()
        yield one
    finally:
        await one.close()
        for each in one.chats:
            await each.stop()


def open_chat(platform: str, clock: TestClock, *, socket: bool = False) -> Chat:
    """A platform by its name; `socket`: Slack talks to the bot through a websocket."""
    return SlackChat(clock, socket=socket) if platform == "slack" else TeamsChat(clock)
