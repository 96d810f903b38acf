"""The contract of every adapter, run over each twin: mentions, edits and commands in what people
write.
"""

from __future__ import annotations

import pytest

from agent.messages import Author, ConversationId, IncomingMessage, Kind
from tests.contracts.stage import Stage

EDITS = 11
"""Enough for a number of two digits, which as text comes before a number of one."""
BETWEEN = 0.4
"""Seconds between two edits: some platforms tell only whole ones."""


def root(stage: Stage, place: ConversationId) -> IncomingMessage:
    """The message that a conversation began with, for whoever changes it."""
    return IncomingMessage(place, place.thread, Kind.MESSAGE, Author(stage.platform.person()))


async def commands_are_written(stage: Stage) -> bool:
    """Whether commands are messages there, and no requests of their own."""
    await stage.platform.command("help")
    are_written = not stage.door.commands
    stage.door.commands.clear()
    stage.door.messages.clear()
    return are_written


async def test_a_mention_within_a_sentence_is_left_out(stage: Stage) -> None:
    """What is around it stays, with the bot's name or id nowhere."""
    await stage.platform.write(f"Could {stage.platform.bot()} help me?")
    (message,) = stage.door.messages
    assert message.mentions_bot
    assert message.text.split() == ["Could", "help", "me?"]


async def test_an_edit_may_be_what_calls_the_bot(stage: Stage) -> None:
    """The mention is told, and left out of the words, as in a new message."""
    place = await stage.platform.write("How many days?")
    await stage.clock.advance(2)
    bot = stage.platform.bot()
    await stage.platform.edit(root(stage, place), f"{bot} How many {bot} hours?")
    (edit,) = [one for one in stage.door.messages if one.kind is Kind.EDIT]
    assert (edit.id, edit.mentions_bot) == (place.thread, True)
    assert edit.text.split() == ["How", "many", "hours?"]


async def test_an_edit_that_mentions_nobody_does_not_call_the_bot(stage: Stage) -> None:
    """Whatever is changed in a direct conversation is for it anyway."""
    await stage.platform.write_directly("How many days?")
    first = stage.door.messages.pop()
    await stage.clock.advance(2)
    await stage.platform.edit(first, "How many hours?")
    (edit,) = stage.door.messages
    assert (edit.direct, edit.mentions_bot) == (True, False)


async def test_of_many_edits_the_last_one_counts(stage: Stage) -> None:
    """In the order of their revisions, which are compared as text."""
    await stage.platform.write_directly("No 0")
    first = stage.door.messages.pop()
    for number in range(1, EDITS + 1):
        await stage.clock.advance(BETWEEN)
        await stage.platform.edit(first, f"No {number}")
    edits = {one.revision: one.text for one in stage.door.messages}
    assert [edits[one] for one in sorted(edits)] == [f"No {n}" for n in range(1, EDITS + 1)]
    assert len({one.key for one in stage.door.messages}) == EDITS


async def test_who_is_mentioned_in_a_command_stands_there_by_id(stage: Stage) -> None:
    """By the one that everything else knows them by: names are not unique."""
    grace = stage.platform.add_person("Grace Hopper")
    await stage.platform.write("A question")
    await stage.platform.join(grace)
    words = f"assign C7 <@{grace}>"
    if await commands_are_written(stage):
        await stage.platform.write(f"/{words}", mention=True)
    else:
        await stage.platform.command(words)
    given = [one.text for one in stage.door.commands] + [one.text for one in stage.door.messages]
    assert given == [words]


@pytest.mark.parametrize("mention", [True, False])
async def test_a_command_among_colleagues_is_said_to_the_bot(stage: Stage, mention: bool) -> None:
    """Where commands are written as messages: a slash alone may be meant for anybody. Elsewhere
    what is written is never one.
    """
    are_written = await commands_are_written(stage)
    stage.platform.hears_all()
    await stage.platform.write("/status", mention=mention)
    (message,) = stage.door.messages
    is_command = are_written and mention
    assert message.kind is (Kind.COMMAND if is_command else Kind.MESSAGE)
    assert message.text == ("status" if is_command else "/status")
    assert (message.direct, message.mentions_bot) == (False, mention)
