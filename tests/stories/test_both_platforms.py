"""One Frontdesk on both platforms: the people of the human channel need not be where the employees
are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.chats import Chat
from tests.support.clock import TestClock
from tests.support.company import PLATFORMS, Company, open_chat

QUESTION = "How many days of annual leave do I get?"


@pytest.fixture
async def elsewhere(platform: str, clock: TestClock) -> AsyncIterator[Chat]:
    """The other platform."""
    (other,) = set(PLATFORMS) - {platform}
    chat = open_chat(other, clock)
    await chat.start()
    yield chat
    await chat.stop()


async def test_a_case_crosses_over(opened: OpenCompany, elsewhere: Chat) -> None:
    """Ada asks on one platform, the desk is on the other: the card gets there with everything, what
    she adds stands under it, and when she takes it back the card says so.
    """
    linus = elsewhere.add_person("Linus Berg")
    desk = elsewhere.add_channel("desk", [linus])
    environ = {name.lower(): value for name, value in elsewhere.environ().items()}
    channel = f"{elsewhere.platform}:{desk}"
    one: Company = await opened(**environ | {"frontdesk_human_channel": channel})
    elsewhere.listen(one.running.port)
    await one.teach(LEAVE)
    asked = await one.ask(one.ada, QUESTION)
    await one.press(one.ada, one.answers(asked)[0], "Ask a person")
    (card,) = elsewhere.messages(desk)
    assert "Ada Byron" in card.text
    assert QUESTION in card.text
    await one.say(one.ada, one.general, "It is urgent", asked)
    _, relayed = elsewhere.messages(desk, card.id)
    assert "Ada Byron: It is urgent" in relayed.text
    await one.say(one.ada, one.general, "never mind", asked)
    assert "withdrawn" in elsewhere.messages(desk)[0].text.lower()
    assert one.written(one.desk) == []
