"""The vendors' own SDKs on the wire, from a message in Slack to an answer and back.

The models are local, but they speak Anthropic's and OpenAI's protocols, with their errors, broken
streams and silences; nothing between is faked.
"""

from __future__ import annotations

import pytest

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.fake_models import (
    Act,
    Answer,
    BadChunk,
    Cut,
    Drip,
    DropConnection,
    EarlyEnd,
    Fail,
    FakeModels,
    InStreamError,
    Raw,
    Refusal,
    Slow,
    ToolUse,
    hang,
)

QUESTION = "How many days of annual leave do I get?"
BOTH = "anthropic:claude-x, openai:gpt-x"


def named(act: Act) -> str:
    """An act's name in the list of tests."""
    return f"{type(act).__name__}{getattr(act, 'status', '')}"


async def company(opened: OpenCompany, fake: FakeModels, models: str = BOTH) -> Company:
    """A company whose models are these, with the handbook as the last resort."""
    one = await opened(frontdesk_models=models, **fake.environ)
    await one.teach(LEAVE)
    return one


async def answer(one: Company) -> tuple[str, list[tuple[str, str]]]:
    """Ada asks; what she reads, and (model, outcome) of every rung."""
    asked = await one.dm(one.ada, QUESTION)
    await one.clock.until(lambda: bool(one.answers(asked)), at_most=120)
    await one.rest()
    (turn,) = await one.told("turn", asked)
    (text,) = one.texts(asked)
    return text, [(rung["model"], rung["outcome"]) for rung in turn["attempts"]]


@pytest.mark.parametrize("name", ["anthropic:claude-x", "openai:gpt-x"])
async def test_an_answer(opened: OpenCompany, fake: FakeModels, name: str) -> None:
    """The answer is forced into our schema on the wire and shown with its source."""
    fake.otherwise = Answer("You get **27 days** [p1].", citations=("p1",))
    one = await company(opened, fake, name)
    text, rungs = await answer(one)
    assert text.startswith("You get 27 days [1].")
    (shown,) = one.written(one.chat.direct(one.ada))
    assert ("Annual leave · How many days", "https://handbook.example/leave") in shown.links
    assert rungs == [(name, "ok")]
    (asked,) = fake.requests
    assert asked.model == name.partition(":")[2]
    assert asked.body["stream"] is True
    sent = str(asked.body)
    assert "'confidence'" in sent, "the schema of a decision"
    assert QUESTION in sent
    assert "Every employee gets 27 days" in sent


@pytest.mark.parametrize(
    "act",
    [
        Refusal(),
        Cut(),
        EarlyEnd(),
        Fail(401),
        Fail(404),
        Fail(400),
        Raw("27 days, I think."),
        ToolUse(),
        Answer(citations=("p9",)),
    ],
    ids=named,
)
async def test_the_other_vendor_answers(opened: OpenCompany, fake: FakeModels, act: Act) -> None:
    """What one vendor's model cannot or will not do, the other's does; Ada sees one answer."""
    fake.script("claude-x", [act, act])
    fake.script("gpt-x", [Answer("From the other one.")])
    one = await company(opened, fake)
    text, rungs = await answer(one)
    assert text.startswith("From the other one.")
    assert [model for model, _ in rungs] == ["anthropic:claude-x", "openai:gpt-x"]
    assert rungs[0][1] != "ok"
    assert rungs[1][1] == "ok"


@pytest.mark.parametrize("name", ["anthropic:claude-x", "openai:gpt-x"])
@pytest.mark.parametrize(
    "act",
    [
        Fail(529, kind="overloaded_error"),
        Fail(500),
        Fail(502, body="<html>Bad Gateway</html>"),
        Fail(429, headers={"retry-after": "3"}),
        InStreamError(),
        DropConnection(),
        BadChunk(),
    ],
    ids=named,
)
async def test_trouble_on_the_wire_is_retried(
    opened: OpenCompany, fake: FakeModels, name: str, act: Act
) -> None:
    """Errors and broken streams of a moment are retried with the same model."""
    fake.script(None, [act, Answer("Second try.")])
    one = await company(opened, fake, name)
    text, rungs = await answer(one)
    assert text.startswith("Second try.")
    assert rungs == [(name, "ok")]
    assert len(fake.requests) == 2


async def test_a_slow_vendor_is_raced(
    opened: OpenCompany, fake: FakeModels, clock: TestClock
) -> None:
    """The first vendor is silent; the second answers beside it, and the first is hung up on."""
    fake.script("claude-x", [hang()])
    fake.script("gpt-x", [Slow(1, Answer("Faster."))])
    one = await company(opened, fake)
    text, rungs = await answer(one)
    assert text.startswith("Faster.")
    assert rungs == [("anthropic:claude-x", "cancelled"), ("openai:gpt-x", "ok")]
    await clock.settle()
    assert fake.requests[0].disconnected


async def test_a_stream_that_dies_slowly(opened: OpenCompany, fake: FakeModels) -> None:
    """A model begins, then says a few characters every eleven seconds; another one takes over."""
    fake.script("claude-x", [Drip(11)])
    fake.script("gpt-x", [Answer("Whole.")])
    one = await company(opened, fake)
    text, _ = await answer(one)
    assert text.startswith("Whole.")


async def test_every_vendor_is_down(opened: OpenCompany, fake: FakeModels) -> None:
    """Both vendors are overloaded for good; the handbook answers with its source."""
    fake.otherwise = Fail(529, kind="overloaded_error")
    one = await company(opened, fake)
    text, rungs = await answer(one)
    assert "The assistant is not available right now" in text
    assert "27 days" in text
    (shown,) = one.written(one.chat.direct(one.ada))
    assert ("Annual leave · How many days", "https://handbook.example/leave") in shown.links
    assert rungs[-1] == ("knowledge:", "ok")


async def test_the_key_is_in_no_answer(opened: OpenCompany, fake: FakeModels) -> None:
    """A vendor that repeats the wrong key in its error makes nobody else repeat it."""
    fake.key = "another-key"
    one = await company(opened, fake)
    asked = await one.dm(one.ada, QUESTION)
    await one.clock.advance(10)
    journal = str(await one.journal(asked))
    status = await one.command(one.ada, one.general, "status")
    for key in ("sk-ant-test", "sk-test"):
        assert key not in journal + status + "".join(shown.given for shown in one.answers(asked))


async def test_a_summary_over_the_wire(opened: OpenCompany, fake: FakeModels) -> None:
    """A closed conversation is summarised by the vendor's model under a schema of its own."""
    fake.script("claude-x", [Answer(action="close"), Raw('{"summary": "They met."}'), Answer()])
    one = await company(opened, fake, "anthropic:claude-x")
    asked = await one.dm(one.ada, "Hello and goodbye!")
    await one.dm(one.ada, "Hello again!", asked)
    assert len(one.answers(asked)) == 2
    assert "summary_of_the_conversation_before" in str(fake.requests[2].body)
