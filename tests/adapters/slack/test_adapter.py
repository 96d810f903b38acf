"""The adapter's calls: finding what was sent, knowing who asks, and starting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.slack import open_adapter
from adapters.slack.adapter import SlackAdapter
from adapters.slack.receiving import parse
from adapters.slack.twin import Fault, SlackTwin
from agent.errors import ConfigError, DeliveryRetry, DeliveryUnknown, PlaceFatal, RowFatal
from agent.messages import Author, ConversationId, IncomingMessage, Kind, OutgoingMessage
from agent.platforms import WebRequest
from agent.records import Delivery
from agent.surroundings import Surroundings
from tests.support.clock import START, TestClock
from tests.support.doors import ShutDoor

PLACE = ConversationId("slack", "T0FRONTDESK", "C1")

QUIET = Author("U0NOBODY", "Somebody")


def surroundings(clock: TestClock, **environ: str) -> Surroundings:
    """An environment and nothing else."""
    return Surroundings(environ, clock)


@pytest.fixture
def room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind the adapter remembers a single thing."""
    monkeypatch.setattr("adapters.slack.profiles.PROFILES", 1)
    monkeypatch.setattr("adapters.slack.adapter.DIRECTS", 1)


@pytest.fixture
async def adapter(twin: SlackTwin, clock: TestClock) -> AsyncIterator[SlackAdapter]:
    """The adapter, started."""
    one = SlackAdapter(
        token="xoxb-test", signing_secret="secret", api_url=twin.api_url, clock=clock
    )
    await one.start(ShutDoor())
    yield one
    await one.stop()


def delivery(channel: str, thread: str = "", *, under: str = "", n: int = 1) -> Delivery:
    """A message of ours on its way."""
    place = ConversationId("slack", "T0FRONTDESK", channel, thread)
    message = OutgoingMessage(f"t1.{n}", place, f"Words {n}.")
    return Delivery(1, str(place), message, sending_since=START, under_ref=under)


# Finding


@pytest.mark.parametrize("threaded", [True, False])
async def test_what_was_sent_is_found(
    twin: SlackTwin, adapter: SlackAdapter, threaded: bool
) -> None:
    """A post is found by our own mark, in a thread and at the top level."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "hello")
    sent = delivery(channel, root if threaded else "")
    assert await adapter.find(sent) is None
    ref = await adapter.send(sent)
    assert await adapter.find(sent) == ref
    assert await adapter.find(delivery(channel, root if threaded else "", n=2)) is None


async def test_it_is_found_on_a_later_page(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """Hundreds of later posts do not hide it."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    sent = delivery(channel)
    ref = await adapter.send(sent)
    for number in range(450):
        await twin.say(ada, channel, f"chatter {number}")
    assert await adapter.find(sent) == ref
    assert len(twin.calls("conversations.history")) == 3


async def test_the_search_ends(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """Nobody reads the whole history of a channel for one message."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    sent = delivery(channel)
    await adapter.send(sent)
    for number in range(1001):
        await twin.say(ada, channel, f"chatter {number}")
    assert await adapter.find(sent) is None
    assert len(twin.calls("conversations.history")) == 5


async def test_another_databases_post_is_not_taken_for_ours(
    twin: SlackTwin, adapter: SlackAdapter
) -> None:
    """Ids begin anew with a new database; the same id in another conversation is another post."""
    channel = twin.add_channel()
    await adapter.send(delivery(channel))
    other = replace(delivery(channel), lane="slack:T0FRONTDESK:C9:1.1")
    assert await adapter.find(other) is None


async def test_a_delivery_that_was_never_begun(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """Without a time of sending the whole history is looked through."""
    channel = twin.add_channel()
    ref = await adapter.send(delivery(channel))
    assert await adapter.find(replace(delivery(channel), sending_since=0.0)) == ref


# Sending


async def test_an_edit_is_not_looked_for(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """An edit can simply be repeated, so nobody asks whether it arrived."""
    channel = twin.add_channel()
    sent = delivery(channel)
    edit = replace(sent, message=replace(sent.message, replaces="t0.1"), replaces_ref="1.1")
    assert await adapter.find(edit) is None
    assert twin.calls("conversations.history") == []


async def test_an_edit_of_what_never_arrived(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """There is nothing to edit, now or later."""
    sent = delivery(twin.add_channel())
    with pytest.raises(RowFatal):
        await adapter.send(replace(sent, message=replace(sent.message, replaces="t0.1")))


async def test_a_doubtful_edit_is_repeated(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """After an ambiguous answer an edit is retried instead of being asked for."""
    channel = twin.add_channel()
    ref = await adapter.send(delivery(channel))
    sent = delivery(channel, n=2)
    edit = replace(sent, message=replace(sent.message, replaces="t1.1"), replaces_ref=ref)
    twin.fault("chat.update", Fault.unavailable())
    with pytest.raises(DeliveryRetry):
        await adapter.send(edit)
    assert await adapter.send(edit) == ref


# Knowing


async def test_a_profile_that_slack_does_not_tell(adapter: SlackAdapter) -> None:
    """Whom Slack does not know is known by what the event said."""
    profile = await adapter.profile(QUIET, PLACE)
    assert (profile.id, profile.name) == (QUIET.id, "Somebody")


async def test_a_stranger_stays_one(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """What one event says of a person is not lost because the profile is remembered."""
    ada = twin.add_user("Ada")
    assert not (await adapter.profile(Author(ada), PLACE)).external
    assert (await adapter.profile(Author(ada, external=True), PLACE)).external
    assert len(twin.calls("users.info")) == 1


@pytest.mark.usefixtures("room_for_one")
async def test_profiles_are_not_kept_without_end(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """The oldest profile makes room for a new one."""
    for person in [twin.add_user("Ada"), twin.add_user("Grace")] * 2:
        await adapter.profile(Author(person), PLACE)
    assert len(twin.calls("users.info")) == 4


async def test_earlier_messages(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """People by name, the bot and other apps as bots, the message itself left out."""
    ada, robot = twin.add_user("Ada"), twin.add_user("Robot", is_bot=True)
    channel = twin.add_channel(members=[ada, robot])
    root = await twin.say(ada, channel, "The <https://x.example|printer> is on fire")
    await twin.say(robot, channel, "Beep", root)
    last = await twin.say(ada, channel, "help", root)
    place = ConversationId("slack", "T0FRONTDESK", channel, root)
    message = IncomingMessage(place, last, Kind.MESSAGE, Author(ada))
    first, second = await adapter.earlier(message, 30)
    assert (first.author_name, first.from_bot) == ("Ada", False)
    assert first.text == "The [printer](https://x.example) is on fire"
    assert second.from_bot


async def test_earlier_messages_that_cannot_be_read(adapter: SlackAdapter) -> None:
    """Then there are none."""
    place = ConversationId("slack", "T0FRONTDESK", "C0NOWHERE", "1.1")
    message = IncomingMessage(place, "1.2", Kind.MESSAGE, QUIET)
    assert await adapter.earlier(message, 30) == ()
    assert await adapter.permalink(message) == ""


async def test_a_direct_channel(twin: SlackTwin, adapter: SlackAdapter) -> None:
    """A new thread is begun in the direct conversation, or it is said why not."""
    ada = twin.add_user()
    place = await adapter.open_direct(ada, "Hello <@U1>")
    (root,) = twin.messages(twin.dm(ada))
    assert (place.channel, place.thread) == (twin.dm(ada), root.ts)
    assert root.text == "Hello &lt;@U1&gt;"
    for method in ("conversations.open", "chat.postMessage"):
        twin.fault(method, Fault.unavailable())
        with pytest.raises(DeliveryUnknown):
            await adapter.open_direct(twin.add_user("Grace"), "Hello")


@pytest.mark.usefixtures("room_for_one")
async def test_direct_conversations_are_asked_for_once(
    twin: SlackTwin, adapter: SlackAdapter
) -> None:
    """Nobody asks twice for the same person, and the oldest makes room for a new one."""
    ada, grace = twin.add_user("Ada"), twin.add_user("Grace")
    for person in (ada, ada, grace, ada):
        place = await adapter.direct(person)
        assert place == ConversationId("slack", "T0FRONTDESK", twin.dm(person), "")
    assert len(twin.calls("conversations.open")) == 3


async def test_with_whom_there_is_no_direct_conversation(
    twin: SlackTwin, adapter: SlackAdapter
) -> None:
    """A person who left, another app, an answer without a channel: each says what may follow."""
    for person in (twin.add_user("Gone", deleted=True), twin.add_user("Robot", is_bot=True)):
        with pytest.raises(PlaceFatal):
            await adapter.direct(person)
    twin.fault("conversations.open", Fault.answer(200, {"ok": True}))
    with pytest.raises(DeliveryUnknown):
        await adapter.direct(twin.add_user("Ada"))


async def test_a_status_that_cannot_be_shown(adapter: SlackAdapter) -> None:
    """A sign of life is best effort."""
    await adapter.thinking(ConversationId("slack", "T0FRONTDESK", "C0NOWHERE", "1.1"), True)


# Starting


async def test_nothing_is_received_before_the_start(twin: SlackTwin, clock: TestClock) -> None:
    """A request that comes too early is asked to come again."""
    one = SlackAdapter(token="xoxb-test", signing_secret="s", api_url=twin.api_url, clock=clock)
    answer = await one.routes["/slack/events"](WebRequest(b"{}", {}))
    assert answer.status == 503
    await one.stop()


async def test_a_token_that_slack_refuses(twin: SlackTwin, clock: TestClock) -> None:
    """The start fails with Slack's own word for it, and without the token."""
    one = SlackAdapter(token="xoxb-wrong", signing_secret="s", api_url=twin.api_url, clock=clock)
    with pytest.raises(ConfigError, match=r"Slack refuses SLACK_BOT_TOKEN: invalid_auth$"):
        await one.start(ShutDoor())
    await one.stop()


async def test_slack_cannot_be_reached(clock: TestClock) -> None:
    """The start waits for Slack as long as it takes, and can be given up."""
    one = SlackAdapter(
        token="xoxb-test", signing_secret="s", api_url="http://127.0.0.1:9/api/", clock=clock
    )
    starting = asyncio.create_task(one.start(ShutDoor()))
    await clock.advance(120)
    assert not starting.done()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await one.stop()


def test_slack_is_not_configured(clock: TestClock) -> None:
    """Without a token there is no Slack, with half of it there is a complaint."""
    assert open_adapter(surroundings(clock)) is None
    with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET is missing"):
        open_adapter(surroundings(clock, SLACK_BOT_TOKEN="xoxb-test"))
    opened = open_adapter(
        surroundings(clock, SLACK_BOT_TOKEN="xoxb-test", SLACK_SIGNING_SECRET="s")
    )
    assert opened is not None
    assert opened.platform == "slack"
    with pytest.raises(ConfigError, match="or set SLACK_APP_TOKEN for Socket Mode"):
        open_adapter(surroundings(clock, SLACK_BOT_TOKEN="xoxb-test", SLACK_SIGNING_SECRET=" "))
    assert open_adapter(
        surroundings(clock, SLACK_BOT_TOKEN="xoxb-test", SLACK_APP_TOKEN="xapp-test")
    )


@pytest.mark.parametrize(
    ("body", "content_type", "found"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b"a=1&b=", "application/x-www-form-urlencoded; charset=utf-8", {"a": "1", "b": ""}),
        (b"payload=%7B%22a%22%3A1%7D", "application/x-www-form-urlencoded", {"a": 1}),
        (b"a=1", "application/json", None),
        (b"payload=x", "application/x-www-form-urlencoded", None),
        (b"\xff", "application/json", None),
        (b"[" * 100_000, "application/json", None),
    ],
    ids=["json", "form", "payload", "no json", "no payload", "no text", "too deep"],
)
def test_parsing(body: bytes, content_type: str, found: object) -> None:
    """Events are JSON, commands a form, presses JSON within a form; all else is nothing."""
    assert parse(WebRequest(body, {"content-type": content_type})) == found
