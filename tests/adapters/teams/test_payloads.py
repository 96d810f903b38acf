"""Teams' activities as messages of ours: every shape that is read, and every one that is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams import payloads, presses
from adapters.teams.places import Note, PlaceKind
from agent.messages import IncomingMessage, Kind
from tests.support import teams_bodies as bodies
from tests.support.teams_bodies import ADA, BOT, CHANNEL, GROUP, PERSONAL, ROOT, TENANT

BOB = {"id": "29:1bob"}
STRANGER = {"id": "29:1eve", "name": "Eve", "aadObjectId": "7e4a-eve", "tenantId": "7e4a-other"}
READERS = (
    payloads.read_message,
    payloads.read_update,
    payloads.read_deletion,
    presses.read_reaction,
    presses.read_feedback,
    presses.read_action,
    presses.read_submitted,
    payloads.read_joined,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def read(body: dict[str, Any]) -> IncomingMessage:
    """The message of a `message`, which must be one."""
    message = payloads.read_message(body, TENANT)
    assert message is not None
    return message


def found(message: IncomingMessage | None) -> IncomingMessage:
    """A message, which must be one."""
    assert message is not None
    return message


def test_a_direct_message() -> None:
    """A personal chat is one conversation without threads."""
    message = read(bodies.message())
    assert str(message.conversation) == f"teams:{TENANT}:{PERSONAL.replace(':', '%3A')}:"
    assert message.kind is Kind.MESSAGE
    assert message.direct
    assert not message.in_thread
    assert not message.mentions_bot
    assert (message.author.id, message.author.name) == (ADA, "Ada Byron")
    assert not message.author.external
    assert message.text == "How many days of leave?"
    assert message.files == ()
    assert message.sent_at == 1790000001.123456


def test_a_post_in_a_channel() -> None:
    """The first post of a thread is its root; the mention of the bot is not part of the words."""
    message = read(bodies.mention())
    assert (message.conversation.channel, message.conversation.thread) == (CHANNEL, ROOT)
    assert message.text == "leave?"
    assert message.mentions_bot
    assert not message.in_thread
    assert not message.direct


def test_a_reply_in_a_channel() -> None:
    """A reply belongs to the thread of its root."""
    message = read(bodies.chatter())
    assert message.conversation == read(bodies.mention()).conversation
    assert message.in_thread
    assert not message.mentions_bot


@pytest.mark.parametrize(
    ("root", "moment"), [("1790000009500", 1790000009.5), ("root", 0.0), ("9" * 400, 0.0)]
)
def test_when_a_thread_began(root: str, moment: float) -> None:
    """The name of a thread is the moment of its root, in milliseconds; others tell none."""
    assert read(bodies.mention(root=root)).thread_at == moment
    assert read(bodies.message()).thread_at == 0


def test_a_post_whose_conversation_names_no_root() -> None:
    """Then it is the root itself."""
    message = read(bodies.mention(root="", id="1790000009000"))
    assert message.conversation.thread == "1790000009000"
    assert not message.in_thread


def test_a_group_chat() -> None:
    """A group chat has no threads, whatever its id says."""
    place = {**bodies.group(), "id": f"{GROUP};messageid=1"}
    message = read(bodies.message(conversation=place))
    assert (message.conversation.channel, message.conversation.thread) == (GROUP, "")
    assert not message.direct
    assert not message.in_thread


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ({"id": f"{CHANNEL};messageid=1", "isGroup": True}, PlaceKind.CHANNEL),
        ({"id": "odd;messageid=1"}, PlaceKind.CHANNEL),
        ({"id": CHANNEL, "conversationType": 5}, PlaceKind.CHANNEL),
        ({"id": GROUP}, PlaceKind.GROUP),
        ({"id": "odd", "isGroup": True}, PlaceKind.GROUP),
        ({"id": "odd", "conversationType": "odd"}, PlaceKind.PERSONAL),
        ({"id": "odd", "conversationType": "personal", "isGroup": True}, PlaceKind.PERSONAL),
    ],
)
def test_a_conversation_without_a_type(place: dict[str, Any], kind: PlaceKind) -> None:
    """Then its id tells, or that it is called a group."""
    assert payloads.reference(bodies.message(conversation=place)).kind is kind


@pytest.mark.parametrize(
    "changes",
    [
        {"from": {"id": BOT}},
        {"from": {"id": "28:another"}},
        {"from": {"id": "bot-1"}, "recipient": {"id": "bot-1"}},
        {"from": {"id": "29:1ada", "role": "bot"}},
        {"from": {"id": "29:1ada", "role": "skill"}},
        {"from": {"name": "Ada"}},
        {"from": None},
        {"id": ""},
        {"id": 17},
        {"conversation": {"conversationType": "personal"}},
        {"conversation": "a:1"},
    ],
)
def test_nobody_to_answer(changes: dict[str, Any]) -> None:
    """Bots, we ourselves, and messages without author, name or place."""
    assert payloads.read_message(bodies.message(**changes), TENANT) is None


def test_a_person_without_an_entra_id() -> None:
    """Then it is the id by which this bot alone knows them."""
    assert read(bodies.message(**{"from": {"id": "29:1guest"}})).author.id == "29:1guest"


def test_strangers() -> None:
    """Whose home is another tenant is external, if the activity tells."""
    assert read(bodies.message(**{"from": STRANGER})).author.external
    ours = {**STRANGER, "tenantId": TENANT.upper()}
    assert not read(bodies.message(**{"from": ours})).author.external
    local = payloads.read_message(bodies.message(**{"from": STRANGER}), payloads.LOCAL)
    assert not found(local).author.external


@pytest.mark.parametrize(
    ("changes", "ours"),
    [
        ({}, True),
        ({"channelData": {"tenant": {"id": TENANT.upper()}}}, True),
        ({"channelData": {"tenant": {"id": "other"}}}, False),
        ({"conversation": {"id": "a:1", "tenantId": "other"}}, False),
        ({"conversation": None, "channelData": {"tenant": {"id": "other"}}}, False),
        ({"conversation": None, "channelData": None}, True),
        ({"conversation": {"id": "a:1", "tenantId": 5}, "channelData": [1]}, True),
    ],
)
def test_whose_activity_it_is(changes: dict[str, Any], ours: bool) -> None:
    """No tenant that is named may be another one."""
    assert payloads.is_ours(bodies.message(**changes), TENANT) is ours
    assert payloads.is_ours(bodies.message(**changes), payloads.LOCAL)


@pytest.mark.parametrize(
    ("text", "words"),
    [("/status", "status"), ("help", "help"), ("/frontdesk cases open", "cases open")],
)
def test_commands(text: str, words: str) -> None:
    """What is a slash command elsewhere, said to the bot; its key is the one of the message."""
    command, message = read(bodies.message(text=text)), read(bodies.message())
    assert (command.kind, command.text) == (Kind.COMMAND, words)
    assert command.key == message.key
    assert read(bodies.mention(text=f"<at>Frontdesk</at> {text}")).kind is Kind.COMMAND
    assert read(bodies.chatter(text=text)).kind is Kind.MESSAGE


LINK = "https://example.sharepoint.com/a.pdf"


def test_files() -> None:
    """Files and pictures are known by their names, and files by where people can open them; the
    text as HTML, quotes and cards are none.
    """
    downloaded = "application/vnd.microsoft.teams.file.download.info"
    attached = [
        {"contentType": downloaded, "name": "a.pdf", "contentUrl": LINK},
        {"contentType": "image/png", "contentUrl": "https://smba.example/needs/our/token"},
        {"contentType": "application/zip"},
        {"contentType": "text/html", "content": "<p>x</p>"},
        {"contentType": "messageReference", "content": "{}"},
        {"contentType": "application/vnd.microsoft.card.adaptive", "content": {}},
        {"name": "untyped"},
        "odd",
        None,
    ]
    message = read(bodies.message(attachments=attached))
    assert message.files == ("a.pdf", "a picture", "a file")
    assert message.file_links == (LINK, "", "")
    assert read(bodies.message(attachments={"name": "a.pdf"})).files == ()


STUB = '<attachment id="1150d938-8870-4044-9f2c-5bbdeba70c9d"></attachment>'


@pytest.mark.parametrize(
    ("html", "others", "files"),
    [
        (f"<p>Here</p>{STUB}{STUB}", [], ("a file", "a file")),
        ('<attachment id="odd"></attachment>', [], ()),
        (STUB.replace("1150d938", "1150D938"), [], ("a file",)),
        ('<attachment id="1790000000000"></attachment>', [], ()),
        (STUB, [{"contentType": "application/vnd.microsoft.card.adaptive"}], ()),
        (STUB, [{"contentType": "application/pdf", "name": "a.pdf"}], ("a.pdf",)),
        (5, [], ()),
    ],
    ids=["files", "odd", "another case", "a quote", "a card", "told", "no text"],
)
def test_files_in_a_channel(html: object, others: list[object], files: tuple[str, ...]) -> None:
    """There Teams tells that there are files, and nothing else of them."""
    attached = [{"contentType": "text/html", "content": html}, *others]
    assert read(bodies.chatter(attachments=attached)).files == files


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc", 5, None])
def test_a_file_that_cannot_be_opened(link: object) -> None:
    """What is no address leads nowhere."""
    one = {"contentType": "application/pdf", "name": "a.pdf", "contentUrl": link}
    message = read(bodies.message(attachments=[one]))
    assert (message.files, message.file_links) == (("a.pdf",), ("",))


@pytest.mark.parametrize("text", [None, "", 5, "   "])
def test_a_message_without_words(text: object) -> None:
    """It goes on without any, so that its author is told that there was nothing to read."""
    assert read(bodies.message(text=text)).text == ""


def test_an_edit() -> None:
    """An edit has the id of its message and a revision of its own."""
    edit = found(payloads.read_update(bodies.edited(), TENANT))
    message = read(bodies.message())
    assert edit.kind is Kind.EDIT
    assert (edit.id, edit.conversation) == (message.id, message.conversation)
    assert edit.key != message.key
    assert edit.text == "How many days off?"
    assert edit.direct


def test_later_edits_are_greater() -> None:
    """As text, whatever form and zone their times are written in."""
    times = [
        "2026-09-21T14:14:00Z",
        "2026-09-21T14:14:00.1Z",
        "2026-09-21T16:14:00.1234567+02:00",
        "2026-09-21T14:14:01",
        "2026-09-21T15:14:00Z",
    ]
    edits = [payloads.read_update(bodies.edited(timestamp=time), TENANT) for time in times]
    revisions = [found(edit).revision for edit in edits]
    assert revisions == sorted(set(revisions))


def test_an_edit_without_a_time() -> None:
    """The sender's own clock will do; with none it could not be told from the message."""
    assert payloads.read_update(bodies.edited(timestamp=None), TENANT)
    timeless = bodies.edited(timestamp="9999-12-31T23:59:59-14:00", localTimestamp="soon")
    assert payloads.read_update(timeless, TENANT) is None


def test_an_edit_is_no_command() -> None:
    """Words that were corrected are not carried out."""
    assert found(payloads.read_update(bodies.edited(text="/pause"), TENANT)).kind is Kind.EDIT


def test_what_was_deleted_returns() -> None:
    """It is a question again, and another row than the first time; a command is not repeated."""
    again = found(payloads.read_update(bodies.restored(), TENANT))
    assert again.kind is Kind.MESSAGE
    assert again.id == read(bodies.message()).id
    assert again.key != read(bodies.message()).key
    assert payloads.read_update(bodies.restored(text="/pause"), TENANT) is None


def test_other_updates() -> None:
    """What changed in another way is not read."""
    assert payloads.read_update(bodies.edited(channelData={"eventType": "x"}), TENANT) is None


def test_a_deletion() -> None:
    """A deletion names the message that is gone."""
    deletion = found(payloads.read_deletion(bodies.deleted(), TENANT))
    assert deletion.kind is Kind.DELETE
    assert deletion.id == read(bodies.message()).id
    assert deletion.revision == "deleted"
    assert deletion.text == ""


def test_half_an_emoji() -> None:
    """A surrogate that was left alone by a cut can be stored."""
    assert read(bodies.message(text="cut \ud83d")).text.encode() == b"cut ?"


@given(st.sampled_from(sorted(bodies.ACTIVITIES)), st.data())
def test_nothing_raises(name: str, data: st.DataObject) -> None:
    """Whatever stands in whichever field, an activity is read or is not."""
    body = dict(bodies.ACTIVITIES[name])
    field = data.draw(st.sampled_from(sorted(body)))
    inner = body[field]
    if isinstance(inner, dict) and inner and data.draw(st.booleans()):
        body[field] = {**inner, data.draw(st.sampled_from(sorted(inner))): data.draw(JSON)}
    else:
        body[field] = data.draw(JSON)
    for reader in READERS:
        message = reader(body, TENANT)
        assert message is None or message.key.encode()
    assert payloads.reference(body).model_dump_json()
    payloads.note(body, Note())
    payloads.is_ours(body, TENANT)
    payloads.adds_somebody(body)
