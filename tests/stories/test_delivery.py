"""A message is not taken at once, or not at all: it arrives once, or somebody is told."""

from __future__ import annotations

import logging

import pytest

from tests.stories.conftest import OpenCompany
from tests.support.chats import Said
from tests.support.company import Company

QUESTION = "How many days of annual leave do I get?"


async def once(one: Company, asked: Said) -> None:
    """There is exactly one post, and the database has nothing left to do."""
    assert len(one.answers(asked)) == 1
    counts = await one.counts()
    open_rows = ("rows_waiting", "outbox_pending", "outbox_sending", "outbox_dead")
    assert {name: counts[name] for name in open_rows} == dict.fromkeys(open_rows, 0)


@pytest.mark.parametrize("direct", [True, False])
async def test_it_arrives_later(handbook: Company, direct: bool) -> None:
    """It is refused twice for a moment; Ada gets her answer once, a little later."""
    handbook.chat.refuse(2, seconds=2)
    channel = handbook.chat.direct(handbook.ada) if direct else handbook.general
    asked = await handbook.say(handbook.ada, channel, handbook.mention(QUESTION))
    assert handbook.answers(asked) == []
    await handbook.clock.advance(30)
    await once(handbook, asked)
    assert len(handbook.chat.posts()) == 3


async def test_it_is_told_how_long_to_wait(handbook: Company) -> None:
    """Retry-After: 7 means seven seconds, not five and not ten."""
    handbook.chat.refuse(seconds=7)
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(6.9)
    assert handbook.answers(asked) == []
    await handbook.clock.advance(0.2)
    assert len(handbook.answers(asked)) == 1


async def test_what_follows_waits_its_turn(handbook: Company) -> None:
    """While the first answer cannot be delivered, the second does not overtake it."""
    handbook.chat.refuse(seconds=5)
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.ada, handbook.general, "What is the airspeed of a swallow?", asked)
    assert handbook.answers(asked) == []
    await handbook.clock.advance(6)
    first, second = handbook.texts(asked)
    assert "27 days" in first
    assert "I found nothing" in second


async def test_nothing_is_taken_any_more(
    handbook: Company, caplog: pytest.LogCaptureFixture
) -> None:
    """No place takes anything: each way ends, the journal knows why, and nothing loops."""
    handbook.chat.forbid(None)
    await each_way_ends(handbook, caplog)


async def each_way_ends(handbook: Company, caplog: pytest.LogCaptureFixture) -> None:
    """Ask where nothing is taken until it is again."""
    caplog.set_level(logging.INFO)
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(30)
    # The answer, the card for people, the word about it, the word that nobody was reached.
    undelivered = await handbook.told("undelivered", asked)
    failed = await handbook.told("failed", asked)
    assert len(undelivered) == 4
    assert len(handbook.chat.posts()) <= 2 * len(undelivered)
    counts = await handbook.counts()
    assert counts["outbox_dead"] == len(undelivered) - 1, "the answer went to people, in the end"
    assert counts["rows_waiting"] == counts["outbox_pending"] == counts["outbox_sending"] == 0
    died = [(one["message"], one["reason"]) for one in undelivered]
    assert died == [(one["message"], one["code"]) for one in failed]
    outcomes = await handbook.outcomes(asked)
    assert outcomes == ["unsure", "gave_up", *["not_delivered"] * 3]
    assert [record for record in caplog.records if record.exc_info] == []
    handbook.chat.heal()
    await handbook.dm(handbook.ada, QUESTION, asked)
    assert len(handbook.answers(asked)) == 1, "the conversation goes on"


async def test_an_archived_channel(handbook: Company) -> None:
    """Somebody archives the channel between question and answer; that is noted, once."""
    handbook.chat.refuse(seconds=2)
    asked = await handbook.ask(handbook.ada, QUESTION)
    handbook.chat.archive(handbook.general)
    await handbook.clock.advance(30)
    assert (await handbook.counts())["outbox_dead"] == 0, "it went directly"
    (undelivered,) = await handbook.told("undelivered", asked)
    assert undelivered["reason"].startswith("PlaceFatal: ")


async def test_the_credentials_are_refused_for_a_while(handbook: Company) -> None:
    """The installation is broken for two minutes; nothing dies, everything arrives afterwards."""
    handbook.chat.revoke()
    first = await handbook.dm(handbook.ada, QUESTION)
    second = await handbook.dm(handbook.grace, QUESTION)
    await handbook.clock.advance(61)
    counts = await handbook.counts()
    assert (counts["outbox_dead"], counts["outbox_pending"]) == (0, 2)
    handbook.chat.heal()
    await handbook.clock.advance(61)
    await once(handbook, first)
    await once(handbook, second)


async def test_a_card_that_is_edited_before_it_arrived(handbook: Company) -> None:
    """The card has to wait while Ada takes her case back: it is posted, then edited."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    handbook.chat.refuse(seconds=5, channel=handbook.desk)
    await handbook.press(handbook.ada, answer, "Ask a person")
    await handbook.dm(handbook.ada, "It is urgent", asked)
    await handbook.dm(handbook.ada, "never mind", asked)
    assert handbook.cards() == []
    await handbook.clock.advance(6)
    (card,) = handbook.cards()
    assert "withdrawn" in card.text.lower()
    (relayed,) = handbook.under(card)
    assert "It is urgent" in relayed


async def test_an_edit_is_simply_repeated(handbook: Company) -> None:
    """The answer to an edit of the card is lost; it is edited again, and nothing is asked."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    handbook.chat.lose_edits(2)
    await handbook.dm(handbook.ada, "never mind", asked)
    await handbook.clock.advance(30)
    assert len(handbook.chat.edits()) == 3
    assert "withdrawn" in handbook.cards()[0].text.lower()
    assert (await handbook.counts())["outbox_dead"] == 0


async def test_a_card_that_never_arrived_takes_its_edits_with_it(handbook: Company) -> None:
    """The human channel is gone: card, relayed words and edit are dead rows, and nothing loops."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    handbook.chat.archive(handbook.desk)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    await handbook.dm(handbook.ada, "It is urgent", asked)
    await handbook.dm(handbook.ada, "never mind", asked)
    await handbook.clock.advance(30)
    counts = await handbook.counts()
    assert counts["outbox_dead"] == 3
    assert counts["outbox_pending"] == counts["rows_waiting"] == 0
    await handbook.dm(handbook.ada, QUESTION, asked)
    assert "27 days" in handbook.texts(asked)[-1]


async def test_a_stuck_message_stays_where_it_is_over_a_restart(opened: OpenCompany) -> None:
    """Refused credentials and a restart in between: what waited goes out, once."""
    one = await opened()
    one.chat.revoke()
    asked = await one.ask(one.ada, QUESTION)
    one.chat.heal()
    await one.reopen()
    await one.clock.advance(61)
    await once(one, asked)
