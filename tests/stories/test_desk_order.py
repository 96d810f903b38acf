"""Words and what is pressed right behind them: people and employees read both in this order."""

from __future__ import annotations

import pytest

from adapters.slack.twin import Fault, SlackTwin
from agent.errors import ProviderUnavailable
from agent.messages import Author, ConversationId
from agent.platforms import Profile
from tests.stories.conftest import OpenCompany, across
from tests.support.chats import Said, Shown
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.desk import Desk, wish
from tests.support.scripted import Fail, ScriptedProvider
from tests.support.slack_chat import SlackChat

SLOW = 3.0
"""Seconds for which a platform thinks about who is in a channel: more than between two clicks."""
ANSWER = "Linus Berg: The blue one."
PRESSED = {
    "Resolve": ("closed your case", "resolved"),
    "Hand back": ("given your case back", "handed back"),
    "Release": ("waits for somebody else", "waiting"),
}
"""What the employee reads by it, and what the card says then."""


async def taken(one: Company) -> tuple[Desk, Said]:
    """Linus has the case that Ada wished for."""
    desk = Desk(one)
    asked = await wish(one, one.ada)
    await desk.press(one.linus, desk.card(), "Claim")
    return desk, asked


async def answer_and_press(desk: Desk, card: Shown, label: str) -> None:
    """Linus answers under a card, and presses half a second later."""
    one = desk.one
    await one.desk_chat.say(one.linus, card.channel, "The blue one.", card.id)
    await one.clock.advance(0.5)
    if label == "Resolve":
        await desk.resolve(one.linus, card, "Answered")
    else:
        await desk.press(one.linus, card, label)
    await one.clock.advance(60)


def hesitate(one: Company, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The desk's platform takes its time to tell who is in the channel."""
    adapter = one.running.adapters[one.desk_chat.platform]
    ask, slow = adapter.member, [SLOW] * times

    async def member(place: ConversationId, user: str) -> bool:
        if slow:
            await one.clock.sleep(slow.pop())
        return await ask(place, user)

    monkeypatch.setattr(adapter, "member", member)


def read_in_order(desk: Desk, asked: Said, label: str) -> bool:
    """Whether Ada has read the answer and then what Linus pressed, and the card tells that, too."""
    words, end = desk.one.texts(asked)[-2:]
    told, shown = PRESSED[label]
    return words == ANSWER and told in end and shown in desk.card().text.lower()


@across
@pytest.mark.parametrize("label", sorted(PRESSED))
async def test_an_answer_and_a_press(
    opened: OpenCompany, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    """Linus answers and presses at once, while Ada's own words are still being passed on: she reads
    his answer first.
    """
    one = await opened()
    desk, asked = await taken(one)
    card = desk.card()
    hesitate(one, monkeypatch, 9)
    await one.chat.say(one.ada, asked.channel, "Which cable?", asked.thread)
    await one.clock.advance(0.5)
    await answer_and_press(desk, card, label)
    assert read_in_order(desk, asked, label)


@across
@pytest.mark.parametrize("label", sorted(PRESSED))
async def test_an_answer_and_a_press_in_trouble(
    opened: OpenCompany, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    """The same when Ada's words could not be passed on at once, and wait for their next try: people
    read them before the end, too.
    """
    one = await opened()
    desk, asked = await taken(one)
    card = desk.card()
    adapter = one.running.adapters[one.chat.platform]
    ask, broken = adapter.profile, [True]

    async def profile(author: Author, place: ConversationId) -> Profile:
        if broken:
            raise RuntimeError(broken.pop())
        return await ask(author, place)

    monkeypatch.setattr(adapter, "profile", profile)
    await one.chat.say(one.ada, asked.channel, "Which cable?", asked.thread)
    await one.clock.advance(0.2)
    await answer_and_press(desk, card, label)
    assert read_in_order(desk, asked, label)
    assert "Ada Byron: Which cable?" in desk.relayed(card)
    assert not broken


@across
async def test_an_answer_and_a_press_for_many(
    opened: OpenCompany, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linus answers under the card of an incident and resolves it, while one of its employees is
    just being passed on: all of them read his answer.
    """
    one = await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))
    desk = Desk(one)
    people = [one.chat.add_person(f"Person {n}") for n in range(8)]
    asked = {
        person: await one.chat.say(person, one.chat.direct(person), "How does it work?")
        for person in people
    }
    await clock.advance(120)
    joined = {who: place for who, place in asked.items() if await one.told("shown", place)}
    assert len(joined) == 3
    card = desk.cards()[-1]
    await desk.press(one.linus, card, "Claim")
    await clock.advance(100)  # who is in the channel is not asked again within a minute
    hesitate(one, monkeypatch, 1)
    who, place = next(iter(joined.items()))
    await one.chat.say(who, place.channel, "When will it work?", place.thread)
    await clock.advance(0.3)
    await answer_and_press(desk, card, "Resolve")
    for place in joined.values():
        assert ANSWER in one.texts(place)


@pytest.mark.parametrize(("platform", "desk_on"), [("teams", "slack"), ("slack", "slack")])
async def test_a_name_that_is_asked_for_is_not_overtaken(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Linus mentions somebody new and closes the case at once, while Slack thinks about who that
    is: Ada reads his words, with the name, and then that it is closed.
    """
    one = await opened()
    desk, asked = await taken(one)
    card = desk.card()
    bob = one.desk_chat.add_person("Bob Stone")
    desk_slack(one).fault("users.info", Fault.slow(0.9))
    said = f"<@{bob}> brings you a new one."
    await one.desk_chat.say(one.linus, card.channel, said, card.id)
    await clock.advance(0.4)
    await desk.resolve(one.linus, card, "Answered")
    await clock.advance(60)
    words, closed = one.texts(asked)[-2:]
    assert words == "Linus Berg: @Bob Stone brings you a new one."
    assert "closed your case" in closed


def desk_slack(one: Company) -> SlackTwin:
    """Slack itself, where the desk is."""
    assert isinstance(one.desk_chat, SlackChat)
    return one.desk_chat.twin
