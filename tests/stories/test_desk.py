"""When people are needed: asking for one, waiting for one, and changing one's mind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapters.slack.twin import Message
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company, words
from tests.support.scripted import Say, ScriptedProvider, decision

QUESTION = "How many days of annual leave do I get?"
Leave = Callable[[Company, str, str, Message], Awaitable[None]]
Act = Callable[[Company, str, Message], Awaitable[None]]


async def ask_a_person(one: Company) -> tuple[str, str, Message]:
    """Ada gets an answer and presses its button; where, and what she is told."""
    channel, ts = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(channel, ts)
    assert (await one.press(one.ada, answer, "Ask a person")).status == 200
    return channel, ts, one.answers(channel, ts)[-1]


async def test_ask_a_person(handbook: Company) -> None:
    """Ada presses Ask a person: people get a card with everything they need, and she is told."""
    channel, ts, told = await ask_a_person(handbook)
    (card,) = handbook.cards()
    shown = words(card)
    assert "*Ada Byron*" in shown
    assert handbook.ada in shown
    assert "in a direct message" in shown
    assert "The employee asked for a person." in shown
    assert f"*About:* {QUESTION}" in shown
    assert f"&gt; Ada Byron: {QUESTION}" in shown or f"> Ada Byron: {QUESTION}" in shown
    assert "27 days" in shown
    assert f"https://example.slack.com/archives/{channel}/p" in shown
    assert "waiting" in shown
    assert "I've passed this on to people" in words(told)
    assert (await handbook.counts())["cases_open"] == 1
    assert (await handbook.told("case", channel, ts))[0]["state"] == "waiting"


async def test_asking_twice_opens_one_case(handbook: Company) -> None:
    """Ada presses the button again, and another one later: one card, and a word that it waits."""
    channel, ts, _ = await ask_a_person(handbook)
    answer = handbook.answers(channel, ts)[0]
    await handbook.press(handbook.ada, answer, "Ask a person")
    assert len(handbook.cards()) == 1
    assert "with people already" in handbook.texts(channel, ts)[-1]


async def test_two_presses_at_once_open_one_case(handbook: Company) -> None:
    """A double click is two presses; one of them opens the case, the other finds it open."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(channel, ts)
    press = [
        handbook.twin.press(handbook.ada, answer, action_id="frontdesk_ask_person")
        for _ in range(2)
    ]
    assert [one.status for one in await asyncio.gather(*press)] == [200, 200]
    await handbook.rest()
    assert len(handbook.cards()) == 1


@pytest.mark.parametrize(
    "wish", ["talk to a person", "I want to talk to a human", "Can I please speak to someone?"]
)
async def test_asking_in_words(handbook: Company, wish: str) -> None:
    """Ada writes that she wants a person; her words are in the card."""
    channel, ts = await handbook.dm(handbook.ada, wish)
    (card,) = handbook.cards()
    assert wish in words(card)
    assert "I've passed this on to people" in handbook.texts(channel, ts)[0]


async def test_a_colleague_asks_for_the_person(handbook: Company) -> None:
    """In a channel Grace presses the button under Ada's answer; the case is Grace's."""
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    (answer,) = handbook.answers(handbook.general, ts)
    await handbook.press(handbook.grace, answer, "Ask a person")
    (card,) = handbook.cards()
    assert "*Grace Hopper*" in words(card)
    assert "in a channel" in words(card)
    assert QUESTION in words(card)


async def test_what_is_said_while_waiting_reaches_the_people(handbook: Company) -> None:
    """Ada adds two things while she waits: both stand under the card, and she gets one receipt."""
    channel, ts, _ = await ask_a_person(handbook)
    (card,) = handbook.cards()
    await handbook.dm(handbook.ada, "It is about <parental> leave & *more*.", ts)
    await handbook.dm(handbook.ada, "And it is urgent, @channel!", ts)
    relayed = [words(one) for one in handbook.twin.messages(handbook.desk, card.ts)[1:]]
    assert relayed == [
        "**Ada Byron:** It is about <parental> leave & *more*.",
        "**Ada Byron:** And it is urgent, @\u2060channel!",
    ]
    receipts = [text for text in handbook.texts(channel, ts) if "added this to your case" in text]
    assert len(receipts) == 1
    assert len(handbook.answers(channel, ts)) == 3


async def test_a_colleagues_words_are_relayed_in_their_own_name(handbook: Company) -> None:
    """Grace joins in while Ada's case waits; people see who said what."""
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    await handbook.press(handbook.ada, handbook.answers(handbook.general, ts)[0], "Ask a person")
    (card,) = handbook.cards()
    await handbook.say(handbook.grace, handbook.general, "I have the same problem.", ts)
    (relayed,) = handbook.twin.messages(handbook.desk, card.ts)[1:]
    assert words(relayed) == "**Grace Hopper:** I have the same problem."


async def test_a_file_added_while_waiting_is_named_to_the_people(handbook: Company) -> None:
    """Ada sends a screenshot while she waits; people learn that there is one."""
    channel, ts, _ = await ask_a_person(handbook)
    (card,) = handbook.cards()
    await handbook.twin.upload(
        handbook.ada, channel, "screenshot.png", "Look at this", thread_ts=ts
    )
    await handbook.rest()
    (relayed,) = handbook.twin.messages(handbook.desk, card.ts)[1:]
    assert "Look at this" in words(relayed)
    assert "screenshot.png" in words(relayed)


@pytest.mark.parametrize("text", ["", ":thumbsup:"])
async def test_people_can_read_what_a_model_cannot(handbook: Company, text: str) -> None:
    """A picture without words, or with a thumb alone, is relayed instead of being refused."""
    channel, ts, _ = await ask_a_person(handbook)
    (card,) = handbook.cards()
    await handbook.twin.upload(handbook.ada, channel, "screen.png", text, thread_ts=ts)
    await handbook.rest()
    (relayed,) = handbook.twin.messages(handbook.desk, card.ts)[1:]
    assert words(relayed).startswith(f"**Ada Byron:** {text}")
    assert "screen.png" in words(relayed)
    assert "added this to your case" in handbook.texts(channel, ts)[-1]


async def leave_by_button(one: Company, channel: str, ts: str, told: Message) -> None:
    """Press Never mind."""
    assert (await one.press(one.ada, told, "Never mind")).status == 200


async def leave_by_words(one: Company, channel: str, ts: str, told: Message) -> None:
    """Say that it is solved."""
    await one.say(one.ada, channel, "Never mind!", ts)


@pytest.mark.parametrize("leave", [leave_by_button, leave_by_words])
async def test_never_mind(handbook: Company, leave: Leave) -> None:
    """Ada needs no person any more: the card says so, and the bot answers her again."""
    channel, ts, told = await ask_a_person(handbook)
    await leave(handbook, channel, ts, told)
    (card,) = handbook.cards()
    assert card.edited
    assert "withdrawn by the employee" in words(card)
    assert QUESTION in words(card), "an edit of the card keeps what stood there"
    assert "I've taken your case back" in handbook.texts(channel, ts)[-1]
    assert (await handbook.counts())["cases_open"] == 0
    await handbook.dm(handbook.ada, QUESTION, ts)
    assert "27 days" in handbook.texts(channel, ts)[-1]


async def test_never_mind_twice(handbook: Company) -> None:
    """The second press of Never mind finds nothing to take back and says nothing."""
    channel, ts, told = await ask_a_person(handbook)
    await handbook.press(handbook.ada, told, "Never mind")
    before = len(handbook.answers(channel, ts))
    await handbook.press(handbook.ada, told, "Never mind")
    assert len(handbook.answers(channel, ts)) == before


async def by_button(one: Company, ts: str, told: Message) -> None:
    """Grace presses Never mind."""
    assert (await one.press(one.grace, told, "Never mind")).status == 200


async def by_words(one: Company, ts: str, told: Message) -> None:
    """Grace writes that it is solved."""
    await one.say(one.grace, one.general, "solved", ts)


@pytest.mark.parametrize("act", [by_button, by_words])
async def test_nobody_else_can_take_a_case_back(handbook: Company, act: Act) -> None:
    """Grace says Never mind in Ada's thread; Ada's case stays where it is."""
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    await handbook.press(handbook.ada, handbook.answers(handbook.general, ts)[0], "Ask a person")
    told = handbook.answers(handbook.general, ts)[-1]
    await act(handbook, ts, told)
    (card,) = handbook.cards()
    assert not card.edited
    assert (await handbook.counts())["cases_open"] == 1


async def test_without_a_human_channel_the_bot_is_honest(opened: OpenCompany) -> None:
    """No human channel is set up: Ada is told whom to ask instead, and sees no empty promise."""
    one = await opened(frontdesk_human_channel="", frontdesk_contact="it@example.com")
    await one.teach(LEAVE)
    channel, ts = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(channel, ts)
    assert "frontdesk_ask_person" not in str(answer.blocks)
    _, wish = await one.dm(one.ada, "talk to a person")
    (text,) = one.texts(channel, wish)
    assert "no human channel is set up here. Please contact it@example.com" in text
    assert await one.outcomes(channel, wish) == ["nobody_there"]


async def test_the_model_wants_a_person(opened: OpenCompany, clock: TestClock) -> None:
    """The model escalates: the card has its draft and confidence, the employee only the notice."""
    text = decision(action="escalate", confidence=0.31, response="I'd *say* <!here> yes.")
    one = await opened(ScriptedProvider("model", clock, [Say(text)]))
    channel, ts = await one.dm(one.ada, "May I have a raise?")
    (card,) = one.cards()
    shown = words(card)
    assert "The assistant judged that a person should take this." in shown
    assert "confidence 0.31" in shown
    assert "I'd *say* &lt;!here&gt; yes." in shown
    (told,) = one.texts(channel, ts)
    assert "I've passed this on to people" in told
    assert "yes" not in told


async def test_the_bot_is_mute_while_people_have_the_case(
    opened: OpenCompany, clock: TestClock
) -> None:
    """While a case waits no model is asked, and 'stop' is said to the people, not to the bot."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    _, ts = await one.dm(one.ada, "talk to a person")
    await one.dm(one.ada, "Is somebody there?", ts)
    await one.dm(one.ada, "stop", ts)
    assert model.asked == []
    (card,) = one.cards()
    relayed = [words(message) for message in one.twin.messages(one.desk, card.ts)[1:]]
    assert relayed == ["**Ada Byron:** Is somebody there?", "**Ada Byron:** stop"]
    assert one.twin.calls("assistant.threads.setStatus") == []


async def test_what_people_say_in_the_desk_is_no_question(handbook: Company) -> None:
    """Linus talks in the human channel, mentions the bot even; it is not a conversation."""
    before = await handbook.counts()
    ts = await handbook.say(handbook.linus, handbook.desk, "Who takes this?")
    await handbook.say(handbook.linus, handbook.desk, handbook.mention("or you?"), ts)
    assert await handbook.counts() == before
    assert handbook.answers(handbook.desk, ts) == []


async def test_feedback(handbook: Company) -> None:
    """Ada presses Not helpful, then Helpful: the later one counts, both are in the journal."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(channel, ts)
    for verdict in ("negative", "positive"):
        pressed = await handbook.press(handbook.ada, answer, "frontdesk_feedback", verdict)
        assert pressed.status == 200
    rated = await handbook.told("rated", channel, ts)
    assert [one["verdict"] for one in rated] == ["down", "up"]
    assert answer.metadata is not None
    assert {one["message"] for one in rated} == {answer.metadata["event_payload"]["id"]}
    assert {one["author"] for one in rated} == {handbook.ada}
    assert handbook.feedback() == [(rated[0]["message"], handbook.ada, "up")]
    assert len(handbook.answers(channel, ts)) == 1


async def test_feedback_while_a_turn_runs_does_not_disturb_it(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Grace rates an earlier answer while Ada's next one is being made; it is made all the same."""
    model = ScriptedProvider("model", clock, [Say(), Say(after=5)])
    one = await opened(model)
    ts = await one.say(one.ada, one.general, one.mention("First thing?"))
    await one.say(one.ada, one.general, "Second thing?", ts)
    await one.press(one.grace, one.answers(one.general, ts)[0], "frontdesk_feedback", "positive")
    await clock.advance(10)
    assert model.cancelled == 0
    assert len(one.answers(one.general, ts)) == 2
    assert await one.outcomes(one.general, ts) == ["answered", "answered", "rated"]
