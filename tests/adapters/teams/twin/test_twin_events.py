"""What the local Teams tells a bot, and how it is signed."""

from __future__ import annotations

import jwt
import pytest

from adapters.teams.twin import TeamsTwin
from tests.support.clock import TestClock
from tests.support.teams_listener import Client, Json, Listener

EVERYWHERE = ["personal", "groupChat", "channel"]


def place(twin: TeamsTwin, kind: str, user: str) -> str:
    """A conversation of a kind, with a person in it."""
    if kind == "personal":
        return twin.dm(user)
    return twin.add_group([user]) if kind == "groupChat" else twin.add_channel(members=[user])


async def test_activities_are_signed(clock: TestClock, twin: TeamsTwin, told: Listener) -> None:
    """The published key verifies the token; it names the app, the service and the clock's time."""
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    token = told.received[0].headers["Authorization"].removeprefix("Bearer ")
    (published,) = twin.signer.rings["connector"].published()["keys"]
    assert jwt.get_unverified_header(token)["kid"] == published["kid"]
    key = jwt.PyJWK(published).key
    claims = jwt.decode(token, key, ["RS256"], options={"verify_exp": False, "verify_aud": False})
    assert claims == {
        "iss": "https://api.botframework.com",
        "aud": twin.identity.app_id,
        "serviceurl": twin.service_url,
        "nbf": int(clock.now()),
        "iat": int(clock.now()),
        "exp": int(clock.now()) + 3600,
    }


async def test_a_token_serves_until_it_is_old(
    clock: TestClock, twin: TeamsTwin, told: Listener
) -> None:
    """Signing is dear: one token does for most of an hour, and for no other service."""
    ada = twin.add_user()
    for _ in range(2):
        await twin.say(ada, text="hello")
        await twin.idle()
    await clock.advance(3001)
    await twin.say(ada, text="hello")
    await twin.idle()
    twin.service_url = "https://elsewhere.example/"
    await twin.say(ada, text="hello")
    await twin.idle()
    first, second, later, elsewhere = (one.headers["Authorization"] for one in told.received)
    assert first == second
    assert len({first, later, elsewhere}) == 3


async def test_a_token_of_entra(twin: TeamsTwin, told: Listener) -> None:
    """The other family of issuers names the app twice, and no service."""
    twin.signed_by = "entra"
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    token = told.received[0].headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iss"].startswith("https://login.microsoftonline.com/")
    assert claims["azp"] == claims["aud"] == twin.identity.app_id
    assert "serviceurl" not in claims


async def test_without_authentication_nothing_is_signed(clock: TestClock, told: Listener) -> None:
    """As the Agents Playground does it."""
    twin = TeamsTwin(clock, unauthenticated=True)
    await twin.start()
    twin.events_url = told.url
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    await twin.stop()
    assert "Authorization" not in told.received[0].headers


async def test_a_message_says_who_and_where(twin: TeamsTwin, told: Listener) -> None:
    """In a personal chat: the person's two ids, the organisation twice, the words twice."""
    ada = twin.add_user("Ada Byron")
    ident = await twin.say(ada, text="is a < b & c?")
    await twin.idle()
    (activity,) = told.activities
    assert (activity["type"], activity["id"], activity["channelId"]) == (
        "message",
        ident,
        "msteams",
    )
    assert activity["timestamp"] == "2026-09-21T14:13:20.0000000Z"
    assert activity["localTimestamp"] == "2026-09-21T15:13:20+01:00"
    assert activity["from"] == {
        "id": twin.user(ada).teams_id,
        "name": "Ada Byron",
        "aadObjectId": ada,
    }
    assert activity["recipient"] == {"id": twin.identity.bot_id, "name": "Frontdesk"}
    tenant = twin.identity.tenant_id
    assert activity["conversation"] == {
        "conversationType": "personal",
        "tenantId": tenant,
        "id": twin.dm(ada),
    }
    assert activity["channelData"] == {"tenant": {"id": tenant}}
    assert activity["serviceUrl"] == twin.service_url
    assert activity["text"] == "is a &lt; b &amp; c?"
    assert activity["attachments"] == [
        {"contentType": "text/html", "content": "<p>is a &lt; b &amp; c?</p>"}
    ]
    assert [entity["type"] for entity in activity["entities"]] == ["clientInfo"]
    assert twin.messages(twin.dm(ada))[0].text == "is a < b & c?"


async def test_ids_are_times_that_grow(clock: TestClock, twin: TeamsTwin, client: Client) -> None:
    """Milliseconds of the clock, never twice, whoever writes."""
    ada = twin.add_user()
    ids = [await twin.say(ada, text="x") for _ in range(3)]
    ids.append((await client.post(twin.dm(ada), "x")).json["id"])
    await clock.advance(5)
    ids.append(await twin.say(ada, text="x"))
    began = int(clock.now() - 5) * 1000
    assert [int(ident) - began for ident in ids] == [0, 1, 2, 3, 5000]


async def test_a_mention_in_a_channel(twin: TeamsTwin, told: Listener) -> None:
    """The text has it as a tag, the HTML as a span, an entity says who; the root is the thread."""
    ada, bob = twin.add_user("Ada Byron"), twin.add_user("Bob & Co")
    channel = twin.add_channel("general", [ada, bob])
    root = await twin.say(ada, channel, f"ask {twin.mention(bob)}", mention=True)
    await twin.say(bob, channel, "me too", root, mention=True)
    await twin.idle()
    first, reply = told.activities
    assert first["text"] == "<at>Frontdesk</at> ask <at>Bob &amp; Co</at>"
    assert [one.get("mentioned") for one in first["entities"][:2]] == [
        {"id": twin.identity.bot_id, "name": "Frontdesk"},
        {"id": twin.user(bob).teams_id, "name": "Bob & Co"},
    ]
    html = first["attachments"][0]["content"]
    assert 'itemid="0">Frontdesk</span>&nbsp;ask' in html
    assert 'itemid="1">Bob &amp; Co</span>' in html
    for activity in (first, reply):
        assert activity["conversation"]["id"] == f"{channel};messageid={root}"
        assert activity["channelData"]["teamsChannelId"] == channel
        assert activity["channelData"]["team"]["id"] == activity["channelData"]["teamsTeamId"]
    assert [one.text for one in twin.messages(channel, root)] == [
        "@Frontdesk ask @Bob & Co",
        "@Frontdesk me too",
    ]


@pytest.mark.parametrize("kind", ["groupChat", "channel"])
async def test_without_consent_only_mentions_are_heard(
    twin: TeamsTwin, told: Listener, kind: str
) -> None:
    """Elsewhere than in its personal chats; with consent (RSC) everything is."""
    ada = twin.add_user()
    channel = place(twin, kind, ada)
    await twin.say(ada, channel, "hello all")
    await twin.say(ada, channel, "hello", mention=True)
    await twin.idle()
    assert [one["text"] for one in told.activities] == ["<at>Frontdesk</at> hello"]
    twin.consent(channel)
    await twin.say(ada, channel, "and now?")
    await twin.idle()
    assert told.activities[-1]["text"] == "and now?"


async def test_the_bot_hears_nothing_where_it_is_not(twin: TeamsTwin, told: Listener) -> None:
    """Not even mentions."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada], bot=False, rsc=True)
    await twin.say(ada, channel, "hi", mention=True)
    await twin.idle()
    assert told.activities == []


async def test_the_bot_does_not_hear_itself(
    twin: TeamsTwin, told: Listener, client: Client
) -> None:
    """Not even with consent."""
    await client.post(twin.add_channel(rsc=True), "hello")
    await twin.idle()
    assert told.activities == []


@pytest.mark.parametrize("kind", EVERYWHERE)
async def test_an_edit_comes_with_the_old_id(
    clock: TestClock, twin: TeamsTwin, told: Listener, kind: str
) -> None:
    """And the new words, and the time of the edit."""
    ada = twin.add_user()
    channel = place(twin, kind, ada)
    ident = await twin.say(ada, channel, "helo", mention=True)
    await clock.advance(2)
    await twin.edit(ada, channel, ident, "hello")
    await twin.idle()
    before, after = told.activities
    assert (after["type"], after["id"], after["text"]) == ("messageUpdate", ident, "hello")
    assert after["channelData"]["eventType"] == "editMessage"
    assert after["conversation"] == before["conversation"]
    assert after["timestamp"] > before["timestamp"]
    assert (twin.message(channel, ident).edited, twin.message(channel, ident).text) == (
        True,
        "hello",
    )


async def test_an_edit_can_be_the_first_that_is_heard(twin: TeamsTwin, told: Listener) -> None:
    """Somebody adds the mention that they forgot."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    ident = await twin.say(ada, channel, "help")
    await twin.edit(ada, channel, ident, f"{twin.mention()} help")
    await twin.idle()
    assert [one["type"] for one in told.activities] == ["messageUpdate"]


async def test_deleting_and_bringing_back(twin: TeamsTwin, told: Listener) -> None:
    """The first has no words, the second has them again."""
    ada = twin.add_user()
    ident = await twin.say(ada, text="oops")
    await twin.delete(ada, twin.dm(ada), ident)
    assert twin.message(twin.dm(ada), ident).deleted
    await twin.undelete(ada, twin.dm(ada), ident)
    await twin.idle()
    _, gone, back = told.activities
    assert (gone["type"], gone["id"], gone["channelData"]["eventType"]) == (
        "messageDelete",
        ident,
        "softDeleteMessage",
    )
    assert "text" not in gone
    assert (back["type"], back["channelData"]["eventType"], back["text"]) == (
        "messageUpdate",
        "undeleteMessage",
        "oops",
    )
    assert not twin.message(twin.dm(ada), ident).deleted


async def test_reactions_to_what_the_bot_wrote(
    twin: TeamsTwin, told: Listener, client: Client
) -> None:
    """Added and taken away; those to people's messages are not its business."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    mine = await twin.say(ada, channel, "hello")
    own = (await client.post(f"{channel};messageid={mine}", "hello")).json["id"]
    await twin.react(ada, channel, mine)
    for _ in range(2):
        await twin.react(ada, channel, own, "heart")
    assert twin.message(channel, own).reactions == {"heart": (ada,)}
    await twin.react(ada, channel, own, "heart", on=False)
    await twin.idle()
    added, removed = told.activities
    assert added["type"] == removed["type"] == "messageReaction"
    assert (added["replyToId"], added["reactionsAdded"]) == (own, [{"type": "heart"}])
    assert removed["reactionsRemoved"] == [{"type": "heart"}]
    assert added["conversation"]["id"] == f"{channel};messageid={mine}"


@pytest.mark.parametrize("kind", EVERYWHERE)
async def test_the_app_is_added_and_removed(
    twin: TeamsTwin, told: Listener, client: Client, kind: str
) -> None:
    """Two activities each; where it is not any more, it may not write."""
    ada = twin.add_user()
    channel = place(twin, kind, ada)
    await twin.install(ada, channel)
    await twin.uninstall(ada, channel)
    await twin.idle()
    added, joined, removed, left = told.activities
    assert (added["type"], added["action"]) == ("installationUpdate", "add")
    assert (removed["type"], removed["action"]) == ("installationUpdate", "remove")
    assert joined["membersAdded"] == left["membersRemoved"] == [{"id": twin.identity.bot_id}]
    assert added["conversation"]["id"] == channel
    assert added["channelData"]["tenant"]["id"] == twin.identity.tenant_id
    assert ("team" in added["channelData"]) == (kind == "channel")
    reply = await client.post(channel, "hello")
    assert (reply.status, reply.code) == (403, "BotNotInConversationRoster")


async def test_removing_it_from_a_team_removes_it_from_all_channels(
    twin: TeamsTwin, client: Client
) -> None:
    """And from no channel of another team."""
    ada = twin.add_user()
    general, random = twin.add_channel("general", [ada]), twin.add_channel("random", [ada])
    other = twin.add_channel("other", [ada], team=twin.add_team("Other"))
    await twin.uninstall(ada, general)
    assert [(await client.post(one, "x")).status for one in (general, random, other)] == [
        403,
        403,
        201,
    ]


async def test_a_new_version_of_the_app(twin: TeamsTwin, told: Listener) -> None:
    """Nobody joins."""
    await twin.install(twin.add_user(), action="add-upgrade")
    await twin.idle()
    assert [one["action"] for one in told.activities] == ["add-upgrade"]


async def test_people_join_and_leave(twin: TeamsTwin, told: Listener) -> None:
    """Who is not there can say nothing."""
    ada, bob = twin.add_user(), twin.add_user("Bob")
    channel = twin.add_channel(members=[ada])
    await twin.join(bob, channel, inviter=ada)
    await twin.say(bob, channel, "hi")
    await twin.leave(bob, channel)
    await twin.idle()
    joined, left = told.activities
    assert joined["membersAdded"] == left["membersRemoved"] == [{"id": twin.user(bob).teams_id}]
    assert joined["channelData"]["eventType"] == "teamMemberAdded"
    assert joined["from"]["aadObjectId"] == ada
    with pytest.raises(ValueError, match="not a member"):
        await twin.say(bob, channel, "hi")


async def test_people_type(twin: TeamsTwin, told: Listener) -> None:
    """The bot sees it in personal chats."""
    await twin.begin_typing(twin.add_user())
    await twin.idle()
    assert [one["type"] for one in told.activities] == ["typing"]


async def test_people_of_other_companies(twin: TeamsTwin, told: Listener) -> None:
    """Their organisation stands where the bot's own stands otherwise."""
    sam = twin.add_user("Sam", is_stranger=True)
    await twin.say(sam, text="hello")
    await twin.idle()
    (activity,) = told.activities
    tenant = twin.user(sam).tenant_id
    assert activity["channelData"]["tenant"]["id"] == tenant != twin.identity.tenant_id
    assert activity["conversation"]["tenantId"] == tenant


@pytest.mark.parametrize(("kind", "shape"), [("personal", "file.download"), ("channel", "html")])
async def test_a_file(twin: TeamsTwin, told: Listener, kind: str, shape: str) -> None:
    """In a personal chat the bot could fetch it; elsewhere it only sees that there is one."""
    ada = twin.add_user()
    await twin.say(ada, place(twin, kind, ada), "look", mention=True, file="report.pdf")
    await twin.idle()
    first, second = told.activities[0]["attachments"]
    assert shape in first["contentType"]
    assert second["contentType"] == "text/html"


async def test_what_a_client_would_not_let_one_do(twin: TeamsTwin) -> None:
    """Write in threads that are none, and touch what others wrote."""
    ada, bob = twin.add_user(), twin.add_user("Bob")
    channel = twin.add_channel(members=[ada, bob])
    root = await twin.say(ada, channel, "hello")
    reply = await twin.say(ada, channel, "again", root)
    for thread in (reply, "1"):
        with pytest.raises(ValueError, match="no thread"):
            await twin.say(ada, channel, "x", thread)
    for act in (twin.edit(bob, channel, root, "x"), twin.delete(bob, channel, root)):
        with pytest.raises(ValueError, match="has no message"):
            await act
    with pytest.raises(ValueError, match="has deleted no message"):
        await twin.undelete(ada, channel, root)
    with pytest.raises(KeyError):
        await twin.say("nobody", text="x")


async def test_anything_can_be_delivered(twin: TeamsTwin, told: Listener) -> None:
    """Signed or not, an activity or bytes, with fields that differ."""
    ada = twin.add_user()
    await twin.deliver(twin.activity("event", ada, name="x"))
    await twin.idle()
    await twin.deliver(b"[]", authorization="")
    await twin.idle()
    forged = twin.signer.bearer({"aud": "another", "exp": None}, headers={"kid": "x"})
    await twin.deliver({"type": "message"}, authorization=forged)
    await twin.idle()
    event, raw, other = told.received
    assert (event.json["type"], event.json["name"]) == ("event", "x")
    assert (raw.body, raw.headers.get("Authorization")) == (b"[]", None)
    token = other.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], "exp" in claims) == ("another", False)


async def test_the_same_world_each_time(clock: TestClock) -> None:
    """A kept database still fits after the next start."""

    def world() -> Json:
        twin = TeamsTwin(clock)
        ada = twin.add_user()
        return {"user": twin.user(ada).teams_id, "dm": twin.dm(ada), "c": twin.add_channel()}

    assert world() == world()
    assert len(set(world().values())) == 3
