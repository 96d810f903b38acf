"""Where one meets Frontdesk in Teams: a personal chat that is one conversation for ever, group
chats, channels with and without the right to hear everything (RSC), and coming and going.
"""

from __future__ import annotations

from tests.stories.conftest import LEAVE, OpenCompany, teams_only
from tests.support.clock import TestClock
from tests.support.company import Company, teams
from tests.support.scripted import Say, ScriptedProvider, decision

QUESTION = "How many days of annual leave do I get?"
pytestmark = teams_only


# Coming


async def test_a_welcome_once(handbook: Company) -> None:
    """Ada installs the app: two activities tell of it, she is welcomed once with something to
    begin with, and not again when she takes it away and comes back.
    """
    twin, channel = teams(handbook), handbook.chat.direct(handbook.ada)
    await twin.install(handbook.ada)
    await handbook.rest()
    (welcome,) = handbook.written(channel)
    assert "Ask me" in welcome.text
    assert welcome.buttons, "prompts that can be pressed"
    await handbook.reopen()
    await twin.install(handbook.ada, action="add-upgrade")
    await twin.uninstall(handbook.ada)
    await twin.install(handbook.ada)
    await handbook.rest()
    assert handbook.written(channel) == [welcome]


async def test_a_prompt_is_a_question(handbook: Company) -> None:
    """Pressing a prompt of the welcome says it."""
    twin = teams(handbook)
    await twin.install(handbook.ada)
    await handbook.rest()
    (welcome,) = handbook.written(handbook.chat.direct(handbook.ada))
    await handbook.press(handbook.ada, welcome, welcome.buttons[0])
    said = handbook.chat.messages(handbook.chat.direct(handbook.ada))
    assert [one.bot for one in said] == [True, False, True]


async def test_nobody_is_welcomed_in_a_channel(handbook: Company) -> None:
    """A team or a group chat gets the app: nothing is posted among colleagues."""
    twin = teams(handbook)
    group = handbook.chat.group(handbook.ada, handbook.grace)
    for channel in (handbook.general, group):
        await twin.install(handbook.ada, channel)
        await handbook.rest()
        assert handbook.written(channel) == []


# Where it answers


async def test_a_personal_chat_is_one_conversation(opened: OpenCompany, clock: TestClock) -> None:
    """What Ada asks next, the model sees with what came before; a day later it begins afresh."""
    model = ScriptedProvider("model", clock, [Say(decision(response="27 days."))])
    one = await opened(model)
    first = await one.dm(one.ada, QUESTION)
    second = await one.dm(one.ada, "And in the first year?")
    assert first.place == second.place
    shown = " ".join(message.text for message in model.asked[1].messages)
    assert QUESTION in shown
    clock.jump(24 * 3600.0)
    await one.dm(one.ada, "Good morning!")
    assert len(await one.told("new_episode", first)) == 1


async def test_the_root_is_kept(handbook: Company) -> None:
    """Answer, follow-up, card, the edit of the card: everything stays in the thread of Ada's post,
    also when the process has forgotten where that is.
    """
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.reopen()
    await handbook.say(handbook.ada, handbook.general, "And in the first year?", asked)
    await handbook.press(handbook.ada, handbook.answers(asked)[0], "Ask a person")
    (card,) = handbook.cards()
    await handbook.say(handbook.ada, handbook.general, "It is urgent", asked)
    await handbook.say(handbook.ada, handbook.general, "never mind", asked)
    assert {one.thread for one in handbook.written(handbook.general)} == {asked.id}
    assert {one.thread for one in handbook.written(handbook.desk)} == {card.id}
    assert "withdrawn" in handbook.cards()[0].text.lower()
    roots = {
        call.conversation.partition(";messageid=")[2] for call in teams(handbook).calls("post")
    }
    assert roots == {asked.id, card.id}


async def test_a_group_chat(handbook: Company) -> None:
    """Among several people it answers who mentions it, at the end of the chat: there are no
    threads. What is not said to it is not kept, with the right to hear it or without.
    """
    twin = teams(handbook)
    for rsc in (True, False):
        group = twin.add_group([handbook.ada, handbook.grace], rsc=rsc)
        before = await handbook.counts()
        await handbook.say(handbook.ada, group, QUESTION)
        assert await handbook.counts() == before
        asked = await handbook.say(handbook.grace, group, handbook.mention(QUESTION))
        assert len(handbook.written(group)) == 1
        assert [one["text"] for one in await handbook.told("said", asked)] == [QUESTION]


# The right to hear everything (RSC)


async def test_with_consent_chatter_leaves_no_trace(handbook: Company) -> None:
    """It hears what colleagues say to each other: nothing of it is stored or answered."""
    before = await handbook.counts()
    root = await handbook.say(handbook.ada, handbook.general, "Lunch at noon?")
    await handbook.say(handbook.grace, handbook.general, "How many days of leave are left?", root)
    assert handbook.chat.acknowledged() == [True, True], "it was heard"
    assert await handbook.counts() == before
    assert handbook.written(handbook.general) == []
    assert b"Lunch at noon" not in (handbook.folder / "frontdesk.db-wal").read_bytes()


async def test_with_consent_a_follow_up_needs_no_mention(handbook: Company) -> None:
    """In a thread of its own it is spoken to without a mention."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.ada, handbook.general, "And in the first year?", asked)
    assert len(handbook.answers(asked)) == 2


async def test_without_consent_a_follow_up_needs_one(handbook: Company) -> None:
    """Teams does not even tell of it; with a mention it is answered in the same thread."""
    teams(handbook).consent(handbook.general, given=False)
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.say(handbook.ada, handbook.general, "And in the first year?", asked)
    assert len(handbook.chat.acknowledged()) == 1
    await handbook.say(handbook.ada, handbook.general, handbook.mention("And then?"), asked)
    assert len(handbook.answers(asked)) == 2


# Going


async def test_the_app_is_taken_away(opened: OpenCompany, clock: TestClock) -> None:
    """Between question and answer the team removes the app: Grace gets her answer directly, with a
    word on why.
    """
    slow = ScriptedProvider("slow", clock, [Say(decision(response="27 days."), after=5.0)])
    one = await opened(slow)
    await one.ask(one.grace, QUESTION)
    await teams(one).uninstall(one.grace, one.general)
    await clock.advance(60)
    assert one.written(one.general) == []
    (told,) = one.told_directly(one.grace)
    assert "27 days." in told
    assert "could not answer where you asked" in told


async def test_the_app_is_taken_away_by_its_only_reader(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada removes the app from her chat before she is answered: people get it as a case."""
    slow = ScriptedProvider("slow", clock, [Say(decision(response="27 days."), after=5.0)])
    one = await opened(slow)
    await one.dm(one.ada, QUESTION)
    await teams(one).uninstall(one.ada)
    await clock.advance(60)
    (card,) = one.cards()
    assert "27 days." in card.text
    await teams(one).install(one.ada)
    await one.rest()
    await one.dm(one.ada, "Hello again")
    assert one.told_directly(one.ada) != []


async def test_a_person_who_never_wrote_can_be_written_to(opened: OpenCompany) -> None:
    """Nothing was ever heard from the desk or from Grace; the card and the word reach them."""
    one = await opened()
    await one.reopen(frontdesk_admins=one.name(one.grace))
    await one.teach(LEAVE)
    await one.dm(one.ada, "talk to a person")
    assert len(one.cards()) == 1
    one.chat.archive(one.desk)
    await one.dm(one.linus, "talk to a person")
    await one.clock.advance(10)
    assert len(one.told_directly(one.grace)) == 1
