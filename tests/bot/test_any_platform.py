"""What the process does on any platform, seen on one in memory: welcome, commands that are written,
and verdicts by the platform's own ids.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent import texts
from agent.errors import Paused, PlaceFatal
from agent.messages import ConversationId, Kind
from agent.phrases import COMMAND_WORDS
from agent.platforms import Command, Finding
from agent.records import Accepted
from bot.caring import FORGET_HERE
from bot.commands import HUMAN_NO_DM, HUMAN_SENT, HUMAN_SENT_HERE, NOT_ADMIN, PAUSED, UNKNOWN
from bot.commands_desk import NO_DESK, NOT_STAFF
from bot.watching import LOOK_EVERY
from tests.bot.conftest import Opened
from tests.support.crash import abandon

QUESTION = "How many days of annual leave?"
PASSED_ON = texts.ESCALATED.partition("{")[0]


# Welcome


async def test_a_welcome(opened: Opened) -> None:
    """Ada has the bot for the first time; the event comes twice, and she is greeted once."""
    office = await opened()
    assert await office.write("", kind=Kind.NEWCOMER) == [texts.WELCOME]
    assert office.platform.posts[0][1].prompts == texts.PROMPTS
    office.platform._ids -= 1
    assert await office.write("", kind=Kind.NEWCOMER) == []


# Commands


async def test_a_command_is_answered_in_place(opened: Opened) -> None:
    """In the direct conversation, and what it says is no part of what is talked about there."""
    office = await opened()
    (answer,) = await office.write("status", kind=Kind.COMMAND)
    assert answer.startswith("**Frontdesk** is up")
    (answer,) = await office.write(QUESTION)
    assert "27 days" in answer


@pytest.mark.parametrize("words", sorted(COMMAND_WORDS))
async def test_every_word_that_needs_no_slash_is_a_command(opened: Opened, words: str) -> None:
    """What is taken for a command when it is all that is said can be carried out."""
    office = await opened()
    answer, *_ = await office.write(words, kind=Kind.COMMAND)
    assert not answer.startswith(UNKNOWN.partition("`")[0])


async def test_help_names_what_one_may_do(opened: Opened) -> None:
    """Ada is not of the desk, Linus is, and Joan is an admin."""
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk", FRONTDESK_ADMINS="irc:joan")
    office.platform.members = {"#desk": {"linus"}}
    for who, cases, channel in (
        ("ada", False, False),
        ("linus", True, False),
        ("joan", True, True),
    ):
        await office.write("help", kind=Kind.COMMAND, who=who)
        (answer,) = office.platform.texts(f"@{who}")
        assert ("/frontdesk cases" in answer, "/frontdesk channel" in answer) == (cases, channel)
        assert answer.endswith("What I answer to a command is for you alone.")
        assert "{" not in answer


async def test_status_of_the_desk(opened: Opened) -> None:
    """Anybody is told whether people can be reached, and how many wait; not who."""
    office = await opened()
    (answer,) = await office.write("status", kind=Kind.COMMAND)
    assert NO_DESK in answer
    await office.app.stop()
    office = await opened(office.platform, FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    await office.write("I want to talk to a person")
    await office.clock.advance(120)
    (answer,) = (await office.write("status", kind=Kind.COMMAND))[-1:]
    assert answer.startswith("**Frontdesk** is up")
    assert "- cases: 1 waiting, the longest for 2 minutes; 0 with people" in answer
    assert "cases open" not in answer
    detail = "it is archived: choose another FRONTDESK_HUMAN_CHANNEL"
    office.platform.findings = [Finding("IRC human channel #desk", False, detail)]
    await office.clock.advance(LOOK_EVERY)
    (answer,) = (await office.write("status", kind=Kind.COMMAND))[-1:]
    assert answer.startswith(f"**Frontdesk** is red: IRC human channel #desk: {detail}\n")


async def test_commands_of_the_desk(opened: Opened) -> None:
    """Linus looks what is open, takes it and gives it to Grace; Ada may do none of it, and only an
    admin says how long cases may wait.
    """
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk", FRONTDESK_ADMINS="irc:joan")
    office.platform.members = {"#desk": {"linus", "grace"}}
    await office.write("I want to talk to a person")
    (told,) = await office.write("cases", kind=Kind.COMMAND)
    assert told == NOT_STAFF
    (told,) = await office.write("assign me", kind=Kind.COMMAND)
    assert told == NOT_STAFF
    (told,) = await office.write("channel sla 5", kind=Kind.COMMAND)
    assert told == NOT_ADMIN
    for words in ("cases", "assign me", "assign <@grace>", "assign <@mallory>"):
        await office.write(words, kind=Kind.COMMAND, who="linus")
        await office.clock.advance(2)
    shown, mine, hers, refused = office.platform.texts("@linus")
    assert "Ada: " in shown
    assert "is assigned to Linus" in mine
    assert "is assigned to Grace" in hers
    assert refused == texts.ASSIGNEE_NOT_OF_DESK
    (case,) = await office.store.records.open_cases()
    assert case.owner == "irc:grace"
    await office.write("channel sla 5", kind=Kind.COMMAND, who="joan")
    assert "- sla: 5 minutes (set here)" in office.platform.texts("@joan")[0]
    assert office.app.desk_times.of(office.platform.place("@joan"), None).sla == 300


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
    (passed_on,) = told[1:]
    assert passed_on.startswith(PASSED_ON)
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
    assert sum(one == HUMAN_SENT for one in told) == 1
    assert len(told) == 2
    assert await again.counts("timers") == 1  # the time to look at the case again


@pytest.mark.parametrize("thread", ["", "7"])
async def test_asking_for_people_with_the_first_words(opened: Opened, thread: str) -> None:
    """Ada never wrote before, here or elsewhere: it is told once, by the answer, that people will
    write to her alone, even if the process dies before that.
    """
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    office.store.hang("commit")
    assert await office.write("human", kind=Kind.COMMAND, thread=thread) == []
    await abandon(office.app)
    assert office.platform.posts == []
    again = await opened(office.platform, FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    await again.clock.advance(40)
    assert len(office.platform.texts("#desk")) == 1
    assert office.platform.texts("#all") == []
    told = office.platform.texts()
    assert sum(one == HUMAN_SENT_HERE for one in told) == 1
    assert sum(one.startswith(PASSED_ON) for one in told) == 1
    assert len(told) == 2


async def test_asking_for_people_where_nobody_can_be_written_to(opened: Opened) -> None:
    """The answer can still be said by then, and the people cannot be promised."""
    office = await opened(FRONTDESK_HUMAN_CHANNEL="irc:#desk")
    direct, asked = office.platform.direct, 0

    async def once(user_id: str) -> ConversationId:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise PlaceFatal
        return await direct(user_id)

    office.platform.direct = once  # type: ignore[method-assign]
    assert await office.write("human", kind=Kind.COMMAND, thread="7") == [HUMAN_NO_DM]
    assert office.platform.texts("#desk") == []


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


async def test_forgetting_what_stays_busy(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """Its answer cannot be committed for minutes: what was said is left, and she who asks again,
    as she was told to, is rid of it. The log counts what was left, and names nobody.
    """
    office = await opened()
    await office.write(QUESTION)
    office.store.hang("commit")
    await office.write("forget me", kind=Kind.COMMAND)
    await office.clock.advance(90)
    (line,) = [one for one in caplog.records if one.name == "bot.caring"]
    assert line.getMessage() == "1 conversations of somebody were busy and are not forgotten"
    office.store.turns.silent.clear()
    await office.clock.advance(5)
    (answer,) = office.platform.texts()[1:]
    assert answer.endswith("Ask again in a minute to see whether all is gone.")
    (answer,) = await office.write("forget me", kind=Kind.COMMAND)
    assert answer.endswith(FORGET_HERE)
    await office.clock.advance(5)
    told = await office.store.records.timeline(str(office.platform.place()))
    assert [one for one in told if one.data] == []


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
