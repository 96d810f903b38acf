"""Slack does not take a message at once, or not at all: it arrives once, or somebody is told.

Here is what hangs on Slack alone: its error codes, its blocks, its limits of speed, and above all
that Slack can be asked whether a post arrived (Teams can't: `test_teams_delivery.py`). The rest is
told in `test_delivery.py` for every platform.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.slack.twin import Fault
from tests.stories.conftest import slack_only
from tests.stories.test_delivery import each_way_ends
from tests.support.chats import Said
from tests.support.company import Company, slack

QUESTION = "How many days of annual leave do I get?"
POST = "chat.postMessage"
MINUTES = 60.0
pytestmark = slack_only

LATE = {
    "429": Fault.rate_limited(2),
    "429 with a fraction": Fault.rate_limited(1.5),
    "429 without a number": Fault.answer(429, {"ok": False, "error": "ratelimited"}),
    "ratelimited in the body": Fault.error("ratelimited"),
    "500": Fault.unavailable(500),
    "503": Fault.unavailable(503),
    "502 in HTML": Fault.bad_gateway(),
    "an answer without ok": replace(Fault.no_ok(), status=500),
    "internal_error": Fault.error("internal_error"),
    "reset": Fault.reset(after_effect=False),
}


async def once(one: Company, asked: Said) -> None:
    """There is exactly one post, and the database has nothing left to do."""
    assert len(one.answers(asked)) == 1
    counts = await one.counts()
    open_rows = ("rows_waiting", "outbox_pending", "outbox_sending", "outbox_dead")
    assert {name: counts[name] for name in open_rows} == dict.fromkeys(open_rows, 0)


@pytest.mark.parametrize("fault", LATE.values(), ids=LATE.keys())
async def test_it_arrives_later(handbook: Company, fault: Fault) -> None:
    """Slack refuses twice for a moment; Ada gets her answer once, a little later."""
    slack(handbook).fault(POST, fault, 2)
    asked = await handbook.dm(handbook.ada, QUESTION)
    assert handbook.answers(asked) == []
    await handbook.clock.advance(30)
    await once(handbook, asked)


AMBIGUOUS = {
    "reset": Fault.reset(after_effect=True),
    "502 in HTML": replace(Fault.bad_gateway(), after_effect=True),
    "500": replace(Fault.unavailable(500), after_effect=True),
}


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("direct", [True, False])
async def test_it_had_arrived_after_all(handbook: Company, fault: Fault, direct: bool) -> None:
    """Slack takes the post and then breaks; it is asked, and nothing is posted twice."""
    slack(handbook).fault(POST, fault)
    channel = handbook.chat.direct(handbook.ada) if direct else handbook.general
    asked = await handbook.say(handbook.ada, channel, handbook.mention(QUESTION))
    assert len(handbook.answers(asked)) == 1
    await handbook.clock.advance(20)
    await once(handbook, asked)
    assert len(slack(handbook).calls(POST)) == 1
    (question,) = slack(handbook).calls("conversations.replies")
    assert question.at - slack(handbook).calls(POST)[0].at >= 3


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_a_card_and_what_stands_under_it_had_arrived(handbook: Company, fault: Fault) -> None:
    """Slack's answers about the card and about relayed words are lost; each is there once."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    slack(handbook).fault(POST, fault, channel=handbook.desk)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    await handbook.clock.advance(20)
    (card,) = handbook.cards()
    assert slack(handbook).calls("conversations.history"), "it was asked for at the top level"
    slack(handbook).fault(POST, fault, channel=handbook.desk)
    await handbook.dm(handbook.ada, "It is urgent", asked)
    await handbook.clock.advance(20)
    assert len([text for text in handbook.under(card) if "It is urgent" in text]) == 1
    assert len(handbook.chat.posts(handbook.desk)) == 2
    counts = await handbook.counts()
    assert counts["outbox_pending"] == counts["outbox_sending"] == counts["outbox_dead"] == 0


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_an_answer_that_goes_another_way_had_arrived(handbook: Company, fault: Fault) -> None:
    """The channel takes nothing any more, so the answer goes to Ada directly; whether that arrived
    Slack does not say either. She reads it once.
    """
    handbook.chat.forbid(None, channel=handbook.general)
    direct = handbook.chat.direct(handbook.ada)
    slack(handbook).fault(POST, fault, channel=direct)
    await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    await handbook.clock.advance(60)
    told = handbook.told_directly(handbook.ada)
    assert len([text for text in told if "27 days" in text]) == 1


async def test_patience_is_for_the_whole_channel(handbook: Company) -> None:
    """Slack refuses one answer for half a second; another one into the same channel waits too,
    instead of being refused as well, and one into another channel does not.
    """
    handbook.chat.refuse(seconds=0.5, channel=handbook.general)
    first = await handbook.ask(handbook.ada, QUESTION)
    second = await handbook.ask(handbook.grace, QUESTION)
    direct = await handbook.dm(handbook.linus, QUESTION)
    assert len(handbook.answers(direct)) == 1
    await handbook.clock.advance(0.4)
    assert len(handbook.chat.posts(handbook.general)) == 1
    await handbook.clock.advance(2)
    for asked in (first, second):
        assert len(handbook.answers(asked)) == 1
    assert len(slack(handbook).calls(POST)) == 4


async def test_a_content_slack_is_not_slowed_down(handbook: Company) -> None:
    """Fifty questions at once in one channel are answered without any time passing."""
    people = [handbook.chat.add_person(f"Person {number}") for number in range(50)]
    for person in people:
        await handbook.chat.join(person, handbook.general)
    asked = [
        await handbook.chat.say(person, handbook.general, handbook.mention(QUESTION))
        for person in people
    ]
    await handbook.rest()
    assert [len(handbook.answers(one)) for one in asked] == [1] * 50


async def test_it_is_asked_again_while_slack_cannot_tell(handbook: Company) -> None:
    """Slack is too sick to say whether the post arrived; nobody guesses."""
    slack(handbook).fault(POST, Fault.reset(after_effect=True))
    slack(handbook).fault("conversations.replies", Fault.unavailable(), 3)
    slack(handbook).fault("conversations.replies", Fault.rate_limited(2), 2)
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(240)
    await once(handbook, asked)
    assert len(slack(handbook).calls(POST)) == 1


FORMS = ["invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"]


@pytest.mark.parametrize("code", FORMS)
async def test_a_form_that_slack_refuses(handbook: Company, code: str) -> None:
    """Slack does not like the blocks; the same goes out as plain text, sources included."""
    slack(handbook).fault(POST, Fault.error(code))
    asked = await handbook.dm(handbook.ada, QUESTION)
    await once(handbook, asked)
    (answer,) = handbook.answers(asked)
    assert {block["type"] for block in answer.post.blocks} == {"rich_text"}
    assert "27 days" in answer.post.text
    source = "<https://handbook.example/leave|Annual leave · How many days>"
    assert source in answer.post.text


@pytest.mark.parametrize("code", ["msg_too_long", "is_archived", "channel_not_found", "no_text"])
async def test_a_message_that_never_arrives(
    handbook: Company, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    """Slack takes nothing at all any more: each way ends, the journal knows why, nothing loops."""
    slack(handbook).fault(POST, Fault.error(code), None)
    await each_way_ends(handbook, caplog)


@pytest.mark.parametrize("minutes", [0, 10, 3 * 24 * 60])
@pytest.mark.parametrize("arrived", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "channel"])
async def test_a_crash_while_sending(
    handbook: Company, arrived: bool, direct: bool, minutes: int
) -> None:
    """The process dies before or after the post took effect; Slack is asked, and there is one."""
    handbook.chat.lose(arrived=arrived, silent=True)
    channel = handbook.chat.direct(handbook.ada) if direct else handbook.general
    asked = await handbook.say(handbook.ada, channel, handbook.mention(QUESTION))
    assert (await handbook.counts())["outbox_sending"] == 1
    await handbook.crash()
    handbook.clock.jump(minutes * MINUTES)
    await handbook.open()
    await handbook.clock.advance(10)
    await once(handbook, asked)
    assert len(handbook.chat.posts()) == (1 if arrived else 2)


async def test_a_crash_while_a_card_is_posted(handbook: Company) -> None:
    """The process dies while the case's card is on its way: one card, and Ada is told once."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    handbook.chat.lose(arrived=True, silent=True, channel=handbook.desk)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    await handbook.crash()
    await handbook.open()
    await handbook.clock.advance(10)
    (card,) = handbook.cards()
    told = [text for text in handbook.texts(asked) if "passed this on" in text]
    assert len(told) == 1
    await handbook.dm(handbook.ada, "It is urgent", asked)
    (relayed,) = handbook.under(card)
    assert "It is urgent" in relayed, "the card's place in Slack was found out"
