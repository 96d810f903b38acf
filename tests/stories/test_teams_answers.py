"""What only Teams shows of an answer, and what people can do with it: the AI label, citations,
thumbs, reactions, cards, and commands that are messages.
"""

from __future__ import annotations

import pytest

from tests.stories.conftest import LEAVE, OpenCompany, teams_only
from tests.support.clock import TestClock
from tests.support.company import Company, teams
from tests.support.scripted import Say, ScriptedProvider, decision
from tests.support.teams_chat import TeamsChat

QUESTION = "How many days of annual leave do I get?"
pytestmark = teams_only


async def test_what_a_model_wrote_is_labelled(opened: OpenCompany, clock: TestClock) -> None:
    """A generated answer carries the AI label, its source as a citation, and thumbs."""
    text = decision(response="27 days [p1].", citations=["p1"])
    one = await opened(ScriptedProvider("model", clock, [Say(text)]))
    await one.teach(LEAVE)
    asked = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(asked)
    assert answer.post.labelled
    (source,) = answer.post.citations
    assert source["position"] == 1
    assert source["appearance"]["url"] == "https://handbook.example/leave"
    assert answer.post.feedback_loop == "default"


async def test_what_no_model_wrote_is_not(handbook: Company) -> None:
    """Neither an answer from the handbook alone nor what the bot says of itself is generated."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.dm(handbook.ada, "talk to a person", asked)
    assert [one.post.labelled for one in handbook.answers(asked)] == [False, False]


async def test_a_thumb(handbook: Company) -> None:
    """Ada gives a thumb down and a reason, then one up: the later one counts, both are kept."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    twin = teams(handbook)
    for reaction in ("dislike", "like"):
        assert (await twin.feedback(handbook.ada, answer.post, reaction, "because")).ok
        await handbook.rest()
    rated = await handbook.told("rated", asked)
    assert [one["verdict"] for one in rated] == ["down", "up"]
    (delivered,) = await handbook.told("delivered", asked)
    assert handbook.feedback() == [(delivered["message"], handbook.ada, "up")]
    assert len(handbook.answers(asked)) == 1


async def test_a_reaction_is_a_thumb(handbook: Company) -> None:
    """Grace likes Ada's answer by a reaction, on the second of two answers: it is kept for that
    one; an amazed face says nothing.
    """
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.ada, handbook.general, QUESTION, asked)
    _, second = handbook.answers(asked)
    twin = teams(handbook)
    for kind in ("surprised", "like"):
        await twin.react(handbook.grace, handbook.general, second.id, kind)
        await handbook.rest()
    _, delivered = await handbook.told("delivered", asked)
    assert handbook.feedback() == [(delivered["message"], handbook.grace, "up")]


async def test_a_thumb_that_cannot_be_stored_now(handbook: Company) -> None:
    """Ada sees that it failed, and tries again."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    handbook.store.fail("accept")
    assert not await handbook.rate(handbook.ada, answer, helpful=True)
    handbook.store.heal()
    assert await handbook.rate(handbook.ada, answer, helpful=True)
    assert len(handbook.feedback()) == 1


async def test_a_press_is_answered_to_whom_pressed(handbook: Company) -> None:
    """A button of a card is an invoke: it is answered at once. What comes of it is said in the
    thread; whoever presses for nothing is told so, and nobody else.
    """
    asked = await handbook.ask(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    assert isinstance(handbook.chat, TeamsChat)
    shown = handbook.chat.holder(answer, "Ask a person")
    pressed = await teams(handbook).press(handbook.ada, shown, "Ask a person")
    assert (pressed.json["statusCode"], pressed.toast) == (200, "")
    await handbook.rest()
    assert len(handbook.cards()) == 1


async def test_a_press_with_forged_data(handbook: Company) -> None:
    """What a card sends back is made by a client: only who pressed is believed."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    twin = teams(handbook)
    forged = {"verb": "frontdesk.approve", "about": "t1.1", "user": handbook.linus}
    await twin.submit(handbook.grace, answer.post, forged)
    await twin.submit(handbook.grace, answer.post, {"verb": "frontdesk.drop_tables"})
    await handbook.rest()
    assert handbook.cards() == []
    assert len(handbook.answers(asked)) == 1
    assert set(handbook.chat.acknowledged()) == {True}


@pytest.mark.parametrize("name", ["task/fetch", "composeExtension/query", "signin/verifyState", ""])
async def test_an_invoke_that_nobody_asked_for(handbook: Company, name: str) -> None:
    """It is answered with 501, and nothing is logged as a defect."""
    answer = await teams(handbook).invoke(handbook.ada, name, {"commandId": "x"})
    assert answer.status == 501


# Commands


async def test_a_command_in_the_personal_chat(handbook: Company) -> None:
    """`/status` is answered there and then, and a model never sees it."""
    asked = await handbook.dm(handbook.ada, "/status")
    (text,) = handbook.texts(asked)
    assert "Frontdesk is up" in text
    assert await handbook.told("said", asked) == []


@pytest.mark.parametrize("line", ["status", "/status", "/frontdesk status"])
async def test_a_command_in_a_channel_is_answered_directly(handbook: Company, line: str) -> None:
    """Only Ada reads the answer; no thread becomes a conversation by it."""
    asked = await handbook.ask(handbook.ada, line)
    assert handbook.written(handbook.general) == []
    (text,) = handbook.told_directly(handbook.ada)
    assert "Frontdesk is up" in text
    before = await handbook.counts()
    await handbook.say(handbook.grace, handbook.general, "What does it say?", asked)
    assert await handbook.counts() == before


async def test_a_command_that_can_only_be_answered_in_public(handbook: Company) -> None:
    """Ada has not installed the app: she is told to, in the channel, and nothing else."""
    teams(handbook).user(handbook.ada).installed = False
    asked = await handbook.ask(handbook.ada, "/forget me")
    (text,) = handbook.texts(asked)
    assert "only in a direct message" in text


async def test_words_that_begin_like_a_command(handbook: Company) -> None:
    """A question that begins with a command's word is a question."""
    asked = await handbook.ask(handbook.ada, "status of my annual leave?")
    assert len(handbook.answers(asked)) == 1
    assert "is up" not in handbook.texts(asked)[0]
