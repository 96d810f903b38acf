"""When people give a case back to the assistant, and when the employee takes it back."""

from __future__ import annotations

from tests.stories.conftest import OpenCompany, across, four_ways
from tests.support.clock import TestClock
from tests.support.desk import Desk, wish
from tests.support.scripted import Say, ScriptedProvider, decision


@four_ways
async def test_the_bot_answers_again(opened: OpenCompany, clock: TestClock) -> None:
    """Linus hands the case back: the bot says nothing of itself, and what Ada asks next it answers
    knowing what people said and that it has the conversation again.
    """
    model = ScriptedProvider("model", clock, [Say(decision(response="27 days."))])
    one = await opened(model)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.write(one.linus, card, "The assistant can tell you about your leave.")
    await desk.write(one.linus, card, "// too easy for us")
    await one.dm(one.ada, "And who are you?", asked)
    assert model.asked == []
    await desk.press(one.linus, desk.card(), "Hand back")
    card = desk.card()
    assert "handed back" in card.text.lower() or "given back" in card.text.lower()
    assert card.buttons == ()
    assert model.asked == [], "what people dealt with needs no answer of the bot"
    told = one.texts(asked)[-1]
    assert "Linus Berg" in told
    await one.dm(one.ada, "How much leave do I get?", asked)
    await clock.advance(5)
    assert one.texts(asked)[-1].startswith("27 days.")
    (prompt,) = model.asked
    shown = "\n".join(message.text for message in prompt.messages)
    assert "The assistant can tell you about your leave." in shown
    assert "And who are you?" in shown
    assert "too easy" not in shown
    assert '{"handed_back_by":"Linus Berg"}' in shown
    assert (await one.counts())["cases_open"] == 0


async def test_handed_back_without_a_word(opened: OpenCompany, clock: TestClock) -> None:
    """Linus hands back a case that nobody has claimed; afterwards a new wish is a new case."""
    one = await opened(ScriptedProvider("model", clock))
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Hand back")
    await desk.press(one.linus, desk.card(), "Hand back") if desk.card().buttons else None
    await one.dm(one.ada, "I want to talk to a person", asked)
    first, second = desk.cards()
    assert first.buttons == ()
    assert "Claim" in second.buttons


async def test_words_after_a_resolution_begin_afresh(opened: OpenCompany, clock: TestClock) -> None:
    """After people have resolved her case Ada asks something else, and the bot answers."""
    model = ScriptedProvider("model", clock, [Say(decision(response="27 days."))])
    one = await opened(model)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.resolve(one.linus, desk.card(), "Done")
    await one.dm(one.ada, "How much leave do I get?", asked)
    await clock.advance(5)
    assert one.texts(asked)[-1].startswith("27 days.")


@across
async def test_never_mind_while_somebody_has_it(opened: OpenCompany) -> None:
    """Ada does not need Linus any more: the card says so, and what he writes then goes nowhere."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    await one.dm(one.ada, "never mind", asked)
    assert "withdrawn" in desk.card().text.lower()
    assert desk.card().buttons == ()
    before = one.texts(asked)
    await desk.write(one.linus, card, "Wait, I have it!")
    assert one.texts(asked) == before
    assert desk.relayed(card) != []


async def test_low_confidence_offers_people(opened: OpenCompany, clock: TestClock) -> None:
    """The model is not sure: Ada gets its answer and a button; pressed, people get her case with
    what the bot has said.
    """
    unsure = Say(decision(confidence=0.2, response="Perhaps 27 days."))
    one = await opened(ScriptedProvider("model", clock, [unsure]))
    desk = Desk(one)
    asked = await one.dm(one.ada, "How much leave do I get?")
    await clock.advance(1)
    (answer,) = one.answers(asked)
    assert "Perhaps 27 days." in answer.text
    assert desk.posts() == []
    await one.press(one.ada, answer, "Ask a person")
    assert "Perhaps 27 days." in desk.card().text


@four_ways
async def test_a_person_is_wanted_during_a_turn(opened: OpenCompany, clock: TestClock) -> None:
    """Ada asks for a person while the bot still thinks: nothing of its answer comes, people get
    the case, and her first question is on the card.
    """
    model = ScriptedProvider("model", clock, [Say(after=20)])
    one = await opened(model)
    desk = Desk(one)
    asked = await one.dm(one.ada, "My laptop is on fire, what now?")
    await clock.advance(2)
    await one.dm(one.ada, "talk to a person", asked)
    await clock.advance(30)
    assert model.cancelled == 1
    card = desk.card()
    assert "on fire" in card.text
    assert not any("An answer" in text for text in one.texts(asked))
