"""Teams cannot be asked whether a post arrived: one in doubt is never repeated by itself. Its
reader is told so at the next contact, and gets it once more for the asking; admins see it.
"""

from __future__ import annotations

import pytest

from adapters.teams.twin import Fault
from tests.stories.conftest import LEAVE, OpenCompany, teams_only
from tests.support.chats import Said
from tests.support.company import Company, teams

QUESTION = "How many days of annual leave do I get?"
MAY_BE_LOST = "may not have reached you"
pytestmark = teams_only

AMBIGUOUS = {
    "reset": Fault.reset(after_effect=True),
    "reset before the effect": Fault.reset(after_effect=False),
    "502 in HTML": Fault.bad_gateway(after_effect=True),
    "500": Fault.unavailable(500, after_effect=True),
    "503 before the effect": Fault.unavailable(503),
    "408": Fault.error(408, "Timeout", after_effect=True),
}


async def doubtful(one: Company, asked: Said) -> None:
    """The answer was tried once, and nobody knows what became of it."""
    await one.clock.advance(600)
    assert len(one.chat.posts()) == 1, "and is not tried again"
    counts = await one.counts()
    assert counts["outbox_unconfirmed"] == 1
    assert counts["outbox_pending"] == counts["outbox_sending"] == counts["outbox_dead"] == 0
    assert len(await one.told("unconfirmed", asked)) == 1


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("direct", [True, False])
async def test_an_answer_in_doubt(handbook: Company, fault: Fault, direct: bool) -> None:
    """It is never repeated; Ada is told when she writes next, and gets it when she says so."""
    teams(handbook).fault("post", fault)
    channel = handbook.chat.direct(handbook.ada) if direct else handbook.general
    asked = await handbook.say(handbook.ada, channel, handbook.mention(QUESTION))
    await doubtful(handbook, asked)
    arrived = len(handbook.answers(asked))
    assert arrived == fault.after_effect
    await handbook.say(handbook.ada, channel, "What is the airspeed of a swallow?", asked)
    *_, answer, told = handbook.texts(asked)
    assert "I found nothing" in answer
    assert MAY_BE_LOST in told
    await handbook.say(handbook.ada, channel, "repeat", asked)
    assert len([text for text in handbook.texts(asked) if "27 days" in text]) == arrived + 1
    assert (await handbook.counts())["outbox_unconfirmed"] == 0


@pytest.mark.parametrize("body", [b"{}", b'{"id": null}', b""])
async def test_a_success_without_an_id(handbook: Company, body: bytes) -> None:
    """Teams took the answer and does not say where it is: nobody is told of a doubt."""
    teams(handbook).fault("post", Fault.garbage(body, after_effect=True))
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.clock.advance(600)
    await handbook.say(handbook.ada, handbook.general, QUESTION, asked)
    assert len(handbook.answers(asked)) == 2
    assert not any(MAY_BE_LOST in text for text in handbook.texts(asked))
    counts = await handbook.counts()
    assert counts["outbox_unconfirmed"] == counts["outbox_dead"] == 0


async def test_she_is_told_once(handbook: Company) -> None:
    """Whoever does not want it again is not reminded again."""
    handbook.chat.lose(arrived=True)
    asked = await handbook.ask(handbook.ada, QUESTION)
    for _ in range(3):
        await handbook.say(handbook.ada, handbook.general, QUESTION, asked)
    assert len([text for text in handbook.texts(asked) if MAY_BE_LOST in text]) == 1


async def test_repeat_is_a_word_like_any_other(handbook: Company) -> None:
    """With nothing in doubt it is a question."""
    asked = await handbook.dm(handbook.ada, "repeat")
    assert await handbook.outcomes(asked) == ["unsure"]


async def test_nobody_repeats_what_was_said_to_ada(handbook: Company) -> None:
    """Grace says repeat in the same thread; what may be lost is Ada's."""
    handbook.chat.lose(arrived=False)
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.grace, handbook.general, "repeat", asked)
    assert not any("27 days" in text for text in handbook.texts(asked))
    await handbook.say(handbook.ada, handbook.general, "Repeat that, please.", asked)
    assert any("27 days" in text for text in handbook.texts(asked))


async def test_what_is_lost_twice_can_be_had_once_more(handbook: Company) -> None:
    """The repetition is lost as well; she may say it again."""
    handbook.chat.lose(2, arrived=False)
    asked = await handbook.ask(handbook.ada, QUESTION)
    for _ in range(2):
        await handbook.say(handbook.ada, handbook.general, "repeat", asked)
    assert len([text for text in handbook.texts(asked) if "27 days" in text]) == 1


async def test_admins_see_it_and_send_it_again(opened: OpenCompany) -> None:
    """Ada's answer is in doubt and she does not come back: Grace sees that, and no word of it."""
    one = await opened()
    await one.reopen(frontdesk_admins=one.name(one.grace))
    await one.teach(LEAVE)
    one.chat.lose(arrived=False)
    asked = await one.ask(one.ada, QUESTION)
    text = await one.command(one.grace, one.general, "queue")
    assert "unconfirmed DeliveryUnknown" in text
    assert "27 days" not in text
    (stuck,) = await one.store.care.stuck()
    assert await one.store.care.retry(stuck.id, by="command line") == ""
    await one.clock.advance(6)
    assert len(one.answers(asked)) == 1


@pytest.mark.parametrize("arrived", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "channel"])
async def test_a_crash_while_sending(handbook: Company, arrived: bool, direct: bool) -> None:
    """The process dies before or after the post took effect; the next one does not send it again,
    and tells Ada.
    """
    handbook.chat.lose(arrived=arrived, silent=True)
    channel = handbook.chat.direct(handbook.ada) if direct else handbook.general
    asked = await handbook.say(handbook.ada, channel, handbook.mention(QUESTION))
    assert (await handbook.counts())["outbox_sending"] == 1
    await handbook.crash()
    await handbook.open()
    await doubtful(handbook, asked)
    await handbook.say(handbook.ada, channel, "repeat", asked)
    assert len(handbook.answers(asked)) == arrived + 1


async def test_a_card_in_doubt(handbook: Company) -> None:
    """Nobody knows whether people have the case: admins see it. What Ada writes brings the card
    once more, and it is said that there may be two.
    """
    asked = await handbook.dm(handbook.ada, QUESTION)
    handbook.chat.lose(arrived=True, channel=handbook.desk)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    await handbook.clock.advance(60)
    assert len(handbook.cards()) == 1
    (stuck,) = await handbook.store.care.stuck()
    assert stuck.state == "unconfirmed"
    await handbook.dm(handbook.ada, "It is urgent", asked)
    assert len(handbook.cards()) == 2
    told = [one.text for one in handbook.written(handbook.desk)]
    assert any("may be shown twice" in text for text in told)
    assert any("It is urgent" in text for text in told)


CERTAIN = {
    "429": Fault.rate_limited(2),
    "429 with a fraction": Fault.rate_limited(1.5),
    "429 without a number": Fault.rate_limited(None),
    "412": Fault.precondition(),
}


@pytest.mark.parametrize("fault", CERTAIN.values(), ids=CERTAIN.keys())
async def test_it_arrives_later(handbook: Company, fault: Fault) -> None:
    """Teams refuses twice and says so: that is no doubt, and Ada gets her answer once."""
    teams(handbook).fault("post", fault, 2)
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(30)
    assert len(handbook.answers(asked)) == 1
    assert (await handbook.counts())["outbox_unconfirmed"] == 0


async def test_a_form_that_teams_refuses(handbook: Company) -> None:
    """Teams does not like the card; the same goes out as plain text, sources included."""
    teams(handbook).fault("post", Fault.error(400, "BadSyntax"))
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    assert "27 days" in answer.text
    assert answer.post.cards == ()
    assert "https://handbook.example/leave" in answer.given
