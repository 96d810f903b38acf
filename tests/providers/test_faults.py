"""Everything that a vendor can do wrong, on the wire, and which of our errors it becomes.

The rows are the facts of the SDKs: what each does with HTTP errors, errors inside a stream, broken
connections, broken chunks and streams that end early. Each row is tried on every surface it can
happen on; after each the same provider must answer the next question.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from agent.errors import (
    BadRequest,
    ContextTooLong,
    OutputCut,
    ProviderAuth,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Refused,
    SpendLimited,
)
from agent.models import Delta, Done
from agent.ports import Provider
from agent.providers._faults import retry_after
from tests.support.clock import START
from tests.support.fake_models import (
    Act,
    BadChunk,
    Cut,
    DropConnection,
    EarlyEnd,
    Events,
    Fail,
    FakeModels,
    InStreamError,
    Refusal,
    decision,
)
from tests.support.model_subjects import (
    ANTHROPIC,
    CHAT,
    MODEL,
    PROMPT,
    RESPONSES,
    SURFACES,
    Subject,
    ask,
    failing,
)

Row = tuple[Act, type[ProviderError]]
OPENAI = (RESPONSES, CHAT)

EVERYWHERE: dict[str, Row] = {
    "the request took too long": (Fail(408), ProviderUnavailable),
    "a conflict": (Fail(409), ProviderUnavailable),
    "the server failed": (Fail(500), ProviderUnavailable),
    "the server failed, with a page": (Fail(502, body="<html>Bad"), ProviderUnavailable),
    "the server failed, with nothing": (Fail(503, body=""), ProviderUnavailable),
    "the gateway gave up": (Fail(504), ProviderUnavailable),
    "the vendor is overloaded": (Fail(529), ProviderUnavailable),
    "an unknown trouble of the server": (Fail(599), ProviderUnavailable),
    "the rate limit": (Fail(429), RateLimited),
    "the rate limit, with a page": (Fail(429, body="<html>Slow"), RateLimited),
    "the key is wrong": (Fail(401), ProviderAuth),
    "there is no money": (Fail(402), ProviderAuth),
    "the key may not": (Fail(403), ProviderAuth),
    "there is no such model": (Fail(404), ProviderAuth),
    "the request is wrong": (Fail(400), BadRequest),
    "the request is wrong, with a page": (Fail(400, body="<html>Bad"), BadRequest),
    "the request is wrong, with a list": (Fail(400, body=["bad"]), BadRequest),
    "the request is wrong, with odd fields": (
        Fail(400, body={"error": {"type": 5, "code": [], "message": {}}}),
        BadRequest,
    ),
    "the request cannot be processed": (Fail(422), BadRequest),
    "the method is wrong": (Fail(405), BadRequest),
    "the request is too large": (Fail(413), ContextTooLong),
    "a retry would help": (Fail(400, headers={"x-should-retry": "true"}), ProviderUnavailable),
    "the output was cut": (Cut(), OutputCut),
    "the model declined": (Refusal(), Refused),
    "an overload inside the stream": (InStreamError("overloaded_error"), ProviderUnavailable),
    "a rate limit inside the stream": (InStreamError("rate_limit_error"), RateLimited),
    "an unknown error inside the stream": (InStreamError("novel_error"), ProviderUnavailable),
    "a wrong key inside the stream": (InStreamError("authentication_error"), ProviderAuth),
    "an error as the first event": (
        InStreamError("overloaded_error", after=""),
        ProviderUnavailable,
    ),
    "the connection was closed": (DropConnection(), ProviderUnavailable),
    "the connection was reset": (DropConnection(reset=True), ProviderUnavailable),
    "the connection was closed at once": (DropConnection(after=""), ProviderUnavailable),
    "the connection was reset at once": (
        DropConnection(after="", reset=True),
        ProviderUnavailable,
    ),
    "a chunk that is not JSON": (BadChunk(), ProviderUnavailable),
    "a chunk that is not UTF-8": (BadChunk(b'{"a":"\xff"}'), ProviderUnavailable),
    "the stream ended early": (EarlyEnd(), OutputCut),
    "the stream was empty": (EarlyEnd(after=""), OutputCut),
    "a page instead of a stream": (Fail(200, body="<html>Welcome"), OutputCut),
    "JSON instead of a stream": (Fail(200, body={"error": {"message": "no"}}), OutputCut),
}

AT_ANTHROPIC: dict[str, Row] = {
    "the tier's spending limit": (Fail(429, code="enforced_spend_limit_reached"), SpendLimited),
    "the contract's spending limit": (Fail(429, code="contract_spend_limit_reached"), SpendLimited),
    "the parent's spending limit": (
        Fail(402, code="linked_organization_spend_limit_reached"),
        SpendLimited,
    ),
    "traffic rose too fast": (Fail(429, code="ramp_limit_exceeded"), RateLimited),
    "the prompt is too long": (
        Fail(400, message="prompt is too long: 200001 tokens > 200000 maximum"),
        ContextTooLong,
    ),
    "prompt and answer are too long": (
        Fail(400, message="input length and `max_tokens` exceed context limit: 1 + 2 > 3"),
        ContextTooLong,
    ),
    "the answer filled the context": (Cut(reason="model_context_window_exceeded"), ContextTooLong),
    "the model paused": (Cut(reason="pause_turn"), OutputCut),
    "a bad request inside the stream": (InStreamError("invalid_request_error"), BadRequest),
    "a time-out inside the stream": (InStreamError("timeout_error"), ProviderUnavailable),
    "a spending limit inside the stream": (
        InStreamError("rate_limit_error", "enforced_spend_limit_reached"),
        SpendLimited,
    ),
}

AT_OPENAI: dict[str, Row] = {
    "the quota is used up": (Fail(429, "insufficient_quota", "insufficient_quota"), SpendLimited),
    "the billing limit": (Fail(429, code="billing_hard_limit_reached"), SpendLimited),
    "the schema is not understood": (Fail(400, code="invalid_json_schema"), BadRequest),
    "the context, by its code": (Fail(400, code="context_length_exceeded"), ContextTooLong),
    "the context, by llama.cpp's word": (Fail(500, "exceed_context_size_error"), ContextTooLong),
    "the context, by vLLM's sentence": (
        Fail(400, "BadRequestError", message="This model's maximum context length is 4096 tokens."),
        ContextTooLong,
    ),
    "the prompt was flagged": (Fail(400, code="invalid_prompt"), Refused),
    "the content filter took the prompt": (Fail(400, code="content_filter"), Refused),
    "the content filter took the answer": (Cut(reason="content_filter"), Refused),
    "the quota inside the stream": (InStreamError("", "insufficient_quota"), SpendLimited),
    "a rate limit inside the stream, by code": (
        InStreamError("", "rate_limit_exceeded"),
        RateLimited,
    ),
    "the context inside the stream": (InStreamError("", "context_length_exceeded"), ContextTooLong),
    "a status as the code": (InStreamError("BadRequestError", "400"), BadRequest),
    "server trouble as the code": (
        InStreamError("InternalServerError", "503"),
        ProviderUnavailable,
    ),
}

BY_RESPONSES: dict[str, Row] = {
    "the response failed": (
        Events(({"type": "response.failed", "response": {"error": {"code": "server_error"}}},)),
        ProviderUnavailable,
    ),
    "the response failed for a policy": (
        Events(({"type": "response.failed", "response": {"error": {"code": "bio_policy"}}},)),
        Refused,
    ),
    "the response failed without a reason": (
        Events(({"type": "response.failed", "response": {"error": None}},)),
        ProviderUnavailable,
    ),
    "an error event with its error inside": (
        Events(({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow"}},)),
        RateLimited,
    ),
    "the response was cancelled": (
        Events(({"type": "response.completed", "response": {"status": "cancelled"}},)),
        OutputCut,
    ),
}


def rows() -> list[Any]:
    """Every row on every surface it can happen on."""
    tables = (
        (SURFACES, EVERYWHERE),
        ((ANTHROPIC,), AT_ANTHROPIC),
        (OPENAI, AT_OPENAI),
        ((RESPONSES,), BY_RESPONSES),
    )
    return [
        pytest.param(surface, act, error, id=f"{surface}: {story}")
        for surfaces, table in tables
        for surface in surfaces
        for story, (act, error) in table.items()
    ]


@pytest.mark.parametrize(("surface", "act", "expected"), rows())
async def test_each_fault_is_one_of_our_errors(
    provider: Provider, fake: FakeModels, act: Act, expected: type[ProviderError]
) -> None:
    """Whatever goes wrong, the ladder meets the leaf that fits, after a single request."""
    fake.script(MODEL, [act])
    error = await failing(provider)
    assert type(error) is expected
    assert len(fake.requests) == 1
    assert isinstance((await ask(provider))[-1], Done)


@pytest.mark.parametrize("status", [429, 500, 529])
async def test_a_vendor_that_asks_not_to_retry_is_obeyed(
    provider: Provider, fake: FakeModels, status: int
) -> None:
    """x-should-retry: false on a passing fault makes the ladder go on to the next model."""
    fake.script(MODEL, [Fail(status, headers={"x-should-retry": "false"})])
    assert (await failing(provider)).recovery == "fallback"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:14:10 GMT"}, 50.0),
        ({"retry-after": "Mon, 21 Sep 2020 14:14:10 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Mon, 99 Sep 2026 14:14:10 GMT"}, None),
    ],
)
async def test_a_rate_limit_tells_how_long_to_wait(
    provider: Provider, fake: FakeModels, headers: dict[str, str], seconds: float | None
) -> None:
    """Both vendors' headers are read, as seconds, as milliseconds and as a date."""
    assert START == 1_790_000_000.0  # Mon, 21 Sep 2026 14:13:20 GMT
    fake.script(MODEL, [Fail(429, headers=headers)])
    error = await failing(provider)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_is_never_the_machines_own_time(far_from_greenwich: None, zone: str) -> None:
    """HTTP dates are GMT, also when a server forgets to say so and we are elsewhere."""
    headers = {"retry-after": f"Mon, 21 Sep 2026 14:14:10 {zone}"}
    assert retry_after(headers, START) == 50.0


async def test_a_server_in_trouble_may_say_how_long_to_wait_too(
    provider: Provider, fake: FakeModels
) -> None:
    """Retry-After is honoured whatever the status: the ladder reads it from one class only."""
    fake.script(MODEL, [Fail(503, headers={"retry-after": "2"})])
    error = await failing(provider)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 2.0


@pytest.mark.parametrize("act", [Cut("Some"), EarlyEnd("Some"), DropConnection("Some")], ids=repr)
async def test_what_came_before_a_fault_was_streamed(
    provider: Provider, fake: FakeModels, act: Act
) -> None:
    """A fault in mid-answer does not hold back what was there before: the ladder must know that
    something may have been shown.
    """
    fake.script(MODEL, [act])
    pieces = cast(Any, provider.ask(PROMPT))
    assert await anext(pieces) == Delta("Some")
    with pytest.raises(ProviderError):
        await anext(pieces)


async def test_trouble_after_the_end_is_no_trouble(provider: Provider, fake: FakeModels) -> None:
    """An answer that is complete stays one when the connection breaks before the last byte."""
    fake.script(MODEL, [DropConnection(after=decision("Done."), finished=True)])
    end = (await ask(provider))[-1]
    assert isinstance(end, Done)
    assert end.text == decision("Done.")


async def test_nobody_is_there(surface: Subject, fake: FakeModels) -> None:
    """A refused connection says what to check, not only that something failed."""
    provider = surface.open(fake, fake.clock)
    await fake.stop()
    error = await failing(provider)
    assert type(error) is ProviderUnavailable
    assert "could not be reached (ConnectError)" in str(error)
    assert "_BASE_URL" in str(error)
    await provider.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, ("_API_KEY", "does not accept the key")),
        (402, ("_API_KEY", "bill")),
        (403, ("_API_KEY", "FRONTDESK_MODELS", MODEL)),
        (404, ("_BASE_URL", "FRONTDESK_MODELS", MODEL)),
    ],
)
async def test_wrong_credentials_say_how_to_mend_them(
    provider: Provider, fake: FakeModels, status: int, words: tuple[str, ...]
) -> None:
    """An administrator learns from the message which setting to look at."""
    fake.script(MODEL, [Fail(status)])
    message = str(await failing(provider))
    assert all(word in message for word in words)


async def test_a_fault_names_the_vendors_words_and_request(
    provider: Provider, fake: FakeModels
) -> None:
    """What an administrator needs to ask the vendor about it: status, word, request id."""
    headers = {"request-id": "req_abc123", "x-request-id": "req_abc123"}
    fake.script(MODEL, [Fail(400, "some_type", "some_code", headers=headers)])
    message = str(await failing(provider))
    assert all(word in message for word in ("400", "some_type", "some_code", "req_abc123"))


NASTY: tuple[Any, ...] = (
    None,
    5,
    "text",
    [],
    [None],
    {},
    {"type": None},
    {"type": 7, "choices": 7},
    {"type": "something.new", "choices": [None]},
    {"type": "content_block_delta", "index": "x", "delta": None},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 5}},
    {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": None}},
    {"type": "content_block_start", "content_block": []},
    {"type": "message_start", "message": {"usage": {"input_tokens": "many"}}},
    {"type": "message_delta", "delta": {"stop_reason": 3}, "usage": []},
    {"type": "response.output_text.delta", "delta": 5},
    {"type": "response.output_item.added", "item": "none", "output_index": None},
    {"type": "response.function_call_arguments.delta", "output_index": -1, "delta": {}},
    {"type": "response.created", "response": None},
    {"choices": [{"delta": None}]},
    {"choices": [{"delta": {"content": 5, "tool_calls": [None]}}]},
    {"choices": [{"delta": {"tool_calls": {"index": 0}}, "finish_reason": 9}], "usage": "none"},
)


async def test_events_of_any_shape_do_no_harm(provider: Provider, fake: FakeModels) -> None:
    """Events that a vendor adds or a compatible server garbles are skipped; the stream counts as
    cut if no proper end comes.
    """
    fake.script(MODEL, [Events(NASTY)])
    error = await failing(provider)
    assert type(error) is OutputCut
