"""Who may talk to Frontdesk, what it knows of them, and what they may send."""

from __future__ import annotations

import pytest

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"


async def test_other_bots_are_not_answered(handbook: Company) -> None:
    """Another app mentions Frontdesk; two bots must not talk to each other for ever."""
    robot = handbook.twin.add_user("Robot", is_bot=True)
    handbook.twin.join(robot, handbook.general)
    before = await handbook.counts()
    await handbook.say(robot, handbook.general, handbook.mention(QUESTION))
    assert [one for one in handbook.twin.messages(handbook.general) if one.bot] == []
    assert await handbook.counts() == before


async def test_it_does_not_answer_itself(handbook: Company) -> None:
    """Slack tells the bot of its own posts; they end there."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.rest()
    assert len(handbook.answers(channel, ts)) == 1
    assert await handbook.outcomes(channel, ts) == ["unsure"]


async def test_joining_a_channel_is_not_a_message(handbook: Company) -> None:
    """Somebody joins, somebody leaves, the channel is archived: nothing of it is for the bot."""
    before = await handbook.counts()
    new = handbook.twin.add_user("Barbara")
    handbook.twin.join(new, handbook.general, handbook.ada)
    handbook.twin.leave(new, handbook.general)
    handbook.twin.archive(handbook.general, handbook.ada)
    await handbook.rest()
    assert await handbook.counts() == before
    assert {one.status for one in handbook.twin.deliveries} == {200}


@pytest.mark.parametrize("rank", ["is_restricted", "is_ultra_restricted"])
@pytest.mark.parametrize("setting", ["allow", "refuse"])
async def test_guests(opened: OpenCompany, rank: str, setting: str) -> None:
    """A guest is answered, or told that the bot may not, as FRONTDESK_GUESTS says."""
    one = await opened(frontdesk_guests=setting)
    await one.teach(LEAVE)
    guest = one.twin.add_user("Guest", **{rank: True})
    channel, ts = await one.dm(guest, QUESTION)
    (text,) = one.texts(channel, ts)
    assert ("27 days" in text) is (setting == "allow")
    assert ("only answer employees" in text) is (setting == "refuse")
    outcome = await one.outcomes(channel, ts)
    assert outcome == (["unsure"] if setting == "allow" else ["NotAllowed"])


@pytest.mark.parametrize("setting", ["allow", "refuse"])
async def test_people_of_other_companies(opened: OpenCompany, setting: str) -> None:
    """In a shared channel a stranger is told no by default, and answered when set so."""
    one = await opened(frontdesk_external=setting)
    await one.teach(LEAVE)
    stranger = one.twin.add_user("Stranger", is_stranger=True)
    shared = one.twin.add_channel("shared", [one.ada, stranger])
    theirs = await one.say(stranger, shared, one.mention(QUESTION))
    ours = await one.say(one.ada, shared, one.mention(QUESTION))
    assert ("27 days" in one.texts(shared, theirs)[0]) is (setting == "allow")
    assert "27 days" in one.texts(shared, ours)[0]


async def test_events_of_another_workspace_are_refused(handbook: Company) -> None:
    """An event of a workspace that this deployment does not serve is acknowledged and dropped."""
    before = await handbook.counts()
    channel = handbook.twin.dm(handbook.ada)
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
    await handbook.twin.deliver(body)
    await handbook.rest()
    assert handbook.twin.deliveries[-1].status == 200
    assert await handbook.counts() == before
    assert [one for one in handbook.twin.messages(channel) if one.bot] == []


async def test_the_model_is_told_who_asks(opened: OpenCompany, clock: TestClock) -> None:
    """Name, locale and time zone of the profile reach the prompt, as data."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    person = one.twin.user(one.ada)
    person.locale, person.tz = "de-DE", "Europe/Berlin"
    await one.dm(one.ada, "Hallo?")
    shown = [message.text for message in model.asked[0].messages]
    assert '{"from":"Ada Byron","text":"Hallo?"}' in shown
    assert '"employee":{"locale":"de-DE","time_zone":"Europe/Berlin"}' in shown[-1]


async def test_a_profile_is_asked_for_once_a_day(handbook: Company) -> None:
    """The second message of the same day costs no second call."""
    await handbook.dm(handbook.ada, QUESTION)
    await handbook.dm(handbook.ada, QUESTION)
    assert len(handbook.twin.calls("users.info")) == 1
    handbook.clock.jump(25 * 3600.0)
    await handbook.dm(handbook.ada, QUESTION)
    assert len(handbook.twin.calls("users.info")) == 2


async def test_an_answer_needs_no_profile(handbook: Company) -> None:
    """The app may not read profiles; people are answered all the same."""
    handbook.twin.scopes.discard("users:read")
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    assert "27 days" in handbook.texts(channel, ts)[0]


async def test_a_file_beside_words_is_named(handbook: Company) -> None:
    """Ada adds a file to her question; she is answered and told that the file was not read."""
    channel = handbook.twin.dm(handbook.ada)
    ts = await handbook.twin.upload(handbook.ada, channel, "plan_<b>.pdf", QUESTION)
    await handbook.rest()
    (text,) = handbook.texts(channel, ts)
    assert "27 days" in text
    assert "can't read attached files yet: plan_" in text


async def test_a_file_alone_is_not_a_question(handbook: Company) -> None:
    """Ada sends nothing but a file and is asked to say in words what she needs."""
    channel = handbook.twin.dm(handbook.ada)
    ts = await handbook.twin.upload(handbook.ada, channel, "contract.pdf")
    await handbook.rest()
    (text,) = handbook.texts(channel, ts)
    assert "can't read files yet (contract.pdf)" in text
    assert await handbook.outcomes(channel, ts) == ["OnlyFiles"]


@pytest.mark.parametrize(
    "text", ["", "   ", ":wave:", "🎉🎉", "\u200b\u200b", "!?", "\u2060 \u200d"]
)
async def test_a_message_without_words_is_greeted(handbook: Company, text: str) -> None:
    """A mention with nothing to read behind it gets a friendly hint how to ask."""
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(text))
    (answer,) = handbook.texts(handbook.general, ts)
    assert "Write your question in a sentence or two" in answer
    assert await handbook.outcomes(handbook.general, ts) == ["NothingToRead"]


async def test_a_novel_is_refused(handbook: Company) -> None:
    """Forty thousand characters are more than is read; Ada is told how many are."""
    channel, ts = await handbook.dm(handbook.ada, "annual leave " * 3076)
    (text,) = handbook.texts(channel, ts)
    assert "I read up to 12,000 characters" in text
    assert await handbook.outcomes(channel, ts) == ["TooLong"]


async def test_secrets_are_masked_for_good(opened: OpenCompany, clock: TestClock) -> None:
    """Ada pastes a token; neither the model nor the journal ever sees it."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    token = "xoxb-" + "1234567890-abcdefghij"
    channel, ts = await one.dm(one.ada, f"Is {token} still valid?")
    shown = " ".join(message.text for message in model.asked[0].messages)
    kept = " ".join(str(item.data) for item in await one.journal(channel, ts))
    assert token not in shown + kept
    assert "Is [secret] still valid?" in shown


@pytest.mark.parametrize("direct", [True, False])
async def test_a_sign_of_life_while_it_thinks(
    opened: OpenCompany, clock: TestClock, direct: bool
) -> None:
    """While the model works Ada sees that it thinks, for minutes if need be, and not after it."""
    model = ScriptedProvider("slow", clock, [Say(after=5, between=9, pieces=16)])
    one = await opened(model, frontdesk_answer_seconds="400", frontdesk_turn_seconds="500")
    channel = one.twin.dm(one.ada) if direct else one.general
    ts = await one.say(one.ada, channel, one.mention("What is new?"))
    for _ in range(12):
        await clock.advance(10)
        assert one.twin.status(channel, ts) == "is thinking…"
    await clock.advance(20)
    assert one.twin.status(channel, ts) == ""
    assert len(one.answers(channel, ts)) == 1


async def test_oauth_settings_of_the_environment_change_nothing(
    opened: OpenCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SLACK_CLIENT_ID and _SECRET of another tool do not turn bolt's OAuth on behind our back."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "not-a-secret")
    one = await opened()
    await one.teach(LEAVE)
    channel, ts = await one.dm(one.ada, QUESTION)
    assert "27 days" in one.texts(channel, ts)[0]
    assert "Frontdesk" in await one.command(one.ada, one.general, "/frontdesk help")
    (answer,) = one.answers(channel, ts)
    assert (await one.press(one.ada, answer, "Ask a person")).status == 200
    assert len(one.cards()) == 1


async def test_slack_checks_the_address(handbook: Company) -> None:
    """When the request URL is configured, Slack's challenge is answered."""
    answer = await handbook.twin.verify_url("the-challenge")
    assert answer.status == 200
    assert answer.json == {"challenge": "the-challenge"}
