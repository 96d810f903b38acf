"""What was said while nobody listened is answered once when somebody does, and nothing older is."""

from __future__ import annotations

import pytest

from adapters.slack.twin import Fault
from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import ScriptedProvider

QUESTION = "How many days of annual leave do I get?"
TOO_LATE = 1000.0
"""Seconds after which Slack has given up to bring a message again."""
HISTORY, REPLIES, LIST = "conversations.history", "conversations.replies", "users.conversations"


@pytest.fixture(params=["http", "socket"])
async def handbook(request: pytest.FixtureRequest, opened: OpenCompany) -> Company:
    """A company without a model, over each of Slack's two ways to us."""
    one = await opened(socket=request.param == "socket")
    await one.teach(LEAVE)
    return one


async def back(one: Company) -> None:
    """Start again, long after Slack has given up, and let everything happen that follows."""
    await one.clock.advance(TOO_LATE)
    await one.open()
    await one.clock.advance(30)


async def said(one: Company, user: str, channel: str, text: str, thread: str = "") -> str:
    """Somebody writes while nobody listens, some seconds after what was said before."""
    await one.clock.advance(5)
    return await one.twin.say(user, channel, text, thread or None)


def asked(one: Company) -> int:
    """How often Slack was asked what is there."""
    return sum(len(one.twin.calls(method)) for method in (HISTORY, REPLIES, LIST))


async def test_while_the_process_was_down(handbook: Company) -> None:
    """A direct message, a word in a followed thread and a new mention are answered, each once,
    also after another restart.
    """
    ada, grace, general = handbook.ada, handbook.grace, handbook.general
    thread = await handbook.say(ada, general, handbook.mention(QUESTION))
    await handbook.close()
    direct = await said(handbook, grace, handbook.twin.dm(grace), QUESTION)
    await said(handbook, ada, general, "And how many in my first year?", thread)
    mention = await said(handbook, grace, general, handbook.mention(QUESTION))
    chatter = await said(handbook, grace, general, "Lunch, anybody?")
    for _ in range(2):
        await back(handbook)
        assert len(handbook.answers(handbook.twin.dm(grace), direct)) == 1
        assert len(handbook.answers(general, thread)) == 2
        assert len(handbook.answers(general, mention)) == 1
        assert handbook.answers(general, chatter) == []
        await handbook.close()


async def test_in_the_order_in_which_it_was_said(opened: OpenCompany, clock: TestClock) -> None:
    """Three questions of one thread become one turn, oldest first."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    channel, ts = await one.dm(one.ada, "Hello, a question")
    await one.close()
    for text in ("First", "Second", "Third"):
        await said(one, one.ada, channel, text, ts)
    await back(one)
    told = [data["text"] for data in await one.told("said", channel, ts)]
    assert told == ["Hello, a question", "First", "Second", "Third"]


async def test_a_conversation_begun_and_gone_on_with(handbook: Company) -> None:
    """While it was down Grace wrote her first message ever and added to it in its thread."""
    await handbook.dm(handbook.ada, QUESTION)
    await handbook.close()
    channel = handbook.twin.dm(handbook.grace)
    ts = await said(handbook, handbook.grace, channel, "Hello there")
    await said(handbook, handbook.grace, channel, QUESTION, ts)
    await back(handbook)
    told = [data["text"] for data in await handbook.told("said", channel, ts)]
    assert told == ["Hello there", QUESTION]


async def test_what_people_said_before_it_was_called(handbook: Company) -> None:
    """In a thread of colleagues only what was said since the bot was called is for it."""
    ada, grace, general = handbook.ada, handbook.grace, handbook.general
    await handbook.dm(ada, QUESTION)
    called = await handbook.say(ada, general, "The printer is on fire")
    await handbook.say(grace, general, "Oh no", called)
    await handbook.twin.say(grace, general, "Run!", called, broadcast=True)
    await handbook.say(ada, general, handbook.mention("what now?"), called)
    await handbook.close()
    other = await said(handbook, ada, general, "Where is the coffee?")
    await said(handbook, grace, general, "In the kitchen", other)
    await said(handbook, ada, general, handbook.mention("who makes it?"), other)
    await said(handbook, ada, general, "I can do it too", other)
    quiet = await said(handbook, ada, general, "Good night")
    await said(handbook, grace, general, "Sleep well", quiet)
    await back(handbook)
    assert [data["text"] for data in await handbook.told("said", general, called)] == ["what now?"]
    told = [data["text"] for data in await handbook.told("said", general, other)]
    assert told == ["who makes it?", "I can do it too"]
    assert handbook.answers(general, quiet) == []


async def test_called_by_an_edit(opened: OpenCompany, clock: TestClock) -> None:
    """In a group Ada adds the mention afterwards and is answered; neither what was said before nor
    her question is answered once more after a restart.
    """
    one = await opened(ScriptedProvider("model", clock))
    group = one.twin.dm(one.ada, one.grace)
    await one.say(one.ada, group, one.mention("Hello"))
    root = await one.say(one.grace, group, "The printer is on fire")
    await one.say(one.grace, group, "Really!", root)
    asked = await one.say(one.ada, group, "What now?", root)
    await clock.advance(2)
    await one.edit(one.ada, group, asked, one.mention("What now?"))
    alone = await one.say(one.ada, group, "And the coffee?")
    await clock.advance(2)
    await one.edit(one.ada, group, alone, one.mention("And the coffee?"))
    for _ in range(2):
        assert len(one.answers(group, root)) == 1
        assert len(one.answers(group, alone)) == 1
        await one.close()
        await back(one)


async def test_nothing_older_is_answered(handbook: Company) -> None:
    """What was said long before the newest that is known had its chance."""
    ada, general = handbook.ada, handbook.general
    await handbook.close()
    handbook.twin.socket_mode = False
    handbook.twin.events_url = ""
    old = await said(handbook, ada, general, handbook.mention(QUESTION))
    older = await said(handbook, ada, handbook.twin.dm(ada), QUESTION)
    await handbook.clock.advance(TOO_LATE)
    await handbook.open()
    await handbook.dm(handbook.grace, QUESTION)
    await handbook.close()
    await back(handbook)
    assert handbook.answers(general, old) == []
    assert handbook.answers(handbook.twin.dm(ada), older) == []


async def test_a_long_absence(handbook: Company) -> None:
    """After a weekend the last day is answered, and not what nobody waits for any more."""
    channel, _ = await handbook.dm(handbook.ada, QUESTION)
    await handbook.close()
    friday = await said(handbook, handbook.ada, channel, QUESTION)
    await handbook.clock.advance(TOO_LATE)
    handbook.clock.jump(2 * 24 * 3600.0)
    monday = await said(handbook, handbook.ada, channel, QUESTION)
    await back(handbook)
    assert handbook.answers(channel, friday) == []
    assert len(handbook.answers(channel, monday)) == 1


async def test_a_fresh_installation(opened: OpenCompany, clock: TestClock) -> None:
    """With an empty database nobody asks Slack for anything."""
    one = await opened()
    await one.close()
    ts = await said(one, one.ada, one.general, one.mention(QUESTION))
    await back(one)
    assert one.answers(one.general, ts) == []
    assert asked(one) == 0


async def test_an_edit_that_nobody_heard(opened: OpenCompany, clock: TestClock) -> None:
    """What was said and changed while it was down is answered as it is now; a change of what was
    answered before is noted and causes no second answer.
    """
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    channel, known = await one.dm(one.ada, "Annual leaf?")
    called = await one.say(one.grace, one.general, one.mention("Annual leaf?"))
    await one.close()
    new = await said(one, one.ada, channel, "How many daiz?")
    mention = await said(one, one.ada, one.general, one.mention("How many daiz?"))
    for user, place, ts in (
        (one.ada, channel, known),
        (one.ada, channel, new),
        (one.ada, one.general, mention),
        (one.grace, one.general, called),
    ):
        await one.clock.advance(5)
        text = one.mention("Leave?") if place == one.general else "Leave?"
        await one.twin.edit(user, place, ts, text)
    for _ in range(2):
        await back(one)
        for ts in (known, new):
            assert len(one.answers(channel, ts)) == 1
        for ts in (mention, called):
            assert len(one.answers(one.general, ts)) == 1
        await one.close()
    await one.open()
    assert [data["text"] for data in await one.told("edited", channel, known)] == ["Leave?"]
    assert [data["text"] for data in await one.told("edited", one.general, called)] == ["Leave?"]
    for place, ts in ((channel, new), (one.general, mention)):
        assert [data["text"] for data in await one.told("said", place, ts)] == ["Leave?"]


TROUBLE = {
    "an unknown method": Fault.error("unknown_method"),
    "a missing scope": Fault.error("missing_scope"),
    "an outage": Fault.unavailable(),
    "no JSON": Fault.bad_gateway(),
}


@pytest.mark.parametrize("fault", TROUBLE.values(), ids=TROUBLE.keys())
@pytest.mark.parametrize("method", [HISTORY, LIST])
async def test_a_slack_that_cannot_be_asked(
    opened: OpenCompany,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    method: str,
) -> None:
    """It starts and works all the same; one line says that nobody looked."""
    one = await opened()
    await one.teach(LEAVE)
    channel, ts = await one.dm(one.ada, QUESTION)
    await one.close()
    one.twin.fault(method, fault, None)
    caplog.clear()
    await back(one)
    (line,) = [r.message for r in caplog.records if "what was said meanwhile" in r.message]
    assert f"then it ended: {method}" in line
    assert [record for record in caplog.records if record.exc_info] == []
    await one.dm(one.ada, QUESTION, ts)
    assert len(one.answers(channel, ts)) == 2


async def test_a_slack_that_asks_for_patience(handbook: Company) -> None:
    """Its wish is followed; what was said is answered afterwards."""
    channel, _ = await handbook.dm(handbook.ada, QUESTION)
    await handbook.close()
    ts = await said(handbook, handbook.ada, channel, QUESTION)
    handbook.twin.fault(HISTORY, Fault.rate_limited(20), 2)
    await handbook.clock.advance(TOO_LATE)
    await handbook.open()
    await handbook.clock.advance(39)
    assert handbook.answers(channel, ts) == []
    await handbook.clock.advance(5)
    assert len(handbook.answers(channel, ts)) == 1


async def test_the_number_of_calls_is_bounded(opened: OpenCompany) -> None:
    """Of a company too large for one run those who were heard last are looked at; the line in the
    log says that it was not enough.
    """
    one = await opened()
    await one.teach(LEAVE)
    people = [one.twin.add_user(f"Person {number}") for number in range(230)]
    channels = {person: one.twin.dm(person) for person in people}
    await one.dm(people[0], QUESTION)
    await one.close()
    for person in people:
        await one.twin.say(person, channels[person], QUESTION)
    await one.clock.advance(TOO_LATE)
    before = asked(one)
    await one.open()
    await one.clock.advance(300)
    assert asked(one) - before == 200
    assert len(one.twin.messages(channels[people[0]])) == 4
    answered = [person for person in people if len(one.twin.messages(channels[person])) > 1]
    assert 150 < len(answered) < 200


async def test_the_disk_is_full_meanwhile(handbook: Company) -> None:
    """What was found is offered again until it can be kept."""
    channel, _ = await handbook.dm(handbook.ada, QUESTION)
    await handbook.close()
    ts = await said(handbook, handbook.ada, channel, QUESTION)
    handbook.twin.fault(LIST, Fault.rate_limited(5))
    await handbook.clock.advance(TOO_LATE)
    await handbook.open()
    handbook.store.fail("accept")
    await handbook.clock.advance(9)
    handbook.store.heal()
    await handbook.clock.advance(10)
    assert len(handbook.answers(channel, ts)) == 1


async def test_a_reconnection_misses_nothing(opened: OpenCompany, clock: TestClock) -> None:
    """The websocket was gone for longer than Slack keeps a message; the process was not."""
    one = await opened(ScriptedProvider("model", clock), socket=True)
    channel, ts = await one.dm(one.ada, QUESTION)
    one.twin.fault("apps.connections.open", Fault.rate_limited(TOO_LATE), 1)
    one.twin.sockets.kill()
    await said(one, one.ada, channel, "Are you there?", ts)
    await clock.advance(590)
    assert len(one.answers(channel, ts)) == 1
    await clock.advance(30)
    assert len(one.answers(channel, ts)) == 2
