"""People change their minds: edits and deletions, before and after the answer."""

from __future__ import annotations

import pytest

from tests.stories.conftest import OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider

DAY = 24 * 3600.0


async def slow(opened: OpenCompany, clock: TestClock) -> tuple[Company, ScriptedProvider]:
    """A company whose only model takes five seconds."""
    model = ScriptedProvider("slow", clock, [Say(after=5)])
    return await opened(model), model


async def test_an_edit_before_the_answer_is_part_of_the_question(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada corrects her question while the model thinks; the correction alone is answered, once."""
    one, model = await slow(opened, clock)
    asked = await one.dm(one.ada, "How many days of sick leave?")
    await clock.advance(2)
    await one.edit(one.ada, asked, "How many days of annual leave?")
    await clock.advance(10)
    assert [prompt.question for prompt in model.asked] == [
        "How many days of sick leave?",
        "How many days of annual leave?",
    ]
    assert model.cancelled == 1
    assert len(one.answers(asked)) == 1
    (said,) = await one.told("said", asked)
    assert said["text"] == "How many days of annual leave?"


async def test_an_edit_in_a_channel_folds_too(opened: OpenCompany, clock: TestClock) -> None:
    """An edit of a mention makes Slack send the mention again; there is still one answer."""
    one, model = await slow(opened, clock)
    asked = await one.ask(one.ada, "How many days off?")
    await one.edit(one.ada, asked, one.mention("How many days off in May?"))
    await clock.advance(20)
    assert model.asked[-1].question == "How many days off in May?"
    assert len(one.answers(asked)) == 1


async def test_an_edit_after_the_answer_is_noted(handbook: Company) -> None:
    """Ada mends a typo after she was answered; nobody answers again, and the journal knows."""
    asked = await handbook.dm(handbook.ada, "How many days of anual leave?")
    await handbook.edit(handbook.ada, asked, "How many days of annual leave?")
    assert len(handbook.answers(asked)) == 1
    (edited,) = await handbook.told("edited", asked)
    assert edited["text"] == "How many days of annual leave?"


@pytest.mark.parametrize("direct", [True, False])
async def test_an_old_message_that_is_edited_is_not_answered_again(
    handbook: Company, direct: bool
) -> None:
    """A week and another episode later Ada mends her first message; that is no new question."""
    channel = handbook.chat.direct(handbook.ada) if direct else handbook.general
    asked = await handbook.say(handbook.ada, channel, handbook.mention("How many days of leave?"))
    await handbook.clock.advance(1)
    handbook.clock.jump(7 * DAY)
    await handbook.say(handbook.ada, channel, "How many days of leave, again?", asked)
    await handbook.edit(handbook.ada, asked, handbook.mention("How many days of annual leave?"))
    assert len(handbook.answers(asked)) == 2


async def test_an_edit_that_calls_the_bot_is_a_question(handbook: Company) -> None:
    """Ada forgot to mention the bot and adds it afterwards; it answers once."""
    asked = await handbook.say(handbook.ada, handbook.general, "How many days of annual leave?")
    assert handbook.answers(asked) == []
    text = handbook.mention("How many days of annual leave?")
    await handbook.edit(handbook.ada, asked, text)
    assert len(handbook.answers(asked)) == 1


async def test_an_edit_that_overtakes_its_message_is_answered_once(handbook: Company) -> None:
    """Slack delivers the correction before the message itself; Ada gets one answer, to it."""
    channel = handbook.chat.direct(handbook.ada)
    handbook.chat.delay_next(5.0)
    asked = await handbook.say(handbook.ada, channel, "How many days of anual leave?")
    await handbook.edit(handbook.ada, asked, "How many days of annual leave?")
    await handbook.clock.advance(6)
    assert len(handbook.answers(asked)) == 1


async def test_a_deleted_question_is_not_answered(opened: OpenCompany, clock: TestClock) -> None:
    """Ada takes her question back while the model thinks; nothing is posted, no status stays."""
    one, model = await slow(opened, clock)
    asked = await one.dm(one.ada, "How much does Grace earn?")
    await clock.advance(2)
    await one.delete(one.ada, asked)
    await clock.advance(20)
    assert model.cancelled == 1
    assert one.written(asked.channel) == []
    assert await one.outcomes(asked) == ["vanished"]
    assert await one.told("said", asked) == []
    assert (await one.counts())["rows_waiting"] == 0


async def test_a_root_that_is_deleted_under_its_replies(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Deleting a root with replies leaves a tombstone; its question is not answered any more."""
    one, model = await slow(opened, clock)
    asked = await one.ask(one.ada, "How much does Grace earn?")
    await one.say(one.grace, one.general, "Ask me, Ada!", asked)
    await one.delete(one.ada, asked)
    await clock.advance(20)
    assert [prompt.question for prompt in model.asked] == [
        "How much does Grace earn?",
        "Ask me, Ada!",
    ]


async def test_a_deletion_after_the_answer_reaches_the_history(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada deletes what she said; the model is not shown it again."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    asked = await one.dm(one.ada, "My secret is tea.")
    second = await one.dm(one.ada, "And coffee.", asked)
    await one.delete(one.ada, second)
    await one.dm(one.ada, "What did I say?", asked)
    shown = " ".join(message.text for message in model.asked[-1].messages)
    assert "tea" in shown
    assert "coffee" not in shown


async def test_deleting_what_nobody_asked_us_is_not_stored(handbook: Company) -> None:
    """Ada deletes a message to her colleagues; the bot keeps no trace of it."""
    asked = await handbook.say(handbook.ada, handbook.general, "Lunch at noon?")
    before = await handbook.counts()
    await handbook.delete(handbook.ada, asked)
    assert await handbook.counts() == before


@pytest.mark.parametrize("answered", [False, True])
async def test_edits_in_the_wrong_order(
    opened: OpenCompany, clock: TestClock, answered: bool
) -> None:
    """The newer edit comes first, the older one after it: what counts is what Ada wrote last."""
    model = ScriptedProvider("model", clock, [Say(after=0.0 if answered else 5.0), Say(), Say()])
    one = await opened(model)
    asked = await one.dm(one.ada, "One?")
    one.chat.delay_next(2.0)
    await one.edit(one.ada, asked, "Two?")
    await clock.advance(1)
    await one.edit(one.ada, asked, "Three?")
    await clock.advance(20)
    await one.dm(one.ada, "Well?", asked)
    shown = " ".join(message.text for message in model.asked[-1].messages)
    assert "Three?" in shown
    assert "Two?" not in shown


async def test_a_deletion_that_comes_before_its_post(handbook: Company) -> None:
    """In a direct conversation everything is for the bot; what is gone already is not answered."""
    handbook.chat.delay_next(2.0)
    asked = await handbook.dm(handbook.ada, "How many days of annual leave do I get?")
    await handbook.delete(handbook.ada, asked)
    await handbook.clock.advance(10)
    assert handbook.answers(asked) == []


async def test_an_edit_of_what_was_answered_long_ago(handbook: Company) -> None:
    """The next day Ada mends a typo in yesterday's question: it is not answered again, although the
    conversation has begun afresh since.
    """
    asked = await handbook.ask(handbook.ada, "How much annual leave?")
    handbook.clock.jump(13 * 3600.0)
    await handbook.say(handbook.ada, handbook.general, "And how many days of sick leave?", asked)
    await handbook.edit(handbook.ada, asked, handbook.mention("How much annual leave, please?"))
    assert len(handbook.answers(asked)) == 2
