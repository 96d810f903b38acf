"""What employees write reaches the people who have their case, in whatever form they say it, and
what they are told about it is true.
"""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import ProviderUnavailable
from agent.platforms import Profile
from tests.stories.conftest import LEAVE, OpenCompany, four_ways, slack_only, teams_only
from tests.support.clock import TestClock
from tests.support.company import Company, teams
from tests.support.desk import Desk, wish
from tests.support.scripted import Fail, Say, ScriptedProvider, decision

WORDLESS = ("picture", "👍", "???")


@pytest.mark.parametrize("what", WORDLESS)
async def test_no_words_in_a_channel(opened: OpenCompany, what: str) -> None:
    """Linus has Ada's case from a channel: her picture, her thumb, her question marks reach him."""
    one = await opened()
    desk = Desk(one)
    asked = await one.ask(one.ada, "talk to a person")
    await desk.press(one.linus, desk.card(), "Claim")
    assert "What you write here reaches them" in one.texts(asked)[-1]
    if what == "picture":
        await one.upload(one.ada, one.general, "screen.png", "", asked)
    else:
        await one.say(one.ada, one.general, what, asked)
    (told,) = desk.relayed(desk.card())
    assert told.startswith("Ada Byron: ")
    assert ("sent along" if what == "picture" else what) in told


async def test_no_words_and_no_case(opened: OpenCompany) -> None:
    """Where nobody has a case, a thumb among colleagues is not for the bot, and not kept; nor is
    one after the case is over.
    """
    one = await opened()
    await one.teach(LEAVE)
    desk = Desk(one)
    asked = await one.ask(one.ada, "How many days of annual leave do I get?")
    before = await one.counts()
    await one.say(one.grace, one.general, "👍", asked)
    assert await one.counts() == before
    await one.ask(one.ada, "talk to a person", asked)
    await desk.resolve(one.linus, desk.card())
    before, said = await one.counts(), one.texts(asked)
    await one.say(one.ada, one.general, "👍", asked)
    assert (await one.counts(), one.texts(asked)) == (before, said)


@pytest.mark.parametrize("directly", [False, True])
async def test_a_picture_beside_the_question(
    opened: OpenCompany, clock: TestClock, directly: bool
) -> None:
    """While the bot is at a question of hers Ada asks another and sends a picture, without a word:
    these become one case, and people find the picture under its card.
    """
    says = [Say(decision(response="Yes."), after=5), Say(decision(action="escalate"))]
    one = await opened(ScriptedProvider("slow", clock, says))
    desk = Desk(one)
    place = one.chat.direct(one.ada) if directly else one.general
    asked = await one.chat.say(one.ada, place, one.chat.mention("Are you there?"))
    await clock.advance(1)
    await one.chat.say(one.ada, place, one.chat.mention("My screen is broken"), asked.thread)
    await one.chat.upload(one.ada, place, "screen.png", "", asked.thread)
    await clock.advance(60)
    (told,) = desk.relayed(desk.card())
    assert "sent along" in told
    assert "My screen is broken" in desk.card().text


@pytest.mark.parametrize("what", [*WORDLESS, "It is about my laptop"])
async def test_right_behind_the_wish(
    opened: OpenCompany, clock: TestClock, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Ada asks for a person in a channel and goes on while her case is still being opened: what she
    sends reaches people, also where follow-ups need a mention.
    """
    one = await opened(frontdesk_follow_threads="false")
    desk = Desk(one)
    slow_down(one, clock, monkeypatch)
    wished = one.mention("I want to talk to a person")
    asked = await one.chat.say(one.ada, one.general, wished)
    await clock.advance(0.5)
    assert desk.posts() == []
    if what == "picture":
        await one.chat.upload(one.ada, one.general, "screen.png", "", asked.thread)
    else:
        await one.chat.say(one.ada, one.general, what, asked.thread)
    await clock.advance(60)
    (told,) = desk.relayed(desk.card())
    assert ("sent along" if what == "picture" else what) in told


async def test_right_behind_a_question(opened: OpenCompany, clock: TestClock) -> None:
    """A thumb while the bot thinks disturbs nothing, is no part of the question, and not kept."""
    model = ScriptedProvider("slow", clock, [Say(decision(response="27 days."), after=5)])
    one = await opened(model)
    asked = await one.chat.say(one.ada, one.general, one.mention("How much leave do I get?"))
    await clock.advance(2)
    await one.chat.say(one.ada, one.general, "👍", asked.thread)
    await clock.advance(30)
    (answer,) = one.texts(asked)
    assert "27 days." in answer
    assert (len(model.asked), model.cancelled) == (1, 0)
    assert "👍" not in str(model.asked)
    assert await one.outcomes(asked) == ["answered", "vanished"]


def slow_down(one: Company, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the platform take its time to tell who somebody is."""
    adapter = one.running.adapters[one.chat.platform]
    ask = adapter.profile

    async def profile(*who: Any) -> Profile:
        await clock.sleep(1.5)
        return await ask(*who)

    monkeypatch.setattr(adapter, "profile", profile)


async def test_threads_that_are_not_followed(opened: OpenCompany) -> None:
    """Where follow-ups need a mention, words for people do not; for the bot they still do."""
    one = await opened(frontdesk_follow_threads="false")
    desk = Desk(one)
    asked = await one.ask(one.ada, "talk to a person")
    await desk.press(one.linus, desk.card(), "Claim")
    await one.say(one.ada, one.general, "Hello Linus", asked)
    assert desk.relayed(desk.card()) == ["Ada Byron: Hello Linus"]
    await desk.resolve(one.linus, desk.card())
    before = one.texts(asked)
    await one.say(one.ada, one.general, "How many days of leave?", asked)
    assert one.texts(asked) == before


@teams_only
@pytest.mark.parametrize("desk_on", ["teams", "slack"])
async def test_a_channel_that_is_not_heard(opened: OpenCompany) -> None:
    """Nobody has consented that the bot hears Ada's channel: whoever has her case, and each of
    their words, tell her to mention it, until it was heard that she need not.
    """
    one = await opened()
    desk = Desk(one)
    teams(one).consent(one.general, given=False)
    asked = await one.ask(one.ada, "talk to a person")
    await desk.press(one.linus, desk.card(), "Claim")
    assert "mention me" in one.answers(asked)[-1].text
    await desk.write(one.linus, desk.card(), "Which floor?")
    assert "mention me" in one.answers(asked)[-1].text
    await one.say(one.ada, one.general, one.mention("The third"), asked)
    assert desk.relayed(desk.card())[-1] == "Ada Byron: The third"
    teams(one).consent(one.general)
    await one.say(one.ada, one.general, "Or the fourth", asked)
    assert desk.relayed(desk.card())[-1] == "Ada Byron: Or the fourth"
    await desk.write(one.linus, desk.card(), "Coming")
    assert one.answers(asked)[-1].text == "Linus Berg: Coming"


@teams_only
async def test_a_group_chat_is_never_overheard(opened: OpenCompany) -> None:
    """In a group chat Ada's colleagues talk to each other, so that she must mention the bot; in a
    chat of their own she need not, and is not told so.
    """
    one = await opened()
    desk = Desk(one)
    group = one.chat.group(one.ada, one.grace)
    asked = await one.say(one.ada, group, one.mention("talk to a person"))
    await desk.press(one.linus, desk.card(), "Claim")
    assert "mention me" in one.answers(asked)[-1].text
    alone = await wish(one, one.grace)
    await desk.press(one.linus, desk.cards()[-1], "Claim")
    assert "mention me" not in one.answers(alone)[-1].text


# /frontdesk human


@pytest.mark.parametrize("claimed", [False, True])
async def test_human_with_words(opened: OpenCompany, claimed: bool) -> None:
    """Ada has a case and types `human` with words: they reach people, and she reads who has it."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    if claimed:
        await desk.press(one.linus, desk.card(), "Claim")
    told = await one.command(one.ada, asked.channel, "human my printer burns now")
    assert desk.relayed(desk.card()) == ["Ada Byron: my printer burns now"]
    assert ("Linus Berg" in told) is claimed
    assert "passed" in told
    assert len(desk.cards()) == 1


async def test_human_with_nothing_but_a_wish(opened: OpenCompany) -> None:
    """What says no more than the command itself is not passed on."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    told = await one.command(one.ada, asked.channel, "human can I talk to somebody please")
    assert desk.relayed(desk.card()) == []
    assert "with people already" in told


async def test_human_while_somebody_has_the_case(opened: OpenCompany) -> None:
    """Nobody is told anything new, and Ada reads who has her case."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    told = await one.command(one.ada, asked.channel, "human")
    assert "Linus Berg has your case" in told
    assert "told the people" not in told
    assert desk.relayed(desk.card()) == []


@pytest.mark.parametrize("known", [False, True])
async def test_human_without_a_human_channel(opened: OpenCompany, known: bool) -> None:
    """Nobody can be called: Ada reads so at once, and no conversation is begun for it."""
    one = await opened()
    await one.reopen(frontdesk_human_channel="", frontdesk_contact="it@example.com")
    asked = await one.dm(one.ada, "The printer burns") if known else None
    before = [] if asked else one.written(one.chat.direct(one.ada))
    told = await one.command(one.ada, one.general, "human")
    assert "no human channel is set up" in told
    assert "it@example.com" in told
    if asked:
        assert "no human channel is set up" in one.texts(asked)[-1]
    elif one.chat.platform == "slack":
        assert one.written(one.chat.direct(one.ada)) == before


async def test_human_twice(opened: OpenCompany, clock: TestClock) -> None:
    """Grace, who never wrote to the bot, types `human` twice: she has one case, in one place."""
    one = await opened()
    desk = Desk(one)
    for place in (one.general, one.chat.direct(one.grace)):
        await one.command(one.grace, place, "human")
        await clock.advance(5)
    (card,) = desk.cards()
    texts = one.told_directly(one.grace)
    assert sum("I've passed this on to people" in text for text in texts) == 1
    await desk.write(one.linus, card, "Hello Grace")
    assert "Linus Berg: Hello Grace" in one.told_directly(one.grace)


# The human channel is another one now


@four_ways
async def test_the_human_channel_has_changed(opened: OpenCompany) -> None:
    """Linus has a case when the human channel becomes another one: his words under its old card
    still reach Ada, with a mention too, and so do his edits; what colleagues say elsewhere in the
    old channel is not for the bot.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    new = one.desk_chat.add_channel("new", [one.linus], private=True)
    await one.reopen(frontdesk_human_channel=f"{one.desk_chat.platform}:{new}")
    said = await desk.write(one.linus, desk.card(), "Hello Ada")
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    await desk.edit(one.linus, said, "Hello dear Ada")
    assert one.texts(asked)[-1] == "Linus Berg: Hello dear Ada"
    await desk.write(one.linus, desk.card(), one.desk_chat.mention("Are you there?"))
    assert one.texts(asked)[-1] == "Linus Berg: Are you there?"
    before = await one.counts()
    root = await one.desk_chat.say(one.linus, one.desk, "Lunch?")
    await one.desk_chat.say(one.linus, one.desk, "At noon", root.id)
    await one.rest()
    assert await one.counts() == before


# Whom they mention


@pytest.mark.parametrize("platform", ["slack"])
@pytest.mark.parametrize("desk_on", ["slack", "teams"])
async def test_whom_an_employee_mentions(opened: OpenCompany) -> None:
    """Ada names Grace with Slack's own mention: people read a name, and no id; nobody is pinged."""
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await one.dm(one.ada, f"<@{one.grace}> has it, too", asked)
    (told,) = desk.relayed(desk.card())
    assert told == "Ada Byron: @Grace Hopper has it, too"


@pytest.mark.parametrize(("platform", "desk_on"), [("teams", "slack"), ("slack", "slack")])
async def test_whom_people_mention(opened: OpenCompany) -> None:
    """Linus names a colleague with Slack's own mention: Ada reads the name, also after an edit."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    said = await desk.write(one.linus, desk.card(), f"Ask <@{margaret}> please")
    assert one.texts(asked)[-1] == "Linus Berg: Ask @Margaret Hill please"
    await desk.edit(one.linus, said, f"Please ask <@{margaret}>")
    assert one.texts(asked)[-1] == "Linus Berg: Please ask @Margaret Hill"


@slack_only
async def test_whom_somebody_mentioned_while_nobody_listened(
    opened: OpenCompany, clock: TestClock
) -> None:
    """What Ada wrote while the bot was away is read with the names, too."""
    one = await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await one.crash()
    await one.chat.say(one.ada, asked.channel, f"<@{one.grace}> has it, too", asked.thread)
    await clock.advance(700.0)
    await one.open()
    await clock.advance(60)
    assert desk.relayed(desk.card()) == ["Ada Byron: @Grace Hopper has it, too"]


# Which case a command means


@teams_only
async def test_assign_in_the_thread_of_a_case(opened: OpenCompany) -> None:
    """Two cases are open: `assign` without a number, written under a card, means that card's."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    places = [await wish(one, person) for person in (one.ada, one.grace)]
    card = desk.cards()[0]
    words = one.mention(f"/assign {teams(one).mention(margaret)}")
    await desk.write(one.linus, card, words)
    assert "Margaret Hill" in one.texts(places[0])[-1]
    assert "Margaret Hill" not in one.texts(places[1])[-1]
