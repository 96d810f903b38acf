"""`/frontdesk …` typed in Slack: answered at once, for its author alone."""

from __future__ import annotations

from adapters.slack.twin import Fault
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company, words
from tests.support.scripted import ScriptedProvider

QUESTION = "How many days of annual leave do I get?"


async def test_help(handbook: Company) -> None:
    """`/frontdesk help`, or the bare command, shows how to use it, to its author alone."""
    for line in ("/frontdesk help", "/frontdesk", "/frontdesk HELP me"):
        text = await handbook.command(handbook.ada, handbook.general, line)
        assert "`/frontdesk status` shows whether everything works." in text
    shown = handbook.twin.ephemerals(handbook.general, handbook.ada)
    assert len(shown) == 3
    assert handbook.twin.ephemerals(handbook.general, handbook.grace) == []
    assert handbook.twin.messages(handbook.general) == []


async def test_an_unknown_word(handbook: Company) -> None:
    """A typo gets a hint; what was typed is repeated harmlessly."""
    text = await handbook.command(handbook.ada, handbook.general, "/frontdesk `<!channel> now")
    assert text == "I don't know `&lt;!channel&gt;`. Try `/frontdesk help`."
    (shown,) = handbook.twin.ephemerals(handbook.general, handbook.ada)
    assert "<!channel>" not in shown.text + words(shown)


async def test_status(opened: OpenCompany, clock: TestClock) -> None:
    """`/frontdesk status` tells of models and rows, and admins where each setting is from."""
    one = await opened(ScriptedProvider("claude", clock), frontdesk_contact="it@example.com")
    text = await one.command(one.ada, one.general, "/frontdesk status")
    assert "**Frontdesk** is up" in text
    assert "model `claude`: breaker closed" in text
    assert "- rows waiting: 0" in text
    assert "FRONTDESK_CONTACT" not in text
    await one.close()
    await one.open(frontdesk_admins=f"slack:{one.grace}, slack:{one.ada}")
    text = await one.command(one.ada, one.general, "/frontdesk status")
    assert "`FRONTDESK_CONTACT` = it@example.com (environment)" in text
    assert "`FRONTDESK_MIN_CONFIDENCE` = 0.5 (default)" in text
    assert "xoxb" not in text
    assert "signing" not in text


async def test_status_without_a_model(handbook: Company) -> None:
    """Without a model the status says where the answers come from."""
    text = await handbook.command(handbook.ada, handbook.general, "/frontdesk status")
    assert "no model is configured: answers come from the handbook alone" in text


async def test_human_hands_over_the_latest_conversation(handbook: Company) -> None:
    """`/frontdesk human` hands Ada's conversation in this channel to people, with her reason."""
    ts = await handbook.say(handbook.ada, handbook.general, handbook.mention(QUESTION))
    await handbook.dm(handbook.ada, "Something else?")
    line = "/frontdesk human I don't believe the *27* days"
    text = await handbook.command(handbook.ada, handbook.general, line)
    assert "I've told the people" in text
    (card,) = handbook.cards()
    assert "I don't believe the *27* days" in words(card)
    assert QUESTION in words(card)
    assert "I've passed this on to people" in handbook.texts(handbook.general, ts)[-1]


async def test_human_from_elsewhere(handbook: Company) -> None:
    """Typed where she never talked to the bot, it is her latest conversation anywhere."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    await handbook.command(handbook.ada, handbook.general, "/frontdesk human")
    assert "I've passed this on to people" in handbook.texts(channel, ts)[-1]


async def test_human_without_any_conversation(handbook: Company) -> None:
    """Grace never talked to the bot; she is written a direct message, and can answer there."""
    text = await handbook.command(handbook.grace, handbook.general, "/frontdesk human my salary")
    assert "I've told the people" in text
    (card,) = handbook.cards()
    assert "*Grace Hopper*" in words(card)
    assert "my salary" in words(card)
    channel = handbook.twin.dm(handbook.grace)
    root, told = [one for one in handbook.twin.messages(channel) if one.bot]
    assert "You asked for a person" in words(root)
    assert "I've passed this on to people" in words(told)
    assert told.thread_ts == root.ts
    await handbook.dm(handbook.grace, "It is about October.", root.ts)
    relayed = handbook.twin.messages(handbook.desk, card.ts)[-1]
    assert "October" in words(relayed)
    never_mind = handbook.answers(channel, root.ts)[-1]
    await handbook.press(handbook.grace, never_mind, "frontdesk_leave_queue")
    assert "withdrawn" in words(handbook.cards()[0])


async def test_human_when_no_direct_message_can_be_opened(handbook: Company) -> None:
    """The app may not open direct messages; Grace is told to write one."""
    handbook.twin.scopes.discard("im:write")
    text = await handbook.command(handbook.grace, handbook.general, "/frontdesk human")
    assert "Please write me a direct message first" in text
    assert handbook.cards() == []


async def test_a_command_that_cannot_be_answered_now(handbook: Company) -> None:
    """The database does not answer; Slack is told, and shows its own error."""
    handbook.store.fail("accept")
    await handbook.dm(handbook.ada, QUESTION)
    answer = await handbook.twin.command(handbook.ada, handbook.general, "/frontdesk human")
    assert answer.status == 503


async def test_a_press_that_cannot_be_stored_now(handbook: Company) -> None:
    """A press whose row cannot be committed is not acknowledged: Slack shows a warning sign."""
    channel, ts = await handbook.dm(handbook.ada, QUESTION)
    (answer,) = handbook.answers(channel, ts)
    handbook.store.fail("accept")
    assert (await handbook.press(handbook.ada, answer, "Ask a person")).status == 503
    handbook.store.heal()
    assert (await handbook.press(handbook.ada, answer, "Ask a person")).status == 200
    assert len(handbook.cards()) == 1


async def test_status_is_red_while_the_token_is_revoked(opened: OpenCompany) -> None:
    """The token is revoked: the status says so, and turns green when sending works again."""
    one = await opened()
    await one.teach(LEAVE)
    one.twin.fault("chat.postMessage", Fault.error("token_revoked"))
    channel, ts = await one.dm(one.ada, QUESTION)
    text = await one.command(one.ada, one.general, "/frontdesk status")
    assert "red: slack refuses our token; sending pauses" in text
    await one.clock.advance(61)
    assert len(one.answers(channel, ts)) == 1
    assert "is up" in await one.command(one.ada, one.general, "/frontdesk status")
