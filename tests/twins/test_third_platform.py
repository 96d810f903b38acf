"""What local platforms share, seen from a third one: it has no more than each must say itself."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.support import listener
from tests.support.clock import TestClock
from tests.support.twin_process import Remote
from twins import control
from twins.courier import Answer, Courier, Parcel
from twins.faults import Fault, Faults
from twins.twin import Twin
from twins.world import World

Json = dict[str, Any]
PAUSES = (1.0, 2.0)


@dataclass
class Room:
    """A place to talk."""

    id: str
    name: str
    members: dict[str, None] = field(default_factory=dict)


class Pigeon(Courier[Parcel, Answer]):
    answers = Answer

    def pauses(self) -> Sequence[float]:
        return PAUSES

    async def attempt(self, parcel: Parcel, number: int, reason: str) -> Answer:
        return await self.post(parcel.body, {"Attempt": f"{number} {reason}"}, 5.0)


class Post(Twin):
    """A platform of letters: it takes calls at /call."""

    def __init__(self, clock: TestClock) -> None:
        super().__init__()
        self._world = World(clock)
        self._courier = Pigeon(clock, self, random.Random(0))
        self.faults = Faults(clock)
        self.done: list[str] = []
        self.rooms: dict[str, Room] = {}

    async def start(self, port: int = 0, routes: Iterable[web.RouteDef] = ()) -> str:
        await self._open(port, [web.post("/call", self._called), *routes])
        return f"{self.base_url}call"

    async def _called(self, request: web.Request) -> web.Response:
        def act() -> web.Response:
            self.done.append("done")
            return web.Response(text="done")

        def note(fault: Fault) -> None:
            self.done.append(fault.kind.name)

        return await self.faults.serve(request, "call", "", act, note)

    def add_user(self, name: str = "Ada Lovelace", **fields: Any) -> str:
        self._world.changed("user")
        return name

    def add_channel(self, name: str = "general", members: Iterable[str] = ()) -> str:
        self.rooms[name] = Room(name, name, dict.fromkeys(members))
        return name

    def dm(self, user: str) -> str:
        return self.add_channel(f"with {user}", [user])

    def channel(self, channel: str) -> Room:
        return self.rooms[channel]

    def channels(self) -> Sequence[Room]:
        return list(self.rooms.values())

    def archive(self, channel: str, *, archived: bool = True) -> None:
        del self.rooms[channel]

    def deactivate(self, user: str) -> None:
        raise ValueError(f"{user} is here for ever")

    async def edit(self, user: str, channel: str, message: str, text: str, /) -> None:
        await self.deliver({"edited": message, "text": text})

    async def delete(self, user: str, channel: str, message: str, /) -> None:
        await self.deliver({"deleted": message})

    async def deliver(self, event: Json | bytes, /) -> None:
        body = event if isinstance(event, bytes) else str(event).encode()
        self._courier.send(Parcel(f"E{len(self.deliveries)}", "letter", body, "line"))


class Control(control.Control[Post]):
    message_id = "number"
    event_id = "letter"

    def takes(self) -> Sequence[control.Handler]:
        return ()

    def shows(self) -> Sequence[control.Handler]:
        return ()

    def addresses(self) -> Json:
        return {}


class Listener(listener.Listener[listener.Received]):
    route, status, reading = "/letters", 200, listener.Received


@pytest.fixture
async def bot() -> AsyncIterator[Listener]:
    bot = Listener()
    await bot.start()
    yield bot
    await bot.stop()


@pytest.fixture
async def twin(clock: TestClock, bot: Listener) -> AsyncIterator[Post]:
    twin = Post(clock)
    await twin.start(routes=Control(twin).routes())
    twin.events_url = bot.url
    yield twin
    await twin.stop()


async def test_what_nobody_takes_comes_again(twin: Post, bot: Listener, clock: TestClock) -> None:
    """As often as the platform says, after its pauses, each time with the reason."""
    bot.answers += [web.Response(status=500) for _ in range(3)]
    began = clock.monotonic()
    await twin.deliver(b"hello")
    await clock.advance(10)
    assert [one.headers["Attempt"].strip() for one in bot.received] == [
        "0",
        "1 http_error",
        "2 http_error",
    ]
    assert [(one.attempt, one.status) for one in twin.deliveries] == [(0, 500), (1, 500), (2, 500)]
    assert clock.monotonic() - began == 10


async def test_what_is_taken_comes_once(twin: Post, bot: Listener, clock: TestClock) -> None:
    """Unless two were asked for, or it is kept back."""
    twin.duplicate_next()
    await twin.deliver(b"twice")
    await twin.idle()
    twin.hold()
    await twin.deliver(b"later")
    await twin.idle()
    assert [one.body for one in bot.received] == [b"twice", b"twice"]
    twin.release()
    await twin.idle()
    await clock.advance(10)
    assert [one.body for one in bot.received] == [b"twice", b"twice", b"later"]


async def test_nobody_is_told_without_an_address(twin: Post, bot: Listener) -> None:
    """A twin may be there before its bot."""
    twin.events_url = ""
    await twin.deliver(b"hello")
    await twin.idle()
    assert (bot.received, twin.deliveries) == ([], [])


FAULTS = [
    (Fault.answer(503, {}), 503, ["ANSWER"]),
    (Fault.answer(503, {}, after_effect=True), 503, ["done"]),
    (Fault.bad_gateway(), 502, ["ANSWER"]),
    (Fault.reset(after_effect=False), 0, ["RESET"]),
    (Fault.reset(after_effect=True), 0, ["done"]),
    (Fault.slow(0.0), 200, ["done"]),
    (Fault.slow(0.0, after_effect=True), 200, ["done"]),
]


@pytest.mark.parametrize(("fault", "status", "done"), FAULTS)
async def test_a_call_goes_wrong(twin: Post, fault: Fault, status: int, done: list[str]) -> None:
    """Once, with or without its effect; the next one is as ever."""
    twin.fault("other|call", fault)
    assert await called(twin) == status
    assert twin.done == done
    assert await called(twin) == 200


async def test_what_goes_wrong_is_healed(twin: Post) -> None:
    """A fault without an end ends when it is taken back."""
    twin.fault("*", Fault.answer(500, {}), None)
    assert [await called(twin), await called(twin)] == [500, 500]
    twin.heal()
    assert await called(twin) == 200


async def test_a_fault_for_calls_that_are_no_requests(clock: TestClock) -> None:
    """A platform that is called over something else than HTTP takes the faults one by one."""
    faults, down = Faults(clock), Fault.answer(200, {"error": "down"})
    faults.add("post", down, 2, "")
    faults.add("*", Fault.reset(after_effect=True), 1, "desk")
    taken = [faults.take(*call) for call in (("find", ""), ("post", "desk"), ("post", ""))]
    assert taken == [None, down, down]
    assert faults.take("post", "") is None
    assert faults.take("post", "desk") == Fault.reset(after_effect=True)


async def test_it_is_driven_from_outside(twin: Post, bot: Listener) -> None:
    """Every platform takes the same few requests, and says in JSON what was wrong with one."""
    heard: list[str] = []
    twin.on_change(lambda change: heard.append(change.kind))
    async with aiohttp.ClientSession() as session:
        remote = Remote(f"{twin.base_url}twin/", session)
        assert (await remote.do("users", name="Bo"))["user"] == "Bo"
        assert (await remote.do("channels", name="desk", members=["Bo"]))["channel"] == "desk"
        assert (await remote.do("dm", user="Bo"))["channel"] == "with Bo"
        await remote.do("archive", channel="desk")
        await remote.do("edit", user="Bo", channel="with Bo", number="7", text="x")
        await remote.do("delete", user="Bo", channel="with Bo", number="7")
        await remote.do("idle")
        (first, second) = (await remote.see("deliveries"))["deliveries"]
        refused = await remote.do("deactivate", user="Bo")
        unknown = await remote.do("settings", colour="red")
        await remote.do("settings", events_url="")
    assert (heard, [one.id for one in twin.channels()]) == (["user"], ["with Bo"])
    assert (first["letter"], second["status"], len(bot.received)) == ("E0", 200, 2)
    assert (refused["http"], refused["error"]) == (400, "ValueError: Bo is here for ever")
    assert (unknown["http"], twin.events_url) == (400, "")


async def called(twin: Post) -> int:
    """A call of a bot; its status, 0 if the connection broke."""
    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(f"{twin.base_url}call") as response:
                return response.status
        except aiohttp.ClientError:
            return 0
