"""The ways in which people of the desk speak that only one of the platforms has."""

from __future__ import annotations

from tests.stories.conftest import OpenCompany, slack_only, teams_only
from tests.support.chats import Shown
from tests.support.clock import TestClock
from tests.support.company import Company, slack, teams
from tests.support.desk import Desk, wish

SLACK_GIVES_UP = 700.0
"""Seconds after which Slack brings nothing again that was not taken."""


async def reply(one: Company, card: Shown, text: str) -> str:
    """Linus fills in the box on a card and sends it; what he reads as the answer."""
    (label,) = [label for label in card.buttons if label.startswith("Send to ")]
    answer = await teams(one).press(one.linus, card.post, label, filled={"reply": text})
    await one.rest()
    return answer.toast


# Teams


@teams_only
async def test_the_box_on_the_card(opened: OpenCompany) -> None:
    """The bot may not hear what is said in the human channel: Linus answers in the box on the card,
    which claims the case, and learns that it was sent.
    """
    one = await opened()
    desk = Desk(one)
    teams(one).consent(one.desk, given=False)
    asked = await wish(one, one.ada)
    assert await reply(one, desk.card(), "Hello Ada") != ""
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    assert "claimed by linus berg" in desk.card().text.lower()
    before = one.texts(asked)
    await reply(one, desk.card(), "// be kind")
    assert one.texts(asked) == before


@teams_only
async def test_a_mention_under_the_card(opened: OpenCompany) -> None:
    """The bot may not hear everything: Linus mentions it under the card, and Ada reads the rest.
    What Ada writes tells him how to answer.
    """
    one = await opened()
    desk = Desk(one)
    teams(one).consent(one.desk, given=False)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.write(one.linus, card, "nobody hears this")
    await desk.write(one.linus, card, one.mention("Hello Ada"))
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    assert not any("nobody hears" in text for text in one.texts(asked))
    await one.dm(one.ada, "Hello Linus", asked)
    assert "mention me in your reply" in desk.thread(card)[-1].text


@teams_only
async def test_the_box_in_a_direct_message(opened: OpenCompany, clock: TestClock) -> None:
    """Only an admin could be reached, in a chat without threads: the box on the card tells whose
    case the words are about, also if there are two.
    """
    one = await opened()
    await one.reopen(frontdesk_admins=one.name(one.linus))
    direct = Desk(one, one.chat.direct(one.linus))
    one.chat.archive(one.desk)
    places = [await wish(one, person) for person in (one.ada, one.grace)]
    await clock.advance(10)
    for name, card in zip(("Ada", "Grace"), direct.cards(), strict=True):
        await reply(one, card, f"Hello {name}")
    told = [one.texts(place)[-1] for place in places]
    assert told == ["Linus Berg: Hello Ada", "Linus Berg: Hello Grace"]


# Slack


@slack_only
async def test_over_a_websocket(opened: OpenCompany) -> None:
    """Slack talks to the bot through a websocket: press, words and form work as ever."""
    one = await opened(socket=True)
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    await desk.write(one.linus, card, "Hello Ada")
    assert one.texts(asked)[-1] == "Linus Berg: Hello Ada"
    await desk.resolve(one.linus, desk.card(), "Done")
    assert "resolved by linus berg: done" in desk.card().text.lower()


@slack_only
async def test_words_while_nobody_listened(opened: OpenCompany, clock: TestClock) -> None:
    """Linus writes under a card while the bot is away for longer than Slack tries: when it is back
    it looks there, and Ada reads him once.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    card = desk.card()
    await desk.press(one.linus, card, "Claim")
    await one.crash()
    await slack(one).say(one.linus, one.desk, "Are you there?", card.id)
    await clock.advance(SLACK_GIVES_UP)
    await one.open()
    await clock.advance(60)
    said = [text for text in one.texts(asked) if "there?" in text]
    assert said == ["Linus Berg: Are you there?"]


@slack_only
async def test_a_form_for_a_case_that_is_over(opened: OpenCompany) -> None:
    """Linus opens the form, Margaret resolves the case meanwhile: his form tells him, and stays."""
    one = await opened()
    desk = Desk(one)
    margaret = await desk.hire("Margaret Hill")
    asked = await wish(one, one.ada)
    assert await desk.press(one.linus, desk.card(), "Resolve") == ""
    (form,) = slack(one).views(one.linus)
    await desk.resolve(margaret, desk.card(), "Done")
    before = one.texts(asked)
    await slack(one).submit(form, {"outcome": "answered"})
    await one.rest()
    assert form.open
    assert "Margaret Hill" in str(form.errors)
    assert one.texts(asked) == before
    assert "resolved by margaret hill: done" in desk.card().text.lower()
