"""`frontdesk check` on Slack: what is wrong, and how to mend it."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import checking
from adapters.slack.checking import SCOPES
from adapters.slack.twin import Fault, SlackTwin
from agent.platforms import Finding


async def check(
    client: AsyncWebClient, human_channel: str = "", app_token: str = ""
) -> list[Finding]:
    """What is said of the installation and, if there is one, of the human channel."""
    about = [await checking.check_channel(client, human_channel)] if human_channel else []
    return [*await checking.check(client, app_token), *about]


async def test_all_is_well(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Token, scopes and the human channel are fine, and say what they are."""
    channel = twin.add_channel("desk", [twin.add_user()], private=True)
    token, scopes, desk = await check(client, channel)
    assert token.ok
    assert "T0FRONTDESK" in token.detail
    assert scopes.ok
    assert scopes.detail == f"all {len(SCOPES)} scopes"
    assert desk.ok
    assert desk.detail == "#desk"


async def test_no_human_channel(client: AsyncWebClient) -> None:
    """Without a human channel there is nothing to say about it here."""
    assert len(await check(client, "")) == 2


async def test_a_wrong_token(twin: SlackTwin) -> None:
    """A token that Slack refuses makes every other question pointless."""
    client = AsyncWebClient("xoxb-wrong", base_url=twin.api_url, retry_handlers=[])
    (token,) = await check(client)
    assert not token.ok
    assert token.detail.startswith("invalid_auth: reinstall the app")
    desk = await checking.check_channel(client, "C1")
    assert not desk.ok
    assert desk.detail == "invalid_auth: nothing can be told of it before the token is right"


async def test_missing_scopes(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Scopes that were not granted are named."""
    twin.scopes -= {"im:write", "users:read"}
    _, scopes = await check(client, "")
    assert not scopes.ok
    assert scopes.detail.startswith("missing im:write, users:read: update the app")


async def test_scopes_that_slack_does_not_tell(twin: SlackTwin, client: AsyncWebClient) -> None:
    """A proxy that drops the header is no reason to alarm anybody."""
    me = {"ok": True, "user": "frontdesk", "team": "Example", "team_id": "T1"}
    twin.fault("auth.test", Fault.answer(200, me))
    _, scopes = await check(client, "")
    assert scopes.ok
    assert "did not say" in scopes.detail


async def test_an_app_token(client: AsyncWebClient) -> None:
    """With one, it is looked whether Slack would open a websocket."""
    _, _, app = await check(client, "", "xapp-test")
    assert app.ok
    assert "Socket Mode" in app.detail


@pytest.mark.parametrize(
    ("token", "code"), [("xapp-wrong", "invalid_auth"), ("xoxb-test", "not_allowed_token_type")]
)
async def test_a_wrong_app_token(client: AsyncWebClient, token: str, code: str) -> None:
    """Slack's word for it, where to make a right one, and what else must be switched on."""
    _, _, app = await check(client, "", token)
    assert not app.ok
    assert app.detail.startswith(f"{code}: make an app-level token (xapp-…)")
    assert "connections:write" in app.detail
    assert "switch Socket Mode on" in app.detail


async def test_an_app_token_during_an_outage(twin: SlackTwin, client: AsyncWebClient) -> None:
    """Nobody can tell yet."""
    twin.fault("apps.connections.open", Fault.unavailable())
    _, _, app = await check(client, "", "xapp-test")
    assert not app.ok
    assert app.detail.endswith("try again in a minute")


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        ("unknown", "is the id right"),
        ("archived", "it is archived: unarchive it, or choose another"),
        ("not a member", "/invite @Frontdesk"),
        ("not to be seen", "/invite @Frontdesk"),
        ("empty", "nobody but the bot is in it: invite"),
        ("a direct conversation", "it is no channel"),
    ],
)
async def test_a_human_channel_that_will_not_do(
    twin: SlackTwin, client: AsyncWebClient, trouble: str, advice: str
) -> None:
    """Each thing that can be wrong with the channel says how to mend it."""
    ada = twin.add_user()
    private = trouble == "not to be seen"
    bot = trouble not in ("not a member", "not to be seen")
    people = [] if trouble == "empty" else [ada]
    channel = twin.add_channel("desk", people, bot=bot, private=private)
    if trouble == "archived":
        twin.archive(channel)
    if trouble == "a direct conversation":
        channel = twin.dm(ada)
    desk = (await check(client, "C0" if trouble == "unknown" else channel))[-1]
    assert not desk.ok
    assert advice in desk.detail


async def test_a_desk_that_others_can_read(twin: SlackTwin, client: AsyncWebClient) -> None:
    """It may be meant, but somebody should know."""
    channel = twin.add_channel("desk", [twin.add_user()], shared=True)
    desk = (await check(client, channel))[-1]
    assert desk.ok
    assert "another company" in desk.detail


@pytest.mark.parametrize("members", [None, "U1", []])
async def test_members_of_another_shape(
    twin: SlackTwin, client: AsyncWebClient, members: object
) -> None:
    """Nobody is there whom Slack does not name."""
    channel = twin.add_channel("desk", [twin.add_user()])
    answer = {"ok": True, "members": members}
    twin.fault("conversations.members", Fault.answer(200, answer))
    assert not (await check(client, channel))[-1].ok
