"""Slack does not take a message at once, or not at all: it arrives once, or somebody is told."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from adapters.slack.twin import Fault
from tests.support.company import Company, words

QUESTION = "How many days of annual leave do I get?"
POST = "chat.postMessage"

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


async def once(one: Company, channel: str, ts: str) -> None:
    """There is exactly one post, and the database has nothing left to do."""
    assert len(one.answers(channel, ts)) == 1
    counts = await one.counts()
    open_rows = ("rows_waiting", "outbox_pending", "outbox_sending", "outbox_dead")
    assert {name: counts[name] for name in open_rows} == dict.fromkeys(open_rows, 0)


@pytest.mark.parametrize("fault", LATE.values(), ids=LATE.keys())
async def test_it_arrives_later(handbook: Company, fault: Fault) -> None:
    """Slack refuses twice for a moment; Ada gets her answer once, a little later."""
    handbook.twin.fault(POST, fault, 2)
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    assert handbook.answers(channel, ts) == []
    await handbook.clock.advance(30)
    await once(handbook, channel, ts)


async def test_slack_says_how_long_to_wait(handbook: Company) -> None:
    """Retry-After: 7 means seven seconds, not five and not ten."""
    handbook.twin.fault(POST, Fault.rate_limited(7))
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(6.9)
    assert handbook.answers(channel, ts) == []
    await handbook.clock.advance(0.2)
    assert len(handbook.answers(channel, ts)) == 1


AMBIGUOUS = {
    "reset": Fault.reset(after_effect=True),
    "502 in HTML": replace(Fault.bad_gateway(), after_effect=True),
    "500": replace(Fault.unavailable(500), after_effect=True),
}


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("direct", [True, False])
async def test_it_had_arrived_after_all(handbook: Company, fault: Fault, direct: bool) -> None:
    """Slack takes the post and then breaks; it is asked, and nothing is posted twice."""
    handbook.twin.fault(POST, fault)
    channel = handbook.twin.dm(handbook.ada) if direct else handbook.general
    ts = await handbook.say(handbook.ada, channel, handbook.mention(QUESTION))
    assert len(handbook.answers(channel, ts)) == 1
    await handbook.clock.advance(20)
    await once(handbook, channel, ts)
    assert len(handbook.twin.calls(POST)) == 1
    (asked,) = handbook.twin.calls("conversations.replies")
    assert asked.at - handbook.twin.calls(POST)[0].at >= 3


async def test_it_is_asked_again_while_slack_cannot_tell(handbook: Company) -> None:
    """Slack is too sick to say whether the post arrived; nobody guesses."""
    handbook.twin.fault(POST, Fault.reset(after_effect=True))
    handbook.twin.fault("conversations.replies", Fault.unavailable(), 3)
    handbook.twin.fault("conversations.replies", Fault.rate_limited(2), 2)
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(240)
    await once(handbook, channel, ts)
    assert len(handbook.twin.calls(POST)) == 1


async def test_what_follows_waits_its_turn(handbook: Company) -> None:
    """While the first answer cannot be delivered, the second does not overtake it."""
    handbook.twin.fault(POST, Fault.rate_limited(5))
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    await handbook.say(handbook.ada, handbook.general, "What is the airspeed of a swallow?", ts)
    assert handbook.answers(handbook.general, ts) == []
    await handbook.clock.advance(6)
    first, second = handbook.texts(handbook.general, ts)
    assert "27 days" in first
    assert "I found nothing" in second


FORMS = ["invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"]


@pytest.mark.parametrize("code", FORMS)
async def test_a_form_that_slack_refuses(handbook: Company, code: str) -> None:
    """Slack does not like the blocks; the same goes out as plain text, sources included."""
    handbook.twin.fault(POST, Fault.error(code))
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await once(handbook, channel, ts)
    (answer,) = handbook.answers(channel, ts)
    assert {block["type"] for block in answer.blocks} == {"rich_text"}
    assert "27 days" in answer.text
    assert "<https://handbook.example/leave|Annual leave · How many days>" in answer.text


@pytest.mark.parametrize("code", ["msg_too_long", "is_archived", "channel_not_found", "no_text"])
async def test_a_message_that_never_arrives(
    handbook: Company, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    """Slack will never take it: the row is dead, the journal knows why, and nothing loops."""
    caplog.set_level(logging.INFO)
    handbook.twin.fault(POST, Fault.error(code), None)
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(30)
    calls = len(handbook.twin.calls(POST))
    assert calls <= 2
    counts = await handbook.counts()
    assert counts["outbox_dead"] == 1
    assert counts["rows_waiting"] == counts["outbox_pending"] == counts["outbox_sending"] == 0
    (undelivered,) = await handbook.told("undelivered", channel, ts)
    (failed,) = await handbook.told("failed", channel, ts)
    assert undelivered["reason"] == failed["code"]
    assert failed["message"] == undelivered["message"]
    assert await handbook.outcomes(channel, ts) == ["unsure", "not_delivered"]
    assert [record for record in caplog.records if record.exc_info] == []
    handbook.twin.heal()
    await handbook.dm(handbook.ada, QUESTION, ts)
    assert len(handbook.answers(channel, ts)) == 1, "the conversation goes on"


async def test_an_archived_channel(handbook: Company) -> None:
    """Somebody archives the channel between question and answer; that is noted, once."""
    handbook.twin.fault(POST, Fault.rate_limited(2))
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    handbook.twin.archive(handbook.general, handbook.grace)
    await handbook.clock.advance(30)
    assert (await handbook.counts())["outbox_dead"] == 1
    (undelivered,) = await handbook.told("undelivered", handbook.general, ts)
    assert undelivered["reason"] == "PlaceFatal"


async def test_the_token_is_revoked_for_a_while(handbook: Company) -> None:
    """The installation is broken for two minutes; nothing dies, everything arrives afterwards."""
    handbook.twin.fault("*", Fault.error("token_revoked"), None)
    channel, first = await handbook.dm(handbook.ada, QUESTION)
    _, second = await handbook.dm(handbook.grace, QUESTION)
    await handbook.clock.advance(61)
    assert (await handbook.counts())["outbox_dead"] == 0
    status = await handbook.command(handbook.ada, handbook.general, "/frontdesk status")
    assert "red: slack refuses our token" in status
    handbook.twin.heal()
    await handbook.clock.advance(61)
    await once(handbook, channel, first)
    await once(handbook, handbook.twin.dm(handbook.grace), second)


async def test_a_card_that_is_edited_before_it_arrived(handbook: Company) -> None:
    """The card waits for Slack's patience while Ada takes her case back: posted, then edited."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(channel, ts)
    handbook.twin.fault(POST, Fault.rate_limited(5), channel=handbook.desk)
    await handbook.press(handbook.ada, answer, "Ask a person")
    await handbook.dm(handbook.ada, "It is urgent", ts)
    await handbook.dm(handbook.ada, "never mind", ts)
    assert handbook.cards() == []
    await handbook.clock.advance(6)
    (card,) = handbook.cards()
    assert "withdrawn" in words(card)
    (relayed,) = handbook.twin.messages(handbook.desk, card.ts)[1:]
    assert "It is urgent" in words(relayed)


async def test_an_edit_is_simply_repeated(handbook: Company) -> None:
    """The answer to an edit of the card is lost; it is edited again, and nothing is asked."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.press(handbook.ada, handbook.answers(channel, ts)[0], "Ask a person")
    handbook.twin.fault("chat.update", Fault.reset(after_effect=True), 2)
    await handbook.dm(handbook.ada, "never mind", ts)
    await handbook.clock.advance(30)
    assert len(handbook.twin.calls("chat.update")) == 3
    assert "withdrawn" in words(handbook.cards()[0])
    assert (await handbook.counts())["outbox_dead"] == 0


async def test_a_card_that_never_arrived_takes_its_edits_with_it(handbook: Company) -> None:
    """The human channel is gone: card, relayed words and edit are dead rows, and nothing loops."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    handbook.twin.archive(handbook.desk)
    await handbook.press(handbook.ada, handbook.answers(channel, ts)[0], "Ask a person")
    await handbook.dm(handbook.ada, "It is urgent", ts)
    await handbook.dm(handbook.ada, "never mind", ts)
    await handbook.clock.advance(30)
    counts = await handbook.counts()
    assert counts["outbox_dead"] == 3
    assert counts["outbox_pending"] == counts["rows_waiting"] == 0
    await handbook.dm(handbook.ada, QUESTION, ts)
    assert "27 days" in handbook.texts(channel, ts)[-1]
