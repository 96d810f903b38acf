"""What looks like an edit in Slack and is none, the second event that it sends of a mention, and
edits whose times it cannot tell apart: they have whole seconds.
"""

from __future__ import annotations

import pytest

from tests.stories.conftest import OpenCompany, slack_only
from tests.support.clock import TestClock
from tests.support.company import Company, slack
from tests.support.desk import Desk, wish
from tests.support.scripted import Say, ScriptedProvider

pytestmark = slack_only


async def test_the_mention_that_follows_such_an_edit_late_is_no_second_question(
    handbook: Company,
) -> None:
    """Slack sends the app_mention of that edit only after it was answered; nothing follows."""
    asked = await handbook.say(handbook.ada, handbook.general, "How many days of annual leave?")
    text = handbook.mention("How many days of annual leave?")
    handbook.chat.delay_next(0.0)
    handbook.chat.delay_next(5.0)
    await handbook.edit(handbook.ada, asked, text)
    assert len(handbook.answers(asked)) == 1
    await handbook.clock.advance(6)
    assert [one.type for one in slack(handbook).deliveries].count("app_mention") == 1
    assert len(handbook.answers(asked)) == 1


async def test_a_link_that_unfolds_is_no_edit(handbook: Company) -> None:
    """Slack adds a preview to Ada's link, after an edit as well; nothing is stored or answered."""
    text = "How many days of annual leave? See https://x.example"
    asked = await handbook.dm(handbook.ada, text)
    await slack(handbook).unfurl(asked.channel, asked.id, "https://x.example")
    await handbook.edit(handbook.ada, asked, text + " please")
    before = await handbook.outcomes(asked)
    await slack(handbook).unfurl(asked.channel, asked.id, "https://x.example")
    await handbook.rest()
    assert await handbook.outcomes(asked) == before == ["unsure", "vanished"]
    assert len(handbook.answers(asked)) == 1


async def test_the_count_of_replies_is_no_edit(handbook: Company) -> None:
    """Slack tells of each reply by an update of the root; it means nothing to us."""
    slack(handbook).announce_replies = True
    asked = await handbook.ask(handbook.ada, "Annual leave?")
    await handbook.say(handbook.grace, handbook.general, "Good question about leave", asked)
    assert await handbook.outcomes(asked) == ["unsure", "unsure"]


async def test_two_edits_of_a_question_within_one_second(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada corrects her question twice at once, while the model thinks: the last words count."""
    model = ScriptedProvider("slow", clock, [Say(after=5)])
    one = await opened(model)
    asked = await one.dm(one.ada, "How many days of sick leave?")
    await clock.advance(2)
    await one.edit(one.ada, asked, "How many days of parental leave?")
    await one.edit(one.ada, asked, "How many days of annual leave?")
    await clock.advance(20)
    assert model.asked[-1].question == "How many days of annual leave?"
    assert len(one.answers(asked)) == 1


@pytest.mark.parametrize("late", [False, True])
async def test_two_edits_of_what_people_read_within_one_second(
    handbook: Company, late: bool
) -> None:
    """Ada corrects twice at once what was passed on to people: they read the last words, also if
    Slack tells of the second edit first.
    """
    desk = Desk(handbook)
    asked = await wish(handbook, handbook.ada)
    said = await handbook.dm(handbook.ada, "It is about Monday.", asked)
    if late:
        handbook.chat.delay_next(5.0)
    await handbook.edit(handbook.ada, said, "It is about Tuesday.")
    await handbook.edit(handbook.ada, said, "It is about Friday.")
    await handbook.clock.advance(20)
    (words,) = [text for text in desk.relayed(desk.card()) if "It is about" in text]
    assert "Friday" in words


async def test_the_second_of_two_edits_is_missed(opened: OpenCompany, clock: TestClock) -> None:
    """The process is away when Ada corrects herself again in the same second: what it finds in
    Slack's history afterwards is passed on.
    """
    one = await opened()
    desk = Desk(one)
    asked = await wish(one, one.ada)
    said = await one.dm(one.ada, "It is about Monday.", asked)
    await one.edit(one.ada, said, "It is about Tuesday.")
    await one.close()
    await one.edit(one.ada, said, "It is about Friday.")
    await one.open()
    await clock.advance(30)
    (words,) = [text for text in desk.relayed(desk.card()) if "It is about" in text]
    assert "Friday" in words
