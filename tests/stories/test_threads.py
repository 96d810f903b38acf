"""Where one may talk to Frontdesk, and where it answers."""

from __future__ import annotations

import pytest

from tests.stories.conftest import OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider, decision

QUESTION = "How many days of annual leave do I get?"


async def test_a_direct_message_is_answered_with_its_source(handbook: Company) -> None:
    """Ada asks in a direct message and finds the answer, with its source, where she asked."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    assert "27 days" in answer.text
    assert ("Annual leave · How many days", "https://handbook.example/leave") in answer.links


async def test_a_mention_is_answered_in_the_thread(handbook: Company) -> None:
    """Ada mentions the bot in a channel; the answer hangs under her message."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    assert (answer.channel, answer.thread) == (asked.channel, asked.id)


async def test_a_group_conversation_needs_a_mention(handbook: Company) -> None:
    """Among several people the bot speaks when it is spoken to, not before."""
    group = handbook.chat.group(handbook.ada, handbook.grace)
    await handbook.say(handbook.ada, group, QUESTION)
    spoken = await handbook.say(handbook.ada, group, handbook.mention(QUESTION))
    assert len(handbook.answers(spoken)) == 1
    assert len(handbook.written(group)) == 1, "and nothing to what was not said to it"


async def test_a_follow_up_needs_no_mention(handbook: Company) -> None:
    """In a thread that the bot takes part in, Ada just goes on talking."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.ada, handbook.general, "And how many days after a year?", asked)
    assert len(handbook.answers(asked)) == 2


async def test_a_follow_up_is_not_answered_when_set_so(opened: OpenCompany) -> None:
    """With FRONTDESK_FOLLOW_THREADS=false the bot waits for a mention in every message."""
    one = await opened(frontdesk_follow_threads="false")
    asked = await one.ask(one.ada, "What is new?")
    before = await one.counts()
    await one.say(one.ada, one.general, "And what else is new?", asked)
    assert await one.counts() == before
    assert len(one.answers(asked)) == 1


@pytest.mark.parametrize("reply", [":tada:", "👍", "!!!"])
async def test_an_emoji_among_colleagues_is_left_alone(handbook: Company, reply: str) -> None:
    """A reaction without words in the bot's thread is neither stored nor answered."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.grace, handbook.general, reply, asked)
    assert len(handbook.answers(asked)) == 1
    assert await handbook.outcomes(asked) == ["unsure"]


async def test_what_colleagues_say_to_each_other_is_not_stored(handbook: Company) -> None:
    """A message without a mention leaves no lane, no row and no answer."""
    before = await handbook.counts()
    asked = await handbook.say(handbook.ada, handbook.general, "Lunch at noon?")
    await handbook.say(handbook.grace, handbook.general, "How many days of leave are left?", asked)
    assert await handbook.counts() == before
    assert await handbook.journal(asked) == []
    assert handbook.answers(asked) == []
    assert set(handbook.chat.acknowledged()) <= {True}


async def test_what_got_no_answer_comes_again(handbook: Company) -> None:
    """The database is silent for longer than is waited for; what comes again has one answer."""
    handbook.store.hang("accept")
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(16)
    handbook.store.heal()
    await handbook.clock.advance(65)
    first, *_, last = handbook.chat.acknowledged()
    assert (first, last) == (False, True)
    assert len(handbook.answers(asked)) == 1


async def test_an_event_sent_twice_is_answered_once(handbook: Company) -> None:
    """The same event comes twice; the second is acknowledged and changes nothing."""
    handbook.chat.duplicate_next()
    asked = await handbook.dm(handbook.ada, QUESTION)
    assert handbook.chat.acknowledged()[:2] == [True, True]
    assert len(handbook.answers(asked)) == 1


async def test_two_people_are_never_answered_as_one(opened: OpenCompany, clock: TestClock) -> None:
    """Grace writes while Ada's question is worked on; each gets a turn and an answer of her own."""
    model = ScriptedProvider("slow", clock, [Say(after=5), Say(decision(response="Two."))])
    one = await opened(model)
    asked = await one.ask(one.ada, "What is the first thing?")
    await one.say(one.ada, one.general, "I mean, of all things?", asked)
    await one.say(one.grace, one.general, "And what is the second thing?", asked)
    await clock.advance(60)
    questions = [prompt.question for prompt in model.asked]
    assert questions == [
        "What is the first thing?",
        "I mean, of all things?",
        "And what is the second thing?",
    ]
    assert len(one.answers(asked)) == 3


async def test_a_burst_of_one_person_is_one_question(opened: OpenCompany, clock: TestClock) -> None:
    """Ada asks in three messages while the bot is busy, and gets one answer to all of them."""
    model = ScriptedProvider("slow", clock, [Say(after=5), Say(decision(response="All of it."))])
    one = await opened(model)
    asked = await one.dm(one.ada, "Hello, I have a question.")
    for text in ("It is about leave.", "Annual leave.", "How many days are there?"):
        await one.dm(one.ada, text, asked)
    await clock.advance(60)
    assert model.asked[1].question == "It is about leave.\nAnnual leave.\nHow many days are there?"
    assert len(model.asked) == len(one.answers(asked)) == 2


async def test_twenty_messages_are_answered_in_order(opened: OpenCompany, clock: TestClock) -> None:
    """Two people take turns twenty times, faster than the model answers; the order is kept."""
    model = ScriptedProvider("slow", clock, [Say(after=1)])
    one = await opened(model)
    asked = await one.ask(one.ada, "Question number 0?")
    for number in range(1, 20):
        author = (one.ada, one.grace)[number % 2]
        await one.say(author, one.general, f"Question number {number}?", asked)
    await clock.advance(120)
    questions = [prompt.question for prompt in model.asked if prompt.schema_name == "decision"]
    assert questions == [f"Question number {number}?" for number in range(20)]
    assert len(one.answers(asked)) == 20
