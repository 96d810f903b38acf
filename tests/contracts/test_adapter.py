"""The contract of every adapter, run over each platform's twin: messages, in and out."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent import texts
from agent.errors import DeliveryRetry, DeliveryUnknown, PlaceFatal
from agent.messages import Author, Button, Citation, IncomingMessage, Kind, OutgoingMessage
from agent.records import Delivery
from tests.contracts.platform import LONGEST_SIGN
from tests.contracts.platforms import post
from tests.contracts.stage import Stage, delivery


async def test_it_knows_its_organisation_once_it_is_started(stage: Stage) -> None:
    """Settings like 'slack:C1' need the tenant to become a conversation."""
    assert stage.platform.adapter.tenant


async def test_a_direct_message_begins_its_own_conversation(stage: Stage) -> None:
    """It is for the bot without a mention."""
    place = await stage.platform.write_directly("How many days?")
    (message,) = stage.door.messages
    assert message.conversation == place
    assert message.direct
    assert message.text == "How many days?"
    assert message.kind is Kind.MESSAGE
    assert message.author.id == stage.platform.person()


async def test_a_mention_is_told_apart_and_left_out_of_the_text(stage: Stage) -> None:
    """Every event of one post has one key, and says the same about the mention."""
    place = await stage.platform.write("How many days?", mention=True)
    (message,) = stage.door.messages
    assert message.mentions_bot
    assert not message.direct
    assert message.text == "How many days?"
    assert message.conversation == place


async def test_a_redelivery_has_the_same_key(stage: Stage) -> None:
    """What the platform sends twice is one message."""
    await stage.platform.redeliver()
    await stage.platform.write("How many days?", mention=True)
    assert len(stage.door.messages) == 1


async def test_what_is_not_from_the_platform_is_refused(stage: Stage) -> None:
    """A forged request is answered 401 and reaches nobody; who has no routes cannot be asked."""
    adapter, forged = stage.platform.adapter, stage.platform.forged()
    assert bool(forged) == bool(adapter.routes)
    for answer in await post(adapter, forged) if forged else ():
        assert answer.status == 401
    assert stage.door.messages == []


async def test_what_cannot_be_stored_is_not_acknowledged(stage: Stage) -> None:
    """No commit, no acknowledgement: the platform will send it again."""
    stage.door.broken = True
    await stage.platform.write("How many days?", mention=True)
    assert stage.platform.acknowledged()
    assert not any(stage.platform.acknowledged())
    stage.door.broken = False
    await stage.clock.advance(61)
    assert len(stage.door.messages) == 1
    assert any(stage.platform.acknowledged())


async def test_a_message_arrives_where_it_belongs(stage: Stage) -> None:
    """A post has an id of the platform's, and stands in its conversation."""
    await stage.platform.write("A question")
    sent = delivery(stage, "An **answer**")
    assert await stage.platform.adapter.send(sent)
    (shown,) = stage.platform.shown(sent.message.conversation)
    assert "An answer" in shown
    assert "**" not in shown


async def test_its_own_posts_do_not_come_back(stage: Stage) -> None:
    """The bot does not talk to itself."""
    await stage.platform.write("A question")
    await stage.platform.adapter.send(delivery(stage))
    await stage.clock.settle()
    assert all(message.text != "Hello" for message in stage.door.messages)


async def test_a_post_whose_answer_was_lost_can_be_found(stage: Stage) -> None:
    """The adapter says that it does not know, and finds out when asked."""
    await stage.platform.write("A question")
    sent = delivery(stage)
    stage.platform.fail_after_effect()
    with pytest.raises(DeliveryUnknown):
        await stage.platform.adapter.send(sent)
    if stage.platform.adapter.capabilities.can_be_asked:
        assert await stage.platform.adapter.find(sent)
        assert await stage.platform.adapter.find(delivery(stage, number=2)) is None


async def test_an_edit_replaces_what_was_posted(stage: Stage) -> None:
    """An edit names our own message and the platform's id of it; it can be repeated."""
    await stage.platform.write("A question")
    first = delivery(stage, "Before")
    ref = await stage.platform.adapter.send(first)
    change = delivery(stage, "After", number=2, replaces="t1.1")
    change = Delivery(2, change.lane, change.message, replaces_ref=ref)
    for _ in range(2):
        assert await stage.platform.adapter.send(change) == ref
    assert stage.platform.shown(first.message.conversation) == ["After"]


async def test_asking_for_patience_says_for_how_long(stage: Stage) -> None:
    """Retry-After arrives in seconds."""
    await stage.platform.write("A question")
    stage.platform.fail_before_effect(7)
    with pytest.raises(DeliveryRetry) as raised:
        await stage.platform.adapter.send(delivery(stage))
    assert raised.value.retry_after == 7
    assert stage.platform.shown(stage.platform.place()) == []


async def test_a_place_that_does_not_exist_is_fatal_for_the_place(stage: Stage) -> None:
    """Not for the message, and not for the installation."""
    message = OutgoingMessage("t1.1", stage.platform.gone(), "Hello")
    with pytest.raises(PlaceFatal):
        await stage.platform.adapter.send(Delivery(1, "lane", message))


async def test_everything_a_message_may_carry_is_shown(stage: Stage) -> None:
    """Sources with their addresses, buttons, and questions to begin with, beside the words."""
    await stage.platform.write("A question")
    sent = delivery(
        stage,
        "An answer [1]",
        citations=(Citation("Annual leave", "How many", "https://handbook.example/leave"),),
        buttons=tuple(Button),
        prompts=("How do I connect to the VPN?",),
        feedback=True,
    )
    assert await stage.platform.adapter.send(sent)
    seen = stage.platform.seen(sent.message.conversation)
    told = ("An answer [1]", "Annual leave", "https://handbook.example/leave", "connect to the VPN")
    assert [words for words in told if words not in seen] == []
    assert stage.platform.buttons(sent.message.conversation) == [texts.BUTTONS[b] for b in Button]


async def test_a_message_under_another_stands_in_its_thread(stage: Stage) -> None:
    """Where that one began at the top level; there it can be found, and answered."""
    await stage.platform.write("A question")
    adapter, top = stage.platform.adapter, replace(stage.platform.place(), thread="")
    now = stage.clock.now()
    above = Delivery(1, "lane", OutgoingMessage("t1.1", top, "Above"), sending_since=now)
    ref = await adapter.send(above)
    message = OutgoingMessage("t2.1", top, "Below", under="t1.1")
    below = Delivery(2, "lane", message, under_ref=ref, sending_since=now)
    posted = await adapter.send(below)
    thread = replace(top, thread=ref)
    assert stage.platform.shown(thread)[-1] == "Below"
    if adapter.capabilities.can_be_asked:
        assert await adapter.find(below) == posted
    stage.door.messages.clear()
    await stage.platform.reply(thread, "Thank you")
    (reply,) = stage.door.messages
    assert (reply.conversation, reply.in_thread) == (thread, True)


async def test_what_it_stands_under_comes_before_the_thread_of_its_place(stage: Stage) -> None:
    """The thread that is told for a message is the one it was meant for when it was written."""
    asked = await stage.platform.write("A question")
    adapter, top = stage.platform.adapter, replace(asked, thread="")
    now = stage.clock.now()
    above = Delivery(1, "lane", OutgoingMessage("t1.1", top, "Above"), sending_since=now)
    ref = await adapter.send(above)
    message = OutgoingMessage("t2.1", asked, "Below", under="t1.1")
    below = Delivery(2, "lane", message, under_ref=ref, sending_since=now)
    posted = await adapter.send(below)
    assert stage.platform.shown(replace(top, thread=ref))[-1] == "Below"
    assert stage.platform.shown(asked) == []
    if adapter.capabilities.can_be_asked:
        assert await adapter.find(below) == posted


async def test_what_was_said_before_is_told_in_order(stage: Stage) -> None:
    """The last of it, without the message itself; where the platform tells it at all."""
    place = await stage.platform.write("The printer is on fire")
    await stage.platform.reply(place, "Which one?", mention=False)
    await stage.platform.adapter.send(delivery(stage, "The one in Leeds"))
    await stage.platform.reply(place, "What now?")
    message = stage.door.messages[-1]
    earlier = await stage.platform.adapter.earlier(message, 9)
    if not stage.platform.tells_earlier:
        assert list(earlier) == []
        return
    told = [(one.text, one.from_bot) for one in earlier]
    assert [text for text, _ in told][:2] == ["The printer is on fire", "Which one?"]
    assert [from_bot for _, from_bot in told] == [False, False, True]
    assert earlier[0].author_id == stage.platform.person()
    assert earlier[0].author_name == "Ada Byron"
    assert earlier[0].sent_at == pytest.approx(stage.clock.now(), abs=60)
    (last,) = await stage.platform.adapter.earlier(message, 1)
    assert last == earlier[-1]


async def test_a_sign_of_life_is_shown_and_taken_away(stage: Stage) -> None:
    """Where the platform has one; it is gone soon after, if only because nobody renews it."""
    place = await stage.platform.write("A question")
    adapter = stage.platform.adapter
    await adapter.thinking(place, True)
    assert stage.platform.at_work(place) == stage.platform.shows_signs
    await adapter.thinking(place, False)
    await stage.clock.advance(LONGEST_SIGN)
    assert not stage.platform.at_work(place)


async def test_best_effort_calls_never_raise(stage: Stage) -> None:
    """Signs of life, profiles, earlier messages and links are allowed to fail."""
    adapter = stage.platform.adapter
    nowhere = stage.platform.gone()
    message = IncomingMessage(nowhere, "9.9", Kind.MESSAGE, Author("U0NOBODY"))
    await adapter.thinking(nowhere, True)
    assert (await adapter.profile(message.author, nowhere)).id == "U0NOBODY"
    assert list(await adapter.earlier(message, 5)) == []
    assert await adapter.permalink(message) == ""


async def test_while_the_platform_is_out_a_profile_says_that_it_is_not_known(stage: Stage) -> None:
    """Then it says what the event said, and nobody takes somebody for no guest because of it."""
    place = await stage.platform.write("A question")
    stage.platform.out()
    author = Author(stage.platform.add_person("Grace Hopper"), "Grace")
    asking = asyncio.ensure_future(stage.platform.adapter.profile(author, place))
    await stage.clock.until(asking.done)
    profile = await asking
    assert (profile.id, profile.name, profile.known) == (author.id, "Grace", False)


async def test_a_person_is_known_by_name(stage: Stage) -> None:
    """Prompts and cards show who asks."""
    profile = await stage.platform.adapter.profile(
        Author(stage.platform.person()), stage.platform.place()
    )
    assert profile.name == "Ada Byron"
    assert profile.known
    assert not profile.external


async def test_ten_messages_at_once_arrive_once_each(stage: Stage) -> None:
    """Sending is safe to be done beside itself."""
    await stage.platform.write("A question")
    sends = [stage.platform.adapter.send(delivery(stage, f"no {n}", number=n)) for n in range(10)]
    refs = await asyncio.gather(*sends)
    assert len(set(refs)) == 10
    shown = stage.platform.shown(stage.platform.place())
    assert sorted(shown) == sorted(f"no {n}" for n in range(10))


async def test_a_direct_conversation_is_found_before_anything_was_said(stage: Stage) -> None:
    """Words can be posted into it, found there, and the next one who asks is told the same."""
    adapter = stage.platform.adapter
    place = await adapter.direct(stage.platform.person())
    assert place.thread == ""
    assert await adapter.direct(stage.platform.person()) == place
    message = OutgoingMessage("t1.1", place, "Hello")
    sent = Delivery(1, str(place), message, sending_since=stage.clock.now())
    stage.platform.fail_after_effect()
    with pytest.raises(DeliveryUnknown):
        await adapter.send(sent)
    if adapter.capabilities.can_be_asked:
        assert await adapter.find(sent)
    begun = await stage.platform.write_directly("I was first")
    assert (begun.tenant, begun.channel) == (place.tenant, place.channel)


async def test_there_is_no_direct_conversation_with_nobody(stage: Stage) -> None:
    """It is said in a way that tells what may be done next."""
    with pytest.raises(PlaceFatal):
        await stage.platform.adapter.direct("U0NOBODY")


async def test_a_direct_conversation_is_begun_with_words(stage: Stage) -> None:
    """The person reads them, and what is posted there follows them."""
    adapter, person = stage.platform.adapter, stage.platform.person()
    place = await adapter.open_direct(person, "What is it *about*?")
    assert stage.platform.shown(place) == ["What is it *about*?"]
    top = await adapter.direct(person)
    assert (place.tenant, place.channel) == (top.tenant, top.channel)
    message = OutgoingMessage("t1.1", place, "Hello")
    await adapter.send(Delivery(1, str(place), message, sending_since=stage.clock.now()))
    assert stage.platform.shown(place)[-1] == "Hello"


async def test_check_finds_nothing_wrong_with_a_good_installation(stage: Stage) -> None:
    """`frontdesk check` is green when everything is."""
    await stage.platform.write("A question")
    adapter = stage.platform.adapter
    for findings in (
        await adapter.check(),
        await adapter.check_channel(stage.platform.place().channel),
    ):
        assert findings
        assert all(finding.ok for finding in findings)


async def test_a_channel_that_is_not_there_is_found_to_be_wrong(stage: Stage) -> None:
    """By what is said of that channel alone, whatever is fine with the rest; it is named."""
    channel = stage.platform.gone().channel
    wrong = [one for one in await stage.platform.adapter.check_channel(channel) if not one.ok]
    assert channel in wrong[0].subject
    assert wrong[0].detail
    assert all(one.ok for one in await stage.platform.adapter.check())
