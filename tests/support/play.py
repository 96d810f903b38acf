"""A playground that is running, and its page's HTTP interface as a script would use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from agent.ports import Provider
from bot import ingest
from bot.playground import Playground
from bot.playground.handbook import FOLDER
from bot.settings import load
from tests.support.clock import TestClock

Json = dict[str, Any]

FRAMES = ("card", "box")
"""Shapes that are made of others."""


class Play:
    """A running playground. `ada`, `grace`, `mika`, `mia` and `linus` are the ids of its people in
    Slack, `tove`, `omar`, `ines` and `noor` of those in Teams; the last two of each are the desk.
    """

    def __init__(
        self, playground: Playground, clock: TestClock, session: aiohttp.ClientSession
    ) -> None:
        self.playground = playground
        self.session = session
        self.address = playground.address.rstrip("/")
        self._clock = clock
        slack = playground.slack.company
        self.ada, self.grace, self.mika, self.mia, self.linus = [one.id for one in slack.people]
        self.general, self.it_help = slack.places
        self.desk = slack.desk
        teams = playground.teams.company
        self.tove, self.omar, self.ines, self.noor = [one.id for one in teams.people]
        self.office, self.group = teams.places
        self.teams_desk = teams.desk

    async def teach(self, *pages: str) -> None:
        """Put pages of the example handbook into the knowledge."""
        files = [(FOLDER / page, page) for page in pages]
        knowledge = self.playground.app.store.knowledge
        async for _ in ingest.ingest(knowledge, files, f"{self.address}/handbook"):
            pass

    async def post(self, path: str, headers: Json | None = None, **order: Any) -> tuple[int, Json]:
        """POST an order as the page does (`user` is who does it); status and body."""
        order = {"as" if name == "user" else name: value for name, value in order.items()}
        sent = {"Origin": self.address, **(headers or {})}
        async with self.session.post(self.address + path, json=order, headers=sent) as answer:
            plain = answer.content_type != "application/json"
            body = {"error": await answer.text()} if plain else await answer.json()
        await self._clock.settle()
        return answer.status, body

    async def say(self, user: str, channel: str, text: str, thread: str = "") -> str:
        """Post a message that must be taken; its ts."""
        order: Json = {"user": user, "channel": channel, "text": text, "thread_ts": thread}
        status, body = await self.post("/say", **order)
        assert status == 200, body
        return str(body.get("ts", ""))

    async def post_card(self, chat: str, card: Json) -> None:
        """Post a card in Teams as the bot might, through Teams' own interface."""
        environ = self.playground.app.configuration.environ
        login = f"{environ['TEAMS_LOGIN_URL']}/{environ['TEAMS_TENANT_ID']}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": environ["TEAMS_APP_ID"],
            "client_secret": environ["TEAMS_APP_PASSWORD"],
            "scope": "https://api.botframework.com/.default",
        }
        async with self.session.post(login, data=form) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        activity = {"type": "message", "attachments": [attachment]}
        where = f"{environ['TEAMS_SERVICE_URLS']}v3/conversations/{quote(chat)}/activities"
        async with self.session.post(where, json=activity, headers=headers) as answer:
            assert answer.status in (200, 201), await answer.text()

    async def rest(self) -> None:
        """Wait until what follows is over: deliveries keep their distance."""
        await self._clock.advance(10)

    async def wait(self, *, minutes: float) -> None:
        """Let time pass."""
        await self._clock.advance(minutes * 60)

    async def get(self, path: str, **query: str) -> Json:
        """GET JSON."""
        await self._clock.settle()
        async with self.session.get(self.address + path, params=query) as answer:
            assert answer.status == 200, await answer.text()
            body: Json = await answer.json()
            return body

    async def side(self, user: str) -> Json:
        """What `user` sees, on whichever side of the page."""
        side: Json = (await self.get("/state", **{"as": user}))["employee"]
        return side

    async def place(self, user: str, channel: str) -> Json:
        """A place as `user` sees it; {} if they do not see it."""
        places = (await self.side(user))["places"]
        return next((one for one in places if one["id"] == channel), {})

    async def thread(self, user: str, channel: str, ts: str) -> list[Json]:
        """The messages of a thread as `user` sees them."""
        threads = (await self.place(user, channel))["threads"]
        return next((one["messages"] for one in threads if one["ts"] == ts), [])

    async def dm(self, user: str) -> str:
        """The id of the direct conversation with Frontdesk; it is opened."""
        places = (await self.side(user))["places"]
        await self._clock.settle()
        return next(str(one["id"]) for one in places if one["kind"] in ("im", "chat"))

    async def flat(self, user: str, channel: str) -> list[Json]:
        """The messages of a chat in Teams, which has no threads, as `user` sees them."""
        return await self.thread(user, channel, "")


def shapes(message: Json) -> Iterator[Json]:
    """Everything that is drawn of a message, also what is within something else."""
    found = list(message["blocks"])
    while found:
        shape = found.pop(0)
        found = [*shape.get("items", ()), *found] if shape["type"] in FRAMES else found
        for one in shape["elements"] if shape["type"] == "actions" else ():
            found = [*one.get("items", ()), *found]
        yield shape


def texts(message: Json) -> str:
    """All HTML and words of a message."""
    return "\n".join(
        str(shape.get("html") or shape.get("text") or shape.get("items") or "")
        for shape in shapes(message)
    )


def button(message: Json, label: str) -> Json:
    """The order that presses the button with this label."""
    for shape in shapes(message):
        if shape["type"] != "actions":
            continue
        for one in shape["elements"]:
            if one["text"] == label and "items" not in one:
                return {
                    "ts": message["ts"],
                    "action_id": one["action_id"],
                    "value": one["value"],
                }
    raise AssertionError(f"no button {label}: {message['blocks']}")


@asynccontextmanager
async def playing(
    folder: Path,
    clock: TestClock,
    providers: Sequence[Provider] | None = None,
    **environ: str,
) -> AsyncIterator[Play]:
    """A playground with its database in `folder`."""
    settings = {"FRONTDESK_DATABASE_URL": f"sqlite:///{folder / 'frontdesk.db'}", **environ}
    playground = Playground(
        load(settings), clock=clock, providers=None if providers is None else list(providers)
    )
    try:
        await playground.start(0)
        clock.watch(playground.app.store.busy)
        async with aiohttp.ClientSession() as session:
            yield Play(playground, clock, session)
    finally:
        stopping = asyncio.ensure_future(playground.stop())
        # Threads and sockets end in the machine's own time, the drain in the clock's.
        while not stopping.done():
            await clock.advance(0.05)
        await stopping
