"""Slack's JSON as messages of ours: every shape that is read, and every one that is not."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.payloads import (
    Identity,
    as_edit,
    as_event,
    is_ours,
    read_action,
    read_event,
)
from agent.messages import DESK_KINDS, IncomingMessage, Kind
from tests.support import slack_bodies as bodies

WHO = Identity(bodies.TEAM, bodies.BOT, "B0FRONTBOT")
GRID = Identity(bodies.TEAM, bodies.BOT, "B0FRONTBOT", "E0GRID")


def read(inner: dict[str, Any], **outer: Any) -> IncomingMessage:
    """The message of an event, which must be one."""
    message = read_event(bodies.event(inner, **outer), WHO)
    assert message is not None
    return message


def ignored(inner: dict[str, Any], **outer: Any) -> bool:
    """Whether an event is deliberately not read."""
    return read_event(bodies.event(inner, **outer), WHO) is None


def test_a_direct_message() -> None:
    """A message at the top level of a direct conversation is the root of its own thread."""
    message = read(bodies.message())
    assert str(message.conversation) == "slack:T0FRONTDESK:D0ADA:1790000000.000100"
    assert message.kind is Kind.MESSAGE
    assert message.direct
    assert not message.in_thread
    assert not message.mentions_bot
    assert message.author.id == "U0ADA"
    assert message.text == "How many days of leave?"
    assert message.sent_at == 1790000000.0001


def test_a_reply() -> None:
    """A reply belongs to the thread of its root."""
    message = read(bodies.message(thread_ts="1789.000100", channel="C1", channel_type="channel"))
    assert message.conversation.thread == "1789.000100"
    assert message.in_thread
    assert not message.direct


def test_when_a_thread_began() -> None:
    """The name of a thread is the moment of its root; what is no moment tells none."""
    assert read(bodies.message(thread_ts="1789.000100")).thread_at == 1789.0001
    assert read(bodies.message()).thread_at == 0
    assert read(bodies.message(thread_ts="inf")).thread_at == 0


def test_a_root_that_has_replies() -> None:
    """A root names itself as its thread; it is no reply for that."""
    assert not read(bodies.message(thread_ts="1790000000.000100")).in_thread


def test_a_mention_and_its_message_are_one() -> None:
    """Both events of a mention have the same key, conversation and text."""
    mention = read(bodies.mention())
    twin = read({**bodies.mention(), "type": "message", "channel_type": "channel"})
    assert mention.key == twin.key
    assert mention == twin
    assert mention.mentions_bot
    assert mention.text == "leave?"


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message", "", None])
def test_what_people_write(subtype: str | None) -> None:
    """These subtypes are a person's words."""
    assert read(bodies.message(subtype=subtype)).kind is Kind.MESSAGE


@pytest.mark.parametrize(
    "subtype",
    ["bot_message", "channel_join", "channel_topic", "assistant_app_thread", "huddle_thread", "x"],
)
def test_housekeeping(subtype: str) -> None:
    """Every other subtype is no message for us."""
    assert ignored(bodies.message(subtype=subtype))


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B1"},
        {"bot_profile": {"id": "B1"}},
        {"user": bodies.BOT},
        {"user": "USLACKBOT"},
        {"user": "USLACK"},
        {"user": ""},
        {"ts": ""},
        {"channel": ""},
    ],
)
def test_nobody_to_answer(changes: dict[str, Any]) -> None:
    """Bots, we ourselves, Slack itself, and messages without author or place."""
    assert ignored(bodies.message(**changes))


def test_an_edit() -> None:
    """An edit has the id of its message and a revision of its own."""
    edit, message = read(bodies.changed()), read(bodies.message())
    assert edit.kind is Kind.EDIT
    assert (edit.id, edit.conversation) == (message.id, message.conversation)
    assert edit.revision == "1790000001.000000-1790000001.000200"
    assert edit.key != message.key
    assert edit.text == "How many days off?"
    assert edit.direct


@pytest.mark.parametrize(
    "changes",
    [
        {"message": bodies.message(text="new")},
        {"message": bodies.message(edited={"user": "U0ADA", "ts": "1.0"})},
        {"message": bodies.message(text="new", edited={"ts": "1.0"}, subtype="bot_message")},
        {"message": bodies.message(text="new", edited={"ts": "1.0"}, bot_id="B1")},
        {"message": None},
    ],
    ids=["not edited", "the same words", "a bot's", "ours", "nothing"],
)
def test_changes_that_are_no_edit(changes: dict[str, Any]) -> None:
    """Previews, counts of replies, and what bots change are not read."""
    assert ignored(bodies.changed(**changes))


@pytest.mark.parametrize(
    ("before", "after", "brings"),
    [
        ("leave?", f"<@{bodies.BOT}> leave?", True),
        (f"<@{bodies.BOT}> leav?", f"<@{bodies.BOT}> leave?", False),
        (f"<@{bodies.BOT}> leave?", "leave?", False),
    ],
)
def test_only_an_edit_that_brings_the_mention_mentions(
    before: str, after: str, brings: bool
) -> None:
    """A message that mentioned the bot before was a question then, and is none again."""
    edited = bodies.message(text=after, edited={"ts": "1790000001.000000"})
    message = read(bodies.changed(message=edited, previous_message=bodies.message(text=before)))
    assert message.mentions_bot is brings


def edited_to(text: str, told_at: str, second: str = "1790000001") -> IncomingMessage:
    """An edit to other words, as the event of it tells; Slack's edits have whole seconds."""
    after = bodies.message(text=text, edited={"user": "U0ADA", "ts": f"{second}.000000"})
    return read(bodies.changed(message=after, ts=told_at))


def test_two_edits_within_one_second() -> None:
    """Each has a key of its own, which is the same in every redelivery; the one that Slack told of
    later is the later one.
    """
    first = edited_to("Monday", "1790000001.000200")
    second = edited_to("Tuesday", "1790000001.000900")
    assert first.key != second.key
    assert first.revision < second.revision
    assert edited_to("Tuesday", "1790000001.000900") == second
    assert second.revision < edited_to("Monday", "1790000001.000100", "1790000002").revision


def test_the_last_of_two_edits_within_one_second_in_a_history() -> None:
    """What stands in a history is what was said last: it is the edit with these words, and later
    than any other of its second.
    """
    first = edited_to("Monday", "1790000001.000200")
    second = edited_to("Tuesday", "1790000001.000900")
    item = bodies.message(text="Tuesday", edited={"user": "U0ADA", "ts": "1790000001.000000"})
    edit = read_event(as_edit(item, "D0ADA", WHO, shared=False), WHO)
    assert edit is not None
    assert edit.key == second.key
    assert edit.key != first.key
    assert first.revision < second.revision < edit.revision


def test_an_edit_without_what_was_before() -> None:
    """Some edits come without the previous message; then the new words count."""
    edited = bodies.message(text=f"<@{bodies.BOT}> x", edited={"ts": "1.0"})
    assert read(bodies.changed(message=edited, previous_message=None)).mentions_bot


def test_a_deletion() -> None:
    """A deletion names the message that is gone."""
    deletion = read(bodies.deleted())
    assert deletion.kind is Kind.DELETE
    assert deletion.id == read(bodies.message()).id
    assert deletion.revision == "deleted"


def test_a_tombstone_is_a_deletion() -> None:
    """A root with replies leaves a tombstone instead."""
    grave = bodies.message(subtype="tombstone", user="USLACKBOT", text="This message was deleted.")
    deletion = read(bodies.changed(message=grave))
    assert deletion.kind is Kind.DELETE
    assert deletion.author.id == "U0ADA"


@pytest.mark.parametrize(
    "before", [bodies.message(bot_id="B1"), bodies.message(user=bodies.BOT), bodies.message(ts="")]
)
def test_deletions_that_do_not_matter(before: dict[str, Any]) -> None:
    """What bots posted is theirs to delete."""
    assert ignored({**bodies.deleted(), "previous_message": before, "deleted_ts": ""})


def test_files() -> None:
    """Files are known by their names, or as files."""
    files = [{"name": "a.pdf"}, {"title": "B"}, {"id": "F1"}, "odd", None]
    assert read(bodies.message(files=files)).files == ("a.pdf", "B", "a file")
    assert read(bodies.message(files={"name": "a.pdf"})).files == ()


@pytest.mark.parametrize(
    ("permalink", "link"),
    [
        (
            "https://example.slack.com/files/U1/F1/a.pdf",
            "https://example.slack.com/files/U1/F1/a.pdf",
        ),
        ("javascript:alert(1)", ""),
        ("https://x.example/a b", ""),
        ("https://x.example/|<!here>", ""),
        ("https://x.example/a)b", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_where_files_can_be_opened(permalink: object, link: str) -> None:
    """In the order of the names, and only addresses that can stand in a link."""
    message = read(bodies.message(files=[{"name": "a.pdf", "permalink": permalink}, {"id": "F2"}]))
    assert message.file_links == (link, "")
    assert len(message.files) == 2


def test_slacks_stop_button() -> None:
    """Stop is a control of the thread it was pressed in."""
    message = read(bodies.stopped())
    assert message.kind is Kind.STOP
    assert message.conversation.thread == "1790000000.000100"
    assert message.direct
    assert read({**bodies.stopped(), "event_ts": None}).id == "1790000000.000100"
    assert ignored({**bodies.stopped(), "thread_ts": None})


@pytest.mark.parametrize("kind", ["reaction_added", "app_home_opened", "tokens_revoked", ""])
def test_other_events(kind: str) -> None:
    """Events that we did not ask for are ignored."""
    assert ignored({**bodies.message(), "type": kind})


def test_strangers() -> None:
    """In a shared channel the author's home workspace tells who is of another company."""
    shared = {"is_ext_shared_channel": True}
    assert read(bodies.message(user_team="T9"), **shared).author.external
    assert read(bodies.message(source_team="T9"), **shared).author.external
    assert not read(bodies.message(user_team=bodies.TEAM), **shared).author.external
    assert not read(bodies.message(team=""), **shared).author.external
    assert not read(bodies.message(user_team="T9")).author.external


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        ({"team_id": bodies.TEAM}, True),
        ({"team": {"id": bodies.TEAM}}, True),
        ({"enterprise_id": "E0GRID", "team_id": "T9"}, True),
        ({"enterprise": {"id": "E0GRID"}}, True),
        ({"team_id": "T9", "authorizations": [{"team_id": bodies.TEAM}]}, True),
        ({"team_id": "T9", "authorizations": [{"enterprise_id": "E0GRID"}]}, True),
        ({"team_id": "T9"}, False),
        ({"team_id": ""}, False),
        ({"team_id": None, "team": None, "authorizations": [None, {}]}, False),
        ({}, False),
    ],
)
def test_whose_payload_it_is(body: dict[str, Any], ours: bool) -> None:
    """The workspace or its grid must be ours, by whichever field names it."""
    assert is_ours(body, GRID) is ours


def test_nothing_is_ours_by_an_empty_name() -> None:
    """A workspace without a grid is not every workspace without a grid."""
    assert not is_ours({"team_id": "T9", "enterprise_id": ""}, WHO)


def test_a_message_of_a_history_is_the_one_of_its_event() -> None:
    """Both ways of learning of a post give the same message, so that it is accepted once."""
    for event in (bodies.message(), bodies.mention(), bodies.message(thread_ts="1789.000100")):
        item = {name: value for name, value in event.items() if name != "channel"}
        found = read_event(as_event(item, event["channel"], WHO, shared=False), WHO)
        assert found == read(event)


def test_a_stranger_in_a_history() -> None:
    """In a shared channel the message itself says whose it is."""
    item = bodies.message(user_team="T9")
    found = read_event(as_event(item, "C1", WHO, shared=True), WHO)
    assert found is not None
    assert found.author.external


def test_the_last_edit_in_a_history() -> None:
    """It has the key of its event; a message that was never edited has none."""
    item = {**bodies.message(), "edited": {"user": "U0ADA", "ts": "1790000009.000000"}}
    edit = read_event(as_edit(item, "D0ADA", WHO, shared=False), WHO)
    assert edit is not None
    assert (edit.kind, edit.revision) == (Kind.EDIT, "1790000009.000000-9")
    told = read(bodies.changed(message=item, previous_message=None))
    assert edit.key == told.key
    assert read_event(as_edit(bodies.message(), "D0ADA", WHO, shared=False), WHO) is None


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("frontdesk_ask_person", Kind.ASK_PERSON),
        ("frontdesk_leave_queue", Kind.LEAVE_QUEUE),
        ("frontdesk_approve", Kind.APPROVE),
        ("frontdesk_deny", Kind.DENY),
        ("frontdesk_feedback", Kind.FEEDBACK),
        *((f"frontdesk_{kind}", kind) for kind in sorted(DESK_KINDS - {Kind.ASSIGN})),
    ],
)
def test_presses(action: str, kind: Kind) -> None:
    """A press is a control of the thread that the button stands in, about its message."""
    message = read_action(bodies.press(action, "up|t1.1"), WHO)
    assert message is not None
    assert message.kind is kind
    assert message.conversation.thread == "1790000000.000100"
    assert (message.detail, message.about) == ("up", "t1.1")
    assert message.author.id == "U0ADA"


def test_a_press_at_the_top_level() -> None:
    """A button of a message without a thread belongs to the thread it would begin."""
    body = bodies.press()
    del body["message"]["thread_ts"]
    message = read_action(body, WHO)
    assert message is not None
    assert message.conversation.thread == "1790000000.000200"


def test_a_press_on_an_ephemeral_message() -> None:
    """Slack sends no message then; the container knows enough."""
    body = {**bodies.press(), "message": None, "channel": None}
    message = read_action(body, WHO)
    assert message is not None
    assert message.conversation.channel == "D0ADA"


def test_every_press_is_its_own() -> None:
    """Pressing again is another control; the same press is the same."""
    body, again = bodies.press(), bodies.press()
    again["actions"][0]["action_ts"] = "1790000005.000500"
    keys = [getattr(read_action(one, WHO), "key", "") for one in (body, bodies.press(), again)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": []},
        {"actions": ["odd"]},
        {"actions": [{"action_id": "another"}]},
        {"actions": [{"action_id": "frontdesk_feedback", "value": "sideways|t1.1"}]},
        {"team": {"id": "T9"}},
        {"user": {}},
        {"message": None, "container": {}},
        {"type": "view_submission"},
    ],
)
def test_presses_that_are_not_read(changes: dict[str, Any]) -> None:
    """Other apps' buttons, other workspaces, and presses without a place."""
    assert read_action({**bodies.press(), **changes}, WHO) is None


@pytest.mark.parametrize("ts", ["nan", "inf", "-inf", "1e400", "", "x"])
def test_times_that_are_none(ts: str) -> None:
    """A time stamp that is no number is the beginning of time, not an accident later."""
    assert read({**bodies.stopped(), "event_ts": ts}).sent_at in (0.0, 1790000000.0001)


def test_half_an_emoji() -> None:
    """A surrogate that was left alone by a cut can be stored."""
    text = read(bodies.message(text="cut \ud83d")).text
    assert text.encode() == b"cut ?"
