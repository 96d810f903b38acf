"""Slash commands: `/frontdesk …` typed in Slack is answered at once, for its author alone.

What the commands do is told in `test_commands.py`; here is what only Slack has: the command itself,
an answer that stands in the channel and only one person sees, and an error of Slack's own.
"""

from __future__ import annotations

from adapters.slack.twin import Fault
from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.company import Company, slack
from tests.support.slack_chat import SlackChat, as_shown

QUESTION = "How many days of annual leave do I get?"
pytestmark = slack_only


async def test_help(handbook: Company) -> None:
    """`/frontdesk help`, or the bare command, shows how to use it, to its author alone."""
    for line in ("/frontdesk help", "/frontdesk", "/frontdesk HELP me"):
        answer = await slack(handbook).command(handbook.ada, handbook.general, line)
        assert "`/frontdesk status` shows whether everything works." in answer.json["text"]
    shown = slack(handbook).ephemerals(handbook.general, handbook.ada)
    assert len(shown) == 3
    assert slack(handbook).ephemerals(handbook.general, handbook.grace) == []
    assert handbook.chat.messages(handbook.general) == []


async def test_an_unknown_word(handbook: Company) -> None:
    """A typo gets a hint; what was typed is repeated harmlessly, in every form that is shown."""
    line = "/frontdesk `<!channel> now"
    answer = await slack(handbook).command(handbook.ada, handbook.general, line)
    assert answer.json["text"] == "I don't know `@channel`. Try `/frontdesk help`."
    (shown,) = slack(handbook).ephemerals(handbook.general, handbook.ada)
    assert handbook.chat.pings(as_shown(shown)) == []


async def test_human_when_no_direct_message_can_be_opened(handbook: Company) -> None:
    """The app may not open direct messages; Grace is told to write one."""
    slack(handbook).scopes.discard("im:write")
    text = await handbook.command(handbook.grace, handbook.general, "human")
    assert "Please write me a direct message first" in text
    assert handbook.cards() == []


async def test_human_opens_a_thread_of_its_own(handbook: Company) -> None:
    """What Grace reads about her case hangs under the message that was written to her."""
    await handbook.command(handbook.grace, handbook.general, "human my salary")
    root, told = handbook.written(handbook.chat.direct(handbook.grace))
    assert "You asked for a person" in root.text
    assert told.thread == root.id


async def test_a_command_that_cannot_be_answered_now(handbook: Company) -> None:
    """The database does not answer; Slack is told, and shows its own error."""
    handbook.store.fail("accept")
    await handbook.dm(handbook.ada, QUESTION)
    answer = await slack(handbook).command(handbook.ada, handbook.general, "/frontdesk human")
    assert answer.status == 503


async def test_a_press_that_cannot_be_stored_now(handbook: Company) -> None:
    """A press whose row cannot be committed is not acknowledged: Slack shows a warning sign."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(asked)
    handbook.store.fail("accept")
    assert isinstance(handbook.chat, SlackChat)
    pressed = await handbook.chat.answer_to_press(handbook.ada, answer, "Ask a person")
    assert pressed.status == 503


async def test_status_is_red_while_the_token_is_revoked(opened: OpenCompany) -> None:
    """The token is revoked: the status says so, and turns green when sending works again. (Who asks
    elsewhere is answered by a message, which then waits as well.)
    """
    one = await opened()
    await one.teach(LEAVE)
    slack(one).fault("chat.postMessage", Fault.error("token_revoked"))
    asked = await one.dm(one.ada, QUESTION)
    text = await one.command(one.ada, one.general, "status")
    assert "red: slack refuses our token; sending pauses" in text
    await one.clock.advance(61)
    assert len(one.answers(asked)) == 1
    assert "is up" in await one.command(one.ada, one.general, "status")
