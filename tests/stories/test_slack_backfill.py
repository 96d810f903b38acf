"""What was said while nobody listened is answered once when somebody does, and nothing older is.

Slack can be asked what was said meanwhile; Teams can't, but with rights that the bot does not want.
"""

from __future__ import annotations

import pytest

from adapters.slack.twin import Fault
from tests.stories.conftest import LEAVE, OpenCompany, slack_only
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company, slack
from tests.support.scripted import ScriptedProvider
from tests.support.slack_bodies import as_json

QUESTION = "How many days of annual leave do I get?"
TOO_LATE = 1000.0
"""Seconds after which Slack has given up to bring a message again."""
HISTORY, REPLIES, LIST = "conversations.history", "conversations.replies", "users.conversations"
pytestmark = slack_only


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


async def said(one: Company, user: str, channel: str, text: str, to: Said | None = None) -> Said:
    """Somebody writes while nobody listens, some seconds after what was said before."""
    await one.clock.advance(5)
    return await one.chat.say(user, channel, text, to.thread if to else "")


def asked(one: Company) -> int:
    """How often Slack was asked what is there."""
    return sum(len(slack(one).calls(method)) for method in (HISTORY, REPLIES, LIST))


async def test_while_the_process_was_down(handbook: Company) -> None:
    """A direct message, a word in a followed thread and a new mention are answered, each once,
    also after another restart.
    """
    ada, grace, general = handbook.ada, handbook.grace, handbook.general
    thread = await handbook.say(ada, general, handbook.mention(QUESTION))
    await handbook.close()
    direct = await said(handbook, grace, handbook.chat.direct(grace), QUESTION)
    await said(handbook, ada, general, "And how many in my first year?", thread)
    mention = await said(handbook, grace, general, handbook.mention(QUESTION))
    chatter = await said(handbook, grace, general, "Lunch, anybody?")
    for _ in range(2):
        await back(handbook)
        assert len(handbook.answers(direct)) == 1
        assert len(handbook.answers(thread)) == 2
        assert len(handbook.answers(mention)) == 1
        assert handbook.answers(chatter) == []
        await handbook.close()


async def test_in_the_order_in_which_it_was_said(opened: OpenCompany, clock: TestClock) -> None:
    """Three questions of one thread become one turn, oldest first."""
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    asked = await one.dm(one.ada, "Hello, a question")
    await one.close()
    for text in ("First", "Second", "Third"):
        await said(one, one.ada, asked.channel, text, asked)
    await back(one)
    told = [data["text"] for data in await one.told("said", asked)]
    assert told == ["Hello, a question", "First", "Second", "Third"]


async def test_a_conversation_begun_and_gone_on_with(handbook: Company) -> None:
    """While it was down Grace wrote her first message ever and added to it in its thread."""
    await handbook.dm(handbook.ada, QUESTION)
    await handbook.close()
    channel = handbook.chat.direct(handbook.grace)
    begun = await said(handbook, handbook.grace, channel, "Hello there")
    await said(handbook, handbook.grace, channel, QUESTION, begun)
    await back(handbook)
    told = [data["text"] for data in await handbook.told("said", begun)]
    assert told == ["Hello there", QUESTION]


async def test_what_people_said_before_it_was_called(handbook: Company) -> None:
    """In a thread of colleagues only what was said since the bot was called is for it."""
    ada, grace, general = handbook.ada, handbook.grace, handbook.general
    await handbook.dm(ada, QUESTION)
    called = await handbook.say(ada, general, "The printer is on fire")
    await handbook.say(grace, general, "Oh no", called)
    await slack(handbook).say(grace, general, "Run!", called.thread, broadcast=True)
    await handbook.say(ada, general, handbook.mention("what now?"), called)
    await handbook.close()
    other = await said(handbook, ada, general, "Where is the coffee?")
    await said(handbook, grace, general, "In the kitchen", other)
    await said(handbook, ada, general, handbook.mention("who makes it?"), other)
    await said(handbook, ada, general, "I can do it too", other)
    quiet = await said(handbook, ada, general, "Good night")
    await said(handbook, grace, general, "Sleep well", quiet)
    await back(handbook)
    assert [data["text"] for data in await handbook.told("said", called)] == ["what now?"]
    told = [data["text"] for data in await handbook.told("said", other)]
    assert told == ["who makes it?", "I can do it too"]
    assert handbook.answers(quiet) == []


async def test_called_by_an_edit(opened: OpenCompany, clock: TestClock) -> None:
    """In a group Ada adds the mention afterwards and is answered; neither what was said before nor
    her question is answered once more after a restart.
    """
    one = await opened(ScriptedProvider("model", clock))
    group = one.chat.group(one.ada, one.grace)
    await one.say(one.ada, group, one.mention("Hello"))
    root = await one.say(one.grace, group, "The printer is on fire")
    await one.say(one.grace, group, "Really!", root)
    asked = await one.say(one.ada, group, "What now?", root)
    await clock.advance(2)
    await one.edit(one.ada, asked, one.mention("What now?"))
    alone = await one.say(one.ada, group, "And the coffee?")
    await clock.advance(2)
    await one.edit(one.ada, alone, one.mention("And the coffee?"))
    for _ in range(2):
        assert len(one.answers(root)) == 1
        assert len(one.answers(alone)) == 1
        await one.close()
        await back(one)


async def test_nothing_older_is_answered(handbook: Company) -> None:
    """What was said long before the newest that is known had its chance."""
    ada, general = handbook.ada, handbook.general
    await handbook.close()
    slack(handbook).socket_mode = False
    handbook.chat.listen(0)
    old = await said(handbook, ada, general, handbook.mention(QUESTION))
    older = await said(handbook, ada, handbook.chat.direct(ada), QUESTION)
    await handbook.clock.advance(TOO_LATE)
    await handbook.open()
    await handbook.dm(handbook.grace, QUESTION)
    await handbook.close()
    await back(handbook)
    assert handbook.answers(old) == []
    assert handbook.answers(older) == []


async def test_a_long_absence(handbook: Company) -> None:
    """After a weekend the last day is answered, and not what nobody waits for any more."""
    channel = (await handbook.dm(handbook.ada, QUESTION)).channel
    await handbook.close()
    friday = await said(handbook, handbook.ada, channel, QUESTION)
    await handbook.clock.advance(TOO_LATE)
    handbook.clock.jump(2 * 24 * 3600.0)
    monday = await said(handbook, handbook.ada, channel, QUESTION)
    await back(handbook)
    assert handbook.answers(friday) == []
    assert len(handbook.answers(monday)) == 1


async def test_a_fresh_installation(opened: OpenCompany, clock: TestClock) -> None:
    """With an empty database nobody asks Slack for anything."""
    one = await opened()
    await one.close()
    missed = await said(one, one.ada, one.general, one.mention(QUESTION))
    await back(one)
    assert one.answers(missed) == []
    assert asked(one) == 0


async def test_an_edit_that_nobody_heard(opened: OpenCompany, clock: TestClock) -> None:
    """What was said and changed while it was down is answered as it is now; a change of what was
    answered before is noted and causes no second answer.
    """
    model = ScriptedProvider("model", clock)
    one = await opened(model)
    known = await one.dm(one.ada, "Annual leaf?")
    called = await one.say(one.grace, one.general, one.mention("Annual leaf?"))
    await one.close()
    new = await said(one, one.ada, known.channel, "How many daiz?")
    mention = await said(one, one.ada, one.general, one.mention("How many daiz?"))
    edited = [(one.ada, known), (one.ada, new), (one.ada, mention), (one.grace, called)]
    for user, post in edited:
        await one.clock.advance(5)
        text = one.mention("Leave?") if post.channel == one.general else "Leave?"
        await one.chat.edit(user, post, text)
    for _ in range(2):
        await back(one)
        assert [len(one.answers(post)) for _, post in edited] == [1, 1, 1, 1]
        await one.close()
    await one.open()
    assert [data["text"] for data in await one.told("edited", known)] == ["Leave?"]
    assert [data["text"] for data in await one.told("edited", called)] == ["Leave?"]
    for post in (new, mention):
        assert [data["text"] for data in await one.told("said", post)] == ["Leave?"]


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
    asked = await one.dm(one.ada, QUESTION)
    await one.close()
    slack(one).fault(method, fault, None)
    caplog.clear()
    await back(one)
    (line,) = [r.message for r in caplog.records if "what was said meanwhile" in r.message]
    assert f"then it ended: {method}" in line
    assert [record for record in caplog.records if record.exc_info] == []
    await one.dm(one.ada, QUESTION, asked)
    assert len(one.answers(asked)) == 2


async def test_a_slack_that_asks_for_patience(handbook: Company) -> None:
    """Its wish is followed; what was said is answered afterwards."""
    channel = (await handbook.dm(handbook.ada, QUESTION)).channel
    await handbook.close()
    missed = await said(handbook, handbook.ada, channel, QUESTION)
    slack(handbook).fault(HISTORY, Fault.rate_limited(20), 2)
    await handbook.clock.advance(TOO_LATE)
    await handbook.open()
    await handbook.clock.advance(39)
    assert handbook.answers(missed) == []
    await handbook.clock.advance(5)
    assert len(handbook.answers(missed)) == 1


async def test_the_number_of_calls_is_bounded(opened: OpenCompany) -> None:
    """Of a company too large for one run those who were heard last are looked at; the line in the
    log says that it was not enough.
    """
    one = await opened()
    await one.teach(LEAVE)
    people = [one.chat.add_person(f"Person {number}") for number in range(230)]
    channels = {person: one.chat.direct(person) for person in people}
    await one.dm(people[0], QUESTION)
    await one.close()
    for person in people:
        await one.chat.say(person, channels[person], QUESTION)
    await one.clock.advance(TOO_LATE)
    before = asked(one)
    await one.open()
    await one.clock.advance(300)
    assert asked(one) - before == 200
    assert len(one.chat.messages(channels[people[0]])) == 4
    answered = [person for person in people if len(one.chat.messages(channels[person])) > 1]
    assert 150 < len(answered) < 200


async def test_the_disk_is_full_meanwhile(handbook: Company) -> None:
    """What was found is offered again until it can be kept."""
    channel = (await handbook.dm(handbook.ada, QUESTION)).channel
    await handbook.close()
    missed = await said(handbook, handbook.ada, channel, QUESTION)
    slack(handbook).fault(LIST, Fault.rate_limited(5))
    await handbook.clock.advance(TOO_LATE)
    await handbook.open()
    handbook.store.fail("accept")
    await handbook.clock.advance(9)
    handbook.store.heal()
    await handbook.clock.advance(10)
    assert len(handbook.answers(missed)) == 1


async def test_a_reconnection_misses_nothing(opened: OpenCompany, clock: TestClock) -> None:
    """The websocket was gone for longer than Slack keeps a message; the process was not."""
    one = await opened(ScriptedProvider("model", clock), socket=True)
    asked = await one.dm(one.ada, QUESTION)
    slack(one).fault("apps.connections.open", Fault.rate_limited(TOO_LATE), 1)
    slack(one).sockets.kill()
    await said(one, one.ada, asked.channel, "Are you there?", asked)
    await clock.advance(590)
    assert len(one.answers(asked)) == 1
    await clock.advance(30)
    assert len(one.answers(asked)) == 2


async def test_what_slack_did_not_send(opened: OpenCompany, clock: TestClock) -> None:
    """There were too many events, and Slack says that it left some out (`app_rate_limited`): what
    Ada asked meanwhile is looked for a minute later, and answered once.
    """
    one = await opened()
    await one.teach(LEAVE)
    first = await one.dm(one.ada, QUESTION)
    one.hang_up()
    asked = await one.dm(one.ada, QUESTION)
    await clock.advance(400)  # it is not sent any more
    one.chat.listen(one.running.port)
    notice = {"type": "app_rate_limited", "minute_rate_limited": 1, "api_app_id": "A1"}
    team = slack(one).identity.team_id
    for _ in range(2):
        assert await one.post(as_json({**notice, "team_id": team})) == 200
    assert one.answers(asked) == []
    await clock.advance(70)
    assert len(one.answers(asked)) == 1
    assert len(one.answers(first)) == 1
