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


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_a_card_and_what_stands_under_it_had_arrived(handbook: Company, fault: Fault) -> None:
    """Slack's answers about the card and about relayed words are lost; each is there once."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    handbook.twin.fault(POST, fault, channel=handbook.desk)
    await handbook.press(handbook.ada, handbook.answers(channel, ts)[0], "Ask a person")
    await handbook.clock.advance(20)
    (card,) = handbook.cards()
    assert handbook.twin.calls("conversations.history"), "it was asked for at the top level"
    handbook.twin.fault(POST, fault, channel=handbook.desk)
    await handbook.dm(handbook.ada, "It is urgent", ts)
    await handbook.clock.advance(20)
    under = [words(one) for one in handbook.twin.messages(handbook.desk, card.ts)[1:]]
    assert len([text for text in under if "It is urgent" in text]) == 1
    posts = [call for call in handbook.twin.calls(POST) if call.args["channel"] == handbook.desk]
    assert len(posts) == 2
    counts = await handbook.counts()
    assert counts["outbox_pending"] == counts["outbox_sending"] == counts["outbox_dead"] == 0


@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_an_answer_that_goes_another_way_had_arrived(handbook: Company, fault: Fault) -> None:
    """The channel takes nothing any more, so the answer goes to Ada directly; whether that arrived
    Slack does not say either. She reads it once.
    """
    handbook.twin.fault(POST, Fault.error("is_archived"), None, channel=handbook.general)
    direct = handbook.twin.dm(handbook.ada)
    handbook.twin.fault(POST, fault, channel=direct)
    await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    await handbook.clock.advance(60)
    told = [words(one) for one in handbook.twin.messages(direct) if one.bot]
    assert len([text for text in told if "27 days" in text]) == 1


async def test_patience_is_for_the_whole_channel(handbook: Company) -> None:
    """Slack refuses one answer for half a second; another one into the same channel waits too,
    instead of being refused as well, and one into another channel does not.
    """
    handbook.twin.fault(POST, Fault.rate_limited(0.5), channel=handbook.general)
    first = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    second = await handbook.say(handbook.grace, handbook.general, handbook.mention(QUESTION))
    channel, direct = await handbook.dm(handbook.linus, QUESTION)
    assert len(handbook.answers(channel, direct)) == 1
    await handbook.clock.advance(0.4)
    posts = [call for call in handbook.twin.calls(POST) if call.args["channel"] != channel]
    assert len(posts) == 1
    await handbook.clock.advance(2)
    for ts in (first, second):
        assert len(handbook.answers(handbook.general, ts)) == 1
    assert len(handbook.twin.calls(POST)) == 4


async def test_a_content_slack_is_not_slowed_down(handbook: Company) -> None:
    """Fifty questions at once in one channel are answered without any time passing."""
    people = [handbook.twin.add_user(f"Person {number}") for number in range(50)]
    for person in people:
        handbook.twin.join(person, handbook.general)
    asked = [
        await handbook.twin.say(person, handbook.general, handbook.mention(QUESTION))
        for person in people
    ]
    await handbook.rest()
    assert [len(handbook.answers(handbook.general, ts)) for ts in asked] == [1] * 50


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
    """Slack takes nothing at all any more: each way ends, the journal knows why, nothing loops."""
    caplog.set_level(logging.INFO)
    handbook.twin.fault(POST, Fault.error(code), None)
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.clock.advance(30)
    # The answer, the card for people, the word about it, the word that nobody was reached.
    undelivered = await handbook.told("undelivered", channel, ts)
    failed = await handbook.told("failed", channel, ts)
    assert len(undelivered) == 4
    assert len(handbook.twin.calls(POST)) <= 2 * len(undelivered)
    counts = await handbook.counts()
    assert counts["outbox_dead"] == len(undelivered) - 1, "the answer went to people, in the end"
    assert counts["rows_waiting"] == counts["outbox_pending"] == counts["outbox_sending"] == 0
    died = [(one["message"], one["reason"]) for one in undelivered]
    assert died == [(one["message"], one["code"]) for one in failed]
    outcomes = await handbook.outcomes(channel, ts)
    assert outcomes == ["unsure", "gave_up", *["not_delivered"] * 3]
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
    assert (await handbook.counts())["outbox_dead"] == 0, "it went directly"
    (undelivered,) = await handbook.told("undelivered", handbook.general, ts)
    assert undelivered["reason"] == "PlaceFatal: is_archived"


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
