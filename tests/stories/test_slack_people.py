"""Whom Slack lets talk to Frontdesk, and how Slack itself talks to it: other apps, another
workspace's events, scopes, OAuth, the check of the address.
"""

from __future__ import annotations

import pytest

from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.company import Company, slack

QUESTION = "How many days of annual leave do I get?"
pytestmark = slack_only


@pytest.mark.parametrize("rank", ["is_restricted", "is_ultra_restricted"])
async def test_both_kinds_of_guests(opened: OpenCompany, rank: str) -> None:
    """Slack has guests of several channels and of one; both may be refused."""
    one = await opened(frontdesk_guests="refuse")
    guest = slack(one).add_user("Guest", **{rank: True})
    asked = await one.dm(guest, QUESTION)
    assert "only answer employees" in one.texts(asked)[0]


async def test_other_bots_are_not_answered(handbook: Company) -> None:
    """Another app mentions Frontdesk; two bots must not talk to each other for ever."""
    robot = slack(handbook).add_user("Robot", is_bot=True)
    slack(handbook).join(robot, handbook.general)
    before = await handbook.counts()
    await handbook.say(robot, handbook.general, handbook.mention(QUESTION))
    assert handbook.written(handbook.general) == []
    assert await handbook.counts() == before


async def test_events_of_another_workspace_are_refused(handbook: Company) -> None:
    """An event of a workspace that this deployment does not serve is acknowledged and dropped."""
    before = await handbook.counts()
    channel = handbook.chat.direct(handbook.ada)
    event = {
        "type": "message",
        "channel": channel,
        "channel_type": "im",
        "user": handbook.ada,
        "text": QUESTION,
        "ts": "1790000000.000900",
    }
    body = {
        "type": "event_callback",
        "team_id": "T0ELSEWHERE",
        "event_id": "Ev1",
        "event": event,
        "authorizations": [{"team_id": "T0ELSEWHERE", "user_id": "U9", "is_bot": True}],
    }
    await slack(handbook).deliver(body)
    await handbook.rest()
    assert slack(handbook).deliveries[-1].status == 200
    assert await handbook.counts() == before
    assert handbook.written(channel) == []


async def test_an_answer_needs_no_profile(handbook: Company) -> None:
    """The app may not read profiles; people are answered all the same."""
    slack(handbook).scopes.discard("users:read")
    asked = await handbook.dm(handbook.ada, QUESTION)
    assert "27 days" in handbook.texts(asked)[0]


async def test_oauth_settings_of_the_environment_change_nothing(
    opened: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SLACK_CLIENT_ID and _SECRET of another tool do not turn bolt's OAuth on behind our back."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "not-a-secret")
    one = await opened()
    await one.teach(LEAVE)
    asked = await one.dm(one.ada, QUESTION)
    assert "27 days" in one.texts(asked)[0]
    assert "Frontdesk" in await one.command(one.ada, one.general, "help")
    (answer,) = one.answers(asked)
    assert await one.press(one.ada, answer, "Ask a person")
    assert len(one.cards()) == 1


async def test_slack_checks_the_address(handbook: Company) -> None:
    """When the request URL is configured, Slack's challenge is answered."""
    answer = await slack(handbook).verify_url("the-challenge")
    assert answer.status == 200
    assert answer.json == {"challenge": "the-challenge"}
