"""Commands: what is asked of the bot itself, and answered for its author alone."""

from __future__ import annotations

from bot.commands import HELP
from bot.commands_desk import CHANNEL_HELP, DESK_HELP
from tests.stories.conftest import OpenCompany
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import ScriptedProvider

TYPED = {"slack": "/frontdesk ", "teams": "/"}
QUESTION = "How many days of annual leave do I get?"


async def test_help(handbook: Company) -> None:
    """`help` shows how to use it, to its author alone."""
    for words in ("help", "HELP me"):
        text = await handbook.command(handbook.ada, handbook.general, words)
        assert "status shows whether everything works." in text
    assert handbook.written(handbook.general) == []


async def test_every_command_is_told(handbook: Company) -> None:
    """What can be typed stands in a help text: nobody has to guess."""
    told = HELP + DESK_HELP + CHANNEL_HELP
    for word in filter(None, handbook.running.commands.words):
        assert f"`/frontdesk {word}" in told


async def test_commands_are_named_as_they_are_typed(opened: OpenCompany) -> None:
    """Whatever answers name of commands can be typed as it stands there: in Slack after the one
    command that there is, in Teams as it is.
    """
    one = await opened()
    await one.reopen(frontdesk_admins=one.name(one.ada))
    typed = TYPED[one.chat.platform]
    for words, named in (
        ("help", "queue"),
        ("statsu now", "help"),
        ("pause", "resume"),
        ("status", "resume"),
        ("forget", "forget me"),
    ):
        text = await one.command(one.ada, one.general, words)
        assert f"{typed}{named}" in text
        assert ("/frontdesk " in text) == (one.chat.platform == "slack")


async def test_an_unknown_word(handbook: Company) -> None:
    """A typo gets a hint."""
    text = await handbook.command(handbook.ada, handbook.general, "statsu now")
    assert text == f"I don't know statsu. Try {TYPED[handbook.chat.platform]}help."


async def test_status(opened: OpenCompany, clock: TestClock) -> None:
    """`status` tells of models and rows, and admins where each setting is from."""
    one = await opened(ScriptedProvider("claude", clock), frontdesk_contact="it@example.com")
    text = await one.command(one.ada, one.general, "status")
    assert "Frontdesk is up" in text
    assert "model claude: breaker closed" in text
    assert "outbox dead: 0" in text
    assert "FRONTDESK_CONTACT" not in text
    await one.reopen(frontdesk_admins=f"{one.name(one.grace)}, {one.name(one.ada)}")
    text = await one.command(one.ada, one.general, "status")
    assert "FRONTDESK_CONTACT = it@example.com (environment)" in text
    assert "FRONTDESK_MIN_CONFIDENCE = 0.5 (default)" in text
    for name, secret in one.chat.environ().items():
        assert name not in text
        assert secret not in text


async def test_status_without_a_model(handbook: Company) -> None:
    """Without a model the status says where the answers come from."""
    text = await handbook.command(handbook.ada, handbook.general, "status")
    assert "no model is configured: answers come from the handbook alone" in text


async def test_human_hands_over_the_latest_conversation(handbook: Company) -> None:
    """`human` hands Ada's conversation in this channel to people, with her reason."""
    asked = await handbook.ask(handbook.ada, QUESTION)
    await handbook.dm(handbook.ada, "Something else?")
    line = "human I don't believe the 27 days"
    text = await handbook.command(handbook.ada, handbook.general, line)
    assert "I've told the people" in text
    (card,) = handbook.cards()
    assert "I don't believe the 27 days" in card.text
    assert QUESTION in card.text
    assert "I've passed this on to people" in handbook.texts(asked)[-1]


async def test_human_from_elsewhere(handbook: Company) -> None:
    """Typed where she never talked to the bot, it is her latest conversation anywhere."""
    asked = await handbook.dm(handbook.ada, QUESTION)
    await handbook.command(handbook.ada, handbook.general, "human")
    told = [text for text in handbook.texts(asked) if "I've passed this on to people" in text]
    assert len(told) == 1


async def test_human_without_any_conversation(handbook: Company) -> None:
    """Grace never talked to the bot; she is written a direct message, and can answer there."""
    text = await handbook.command(handbook.grace, handbook.general, "human my salary")
    assert "I've told the people" in text
    (card,) = handbook.cards()
    assert "Grace Hopper" in card.text
    assert "my salary" in card.text
    shown = handbook.written(handbook.chat.direct(handbook.grace))
    assert any("You asked for a person" in one.text for one in shown)
    (told,) = [one for one in shown if "I've passed this on to people" in one.text]
    root = Said(handbook.chat.place(told.channel, told.thread), told.id)
    await handbook.dm(handbook.grace, "It is about October.", root)
    assert "October" in handbook.under(card)[-1]
    await handbook.press(handbook.grace, told, "Never mind")
    assert "withdrawn" in handbook.cards()[0].text.lower()
