"""Tool calls and their results on the wire, as each surface's vendor wants them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.models import Prompt, PromptMessage, Role, ToolCall
from agent.providers._spoken import UNREADABLE, spoken, wire_id
from tests.providers.test_requests import SPOKEN, sent
from tests.support.fake_models import FakeModels
from tests.support.model_subjects import ANTHROPIC, CALLED, CHAT, PROMPT, RESPONSES, Subject

BEFORE = len(SPOKEN)
TALKING = (Role.USER, Role.ASSISTANT)
IDS = ("t12_3a_1", "t12_3a_2", "t12_3a_3")
ADA, BOB, CY = ('{"who":"Ada"}', '{"who":"Bob"}', '{"who":"Cy"}')


def called(*messages: PromptMessage) -> Prompt:
    """The question with something after it."""
    return replace(CALLED, messages=(*PROMPT.messages, *messages))


def asking(arguments: str, text: str = "", call_id: str = "t1:1") -> PromptMessage:
    """The assistant asks for one call."""
    return PromptMessage(Role.ASSISTANT, text, (ToolCall(call_id, "look_up", arguments),))


def told(text: str = "She is in.", call_id: str = "t1:1") -> PromptMessage:
    """What a call brought."""
    return PromptMessage(Role.TOOL, text, call_id=call_id)


async def test_anthropic(fake: FakeModels) -> None:
    """Calls are blocks after the text, arguments are objects; all results of a message are in the
    one that follows it, an empty one without content.
    """
    messages = (await sent(ANTHROPIC, fake, CALLED))["messages"]
    use = {"type": "tool_use", "name": "look_up"}
    assert messages[BEFORE:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "One moment."},
                {**use, "id": IDS[0], "input": {"who": "Ada"}},
                {**use, "id": IDS[1], "input": {"who": "Bob"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": IDS[0], "content": "She is in."},
                {"type": "tool_result", "tool_use_id": IDS[1], "content": "He is out."},
            ],
        },
        {"role": "assistant", "content": [{**use, "id": IDS[2], "input": {"who": "Cy"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": IDS[2]}]},
    ]


async def test_responses(fake: FakeModels) -> None:
    """Calls and outputs are items of their own, without the ids of items that are not stored."""
    items = (await sent(RESPONSES, fake, CALLED))["input"]
    call = {"type": "function_call", "name": "look_up"}
    output = {"type": "function_call_output"}
    assert items[BEFORE:] == [
        {"role": "assistant", "content": "One moment.", "phase": "final_answer"},
        {**call, "call_id": IDS[0], "arguments": ADA},
        {**call, "call_id": IDS[1], "arguments": BOB},
        {**output, "call_id": IDS[0], "output": "She is in."},
        {**output, "call_id": IDS[1], "output": "He is out."},
        {**call, "call_id": IDS[2], "arguments": CY},
        {**output, "call_id": IDS[2], "output": ""},
    ]


async def test_chat(fake: FakeModels) -> None:
    """Calls belong to the assistant's message, each result is a message of the role 'tool'."""
    messages = (await sent(CHAT, fake, CALLED))["messages"]
    asked = [
        {
            "id": call_id,
            "type": "function",
            "function": {"name": "look_up", "arguments": arguments},
        }
        for call_id, arguments in zip(IDS, (ADA, BOB, CY), strict=True)
    ]
    assert messages[BEFORE + 1 :] == [
        {"role": "assistant", "content": "One moment.", "tool_calls": asked[:2]},
        {"role": "tool", "tool_call_id": IDS[0], "content": "She is in."},
        {"role": "tool", "tool_call_id": IDS[1], "content": "He is out."},
        {"role": "assistant", "content": "", "tool_calls": asked[2:]},
        {"role": "tool", "tool_call_id": IDS[2], "content": ""},
    ]


NONE = {"anthropic": {"type": "none"}, "responses": "none", "chat": "none"}


async def test_when_no_more_may_be_called_the_tools_stay(
    surface: Subject, fake: FakeModels
) -> None:
    """The tools are declared all the same, for the vendors' sake, and forbidden."""
    body = await sent(surface, fake, replace(CALLED, may_call=False))
    assert body["tools"] == (await sent(surface, fake, CALLED))["tools"]
    assert body["tool_choice"] == NONE[surface.name]


async def test_no_choice_without_tools(surface: Subject, fake: FakeModels) -> None:
    """Vendors refuse a choice among no tools: a prompt that never had any says nothing of them."""
    body = await sent(surface, fake, replace(PROMPT, may_call=False))
    assert {"tools", "tool_choice"}.isdisjoint(body)


async def test_tools_that_are_no_more(fake: FakeModels) -> None:
    """A step of an earlier attempt may be replayed after its tool was taken away: Anthropic's
    gateways then see a stand-in that may not be called.
    """
    body = await sent(ANTHROPIC, fake, replace(CALLED, tools=()))
    assert [tool["name"] for tool in body["tools"]] == ["look_up"]
    assert body["tool_choice"] == NONE["anthropic"]


@pytest.mark.parametrize(
    "written",
    ["", "{", "[1]", "null", '"x"', '{"n": NaN}', '{"a": "\\ud800"}', "\ud800", "{" * 500],
)
async def test_arguments_that_are_no_object(
    surface: Subject, fake: FakeModels, written: str
) -> None:
    """What the model wrote goes back to it inside an object, so that it can see its mistake."""
    prompt = called(asking(written), told("That is no JSON object."))
    (asked, _) = spoken(prompt)[-2:]
    kept = written.encode(errors="replace").decode()
    assert json.loads(asked.calls[0].arguments) == {UNREADABLE: kept}
    await sent(surface, fake, prompt)


@given(st.text(max_size=12), st.text(max_size=12))
@example("t:1", "t_3a_1")
def test_ids_stay_different_and_fit_every_vendor(one: str, other: str) -> None:
    """Whatever an id is made of, the wire's is made of the letters allowed, and no two are one."""
    assert re.fullmatch("[a-zA-Z0-9_-]*", wire_id(one))
    assert (wire_id(one) == wire_id(other)) == (one == other)


async def test_results_come_before_what_is_said_meanwhile(
    surface: Subject, fake: FakeModels
) -> None:
    """What somebody says between a call and its result moves behind it; the fakes refuse a text
    in between, as the vendors do.
    """
    meanwhile = PromptMessage(Role.USER, "Hurry!")
    prompt = called(asking(ADA), meanwhile, told(), meanwhile)
    (_, side) = spoken(prompt)[-2:]
    assert (side.results[0].text, side.text) == ("She is in.", "Hurry!\n\nHurry!")
    await sent(surface, fake, prompt)


async def test_neighbours_are_joined_around_calls(surface: Subject, fake: FakeModels) -> None:
    """An earlier answer and a message with calls are one message of the assistant's."""
    answer = PromptMessage(Role.ASSISTANT, "Before.")
    (asked, _) = spoken(called(answer, asking(ADA, "One moment."), told()))[-2:]
    assert (asked.text, len(asked.calls)) == ("Before.\n\nOne moment.", 1)
    await sent(surface, fake, called(answer, asking(ADA, "One moment."), told()))


@st.composite
def conversations(draw: st.DrawFn) -> Prompt:
    """Any conversation that keeps the promise of `PromptMessage`: each call has its result."""
    texts = st.sampled_from(["", " ", "Hello", "日本"])
    messages: list[PromptMessage] = []
    for number in range(draw(st.integers(0, 5))):
        role = draw(st.sampled_from([Role.USER, Role.ASSISTANT, Role.TOOL]))
        if role is not Role.TOOL:
            messages.append(PromptMessage(role, draw(texts)))
            continue
        ids = [f"t{number}:{n}" for n in range(draw(st.integers(1, 3)))]
        calls = tuple(ToolCall(one, "look_up", draw(st.sampled_from([ADA, "{"]))) for one in ids)
        messages.append(PromptMessage(Role.ASSISTANT, draw(texts), calls))
        messages += [told(draw(texts), one) for one in draw(st.permutations(ids))]
    return called(*messages, PromptMessage(Role.USER, "And now?"))


@given(conversations())
def test_every_conversation_alternates_and_loses_nothing(prompt: Prompt) -> None:
    """Sides take turns; each call and each result is there once, the results right after."""
    sides = spoken(prompt)
    roles = [side.role for side in sides]
    assert all(one is not other for one, other in pairwise(roles))
    for before, after in pairwise(sides):
        assert {call.id for call in before.calls} == {one.call_id for one in after.results}
    asked = [wire_id(call.id) for one in prompt.messages for call in one.calls]
    assert [call.id for side in sides for call in side.calls] == asked
    texts = [one.text for one in prompt.messages if one.text.strip() and one.role in TALKING]
    assert "\n\n".join(side.text for side in sides if side.text) == "\n\n".join(texts)
