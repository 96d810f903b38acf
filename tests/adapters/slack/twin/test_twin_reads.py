"""What the local Slack tells of itself, its people and its channels, to Slack's own client."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from tests.support.slack_listener import refusal


async def test_the_client_learns_who_it_is(twin: SlackTwin, client: AsyncWebClient) -> None:
    """auth.test names team, bot user and bot, and the headers tell what the app may do."""
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == (
        twin.identity.team_id,
        twin.identity.bot_user_id,
        twin.identity.bot_id,
    )
    assert set(answer.headers["x-oauth-scopes"].split(",")) == twin.scopes


@pytest.mark.parametrize(("token", "error"), [("xoxb-other", "invalid_auth"), ("", "not_authed")])
async def test_a_wrong_token_is_refused(twin: SlackTwin, token: str, error: str) -> None:
    """A token that is not the installation's opens nothing."""
    client = AsyncWebClient(token, base_url=twin.api_url)
    assert (await refusal(client.auth_test()))["error"] == error


async def test_a_token_may_stand_in_the_form(twin: SlackTwin) -> None:
    """Old clients send it as a field."""
    client = AsyncWebClient(base_url=twin.api_url)
    assert (await client.api_call("auth.test", data={"token": "xoxb-test"}))["ok"]


async def test_an_unknown_method_says_so(client: AsyncWebClient) -> None:
    """A typing mistake is found at once."""
    answer = await refusal(client.api_call("chat.postMesage"))
    assert (answer["error"], answer["req_method"]) == ("unknown_method", "chat.postMesage")


async def test_a_missing_scope_is_named(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The answer says what is needed and what was given."""
    twin.scopes = {"users:read"}
    answer = await refusal(client.chat_postMessage(channel=twin.add_channel(), text="hi"))
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "chat:write",
        "users:read",
    )


async def test_after_removal_every_call_is_refused(twin: SlackTwin, client: AsyncWebClient) -> None:
    """An uninstalled app has no account."""
    await twin.uninstall()
    assert (await refusal(client.auth_test()))["error"] == "account_inactive"


async def test_missing_arguments_are_named(client: AsyncWebClient) -> None:
    """The answer names each of them."""
    answer = await refusal(client.api_call("conversations.replies"))
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] missing required field: channel",
        "[ERROR] missing required field: ts",
    ]


async def test_a_thread_page_by_page(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The root tells of its replies; cursors lead through them; metadata comes on request."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "root")
    metadata = {"event_type": "agent_turn", "event_payload": {"id": "o1"}}
    for number in range(3):
        await client.chat_postMessage(
            channel=channel, text=str(number), thread_ts=root, metadata=metadata
        )
    texts: list[str] = []
    async for answer in await client.conversations_replies(channel=channel, ts=root, limit=2):
        texts += [message["text"] for message in answer["messages"]]
    assert texts == ["root", "0", "1", "2"]
    whole = await client.conversations_replies(channel=channel, ts=root, include_all_metadata=True)
    first, *rest = whole["messages"]
    assert (first["reply_count"], first["latest_reply"]) == (3, rest[-1]["ts"])
    assert [message["metadata"] for message in rest] == [metadata] * 3
    assert [message.text for message in twin.messages(channel, root)] == texts
    later = await client.conversations_replies(channel=channel, ts=root, oldest=rest[1]["ts"])
    assert [message["text"] for message in later["messages"]] == ["root", "2"]


async def test_a_history_shows_the_top_level(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Newest first, without replies, within the asked time, page by page."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    first = await twin.say(ada, channel, "first")
    await twin.say(ada, channel, "reply", first)
    second = await twin.say(ada, channel, "second")
    answer = await client.conversations_history(channel=channel)
    assert [message["text"] for message in answer["messages"]] == ["second", "first"]
    answer = await client.conversations_history(channel=channel, limit=1)
    assert answer["has_more"]
    answer = await client.conversations_history(channel=channel, oldest=first)
    assert [message["text"] for message in answer["messages"]] == ["second"]
    answer = await client.conversations_history(
        channel=channel, oldest=first, latest=second, inclusive=True
    )
    assert len(answer["messages"]) == 2


async def test_the_pages_of_a_history(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Back from the newest; since a moment, on from that moment. A page is newest first."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    stamps = [await twin.say(ada, channel, str(number)) for number in range(5)]

    async def pages(**where: Any) -> list[str]:
        answers = await client.conversations_history(channel=channel, limit=2, **where)
        return ["".join(m["text"] for m in page["messages"]) async for page in answers]

    assert await pages() == ["43", "21", "0"]
    assert await pages(latest=stamps[4]) == ["32", "10"]
    assert await pages(oldest=stamps[0]) == ["21", "43"]
    assert await pages(oldest=stamps[0], latest=stamps[4]) == ["32", "1"]


async def test_what_is_known_of_a_person(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Guests and strangers are marked; locale and address are given to those who ask and may."""
    guest = twin.add_user("Grace", is_restricted=True, tz="Europe/Berlin", locale="de-DE")
    stranger = twin.add_user("Sam", is_stranger=True)
    user = (await client.users_info(user=guest, include_locale=True))["user"]
    assert (user["is_restricted"], user["tz_offset"], user["locale"]) == (True, 7200, "de-DE")
    assert user["profile"]["email"] == "grace@example.com"
    twin.scopes.discard("users:read.email")
    user = (await client.users_info(user=stranger))["user"]
    assert user["is_stranger"]
    assert user["team_id"] != twin.identity.team_id
    assert "locale" not in user
    assert "email" not in user["profile"]
    assert (await refusal(client.users_info(user="U0")))["error"] == "user_not_found"


async def test_what_is_known_of_channels(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Kinds, members page by page, and where the bot is."""
    people = [twin.add_user(name) for name in ("Ada", "Bob", "Cy")]
    channel = twin.add_channel("help", people, private=True)
    direct = (await client.conversations_open(users=people[0], return_im=True))["channel"]
    assert (direct["is_im"], direct["user"]) == (True, people[0])
    info = (await client.conversations_info(channel=channel, include_num_members=True))["channel"]
    assert (info["is_private"], info["is_member"], info["num_members"]) == (True, True, 4)
    page = await client.conversations_members(channel=channel, limit=3)
    rest = await client.conversations_members(
        channel=channel, cursor=page["response_metadata"]["next_cursor"]
    )
    assert page["members"] + rest["members"] == [*people, twin.identity.bot_user_id]
    mine = await client.users_conversations(types="private_channel,im")
    assert [found["id"] for found in mine["channels"]] == [channel, direct["id"]]
    bad = client.conversations_members(channel=channel, cursor="?")
    assert (await refusal(bad))["error"] == "invalid_cursor"


async def test_joining_a_channel(twin: SlackTwin, client: AsyncWebClient) -> None:
    """With the scope a bot can enter public channels, once."""
    channel = twin.add_channel(bot=False)
    assert (await refusal(client.conversations_join(channel=channel)))["error"] == "missing_scope"
    twin.scopes.add("channels:join")
    await client.conversations_join(channel=channel)
    assert (await client.conversations_join(channel=channel))["warning"] == "already_in_channel"
    assert twin.identity.bot_user_id in twin.channel(channel).members


async def test_small_facts(twin: SlackTwin, client: AsyncWebClient) -> None:
    """api.test echoes, team.info and bots.info name the workspace and the app."""
    twin.scopes.add("team:read")
    assert (await client.api_test(foo="1"))["args"]["foo"] == "1"
    assert (await refusal(client.api_test(error="custom")))["error"] == "custom"
    assert (await client.team_info())["team"]["id"] == twin.identity.team_id
    bot = (await client.bots_info(bot=twin.identity.bot_id))["bot"]
    assert (bot["user_id"], bot["app_id"]) == (twin.identity.bot_user_id, twin.identity.app_id)


async def test_a_reaction_is_given_once(twin: SlackTwin, client: AsyncWebClient) -> None:
    """The second time it is refused."""
    channel = twin.add_channel()
    ts = (await client.chat_postMessage(channel=channel, text="x"))["ts"]
    await client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    call = client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    assert (await refusal(call))["error"] == "already_reacted"


async def test_what_slack_does_not_tell_or_do(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Each refusal has its code."""
    twin.scopes.add("channels:join")
    ada, gone, robot = (
        twin.add_user("Ada"),
        twin.add_user("Gone", deleted=True),
        twin.add_user("Robot", is_bot=True),
    )
    private, closed = twin.add_channel("p", private=True), twin.add_channel("c")
    twin.archive(closed)
    ts = await twin.say(ada, twin.dm(ada), "hello")
    reaction = {"channel": twin.dm(ada), "timestamp": ts, "name": "x"}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("users_list_not_supplied", "conversations.open", {}),
        ("user_disabled", "conversations.open", {"users": gone}),
        ("cannot_dm_bot", "conversations.open", {"users": robot}),
        ("invalid_types", "users.conversations", {"types": "secret"}),
        ("missing_scope", "users.conversations", {"types": "mpim"}),
        ("method_not_supported_for_channel_type", "conversations.join", {"channel": private}),
        ("is_archived", "conversations.join", {"channel": closed}),
        ("bot_not_found", "bots.info", {"bot": "B0"}),
        ("invalid_name", "reactions.add", {**reaction, "name": "a b"}),
        ("message_not_found", "reactions.add", {**reaction, "timestamp": "1.000000"}),
        ("invalid_arguments", "conversations.members", {"channel": closed, "limit": "many"}),
    ]
    for error, method, fields in calls:
        assert (await refusal(client.api_call(method, data=fields)))["error"] == error


async def test_more_of_what_is_known(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Groups of people, locales, archived channels left out, people that are gone, other bots."""
    ada, bob = twin.add_user("Ada"), twin.add_user("Bob", tz="Mars/Olympus")
    robot = twin.add_user("Robot", is_bot=True)
    group = (await client.conversations_open(users=f"{ada},{bob}"))["channel"]["id"]
    assert group == twin.dm(bob, ada)
    again = (await client.conversations_open(channel=group, return_im=True))["channel"]
    assert again["is_mpim"]
    channel = twin.add_channel()
    info = await client.conversations_info(channel=channel, include_locale=True)
    assert info["channel"]["locale"] == "en-US"
    twin.archive(channel)
    assert (await client.users_conversations(exclude_archived=True))["channels"] == []
    assert (await client.users_info(user=bob))["user"]["tz_offset"] == 0
    twin.user(bob).deleted = True
    assert "tz" not in (await client.users_info(user=bob))["user"]
    bot_id = twin.user(robot).bot_id
    assert (await client.bots_info(bot=bot_id))["bot"]["user_id"] == robot
    assert (await client.users_info(user=robot))["user"]["profile"]["bot_id"] == bot_id


async def test_bodies_that_are_no_arguments(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Broken JSON is as good as none; a query will do for what has no body."""
    assert (await client.api_call("auth.test", http_verb="GET"))["ok"]
    headers = {"Content-Type": "application/json", "Authorization": "Bearer xoxb-test"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for body in (b"{broken", b"[]"):
            async with session.post(twin.api_url + "chat.postMessage", data=body) as response:
                answer = await response.json()
                assert answer["error"] == "invalid_arguments"
