"""The desk in Teams where the bot hears only what mentions it (no consent, RSC): the card has a box
to answer in; and what a forged card cannot do.
"""

from __future__ import annotations

import asyncio

import pytest

from adapters.teams.twin import Answer
from tests.stories.conftest import OpenCompany, teams_only
from tests.support.chats import Shown
from tests.support.company import Company, teams
from tests.support.desk import Desk, wish

pytestmark = teams_only


@pytest.fixture
async def deaf(opened: OpenCompany) -> Company:
    """A company in whose human channel nobody has consented."""
    one = await opened()
    teams(one).consent(one.desk, given=False)
    return one


async def pressed(one: Company, card: Shown, label: str, **filled: str) -> Answer:
    """Linus presses something on a card as it was when `card` was read."""
    answer = await teams(one).press(one.linus, card.post, label, filled=filled)
    await one.rest()
    return answer


async def test_the_box_on_the_card(deaf: Company) -> None:
    """Linus answers in it: that claims the case, Ada reads his words, his colleagues read them in
    the thread; when the case is over there is none any more.
    """
    desk = Desk(deaf)
    asked = await wish(deaf, deaf.ada)
    await deaf.dm(deaf.ada, "It is urgent", asked)
    card = desk.card()
    (relayed,) = desk.thread(card)
    assert relayed.text.startswith("Ada Byron: It is urgent")
    assert "To answer, mention me in your reply, or use the box on the card." in relayed.text
    answer = await pressed(deaf, card, "Send to Ada Byron", reply="Which *printer*?")
    assert answer.toast == "Sent."
    assert deaf.texts(asked)[-1] == "Linus Berg: Which printer?"
    assert desk.relayed(card)[-1] == "Linus Berg: Which printer?"
    card = desk.card()
    assert "Claimed by Linus Berg" in card.text
    await pressed(deaf, card, "Send to Ada Byron", reply="// she is new")
    assert "she is new" not in "".join(deaf.texts(asked))
    assert desk.relayed(card)[-1].endswith("// she is new")
    await desk.resolve(deaf.linus, desk.card(), "Done")
    assert desk.card().buttons == ()
    late = await pressed(deaf, card, "Send to Ada Byron", reply="One more thing")
    assert "closed" in late.toast
    assert "One more thing" not in "".join(deaf.texts(asked))


async def test_a_mention_in_the_thread(deaf: Company) -> None:
    """It is heard, and the mention is no part of the words."""
    desk = Desk(deaf)
    asked = await wish(deaf, deaf.ada)
    card = desk.card()
    await desk.write(deaf.linus, card, "Nobody hears this")
    await desk.write(deaf.linus, card, teams(deaf).mention() + " Which printer?")
    assert deaf.texts(asked)[-1] == "Linus Berg: Which printer?"
    assert "Nobody hears this" not in "".join(deaf.texts(asked))


async def test_consent_takes_the_box_away(deaf: Company) -> None:
    """Once the bot has heard something that did not mention it, people simply write."""
    desk = Desk(deaf)
    asked = await wish(deaf, deaf.ada)
    teams(deaf).consent(deaf.desk)
    await desk.write(deaf.linus, desk.card(), "Which printer?")
    assert not any(label.startswith("Send to") for label in desk.card().buttons)
    await deaf.dm(deaf.ada, "The one downstairs", asked)
    assert desk.relayed(desk.card())[-1] == "Ada Byron: The one downstairs"


@pytest.mark.parametrize(
    ("verb", "data", "told"),
    [
        ("frontdesk.resolve", {}, "Please choose an outcome first."),
        ("frontdesk.resolve", {"outcome": "sold", "about": "t1.1"}, "Please choose an outcome"),
        ("frontdesk.resolve", {"outcome": ["done"], "note": {"x": 1}}, "Please choose an outcome"),
        ("frontdesk.resolve", "done", "Please choose an outcome"),
        ("frontdesk.reply", {"reply": 5}, "Please write something first."),
        ("frontdesk.reply", None, "Please write something first."),
        ("frontdesk.assign", {"detail": "teams:eve"}, "Nobody reads this any more."),
        ("frontdesk.look", {"about": "C1"}, "Nobody reads this any more."),
        ({"verb": 1}, [1], "Nobody reads this any more."),
    ],
)
async def test_forged_actions(
    handbook: Company, caplog: pytest.LogCaptureFixture, verb: object, data: object, told: str
) -> None:
    """Whatever a client sends is answered in words; the case stays what it was."""
    desk = Desk(handbook)
    await wish(handbook, handbook.ada)
    card = desk.card()
    twin = teams(handbook)
    seen = twin.message(handbook.desk, card.id)
    answer = await twin.execute(handbook.linus, seen, verb, data)
    await handbook.rest()
    assert answer.status == 200
    assert answer.toast.startswith(told)
    assert desk.card().text == card.text
    assert not [one for one in caplog.records if one.exc_info]


async def test_a_card_says_nothing_of_who_presses(handbook: Company) -> None:
    """Mallory, who is not in the channel, sends what Linus' card would send: it is known who she
    is. What the data names, the case of somebody else or a message that is none, changes nothing.
    """
    desk = Desk(handbook)
    await wish(handbook, handbook.ada)
    card, twin = desk.card(), teams(handbook)
    seen = twin.message(handbook.desk, card.id)
    mallory = twin.add_user("Mallory")
    data = {"about": "t1.1", "from": handbook.linus, "user": handbook.linus, "outcome": "done"}
    for verb in ("frontdesk.claim", "frontdesk.resolve", "frontdesk.hand_back"):
        with handbook.chat.slip_in(mallory, handbook.desk):
            pressing = asyncio.ensure_future(twin.execute(mallory, seen, verb, data))
            await handbook.clock.sleep(0)  # it is on its way
        await handbook.rest()
        assert (await pressing).toast == "Only members of the channel of this case can do that."
    assert desk.card().text == card.text
