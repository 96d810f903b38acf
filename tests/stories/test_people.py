"""Who may talk to Frontdesk, what it knows of them, and what they may send."""

from __future__ import annotations

import pytest

from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

QUESTION = "How many days of annual leave do I get?"


async def test_it_does_not_answer_itself(handbook: Company) -> None:
    """Whatever the platform tells the bot of its own posts, it ends there."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.rest()
    assert len(handbook.answers(asked)) == 1
    assert await handbook.outcomes(asked) == ["unsure"]


async def test_joining_a_channel_is_not_a_message(handbook: Company) -> None:
    """Somebody joins, somebody leaves, the channel is archived: nothing of it is for the bot."""
    before = await handbook.counts()
    new = handbook.chat.add_person("Barbara")
    await handbook.chat.join(new, handbook.general)
    await handbook.chat.leave(new, handbook.general)
    handbook.chat.archive(handbook.general)
    await handbook.rest()
    assert await handbook.counts() == before
    assert set(handbook.chat.acknowledged()) == {True}


@pytest.mark.parametrize("setting", ["allow", "refuse"])
async def test_guests(opened: OpenCompany, setting: str) -> None:
    """A guest is answered, or told that the bot may not, as FRONTDESK_GUESTS says."""
    one = await opened(frontdesk_guests=setting)
    await one.teach(LEAVE)
    guest = one.chat.add_person("Guest", guest=True)
    asked = await one.dm(guest, QUESTION)
    (text,) = one.texts(asked)
    assert ("27 days" in text) is (setting == "allow")
    assert ("only answer employees" in text) is (setting == "refuse")
    outcome = await one.outcomes(asked)
    assert outcome == (["unsure"] if setting == "allow" else ["NotAllowed"])


@slack_only
@pytest.mark.parametrize("setting", ["allow", "refuse"])
async def test_people_of_other_companies(opened: OpenCompany, setting: str) -> None:
    """In a shared channel a stranger is told no by default, and answered when set so. (What comes
    from another tenant of Teams is refused at the door: `test_teams_door.py`.)
    """
    one = await opened(frontdesk_external=setting)
    await one.teach(LEAVE)
    stranger = one.chat.add_person("Stranger", stranger=True)
    shared = one.chat.add_channel("shared", [one.ada, stranger])
    theirs = await one.say(stranger, shared, one.mention(QUESTION))
    ours = await one.say(one.ada, shared, one.mention(QUESTION))
    assert ("27 days" in one.texts(theirs)[0]) is (setting == "allow")
    assert "27 days" in one.texts(ours)[0]


async def test_the_model_is_told_who_asks(opened: OpenCompany, clock: TestClock) -> None:
    """Name, locale and time zone of the profile reach the prompt, as data."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    one.chat.move(one.ada, locale="de-DE", time_zone="Europe/Berlin")
    await one.dm(one.ada, "Hallo?")
    shown = [message.text for message in model.asked[0].messages]
    assert '{"from":"Ada Byron","text":"Hallo?"}' in shown
    assert '"employee":{"locale":"de-DE","time_zone":"Europe/Berlin"}' in shown[-1]


async def test_a_profile_is_asked_for_once_a_day(handbook: Company) -> None:
    """The second message of the same day costs no second call."""
    await handbook.dm(handbook.ada, QUESTION)
    await handbook.dm(handbook.ada, QUESTION)
    assert handbook.chat.profiles_read() == 1
    handbook.clock.jump(25 * 3600.0)
    await handbook.dm(handbook.ada, QUESTION)
    assert handbook.chat.profiles_read() == 2


async def test_a_file_beside_words_is_named(handbook: Company) -> None:
    """Ada adds a file to her question; she is answered and told that the file was not read."""
    channel = handbook.chat.direct(handbook.ada)
    asked = await handbook.upload(handbook.ada, channel, "plan_<b>.pdf", QUESTION)
    (text,) = handbook.texts(asked)
    assert "27 days" in text
    assert "can't read attached files yet: plan_" in text


async def test_a_file_alone_is_not_a_question(handbook: Company) -> None:
    """Ada sends nothing but a file and is asked to say in words what she needs."""
    channel = handbook.chat.direct(handbook.ada)
    asked = await handbook.upload(handbook.ada, channel, "contract.pdf")
    (text,) = handbook.texts(asked)
    assert "can't read files yet (contract.pdf)" in text
    assert await handbook.outcomes(asked) == ["OnlyFiles"]


@pytest.mark.parametrize(
    "text", ["", "   ", ":wave:", "🎉🎉", "\u200b\u200b", "!?", "\u2060 \u200d"]
)
async def test_a_message_without_words_is_greeted(handbook: Company, text: str) -> None:
    """A mention with nothing to read behind it gets a friendly hint how to ask."""
    asked = await handbook.ask(handbook.ada, text)
    (answer,) = handbook.texts(asked)
    assert "Write your question in a sentence or two" in answer
    assert await handbook.outcomes(asked) == ["NothingToRead"]


async def test_a_novel_is_refused(handbook: Company) -> None:
    """Forty thousand characters are more than is read; Ada is told how many are."""
    asked = await handbook.dm(handbook.ada, "annual leave " * 3076)
    (text,) = handbook.texts(asked)
    assert "I read up to 12,000 characters" in text
    assert await handbook.outcomes(asked) == ["TooLong"]


async def test_secrets_are_masked_for_good(opened: OpenCompany, clock: TestClock) -> None:
    """Ada pastes a token; neither the model nor the journal ever sees it."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    token = "xoxb-" + "1234567890-abcdefghij"
    asked = await one.dm(one.ada, f"Is {token} still valid?")
    shown = " ".join(message.text for message in model.asked[0].messages)
    kept = " ".join(str(item.data) for item in await one.journal(asked))
    assert token not in shown + kept
    assert "Is [secret] still valid?" in shown


@pytest.mark.parametrize("direct", [True, False])
async def test_a_sign_of_life_while_it_thinks(
    opened: OpenCompany, clock: TestClock, direct: bool
) -> None:
    """While the model works Ada sees that it thinks, for minutes if need be, and not after it."""
    model = ScriptedProvider("slow", clock, [Say(after=5, between=9, pieces=16)])
    one = await opened(model, frontdesk_answer_seconds="400", frontdesk_turn_seconds="500")
    channel = one.chat.direct(one.ada) if direct else one.general
    asked = await one.say(one.ada, channel, one.mention("What is new?"))
    for _ in range(12):
        await clock.advance(10)
        assert one.chat.thinking(asked.place)
    await clock.advance(20)
    assert not one.chat.thinking(asked.place)
    assert len(one.answers(asked)) == 1
