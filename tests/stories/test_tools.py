"""Doing small jobs: a tool runs once, a yes is asked for, what is unknown goes to people."""

from __future__ import annotations

import pytest

from agent.models import Risk
from tests.stories.conftest import OpenCompany
from tests.support.chats import Said
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.engine import result
from tests.support.scripted import Call, Say, ScriptedProvider, decision
from tests.support.tools import TestTool, writer

ORDER = Call(("order", {"what": "chair"}))
DONE = Say(decision(response="Ordered."))
ASK = "Please order me a chair."


@pytest.fixture
def model(clock: TestClock) -> ScriptedProvider:
    """A model that orders a chair and says so."""
    return ScriptedProvider("model", clock, [ORDER, DONE])


async def ask(one: Company) -> Said:
    """Ada asks for a chair."""
    return await one.dm(one.ada, ASK)


async def test_a_tool_does_its_job(
    opened: OpenCompany, clock: TestClock, model: ScriptedProvider
) -> None:
    """Ada wants a chair, the tool orders it in her name, and she is told."""
    order = writer(clock)
    one = await opened(model, tools=[order])
    asked = await ask(one)
    assert one.texts(asked)[0].startswith("Ordered.")
    assert [(who, what) for _, who, what in order.done] == [(one.ada, "chair")]
    (told,) = await one.told("called", asked)
    assert (told["tool"], told["outcome"], told["result"]) == ("order", "ok", "ordered")


async def test_killed_while_a_tool_writes(
    opened: OpenCompany, clock: TestClock, model: ScriptedProvider
) -> None:
    """The process dies while the order is under way: nobody orders again, people look at it."""
    order = writer(clock)
    order.after = 5.0
    one = await opened(model, tools=[order])
    asked = await ask(one)
    await one.crash()
    await one.open()
    await clock.advance(60)
    assert order.begun == 1
    (text,) = one.texts(asked)
    assert "cannot tell whether it happened" in text
    assert len(one.cards()) == 1


async def test_killed_after_a_tool_has_written(opened: OpenCompany, clock: TestClock) -> None:
    """The result was on the disk: the turn goes on from there and the model is not asked again
    what to do.
    """
    order = writer(clock)
    model = ScriptedProvider("model", clock, [ORDER, Say(DONE.text, after=5.0)])
    one = await opened(model, tools=[order])
    asked = await ask(one)
    assert len(model.asked) == 2
    await one.crash()
    model.acts = [DONE]
    await one.open()
    await clock.advance(60)
    assert (order.begun, len(model.asked)) == (1, 3)
    assert one.texts(asked)[0].startswith("Ordered.")
    assert one.cards() == []


async def test_stopped_while_a_tool_writes(
    opened: OpenCompany, clock: TestClock, model: ScriptedProvider
) -> None:
    """Ada says stop too late: the order is finished, nothing else happens, and she is told both."""
    order = writer(clock)
    order.after = 5.0
    one = await opened(model, tools=[order])
    asked = await ask(one)
    await one.dm(one.ada, "stop", asked)
    await clock.advance(30)
    assert len(order.done) == 1
    assert one.texts(asked) == ["Done by now: order. Stopped. Nothing more will come of it."]
    assert len(model.asked) == 1


async def test_a_deleted_question_whose_tool_has_written(
    opened: OpenCompany, clock: TestClock, model: ScriptedProvider
) -> None:
    """Ada takes her question back while the order runs: it is kept, and not done again."""
    order = writer(clock)
    order.after = 5.0
    one = await opened(model, tools=[order])
    asked = await ask(one)
    await one.delete(one.ada, asked)
    await clock.advance(30)
    assert len(order.done) == 1
    assert one.texts(asked) == []
    assert [told["outcome"] for told in await one.told("called", asked)] == ["ok"]


async def test_reading_tools_may_be_asked_twice(opened: OpenCompany, clock: TestClock) -> None:
    """Two look-ups at once, one after the other, both results go to the model."""
    look = TestTool("look", clock, ["left", "right"], Risk.READ)
    both = Call(("look", {"what": "a"}), ("look", {"what": "b"}))
    model = ScriptedProvider("model", clock, [both, Say()])
    one = await opened(model, tools=[look])
    asked = await ask(one)
    assert len(one.answers(asked)) == 1
    assert [result(model.asked[1], place) for place in (-2, -1)] == ["left", "right"]


async def test_a_yes(opened: OpenCompany, clock: TestClock, model: ScriptedProvider) -> None:
    """Ada is shown what would be ordered, presses Approve, and it is ordered once."""
    order = writer(clock, approval=True)
    one = await opened(model, tools=[order])
    asked = await ask(one)
    (question,) = one.answers(asked)
    assert "what: chair" in question.text
    assert question.buttons == ("Approve", "Deny")
    assert order.begun == 0
    await one.press(one.ada, question, "Approve")
    await one.press(one.ada, question, "Approve")
    assert len(order.done) == 1
    approved, answer = one.texts(asked)
    assert "Approved." in approved
    assert answer.startswith("Ordered.")
    assert one.answers(asked)[0].buttons == ()


async def test_stopped_after_the_yes(opened: OpenCompany, clock: TestClock) -> None:
    """Ada approves and then says stop: what was done is told, and the model is let go."""
    order = writer(clock, approval=True)
    model = ScriptedProvider("model", clock, [ORDER, Say(DONE.text, after=60.0)])
    one = await opened(model, tools=[order])
    asked = await ask(one)
    await one.press(one.ada, one.answers(asked)[0], "Approve")
    await one.dm(one.ada, "stop", asked)
    await clock.advance(90)
    assert (len(order.done), model.cancelled) == (1, 1)
    assert one.texts(asked)[1:] == ["Done by now: order. Stopped. Nothing more will come of it."]


async def test_a_no(opened: OpenCompany, clock: TestClock, model: ScriptedProvider) -> None:
    """Ada presses Deny: nothing is ordered, and the model answers knowing that."""
    order = writer(clock, approval=True)
    one = await opened(model, tools=[order])
    asked = await ask(one)
    await one.press(one.ada, one.answers(asked)[0], "Deny")
    assert order.begun == 0
    assert "Not approved" in one.texts(asked)[0]
    assert len(one.answers(asked)) == 2


async def test_nobody_decides(
    opened: OpenCompany, clock: TestClock, model: ScriptedProvider
) -> None:
    """A day later, over a restart, the question is taken back, and Ada is told."""
    order = writer(clock, approval=True)
    one = await opened(model, tools=[order])
    asked = await ask(one)
    (question,) = one.answers(asked)
    await one.close()
    clock.jump(24 * 3600.0)
    await one.open()
    await clock.advance(10)
    expired, told = one.texts(asked)
    assert "Nobody decided in time" in expired
    assert "I did nothing" in told
    await one.press(one.ada, question, "Approve")
    assert order.begun == 0


async def test_grace_cannot_say_yes_for_ada(
    opened: OpenCompany, clock: TestClock, model: ScriptedProvider
) -> None:
    """In a thread with both, only the one who asked decides."""
    order = writer(clock, approval=True)
    one = await opened(model, tools=[order])
    asked = await one.ask(one.ada, ASK)
    (question,) = one.answers(asked)
    await one.press(one.grace, question, "Approve")
    assert order.begun == 0
    await one.press(one.ada, question, "Approve")
    assert [who for _, who, _ in order.done] == [one.ada]


async def test_two_people_in_one_thread_act_in_their_own_rights(
    opened: OpenCompany, clock: TestClock
) -> None:
    """Ada's and Grace's orders in the same thread are each made in the name of who asked."""
    order = writer(clock)
    model = ScriptedProvider("model", clock, [ORDER, DONE, ORDER, DONE])
    one = await opened(model, tools=[order])
    asked = await one.ask(one.ada, ASK)
    await one.say(one.grace, one.general, "And one for me, please.", asked)
    assert [who for _, who, _ in order.done] == [one.ada, one.grace]


async def test_something_else_is_asked_meanwhile(opened: OpenCompany, clock: TestClock) -> None:
    """Ada writes on instead of deciding: the request is withdrawn, the new question answered."""
    order = writer(clock, approval=True)
    model = ScriptedProvider("model", clock, [ORDER, Say(decision(response="27 days."))])
    one = await opened(model, tools=[order])
    asked = await ask(one)
    (question,) = one.answers(asked)
    await one.dm(one.ada, "Forget it. How much leave do I get?", asked)
    withdrawn, answer = one.texts(asked)
    assert "Withdrawn" in withdrawn
    assert answer.startswith("27 days.")
    await one.press(one.ada, question, "Approve")
    assert order.begun == 0
