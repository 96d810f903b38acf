"""Messages and their ids survive every way of writing them down."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.messages import (
    Author,
    ConversationId,
    IncomingMessage,
    Kind,
    OutgoingMessage,
    dump_incoming,
    dump_outgoing,
    load_incoming,
    load_outgoing,
)

part = st.text(max_size=30)
ids = st.builds(ConversationId, part, part, part, part)


@given(ids)
def test_a_conversation_id_round_trips(one: ConversationId) -> None:
    """Whatever the parts contain, the written form reads back."""
    assert ConversationId.parse(str(one)) == one


@given(ids, ids)
def test_different_conversations_have_different_names(a: ConversationId, b: ConversationId) -> None:
    """No two conversations share a lane."""
    assert (a == b) == (str(a) == str(b))


def test_a_teams_id_stays_readable() -> None:
    """The characters of Teams ids are not escaped, except the colon."""
    one = ConversationId("teams", "t-1", "19:abc_d@thread.tacv2;messageid=17", "")
    assert str(one) == "teams:t-1:19%3Aabc_d@thread.tacv2;messageid=17:"


@pytest.mark.parametrize("text", ["", "slack", "a:b:c", "a:b:c:d:e"])
def test_anything_else_is_no_conversation_id(text: str) -> None:
    """Four parts or an error."""
    with pytest.raises(ValueError, match="four parts"):
        ConversationId.parse(text)


MESSAGE = IncomingMessage(
    ConversationId("slack", "T1", "C1", "1.1"), "1.1", Kind.MESSAGE, Author("U1", "Ada"), "Hi"
)


def test_the_twin_events_of_a_post_have_one_key() -> None:
    """`message` and `app_mention` of the same post collapse; its edits and deletion do not."""
    twin = replace(MESSAGE, mentions_bot=True, text="other")
    edit = replace(MESSAGE, kind=Kind.EDIT, revision="2.2")
    deleted = replace(MESSAGE, kind=Kind.DELETE, revision="deleted")
    assert MESSAGE.key == twin.key
    assert len({MESSAGE.key, edit.key, deleted.key, replace(edit, revision="3.3").key}) == 4


def test_a_post_keeps_its_key_when_its_words_are_a_control() -> None:
    """Whether 'stop' is taken as one depends on the moment; its twin event may come at another."""
    post = replace(MESSAGE, text="stop")
    assert replace(post, kind=Kind.STOP).key == post.key


def test_a_press_has_a_key_of_its_own() -> None:
    """Two buttons of one message, pressed at once, are two presses."""
    press = replace(MESSAGE, kind=Kind.ASK_PERSON, text="")
    assert len({press.key, replace(press, kind=Kind.FEEDBACK).key, MESSAGE.key}) == 3


def test_a_command_makes_no_conversation() -> None:
    """Whoever types a command in a thread of colleagues does not bring the bot into it."""
    place = str(MESSAGE.conversation)
    command = replace(MESSAGE, kind=Kind.COMMAND)
    assert MESSAGE.lane == replace(command, direct=True).lane == place
    assert command.lane == str(replace(command.conversation, thread="")) != place


def test_equal_ids_in_two_channels_are_two_messages() -> None:
    """A message id is only unique within its channel."""
    other = replace(MESSAGE, conversation=ConversationId("slack", "T1", "C2", "1.1"))
    assert MESSAGE.key != other.key


@given(
    st.builds(
        IncomingMessage,
        ids,
        part,
        st.sampled_from(Kind),
        st.builds(Author, part, part, st.booleans()),
        st.text(alphabet=string.printable + "äß漢🙂\u200b", max_size=200),
    )
)
def test_incoming_messages_survive_the_database(message: IncomingMessage) -> None:
    """What is written as JSON reads back equal."""
    assert load_incoming(dump_incoming(message)) == message


@given(st.builds(OutgoingMessage, part, ids, part))
def test_outgoing_messages_survive_the_database(message: OutgoingMessage) -> None:
    """What is written as JSON reads back equal."""
    assert load_outgoing(dump_outgoing(message)) == message
