"""Two wishes for people at nearly the same moment, of somebody who never talked to the bot: Slack
needs a moment to open a conversation for the first, and the second is there before it is open.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest

from adapters.slack.twin import Fault
from tests.stories.conftest import slack_only
from tests.support import slack_bodies as bodies
from tests.support.chats import Shown
from tests.support.company import LONGEST_COMMAND, Company, slack
from tests.support.slack_chat import signed


async def wishes(
    one: Company, *wanted: tuple[str, str], apart: float = 0.0, at_most: float = LONGEST_COMMAND
) -> list[str]:
    """People type `human …` in the general channel, one after the other; what each is answered."""
    asking = []
    for person, about in wanted:
        typed = one.chat.command(person, one.general, f"human {about}")
        asking.append(asyncio.ensure_future(typed))
        await one.clock.advance(apart)
    await one.clock.until(lambda: all(task.done() for task in asking), at_most=at_most)
    await one.clock.advance(10)
    return [task.result() or "" for task in asking]


def everything(one: Company, card: Shown) -> str:
    """What people read of a case: its card, and what stands below it."""
    return "\n".join([card.text, *one.under(card)])


@pytest.mark.parametrize("apart", [0.0, 0.1, 0.4])
async def test_two_wishes_are_one_case(handbook: Company, apart: float) -> None:
    """Grace asks for a person twice within half a second: one case, with the words of both, and she
    is told of both that people know.
    """
    if handbook.chat.platform == "slack":
        slack(handbook).fault("chat.postMessage", Fault.slow(0.5))
    hers = (handbook.grace, "my salary"), (handbook.grace, "it is about October")
    told = await wishes(handbook, *hers, apart=apart)
    assert all(told)
    (card,) = handbook.cards()
    assert "my salary" in everything(handbook, card)
    assert "October" in everything(handbook, card)


@slack_only
async def test_wishes_of_two_people_do_not_wait_for_each_other(handbook: Company) -> None:
    """Ada and Grace ask at the same moment; each has a case and an answer before Slack gives up."""
    slack(handbook).fault("chat.postMessage", Fault.slow(1.8), times=2)
    told = await wishes(handbook, (handbook.ada, "my laptop"), (handbook.grace, "my salary"))
    assert all("I've told the people" in one for one in told)
    assert len(handbook.cards()) == 2


@slack_only
async def test_the_second_wish_does_not_wait_for_ever(handbook: Company) -> None:
    """Slack does not open a conversation in time: both wishes end with a word to try again, before
    Slack would show an error, and nobody is promised anything.
    """
    slack(handbook).fault("conversations.open", Fault.slow(9.0), times=2)
    hers = (handbook.grace, "my salary"), (handbook.grace, "it is about October")
    told = await wishes(handbook, *hers, apart=0.1)
    assert all("nothing was passed on" in one for one in told)
    assert handbook.cards() == []


@slack_only
async def test_a_command_that_is_brought_again(handbook: Company) -> None:
    """Slack brings one command twice, the second time while the first is carried out: one case, in
    one conversation.
    """
    grace, general = handbook.grace, handbook.general
    form = bodies.command(user_id=grace, channel_id=general, text="human my salary")
    body = urlencode({**form, "team_id": slack(handbook).identity.team_id}).encode()
    headers = {**signed(body, handbook.clock.now()), "Content-Type": bodies.FORM}
    slack(handbook).fault("chat.postMessage", Fault.slow(0.5))
    brought = [asyncio.ensure_future(handbook.post(body, headers)) for _ in range(2)]
    await handbook.clock.until(lambda: all(one.done() for one in brought), at_most=3.0)
    await handbook.clock.advance(10)
    assert [one.result() for one in brought] == [200, 200]
    assert len(handbook.cards()) == 1
    roots = [text for text in handbook.told_directly(grace) if "You asked for a person" in text]
    assert len(roots) == 1


@slack_only
async def test_the_process_dies_before_the_wish_is_kept(handbook: Company) -> None:
    """The conversation is open, and the process dies: Grace sees Slack's error, asks again, and has
    one case; what she writes below the first greeting is answered like anything.
    """
    slack(handbook).fault("chat.postMessage", Fault.slow(1.0, after_effect=True))
    typed = handbook.chat.command(handbook.grace, handbook.general, "human my salary")
    asking = asyncio.ensure_future(typed)
    await handbook.clock.advance(0.5)
    await handbook.crash()
    assert await asking is None
    await handbook.open()
    await handbook.command(handbook.grace, handbook.general, "human my salary")
    await handbook.clock.advance(10)
    (card,) = handbook.cards()
    assert "my salary" in card.text
