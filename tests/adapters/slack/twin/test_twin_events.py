"""What the local Slack tells a bot, and how it is signed."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.twin import SlackTwin
from tests.support.clock import TestClock
from tests.support.slack_listener import Listener


class StoppedSdkClock(SdkClock):
    """The SDK's clock at the time of the test's."""

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now()


async def test_events_are_signed(clock: TestClock, twin: SlackTwin, told: Listener) -> None:
    """Slack's own verifier accepts the signature, with the clock's time in it."""
    await twin.say(twin.add_user(), text="hello")
    await twin.idle()
    (received,) = told.received
    verifier = SignatureVerifier("secret", StoppedSdkClock(clock))
    assert verifier.is_valid_request(received.body, received.headers)
    assert not verifier.is_valid_request(received.body + b" ", received.headers)


async def test_an_event_comes_in_its_envelope(twin: SlackTwin, told: Listener) -> None:
    """The envelope tells for whom it is, the event who said what and where."""
    ada = twin.add_user()
    ts = await twin.say(ada, text="a & b")
    await twin.idle()
    body = told.received[0].json
    assert (body["type"], body["team_id"], body["api_app_id"]) == (
        "event_callback",
        twin.identity.team_id,
        twin.identity.app_id,
    )
    assert body["authorizations"][0]["user_id"] == twin.identity.bot_user_id
    event = body["event"]
    assert (event["user"], event["text"], event["ts"], event["event_ts"]) == (
        ada,
        "a &amp; b",
        ts,
        ts,
    )
    assert (event["channel"], event["channel_type"]) == (twin.dm(ada), "im")


@pytest.mark.parametrize("order", ["message", "mention"])
async def test_a_mention_is_told_twice(twin: SlackTwin, told: Listener, order: str) -> None:
    """Two events with the same ts and different ids, in either order."""
    twin.mention_order = order
    ada = twin.add_user()
    ts = await twin.say(ada, twin.add_channel(members=[ada]), f"<@{twin.identity.bot_user_id}> hi")
    await twin.idle()
    kinds = [event["type"] for event in told.events]
    assert kinds == (
        ["message", "app_mention"] if order == "message" else ["app_mention", "message"]
    )
    assert {event["ts"] for event in told.events} == {ts}
    assert len({received.json["event_id"] for received in told.received}) == 2


async def test_chance_orders_mentions_the_same_each_time(clock: TestClock, told: Listener) -> None:
    """The seed alone decides, and both orders occur."""

    async def run(seed: int) -> list[str]:
        told.received.clear()
        twin = SlackTwin(clock, signing_secret="secret", seed=seed)
        await twin.start()
        twin.events_url = told.url
        ada = twin.add_user()
        channel = twin.add_channel(members=[ada])
        for _ in range(6):
            await twin.say(ada, channel, f"<@{twin.identity.bot_user_id}>")
        await twin.idle()
        await twin.stop()
        return [event["type"] for event in told.events]

    first = await run(1)
    assert first == await run(1)
    assert first[::2].count("message") not in {0, 6}


async def test_a_direct_message_is_no_mention(twin: SlackTwin, told: Listener) -> None:
    """Slack sends no app_mention there."""
    await twin.say(twin.add_user(), text=f"<@{twin.identity.bot_user_id}> hi")
    await twin.idle()
    assert [event["type"] for event in told.events] == ["message"]


async def test_the_bot_hears_itself(
    twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """Its own posts come back, marked with its bot id."""
    await client.chat_postMessage(channel=twin.add_channel(), text="hello")
    await twin.idle()
    (event,) = told.events
    assert (event["bot_id"], event["user"]) == (twin.identity.bot_id, twin.identity.bot_user_id)


async def test_other_bots_are_marked_too(twin: SlackTwin, told: Listener) -> None:
    """They carry their own bot id."""
    other = twin.add_user("Jira", is_bot=True)
    await twin.say(other, twin.add_channel(members=[other]), "ticket closed")
    await twin.idle()
    assert told.events[0]["bot_id"] == twin.user(other).bot_id != twin.identity.bot_id


async def test_the_bot_hears_nothing_where_it_is_not(twin: SlackTwin, told: Listener) -> None:
    """Not even mentions."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada], bot=False)
    await twin.say(ada, channel, f"<@{twin.identity.bot_user_id}> hi")
    await twin.idle()
    assert told.events == []
    twin.join(twin.identity.bot_user_id, channel, inviter=ada)
    await twin.idle()
    assert [event.get("subtype") or event["type"] for event in told.events] == [
        "channel_join",
        "member_joined_channel",
    ]


async def test_people_of_other_companies(twin: SlackTwin, told: Listener) -> None:
    """The envelope names their team; who the bot is stands in the authorizations."""
    stranger = twin.add_user("Sam", is_stranger=True)
    channel = twin.add_channel(members=[stranger])
    await twin.say(stranger, channel, "hello")
    await twin.idle()
    body = told.received[0].json
    team = twin.user(stranger).team_id
    assert body["is_ext_shared_channel"]
    assert body["team_id"] == body["event"]["user_team"] == team != twin.identity.team_id
    assert body["authorizations"][0]["team_id"] == twin.identity.team_id


async def test_an_edit_tells_both_versions(twin: SlackTwin, told: Listener) -> None:
    """And a mention that is in the new words fires again, with the old ts."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    ts = await twin.say(ada, channel, "helo")
    await twin.edit(ada, channel, ts, f"<@{twin.identity.bot_user_id}> hello")
    await twin.idle()
    (event,) = told.of("message_changed")
    assert (event["previous_message"]["text"], event["message"]["ts"]) == ("helo", ts)
    assert event["message"]["edited"]["user"] == ada
    assert event["ts"] != ts
    (mention,) = told.of("app_mention")
    assert (mention["ts"], mention["edited"]["user"]) == (ts, ada)
    assert mention["event_ts"] != ts


async def test_a_preview_changes_no_words(twin: SlackTwin, told: Listener) -> None:
    """An unfurl is a change without an editor."""
    ada = twin.add_user()
    dm = twin.dm(ada)
    ts = await twin.say(ada, dm, "see https://x.test/page")
    await twin.unfurl(dm, ts, "https://x.test/page")
    await twin.idle()
    (event,) = told.of("message_changed")
    assert event["message"]["text"] == event["previous_message"]["text"]
    assert "edited" not in event["message"]
    assert event["message"]["attachments"]


async def test_metadata_alone_is_no_edit(
    twin: SlackTwin, told: Listener, client: AsyncWebClient
) -> None:
    """The bot is told, but nobody sees that it was changed."""
    channel = twin.add_channel()
    ts = (await client.chat_postMessage(channel=channel, text="x"))["ts"]
    await client.api_call(
        "chat.update",
        json={"channel": channel, "ts": ts, "metadata": {"event_type": "t", "event_payload": {}}},
    )
    await twin.idle()
    (event,) = told.of("message_changed")
    assert "edited" not in event["message"]


async def test_deleting_with_and_without_replies(twin: SlackTwin, told: Listener) -> None:
    """A lone message is deleted; one with replies becomes a tombstone."""
    ada = twin.add_user()
    dm = twin.dm(ada)
    alone, root = await twin.say(ada, dm, "alone"), await twin.say(ada, dm, "root")
    await twin.say(ada, dm, "reply", root)
    await twin.delete(ada, dm, alone)
    await twin.delete(ada, dm, root)
    await twin.idle()
    (deleted,) = told.of("message_deleted")
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (alone, "alone")
    (changed,) = told.of("message_changed")
    assert (changed["message"]["subtype"], changed["message"]["ts"]) == ("tombstone", root)
    with pytest.raises(ValueError, match="has no message"):
        await twin.delete(ada, dm, alone)


async def test_files_and_broadcasts(twin: SlackTwin, told: Listener) -> None:
    """They are messages with a subtype."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "root")
    await twin.say(ada, channel, "for all", root, broadcast=True)
    await twin.upload(ada, channel, "log.txt", "please look")
    await twin.idle()
    (broadcast,) = told.of("thread_broadcast")
    assert (broadcast["root"]["ts"], broadcast["thread_ts"]) == (root, root)
    (shared,) = told.of("file_share")
    assert (shared["files"][0]["name"], shared["text"]) == ("log.txt", "please look")


async def test_a_reply_may_announce_its_root(twin: SlackTwin, told: Listener) -> None:
    """Slack's message_replied comes without its subtype and without words of its own."""
    twin.announce_replies = True
    ada = twin.add_user()
    dm = twin.dm(ada)
    root = await twin.say(ada, dm, "root")
    reply = await twin.say(ada, dm, "reply", root)
    await twin.idle()
    last = told.events[-1]
    assert {"subtype", "text", "user"}.isdisjoint(last)
    assert last["message"]["replies"] == [{"user": ada, "ts": reply}]


async def test_what_else_slack_tells(twin: SlackTwin, told: Listener) -> None:
    """Opening the app, Stop, a reaction, an archived channel, leaving, the end of the app."""
    ada = twin.add_user()
    dm, channel = twin.dm(ada), twin.add_channel(members=[ada])
    ts = await twin.say(ada, dm, "hello")
    await twin.open_home(ada)
    await twin.stop_session(ada, dm, ts)
    twin.react(ada, dm, ts, "eyes")
    twin.archive(channel, ada)
    twin.leave(ada, channel)
    await twin.uninstall()
    await twin.idle()
    assert sorted(event["type"] for event in told.events) == [
        "agent_session_stopped",
        "app_home_opened",
        "app_uninstalled",
        "channel_archive",
        "member_left_channel",
        "message",
        "reaction_added",
        "tokens_revoked",
    ]
    assert told.of("app_home_opened")[0]["tab"] == "messages"
    assert told.of("agent_session_stopped")[0]["thread_ts"] == ts


async def test_odd_payloads_are_delivered_as_they_are(twin: SlackTwin, told: Listener) -> None:
    """Inner events get an envelope; envelopes and bytes go as they are, all signed."""
    await twin.deliver({"type": "message", "subtype": "channel_topic", "channel": "C0X"})
    await twin.deliver({"type": "app_rate_limited", "minute_rate_limited": 1})
    await twin.deliver(b"{not json")
    await twin.idle()
    bodies = {received.body for received in told.received}
    assert b"{not json" in bodies
    assert len(bodies) == 3
    assert all("X-Slack-Signature" in received.headers for received in told.received)


async def test_the_address_is_verified(twin: SlackTwin, told: Listener) -> None:
    """The bot has to send the challenge back."""
    told.answers.append(web.json_response({"challenge": "abc"}))
    answer = await twin.verify_url("abc")
    assert answer.json == {"challenge": "abc"}
    assert told.received[0].json["type"] == "url_verification"


async def test_people_cannot_do_the_impossible(twin: SlackTwin) -> None:
    """Mistakes of a test are told at once."""
    ada = twin.add_user()
    channel = twin.add_channel()
    with pytest.raises(ValueError, match="not a member"):
        await twin.say(ada, channel, "hello")
    with pytest.raises(ValueError, match="no message"):
        await twin.say(ada, text="hello", thread_ts="1.000000")
    with pytest.raises(KeyError):
        await twin.say("U0NOBODY", channel, "hello")


async def test_the_record_can_be_written_down(twin: SlackTwin, told: Listener) -> None:
    """Bodies are plain JSON, down to the last field."""
    ada = twin.add_user()
    await twin.upload(ada, twin.dm(ada), "a.png")
    await twin.idle()
    assert json.loads(told.received[0].body)["event"]["files"][0]["mimetype"] == "image/png"
