"""What people do to what is stored, while Frontdesk is running: queue, retention, forget."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.twin import Fault
from bot.keeping import DAY, EVERY
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.company import Company

QUESTION = "How many days of annual leave do I get?"
POST = "chat.postMessage"


@pytest.fixture
async def office(opened: OpenCompany) -> Company:
    """A company whose admin is Grace."""
    one = await opened()
    await one.close()
    await one.open(frontdesk_admins=f"slack:{one.grace}")
    await one.teach(LEAVE)
    return one


async def talk(office: Company) -> tuple[str, str]:
    """Ada asks, and is answered."""
    channel, ts = await office.dm(office.ada, QUESTION)
    assert len(office.answers(channel, ts)) == 1
    return channel, ts


# Stuck messages


async def get_stuck(office: Company) -> None:
    """What Ada is told arrives neither where she asked nor directly."""
    office.twin.fault(POST, Fault.error("is_archived"), 2)
    await office.say(office.ada, office.general, office.mention("Where is the moon?"))


async def test_a_stuck_message_is_shown_to_admins(office: Company) -> None:
    """Grace sees that something could not be delivered, and why, and no word of it."""
    await get_stuck(office)
    text = await office.command(office.grace, office.general, "/frontdesk queue")
    assert "dead PlaceFatal: is_archived" in text
    assert "found nothing" not in text
    refused = await office.command(office.ada, office.general, "/frontdesk queue")
    assert refused == "Only the people in `FRONTDESK_ADMINS` can do this."


async def test_nothing_is_stuck(office: Company) -> None:
    """That is an answer too."""
    await talk(office)
    text = await office.command(office.grace, office.general, "/frontdesk queue")
    assert text == "Nothing: every message was delivered, or is on its way."


async def test_a_retried_message_goes_out_by_itself(office: Company) -> None:
    """The channel is open again, somebody retries from the command line: the running process finds
    the message within seconds.
    """
    await get_stuck(office)
    direct = office.twin.dm(office.ada)
    assert [message for message in office.twin.messages(direct) if message.bot] == []
    (one,) = await office.store.care.stuck()
    assert await office.store.care.retry(one.id, by="command line") == ""
    await office.clock.advance(6)
    assert len([message for message in office.twin.messages(direct) if message.bot]) == 1
    assert await office.store.care.stuck() == []


# Retention


async def test_old_words_go_by_themselves(office: Company) -> None:
    """Three months later nobody can read what Ada asked; that she was answered is still known."""
    channel, ts = await talk(office)
    office.clock.jump(91 * DAY)
    await office.clock.advance(5)
    journal = await office.journal(channel, ts)
    assert [one.kind for one in journal][:1] == ["said"]
    assert {str(one.data) for one in journal} == {"{}"}
    await office.dm(office.ada, QUESTION, ts)
    assert len(office.answers(channel, ts)) == 2, "the conversation goes on"


async def test_words_may_be_kept(opened: OpenCompany) -> None:
    """With FRONTDESK_RETENTION_DAYS=0 nothing is erased."""
    one = await opened(frontdesk_retention_days="0")
    channel, ts = await one.dm(one.ada, QUESTION)
    one.clock.jump(1000 * DAY)
    await one.clock.advance(5)
    assert await one.told("said", channel, ts) != [{}]


async def test_retention_tries_again(office: Company) -> None:
    """Something goes wrong at that hour; the next hour does it."""
    channel, ts = await talk(office)
    office.clock.jump(91 * DAY)
    with pytest.MonkeyPatch.context() as patch:

        async def broken(*_: object) -> int:
            raise ZeroDivisionError

        patch.setattr("storage.sqlite.erasing.Eraser.erase", broken)
        await office.clock.advance(5)
    assert await office.told("said", channel, ts) != [{}]
    office.clock.jump(EVERY)
    await office.clock.advance(5)
    assert await office.told("said", channel, ts) == [{}]


# Forget


async def test_forget_me(office: Company) -> None:
    """Ada wants to be forgotten; a moment later nothing she said is there, and she can ask anew."""
    channel, ts = await talk(office)
    text = await office.command(office.ada, office.general, "/frontdesk forget me")
    assert text == "Erased: all that was said in 1 conversations."
    assert {str(one.data) for one in await office.journal(channel, ts)} == {"{}"}
    text = await office.command(office.ada, office.general, "/frontdesk forget me")
    assert text == "There is nothing left to erase."
    await office.dm(office.ada, QUESTION, ts)
    assert len(office.answers(channel, ts)) == 2


async def test_forget_has_to_be_meant(office: Company) -> None:
    """The bare word only explains; nobody can have others forgotten but admins."""
    channel, ts = await talk(office)
    text = await office.command(office.ada, office.general, "/frontdesk forget")
    assert "`/frontdesk forget me` erases, for good" in text
    line = f"/frontdesk forget slack:{office.ada}"
    text = await office.command(office.linus, office.general, line)
    assert text == "Only the people in `FRONTDESK_ADMINS` can do this."
    assert await office.told("said", channel, ts) != [{}]
    text = await office.command(office.grace, office.general, line)
    assert text == "Erased: all that was said in 1 conversations."
    assert await office.told("said", channel, ts) == [{}]


async def test_the_other_one_in_the_thread(office: Company) -> None:
    """Ada and Grace ask in one thread; Ada is forgotten, and Grace's next question is answered."""
    ts = await office.say(office.ada, office.general, office.mention(QUESTION))
    await office.say(office.grace, office.general, office.mention("And Grace's leave?"), ts)
    await office.command(office.ada, office.general, "/frontdesk forget me")
    told = [one.get("text") for one in await office.told("said", office.general, ts)]
    assert told == [None, "And Grace's leave?"]
    before = len(office.answers(office.general, ts))
    await office.say(office.grace, office.general, office.mention(QUESTION), ts)
    assert len(office.answers(office.general, ts)) == before + 1


async def test_a_case_is_left_to_the_people(office: Company) -> None:
    """People still work on Ada's case: she is told which, and that she can come back."""
    channel, ts = await talk(office)
    await office.press(office.ada, office.answers(channel, ts)[0], "Ask a person")
    text = await office.command(office.ada, office.general, "/frontdesk forget me")
    assert "People still work on C" in text
    await office.dm(office.ada, "never mind", ts)
    text = await office.command(office.ada, office.general, "/frontdesk forget me")
    assert text == "Erased: all that was said in 1 conversations."


async def test_what_takes_longer_goes_on(office: Company) -> None:
    """Ada's next question is being worked on: she is told that it takes a while, and it is done
    when that has ended.
    """
    channel, ts = await talk(office)
    office.store.hang("claim")
    await office.dm(office.ada, "And another question?", ts)
    line = "/frontdesk forget me"
    asking = asyncio.create_task(office.twin.command(office.ada, office.general, line))
    await office.clock.until(asking.done, at_most=3)
    assert asking.result().json["text"].startswith("That takes a while.")
    assert await office.told("said", channel, ts) != [{}]
    office.store.heal()
    await office.clock.advance(10)
    assert {str(one) for one in await office.told("said", channel, ts)} == {"{}"}
