"""When people are needed: asking for one, waiting for one, and changing one's mind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import pytest

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.chats import Said, Shown
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider, decision

QUESTION = "How many days of annual leave do I get?"
Act = Callable[[Company, Said, Shown], Awaitable[None]]


async def ask_a_person(one: Company) -> tuple[Said, Shown]:
    """Ada gets an answer and presses its button; where, and what she is told."""
    asked = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(asked)
    assert await one.press(one.ada, answer, "Ask a person")
    return asked, one.answers(asked)[-1]


async def test_ask_a_person(handbook: Company) -> None:
    """Ada presses Ask a person: people get a card with everything they need, and she is told."""
    asked, told = await ask_a_person(handbook)
    (card,) = handbook.cards()
    shown = card.text
    assert "Ada Byron" in shown
    assert "in a direct message" in shown
    assert "The employee asked for a person." in shown
    assert f"About: {QUESTION}" in shown
    assert f"Ada Byron: {QUESTION}" in shown
    assert "27 days" in shown
    assert "waiting" in shown.lower()
    assert "I've passed this on to people" in told.text
    assert (await handbook.counts())["cases_open"] == 1
    assert (await handbook.told("case", asked))[0]["state"] == "waiting"


async def test_asking_twice_opens_one_case(handbook: Company) -> None:
    """Ada presses the button again, and another one later: one card, and a word that it waits."""
    asked, _ = await ask_a_person(handbook)
    answer = handbook.answers(asked)[0]
    await handbook.press(handbook.ada, answer, "Ask a person")
    assert len(handbook.cards()) == 1
    assert "with people already" in handbook.texts(asked)[-1]


async def test_two_presses_at_once_open_one_case(handbook: Company) -> None:
    """A double click is two presses; one of them opens the case, the other finds it open."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    press = [handbook.chat.press(handbook.ada, answer, "Ask a person") for _ in range(2)]
    assert await asyncio.gather(*press) == [True, True]
    await handbook.rest()
    assert len(handbook.cards()) == 1


@pytest.mark.parametrize(
    "wish", ["talk to a person", "I want to talk to a human", "Can I please speak to someone?"]
)
async def test_asking_in_words(handbook: Company, wish: str) -> None:
    """Ada writes that she wants a person; her words are in the card."""
    asked = await handbook.dm(handbook.ada, wish)
    (card,) = handbook.cards()
    assert wish in card.text
    assert "I've passed this on to people" in handbook.texts(asked)[0]


async def test_a_colleague_asks_for_the_person(handbook: Company) -> None:
    """In a channel Grace presses the button under Ada's answer; the case is Grace's."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    await handbook.press(handbook.grace, answer, "Ask a person")
    (card,) = handbook.cards()
    assert "Grace Hopper" in card.text
    assert "in a channel" in card.text
    assert any(asked.channel in unquote(address) for _, address in card.links)
    assert QUESTION in card.text


async def test_what_is_said_while_waiting_reaches_the_people(handbook: Company) -> None:
    """Ada adds two things while she waits: both stand under the card, and she gets one receipt."""
    asked, _ = await ask_a_person(handbook)
    (card,) = handbook.cards()
    await handbook.dm(handbook.ada, "It is about <parental> leave & *more*.", asked)
    await handbook.dm(handbook.ada, "And it is urgent, @channel!", asked)
    assert handbook.under(card) == [
        "Ada Byron: It is about <parental> leave & more.",
        "Ada Byron: And it is urgent, @\u2060channel!",
    ]
    receipts = [text for text in handbook.texts(asked) if "added this to your case" in text]
    assert len(receipts) == 1
    assert len(handbook.answers(asked)) == 3


async def test_a_colleagues_words_are_relayed_in_their_own_name(handbook: Company) -> None:
    """Grace joins in while Ada's case waits; people see who said what."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    (card,) = handbook.cards()
    await handbook.say(handbook.grace, handbook.general, "I have the same problem.", asked)
    assert handbook.under(card) == ["Grace Hopper: I have the same problem."]


async def test_a_file_added_while_waiting_is_named_to_the_people(handbook: Company) -> None:
    """Ada sends a screenshot while she waits; people learn that there is one."""
    asked, _ = await ask_a_person(handbook)
    (card,) = handbook.cards()
    await handbook.upload(handbook.ada, asked.channel, "screenshot.png", "Look at this", asked)
    (relayed,) = handbook.under(card)
    assert "Look at this" in relayed
    assert "screenshot.png" in relayed


@pytest.mark.parametrize("text", ["", ":thumbsup:"])
async def test_people_can_read_what_a_model_cannot(handbook: Company, text: str) -> None:
    """A picture without words, or with a thumb alone, is relayed instead of being refused."""
    asked, _ = await ask_a_person(handbook)
    (card,) = handbook.cards()
    await handbook.upload(handbook.ada, asked.channel, "screen.png", text, asked)
    (relayed,) = handbook.under(card)
    assert relayed.startswith(f"Ada Byron: {text}")
    assert "screen.png" in relayed
    assert "added this to your case" in handbook.texts(asked)[-1]


async def leave_by_button(one: Company, asked: Said, told: Shown) -> None:
    """Press Never mind."""
    assert await one.press(one.ada, told, "Never mind")


async def leave_by_words(one: Company, asked: Said, told: Shown) -> None:
    """Say that it is solved."""
    await one.dm(one.ada, "Never mind!", asked)


@pytest.mark.parametrize("leave", [leave_by_button, leave_by_words])
async def test_never_mind(handbook: Company, leave: Act) -> None:
    """Ada needs no person any more: the card says so, and the bot answers her again."""
    asked, told = await ask_a_person(handbook)
    await leave(handbook, asked, told)
    (card,) = handbook.cards()
    assert card.edited
    assert "withdrawn by the employee" in card.text.lower()
    assert QUESTION in card.text, "an edit of the card keeps what stood there"
    assert "I've taken your case back" in handbook.texts(asked)[-1]
    assert (await handbook.counts())["cases_open"] == 0
    await handbook.dm(handbook.ada, QUESTION, asked)
    assert "27 days" in handbook.texts(asked)[-1]


async def test_never_mind_twice(handbook: Company) -> None:
    """The second press of Never mind finds nothing to take back and says nothing."""
    asked, told = await ask_a_person(handbook)
    await handbook.press(handbook.ada, told, "Never mind")
    before = len(handbook.answers(asked))
    await handbook.press(handbook.ada, told, "Never mind")
    assert len(handbook.answers(asked)) == before


async def by_button(one: Company, asked: Said, told: Shown) -> None:
    """Grace presses Never mind."""
    assert await one.press(one.grace, told, "Never mind")


async def by_words(one: Company, asked: Said, told: Shown) -> None:
    """Grace writes that it is solved."""
    await one.say(one.grace, one.general, "solved", asked)


@pytest.mark.parametrize("act", [by_button, by_words])
async def test_nobody_else_can_take_a_case_back(handbook: Company, act: Act) -> None:
    """Grace says Never mind in Ada's thread; Ada's case stays where it is."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    told = handbook.answers(asked)[-1]
    await act(handbook, asked, told)
    (card,) = handbook.cards()
    assert not card.edited
    assert (await handbook.counts())["cases_open"] == 1


async def test_without_a_human_channel_the_bot_is_honest(opened: OpenCompany) -> None:
    """No human channel is set up: Ada is told whom to ask instead, and sees no empty promise."""
    one = await opened(frontdesk_human_channel="", frontdesk_contact="it@example.com")
    await one.teach(LEAVE)
    asked = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(asked)
    assert answer.buttons == ()
    wish = await one.dm(one.grace, "talk to a person")
    (text,) = one.texts(wish)
    assert "no human channel is set up here. Please contact it@example.com" in text
    assert await one.outcomes(wish) == ["nobody_there"]


async def test_the_model_wants_a_person(opened: OpenCompany, clock: TestClock) -> None:
    """The model escalates: the card has its draft and confidence, the employee only the notice."""
    text = decision(action="escalate", confidence=0.31, response="I'd say <!here> yes.")
    one = await opened(ScriptedProvider("model", clock, [Say(text)]))
    asked = await one.dm(one.ada, "May I have a raise?")
    (card,) = one.cards()
    shown = card.text
    assert "The assistant judged that a person should take this." in shown
    assert "confidence 0.31" in shown
    assert "I'd say <!here> yes." in shown
    assert one.chat.pings(card) == []
    (told,) = one.texts(asked)
    assert "I've passed this on to people" in told
    assert "yes" not in told


async def test_the_bot_is_mute_while_people_have_the_case(
    opened: OpenCompany, clock: TestClock
) -> None:
    """While a case waits no model is asked, and 'stop' is said to the people, not to the bot."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    asked = await one.dm(one.ada, "talk to a person")
    await one.dm(one.ada, "Is somebody there?", asked)
    await one.dm(one.ada, "stop", asked)
    assert model.asked == []
    (card,) = one.cards()
    assert one.under(card) == ["Ada Byron: Is somebody there?", "Ada Byron: stop"]
    assert not one.chat.thought()


async def test_what_people_say_in_the_desk_is_no_question(handbook: Company) -> None:
    """Linus talks in the human channel, mentions the bot even; it is not a conversation."""
    before = await handbook.counts()
    asked = await handbook.say(handbook.linus, handbook.desk, "Who takes this?")
    await handbook.say(handbook.linus, handbook.desk, handbook.mention("or you?"), asked)
    assert await handbook.counts() == before
    assert handbook.answers(asked) == []


async def test_feedback(handbook: Company) -> None:
    """Ada presses Not helpful, then Helpful: the later one counts, both are in the journal."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    for helpful in (False, True):
        assert await handbook.rate(handbook.ada, answer, helpful=helpful)
    rated = await handbook.told("rated", asked)
    assert [one["verdict"] for one in rated] == ["down", "up"]
    (delivered,) = await handbook.told("delivered", asked)
    assert {one["message"] for one in rated} == {delivered["message"]}
    assert {one["author"] for one in rated} == {handbook.ada}
    assert handbook.feedback() == [(rated[0]["message"], handbook.ada, "up")]
    assert len(handbook.answers(asked)) == 1


async def test_feedback_while_a_turn_runs_does_not_disturb_it(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Grace rates an earlier answer while Ada's next one is being made; it is made all the same."""
    model = ScriptedProvider("model", clock, [Say(), Say(after=5)])
    one = await opened(model)
    asked = await one.ask(one.ada, "First thing?")
    await one.say(one.ada, one.general, "Second thing?", asked)
    await one.rate(one.grace, one.answers(asked)[0], helpful=True)
    await clock.advance(10)
    assert model.cancelled == 0
    assert len(one.answers(asked)) == 2
    assert await one.outcomes(asked) == ["answered", "answered", "rated"]
