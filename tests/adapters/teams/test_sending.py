"""Messages on their way: where each goes, and what Teams makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.opening import open_teams
from adapters.teams.twin import Fault, TeamsTwin
from agent.cases import CaseCard, CaseState
from agent.errors import (
    DeliveryRetry,
    InstallationFatal,
    PlaceFatal,
    RowFatal,
)
from agent.messages import (
    Author,
    Button,
    IncomingMessage,
    Kind,
    Tone,
)
from agent.records import Delivery
from agent.surroundings import Surroundings
from tests.support.clock import TestClock
from tests.support.teams_rows import SickMemory, delivery, heard_of, place

CARD = CaseCard("C7", CaseState.WAITING, "Why.", "teams:ada", "Ada", "a channel", "About")


# Where a message goes


async def test_every_message_of_a_thread_stays_in_it(
    adapter: TeamsAdapter, twin: TeamsTwin
) -> None:
    """Text, a card, and the edit of each."""
    ada = twin.add_user()
    channel = twin.add_channel(members=[ada])
    root = await twin.say(ada, channel, "hello")
    for fields in ({}, {"card": CARD}, {"buttons": (Button.ASK_PERSON,)}):
        sent = delivery(place(twin, channel, root), **fields)
        ref = await adapter.send(sent)
        edit = replace(sent, message=replace(sent.message, replaces="t1.1"), replaces_ref=ref)
        assert await adapter.send(edit) == ref
        assert twin.message(channel, ref).thread == root
        assert twin.message(channel, ref).edited


async def test_a_case_begins_a_thread_of_its_own(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """Its id is the root, under which words follow; an edit of the card finds it."""
    channel = twin.add_channel()
    desk = place(twin, channel)
    card = delivery(desk, card=CARD)
    ref = await adapter.send(card)
    assert twin.message(channel, ref).thread == ref
    words = await adapter.send(delivery(desk, under=ref))
    assert twin.message(channel, words).thread == ref
    edit = replace(card.message, replaces="t1.1")
    assert await adapter.send(Delivery(2, "lane", edit, replaces_ref=ref)) == ref
    assert twin.calls("update")[0].conversation == f"{channel};messageid={ref}"


async def test_a_case_in_a_group_chat(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """It has no threads: what belongs under the card stands at the end."""
    group = twin.add_group()
    ref = await adapter.send(delivery(place(twin, group), card=CARD))
    words = await adapter.send(delivery(place(twin, group), under=ref))
    assert [message.id for message in twin.messages(group)] == [ref, words]


async def test_a_chat_never_heard_of(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """It is served where the last one was that told us; we are the same bot there."""
    chat = twin.dm(twin.add_user())
    await heard_of(adapter, twin.add_channel(), bot_id="28:told")
    await adapter.send(delivery(place(twin, chat)))
    (call,) = twin.calls("post")
    assert call.body["from"] == {"id": "28:told", "role": "bot"}
    assert call.body["conversation"] == {"id": chat}


async def test_a_service_that_is_not_trusted_any_more(
    adapter: TeamsAdapter, twin: TeamsTwin
) -> None:
    """A kept address is looked at before it is used; the default serves instead."""
    chat = twin.dm(twin.add_user())
    await heard_of(adapter, chat, service_url="https://evil.example/")
    assert await adapter.send(delivery(place(twin, chat)))


async def test_a_cloud_without_a_default(clock: TestClock, twin: TeamsTwin) -> None:
    """Nobody knows where to begin, until somebody writes to the bot."""
    environ = {**twin.environ(), "TEAMS_CLOUD": "china", "TEAMS_SERVICE_URLS": ""}
    adapter = open_teams(Surroundings(environ, clock))
    with pytest.raises(PlaceFatal, match="write to the bot there once"):
        await adapter.send(delivery(place(twin, "a:1")))
    await adapter.stop()


async def test_the_database_is_away(
    adapter: TeamsAdapter, twin: TeamsTwin, references: SickMemory
) -> None:
    """Nothing was sent, and it is tried again; what is best effort shows nothing."""
    references.broken = True
    where = place(twin, twin.dm(twin.add_user()))
    with pytest.raises(DeliveryRetry):
        await adapter.send(delivery(where))
    with pytest.raises(DeliveryRetry):
        await adapter.direct("ada")
    await adapter.thinking(where, True)
    assert not (await adapter.profile(Author("ada"), where)).known
    assert await adapter.permalink(IncomingMessage(where, "1", Kind.MESSAGE, Author("ada"))) == ""
    assert twin.calls("post") == []


# What Teams makes of it


async def test_an_answer_and_its_button(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """Two messages, for Teams would tell the id of neither if they were one; the answer has it."""
    channel = twin.add_channel()
    sent = delivery(place(twin, channel), buttons=(Button.ASK_PERSON,), feedback=True)
    ref = await adapter.send(sent)
    words, button = twin.messages(channel)
    assert (words.id, words.text, words.feedback_loop) == (ref, "Words.", "default")
    assert words.cards == ()
    assert [one["title"] for one in button.cards[0]["actions"]] == ["Ask a person"]
    assert (words.thread, button.thread) == (ref, ref)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.unavailable(),
        Fault.error(403, "MessageWritesBlocked"),
        Fault.rate_limited(0),
        Fault.rate_limited(60),
    ],
)
async def test_a_button_that_does_not_arrive(
    adapter: TeamsAdapter, twin: TeamsTwin, fault: Fault
) -> None:
    """The answer did, and is not sent again for it; who wants a person can say so."""
    channel = twin.add_channel()
    twin.fault("post", fault)  # the answer begins a thread, which is another operation
    ref = await adapter.send(delivery(place(twin, channel), buttons=(Button.ASK_PERSON,)))
    assert [one.id for one in twin.messages(channel)] == [ref]


async def test_a_question_that_only_a_button_answers(
    adapter: TeamsAdapter, twin: TeamsTwin
) -> None:
    """Its edit takes the buttons away."""
    where = place(twin, twin.dm(twin.add_user()))
    asked = delivery(where, tone=Tone.NOTICE, buttons=(Button.APPROVE, Button.DENY))
    ref = await adapter.send(asked)
    (question,) = twin.messages(where.channel)
    assert len(question.cards[0]["actions"]) == 2
    settled = replace(asked.message, buttons=(), replaces="t1.1", text="Approved.")
    assert await adapter.send(Delivery(2, "lane", settled, replaces_ref=ref)) == ref
    (question,) = twin.messages(where.channel)
    assert (question.text, question.cards) == ("Approved.", ())


async def test_a_form_that_is_refused(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """The words arrive as plain text."""
    chat = twin.dm(twin.add_user())
    twin.fault("post", Fault.error(400, "BadSyntax"))
    sent = delivery(place(twin, chat), tone=Tone.NOTICE, buttons=(Button.LEAVE_QUEUE,))
    ref = await adapter.send(sent)
    assert twin.message(chat, ref).text == "Words."
    assert twin.message(chat, ref).cards == ()


async def test_words_that_are_refused(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """There is nothing plainer; the message is done for."""
    twin.fault("post", Fault.error(413, "MessageSizeTooBig"), times=2)
    with pytest.raises(RowFatal):
        await adapter.send(delivery(place(twin, twin.dm(twin.add_user()))))


async def test_an_edit_of_what_never_arrived(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """There is nothing to be edited."""
    where = place(twin, twin.dm(twin.add_user()))
    with pytest.raises(RowFatal):
        await adapter.send(delivery(where, replaces="t0.1"))


async def test_an_edit_of_what_is_gone(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """Teams does not have it any more; other words must be found another place."""
    where = place(twin, twin.dm(twin.add_user()))
    edit = replace(delivery(where, replaces="t0.1"), replaces_ref="1")
    with pytest.raises(PlaceFatal):
        await adapter.send(edit)


async def test_a_doubtful_edit_is_repeated(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """It is the same however often."""
    where = place(twin, twin.dm(twin.add_user()))
    ref = await adapter.send(delivery(where))
    twin.fault("update", Fault.reset(after_effect=True), times=2)
    with pytest.raises(DeliveryRetry):
        await adapter.send(replace(delivery(where, replaces="t1.1"), replaces_ref=ref))


@pytest.mark.parametrize(
    ("answer", "ref"),
    [({"id": 17}, "17"), ({"id": None}, ""), ({"id": True}, ""), ({}, ""), ([], "")],
)
async def test_a_post_without_an_id(
    adapter: TeamsAdapter, twin: TeamsTwin, answer: object, ref: str
) -> None:
    """Teams said yes, so it arrived; only where it cannot be found again it can never be edited."""
    where = place(twin, twin.add_channel(), "1")
    twin.fault("post", Fault.answer(200, answer))
    assert await adapter.send(delivery(where)) == ref
    with pytest.raises(RowFatal if not ref else PlaceFatal):
        await adapter.send(replace(delivery(where, replaces="t1.1"), replaces_ref=ref))


@pytest.mark.parametrize(
    ("answer", "ref"),
    [
        ({"id": "{channel}"}, ""),
        ({"id": "{channel};messageid=18"}, "18"),
        ({"id": "{channel}", "activityId": 17}, "17"),
        ({"activityId": "17"}, "17"),
        ({}, ""),
    ],
)
async def test_a_thread_without_an_id(
    adapter: TeamsAdapter, twin: TeamsTwin, answer: dict[str, object], ref: str
) -> None:
    """The same for what begins a thread; what belongs below it would begin another one."""
    channel = twin.add_channel()
    told = {
        name: value.format(channel=channel) if isinstance(value, str) else value
        for name, value in answer.items()
    }
    twin.fault("create", Fault.answer(201, told))
    sent = delivery(place(twin, channel), buttons=(Button.ASK_PERSON,))
    assert await adapter.send(sent) == ref
    assert len(twin.calls("post")) == (1 if ref else 0)


async def test_a_token_that_is_refused_while_it_is_young(
    adapter: TeamsAdapter, twin: TeamsTwin
) -> None:
    """A post that was refused had no effect: it is sent again at once, with another token."""
    where = place(twin, twin.dm(twin.add_user()))
    twin.login.revoke()
    ref = await adapter.send(delivery(where))
    assert [message.id for message in twin.messages(where.channel)] == [ref]
    assert [call.status for call in twin.calls("post")] == [401, 201]


async def test_every_token_is_refused(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """Only the second refusal says that it is the installation."""
    where = place(twin, twin.dm(twin.add_user()))
    twin.fault("post", Fault.answer(401, {}), times=None)
    with pytest.raises(InstallationFatal):
        await adapter.send(delivery(where))
    assert len(twin.calls("post")) == 2
    assert len(twin.calls("token")) == 2


async def test_nothing_is_looked_for(adapter: TeamsAdapter, twin: TeamsTwin) -> None:
    """Teams cannot be asked, and says so."""
    sent = delivery(place(twin, twin.dm(twin.add_user())))
    await adapter.send(sent)
    assert await adapter.find(sent) is None
    assert not adapter.capabilities.can_be_asked
