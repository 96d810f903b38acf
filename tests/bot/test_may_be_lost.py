"""What may not have arrived: who is told of it, and who has it once more, on any platform that
cannot be asked.
"""

from __future__ import annotations

from agent import texts
from agent.messages import Kind
from tests.bot.conftest import Opened
from tests.support.crash import abandon

QUESTION = "How many days of annual leave?"


async def test_what_may_not_have_arrived(opened: Opened) -> None:
    """Ada is told at the next contact, says 'repeat', and has it again; not by itself, and not
    twice.
    """
    office = await opened()
    office.platform.drops = 1
    (answer,) = await office.write(QUESTION)
    await office.clock.advance(600)
    assert office.platform.texts() == [answer]
    assert await office.counts("outbox_unconfirmed") == 1
    assert await office.write("Hello again?") == [texts.NOTHING_FOUND, texts.MAY_BE_LOST]
    assert await office.write("repeat") == [answer]
    assert await office.counts("outbox_unconfirmed") == 0
    assert await office.write("repeat") == [texts.NOTHING_FOUND]


async def test_it_may_be_said_later(opened: Opened) -> None:
    """She was told, and says so days later; what is lost again is told of again."""
    office = await opened()
    office.platform.drops = 1
    (answer,) = await office.write(QUESTION)
    assert texts.MAY_BE_LOST in await office.write("Hello again?")
    assert texts.MAY_BE_LOST not in await office.write("Hello again?")
    office.clock.jump(3 * 86_400)
    office.platform.drops = 1
    assert await office.write("repeat, please") == [answer]
    assert texts.MAY_BE_LOST in await office.write("Hello again?")
    assert await office.write("repeat, please") == [answer]


async def test_an_answer_to_a_command_may_be_lost(opened: Opened) -> None:
    """It was given in a channel, and answered to Ada alone: there she is told, and has it again."""
    office = await opened()
    office.platform.drops = 1
    (answer,) = await office.write("help", kind=Kind.COMMAND, thread="7")
    assert await office.write("Hello?") == [texts.NOTHING_FOUND, texts.MAY_BE_LOST]
    assert await office.write("repeat") == [answer]
    assert await office.counts("outbox_unconfirmed") == 0


async def test_it_can_be_repeated_as_the_first_words(opened: Opened) -> None:
    """Ada never wrote where the answer should have come."""
    office = await opened()
    office.platform.drops = 1
    (answer,) = await office.write("help", kind=Kind.COMMAND, thread="7")
    assert await office.write("repeat") == [answer]


async def test_a_process_that_dies_while_it_sends(opened: Opened) -> None:
    """Nobody knows whether the first byte went out: it is not sent again before Ada wants it."""
    office = await opened()
    office.platform.hangs = True
    await office.write(QUESTION)
    assert await office.counts("outbox_sending") == 1
    await abandon(office.app)
    office.platform.hangs = False
    again = await opened(office.platform)
    await again.clock.advance(30)
    assert again.platform.posts == []
    (answer,) = await again.write("repeat")
    assert "27 days" in answer


async def test_old_words_cannot_be_repeated(opened: Opened) -> None:
    """What was erased meanwhile is not offered, and the queue of the admins still has it."""
    office = await opened(FRONTDESK_RETENTION_DAYS="1")
    office.platform.drops = 1
    await office.write(QUESTION)
    office.clock.jump(3 * 86_400)
    await office.clock.advance(5)
    assert await office.write("repeat") == [texts.NOTHING_FOUND]
    (stuck,) = await office.store.care.stuck()
    assert (stuck.state, stuck.erased) == ("unconfirmed", True)
