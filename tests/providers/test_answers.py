"""What comes back on the wire: output, tool calls and usage, the same for every surface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ProviderError
from agent.models import Delta, Done, Piece, ToolCall, ToolCalls, Usage
from agent.ports import Provider
from agent.providers._anthropic_messages import MessageReader
from agent.providers._faults import Account
from agent.providers._openai_chat import ChunkReader
from agent.providers._openai_responses import ResponseReader
from agent.providers._wire import Reader
from tests.support.clock import TestClock
from tests.support.fake_models import Drip, Events, FakeModels, Raw, ToolUse
from tests.support.model_subjects import ANTHROPIC, CHAT, MODEL, PROMPT, RESPONSES, Subject, ask


def shown(pieces: list[Piece]) -> list[str]:
    """The deltas' texts."""
    return [piece.text for piece in pieces if isinstance(piece, Delta)]


def end(pieces: list[Piece]) -> Done:
    """The last piece."""
    assert isinstance(pieces[-1], Done)
    return pieces[-1]


async def test_output_arrives_as_it_is_written(
    provider: Provider, fake: FakeModels, clock: TestClock
) -> None:
    """Each piece is handed on when it comes, not when the answer is complete."""
    fake.script(MODEL, [Drip(1.0, "abcdef", characters=2)])
    pieces = cast(Any, provider.ask(PROMPT))
    for expected in ("ab", "cd", "ef"):
        waiting = asyncio.ensure_future(anext(pieces))
        await clock.advance(1)
        assert waiting.done()
        assert await waiting == Delta(expected)
    assert [type(piece) async for piece in pieces] == [Done]


@pytest.mark.parametrize("text", ["", "no JSON", '{"half":', 'é日\u2028🙂\\"\n\t\x7f'])
async def test_output_is_not_judged_here(provider: Provider, fake: FakeModels, text: str) -> None:
    """Whatever the model wrote is delivered letter by letter; validating it is the kernel's."""
    fake.script(MODEL, [Raw(text)])
    pieces = await ask(provider)
    assert "".join(shown(pieces)) == end(pieces).text == text


async def test_usage_is_normalised(provider: Provider, fake: FakeModels) -> None:
    """The total includes what the cache gave and took, the output includes the reasoning."""
    usage = Usage(input_total=1000, cache_read=600, cache_write=300, output=50, reasoning=20)
    fake.script(MODEL, [Raw("x", usage)])
    assert end(await ask(provider)).usage == usage


USAGE_ON_THE_WIRE = {
    ANTHROPIC: (
        {
            "type": "message_start",
            "message": {
                "usage": {
                    "input_tokens": 7,
                    "output_tokens": 1,
                    "output_tokens_details": {"thinking_tokens": 4},
                }
            },
        },
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {
                "input_tokens": None,
                "cache_creation_input_tokens": 20,
                "cache_read_input_tokens": 300,
                "output_tokens": 11,
            },
        },
    ),
    RESPONSES: (
        {
            "type": "response.completed",
            "response": {
                "status": "completed",
                "usage": {
                    "input_tokens": 327,
                    "input_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 20},
                    "output_tokens": 11,
                    "output_tokens_details": {"reasoning_tokens": 4},
                },
            },
        },
    ),
    CHAT: (
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": None},
        {
            "choices": [],
            "usage": {
                "prompt_tokens": 327,
                "completion_tokens": 11,
                "prompt_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
        },
    ),
}


@pytest.mark.parametrize("surface", USAGE_ON_THE_WIRE, ids=str)
async def test_usage_in_the_vendors_own_words(
    surface: Subject, provider: Provider, fake: FakeModels
) -> None:
    """The same call costs the same numbers, however each vendor counts the cache."""
    fake.script(MODEL, [Events(USAGE_ON_THE_WIRE[surface])])
    assert end(await ask(provider)).usage == Usage(327, 300, 20, 11, 4)


async def test_a_server_that_tells_no_usage(fake: FakeModels, clock: TestClock) -> None:
    """Small servers leave usage out; that is no reason to fail."""
    provider = CHAT.open(fake, clock)
    fake.script(MODEL, [Events(({"choices": [{"delta": {}, "finish_reason": "stop"}]},))])
    assert end(await ask(provider)).usage == Usage()
    await provider.close()


async def test_a_chunk_behind_the_last_one(fake: FakeModels, clock: TestClock) -> None:
    """Some servers send usage with the finish and an empty chunk after it: nothing is forgotten."""
    told = {"prompt_tokens": 3, "completion_tokens": 2}
    finish = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": told}
    empty: dict[str, Any] = {"choices": [{"delta": {}, "finish_reason": None}], "usage": None}
    fake.script(MODEL, [Events((finish, empty))])
    provider = CHAT.open(fake, clock)
    last = end(await ask(provider))
    assert (last.stop, last.usage) == ("stop", Usage(input_total=3, output=2))
    await provider.close()


async def test_tool_calls(provider: Provider, fake: FakeModels) -> None:
    """Calls come once, complete, in order, with the vendor's ids, before the end."""
    calls = (("look_up", '{"who":"Ada"}'), ("look_up", '{"who":"日本"}'), ("now", ""))
    fake.script(MODEL, [ToolUse(calls, text="One moment.")])
    *before, asked, last = await ask(provider)
    assert shown(before) == ["One moment."]
    assert isinstance(asked, ToolCalls)
    assert [(call.name, call.arguments) for call in asked.calls] == [*calls[:2], ("now", "{}")]
    assert len({call.id for call in asked.calls}) == 3
    assert isinstance(last, Done)
    assert last.text == "One moment."


async def test_tool_calls_that_finish_with_stop(fake: FakeModels, clock: TestClock) -> None:
    """Ollama asks for tools and says 'stop': the calls count, not the word."""
    call = {"index": 0, "id": "c", "function": {"name": "now", "arguments": "{}"}}
    chunk = {"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "stop"}]}
    fake.script(MODEL, [Events((chunk,))])
    provider = CHAT.open(fake, clock)
    assert ToolCalls((ToolCall("c", "now", "{}"),)) in await ask(provider)
    await provider.close()


async def test_commentary_is_not_the_answer(fake: FakeModels, clock: TestClock) -> None:
    """OpenAI's models talk to themselves in messages of phase 'commentary': nobody sees that."""
    fake.script(MODEL, [Events(COMMENTED)])
    provider = RESPONSES.open(fake, clock)
    pieces = await ask(provider)
    assert shown(pieces) == ["Sign", " in."]
    assert end(pieces).text == "Sign in."
    await provider.close()


def _said(position: int, text: str) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "output_index": position, "delta": text}


def _message(position: int, phase: str | None) -> dict[str, Any]:
    item = {"type": "message", "phase": phase}
    return {"type": "response.output_item.added", "output_index": position, "item": item}


COMMENTED = (
    _message(0, "commentary"),
    _said(0, "Let me see."),
    {"type": "response.reasoning_summary_text.delta", "output_index": 1, "delta": "Hm."},
    _message(2, "final_answer"),
    _said(2, "Sign"),
    _message(3, "commentary"),
    _said(3, "Well."),
    _said(2, " in."),
    {"type": "response.completed", "response": {"status": "completed"}},
)


async def test_thinking_is_not_the_answer(fake: FakeModels, clock: TestClock) -> None:
    """What a model thinks natively is neither shown nor kept."""
    thought = {"type": "thinking_delta", "thinking": "Hm."}
    said = {"type": "text_delta", "text": "Hello."}
    events = (
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {"type": "content_block_delta", "index": 0, "delta": thought},
        {"type": "content_block_delta", "index": 1, "delta": said},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
    )
    fake.script(MODEL, [Events(events)])
    provider = ANTHROPIC.open(fake, clock)
    pieces = await ask(provider)
    assert shown(pieces) == ["Hello."]
    assert end(pieces).text == "Hello."
    await provider.close()


READERS: dict[str, Callable[[], Reader]] = {
    "anthropic": lambda: MessageReader(MODEL),
    "responses": lambda: ResponseReader(Account("OpenAI", MODEL, "", "")),
    "chat": lambda: ChunkReader(MODEL),
}
KEYS = st.sampled_from(
    ["type", "delta", "text", "index", "choices", "usage", "response", "item", "error", "message"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [
        "content_block_delta",
        "content_block_start",
        "message_start",
        "message_delta",
        "response.output_text.delta",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.completed",
        "response.failed",
        "error",
    ]
)
EVENTS = st.lists(
    st.builds(lambda kind, rest: {**rest, "type": kind}, TYPES, st.dictionaries(KEYS, JSON)) | JSON,
    max_size=6,
)


@pytest.mark.parametrize("name", READERS)
@settings(deadline=None)  # seconds are not asserted
@given(events=EVENTS)
def test_no_event_upsets_a_reader(name: str, events: list[Any]) -> None:
    """Whatever JSON a server sends, a reader yields text and pieces or one of our errors."""
    reader = READERS[name]()
    try:
        texts = [reader.read(event) for event in events]
        pieces = list(reader.ending())
    except ProviderError:
        return
    assert all(isinstance(text, str) for text in texts)
    assert isinstance(pieces[-1], Done)
    assert pieces[-1].text == "".join(texts)
