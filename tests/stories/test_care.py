"""What people do to what is stored, while Frontdesk is running: queue, retention, forget."""

from __future__ import annotations

import pytest

from bot.keeping import DAY, EVERY
from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.chats import Said
from tests.support.company import Company

QUESTION = "How many days of annual leave do I get?"


@pytest.fixture
async def office(opened: OpenCompany) -> Company:
    """A company whose admin is Grace."""
    one = await opened()
    await one.reopen(frontdesk_admins=one.name(one.grace))
    await one.teach(LEAVE)
    return one


async def talk(office: Company) -> Said:
    """Ada asks in the channel, and is answered."""
    asked = await office.ask(office.ada, QUESTION)
    assert len(office.answers(asked)) == 1
    return asked


# Stuck messages


async def get_stuck(office: Company) -> None:
    """What Ada is told arrives neither where she asked nor directly."""
    office.chat.forbid(channel=office.general)
    office.chat.forbid(channel=office.chat.direct(office.ada))
    await office.ask(office.ada, "Where is the moon?")


async def test_a_stuck_message_is_shown_to_admins(office: Company) -> None:
    """Grace sees that something could not be delivered, and why, and no word of it."""
    await get_stuck(office)
    text = await office.command(office.grace, office.general, "queue")
    assert "dead PlaceFatal: " in text
    assert "found nothing" not in text
    refused = await office.command(office.ada, office.general, "queue")
    assert refused == "Only the people in FRONTDESK_ADMINS can do this."


async def test_nothing_is_stuck(office: Company) -> None:
    """That is an answer too."""
    await talk(office)
    text = await office.command(office.grace, office.general, "queue")
    assert text == "Nothing: every message was delivered, or is on its way."


async def test_a_retried_message_goes_out_by_itself(office: Company) -> None:
    """The channel is open again, somebody retries from the command line: the running process finds
    the message within seconds.
    """
    await get_stuck(office)
    assert office.told_directly(office.ada) == []
    (one,) = await office.store.care.stuck()
    assert await office.store.care.retry(one.id, by="command line") == ""
    await office.clock.advance(6)
    assert len(office.told_directly(office.ada)) == 1
    assert await office.store.care.stuck() == []


# Retention


async def test_old_words_go_by_themselves(office: Company) -> None:
    """Three months later nobody can read what Ada asked; that she was answered is still known."""
    asked = await talk(office)
    office.clock.jump(91 * DAY)
    await office.clock.advance(5)
    journal = await office.journal(asked)
    assert [one.kind for one in journal][:1] == ["said"]
    assert {str(one.data) for one in journal} == {"{}"}
    await office.say(office.ada, office.general, QUESTION, asked)
    assert len(office.answers(asked)) == 2, "the conversation goes on"


async def test_words_may_be_kept(opened: OpenCompany) -> None:
    """With FRONTDESK_RETENTION_DAYS=0 nothing is erased."""
    one = await opened(frontdesk_retention_days="0")
    asked = await one.dm(one.ada, QUESTION)
    one.clock.jump(1000 * DAY)
    await one.clock.advance(5)
    assert await one.told("said", asked) != [{}]


async def test_retention_tries_again(office: Company) -> None:
    """Something goes wrong at that hour; the next hour does it."""
    asked = await talk(office)
    office.clock.jump(91 * DAY)
    with pytest.MonkeyPatch.context() as patch:

        async def broken(*_: object) -> int:
            raise ZeroDivisionError

        patch.setattr("storage.sqlite.erasing.Eraser.erase", broken)
        await office.clock.advance(5)
    assert await office.told("said", asked) != [{}]
    office.clock.jump(EVERY)
    await office.clock.advance(5)
    assert await office.told("said", asked) == [{}]


# Forget


async def test_forget_me(office: Company) -> None:
    """Ada wants to be forgotten; a moment later nothing she said is there, and she can ask anew."""
    asked = await talk(office)
    text = await office.command(office.ada, office.general, "forget me")
    assert text.startswith("Erased: all that was said in 1 conversations.")
    assert {str(one.data) for one in await office.journal(asked)} == {"{}"}
    text = await office.command(office.ada, office.general, "forget me")
    assert "all that was said" not in text, "there is nothing left to erase"
    await office.say(office.ada, office.general, QUESTION, asked)
    assert len(office.answers(asked)) == 2


async def test_forget_has_to_be_meant(office: Company) -> None:
    """The bare word only explains; nobody can have others forgotten but admins."""
    asked = await talk(office)
    text = await office.command(office.ada, office.general, "forget")
    assert "forget me erases, for good" in text
    line = f"forget {office.name(office.ada)}"
    text = await office.command(office.linus, office.general, line)
    assert text == "Only the people in FRONTDESK_ADMINS can do this."
    assert await office.told("said", asked) != [{}]
    text = await office.command(office.grace, office.general, line)
    assert text.startswith("Erased: all that was said in 1 conversations.")
    assert await office.told("said", asked) == [{}]


async def test_the_other_one_in_the_thread(office: Company) -> None:
    """Ada and Grace ask in one thread; Ada is forgotten, and Grace's next question is answered."""
    asked = await office.ask(office.ada, QUESTION)
    await office.say(office.grace, office.general, office.mention("And Grace's leave?"), asked)
    await office.command(office.ada, office.general, "forget me")
    told = [one.get("text") for one in await office.told("said", asked)]
    assert told == [None, "And Grace's leave?"]
    before = len(office.answers(asked))
    await office.say(office.grace, office.general, office.mention(QUESTION), asked)
    assert len(office.answers(asked)) == before + 1


async def test_a_case_is_left_to_the_people(office: Company) -> None:
    """People still work on Ada's case: she is told which, and that she can come back."""
    asked = await talk(office)
    await office.press(office.ada, office.answers(asked)[0], "Ask a person")
    text = await office.command(office.ada, office.general, "forget me")
    assert "People still work on C" in text
    await office.say(office.ada, office.general, "never mind", asked)
    text = await office.command(office.ada, office.general, "forget me")
    assert text.startswith("Erased: all that was said in 1 conversations.")


@slack_only
async def test_what_takes_longer_goes_on(office: Company) -> None:
    """Ada's next question is being worked on: she is told that it takes a while, and it is done
    when that has ended. (Where a command is a message, nothing is answered while nothing can be
    claimed.)
    """
    asked = await talk(office)
    office.store.hang("claim")
    await office.say(office.ada, office.general, "And another question?", asked)
    text = await office.command(office.ada, office.general, "forget me")
    assert text.startswith("That takes a while.")
    assert await office.told("said", asked) != [{}]
    office.store.heal()
    await office.clock.advance(10)
    assert {str(one) for one in await office.told("said", asked)} == {"{}"}
