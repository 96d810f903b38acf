"""What the process does on any platform, seen on one in memory: welcome, commands that are written,
verdicts by the platform's own ids, and what may not have arrived.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import texts
from agent.errors import Paused
from agent.messages import Kind
from agent.models import Passage
from agent.platforms import Command
from agent.records import Accepted
from bot.app import App, build
from bot.caring import FORGET_HERE
from bot.commands import HUMAN_SENT, NOT_ADMIN, PAUSED
from bot.settings import load
from tests.support.clock import TestClock
from tests.support.crash import abandon
from tests.support.memory_platform import MemoryPlatform
from tests.support.outage import FailingStore

LEAVE = Passage("", "Annual leave", "How many days", "Everybody gets 27 days of leave.")
QUESTION = "How many days of annual leave?"


@dataclass
class Office:
    """A running process on one platform."""

    clock: TestClock
    platform: MemoryPlatform
    store: FailingStore
    app: App

    async def write(self, text: str, **more: str | Kind) -> list[str]:
        """Somebody writes; what the bot says to it where they wrote, or to them alone."""
        before = len(self.platform.texts())
        await self.platform.write(text, **more)  # type: ignore[arg-type]
        await self.clock.settle()
        return self.platform.texts()[before:]

    async def counts(self, name: str) -> int:
        """A number of the status."""
        return (await self.store.records.counts())[name]


Opened = Callable[..., Awaitable[Office]]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """Opens an office, again and again on the same database."""
    clock = TestClock()
    async with AsyncExitStack() as stack:

        async def open_one(platform: MemoryPlatform | None = None, **settings: str) -> Office:
            url = f"sqlite:///{tmp_path / 'frontdesk.db'}"
            platform = platform or MemoryPlatform("irc")
            store = FailingStore.open(url, clock, ())
            clock.watch(store.busy)
            wanted = {"FRONTDESK_PORT": "0", "FRONTDESK_DATABASE_URL": url, **settings}
            app = build(load(wanted), clock=clock, store=store, adapters={"irc": platform})
            stack.push_async_callback(stopped, clock, app)
            await app.start()
            await app.store.knowledge.replace("handbook.md", "1", [LEAVE])
            return Office(clock, platform, store, app)

        yield open_one


async def stopped(clock: TestClock, app: App) -> None:
    stopping = asyncio.create_task(app.stop())
    await clock.until(stopping.done, at_most=60)
    await stopping


# Welcome


async def test_a_welcome(opened: Opened) -> None:
    """Ada has the bot for the first time; the event comes twice, and she is greeted once."""
    office = await opened()
    assert await office.write("", kind=Kind.JOINED) == [texts.WELCOME]
    assert office.platform.posts[0][1].prompts == texts.PROMPTS
    office.platform._ids -= 1
    assert await office.write("", kind=Kind.JOINED) == []


# Commands


async def test_a_command_is_answered_in_place(opened: Opened) -> None:
    """In the direct conversation, and what it says is no part of what is talked about there."""
    office = await opened()
    (answer,) = await office.write("status", kind=Kind.COMMAND)
    assert answer.startswith("**Frontdesk** is up")
    (answer,) = await office.write(QUESTION)
    assert "27 days" in answer


async def test_a_command_in_a_thread(opened: Opened) -> None:
    """The answer is for its author alone, and the bot does not take part in the thread by it."""
    office = await opened()
    (answer,) = await office.write("help", kind=Kind.COMMAND, thread="7")
    assert "answers questions about working here" in answer
    assert office.platform.texts("#all") == []
    reply = "And who makes the coffee?"
    accepted = await office.platform.write(reply, thread="7", mentions_bot=False)
    assert accepted is Accepted.NOT_FOR_US


async def test_a_command_that_cannot_be_answered(opened: Opened) -> None:
    """Nobody can begin a direct conversation with Ada: that is said in place, and no more."""
    office = await opened()
    office.platform.shut.add("ada")
    await office.write("status", kind=Kind.COMMAND, thread="7")
    assert office.platform.texts("#all") == [texts.ONLY_DIRECTLY]
    (post,) = office.platform.posts
    assert post[1].conversation.thread == "7"


async def test_pausing_in_words(opened: Opened) -> None:
    """An admin pauses; another may not; both while the command's own turn is running."""
    office = await opened(FRONTDESK_ADMINS="irc:ada")
    assert await office.write("pause", kind=Kind.COMMAND) == [PAUSED]
    assert await office.write(QUESTION) == [texts.REFUSALS[Paused]]
    await office.write("resume", kind=Kind.COMMAND, who="bob")
    assert office.platform.texts("@bob") == [NOT_ADMIN]
    assert office.app.pause.on
    await office.write("resume", kind=Kind.COMMAND)
    assert not office.app.pause.on


async def test_asking_for_people_in_words(opened: Opened) -> None:
    """The wish goes into the very conversation: the command is answered once, and then the wish."""
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    await office.write(QUESTION)
    told = await office.write("human I don't believe it", kind=Kind.COMMAND)
    assert told[0] == HUMAN_SENT
    assert [one.partition(" (Case")[0] for one in told[1:]] == [
        texts.ESCALATED.partition(" (Case")[0]
    ]
    assert len(office.platform.texts("#desk")) == 1


async def test_a_command_is_not_interrupted_by_what_it_causes(opened: Opened) -> None:
    """It takes its time after the wish is accepted: it is still carried out only once."""
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    await office.write(QUESTION)
    answer = office.app.commands.answer

    async def slow(command: Command) -> str:
        text = await answer(command)
        await office.clock.sleep(1)
        return text

    office.app.commands.answer = slow  # type: ignore[method-assign]
    await office.write("human", kind=Kind.COMMAND)
    await office.clock.advance(5)
    assert office.platform.texts()[1] == HUMAN_SENT
    assert len(office.platform.texts()) == 3


async def test_a_command_that_is_done_again(opened: Opened) -> None:
    """The process dies when the command is carried out and not yet answered: it is carried out
    again, which changes nothing, and answered once.
    """
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    await office.write(QUESTION)
    office.store.hang("commit")
    assert await office.write("human", kind=Kind.COMMAND) == []
    await abandon(office.app)
    again = await opened(office.platform, FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    await again.clock.advance(40)
    assert len(office.platform.texts("#desk")) == 1
    told = office.platform.texts()[1:]
    assert sum("have been told already" in one for one in told) == 1
    assert await again.counts("rows_waiting") == 0


async def test_forgetting_the_conversation_one_is_in(opened: Opened, tmp_path: Path) -> None:
    """'forget me' does not wait for its own turn; what was said in it goes with the rest."""
    office = await opened()
    await office.write(QUESTION)
    await office.write(QUESTION, thread="7")
    before = office.clock.now()
    (answer,) = (await office.write("forget me", kind=Kind.COMMAND))[-1:]
    assert office.clock.now() == before
    assert answer == f"Erased: all that was said in 1 conversations.\n{FORGET_HERE}"
    await office.clock.advance(5)
    with closing(sqlite3.connect(tmp_path / "frontdesk.db")) as database:
        for look in (
            "SELECT count(*) FROM journal WHERE data != '{}'",
            "SELECT count(*) FROM outbox WHERE payload != ''",
            "SELECT count(*) FROM inbox WHERE author != ''",
        ):
            assert database.execute(look).fetchone() == (0,), look
    assert "27 days" in (await office.write(QUESTION))[0]


async def test_forgetting_nothing(opened: Opened) -> None:
    """Ada's first words are that she wants to be forgotten."""
    office = await opened()
    assert await office.write("forget me", kind=Kind.COMMAND) == [FORGET_HERE]


async def test_an_admin_has_somebody_forgotten(opened: Opened) -> None:
    """That does not touch the conversation in which it is said."""
    office = await opened(FRONTDESK_ADMINS="irc:ada")
    await office.write(QUESTION, who="bob")
    told = await office.write("forget irc:bob", kind=Kind.COMMAND)
    assert told == ["Erased: all that was said in 1 conversations."]
    assert await office.write("forget irc:bob", kind=Kind.COMMAND) == [
        "There is nothing left to erase."
    ]


async def test_forgetting_while_something_else_is_at_work(opened: Opened) -> None:
    """Ada's question in a thread is not answered yet: that takes a while, and is done after it."""
    office = await opened()
    office.store.hang("claim")
    await office.write(QUESTION, thread="7")
    office.store.turns.silent.clear()
    answer = await office.write("forget me", kind=Kind.COMMAND)
    assert "That takes a while." in answer[-1]


# Verdicts


async def test_a_verdict_by_the_platforms_own_id(opened: Opened, tmp_path: Path) -> None:
    """The platform tells which of its posts it is on, or nothing: that means the last answer."""
    office = await opened()
    for _ in range(2):
        await office.write(QUESTION)
    ref, first = office.platform.posts[0]
    for who, about_ref in (("ada", ref), ("bob", "p999")):
        await office.platform.write(
            "", kind=Kind.FEEDBACK, about_ref=about_ref, detail="up", who=who
        )
        await office.clock.settle()
    await office.write("", kind=Kind.FEEDBACK, detail="down")
    with closing(sqlite3.connect(tmp_path / "frontdesk.db")) as database:
        kept = database.execute("SELECT message_id, author, verdict FROM feedback").fetchall()
    last = office.platform.posts[1][1]
    assert sorted(kept) == sorted([(first.id, "ada", "up"), (last.id, "ada", "down")])


# What may not have arrived


async def test_what_may_not_have_arrived(opened: Opened) -> None:
    """Ada is told at the next contact, says 'repeat', and has it again; not by itself, and not
    twice.
    """
    office = await opened()
    office.platform.drops = 1
    (answer,) = await office.write(QUESTION)
    await office.clock.advance(600)
    assert office.platform.texts() == [answer]
    assert await office.counts("outbox_unconfirmed") == 1
    assert await office.write("Hello again?") == [texts.NOTHING_FOUND, texts.MAY_BE_LOST]
    assert await office.write("repeat") == [answer]
    assert await office.counts("outbox_unconfirmed") == 0
    assert await office.write("repeat") == [texts.NOTHING_FOUND]


async def test_it_may_be_said_later(opened: Opened) -> None:
    """She was told, and says so days later; what is lost again is told of again."""
    office = await opened()
    office.platform.drops = 1
    (answer,) = await office.write(QUESTION)
    assert texts.MAY_BE_LOST in await office.write("Hello again?")
    assert texts.MAY_BE_LOST not in await office.write("Hello again?")
    office.clock.jump(3 * 86_400)
    office.platform.drops = 1
    assert await office.write("repeat, please") == [answer]
    assert texts.MAY_BE_LOST in await office.write("Hello again?")
    assert await office.write("repeat, please") == [answer]


async def test_a_process_that_dies_while_it_sends(opened: Opened) -> None:
    """Nobody knows whether the first byte went out: it is not sent again before Ada wants it."""
    office = await opened()
    office.platform.hangs = True
    await office.write(QUESTION)
    assert await office.counts("outbox_sending") == 1
    await abandon(office.app)
    office.platform.hangs = False
    again = await opened(office.platform)
    await again.clock.advance(30)
    assert again.platform.posts == []
    (answer,) = await again.write("repeat")
    assert "27 days" in answer


async def test_old_words_cannot_be_repeated(opened: Opened) -> None:
    """What was erased meanwhile is not offered, and the queue of the admins still has it."""
    office = await opened(FRONTDESK_RETENTION_DAYS="1")
    office.platform.drops = 1
    await office.write(QUESTION)
    office.clock.jump(3 * 86_400)
    await office.clock.advance(5)
    assert await office.write("repeat") == [texts.NOTHING_FOUND]
    (stuck,) = await office.store.care.stuck()
    assert (stuck.state, stuck.erased) == ("unconfirmed", True)
