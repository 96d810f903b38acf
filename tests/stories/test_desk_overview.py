"""What is open, for how long and with whom: commands, the command line, numbers."""

from __future__ import annotations

from tests.stories.conftest import LEAVE, OpenCompany, across, four_ways
from tests.support.clock import TestClock
from tests.support.desk import Desk, wish

MINUTE = 60.0


@four_ways
async def test_open_cases(opened: OpenCompany, clock: TestClock) -> None:
    """Linus asks what is open: two cases with age, reason and owner, the oldest first; resolved
    ones are gone.
    """
    one = await opened()
    desk = Desk(one)
    assert "no" in (await desk.command(one.linus, "cases")).lower()
    await wish(one, one.ada)
    await clock.advance(5 * MINUTE)
    await wish(one, one.grace)
    first, second = desk.cards()
    await desk.press(one.linus, first, "Claim")
    text = await desk.command(one.linus, "cases")
    assert text.index("Ada Byron") < text.index("Grace Hopper")
    assert "5 min" in text
    assert "Linus Berg" in text
    await desk.resolve(one.linus, desk.cards()[0], "Done")
    text = await desk.command(one.linus, "cases")
    assert "Ada Byron" not in text
    assert "Grace Hopper" in text
    assert second.text.split()[1] in text


async def test_whose_words_they_are(opened: OpenCompany, clock: TestClock) -> None:
    """Ada and Grace talk in one thread, and Ada asks for a person: her case is about what she said,
    on its card and in the list.
    """
    one = await opened()
    desk = Desk(one)
    asked = await one.ask(one.ada, "My badge does not open the door")
    await one.say(one.grace, one.general, "Mine does, but where is lunch today?", asked)
    await clock.advance(5)
    await one.say(one.ada, one.general, one.chat.mention("talk to a person"), asked)
    (line,) = [one for one in (await desk.command(one.linus, "cases")).splitlines() if "Ada" in one]
    assert "My badge" in line
    assert "lunch" not in line
    assert "About: My badge does not open the door" in desk.card().text


async def test_not_for_everybody(opened: OpenCompany) -> None:
    """Grace is not at the desk: she does not learn who has asked for people."""
    one = await opened()
    await wish(one, one.ada)
    text = await one.command(one.grace, one.general, "cases")
    assert "Ada Byron" not in text


async def test_numbers(opened: OpenCompany, clock: TestClock) -> None:
    """/metrics tells how long cases took until they were claimed and resolved, by their reason."""
    one = await opened()
    desk = Desk(one)
    await wish(one, one.ada)
    clock.jump(5 * MINUTE)
    await desk.press(one.linus, desk.card(), "Claim")
    clock.jump(5 * MINUTE)
    await desk.resolve(one.linus, desk.card(), "Done")
    _, text = await one.get("/metrics")
    for name, value in (("claim", 300), ("resolve", 600)):
        assert f'frontdesk_case_{name}_seconds_sum{{cause="person_asked"}} {value}.0' in text
        assert f'frontdesk_case_{name}_seconds_count{{cause="person_asked"}} 1.0' in text


# The human channel is a channel too


@across
async def test_the_bot_is_asked_in_the_human_channel(opened: OpenCompany) -> None:
    """Linus asks the bot something at the top of the human channel and goes on in that thread: it
    is a conversation like any other, and no case.
    """
    one = await opened()
    await one.teach(LEAVE)
    chat = one.desk_chat
    text = chat.mention("How many days of annual leave do I get?")
    asked = await chat.say(one.linus, one.desk, text)
    await one.rest()
    answers = [post for post in chat.messages(one.desk, asked.thread) if post.bot]
    assert "27 days" in answers[0].text
    await chat.say(one.linus, one.desk, "How many days of annual leave is that?", asked.thread)
    await one.clock.advance(5)
    answers = [post for post in chat.messages(one.desk, asked.thread) if post.bot]
    assert len(answers) == 2


@four_ways
async def test_colleagues_talk_among_themselves(opened: OpenCompany, clock: TestClock) -> None:
    """People talk in a thread of the human channel that is about no case: nobody is answered, no
    case is touched, and nothing of it stays in the database.
    """
    one = await opened()
    desk = Desk(one)
    await wish(one, one.ada)
    before = await one.counts()
    chat = one.desk_chat
    root = await chat.say(one.linus, one.desk, "Lunch?")
    await chat.say(one.linus, one.desk, "At noon?", root.thread)
    await clock.advance(120)
    assert not any(post.bot for post in chat.messages(one.desk, root.thread))
    assert desk.relayed(desk.card()) == []
    assert "Claim" in desk.card().buttons
    assert await one.counts() == before
