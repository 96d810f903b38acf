"""The contract of every adapter, run over each platform's twin: what people do, as it comes in."""

from __future__ import annotations

import pytest

from agent.messages import IncomingMessage, Kind
from tests.contracts.stage import Stage, delivery

A_MOMENT = 5.0
"""Seconds that the clocks of the platform and ours may differ, here where they are one."""


async def said_directly(stage: Stage, text: str = "How many days?") -> IncomingMessage:
    """What the person wrote to the bot, as it came in."""
    await stage.platform.write_directly(text)
    return stage.door.messages.pop()


async def test_a_message_says_when_and_where_it_was_written(stage: Stage) -> None:
    """In this organisation, now, and at the top level of its channel."""
    await stage.platform.write("How many days?", mention=True)
    (message,) = stage.door.messages
    assert message.conversation.platform == stage.platform.adapter.platform
    assert message.conversation.tenant == stage.platform.adapter.tenant
    assert message.sent_at == pytest.approx(stage.clock.now(), abs=A_MOMENT)
    assert not message.in_thread
    assert message.revision == ""


async def test_a_reply_belongs_to_the_conversation_of_its_thread(stage: Stage) -> None:
    """And says that it is one: nobody needs the database to know."""
    place = await stage.platform.write("How many days?", mention=True)
    await stage.platform.reply(place, "And in Leeds?")
    first, reply = stage.door.messages
    assert (first.conversation, reply.conversation) == (place, place)
    assert (first.in_thread, reply.in_thread) == (False, True)
    assert reply.text == "And in Leeds?"
    assert reply.key != first.key


async def test_an_edit_is_told_apart_from_what_it_changes(stage: Stage) -> None:
    """It has the post's id, the new words, and of two edits the later one the greater revision."""
    first = await said_directly(stage)
    edits = []
    for text in ("How many hours?", "How many weeks?"):
        await stage.clock.advance(2)
        await stage.platform.edit(first, text)
        (edit,) = stage.door.messages
        stage.door.messages.clear()
        assert (edit.kind, edit.id, edit.text) == (Kind.EDIT, first.id, text)
        assert (edit.conversation, edit.author.id) == (first.conversation, first.author.id)
        edits.append(edit)
    assert "" < edits[0].revision < edits[1].revision
    assert len({first.key, *(one.key for one in edits)}) == 3


async def test_a_deletion_names_what_was_taken_back(stage: Stage) -> None:
    """By its id, under a key of its own, and without its words."""
    first = await said_directly(stage)
    await stage.platform.delete(first)
    (deletion,) = stage.door.messages
    assert (deletion.kind, deletion.id) == (Kind.DELETE, first.id)
    assert deletion.conversation == first.conversation
    assert deletion.revision
    assert deletion.key != first.key
    assert first.text not in deletion.text


async def test_a_command_is_its_words(stage: Stage) -> None:
    """Whether it is a request of its own or a message like others, the name is gone."""
    await stage.platform.command("channel sla 20")
    heard = [(one.text, one.author.id, one.direct) for one in stage.door.commands]
    for message in stage.door.messages:
        assert message.kind is Kind.COMMAND
        heard.append((message.text, message.author.id, message.direct))
    assert heard == [("channel sla 20", stage.platform.person(), True)]


@pytest.mark.parametrize(("helpful", "verdict"), [(True, "up"), (False, "down")])
async def test_a_rating_comes_in_as_what_was_chosen(
    stage: Stage, helpful: bool, verdict: str
) -> None:
    """It is about the answer under which it was given."""
    place = await stage.platform.write("A question")
    sent = delivery(stage, "An answer", feedback=True)
    ref = await stage.platform.adapter.send(sent)
    stage.door.messages.clear()
    assert await stage.platform.rate(place, helpful=helpful)
    (message,) = stage.door.messages
    assert (message.kind, message.detail) == (Kind.FEEDBACK, verdict)
    assert (message.author.id, message.conversation) == (stage.platform.person(), place)
    assert sent.message.id == message.about or ref == message.about_ref


async def test_what_asks_for_no_rating_gets_none(stage: Stage) -> None:
    """A notice is not an answer that could have helped."""
    place = await stage.platform.write("A question")
    await stage.platform.adapter.send(delivery(stage, "A notice"))
    assert not await stage.platform.rate(place, helpful=True)
