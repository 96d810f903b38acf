"""What a bot can do in the local Teams, and what it is refused."""

from __future__ import annotations

import pytest

from adapters.teams.twin import Change, TeamsTwin
from adapters.teams.twin_state import CARD
from tests.support.clock import TestClock
from tests.support.teams_listener import Client, Json

BOT_POSTS: Json = {"type": "message", "text": "hello"}


async def test_a_bot_posts_edits_and_deletes(twin: TeamsTwin, client: Client) -> None:
    """All versions can be read back."""
    chat = twin.dm(twin.add_user())
    posted = await client.post(chat, "helo")
    assert posted.status == 201
    ident = posted.json["id"]
    edit = {"type": "message", "text": "hello"}
    edited = await client.call("PUT", chat, "activities", ident, body=edit)
    assert (edited.status, edited.json) == (200, {"id": ident})
    (message,) = twin.messages(chat)
    assert (message.bot, message.text, message.edited) == (True, "hello", True)
    assert [one["text"] for one in message.versions] == ["helo"]
    assert (await client.call("DELETE", chat, "activities", ident)).status == 200
    assert twin.messages(chat)[0].deleted
    again = await client.call("DELETE", chat, "activities", ident)
    assert (again.status, again.code) == (404, "ActivityNotFoundInConversation")
    assert [call.operation for call in twin.calls()] == [
        "token",
        "post",
        "update",
        "delete",
        "delete",
    ]


async def test_words_with_a_card_are_two_messages(twin: TeamsTwin, client: Client) -> None:
    """And the id of neither is told; an edit cannot become two."""
    chat = twin.dm(twin.add_user())
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "x"}]}
    both = {"attachments": [{"contentType": CARD, "content": card}]}
    posted = await client.post(chat, "hello", **both)
    assert (posted.status, posted.json) == (202, None)
    words, alone = twin.messages(chat)
    assert (words.text, words.cards) == ("hello", ())
    assert (alone.text, alone.cards) == ("", (card,))
    edit = {**BOT_POSTS, **both}
    edited = await client.call("PUT", chat, "activities", words.id, body=edit)
    assert (edited.status, edited.code) == (400, "BadArgument")


async def test_replies_stay_in_their_thread(twin: TeamsTwin, client: Client) -> None:
    """The root in the conversation's id counts; without it a new thread begins."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "hello")
    reply = (await client.post(f"{channel};messageid={root}", "hi")).json["id"]
    new = (await client.post(channel, "by the way")).json["id"]
    assert [(one.id, one.thread) for one in twin.messages(channel)] == [
        (root, root),
        (reply, root),
        (new, new),
    ]
    body = {**BOT_POSTS, "replyToId": root}
    answered = await client.call("POST", channel, "activities", root, body=body)
    assert twin.message(channel, answered.json["id"]).thread == answered.json["id"]


async def test_a_thread_is_begun(twin: TeamsTwin, client: Client) -> None:
    """Its first message comes with it."""
    channel = twin.add_channel()
    body = {
        "isGroup": True,
        "channelData": {"channel": {"id": channel}},
        "activity": BOT_POSTS,
    }
    reply = await client.call("POST", body=body)
    root = reply.json["activityId"]
    assert (reply.status, reply.json["id"]) == (201, f"{channel};messageid={root}")
    assert twin.message(channel, root).thread == root
    assert (twin.calls("create")[0].conversation, twin.calls("create")[0].done) == (channel, True)


@pytest.mark.parametrize("name", ["id", "teams_id"])
async def test_a_personal_chat_is_begun(twin: TeamsTwin, client: Client, name: str) -> None:
    """By either id of the person; always the same chat, with a first message or without."""
    ada = twin.add_user()
    body = {
        "members": [{"id": getattr(twin.user(ada), name)}],
        "tenantId": twin.identity.tenant_id,
    }
    first = await client.call("POST", body=body)
    assert (first.status, first.json) == (201, {"id": twin.dm(ada)})
    second = await client.call("POST", body={**body, "activity": BOT_POSTS})
    assert second.json["id"] == first.json["id"]
    assert twin.messages(twin.dm(ada))[0].id == second.json["activityId"]


async def test_chats_that_cannot_be_begun(twin: TeamsTwin, client: Client) -> None:
    """With people of elsewhere, without the app, with nobody, as a group."""
    ada = twin.add_user(installed=False)
    tenant = twin.identity.tenant_id
    here: Json = {"tenantId": tenant}
    bodies: list[tuple[int, Json]] = [
        (403, {**here, "members": [{"id": ada}]}),
        (400, {**here, "members": [{"id": "29:nobody"}]}),
        (400, {**here, "members": []}),
        (400, {**here, "members": [{"id": ada}], "isGroup": True}),
        (400, {"tenantId": "other", "members": [{"id": ada}]}),
        (400, {"channelData": {"channel": {"id": twin.add_channel()}}}),
        (404, {"channelData": {"channel": {"id": "19:x@thread.tacv2"}}, "activity": BOT_POSTS}),
    ]
    for status, body in bodies:
        assert (await client.call("POST", body=body)).status == status, body
    await twin.install(ada)
    body = {"members": [{"id": ada}], "channelData": {"tenant": {"id": tenant}}}
    assert (await client.call("POST", body=body)).status == 201


async def test_members(twin: TeamsTwin, client: Client) -> None:
    """All of them, a page of them, one of them by either id, and nobody else."""
    ada, bob = twin.add_user("Ada Byron"), twin.add_user("Bob", is_guest=True)
    channel = twin.add_channel(members=[ada, bob])
    whole = (await client.call("GET", channel, "members")).json
    page = (await client.call("GET", channel, "pagedmembers")).json
    assert page == {"members": whole}
    assert [(one["name"], one["userRole"]) for one in whole] == [
        ("Ada Byron", "user"),
        ("Bob", "guest"),
    ]
    for ident in (ada, twin.user(ada).teams_id):
        one = await client.call("GET", channel, "members", ident)
        assert (one.status, one.json) == (200, whole[0])
    assert (whole[0]["aadObjectId"], whole[0]["email"]) == (ada, "ada.byron@example.com")
    nobody = await client.call("GET", twin.dm(ada), "members", bob)
    assert (nobody.status, nobody.code) == (404, "MemberNotFoundInConversation")


async def test_an_account_that_ended(twin: TeamsTwin, client: Client) -> None:
    """It is in no roster, and does nothing any more; its place is kept, should it return."""
    ada = twin.add_user("Ada Byron")
    channel = twin.add_channel(members=[ada])
    twin.deactivate(ada)
    assert (await client.call("GET", channel, "members")).json == []
    assert (await client.call("GET", channel, "members", ada)).status == 404
    with pytest.raises(ValueError, match="deactivated"):
        await twin.say(ada, channel, "x")
    twin.user(ada).active = True
    assert (await client.call("GET", channel, "members", ada)).status == 200


async def test_an_archived_channel(twin: TeamsTwin, client: Client) -> None:
    """It can be read, and nobody can write there, until it is opened again."""
    ada = twin.add_user("Ada Byron")
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "hello")
    ident = (await client.post(f"{channel};messageid={root}", "hi")).json["id"]
    twin.archive(channel)
    thread = {"channelData": {"channel": {"id": channel}}, "isGroup": True, "activity": {}}
    for answer in (
        await client.post(f"{channel};messageid={root}", "hello"),
        await client.call("POST", body=thread),
        await client.call("DELETE", channel, "activities", ident),
    ):
        assert (answer.status, answer.code) == (403, "NotEnoughPermissions")
    assert (await client.call("GET", channel, "members", ada)).status == 200
    for act in (twin.say(ada, channel, "x", root), twin.edit(ada, channel, root, "x")):
        with pytest.raises(ValueError, match="archived"):
            await act
    twin.archive(channel, archived=False)
    assert (await client.post(f"{channel};messageid={root}", "hello")).status == 201


async def test_typing_is_seen_for_a_while(
    clock: TestClock, twin: TeamsTwin, client: Client
) -> None:
    """It leaves no message, and a message ends it."""
    chat = twin.dm(twin.add_user())
    for _ in range(2):
        reply = await client.call("POST", chat, "activities", body={"type": "typing"})
        assert (reply.status, twin.typing(chat)) == (202, True)
        await clock.advance(11)
        assert not twin.typing(chat)
    await client.call("POST", chat, "activities", body={"type": "typing"})
    await client.post(chat, "done")
    assert not twin.typing(chat)
    assert len(twin.messages(chat)) == 1
    assert len(twin.calls("typing")) == 3


async def test_places_that_are_not_there(twin: TeamsTwin, client: Client) -> None:
    """Unknown conversations and roots, roots in chats, and replies as roots."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "x")
    reply = await twin.say(ada, channel, "y", root)
    for gone in (
        "19:nowhere@thread.tacv2",
        f"{channel};messageid=1",
        f"{channel};messageid={reply}",
        f"{twin.dm(ada)};messageid={root}",
    ):
        answer = await client.post(gone, "hello")
        assert (answer.status, answer.code) == (404, "ConversationNotFound"), gone


async def test_what_people_wrote_is_theirs(twin: TeamsTwin, client: Client) -> None:
    """A bot may neither change nor delete it."""
    ada = twin.add_user()
    ident = await twin.say(ada, text="mine")
    for method in ("PUT", "DELETE"):
        path = (twin.dm(ada), "activities", ident)
        assert (await client.call(method, *path, body=BOT_POSTS)).status == 403


async def test_too_much_is_refused(twin: TeamsTwin, client: Client) -> None:
    """A message may have 100 KB, with everything in it."""
    chat = twin.dm(twin.add_user())
    answer = await client.post(chat, "x" * 102_400)
    assert (answer.status, answer.code) == (413, "MessageSizeTooBig")
    assert (await client.post(chat, "x" * 102_000)).status == 201


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b'"x"'])
async def test_bodies_that_are_no_objects(twin: TeamsTwin, client: Client, raw: bytes) -> None:
    """A bad syntax, wherever it is sent."""
    chat = twin.dm(twin.add_user())
    for path in ((chat, "activities"), ()):
        answer = await client.call("POST", *path, raw=raw)
        assert (answer.status, answer.code) == (400, "BadSyntax")


async def test_a_caller_without_a_token(clock: TestClock, twin: TeamsTwin, client: Client) -> None:
    """None, a wrong one, one that is too old, one that was taken back."""
    chat = twin.dm(twin.add_user())
    client.token = "wrong"
    assert (await client.post(chat, "x")).status == 401
    await client.log_in()
    assert (await client.post(chat, "x")).status == 201
    await clock.advance(3600)
    assert (await client.post(chat, "x")).status == 401
    await client.log_in()
    twin.login.revoke()
    assert (await client.post(chat, "x")).status == 401
    assert len(twin.messages(chat)) == 1
    twin.unauthenticated = True
    client.token = ""
    assert (await client.post(chat, "x")).status == 201


async def test_subscribers_hear_of_changes(twin: TeamsTwin, client: Client) -> None:
    """Where something changed, and which message."""
    heard: list[Change] = []
    twin.on_change(heard.append)
    chat = twin.dm(twin.add_user())
    ident = (await client.post(chat, "x")).json["id"]
    assert [(one.kind, one.channel, one.message) for one in heard] == [
        ("user", "", ""),
        ("channel", chat, ""),
        ("message", chat, ident),
    ]
