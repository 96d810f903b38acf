"""What looks like an edit in Slack and is none, and the second event that it sends of a mention."""

from __future__ import annotations

from tests.stories.conftest import slack_only
from tests.support.company import Company, slack

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
