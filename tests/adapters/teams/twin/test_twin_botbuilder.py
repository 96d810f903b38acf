"""The local Teams and Microsoft's own SDK: they understand each other.

The SDK's checks take the machine's time and block, so here the twin has the real clock and the SDK
threads of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from botbuilder.schema import (  # type: ignore[import-untyped]
    Activity,
    ConversationParameters,
)
from botframework.connector import ConnectorClient  # type: ignore[import-untyped]
from botframework.connector.auth import (  # type: ignore[import-untyped]
    AuthenticationConfiguration,
    ChannelValidation,
    ClaimsIdentity,
    JwtTokenValidation,
    MicrosoftAppCredentials,
    SimpleCredentialProvider,
)

from adapters.teams.twin import TeamsTwin
from bot.clock import SystemClock
from tests.support.clock import TestClock
from tests.support.teams_listener import Listener


@pytest.fixture
async def real(bot: Listener) -> AsyncIterator[TeamsTwin]:
    """A local Teams in real time."""
    twin = TeamsTwin(SystemClock())
    await twin.start()
    twin.events_url = bot.url
    yield twin
    await twin.stop()


async def test_its_tokens_are_good(
    real: TeamsTwin, bot: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK fetches the keys and takes the token; for another app it does not."""
    openid = real.environ()["TEAMS_OPENID_URL"]
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", openid)
    await real.say(real.add_user(), text="hello")
    await real.idle()
    received = bot.received[0]
    header = received.headers["Authorization"]

    def check(app_id: str) -> ClaimsIdentity:
        config = AuthenticationConfiguration()
        validation = JwtTokenValidation.validate_auth_header(
            header,
            SimpleCredentialProvider(app_id, ""),
            "",
            "msteams",
            received.json["serviceUrl"],
            config,
        )
        return asyncio.run(validation)

    identity = await asyncio.to_thread(check, real.identity.app_id)
    assert identity.is_authenticated
    with pytest.raises(PermissionError):
        await asyncio.to_thread(check, "another")


async def test_its_activities_can_be_read(twin: TeamsTwin, told: Listener) -> None:
    """The SDK's model finds everything in its place."""
    ada = twin.add_user("Ada Byron")
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "hello", mention=True)
    await twin.edit(ada, channel, root, "hello all")
    await twin.idle()
    await twin.install(ada, channel)
    await twin.idle()
    message, edit, added, joined = (Activity().deserialize(one) for one in told.activities)
    assert message.get_conversation_reference().conversation.id == f"{channel};messageid={root}"
    assert (message.from_property.aad_object_id, message.recipient.id) == (
        ada,
        twin.identity.bot_id,
    )
    assert message.timestamp.timestamp() == twin.clock.now()
    assert (edit.type, edit.id, edit.channel_data["eventType"]) == (
        "messageUpdate",
        root,
        "editMessage",
    )
    assert (added.type, added.action) == ("installationUpdate", "add")
    assert joined.members_added[0].id == twin.identity.bot_id


async def test_its_client_is_understood(clock: TestClock) -> None:
    """The SDK's own connector posts, edits, begins a thread and asks for members."""
    twin = TeamsTwin(clock, unauthenticated=True)
    await twin.start()
    ada = twin.add_user("Ada Byron")
    channel = twin.add_channel(members=[ada])
    client = ConnectorClient(MicrosoftAppCredentials("", ""), base_url=twin.service_url)

    def act() -> tuple[str, str, list[str]]:
        calls = client.conversations
        hello = Activity(type="message", text="hello")
        posted = calls.send_to_conversation(twin.dm(ada), hello)
        calls.update_activity(twin.dm(ada), posted.id, Activity(type="message", text="hello!"))
        begun = calls.create_conversation(
            ConversationParameters(
                is_group=True, activity=hello, channel_data={"channel": {"id": channel}}
            )
        )
        calls.reply_to_activity(begun.id, begun.activity_id, hello)
        people = calls.get_conversation_members(channel)
        return posted.id, begun.activity_id, [person.name for person in people]

    posted, begun, people = await asyncio.to_thread(act)
    assert [(one.id, one.text, one.edited) for one in twin.messages(twin.dm(ada))] == [
        (posted, "hello!", True)
    ]
    assert [one.text for one in twin.messages(channel, begun)] == ["hello", "hello"]
    assert people == ["Ada Byron"]
    await twin.stop()
