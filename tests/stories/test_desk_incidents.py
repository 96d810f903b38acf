"""When very many employees have the same trouble at once, people see it once."""

from __future__ import annotations

import pytest

from agent.cases import Cause
from agent.desk.joining import TOGETHER, place_of
from agent.errors import DeliveryRetry, ProviderUnavailable
from agent.messages import ConversationId
from storage.sqlite import desk as desk_store
from tests.stories.conftest import OpenCompany, across
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.desk import Desk
from tests.support.scripted import Fail, ScriptedProvider

CROWD = 200
DAY = 86_400.0
MOST_EDITS = 8
"""Of the incident's card while all of them join: fifty cases are one edit of it."""


async def crowd(one: Company, count: int) -> dict[str, Said]:
    """So many people ask the bot, each directly, and it fails them all; by their names."""
    asked = {}
    for name in (f"Person {number}" for number in range(count)):
        person = one.chat.add_person(name)
        asked[name] = await one.chat.say(person, one.chat.direct(person), "How does it work?")
    await one.clock.advance(120)
    return asked


def person_in(one: Company, place: Said) -> str:
    """Whose direct conversation it is."""
    (root, *_) = one.chat.messages(place.channel)
    return root.author


@across
async def test_an_outage_is_one_card(opened: OpenCompany, clock: TestClock) -> None:
    """The vendor is out and 200 people ask: five cards and one for all others. What Linus does and
    says there reaches each of them once, and nobody else.
    """
    one = await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))
    desk = Desk(one)
    asked = await crowd(one, CROWD)
    assert len(desk.cards()) == 6
    incident = desk.cards()[-1]
    assert str(CROWD - 5) in incident.text
    assert all(len(one.texts(place)) == 1 for place in asked.values())
    posts = await one.told("delivered", place_of(Cause.NOTHING_TO_OFFER))
    assert 1 < len(posts) <= MOST_EDITS, "the card counts many cases at a time"
    await desk.press(one.linus, incident, "Claim")
    await clock.advance(60)
    assert "claimed by linus berg" in desk.cards()[-1].text.lower()
    await desk.write(one.linus, incident, "It is out until noon.")
    await clock.advance(60)
    said = [text for each in asked.values() for text in one.texts(each) if "noon" in text]
    assert said == ["Linus Berg: It is out until noon."] * (CROWD - 5)
    last, place = list(asked.items())[-1]
    await one.chat.say(person_in(one, place), place.channel, "It works again!", place.thread)
    await clock.advance(10)
    assert desk.relayed(incident)[-1] == f"{last}: It works again!"
    await desk.resolve(one.linus, desk.cards()[-1], "Done")
    await clock.advance(60)
    assert (await one.counts())["cases_open"] == 5
    assert len(desk.cards()) == 6
    assert desk.cards()[-1].buttons == ()


async def test_five_are_no_incident(opened: OpenCompany, clock: TestClock) -> None:
    """Five people in trouble have five cards, and others ten minutes later have their own again."""
    one = await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))
    desk = Desk(one)
    await crowd(one, 5)
    assert len(desk.cards()) == 5
    clock.jump(600)
    await crowd(one, 5)
    assert len(desk.cards()) == 10


async def test_whoever_asks_for_a_person_has_a_card(opened: OpenCompany) -> None:
    """Ten people ask for a person of their own accord: that is no trouble in common."""
    one = await opened()
    desk = Desk(one)
    for number in range(10):
        person = one.chat.add_person(f"Person {number}")
        await one.dm(person, "I want to talk to a person")
    assert len(desk.cards()) == 10


async def outage(opened: OpenCompany, clock: TestClock) -> Company:
    """A company whose model is out for good."""
    return await opened(ScriptedProvider("out", clock, [Fail(ProviderUnavailable())]))


async def test_what_is_taken_back_is_taken_back_everywhere(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Linus writes a password under the card of an incident and deletes it, and makes a note of
    other words: nobody reads either any more.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    asked = await crowd(one, 7)
    card = desk.cards()[-1]
    deleted = await desk.write(one.linus, card, "The password is 4711.")
    noted = await desk.write(one.linus, card, "A vendor is to blame.")
    await clock.advance(30)
    assert sum("4711" in text for place in asked.values() for text in one.texts(place)) == 2
    await desk.delete(one.linus, deleted)
    await desk.edit(one.linus, noted, "// A vendor is to blame.")
    await clock.advance(60)
    shown = [text for place in asked.values() for text in one.texts(place)]
    assert not [text for text in shown if "4711" in text or "vendor" in text]


async def test_the_desks_platform_falls_silent(
    opened: OpenCompany, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linus resolves an incident, and then his platform tells no more who is in the channel: it was
    his to resolve, so every case is.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 8)
    adapter = one.running.adapters[one.desk_chat.platform]
    ask, asked = adapter.member, list[str]()

    async def member(place: ConversationId, user: str) -> bool:
        asked.append(user)
        if len(asked) > 1:
            raise DeliveryRetry
        return await ask(place, user)

    monkeypatch.setattr(adapter, "member", member)
    await desk.resolve(one.linus, desk.cards()[-1], "Done")
    await clock.advance(60)
    assert (await one.counts())["cases_open"] == 5


async def test_somebody_still_writes(opened: OpenCompany, clock: TestClock) -> None:
    """For more than a week nobody does anything about an incident, but one of its employees writes
    every day: when Linus answers, they read it.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    asked = await crowd(one, 7)
    card = desk.cards()[-1]
    await desk.press(one.linus, card, "Claim")
    place, *_ = [each for each in asked.values() if await one.told("shown", each)]
    for day in range(8):
        clock.jump(DAY)
        await clock.advance(30)
        words = f"Still there? {day}"
        await one.chat.say(person_in(one, place), place.channel, words, place.thread)
        await clock.advance(10)
    await desk.write(one.linus, card, "Yes!")
    await clock.advance(20)
    assert one.texts(place)[-1] == "Linus Berg: Yes!"


async def test_more_than_one_turn_can_reach(
    opened: OpenCompany, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An incident has more cases than are told at once that it is resolved: the others come back on
    a card of their own, and can be resolved there.
    """
    monkeypatch.setattr(desk_store, "MOST_JOINED", 2)
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 9)
    await desk.resolve(one.linus, desk.cards()[-1], "Done")
    await clock.advance(60)
    assert (await one.counts())["cases_open"] == 5 + 2
    clock.jump(DAY / 24)
    await clock.advance(60)
    assert len(desk.cards()) == 7
    assert "2" in desk.cards()[-1].text
    await desk.resolve(one.linus, desk.cards()[-1], "Done")
    await clock.advance(60)
    assert (await one.counts())["cases_open"] == 5


async def test_resolved_while_somebody_joins(opened: OpenCompany, clock: TestClock) -> None:
    """Linus resolves an incident in the seconds in which one more case has just joined it: nothing
    of it comes back.
    """
    one = await outage(opened, clock)
    desk = Desk(one)
    await crowd(one, 7)
    person = one.chat.add_person("Late")
    late = await one.chat.say(person, one.chat.direct(person), "How does it work?")
    while not await one.told("shown", late):
        await clock.advance(1)
    await desk.resolve(one.linus, desk.cards()[-1], "Done")
    await clock.advance(6 * TOGETHER)
    assert (await one.counts())["cases_open"] == 5
    assert len(desk.cards()) == 6
